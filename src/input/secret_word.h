/*-------------------------------------------------------------------------
 *
 * secret_word.h
 *		Names under which secrets are kept. Needs no server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INPUT_SECRET_WORD_H
#define CB_INPUT_SECRET_WORD_H

#include <stddef.h>

/* What a name says of the value under it. */
typedef enum CbSecretWord
{
	CB_SECRET_NO,
	CB_SECRET_PLAIN,			/* a password, code, token, key or answer */
	CB_SECRET_HASH				/* the hash of a password */
} CbSecretWord;

/*
 * Looks for a secret in the header of a column or the key of an object: by the
 * words of secret_word.def, in any case, spelling and order of other words.  It
 * errs towards a secret: the price is that a value is not kept.  Which field a
 * column gets is another question; see mapping.h.
 *
 * A name that cannot be read (too long, not UTF-8, ICU failed) is secret.
 */
extern CbSecretWord cb_secret_word(const char *name, size_t len);

#endif							/* CB_INPUT_SECRET_WORD_H */
