/*-------------------------------------------------------------------------
 *
 * charset_fit.h
 *		How well a text reads as the cells of a list of people.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INPUT_CHARSET_FIT_H
#define CB_INPUT_CHARSET_FIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <unicode/umachine.h>

/* The letters of languages, as the CLDR data of ICU has them. */
typedef struct CbCharsetLetters CbCharsetLetters;

/* What stands against a reading, in tenths; 0: nothing does. */
typedef struct CbCharsetFit
{
	int			cost;
	int			order;			/* how much of it cannot be chance */
	int			letters;		/* that are not ASCII, of words of two letters
								 * and more */
} CbCharsetFit;

/* NULL when memory is short. */
extern CbCharsetLetters *cb_charset_letters_create(void);
extern void cb_charset_letters_free(CbCharsetLetters *letters);

/*
 * Looks at cells, each ended by a line feed, as text of some languages: locales of
 * ICU with blanks between them.  A plus sign behind one says that letters which
 * it uses seldom count too.
 */
extern void cb_charset_fit(CbCharsetLetters *letters, const char *languages,
						   const UChar *text, int32_t units, CbCharsetFit *fit);

#endif							/* CB_INPUT_CHARSET_FIT_H */
