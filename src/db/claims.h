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
	char	   *email;			/* the claim email; NULL: not named */
	char	   *application;	/* slug or id; NULL: not bound to one */
	char	   *environment;	/* slug or id; NULL: not bound to one */
	char	  **accounts;		/* slugs or ids; never empty when present */
	int			naccounts;
	bool		is_scoped;		/* an API key that may not do all */
} CbClaims;

/*
 * The claims of the call, read once, at entry: those of a token that was
 * verified, else request.jwt.claims, else none.  Raises PT401 when they are
 * malformed, expired, not yet valid, or missing where they are required; 42501
 * when the principal is no admin or no account is named.
 */
extern void cb_claims_read(CbClaims *claims);

/* Fills in the claims of a JSON object; raises as cb_claims_read() does. */
extern void cb_claims_parse(CbClaims *claims, Jsonb *json);

/* Raises 42501 when principals of the kind (NULL: unknown) may not call. */
extern void cb_claims_require_admin(const char *principal_type);

/*
 * From here on these are the claims of every call, until the transaction or the
 * savepoint is rolled back or the transaction ends.  What was believed before, which
 * may be NULL, can be restored earlier, in the same transaction level or one within it.
 */
extern void cb_claims_believe(const CbClaims *claims);
extern const CbClaims *cb_claims_believed(void);
extern void cb_claims_believe_again(const CbClaims *before);

/* Does anything say who calls? */
extern bool cb_claims_are_there(void);

extern void cb_claims_refuse(const char *detail) pg_attribute_noreturn();

/* Do the claims (or their absence) allow this account? */
extern bool cb_claims_allow_account(const CbClaims *claims, const char *id,
									const char *slug);

#endif							/* CB_CLAIMS_H */
