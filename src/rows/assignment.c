/*-------------------------------------------------------------------------
 *
 * assignment.c
 *		Rows of canopy.role_assignment.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/statement.h"
#include "db/uuid7.h"
#include "rows/assignment.h"

#define EQ " OPERATOR(pg_catalog.=) "
#define WISHES(arrays, names) \
	"ROWS FROM (pg_catalog.unnest($3), pg_catalog.unnest($4)," \
	" pg_catalog.unnest($5), pg_catalog.unnest($6), pg_catalog.unnest($7)" \
	arrays ") AS u (id, identity_id, application_id, role_id, node_id" names ")"
#define INSERT_TEXT(columns, values, wishes, returned) \
	"WITH i AS (" \
	"INSERT INTO canopy.role_assignment AS r (account_id, id, identity_id," \
	" application_id, role_id, node_id, created_at, updated_at" columns ")" \
	" SELECT $1, u.id, u.identity_id, u.application_id, u.role_id, u.node_id," \
	" $2, $2" values \
	" FROM " wishes \
	" ORDER BY u.id" \
	" ON CONFLICT (account_id, identity_id, role_id, node_id) DO NOTHING" \
	" RETURNING " returned \
	") SELECT * FROM i"
#define ARRAYS	UUIDARRAYOID, UUIDARRAYOID, UUIDARRAYOID, UUIDARRAYOID, UUIDARRAYOID

/*
 * Parameters of all: account, time; arrays of new id, identity, application, role,
 * node, in the order of the new ids; the second has more for effective_from and
 * effective_to.  Each gives the new ids of the wishes that are written, or found,
 * and the last two the assignments.
 */
static CbStatement insert_assignments = {
	INSERT_TEXT("", "", WISHES("", ""), "r.id"),
	7, {UUIDOID, TIMESTAMPTZOID, ARRAYS}, SPI_OK_SELECT,
	.returns = "id uuid"
};

static CbStatement insert_and_read = {
	INSERT_TEXT(", effective_from, effective_to",
				", u.effective_from, u.effective_to",
				WISHES(", pg_catalog.unnest($8), pg_catalog.unnest($9)",
					   ", effective_from, effective_to"),
				"r.id AS new_id, " CB_ASSIGNMENT_COLUMNS),
	9, {UUIDOID, TIMESTAMPTZOID, ARRAYS, TIMESTAMPTZARRAYOID,
	TIMESTAMPTZARRAYOID}, SPI_OK_SELECT,
	.returns = "new_id uuid, " CB_ASSIGNMENT_RESULT
};

static CbStatement find_assignments = {
	"SELECT u.id, " CB_ASSIGNMENT_COLUMNS " FROM " WISHES("", "")
	" JOIN canopy.role_assignment r ON r.account_id" EQ "$1"
	" AND r.identity_id" EQ "u.identity_id AND r.role_id" EQ "u.role_id"
	" AND r.node_id" EQ "u.node_id"
	" WHERE $2 IS NOT NULL",
	7, {UUIDOID, TIMESTAMPTZOID, ARRAYS}, SPI_OK_SELECT,
	.returns = "new_id uuid, " CB_ASSIGNMENT_RESULT
};

/* For read_id and read_row. */
typedef struct Reading
{
	CbAssignmentWish *wishes;
	int			n;
	CbOutcome	outcome;		/* of the wishes that come back */
	int			nread;
} Reading;

static void fill_wishes(const CbBatch *batch, CbAssignmentWish *wishes, int n,
						Datum *values);
static Datum fill_times(const CbAssignmentWish *wishes, int n, Size offset);
static void find_rest(Reading *reading, Datum *values, CbRowReader reader);
static CbAssignmentWish *match_wish(Reading *reading, const Datum *values);
static void read_id(void *arg, const Datum *values, const bool *nulls);
static void read_row(void *arg, const Datum *values, const bool *nulls);

const char *const cb_assignment_tables[] = {"role_assignment", NULL};

void
cb_assignment_ensure(const CbBatch *batch, CbAssignmentWish *wishes, int n)
{
	Reading		reading = {wishes, n, CB_CREATED, 0};
	Datum		values[7];

	if (n == 0)
		return;
	fill_wishes(batch, wishes, n, values);
	cb_statement_stream(&insert_assignments, values, NULL, batch->trusted,
						read_id, &reading);
	find_rest(&reading, values, read_id);
}

void
cb_assignment_write(const CbBatch *batch, CbAssignmentWish *wishes, int n)
{
	Reading		reading = {wishes, n, CB_CREATED, 0};
	Datum		values[9];

	if (n == 0)
		return;
	fill_wishes(batch, wishes, n, values);
	values[7] = fill_times(wishes, n, offsetof(CbAssignmentWish, effective_from));
	values[8] = fill_times(wishes, n, offsetof(CbAssignmentWish, effective_to));
	cb_statement_stream(&insert_and_read, values, NULL, batch->trusted,
						read_row, &reading);
	find_rest(&reading, values, read_row);
}

