/*-------------------------------------------------------------------------
 *
 * import_run.c
 *		The SQL-callable procedures that run an import.
 *
 * They make a transaction of each step, and try a step again that failed for a
 * passing reason.  Each try has its memory context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"
#include "utils/wait_event.h"

#include "api/arguments.h"
#include "canopy_bulk.h"
#include "db/guard.h"
#include "db/subxact.h"
#include "db/transaction.h"
#include "flow/import_run.h"
#include "flow/import_whole.h"

/* A step on its way. */
typedef struct Stepping
{
	CbImportRun *run;
	CbImportRunState state;
} Stepping;

static Jsonb *import_whole(FunctionCallInfo fcinfo, bool is_text);
static void take_whole(CbImportWhole *whole, FunctionCallInfo fcinfo,
					   bool is_text);
static Datum pack_summary(FunctionCallInfo fcinfo, Jsonb *summary);
static void run(const pg_uuid_t *id, const char *account, bytea *digest);
static void run_steps(CbImportRun *run);
static bool try_step(Stepping *stepping, int tries);
static bool take_step(void *arg);
static bool is_error(const ErrorData *fault);
static void give_up(const CbImportRun *run, ErrorData *fault) pg_attribute_noreturn();
static void nap(long milliseconds);

/* canopy_bulk_import_run(id, digest, account) */
CB_FUNCTION(canopy_bulk_import_run)
{
	cb_argument_require(fcinfo, 0, "id");
	cb_transactions_begin(fcinfo);
	run(PG_GETARG_UUID_P(0), cb_argument_text(fcinfo, 2),
		PG_ARGISNULL(1) ? NULL : PG_GETARG_BYTEA_PP(1));
	cb_transactions_end();
	PG_RETURN_VOID();
}

/* canopy_bulk_import(file text, mode, ...) */
CB_FUNCTION(canopy_bulk_import)
{
	Datum		answer;

	answer = pack_summary(fcinfo, import_whole(fcinfo, true));
	PG_RETURN_DATUM(answer);
}

/* canopy_bulk_import(file bytea, mode, ...) */
CB_FUNCTION(canopy_bulk_import_bytes)
{
	Datum		answer;

	answer = pack_summary(fcinfo, import_whole(fcinfo, false));
	PG_RETURN_DATUM(answer);
}

/* The summary, in the memory context of the call. */
static Jsonb *
import_whole(FunctionCallInfo fcinfo, bool is_text)
{
	MemoryContext callers = CurrentMemoryContext;
	bool		dry_run = !PG_ARGISNULL(13) && PG_GETARG_BOOL(13);
	CbImportWhole whole = {0};
	Jsonb	   *summary;

	take_whole(&whole, fcinfo, is_text);
	cb_transactions_begin(fcinfo);
	MemoryContextSwitchTo(callers);
	cb_import_whole_prepare(&whole);
	cb_transaction_commit();
	cb_transaction_snapshot();
	if (!dry_run)
	{
		cb_import_whole_check(&whole);
		run(&whole.upload.id, whole.upload.account, NULL);
		cb_transaction_snapshot();
	}
	summary = cb_import_whole_summary(&whole.upload.id, whole.upload.account);
	cb_transactions_end();
	MemoryContextSwitchTo(callers);
	return summary;
}

/*
 * Arguments: file, mode, account, application, environment, on_conflict, mapping,
 * delimiter, file_name, secret_columns, missing, max_missing_percent, max_failed,
 * dry_run and, of bytes, encoding; then the summary.
 */
