/*-------------------------------------------------------------------------
 *
 * answer.c
 *		What building an answer costs, measured inside the server.
 *
 * A module of the benchmark alone.  It fills rows as they stand when a batch has
 * been written, from the batch as sent, and writes the answer over and over with
 * the library's own functions, in the order in which the library calls them.
 * Load the library first.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <time.h>

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "db/uuid7.h"
#include "rows/identity.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(answer_cost);

static void read_rows(CbBatch *batch, Jsonb *sent, bool failed);
static void fill_row(CbIdentityRow *row, bool failed);
static void fill_stored(CbIdentity *stored, const JsonbContainer *input);
static CbText member(const JsonbContainer *object, const char *key);
static CbIdentityMembership *make_membership(void);
static void write_answer(CbBatch *batch);
static double thread_seconds(void);

/* (batch as sent, whether its rows failed, how often): microseconds a row */
Datum
answer_cost(PG_FUNCTION_ARGS)
{
	Jsonb	   *sent = PG_GETARG_JSONB_P(0);
	int			times = PG_GETARG_INT32(2);
	CbBatch		batch;
	double		start;

	memset(&batch, 0, sizeof(batch));
	batch.kind = &cb_identity_kind;
	read_rows(&batch, sent, PG_GETARG_BOOL(1));
	start = thread_seconds();
	for (int i = 0; i < times; i++)
	{
		MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "answer",
													  ALLOCSET_DEFAULT_SIZES);
		MemoryContext old = MemoryContextSwitchTo(context);

		write_answer(&batch);
		MemoryContextSwitchTo(old);
		MemoryContextDelete(context);
		CHECK_FOR_INTERRUPTS();
	}
	PG_RETURN_FLOAT8((thread_seconds() - start) * 1e6 / times / batch.nrows);
}

static void
read_rows(CbBatch *batch, Jsonb *sent, bool failed)
{
	CbIdentityRow *rows;

	batch->nrows = JB_ROOT_COUNT(sent);
	batch->rows = palloc(sizeof(CbRow *) * batch->nrows);
	rows = palloc0(sizeof(CbIdentityRow) * batch->nrows);
	for (int i = 0; i < batch->nrows; i++)
	{
		rows[i].row.index = i;
		rows[i].row.input = *getIthJsonbValueFromContainer(&sent->root, i);
		fill_row(&rows[i], failed);
		batch->rows[i] = &rows[i].row;
	}
}

static void
fill_row(CbIdentityRow *row, bool failed)
{
	const JsonbContainer *input = row->row.input.val.binary.data;
	JsonbValue	ignored;

	cb_problem_init(&row->row.problem);
	if (failed)
	{
		row->row.outcome = CB_FAILED;
		cb_problem_add(&row->row.problem, CB_EMAIL_CONFLICT, "email", 5);
		return;
	}
	row->row.outcome = CB_CREATED;
	fill_stored(&row->stored, input);
	if (getKeyJsonValueFromContainer(unconstify(JsonbContainer *, input),
									 "application_id", 14, &ignored) == NULL)
		return;
	row->memberships = make_membership();
	row->nmemberships = 1;
}

static void
fill_stored(CbIdentity *stored, const JsonbContainer *input)
{
	cb_uuid7_make(&stored->id);
	stored->email = member(input, "email");
	stored->first_name = member(input, "first_name");
	stored->last_name = member(input, "last_name");
	stored->external_id = member(input, "external_id");
	getKeyJsonValueFromContainer(unconstify(JsonbContainer *, input),
								 "metadata", 8, &stored->metadata);
	stored->is_active = true;
	stored->created_at = GetCurrentTimestamp();
}

static CbText
member(const JsonbContainer *object, const char *key)
{
	CbText		found = {NULL, 0};
	JsonbValue	value;

	if (getKeyJsonValueFromContainer(unconstify(JsonbContainer *, object),
									 key, strlen(key), &value) == NULL)
		return found;
	found.val = value.val.string.val;
	found.len = value.val.string.len;
	return found;
}

static CbIdentityMembership *
make_membership(void)
{
	CbIdentityMembership *entry = palloc0(sizeof(CbIdentityMembership));

	cb_uuid7_make(&entry->membership.id);
	cb_uuid7_make(&entry->membership.application_id);
	entry->membership.status = "active";
	entry->membership.created_at = GetCurrentTimestamp();
	entry->application_slug = "portal";
	entry->application_name = "Portal";
	return entry;
}

static void
write_answer(CbBatch *batch)
{
	CbJson	   *json = cb_json_create((Size) batch->nrows * 640);
	CbSummary	summary = {batch->nrows, 0, 0};

	cb_envelope_begin(json, batch->nrows);
	for (int i = 0; i < batch->nrows; i++)
	{
		const CbRow *row = batch->rows[i];

		if (row->outcome == CB_FAILED)
		{
			cb_envelope_error_begin(json, row->index, &row->problem);
			batch->kind->echo(row, json);
			cb_envelope_result_end(json);
		}
		else
		{
			cb_envelope_success_begin(json, row->index, 201);
			batch->kind->encode(batch, row, json);
			cb_envelope_result_end(json);
		}
	}
	cb_envelope_end(json, &summary);
	cb_json_finish(json);
}

static double
thread_seconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}
