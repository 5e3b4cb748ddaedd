/*-------------------------------------------------------------------------
 *
 * header_likeness.h
 *		Is a header a misspelling of another? Needs no server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INPUT_HEADER_LIKENESS_H
#define CB_INPUT_HEADER_LIKENESS_H

#include <stdbool.h>
#include <stdint.h>

/* A simplified header, word by word; see input/header.h. */
typedef struct CbHeaderText
{
	const uint16_t *units;
	int			len;
	uint64_t	starts;			/* a bit for each unit that begins a word */
} CbHeaderText;

/* A word of a simplified header. */
typedef struct CbHeaderWord
{
	const uint16_t *units;
	int			len;
} CbHeaderWord;

#define CB_HEADER_SLIPS_MAX		2

/* Words that are no misspelling of another; sorted by cb_header_word_compare(). */
typedef struct CbHeaderWords
{
	CbHeaderWord *words;
	int			n;
} CbHeaderWords;

/*
 * The slips of the finger between a header and the one that may be meant; -1 when
 * it is another header.  Both have the same words, and a word that is not the same
 * is a misspelling: a slip or two, few for its length; never another word of
 * known, and never a word that only goes on, or ends earlier.
 */
extern int	cb_header_likeness(const CbHeaderText *header,
							   const CbHeaderText *meant,
							   const CbHeaderWords *known);

/* For qsort(). */
extern int	cb_header_word_compare(const void *a, const void *b);

/* The word that begins at a unit of a text. */
extern CbHeaderWord cb_header_word_at(const CbHeaderText *header, int at);

#endif							/* CB_INPUT_HEADER_LIKENESS_H */
