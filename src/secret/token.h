/*-------------------------------------------------------------------------
 *
 * token.h
 *		Random tokens that name their account.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_SECRET_TOKEN_H
#define CB_SECRET_TOKEN_H

#include "common/sha2.h"
#include "utils/uuid.h"

#define CB_TOKEN_LEN	64		/* characters, all of base64url */

/*
 * Makes a token: in base64url, the account's id and 256 random bits.  token has
 * room for a terminator.
 */
extern void cb_token_make(const pg_uuid_t *account, char *token);

/* Finds the account in a token; false when the text has not the form of one. */
extern bool cb_token_account(const char *token, Size len, pg_uuid_t *account);

/* The SHA-256 of a text: all of a token that is ever stored. */
extern void cb_token_hash(const char *token, uint8 *sha256);

/* The same as a datum of type bytea in the current memory context. */
extern Datum cb_token_hash_datum(const char *token);

/*
 * The address of a page that takes the token, which goes into the query, before a
 * fragment; more is what the query has besides, with an ampersand before it.
 */
extern char *cb_token_link(const char *url, const char *token, const char *more);

/*
 * Replaces, in place, every run of characters that may be a token or a good part
 * of one, and every control character.
 */
extern void cb_token_redact(char *text);

#endif							/* CB_SECRET_TOKEN_H */
