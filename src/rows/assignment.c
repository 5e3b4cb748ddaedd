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
#define WISH_ARRAYS \
	"ROWS FROM (pg_catalog.unnest($3), pg_catalog.unnest($4)," \
	" pg_catalog.unnest($5), pg_catalog.unnest($6), pg_catalog.unnest($7))" \
	" AS u (id, identity_id, application_id, role_id, node_id)"
#define WISH_TYPES \
	7, {UUIDOID, TIMESTAMPTZOID, UUIDARRAYOID, UUIDARRAYOID, UUIDARRAYOID, \
	UUIDARRAYOID, UUIDARRAYOID}, SPI_OK_SELECT

/*
 * Parameters of both: account, time; arrays of new id, identity, application,
 * role, node, in the order of the new ids.  Each gives the new ids of the wishes
 * that are written, or found.
 */
static CbStatement insert_assignments = {
	"WITH i AS ("
	"INSERT INTO canopy.role_assignment (account_id, id, identity_id,"
	" application_id, role_id, node_id, created_at, updated_at)"
	" SELECT $1, u.id, u.identity_id, u.application_id, u.role_id, u.node_id,"
	" $2, $2"
	" FROM " WISH_ARRAYS
	" ORDER BY u.id"
	" ON CONFLICT (account_id, identity_id, role_id, node_id) DO NOTHING"
	" RETURNING id"
	") SELECT id FROM i",
	WISH_TYPES
};

static CbStatement find_assignments = {
	"SELECT u.id FROM " WISH_ARRAYS
	" JOIN canopy.role_assignment r ON r.account_id" EQ "$1"
	" AND r.identity_id" EQ "u.identity_id AND r.role_id" EQ "u.role_id"
	" AND r.node_id" EQ "u.node_id"
	" WHERE $2 IS NOT NULL",
	WISH_TYPES
};

/* For read_id. */
typedef struct Reading
{
	CbAssignmentWish *wishes;
	int			n;
	CbOutcome	outcome;		/* of the wishes that come back */
	int			nread;
} Reading;

static void read_id(void *arg, const Datum *values, const bool *nulls);

void
cb_assignment_ensure(const CbBatch *batch, CbAssignmentWish *wishes, int n)
{
	Reading		reading = {wishes, n, CB_CREATED, 0};
	Datum	   *columns[5];
	Datum		values[7];

	if (n == 0)
		return;
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
	cb_statement_stream(&insert_assignments, values, NULL, batch->trusted,
						read_id, &reading);
	if (reading.nread == n)
		return;
	reading.outcome = CB_SKIPPED;
	cb_statement_stream(&find_assignments, values, NULL, false,
						read_id, &reading);
}

/* Wishes are sorted by their new ids, which are what comes back. */
static void
read_id(void *arg, const Datum *values, const bool *nulls)
{
	Reading    *reading = arg;
	const pg_uuid_t *id = DatumGetUUIDP(values[0]);

	for (int i = 0; i < reading->n; i++)
	{
		CbAssignmentWish *wish;

		wish = &reading->wishes[(reading->nread + i) % reading->n];
		if (wish->outcome == CB_FAILED && cb_uuid_compare(&wish->new_id, id) == 0)
		{
			wish->outcome = reading->outcome;
			reading->nread++;
			return;
		}
	}
}
