/*-------------------------------------------------------------------------
 *
 * sign_in.h
 *		Somebody shows an address and a password.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_SIGN_IN_H
#define CB_SIGN_IN_H

#include "db/scope.h"
#include "utils/jsonb.h"

/* What was shown; bytes of the server's encoding, without a NUL. */
typedef struct CbSignIn
{
	const char *email;
	size_t		email_len;
	const char *password;
	size_t		password_len;
} CbSignIn;

/*
 * Verifies the password, counts a failure, locks after too many of them, replaces
 * an outdated hash, and answers {reason, verified, identity_id, email_verified}
 * in the current memory context.  No lock is held while it computes.  Raises 25006
 * in a read-only transaction, since it could not count; 40001 when the hash is
 * changed again and again meanwhile; what scope and hashing raise.
 */
extern Jsonb *cb_sign_in(const CbSignIn *shown, const CbScopeNames *names);

#define CB_SIGN_IN_INVALID	"invalid_credentials"

/*
 * The same within a call, for a scope that is known: NULL when the password is
 * right and its identity may sign in, else the reason.  An identity that was
 * found stays locked until the transaction ends.
 */
extern const char *cb_sign_in_check(const CbSignIn *shown,
									const CbCaller *caller,
									const CbScope *scope);

#endif							/* CB_SIGN_IN_H */
