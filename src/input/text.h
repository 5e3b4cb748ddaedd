/*-------------------------------------------------------------------------
 *
 * text.h
 *		Unicode text in normal form C. Needs no server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INPUT_TEXT_H
#define CB_INPUT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#define CB_TEXT_INPUT_MAX	1024	/* bytes that cb_text_nfc takes */

typedef enum CbTextProblem
{
	CB_TEXT_OK,
	CB_TEXT_INVALID,			/* not UTF-8, or holds a NUL */
	CB_TEXT_TOO_LONG,			/* the input or the result */
	CB_TEXT_LIBRARY_FAILED		/* ICU could not work: no fault of the text */
} CbTextProblem;

extern CbTextProblem cb_text_nfc(const char *in, size_t len,
								 char *out, size_t out_size,
								 size_t *out_len, size_t *points);

/*
 * Has UTF-8 text a character that is seen?  Blanks are not, nor are characters that
 * take no room, marks without a letter below them, and letters without a form.
 */
extern bool cb_text_is_visible(const char *text, size_t len);

#endif							/* CB_INPUT_TEXT_H */
