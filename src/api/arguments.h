/*-------------------------------------------------------------------------
 *
 * arguments.h
 *		The arguments of SQL-callable functions, and what they answer.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_ARGUMENTS_H
#define CB_ARGUMENTS_H

#include "fmgr.h"

#include "flow/answer.h"
#include "flow/request.h"

/* Arguments count from 0. */

/* Raises 22023 when the argument is SQL NULL. */
extern void cb_argument_require(FunctionCallInfo fcinfo, int i,
								const char *name);

/* NULL for SQL NULL. */
extern const char *cb_argument_text(FunctionCallInfo fcinfo, int i);

/* -1 for SQL NULL; raises 22023 below zero. */
extern int	cb_argument_count(FunctionCallInfo fcinfo, int i);

/* An array of texts, without its nulls; NULL for SQL NULL. */
extern char **cb_argument_texts(FunctionCallInfo fcinfo, int i, int *n);

extern int	cb_argument_int(FunctionCallInfo fcinfo, int i, int otherwise);

/*
 * Fills in dry_run and max_failed, the arguments from first on; NULL is the
 * default of each.
 */
extern void cb_argument_limits(CbRequest *request, FunctionCallInfo fcinfo,
							   int first);

/* Fills in on_conflict; NULL is error. */
extern void cb_argument_on_conflict(CbRequest *request, FunctionCallInfo fcinfo,
									int i);

/* Fills in the idempotency key of the call, or of the request that it serves. */
extern void cb_argument_key(CbRequest *request, FunctionCallInfo fcinfo, int i);

/*
 * Fills in the rows from a uuid[], as if the ids had been sent as JSON strings.
 * Raises 22023 for an array of arrays, and PT413 when there are too many.
 */
extern void cb_argument_ids(CbRequest *request, FunctionCallInfo fcinfo, int i,
							const char *name);

/*
 * Tells the HTTP request, if the call serves one, what the answer's body does not
 * say.
 */
extern void cb_respond(CbAnswer answer);

/* Fills in a request from all arguments but the first. */
typedef void (*CbTakeOptions) (CbRequest *request, FunctionCallInfo fcinfo);

/*
 * A whole call of a bulk function, guarded: its first argument, which has the
 * name of the kind's list, is a jsonb of rows, or a uuid[].
 */
extern Datum cb_call_with_json(FunctionCallInfo fcinfo, const CbRowKind *kind,
							   CbTakeOptions take_options);
extern Datum cb_call_with_ids(FunctionCallInfo fcinfo, const CbRowKind *kind,
							  CbTakeOptions take_options);

/* Runs the batch, and gives the answer as the function's result. */
extern Datum cb_run_and_respond(const CbRowKind *kind, const CbRequest *request);

/* Make the result a set of rows that is handed over at once; put is a CbRowReader. */
extern void cb_rows_begin(FunctionCallInfo fcinfo);
extern void cb_rows_put(void *resultinfo, const Datum *values,
						const bool *nulls);

#endif							/* CB_ARGUMENTS_H */
