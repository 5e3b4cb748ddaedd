/*-------------------------------------------------------------------------
 *
 * import_run.c
 *		Writes the rows of an import, batch by batch.
 *
 * A step locks the import, writes the next range of rows under a key of its own,
 * stores what became of them and how far the import has come.  All of it, the
 * batch's audit entry and the notification are one transaction of whoever runs
 * the import, so that a batch has happened, with all of that, or has not.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/async.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "canopy_bulk.h"
#include "db/uuid7.h"
#include "flow/import_end.h"
#include "flow/import_preview.h"
#include "flow/import_run.h"
#include "record/import_result.h"

#define CHANNEL			"canopy_bulk_import"
#define LEASE			(60 * USECS_PER_SEC)
#define FIRST_DELAY		100		/* milliseconds */
#define LAST_TRY		8
#define DRIFT_NAMED		20		/* row numbers in an error's detail */

static void begin_step(CbImportCall *call, const CbImportRun *run);
static void check_digest(CbImportCall *call, const uint8 *digest, Size len);
static void refuse_drift(const CbImportCall *call);
static int	count_drift(const CbImportCall *call,
						const CbImportRehearsal *rehearsal, StringInfo numbers);
static void write_batch(CbImportCall *call);
static void store_results(CbImportCall *call, const CbImportBatch *batch,
						  const CbImportVerdict *verdicts);
static void fill_result(CbImportResult *result, const CbImportRow *row,
						const CbImportVerdict *verdict);
static CbImportRunState advance(CbImportCall *call);
static void notify(const CbImport *import);

void
cb_import_run_submit(const pg_uuid_t *id, const char *account,
					 const uint8 *digest, Size digest_len)
{
	CbImportCall call;

	cb_import_begin(&call, id, account);
	if (call.import->status != CB_IMPORT_RUNNING)
	{
		cb_import_require(call.import, CB_IMPORT_IN(CB_IMPORT_PREVIEWED),
						  "Preview it with canopy_bulk_import_preview() first.");
		cb_import_lock(&call);
		if (digest != NULL)
			check_digest(&call, digest, digest_len);
		call.import->status = CB_IMPORT_RUNNING;
		call.import->role_name = GetUserNameFromId(call.caller.role, false);
		cb_import_save_submission(call.import, call.now);
	}
	cb_import_end(&call);
}

void
cb_import_run_begin(CbImportRun *run, const pg_uuid_t *id, const char *account)
{
	CbImportCall call;

	cb_import_begin(&call, id, account);
	call.import = cb_import_read(&call.scope.account, id, true);
	cb_import_require(call.import, CB_IMPORT_IN(CB_IMPORT_RUNNING) |
					  CB_IMPORT_IN(CB_IMPORT_FAILED),
					  "Submit it first; what has ended does not run again.");
	if (!cb_import_take(call.import, call.now, call.now + LEASE))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the import is being run by somebody else"),
				 errhint("Try again when its lease has ended, a minute after it was last heard of.")));
	cb_uuid_format(&call.scope.account, run->account);
	run->id = *id;
	run->attempt = call.import->attempt;
	cb_import_end(&call);
}

CbImportRunState
cb_import_run_step(const CbImportRun *run)
{
	MemoryContext callers = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(callers, "canopy_bulk import",
												  ALLOCSET_DEFAULT_SIZES);
	CbImportCall call;
	CbImportRunState state;

	MemoryContextSwitchTo(context);
	begin_step(&call, run);
	if (call.import->attempt != run->attempt)
		state = CB_IMPORT_RUN_LOST;
	else if (call.import->status != CB_IMPORT_RUNNING)
		state = CB_IMPORT_RUN_ENDED;
	else if (call.import->cancel_requested ||
			 call.import->next_row > call.import->row_count)
	{
		cb_import_end_run(&call);
		notify(call.import);
		state = CB_IMPORT_RUN_ENDED;
	}
	else
	{
		write_batch(&call);
		state = advance(&call);
		notify(call.import);
	}
	cb_import_end(&call);
	MemoryContextSwitchTo(callers);
	MemoryContextDelete(context);
	return state;
}

void
cb_import_run_fail(const CbImportRun *run, int sqlstate)
{
	CbImportCall call;
	char		message[80];

	begin_step(&call, run);
	snprintf(message, sizeof(message),
			 "A batch ended with SQLSTATE %s; what it wrote is undone.",
			 unpack_sql_state(sqlstate));
	if (call.import->attempt == run->attempt &&
		call.import->status == CB_IMPORT_RUNNING)
	{
		cb_import_finish(call.import, CB_IMPORT_FAILED, message, call.now);
		notify(call.import);
	}
	cb_import_end(&call);
}

void
cb_import_run_release(const CbImportRun *run)
{
	CbImportCall call;
	bool		cancelled;

	begin_step(&call, run);
	if (call.import->attempt == run->attempt)
		cb_import_advance(call.import, call.now, call.now, &cancelled);
	cb_import_end(&call);
}

int
cb_import_run_delay(int sqlstate, int n)
{
	uint8		chance;

	if ((sqlstate != ERRCODE_T_R_SERIALIZATION_FAILURE &&
		 sqlstate != ERRCODE_T_R_DEADLOCK_DETECTED &&
		 sqlstate != ERRCODE_LOCK_NOT_AVAILABLE) || n >= LAST_TRY)
		return -1;

	/* From half of the time to all of it, or all losers would meet again. */
	if (!pg_strong_random(&chance, sizeof(chance)))
		chance = 0;
	return (FIRST_DELAY << (n - 1)) * (256 + chance) / 512;
}

