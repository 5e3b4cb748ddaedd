/*-------------------------------------------------------------------------
 *
 * parents.h
 *		What the rows of a batch refer to: looked up and locked together.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_PARENTS_H
#define CB_PARENTS_H

#include "db/scope.h"
#include "db/statement.h"

typedef struct CbParent
{
	pg_uuid_t	id;				/* first: the list is searched by it */
	pg_uuid_t	application;	/* of a role or node */
	pg_uuid_t	environment;	/* of a role or node */
	bool		is_system;		/* of a role */
	char	   *slug;			/* of an application */
	char	   *name;			/* of an application; an identity's email */
} CbParent;

/* A list of ids to look for, and after locking, of parents that exist. */
typedef struct CbParents
{
	pg_uuid_t  *wanted;
	int			nwanted;
	int			capacity;
	CbParent   *items;			/* sorted by id */
	int			nitems;
} CbParents;

extern void cb_parents_init(CbParents *parents, int capacity);
extern void cb_parents_want(CbParents *parents, const pg_uuid_t *id);

/*
 * Look up what is wanted in the account and lock it, in the order of its ids,
 * against deletion until the transaction ends.
 */
extern void cb_parents_lock_applications(CbParents *parents,
										 const CbScope *scope);
extern void cb_parents_lock_roles(CbParents *parents, const CbScope *scope);
extern void cb_parents_lock_nodes(CbParents *parents, const CbScope *scope);
extern void cb_parents_lock_identities(CbParents *parents,
									   const CbScope *scope);

/* Lock identities against every change, in the order in which they are written. */
extern void cb_parents_lock_identities_to_write(CbParents *parents,
												const CbScope *scope);

/* NULL when it does not exist, or not in this account. */
extern const CbParent *cb_parents_find(const CbParents *parents,
									   const pg_uuid_t *id);

#endif							/* CB_PARENTS_H */
