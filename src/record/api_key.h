/*-------------------------------------------------------------------------
 *
 * api_key.h
 *		API keys: made, looked up, revoked.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_API_KEY_H
#define CB_API_KEY_H

#include "db/scope.h"
#include "utils/array.h"


/* What a new key shall be. */
typedef struct CbApiKeyOrder
{
	const char *name;
	const char *access_mode;	/* full_access or scoped */
	ArrayType  *scopes;			/* not empty; NULL: none */
	bool		expires;
	TimestampTz expires_at;
	TimestampTz now;
} CbApiKeyOrder;

/*
 * Makes a key for the application and environment of the scope and returns its
 * description; in it alone the key stands in clear.  Raises 22023 when the order
 * makes no sense.
 */
extern Jsonb *cb_api_key_create(const CbScope *scope,
								const CbApiKeyOrder *order);

/* Raises 42501 for a caller that may not make and revoke keys. */
extern void cb_api_key_may_manage(const CbClaims *claims);

/* False when there is no such key in the scope, or it was revoked before. */
extern bool cb_api_key_revoke(const CbScope *scope, const pg_uuid_t *id,
							  TimestampTz now);

/*
 * Fills in the claims that a key stands for.  Raises PT401 when it is unknown,
 * revoked or expired, and 42501 when its scopes do not include the one needed.
 */
extern void cb_api_key_check(const char *key, const char *scope_needed,
							 CbClaims *claims);

#endif							/* CB_API_KEY_H */