static void
take_whole(CbImportWhole *whole, FunctionCallInfo fcinfo, bool is_text)
{
	struct varlena *file;

	cb_argument_require(fcinfo, 0, "file");
	cb_argument_require(fcinfo, 1, "mode");
	file = PG_GETARG_VARLENA_PP(0);
	whole->upload.source.bytes = VARDATA_ANY(file);
	whole->upload.source.len = VARSIZE_ANY_EXHDR(file);
	whole->upload.source.is_text = is_text;
	whole->order.mode = cb_argument_text(fcinfo, 1);
	whole->order.names.account = cb_argument_text(fcinfo, 2);
	whole->order.names.application = cb_argument_text(fcinfo, 3);
	whole->order.names.environment = cb_argument_text(fcinfo, 4);
	whole->order.on_conflict = cb_argument_text(fcinfo, 5);
	whole->mapping = PG_ARGISNULL(6) ? NULL : PG_GETARG_JSONB_P(6);
	whole->upload.source.delimiter = cb_argument_text(fcinfo, 7);
	whole->upload.file_name = cb_argument_text(fcinfo, 8);
	whole->upload.secret_columns =
		cb_argument_texts(fcinfo, 9, &whole->upload.nsecret_columns);
	whole->order.missing = cb_argument_text(fcinfo, 10);
	whole->order.max_missing_percent = PG_ARGISNULL(11) ? -1 : PG_GETARG_INT32(11);
	whole->max_failed = cb_argument_count(fcinfo, 12);
	if (!is_text)
		whole->upload.source.encoding = cb_argument_text(fcinfo, 14);
}

/* What a procedure gives back is a row of its INOUT arguments. */
static Datum
pack_summary(FunctionCallInfo fcinfo, Jsonb *summary)
{
	TupleDesc	shape;
	Datum		value = JsonbPGetDatum(summary);
	bool		isnull = false;

	if (get_call_result_type(fcinfo, NULL, &shape) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(shape), &value,
											 &isnull));
}

/* Begins in a transaction with a snapshot and ends in one without. */
static void
run(const pg_uuid_t *id, const char *account, bytea *digest)
{
	CbImportRun run;

	cb_import_run_submit(id, account,
						 digest == NULL ? NULL : (const uint8 *) VARDATA_ANY(digest),
						 digest == NULL ? 0 : VARSIZE_ANY_EXHDR(digest));
	cb_import_run_begin(&run, id, account);
	cb_transaction_commit();
	run_steps(&run);
}

static void
run_steps(CbImportRun *run)
{
	Stepping	stepping = {run, CB_IMPORT_RUN_MORE};
	MemoryContext callers = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(callers, "canopy_bulk step",
												  ALLOCSET_DEFAULT_SIZES);
	int			tries = 0;

	while (stepping.state == CB_IMPORT_RUN_MORE)
	{
		CHECK_FOR_INTERRUPTS();
		MemoryContextSwitchTo(context);
		tries = try_step(&stepping, tries + 1) ? 0 : tries + 1;
		MemoryContextSwitchTo(callers);
		MemoryContextReset(context);
	}
	MemoryContextDelete(context);
	if (stepping.state == CB_IMPORT_RUN_LOST)
		ereport(ERROR,
				(errcode(CB_ERRCODE_CONFLICT),
				 errmsg("the import was taken over by somebody else")));
}

/* False when it is to be tried once more. */
static bool
try_step(Stepping *stepping, int tries)
{
	ErrorData  *fault;
	int			delay;

	cb_transaction_snapshot();
	cb_subxact_catch(take_step, stepping, is_error, &fault);
	if (fault == NULL)
	{
		cb_transaction_commit();
		return true;
	}
	cb_transaction_rollback();
	delay = cb_import_run_delay(fault->sqlerrcode, tries);
	if (delay < 0)
		give_up(stepping->run, fault);
	nap(delay);
	return false;
}

static bool
take_step(void *arg)
{
	Stepping   *stepping = arg;

	stepping->state = cb_import_run_step(stepping->run);
	return true;
}

/* Nothing is swallowed: what is not tried again is raised again. */
static bool
is_error(const ErrorData *fault)
{
	return fault->elevel == ERROR;
}

/* Tells the import, and then whoever called. */
static void
give_up(const CbImportRun *run, ErrorData *fault)
{
	cb_transaction_snapshot();
	if (fault->sqlerrcode == ERRCODE_QUERY_CANCELED)
		cb_import_run_release(run);
	else
		cb_import_run_fail(run, fault->sqlerrcode);
	cb_transaction_commit();
	ReThrowError(fault);
}

static void
nap(long milliseconds)
{
	TimestampTz end = TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
												  milliseconds);

	while ((milliseconds = TimestampDifferenceMilliseconds(GetCurrentTimestamp(),
														   end)) > 0)
	{
		WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
				  milliseconds, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
}
