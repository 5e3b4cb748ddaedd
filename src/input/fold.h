/*-------------------------------------------------------------------------
 *
 * fold.h
 *		Names of fields without case, width and accents. Needs no server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INPUT_FOLD_H
#define CB_INPUT_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Folds case and width of a UTF-8 text, drops invisible characters, and puts a
 * blank where camelCase begins a word: "userPassword" gives "user password".
 * Returns the number of UTF-16 units; 0 for a text that is empty, not UTF-8 or
 * too long for room; -1 when ICU failed.
 */
#define CB_FOLD_INPUT_MAX	1024	/* bytes of the text */
extern int32_t cb_fold(const char *utf8, size_t len, uint16_t *folded,
					   int32_t room);

/*
 * A folded letter without its accent, or 0 for an accent that stands alone.
 * Combining marks of scripts that need them are letters.
 */
extern uint32_t cb_fold_base(uint32_t c);

/* Is it a letter, a digit, or a combining mark that is a letter? */
extern bool cb_fold_is_letter(uint32_t c);

#endif							/* CB_INPUT_FOLD_H */
