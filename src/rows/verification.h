/*-------------------------------------------------------------------------
 *
 * verification.h
 *		Identities show that their addresses are their own.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_VERIFICATION_H
#define CB_VERIFICATION_H

#include "rows/row.h"

/* Asks an identity, by a mail with a token; a row is an identity's id. */
extern const CbRowKind cb_verification_kind;

/* What was asked of an identity. */
typedef struct CbVerification
{
	pg_uuid_t	identity_id;
	TimestampTz expires_at;
} CbVerification;

/* Finds what the token was mailed for; false when there is nothing. */
extern bool cb_verification_find(const pg_uuid_t *account, const char *token,
								 CbVerification *verification);

/*
 * Uses the token up and marks the identity's address as verified.  False when
 * somebody else has used it meanwhile, or the identity has another address now.
 */
extern bool cb_verification_finish(const pg_uuid_t *account, const char *token,
								   const CbVerification *verification,
								   TimestampTz now);

#endif							/* CB_VERIFICATION_H */
