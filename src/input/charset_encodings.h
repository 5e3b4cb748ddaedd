/*-------------------------------------------------------------------------
 *
 * charset_encodings.h
 *		The encodings that we know, and what they are used for.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INPUT_CHARSET_ENCODINGS_H
#define CB_INPUT_CHARSET_ENCODINGS_H

#include "input/charset.h"

typedef struct CbCharsetCandidate
{
	CbEncoding	encoding;
	const char *aliases;		/* other names, separated by blanks; small
								 * letters and digits only.  The first is
								 * ICU's. */
	int			prior;			/* tenths, of a CbCharsetFit's cost: how
								 * seldom it is met */
	const char *languages;		/* for cb_charset_fit(); NULL: never guessed */
	const char *ordinary;		/* that the languages are written in most, as
								 * ICU calls it; NULL: uchardet is not asked
								 * about that */
} CbCharsetCandidate;

/* Ends with a NULL name; of two that decode alike the first is preferred. */
extern const CbCharsetCandidate cb_charset_candidates[];

#endif							/* CB_INPUT_CHARSET_ENCODINGS_H */
