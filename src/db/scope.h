/*-------------------------------------------------------------------------
 *
 * scope.h
 *		The account, application and environment that a call works on.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_SCOPE_H
#define CB_SCOPE_H

#include "db/caller.h"
#include "utils/uuid.h"

/* What the call's arguments name: slugs or ids; NULL: not given, "": none. */
typedef struct CbScopeNames
{
	const char *account;
	const char *application;
	const char *environment;
	bool		needs_application;	/* from wherever it comes */
	bool		needs_environment;
} CbScopeNames;

typedef struct CbScope
{
	pg_uuid_t	account;
	char	   *account_name;
	bool		has_application;
	pg_uuid_t	application;
	char	   *application_slug;
	char	   *application_name;
	bool		has_environment;
	pg_uuid_t	environment;

	/*
	 * Whoever calls, or the import that the call works on, is bound to the
	 * application: see rows/access.h.
	 */
	bool		is_bound;
} CbScope;

/*
 * Finds what the names mean: the argument counts first, then the setting, then
 * the claims.  Raises 22023 when no account is named, PT404 when something does
 * not exist, and 42501 when the claims do not name it (whether it exists or not).
 */
extern void cb_scope_resolve(CbScope *scope, const CbCaller *caller,
							 const CbScopeNames *names);

/* Finds the account alone: what the scope has besides is up to what is found in it. */
extern void cb_scope_resolve_account(CbScope *scope, const CbCaller *caller,
									 const char *account);

/*
 * Do the claims allow the application and environment of something in the account of
 * the scope?  They are ids; "" is none.
 */
extern bool cb_scope_allows(const CbScope *scope, const CbCaller *caller,
							const char *application, const char *environment);

/*
 * Locks the account and the application against deletion until the transaction
 * ends.  Raises PT404 when one has gone since it was resolved.
 */
extern void cb_scope_lock(const CbScope *scope);

#endif							/* CB_SCOPE_H */
