/*-------------------------------------------------------------------------
 *
 * batch.c
 *		One call of a bulk function, for any kind of row.
 *
 *		authorise -> decode -> prepare -> lock parents -> write -> audit -> answer
 *
 * Nothing is locked before prepare has ended, because hashing passwords takes
 * seconds.  With a limit on failures, or for a dry run, all that is written
 * stands in one more subtransaction, whose end is decided when every verdict is
 * known.  The audit entry is written behind it, in the same transaction: it is
 * there when the rows are, and says so when they were rolled back.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/constraints.h"
#include "db/subxact.h"
#include "flow/batch.h"
#include "flow/report.h"
#include "flow/strategy.h"

#define ANSWER_BYTES_PER_ROW	640 /* a guess that saves growing */

static void fill_batch(CbBatch *batch, const CbRequest *request);
static void take_rows(CbBatch *batch, const CbRequest *request);
static void decode_rows(CbBatch *batch);
static bool write_batch(CbBatch *batch);
static bool write_step(void *batch);
static bool exceeds_limit(const CbBatch *batch);
static void mark_rolled_back(CbBatch *batch);
static Jsonb *write_answer(CbBatch *batch);
static int	status_of(const CbBatch *batch, bool rolled_back);

CbAnswer
cb_batch_run(const CbRowKind *kind, const CbRequest *request)
{
	MemoryContext callers = CurrentMemoryContext;
	CbBatch		batch;
	CbAnswer	answer;
	bool		rolled_back;

	memset(&batch, 0, sizeof(batch));
	batch.kind = kind;
	batch.context = AllocSetContextCreate(callers, "canopy_bulk batch",
										  ALLOCSET_DEFAULT_SIZES);
	batch.row_context = AllocSetContextCreate(batch.context, "canopy_bulk row",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(batch.context);
	cb_caller_enter(&batch.caller);
	MemoryContextSwitchTo(batch.context);
	fill_batch(&batch, request);
	decode_rows(&batch);
	rolled_back = write_batch(&batch);
	if (batch.nrows > 0 && !batch.dry_run)
		cb_report_batch(&batch, rolled_back);

	MemoryContextSwitchTo(callers);
	answer.envelope = write_answer(&batch);
	answer.status = status_of(&batch, rolled_back);
	MemoryContextSwitchTo(batch.context);
	cb_caller_leave(&batch.caller);
	MemoryContextSwitchTo(callers);
	MemoryContextDelete(batch.context);
	return answer;
}

static void
fill_batch(CbBatch *batch, const CbRequest *request)
{
	batch->on_conflict = request->on_conflict;
	batch->dry_run = request->dry_run;
	batch->max_failed = request->max_failed;
	batch->now = GetCurrentTimestamp();
	cb_scope_resolve(&batch->scope, &batch->caller, &request->names);
	take_rows(batch, request);
	batch->kind->begin(batch);
}

static void
take_rows(CbBatch *batch, const CbRequest *request)
{
	Size		size = MAXALIGN(batch->kind->row_size);
	char	   *memory = MemoryContextAllocHuge(batch->context,
												size * (request->nrows + 1));

	memset(memory, 0, size * request->nrows);
	batch->nrows = request->nrows;
	batch->rows = palloc(sizeof(CbRow *) * (batch->nrows + 1));
	for (int i = 0; i < batch->nrows; i++)
	{
		CbRow	   *row = (CbRow *) (memory + size * i);

		row->index = i;
		row->input = request->rows[i];
		cb_problem_init(&row->problem);
		batch->rows[i] = row;
	}
}

static void
decode_rows(CbBatch *batch)
{
	for (int i = 0; i < batch->nrows; i++)
		batch->kind->decode(batch, batch->rows[i]);
	if (batch->kind->prepare != NULL)
		batch->kind->prepare(batch);
}

/* Returns whether the batch was rolled back for having too many failures. */
static bool
write_batch(CbBatch *batch)
{
	bool		rolled_back;

	if (batch->dry_run || batch->max_failed >= 0)
		cb_subxact_try(write_step, batch, NULL);
	else
		write_step(batch);

	rolled_back = exceeds_limit(batch);
	if (rolled_back)
		mark_rolled_back(batch);
	return rolled_back;
}

static bool
write_step(void *arg)
{
	CbBatch    *batch = arg;

	cb_constraints_force(batch->kind->tables);
	cb_scope_lock(&batch->scope);
	batch->kind->lock_parents(batch);
	cb_strategy_write(batch);
	for (int i = 0; i < batch->nrows; i++)
	{
		if (!cb_row_is_good(batch->rows[i]))
			batch->rows[i]->outcome = CB_FAILED;
	}
	return !batch->dry_run && !exceeds_limit(batch);
}

static bool
exceeds_limit(const CbBatch *batch)
{
	int			failed = 0;

	for (int i = 0; i < batch->nrows; i++)
	{
		if (batch->rows[i]->outcome == CB_FAILED)
			failed++;
	}
	return batch->max_failed >= 0 && failed > batch->max_failed;
}

static void
mark_rolled_back(CbBatch *batch)
{
	for (int i = 0; i < batch->nrows; i++)
	{
		if (batch->rows[i]->outcome == CB_FAILED)
			continue;
		batch->rows[i]->problem.code = CB_BATCH_ROLLED_BACK;
		batch->rows[i]->outcome = CB_FAILED;
	}
}

static Jsonb *
write_answer(CbBatch *batch)
{
	CbJson	   *json = cb_json_create((Size) batch->nrows * ANSWER_BYTES_PER_ROW);
	CbSummary	summary = {batch->nrows, 0, 0};

	cb_envelope_begin(json, batch->nrows);
	for (int i = 0; i < batch->nrows; i++)
	{
		const CbRow *row = batch->rows[i];

		if (row->outcome == CB_FAILED)
		{
			summary.failed++;
			cb_envelope_error_begin(json, &row->problem, row->index);
			batch->kind->echo(row, json);
			cb_envelope_error_end(json);
		}
		else
		{
			summary.succeeded++;
			cb_envelope_success_begin(json, row->outcome == CB_CREATED ? 201 : 200);
			batch->kind->encode(batch, row, json);
			cb_envelope_success_end(json, row->index);
		}
	}
	cb_envelope_end(json, &summary);
	return cb_json_finish(json);
}

static int
status_of(const CbBatch *batch, bool rolled_back)
{
	if (rolled_back)
		return CB_STATUS_ROLLED_BACK;
	for (int i = 0; i < batch->nrows; i++)
	{
		if (batch->rows[i]->outcome == CB_FAILED)
			return CB_STATUS_MULTI;
	}
	return CB_STATUS_OK;
}
