/*-------------------------------------------------------------------------
 *
 * breach.h
 *		Asking the DBA's function whether a password is known from a breach.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_SECRET_BREACH_H
#define CB_SECRET_BREACH_H

#include "fmgr.h"

/* The function that canopy_bulk.breach_check named when we looked. */
typedef struct CbBreach
{
	bool		is_set;			/* false: there is none, nothing is breached */
	FmgrInfo	function;
} CbBreach;

extern void cb_breach_resolve(CbBreach *breach, MemoryContext context);
extern bool cb_breach_found(CbBreach *breach, Datum password);

#endif							/* CB_SECRET_BREACH_H */
