/*-------------------------------------------------------------------------
 *
 * outbox.c
 *		The SQL-callable functions of those who send mail.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/tuplestore.h"

#include "api/arguments.h"
#include "canopy_bulk.h"
#include "db/guard.h"
#include "flow/mail.h"

PG_FUNCTION_INFO_V1(cb_outbox_take);
PG_FUNCTION_INFO_V1(cb_outbox_finish);
PG_FUNCTION_INFO_V1(cb_outbox_fail);

static void begin_rows(FunctionCallInfo fcinfo);
static void put_row(void *arg, const Datum *values, const bool *nulls);

/* canopy_bulk_outbox_claim(n, account) */
Datum
cb_outbox_take(PG_FUNCTION_ARGS)
{
	CbGuard		guard;

	cb_guard_push(&guard);
	cb_argument_require(fcinfo, 0, "n");
	begin_rows(fcinfo);
	cb_mail_claim(cb_argument_text(fcinfo, 1), PG_GETARG_INT32(0),
				  put_row, fcinfo->resultinfo);
	cb_guard_pop(&guard);
	return (Datum) 0;
}

/* canopy_bulk_outbox_done(id, attempt, account) */
Datum
cb_outbox_finish(PG_FUNCTION_ARGS)
{
	CbGuard		guard;
	bool		counted;

	cb_guard_push(&guard);
	cb_argument_require(fcinfo, 0, "id");
	cb_argument_require(fcinfo, 1, "attempt");
	counted = cb_mail_done(cb_argument_text(fcinfo, 2), PG_GETARG_UUID_P(0),
						   PG_GETARG_INT32(1));
	cb_guard_pop(&guard);
	PG_RETURN_BOOL(counted);
}

/* canopy_bulk_outbox_failed(id, attempt, reason, permanent, account) */
Datum
cb_outbox_fail(PG_FUNCTION_ARGS)
{
	CbGuard		guard;
	bool		counted;

	cb_guard_push(&guard);
	cb_argument_require(fcinfo, 0, "id");
	cb_argument_require(fcinfo, 1, "attempt");
	cb_argument_require(fcinfo, 2, "reason");
	counted = cb_mail_failed(cb_argument_text(fcinfo, 4), PG_GETARG_UUID_P(0),
							 PG_GETARG_INT32(1), cb_argument_text(fcinfo, 2),
							 !PG_ARGISNULL(3) && PG_GETARG_BOOL(3));
	cb_guard_pop(&guard);
	PG_RETURN_BOOL(counted);
}

/* Makes the result a set of rows that is handed over at once. */
static void
begin_rows(FunctionCallInfo fcinfo)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext old;
	TupleDesc	shape;

	if (result == NULL || !IsA(result, ReturnSetInfo) ||
		(result->allowedModes & SFRM_Materialize) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("a set of rows is not wanted here"),
				 errhint("Call it in FROM.")));
	if (get_call_result_type(fcinfo, NULL, &shape) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	old = MemoryContextSwitchTo(result->econtext->ecxt_per_query_memory);
	result->returnMode = SFRM_Materialize;
	result->setDesc = CreateTupleDescCopy(shape);
	result->setResult = tuplestore_begin_heap(true, false, work_mem);
	MemoryContextSwitchTo(old);

}

static void
put_row(void *arg, const Datum *values, const bool *nulls)
{
	ReturnSetInfo *result = arg;

	tuplestore_putvalues(result->setResult, result->setDesc,
						 unconstify(Datum *, values), unconstify(bool *, nulls));
}
