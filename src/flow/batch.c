/*-------------------------------------------------------------------------
 *
 * batch.c
 *		One call of a bulk function, for any kind of row.
 *
 *		authorise -> replay? -> decode -> prepare -> claim key -> lock parents
 *			-> write -> audit -> store answer -> answer
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
#include "db/stored.h"
#include "db/subxact.h"
#include "flow/batch.h"
#include "flow/report.h"
#include "flow/strategy.h"
#include "record/idempotency.h"
#include "rows/fields.h"

/* A batch on its way to the tables. */
typedef struct Writing
{
	CbBatch    *batch;
	const CbIdempotency *once;
	bool		is_late;		/* another call with the key has committed */
	CbReplay	first;			/* its answer */
} Writing;

static void begin_batch(CbBatch *batch, const CbRowKind *kind,
						MemoryContext callers);
static CbAnswer run(CbBatch *batch, const CbRequest *request,
					const CbBatchInside *inside, MemoryContext callers);
static void fill_batch(CbBatch *batch, const CbRequest *request);
static void take_rows(CbBatch *batch, const CbRequest *request);
static void fill_key(CbIdempotency *once, const CbBatch *batch,
					 const CbRequest *request, const CbBatchInside *inside);
static Jsonb *describe_request(const CbBatch *batch);
static bool replay(const CbIdempotency *once, MemoryContext callers,
				   CbAnswer *answer);
static CbAnswer repeat(const CbReplay *first, MemoryContext callers);
static void decode_rows(CbBatch *batch, const CbBatchInside *inside);
static CbAnswer write_batch(CbBatch *batch, const CbIdempotency *once,
							const CbBatchInside *inside,
							MemoryContext callers);
static void store_answer(CbBatch *batch, const CbIdempotency *once,
						 const CbAnswer *answer);
static bool write_step(void *arg);
static bool exceeds_limit(const CbBatch *batch);
static void mark_rolled_back(CbBatch *batch);

CbAnswer
cb_batch_run(const CbRowKind *kind, const CbRequest *request)
{
	const CbBatchInside alone = {0};
	MemoryContext callers = CurrentMemoryContext;
	CbBatch		batch;
	CbAnswer	answer;

	begin_batch(&batch, kind, callers);
	cb_caller_enter(&batch.caller);
	MemoryContextSwitchTo(batch.context);
	cb_scope_resolve(&batch.scope, &batch.caller, &request->names);
	answer = run(&batch, request, &alone, callers);
	if (answer.body == NULL)
		cb_stored_refuse("idempotency_key.answer");
	cb_caller_leave(&batch.caller);
	MemoryContextSwitchTo(callers);
	MemoryContextDelete(batch.context);
	return answer;
}

void
cb_batch_run_inside(const CbRowKind *kind, const CbRequest *request,
					const CbBatchInside *inside)
{
	MemoryContext callers = CurrentMemoryContext;
	CbBatch		batch;

	begin_batch(&batch, kind, callers);
	batch.caller = *inside->caller;
	batch.scope = *inside->scope;
	batch.max_groups = inside->max_groups;
	batch.confident = inside->confident;
	batch.remembers = inside->remembers;
	run(&batch, request, inside, callers);
	MemoryContextSwitchTo(callers);
	MemoryContextDelete(batch.context);
}

