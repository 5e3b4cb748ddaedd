/*-------------------------------------------------------------------------
 *
 * guard.h
 *		Keeps secrets out of error reports.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_GUARD_H
#define CB_GUARD_H

#include "utils/elog.h"

typedef struct CbGuard
{
	ErrorContextCallback callback;
} CbGuard;

/*
 * From push to pop no error puts the statement, its context or the values of a
 * row into the log.  Every SQL-callable function begins with push; an error
 * pops by itself.
 */
extern void cb_guard_push(CbGuard *guard);
extern void cb_guard_pop(CbGuard *guard);

#endif							/* CB_GUARD_H */
