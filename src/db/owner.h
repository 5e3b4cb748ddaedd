/*-------------------------------------------------------------------------
 *
 * owner.h
 *		The owner of the directory, and running as it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_OWNER_H
#define CB_OWNER_H

#include "db/claims.h"

/* What is restored when the code no longer runs as the owner. */
typedef struct CbOutside
{
	Oid			role;
	int			security;		/* SECURITY_* flags */
	int			nest_level;		/* of the settings that were pinned */
	const CbClaims *believed;
	const void *stay;			/* as the owner, around this one; NULL: none */
} CbOutside;

/* Called once, when the library is loaded.  Cannot fail. */
extern void cb_owner_register(void);

/*
 * The owner of schema canopy.  Raises 55000 when there is no directory, or when it
 * belongs to a superuser.  Runs no SQL.
 */
extern Oid	cb_owner_find(void);

/* Raises 55000. */
extern void cb_owner_ask_for_setup(const char *detail) pg_attribute_noreturn();

/*
 * From enter to leave the code runs as the owner, with a pinned search_path, and
 * restricted unless it is the owner that is connected and calls.  What was changed in
 * settings and what was believed in between ends with it.  An error undoes it too.
 */
extern void cb_owner_enter(CbOutside *outside, Oid owner);
extern void cb_owner_leave(const CbOutside *outside);

#endif							/* CB_OWNER_H */