void
cb_assignment_read(CbAssignment *assignment, const Datum *values,
				   const bool *nulls)
{
	assignment->id = *DatumGetUUIDP(values[0]);
	assignment->identity_id = *DatumGetUUIDP(values[1]);
	assignment->application_id = *DatumGetUUIDP(values[2]);
	assignment->role_id = *DatumGetUUIDP(values[3]);
	assignment->node_id = *DatumGetUUIDP(values[4]);
	assignment->effective_from = cb_time_read(values[5], nulls[5]);
	assignment->effective_to = cb_time_read(values[6], nulls[6]);
	assignment->created_at = DatumGetTimestampTz(values[7]);
	assignment->updated_at = DatumGetTimestampTz(values[8]);
}

void
cb_assignment_encode(const CbAssignment *assignment, CbJson *json)
{
	static CbJsonShape keys = {8, {"id", "role_id", "created_at", "updated_at",
	"identity_id", "effective_to", "effective_from", "application_node_id"}};

	cb_json_shape(json, &keys);
	cb_json_uuid(json, &assignment->id);
	cb_json_uuid(json, &assignment->role_id);
	cb_json_timestamp(json, assignment->created_at);
	cb_json_timestamp(json, assignment->updated_at);
	cb_json_uuid(json, &assignment->identity_id);
	cb_json_time(json, &assignment->effective_to);
	cb_json_time(json, &assignment->effective_from);
	cb_json_uuid(json, &assignment->node_id);
}

/* The parameters that all statements have. */
static void
fill_wishes(const CbBatch *batch, CbAssignmentWish *wishes, int n, Datum *values)
{
	Datum	   *columns[5];

	for (int i = 0; i < 5; i++)
		columns[i] = palloc(sizeof(Datum) * n);
	for (int i = 0; i < n; i++)
	{
		cb_uuid7_make(&wishes[i].new_id);
		wishes[i].outcome = CB_FAILED;
		columns[0][i] = UUIDPGetDatum(&wishes[i].new_id);
		columns[1][i] = UUIDPGetDatum(&wishes[i].identity);
		columns[2][i] = UUIDPGetDatum(&wishes[i].application);
		columns[3][i] = UUIDPGetDatum(&wishes[i].role);
		columns[4][i] = UUIDPGetDatum(&wishes[i].node);
	}
	values[0] = UUIDPGetDatum(&batch->scope.account);
	values[1] = TimestampTzGetDatum(batch->now);
	for (int i = 0; i < 5; i++)
		values[2 + i] = cb_statement_array(columns[i], NULL, n, UUIDOID);
}

/* An array of the times at offset in the wishes. */
static Datum
fill_times(const CbAssignmentWish *wishes, int n, Size offset)
{
	Datum	   *times = palloc(sizeof(Datum) * n);
	bool	   *nulls = palloc(sizeof(bool) * n);

	for (int i = 0; i < n; i++)
	{
		const CbTime *time = (const CbTime *) ((const char *) &wishes[i] + offset);

		times[i] = TimestampTzGetDatum(time->at);
		nulls[i] = !time->given;
	}
	return cb_statement_array(times, nulls, n, TIMESTAMPTZOID);
}

/* Finds the wishes that are fulfilled already. */
static void
find_rest(Reading *reading, Datum *values, CbRowReader reader)
{
	if (reading->nread == reading->n)
		return;
	reading->outcome = CB_SKIPPED;
	cb_statement_stream(&find_assignments, values, NULL, false, reader, reading);
}

/* Wishes are sorted by their new ids, which are what comes back. */
static CbAssignmentWish *
match_wish(Reading *reading, const Datum *values)
{
	const pg_uuid_t *id = DatumGetUUIDP(values[0]);

	for (int i = 0; i < reading->n; i++)
	{
		CbAssignmentWish *wish;

		wish = &reading->wishes[(reading->nread + i) % reading->n];
		if (wish->outcome == CB_FAILED && cb_uuid_compare(&wish->new_id, id) == 0)
		{
			wish->outcome = reading->outcome;
			reading->nread++;
			return wish;
		}
	}
	return NULL;
}

static void
read_id(void *arg, const Datum *values, const bool *nulls)
{
	match_wish(arg, values);
}

static void
read_row(void *arg, const Datum *values, const bool *nulls)
{
	CbAssignmentWish *wish = match_wish(arg, values);

	if (wish != NULL)
		cb_assignment_read(&wish->assignment, values + 1, nulls + 1);
}
