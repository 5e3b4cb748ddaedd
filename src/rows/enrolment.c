/*-------------------------------------------------------------------------
 *
 * enrolment.c
 *		Rows of canopy.enrolment: what learners are enrolled in.
 *
 * A state is written over; a time of completion is written where there is none.  A
 * license has neither: to hold a seat is no progress.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/statement.h"
#include "db/stored.h"
#include "db/uuid7.h"
#include "rows/learner.h"

#define EQ " OPERATOR(pg_catalog.=) "

/*
 * Parameters: account; arrays of identities and items.  OFFSET keeps the server
 * from reading all enrolments in an item for the sake of a few learners.
 */
static CbStatement find_enrolments = {
	"SELECT e.* FROM pg_catalog.unnest($2) AS u (id)"
	" CROSS JOIN LATERAL ("
	"SELECT identity_id, learning_item_id, id, status, completed_at"
	" FROM canopy.enrolment WHERE account_id" EQ "$1 AND identity_id" EQ "u.id"
	" AND learning_item_id" EQ "ANY ($3) OFFSET 0) e",
	3, {UUIDOID, UUIDARRAYOID, UUIDARRAYOID}, SPI_OK_SELECT, true,
	.returns = "identity_id uuid, learning_item_id uuid, id uuid, status text,"
	" completed_at timestamptz?"
};

/*
 * Parameters of both: account, time; arrays of id, identity, item, status,
 * completed_at.  An update needs neither identity nor item.
 */
#define ENTRIES \
	"ROWS FROM (pg_catalog.unnest($3), pg_catalog.unnest($4)," \
	" pg_catalog.unnest($5), pg_catalog.unnest($6), pg_catalog.unnest($7))" \
	" AS u (id, identity_id, learning_item_id, status, completed_at)"
#define ENTRY_TYPES \
	7, {UUIDOID, TIMESTAMPTZOID, UUIDARRAYOID, UUIDARRAYOID, UUIDARRAYOID, \
	TEXTARRAYOID, TIMESTAMPTZARRAYOID}, SPI_OK_SELECT, .returns = "id uuid"

static CbStatement insert_enrolments = {
	"WITH e AS ("
	"INSERT INTO canopy.enrolment (account_id, id, identity_id,"
	" learning_item_id, status, completed_at, created_at, updated_at)"
	" SELECT $1, u.id, u.identity_id, u.learning_item_id, u.status,"
	" u.completed_at, $2, $2 FROM " ENTRIES
	" ORDER BY u.id"
	" ON CONFLICT (account_id, identity_id, learning_item_id) DO NOTHING"
	" RETURNING id"
	") SELECT id FROM e",
	ENTRY_TYPES
};

static CbStatement update_enrolments = {
	"WITH e AS ("
	"UPDATE canopy.enrolment e SET status = u.status,"
	" completed_at = coalesce(e.completed_at, u.completed_at), updated_at = $2"
	" FROM " ENTRIES
	" WHERE e.account_id" EQ "$1 AND e.id" EQ "u.id"
	" RETURNING e.id"
	") SELECT id FROM e",
	ENTRY_TYPES
};

/* Parameters: account, enrolments. */
static CbStatement look_at_enrolments = {
	"SELECT u.place, pg_catalog.jsonb_build_object('id', e.id, 'status', e.status,"
	" 'completed_at', e.completed_at)"
	" FROM pg_catalog.unnest($2) WITH ORDINALITY AS u (id, place)"
	" JOIN canopy.enrolment e ON e.account_id" EQ "$1 AND e.id" EQ "u.id"
	" ORDER BY e.id FOR NO KEY UPDATE OF e",
	2, {UUIDOID, UUIDARRAYOID}, SPI_OK_SELECT, true,
	.returns = "place int8, old jsonb"
};

#define NARRAYS		5

typedef struct Reading
{
	const CbLearnerTargets *targets;
	CbLearnerRow **rows;
	int			n;
} Reading;

/* Enrolments that are written by one statement. */
typedef struct Writing
{
	const CbBatch *batch;
	CbEnrolment **enrolments;
	Datum	   *columns[NARRAYS];
	bool	   *nulls;			/* of completed_at */
	int			n;
	int			nwritten;
} Writing;