/* Leaves the batch's context the current one. */
static void
begin_batch(CbBatch *batch, const CbRowKind *kind, MemoryContext callers)
{
	memset(batch, 0, sizeof(CbBatch));
	batch->kind = kind;
	batch->context = AllocSetContextCreate(callers, "canopy_bulk batch",
										   ALLOCSET_DEFAULT_SIZES);
	batch->row_context = AllocSetContextCreate(batch->context,
											   "canopy_bulk row",
											   ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(batch->context);
}

static CbAnswer
run(CbBatch *batch, const CbRequest *request, const CbBatchInside *inside,
	MemoryContext callers)
{
	CbIdempotency once;
	CbAnswer	answer;

	fill_batch(batch, request);
	fill_key(&once, batch, request, inside);
	if (replay(&once, callers, &answer))
		return answer;
	decode_rows(batch, inside);
	return write_batch(batch, &once, inside, callers);
}

static void
fill_batch(CbBatch *batch, const CbRequest *request)
{
	batch->is_single = request->single_action != NULL;
	batch->action = batch->is_single ?
		request->single_action : batch->kind->action;
	batch->on_conflict = request->on_conflict;
	batch->options = request->options;
	batch->dry_run = request->dry_run;
	batch->max_failed = request->max_failed;
	batch->now = GetCurrentTimestamp();
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

/* Nothing happens once that writes nothing. */
static void
fill_key(CbIdempotency *once, const CbBatch *batch, const CbRequest *request,
		 const CbBatchInside *inside)
{
	bool		has_key = request->idempotency_key != NULL && batch->nrows > 0 &&
	!batch->dry_run;

	cb_idempotency_begin(once, has_key ? request->idempotency_key : NULL,
						 inside->function != NULL ? inside->function : batch->action,
						 &batch->scope, batch->now);
	if (!has_key)
		return;
	cb_idempotency_fingerprint(once, describe_request(batch));
}

/* What makes two requests of one scope the same, without secrets. */
static Jsonb *
describe_request(const CbBatch *batch)
{
	static const char *const keys[] = {"rows", "max_failed", "on_conflict"};
	static const char *const more_keys[] = {
		"rows", "options", "max_failed", "on_conflict"
	};
	CbJson	   *json = cb_json_create(batch->nrows * 256);

	if (batch->kind->describe == NULL)
		cb_json_object(json, keys, lengthof(keys));
	else
		cb_json_object(json, more_keys, lengthof(more_keys));
	cb_json_array(json, batch->nrows);
	for (int i = 0; i < batch->nrows; i++)
		cb_row_echo(batch, batch->rows[i], true, json);
	if (batch->kind->describe != NULL)
		batch->kind->describe(batch, json);
	cb_json_int(json, batch->max_failed);
	cb_json_int(json, batch->on_conflict);
	return cb_json_finish(json);
}

/* Gives the answer that was given to the first call with the key, if any. */
static bool
replay(const CbIdempotency *once, MemoryContext callers, CbAnswer *answer)
{
	CbReplay	first;

	if (once->key == NULL || !cb_idempotency_find(once, &first))
		return false;
	*answer = repeat(&first, callers);
	return true;
}

static CbAnswer
repeat(const CbReplay *first, MemoryContext callers)
{
	CbAnswer	answer = {NULL, first->status, true};
	Size		size;

	if (first->answer == NULL)
		return answer;
	size = VARSIZE(first->answer);
	answer.body = MemoryContextAlloc(callers, size);
	memcpy(answer.body, first->answer, size);
	return answer;
}

static void
decode_rows(CbBatch *batch, const CbBatchInside *inside)
{
	for (int i = 0; i < batch->nrows; i++)
	{
		batch->kind->decode(batch, batch->rows[i]);
		if (inside->judge != NULL)
			inside->judge(inside->arg, batch->rows[i]);
	}
	if (batch->kind->prepare != NULL)
		batch->kind->prepare(batch);
}

static CbAnswer
write_batch(CbBatch *batch, const CbIdempotency *once,
			const CbBatchInside *inside, MemoryContext callers)
{
	Writing		writing = {batch, once, false, {NULL, 0}};
	CbAnswer	answer = {NULL, CB_STATUS_NO_CONTENT};
	bool		rolled_back;

	if (batch->dry_run || batch->max_failed >= 0)
		cb_subxact_try(write_step, &writing, NULL);
	else
		write_step(&writing);
	if (writing.is_late)
		return repeat(&writing.first, callers);

	rolled_back = exceeds_limit(batch);
	if (rolled_back)
		mark_rolled_back(batch);
	if (inside->learn != NULL)
		inside->learn(inside->arg, batch);
	if (inside->rehearsal)
		return answer;
	if (batch->nrows > 0 && !batch->dry_run)
		cb_report_batch(batch, rolled_back);
	if (inside->caller == NULL)
		answer = cb_answer_batch(batch, rolled_back, callers);
	if (once->key != NULL && !rolled_back)
		store_answer(batch, once, &answer);
	return answer;
}

/* A secret in the answer is for the first caller alone. */
static void
store_answer(CbBatch *batch, const CbIdempotency *once, const CbAnswer *answer)
{
	CbReplay	first = {answer->body, answer->status};

	if (batch->kind->answers_once && answer->body != NULL)
	{
		batch->for_record = true;
		first.answer = cb_answer_batch(batch, false, batch->context).body;
	}
	cb_idempotency_store(once, &first);
}

static bool
write_step(void *arg)
{
	Writing    *writing = arg;
	CbBatch    *batch = writing->batch;

	if (writing->once->key != NULL &&
		!cb_idempotency_claim(writing->once, &writing->first))
	{
		writing->is_late = true;
		return false;
	}
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
