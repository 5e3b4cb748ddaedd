/*-------------------------------------------------------------------------
 *
 * claims.h
 *		What the request's token says of its bearer.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_CLAIMS_H
#define CB_CLAIMS_H

#include "utils/jsonb.h"

typedef struct CbClaims
{
	bool		present;
	char	   *subject;		/* NULL: not named */
	char	   *principal_type;
	char	   *application;	/* slug or id; NULL: not bound to one */
	char	   *environment;	/* slug or id; NULL: not bound to one */
	char	  **accounts;		/* slugs or ids; never empty when present */
	int			naccounts;
} CbClaims;

/*
 * Reads request.jwt.claims, once, at entry.  Raises PT401 when they are
 * malformed, expired, not yet valid, or missing where they are required; 42501
 * when the principal is no admin or no account is named.
 */
extern void cb_claims_read(CbClaims *claims);

/* Do the claims (or their absence) allow this account? */
extern bool cb_claims_allow_account(const CbClaims *claims, const char *id,
									const char *slug);

#endif							/* CB_CLAIMS_H */