static void read_enrolment(void *arg, const Datum *values, const bool *nulls);
static void begin_writing(Writing *writing, const CbBatch *batch, int capacity);
static void wish(const CbLearnerRow *row, const CbLearningItem *item,
				 CbEnrolment *enrolment);
static void add(Writing *writing, const CbLearnerRow *row,
				const CbLearningItem *item, CbEnrolment *enrolment);
static void look(Writing *updates);
static void read_old(void *arg, const Datum *values, const bool *nulls);
static bool write_all(CbStatement *statement, bool trusted, Writing *writing);
static void count_written(void *arg, const Datum *values, const bool *nulls);

void
cb_enrolment_read(const CbBatch *batch, CbLearnerRow **rows, int n)
{
	const CbLearnerBatch *own = batch->of_kind;
	int			nitems = own->targets.nitems;
	Reading		reading = {&own->targets, rows, n};
	Datum	   *identities = palloc(sizeof(Datum) * (n + 1));
	Datum	   *items = palloc(sizeof(Datum) * (nitems + 1));
	Datum		values[3];
	int			nidentities = 0;

	for (int i = 0; i < n; i++)
	{
		if (rows[i]->enrolments == NULL)
			rows[i]->enrolments = MemoryContextAlloc(batch->context,
													 sizeof(CbEnrolment) * (nitems + 1));
		memset(rows[i]->enrolments, 0, sizeof(CbEnrolment) * nitems);
		if (rows[i]->exists)
			identities[nidentities++] = UUIDPGetDatum(&rows[i]->id);
	}
	if (nidentities == 0 || nitems == 0)
		return;
	for (int i = 0; i < nitems; i++)
		items[i] = UUIDPGetDatum(&own->targets.items[i].id);
	values[0] = UUIDPGetDatum(&batch->scope.account);
	values[1] = cb_statement_array(identities, NULL, nidentities, UUIDOID);
	values[2] = cb_statement_array(items, NULL, nitems, UUIDOID);
	cb_statement_stream(&find_enrolments, values, NULL, false,
						read_enrolment, &reading);
}

bool
cb_enrolment_write(const CbBatch *batch, CbLearnerRow **rows, int n)
{
	const CbLearnerTargets *targets = &((const CbLearnerBatch *) batch->of_kind)->targets;
	Writing		inserts;
	Writing		updates;

	begin_writing(&inserts, batch, n * targets->nitems);
	begin_writing(&updates, batch, n * targets->nitems);
	for (int i = 0; i < n; i++)
	{
		CbLearnerRow *row = rows[i];

		row->nadded = row->nupdated = 0;
		for (int j = 0; j < targets->nitems; j++)
		{
			CbEnrolment *enrolment = &row->enrolments[j];

			wish(row, &targets->items[j], enrolment);
			if (!enrolment->exists)
			{
				cb_uuid7_make(&enrolment->id);
				row->nadded++;
				add(&inserts, row, &targets->items[j], enrolment);
			}
			else if (enrolment->changes)
			{
				row->nupdated++;
				add(&updates, row, &targets->items[j], enrolment);
			}
		}
	}
	if (batch->remembers)
		look(&updates);
	return write_all(&insert_enrolments, batch->trusted, &inserts) &&
		write_all(&update_enrolments, false, &updates);
}

static void
read_enrolment(void *arg, const Datum *values, const bool *nulls)
{
	Reading    *reading = arg;
	const pg_uuid_t *identity = DatumGetUUIDP(values[0]);
	const CbLearnerTargets *targets = reading->targets;
	const CbLearningItem *item = bsearch(DatumGetUUIDP(values[1]), targets->items,
										 targets->nitems, sizeof(CbLearningItem),
										 cb_uuid_compare);

	for (int i = 0; i < reading->n; i++)
	{
		CbLearnerRow *row = reading->rows[i];
		CbEnrolment *enrolment = &row->enrolments[item - targets->items];
		text	   *status = DatumGetTextPP(values[3]);

		if (!row->exists || cb_uuid_compare(&row->id, identity) != 0)
			continue;
		enrolment->exists = true;
		enrolment->id = *DatumGetUUIDP(values[2]);
		enrolment->status = cb_enrolment_status(VARDATA_ANY(status),
												VARSIZE_ANY_EXHDR(status));
		if (enrolment->status == NULL)
			cb_stored_refuse("enrolment.status");
		enrolment->completed_at = cb_time_read(values[4], nulls[4]);
		return;
	}
}

