/*-------------------------------------------------------------------------
 *
 * caller.h
 *		The caller, and the time in which its call runs as the directory's owner.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_CALLER_H
#define CB_CALLER_H

#include "db/owner.h"

typedef struct CbCaller
{
	CbClaims	claims;
	char	   *actor_id;		/* the claim sub, or the role's name */
	char	   *actor_type;		/* the claim principal_type, or
								 * "database_role" */
	CbOutside	outside;		/* with the role that called */
} CbCaller;

/*
 * Reads the claims, finds the directory, and from there to leave runs as its
 * owner, with a pinned search_path and a connection to SPI.  Raises 55000 when
 * canopy_bulk_setup() has not run, PT401 and 42501 as cb_claims_read() does.  An
 * error undoes all of it.  The caller is filled in the current memory context.
 */
extern void cb_caller_enter(CbCaller *caller);

/* The same before it is known who calls; no claims are read, and none are there. */
extern void cb_caller_enter_unknown(CbCaller *caller);

extern void cb_caller_leave(CbCaller *caller);

#endif							/* CB_CALLER_H */
