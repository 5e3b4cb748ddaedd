/*-------------------------------------------------------------------------
 *
 * credential.h
 *		What a caller shows to prove who it is.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_CREDENTIAL_H
#define CB_CREDENTIAL_H

#include "db/claims.h"

/* What every function of today needs of an API key that has scopes. */
#define CB_SCOPE_IDENTITY_MANAGE	"identity.manage"

/*
 * Fills in the claims that a signed token, or an API key, stands for.  Raises
 * PT401 when it does not prove anything, and 42501 when it proves too little.
 */
extern void cb_credential_check(const char *token_or_key, CbClaims *claims);

#endif							/* CB_CREDENTIAL_H */
