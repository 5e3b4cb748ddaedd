/*-------------------------------------------------------------------------
 *
 * access.h
 *		What a caller may do to an identity.
 *
 * An account-wide caller may do everything.  A caller that is bound to an
 * application (scope.is_bound) writes only what is the application's: it creates
 * identities, and changes the profile and the roles of its members.  It never
 * changes a credential of an identity that was there before, and to it an identity
 * that is no member does not exist, but that an address or external id is taken.
 *
 * Every kind of row, every function and the undo of an import ask here.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_ACCESS_H
#define CB_ACCESS_H

#include "rows/fields.h"

/* What shall be done to an identity. */
typedef enum CbAccess
{
	CB_ACCESS_MEMBERSHIP,		/* attach or detach: it was a member once */
	CB_ACCESS_MEMBER,			/* know of it, change its profile or its roles */
	CB_ACCESS_EXTERNAL_ID,		/* change it: nothing else belongs to another
								 * application */
	CB_ACCESS_CREDENTIAL		/* change its address or password */
} CbAccess;

/* What is locked, until the transaction ends. */
typedef enum CbAccessLock
{
	CB_ACCESS_READ,				/* nothing: the caller of this holds the lock */
	CB_ACCESS_LOCK_MEMBERSHIP,	/* for what leaves the identity itself alone */
	CB_ACCESS_LOCK_IDENTITY,	/* for what changes its profile */
	CB_ACCESS_LOCK_KEYS			/* for what changes its external id */
} CbAccessLock;

/* What an identity is to the application of the scope. */
typedef struct CbStanding
{
	pg_uuid_t	identity;		/* first: the list is searched by it */
	CbText		external_id;	/* val is NULL: none */
	const char *status;			/* of its membership; constant text; NULL: it
								 * has none */
	bool		is_elsewhere;	/* it has a membership of another application */
} CbStanding;

typedef struct CbStandings
{
	bool		is_bound;		/* false: everything is allowed */
	CbStanding *items;			/* of those identities that are there, by id */
	int			n;
} CbStandings;

/*
 * Finds out, for a scope that is bound, what the identities are to its application;
 * for any other it does nothing.  Identities and then memberships are locked in the
 * order of addresses, and memberships are read when identities are locked.  In the
 * current memory context.
 */
extern void cb_access_look(CbStandings *standings, const CbScope *scope,
						   const pg_uuid_t *identities, int n,
						   CbAccessLock lock);

/*
 * CB_OK: it is allowed; CB_IDENTITY_NOT_FOUND: the identity does not exist, as far
 * as the caller may know; CB_FORBIDDEN: it is a member, and this is not allowed.
 */
extern CbCode cb_access_check(const CbStandings *standings,
							  const pg_uuid_t *identity, CbAccess access);

/* The same of a new external id, where the one that it has is always allowed. */
extern CbCode cb_access_check_external_id(const CbStandings *standings,
										  const pg_uuid_t *identity,
										  const CbText *external_id);

/* The same for one identity. */
extern bool cb_access_is_member(const CbScope *scope, const pg_uuid_t *identity,
								CbAccessLock lock);

/* May the caller receive a link with which an identity gets a new password? */
extern bool cb_access_gets_links(const CbScope *scope);

#endif							/* CB_ACCESS_H */