static void
begin_step(CbImportCall *call, const CbImportRun *run)
{
	cb_import_begin(call, &run->id, run->account);
	call->import = cb_import_read(&call->scope.account, &run->id, true);
}

static void
check_digest(CbImportCall *call, const uint8 *digest, Size len)
{
	if (!call->import->has_digest || len != sizeof(call->import->digest) ||
		memcmp(call->import->digest, digest, len) != 0)
		ereport(ERROR,
				(errcode(CB_ERRCODE_CONFLICT),
				 errmsg("the import is not the one that was previewed"),
				 errhint("Its mapping, options or selection have changed: preview it again.")));
	refuse_drift(call);
}

/* Rows that would now fare otherwise than in the preview. */
static void
refuse_drift(const CbImportCall *call)
{
	CbImportRehearsal rehearsal;
	StringInfoData numbers;
	int			n;

	cb_import_rehearse(call, &rehearsal);
	initStringInfo(&numbers);
	n = count_drift(call, &rehearsal, &numbers);
	if (n > 0)
		ereport(ERROR,
				(errcode(CB_ERRCODE_CONFLICT),
				 errmsg("the directory has changed since the preview"),
				 errdetail_plural("%d row would fare otherwise now: %s%s.",
								  "%d rows would fare otherwise now: %s%s.", n,
								  n, numbers.data,
								  n > DRIFT_NAMED ? ", and more" : ""),
				 errhint("Preview it again.")));
}

static int
count_drift(const CbImportCall *call, const CbImportRehearsal *rehearsal,
			StringInfo numbers)
{
	CbImportRow *rows;
	int			nrows = cb_import_rows_read(call->import, 1,
											call->import->row_count, &rows);
	int			at = 0;
	int			n = 0;

	for (int i = 0; i < nrows; i++)
	{
		const CbImportFinding *finding;
		const CbImportRow *row = &rows[i];

		while (at < rehearsal->n && rehearsal->findings[at].number < row->number)
			at++;
		if (at == rehearsal->n || rehearsal->findings[at].number > row->number)
			continue;
		finding = &rehearsal->findings[at];
		if (row->verdict != NULL && strcmp(finding->verdict, row->verdict) == 0 &&
			(finding->plan == NULL) == (row->plan == NULL) &&
			(row->plan == NULL || strcmp(finding->plan, row->plan) == 0))
			continue;
		if (n++ < DRIFT_NAMED)
			appendStringInfo(numbers, "%s%d", n > 1 ? ", " : "", row->number);
	}
	return n;
}

/* The rows of the next range that are selected; it may have none. */
static void
write_batch(CbImportCall *call)
{
	CbImport   *import = call->import;
	int			first = import->next_row;
	int			number = (first - 1) / import->batch_size + 1;
	CbImportBatch *batch = cb_import_batch_read(call, number, CB_IMPORT_SUBMIT);
	CbImportVerdict *verdicts = palloc0(sizeof(CbImportVerdict) *
										(batch->nrows + 1));
	CbBatchInside inside;
	char		id[CB_UUID_TEXT_LEN + 1];

	memset(&inside, 0, sizeof(inside));
	cb_uuid_format(&import->id, id);
	if (batch->nrows > 0 &&
		!cb_import_batch_write(call, batch, psprintf("import %s %d", id, number),
							   &inside, verdicts))
		elog(ERROR, "a batch of an import has been written before");
	store_results(call, batch, verdicts);
	import->next_row = number * import->batch_size + 1;
	import->skipped_count += cb_import_rows_skip(import, first,
												 import->next_row - 1, false);
}

static void
store_results(CbImportCall *call, const CbImportBatch *batch,
			  const CbImportVerdict *verdicts)
{
	CbImportResult *results = palloc0(sizeof(CbImportResult) * (batch->nrows + 1));

	for (int i = 0; i < batch->nrows; i++)
	{
		fill_result(&results[i], &batch->rows[i], &verdicts[i]);
		if (verdicts[i].outcome == CB_FAILED)
			call->import->failed_count++;
		else
			call->import->succeeded_count++;
	}
	if (batch->nrows > 0)
		cb_import_rows_save_results(call->import, results, batch->nrows);
}

static void
fill_result(CbImportResult *result, const CbImportRow *row,
			const CbImportVerdict *verdict)
{
	static const char *const words[] = {
		[CB_CREATED] = "created",
		[CB_UPDATED] = "updated",
		[CB_SKIPPED] = "skipped",
		[CB_FAILED] = "failed"
	};

	result->number = row->number;
	result->outcome = words[verdict->outcome];
	result->has_resource = verdict->has_resource;
	result->resource = verdict->resource;
	if (verdict->outcome == CB_FAILED)
	{
		result->code = cb_codes[verdict->code].status;
		result->error_code = cb_codes[verdict->code].name;
		result->error_message = cb_codes[verdict->code].message;
		return;
	}
	result->code = verdict->outcome == CB_CREATED ? 201 : 200;
	if (verdict->outcome == CB_SKIPPED)
		result->skip_reason = "exists";
}

static CbImportRunState
advance(CbImportCall *call)
{
	bool		cancelled;

	if (!cb_import_advance(call->import, call->now, call->now + LEASE, &cancelled))
		elog(ERROR, "an import that is locked was taken by somebody else");
	return CB_IMPORT_RUN_MORE;
}

static void
notify(const CbImport *import)
{
	char		id[CB_UUID_TEXT_LEN + 1];

	cb_uuid_format(&import->id, id);
	Async_Notify(CHANNEL, id);
}
