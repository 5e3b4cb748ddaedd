/*-------------------------------------------------------------------------
 *
 * charset_score.h
 *		How probable it is that bytes are names in an encoding.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INPUT_CHARSET_SCORE_H
#define CB_INPUT_CHARSET_SCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "input/charset.h"

typedef enum CbLanguage
{
	CB_LANGUAGE_GERMAN,
	CB_LANGUAGE_FRENCH,
	CB_LANGUAGE_SPANISH,
	CB_LANGUAGE_PORTUGUESE,
	CB_LANGUAGE_ITALIAN,
	CB_LANGUAGE_DUTCH,
	CB_LANGUAGE_SWEDISH,
	CB_LANGUAGE_DANISH,			/* and Norwegian */
	CB_LANGUAGE_FINNISH,
	CB_LANGUAGE_ICELANDIC,
	CB_LANGUAGE_CATALAN,
	CB_LANGUAGE_IRISH,
	CB_LANGUAGE_POLISH,
	CB_LANGUAGE_CZECH,
	CB_LANGUAGE_SLOVAK,
	CB_LANGUAGE_HUNGARIAN,
	CB_LANGUAGE_ROMANIAN,
	CB_LANGUAGE_CROATIAN,		/* and Slovenian */
	CB_LANGUAGE_RUSSIAN,
	CB_LANGUAGE_UKRAINIAN,
	CB_LANGUAGE_BULGARIAN,
	CB_LANGUAGE_SERBIAN,		/* and Macedonian */
	CB_LANGUAGE_GREEK,
	CB_LANGUAGE_TURKISH,
	CB_LANGUAGE_HEBREW,
	CB_LANGUAGE_ARABIC,
	CB_LANGUAGE_LITHUANIAN,
	CB_LANGUAGE_LATVIAN,
	CB_LANGUAGE_ESTONIAN,
	CB_LANGUAGE_THAI,
	CB_LANGUAGE_VIETNAMESE,
	CB_LANGUAGE_JAPANESE,
	CB_LANGUAGE_SIMPLIFIED_CHINESE,
	CB_LANGUAGE_TRADITIONAL_CHINESE,
	CB_LANGUAGE_KOREAN,
	CB_LANGUAGES				/* how many */
} CbLanguage;

typedef struct CbCharsetLanguage
{
	bool		by_character;	/* the text is characters, not words */
	const char *text;			/* UTF-8 */
} CbCharsetLanguage;

extern const CbCharsetLanguage cb_charset_languages[CB_LANGUAGES];

/* An encoding with what detection needs. */
typedef struct CbCharsetCandidate
{
	CbEncoding	encoding;
	const char *aliases;		/* other names, separated by blanks; small
								 * letters and digits only.  The first is
								 * ICU's. */
	double		prior;			/* logarithm; positive: never guessed */
	uint64_t	languages;		/* bits by CbLanguage */
} CbCharsetCandidate;

/* Ends with a NULL name; of two that decode alike the first is preferred. */
extern const CbCharsetCandidate cb_charset_candidates[];

/* The models of all languages; NULL when memory is short. */
typedef struct CbCharsetModels CbCharsetModels;

extern CbCharsetModels *cb_charset_models_create(void);
extern void cb_charset_models_free(CbCharsetModels *models);

/* What a candidate makes of some bytes. */
typedef struct CbCharsetScore
{
	double		total;			/* natural logarithm of the probability */
	uint16_t	table[128];		/* code points of the bytes from 0x80, for an
								 * encoding with one byte per character */
	bool		has_table;
} CbCharsetScore;

/*
 * Scores cells, each ended by a line feed.  False when ICU does not know the
 * encoding or memory is short.
 */
extern bool cb_charset_score(const CbCharsetModels *models,
							 const CbCharsetCandidate *candidate,
							 const char *cells, size_t len,
							 CbCharsetScore *score);

#endif							/* CB_INPUT_CHARSET_SCORE_H */
