/*-------------------------------------------------------------------------
 *
 * distance.h
 *		How many slips of the finger are between two words. Needs no server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INPUT_DISTANCE_H
#define CB_INPUT_DISTANCE_H

#include <stdint.h>

#define CB_DISTANCE_WORD_MAX	64	/* units */

/*
 * The Damerau-Levenshtein distance of two words (a letter more, less, another,
 * or two that changed places), each place edited once.  Where it is more than
 * most, or a word has more than CB_DISTANCE_WORD_MAX units: most + 1.
 */
extern int	cb_distance(const uint16_t *a, int alen,
						const uint16_t *b, int blen, int most);

#endif							/* CB_INPUT_DISTANCE_H */
