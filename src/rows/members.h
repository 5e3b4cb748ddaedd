/*-------------------------------------------------------------------------
 *
 * members.h
 *		The memberships that rows depend on: looked up and locked together.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_MEMBERS_H
#define CB_MEMBERS_H

#include "rows/membership.h"
#include "rows/parents.h"

typedef struct CbMember
{
	pg_uuid_t	identity;		/* first two: the list is searched by them */
	pg_uuid_t	application;
	const char *email;			/* of the identity */
	bool		found;
	CbMembership membership;
} CbMember;

/* Pairs to look for, and after locking, with their memberships. */
typedef struct CbMembers
{
	CbMember   *items;
	int			n;
	int			capacity;
} CbMembers;

extern void cb_members_init(CbMembers *members, int capacity);
extern void cb_members_want(CbMembers *members, const CbParent *identity,
							const pg_uuid_t *application);

/*
 * Looks up the memberships that are wanted and locks them, in the order in which
 * memberships are written, against every change until the transaction ends.  Who
 * holds that lock is the only one of us who gives roles to the identity in the
 * application or takes them away.
 */
extern void cb_members_lock(CbMembers *members, const CbScope *scope);

/* NULL when there is no membership. */
extern const CbMembership *cb_members_find(const CbMembers *members,
										   const pg_uuid_t *identity,
										   const pg_uuid_t *application);

#endif							/* CB_MEMBERS_H */
