/*-------------------------------------------------------------------------
 *
 * guard.h
 *		Keeps secrets out of error reports.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_GUARD_H
#define CB_GUARD_H

#include "fmgr.h"

typedef struct CbGuard
{
	ErrorContextCallback callback;
} CbGuard;

/*
 * From push to pop no error puts the statement, its context or the values of a
 * row into the log.  An error pops by itself.
 */
extern void cb_guard_push(CbGuard *guard);
extern void cb_guard_pop(CbGuard *guard);

/*
 * The definition of an SQL-callable function, which bears the function's SQL name; its
 * body, which is given fcinfo, follows.  The guard stands before the first argument is
 * looked at.
 */
#define CB_FUNCTION(name) \
PG_FUNCTION_INFO_V1(name); \
static Datum name##_guarded(FunctionCallInfo fcinfo); \
Datum \
name(FunctionCallInfo fcinfo) \
{ \
	CbGuard		guard; \
	Datum		result; \
\
	cb_guard_push(&guard); \
	result = name##_guarded(fcinfo); \
	cb_guard_pop(&guard); \
	return result; \
} \
static Datum \
name##_guarded(FunctionCallInfo fcinfo)

#endif							/* CB_GUARD_H */
