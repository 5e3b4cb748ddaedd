/*-------------------------------------------------------------------------
 *
 * charset_model.h
 *		How probable a letter is in a language.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INPUT_CHARSET_MODEL_H
#define CB_INPUT_CHARSET_MODEL_H

#include <stdbool.h>

#include <unicode/umachine.h>

#include "input/charset_score.h"

/* What a language's sample of names has taught. */
typedef struct CbCharsetModel CbCharsetModel;

/* A letter that is not ASCII, with its neighbours in small letters. */
typedef struct CbCharsetPlace
{
	UChar32		character;
	UChar32		letter;			/* the character in small */
	UChar32		before;			/* a blank for what is no letter */
	UChar32		after;
	bool		capital_inside; /* a capital behind a small letter */
	bool		small_at_start;
	bool		beside_sign;	/* beside what no name has beside a letter */
} CbCharsetPlace;

extern const CbCharsetModel *cb_charset_model(const CbCharsetModels *models,
											  CbLanguage language);

/* The logarithm of a place's probability in a language. */
extern double cb_charset_judge(const CbCharsetModel *model,
							   const CbCharsetPlace *place);

/*
 * A letter in small.  The Turkish capital I with a dot stays: its small letter is
 * ASCII, and that would hide it.
 */
extern UChar32 cb_charset_small(UChar32 c);

#endif							/* CB_INPUT_CHARSET_MODEL_H */
