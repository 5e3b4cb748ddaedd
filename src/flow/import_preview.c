/*-------------------------------------------------------------------------
 *
 * import_preview.c
 *		The fourth step of an import: what would happen.
 *
 * All batches are written in one subtransaction, each on top of those before it,
 * and then undone: a duplicate, a trigger and a constraint give the verdict that
 * they will give when the rows are submitted.  What is found is kept in memory
 * meanwhile, and stored afterwards.
 *
 * The transaction must not have more open subtransactions than a snapshot bears,
 * so that each batch may leave only its share behind.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "canopy_bulk.h"
#include "db/statistics.h"
#include "db/subxact.h"
#include "flow/import_preview.h"
#include "flow/import_repeats.h"
#include "flow/import_sync.h"
#include "flow/import_warnings.h"

#define SUBTRANSACTIONS		60	/* of a preview, on top of its own */
#define UNMAPPED_HINT \
	"Map every required field to a column with canopy_bulk_import_map(), then preview."

/* For rehearse_step. */
typedef struct Rehearsing
{
	const CbImportCall *call;
	CbImportRehearsal *rehearsal;
	CbImportRepeats *repeats;
	MemoryContext context;		/* of the findings */
	MemoryContext batch_context;
} Rehearsing;

static void take_headers(const CbImport *import, CbImportSamples *samples);
static bool rehearse_step(void *arg);
static void rehearse_batch(Rehearsing *rehearsing, int number, int max_groups);
static void take_finding(Rehearsing *rehearsing, const CbImportRow *row,
						 const CbImportVerdict *verdict);
static void take_samples(Rehearsing *rehearsing, const CbImportRow *row);
static const char *verdict_name(const CbImportVerdict *verdict);
static const char *plan_name(const CbImportVerdict *verdict);
static void count_notes(CbImportRehearsal *rehearsal, const CbImportNote *notes);
static void store(CbImportCall *call, const CbImportRehearsal *rehearsal,
				  CbImportTally *tally);
static Jsonb *describe(const CbImportCall *call, const CbImportTally *tally,
					   const CbImportRehearsal *rehearsal);

Jsonb *
cb_wizard_preview(const pg_uuid_t *id, const char *account)
{
	MemoryContext callers = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(callers, "canopy_bulk import",
												  ALLOCSET_DEFAULT_SIZES);
	CbImportCall call;
	CbImportRehearsal rehearsal;
	CbImportTally tally;
	Jsonb	   *answer;

	MemoryContextSwitchTo(context);
	cb_import_begin(&call, id, account);
	cb_import_require(call.import, CB_IMPORT_IN(CB_IMPORT_MAPPED) |
					  CB_IMPORT_IN(CB_IMPORT_PREVIEWED), UNMAPPED_HINT);
	cb_import_rehearse(&call, &rehearsal);
	store(&call, &rehearsal, &tally);
	answer = describe(&call, &tally, &rehearsal);

	cb_import_end(&call);
	MemoryContextSwitchTo(callers);
	answer = DatumGetJsonbPCopy(JsonbPGetDatum(answer));
	MemoryContextDelete(context);
	return answer;
}

void
cb_import_rehearse(const CbImportCall *call, CbImportRehearsal *rehearsal)
{
	Rehearsing	rehearsing = {call, rehearsal};
	int			most = cb_import_batch_count(call->import) * call->import->batch_size;

	memset(rehearsal, 0, sizeof(CbImportRehearsal));
	rehearsal->findings = palloc0(sizeof(CbImportFinding) * (most + 1));
	rehearsing.context = CurrentMemoryContext;
	rehearsing.repeats = cb_import_repeats_create(call->mode->kind);
	rehearsing.batch_context = AllocSetContextCreate(CurrentMemoryContext,
													 "canopy_bulk rehearsal",
													 ALLOCSET_DEFAULT_SIZES);
	cb_subxact_try(rehearse_step, &rehearsing, NULL);
	if (cb_import_is_uncertain(call->import))
		take_headers(call->import, &rehearsal->samples);
	MemoryContextDelete(rehearsing.batch_context);
}

static void
take_headers(const CbImport *import, CbImportSamples *samples)
{
	for (int i = 0; i < import->ncolumns; i++)
		cb_import_sample(samples, import->columns[i].header,
						 strlen(import->columns[i].header));
}

static bool
rehearse_step(void *arg)
{
	Rehearsing *rehearsing = arg;
	int			nbatches = cb_import_batch_count(rehearsing->call->import);
	int			max_groups = Max(SUBTRANSACTIONS / Max(nbatches, 1), 1);

	for (int number = 1; number <= nbatches; number++)
	{
		MemoryContext old = MemoryContextSwitchTo(rehearsing->batch_context);

		CHECK_FOR_INTERRUPTS();
		rehearse_batch(rehearsing, number, max_groups);
		cb_statistics_keep_up();
		MemoryContextSwitchTo(old);
		MemoryContextReset(rehearsing->batch_context);
	}
	return false;
}

