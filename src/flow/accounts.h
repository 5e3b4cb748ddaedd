/*-------------------------------------------------------------------------
 *
 * accounts.h
 *		The accounts that a call serves which may serve all.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_ACCOUNTS_H
#define CB_ACCOUNTS_H

#include "db/scope.h"

/*
 * The account that is named, by the argument or the setting; else those that the
 * claims name; else all.  Raises as cb_scope_resolve() does.
 */
extern pg_uuid_t *cb_accounts_choose(const char *account, const CbCaller *caller,
									 int *n);

/* One whole account: claims that are bound to a part of it are refused. */
extern pg_uuid_t cb_accounts_resolve(const char *account,
									 const CbCaller *caller);

#endif							/* CB_ACCOUNTS_H */