static void
begin_writing(Writing *writing, const CbBatch *batch, int capacity)
{
	memset(writing, 0, sizeof(Writing));
	writing->batch = batch;
	writing->enrolments = palloc(sizeof(CbEnrolment *) * (capacity + 1));
	for (int i = 0; i < NARRAYS; i++)
		writing->columns[i] = palloc0(sizeof(Datum) * (capacity + 1));
	writing->nulls = palloc0(sizeof(bool) * (capacity + 1));
}

/* Turns what there is into what shall be. */
static void
wish(const CbLearnerRow *row, const CbLearningItem *item, CbEnrolment *enrolment)
{
	bool		is_content = item->kind != CB_LEARNING_LICENSE;
	const char *status = is_content ? row->status : NULL;

	if (!enrolment->exists && status == NULL)
		status = cb_enrolment_status("not-started", strlen("not-started"));
	enrolment->changes = status != NULL && status != enrolment->status;
	if (status != NULL)
		enrolment->status = status;
	if (is_content && row->completed_at.given && !enrolment->completed_at.given)
	{
		enrolment->changes = true;
		enrolment->completed_at = row->completed_at;
	}
}

static void
add(Writing *writing, const CbLearnerRow *row, const CbLearningItem *item,
	CbEnrolment *enrolment)
{
	int			i = writing->n++;

	writing->enrolments[i] = enrolment;
	writing->columns[0][i] = UUIDPGetDatum(&enrolment->id);
	writing->columns[1][i] = UUIDPGetDatum(&row->id);
	writing->columns[2][i] = UUIDPGetDatum(&item->id);
	writing->columns[3][i] = CStringGetTextDatum(enrolment->status);
	writing->columns[4][i] = TimestampTzGetDatum(enrolment->completed_at.at);
	writing->nulls[i] = !enrolment->completed_at.given;
}

/* Locks what is updated, and keeps what is replaced. */
static void
look(Writing *updates)
{
	Datum		values[2];

	if (updates->n == 0)
		return;
	values[0] = UUIDPGetDatum(&updates->batch->scope.account);
	values[1] = cb_statement_array(updates->columns[0], NULL, updates->n, UUIDOID);
	cb_statement_stream(&look_at_enrolments, values, NULL, false, read_old, updates);
}

static void
read_old(void *arg, const Datum *values, const bool *nulls)
{
	const Writing *updates = arg;
	MemoryContext old = MemoryContextSwitchTo(updates->batch->context);

	updates->enrolments[DatumGetInt64(values[0]) - 1]->old =
		DatumGetJsonbPCopy(values[1]);
	MemoryContextSwitchTo(old);
}

static bool
write_all(CbStatement *statement, bool trusted, Writing *writing)
{
	static const Oid types[NARRAYS] = {UUIDOID, UUIDOID, UUIDOID, TEXTOID, TIMESTAMPTZOID};
	Datum		values[2 + NARRAYS];

	if (writing->n == 0)
		return true;
	values[0] = UUIDPGetDatum(&writing->batch->scope.account);
	values[1] = TimestampTzGetDatum(writing->batch->now);
	for (int i = 0; i < NARRAYS; i++)
		values[2 + i] = cb_statement_array(writing->columns[i], i == NARRAYS - 1 ?
										   writing->nulls : NULL, writing->n, types[i]);
	cb_statement_stream(statement, values, NULL, trusted, count_written, writing);
	return writing->nwritten == writing->n;
}

static void
count_written(void *arg, const Datum *values, const bool *nulls)
{
	((Writing *) arg)->nwritten++;
}
