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

#include "utils/memutils.h"

#include "canopy_bulk.h"
#include "db/progress.h"
#include "db/statistics.h"
#include "db/stored.h"
#include "db/uuid7.h"
#include "flow/import_end.h"
#include "flow/import_run.h"
#include "flow/import_sync.h"
#include "flow/import_undo.h"
#include "record/import_result.h"

#define FIRST_DELAY		100		/* milliseconds */
#define LAST_TRY		8

static void begin_step(CbImportCall *call, const CbImportRun *run);
static void write_batch(CbImportCall *call);
static bool is_all_new(const CbImportBatch *batch);
static void store_results(CbImportCall *call, const CbImportBatch *batch,
						  const CbImportVerdict *verdicts, Jsonb **before);
static void fill_result(CbImportResult *result, const CbImportRow *row,
						const CbImportVerdict *verdict);
static const char *message_of(const CbImportVerdict *verdict);
static CbImportRunState advance(CbImportCall *call);
static void show_progress(const CbImport *import);

void
cb_import_run_begin(CbImportRun *run, const pg_uuid_t *id, const char *account)
{
	CbImportCall call;

	cb_import_begin(&call, id, account);
	cb_import_hold(&call);
	cb_import_require(call.import, CB_IMPORT_IN(CB_IMPORT_RUNNING) |
					  CB_IMPORT_IN(CB_IMPORT_FAILED),
					  "Submit it first; what has ended does not run again.");
	if (!cb_import_take(call.import, call.now, call.now + CB_IMPORT_LEASE))
		ereport(ERROR,
				(errcode(CB_ERRCODE_CONFLICT),
				 errmsg("the import is being run by somebody else"),
				 errhint("canopy_bulk_progress shows by which process; when that is gone, or has not been heard of for a minute, somebody else may run the import.")));
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
	cb_progress_begin("import_row", call.import->file_size);
	show_progress(call.import);
	if (call.import->attempt != run->attempt)
		state = CB_IMPORT_RUN_LOST;
	else if (call.import->status != CB_IMPORT_RUNNING)
		state = CB_IMPORT_RUN_ENDED;
	else if (!call.import->cancel_requested &&
			 call.import->next_row > call.import->row_count &&
			 cb_import_sync_step(&call))
	{
		state = advance(&call);
		cb_import_notify(call.import);
	}
	else if (call.import->cancel_requested ||
			 call.import->next_row > call.import->row_count)
	{
		cb_import_end_run(&call);
		cb_import_notify(call.import);
		state = CB_IMPORT_RUN_ENDED;
	}
	else
	{
		write_batch(&call);
		show_progress(call.import);
		state = advance(&call);
		cb_import_notify(call.import);
	}
	cb_import_end(&call);
	if (state != CB_IMPORT_RUN_MORE)
		cb_progress_end();
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
		cb_import_notify(call.import);
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
	cb_import_hold(call);
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
	Jsonb	  **before;
	char		id[CB_UUID_TEXT_LEN + 1];

	memset(&inside, 0, sizeof(inside));
	inside.confident = is_all_new(batch);
	before = cb_import_remember(call, batch->nrows, &inside);
	cb_uuid_format(&import->id, id);
	if (batch->nrows > 0 &&
		!cb_import_batch_write(call, batch, psprintf("import %s %d", id, number),
							   &inside, verdicts))
		cb_stored_refuse("import.next_row");
	cb_statistics_keep_up();
	store_results(call, batch, verdicts, before);
	import->next_row = number * import->batch_size + 1;
	import->skipped_count += cb_import_rows_skip(import, first,
												 import->next_row - 1, false);
}

/* As far as the preview knew. */
static bool
is_all_new(const CbImportBatch *batch)
{
	for (int i = 0; i < batch->nrows; i++)
	{
		const char *plan = batch->rows[i].plan;

		if (plan == NULL || strcmp(plan, "create") != 0)
			return false;
	}
	return true;
}

static void
store_results(CbImportCall *call, const CbImportBatch *batch,
			  const CbImportVerdict *verdicts, Jsonb **before)
{
	CbImportResult *results = palloc0(sizeof(CbImportResult) * (batch->nrows + 1));

	for (int i = 0; i < batch->nrows; i++)
	{
		fill_result(&results[i], &batch->rows[i], &verdicts[i]);
		results[i].before = before[i];
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
		result->error_message = message_of(verdict);
		return;
	}
	result->code = verdict->outcome == CB_CREATED ? 201 : 200;
	if (verdict->outcome == CB_SKIPPED)
		result->skip_reason = "exists";
}

/* With the field that is meant in front of it, unless it names that. */
static const char *
message_of(const CbImportVerdict *verdict)
{
	const CbImportNote *note = verdict->notes;
	const char *message = cb_codes[verdict->code].message;

	if (note == NULL || note->field == NULL)
		return message;
	if (strcmp(note->code, cb_codes[verdict->code].name) == 0 &&
		strcmp(note->message, message) != 0)
		return note->message;
	return psprintf("%s: %s", note->field, message);
}

static CbImportRunState
advance(CbImportCall *call)
{
	bool		cancelled;

	if (!cb_import_advance(call->import, call->now, call->now + CB_IMPORT_LEASE, &cancelled))
		cb_import_refuse();
	return CB_IMPORT_RUN_MORE;
}

/* What is not committed yet, for other sessions. */
static void
show_progress(const CbImport *import)
{
	cb_progress_rows(import->succeeded_count,
					 import->failed_count + import->skipped_count);
}