static void
rehearse_batch(Rehearsing *rehearsing, int number, int max_groups)
{
	const CbImportCall *call = rehearsing->call;
	CbImportBatch *batch = cb_import_batch_read(call, number, CB_IMPORT_REHEARSE);
	CbImportVerdict *verdicts;
	CbBatchInside inside = {0};

	if (batch->nrows == 0)
		return;
	verdicts = palloc(sizeof(CbImportVerdict) * batch->nrows);
	inside.rehearsal = true;
	inside.max_groups = max_groups;
	inside.learn = cb_import_repeats_learn;
	inside.arg = rehearsing->repeats;
	cb_import_repeats_begin(rehearsing->repeats, batch);
	cb_import_batch_write(call, batch, NULL, &inside, verdicts);
	for (int i = 0; i < batch->nrows; i++)
	{
		if (verdicts[i].outcome == CB_FAILED)
			cb_import_repeats_name(rehearsing->repeats, i, &verdicts[i]);
		else
			cb_import_warn(call->import, &batch->rows[i], &verdicts[i]);
		take_finding(rehearsing, &batch->rows[i], &verdicts[i]);
		if (cb_import_is_uncertain(call->import))
			take_samples(rehearsing, &batch->rows[i]);
	}
}

/* The cells of secret columns are empty. */
static void
take_samples(Rehearsing *rehearsing, const CbImportRow *row)
{
	MemoryContext old = MemoryContextSwitchTo(rehearsing->context);
	CbText		cell;

	for (int i = 1; i <= rehearsing->call->import->ncolumns; i++)
	{
		if (cb_import_cell(row, i, &cell))
			cb_import_sample(&rehearsing->rehearsal->samples, cell.val, cell.len);
	}
	MemoryContextSwitchTo(old);
}

static void
take_finding(Rehearsing *rehearsing, const CbImportRow *row,
			 const CbImportVerdict *verdict)
{
	CbImportRehearsal *rehearsal = rehearsing->rehearsal;
	CbImportFinding *finding = &rehearsal->findings[rehearsal->n++];
	MemoryContext old;

	finding->number = row->number;
	finding->verdict = verdict_name(verdict);
	finding->plan = plan_name(verdict);
	finding->has_resource = verdict->outcome == CB_UPDATED ||
		verdict->outcome == CB_SKIPPED;
	finding->resource = verdict->resource;
	count_notes(rehearsal, verdict->notes);
	old = MemoryContextSwitchTo(rehearsing->context);
	finding->issues = cb_import_notes_json(verdict->notes);
	MemoryContextSwitchTo(old);
}

static const char *
verdict_name(const CbImportVerdict *verdict)
{
	if (verdict->outcome == CB_FAILED)
		return "error";
	return verdict->notes == NULL ? "valid" : "warning";
}

/* NULL for a row that would do nothing. */
static const char *
plan_name(const CbImportVerdict *verdict)
{
	switch (verdict->outcome)
	{
		case CB_CREATED:
			return "create";
		case CB_UPDATED:
			return "update";
		case CB_SKIPPED:
			return "skip";
		case CB_PENDING:
		case CB_FAILED:
			break;
	}
	return NULL;
}

static void
count_notes(CbImportRehearsal *rehearsal, const CbImportNote *notes)
{
	for (const CbImportNote *note = notes; note != NULL; note = note->next)
	{
		int			i = 0;

		while (i < rehearsal->ncodes &&
			   strcmp(rehearsal->codes[i].code, note->code) != 0)
			i++;
		if (i == CB_IMPORT_CODES)
			continue;
		if (i == rehearsal->ncodes)
			rehearsal->ncodes++;
		rehearsal->codes[i].code = note->code;
		rehearsal->codes[i].is_warning = note->is_warning;
		rehearsal->codes[i].count++;
	}
}

static void
store(CbImportCall *call, const CbImportRehearsal *rehearsal,
	  CbImportTally *tally)
{
	cb_import_lock(call);
	cb_import_rows_save_findings(call->import, rehearsal->findings, rehearsal->n);
	cb_import_count(call->import, tally);
	call->import->status = CB_IMPORT_PREVIEWED;
	cb_import_save_preview(call->import, call->now);
}

static Jsonb *
describe(const CbImportCall *call, const CbImportTally *tally,
		 const CbImportRehearsal *rehearsal)
{
	static CbJsonShape keys = {7, {"id", "codes", "status", "missing", "warnings",
	"statistics", "plan_digest"}};
	static CbJsonShape code = {3, {"code", "count", "severity"}};
	const CbImport *import = call->import;
	CbJson	   *json = cb_json_create(1024);

	cb_json_shape(json, &keys);
	cb_json_uuid(json, &import->id);
	cb_json_array(json, rehearsal->ncodes);
	for (int i = 0; i < rehearsal->ncodes; i++)
	{
		cb_json_shape(json, &code);
		cb_json_cstring(json, rehearsal->codes[i].code);
		cb_json_int(json, rehearsal->codes[i].count);
		cb_json_cstring(json, rehearsal->codes[i].is_warning ? "warning" : "error");
	}
	cb_json_cstring(json, cb_import_status_name(import->status));
	cb_import_sync_write(json, call);
	cb_import_write_notices(json, import, &rehearsal->samples, 0);
	cb_import_write_tally(json, import, tally);
	cb_import_write_digest(json, import);
	return cb_json_finish(json);
}
