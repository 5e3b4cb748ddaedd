/*-------------------------------------------------------------------------
 *
 * assignment_list.c
 *		Lists of role assignments.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "db/statement.h"
#include "rows/assignment.h"
#include "rows/assignment_list.h"

#define EQ " OPERATOR(pg_catalog.=) "

/*
 * Parameters: account, application, environment or null, identity; and of a page
 * how many to take, and after how many.
 */
#define OF_IDENTITY \
	" FROM canopy.role_assignment r JOIN canopy.node n" \
	" ON n.account_id" EQ "r.account_id AND n.id" EQ "r.node_id" \
	" WHERE r.account_id" EQ "$1 AND n.account_id" EQ "$1" \
	" AND r.application_id" EQ "$2 AND r.identity_id" EQ "$4" \
	" AND ($3 IS NULL OR n.environment_id" EQ "$3)"

static CbStatement count_assignments = {
	"SELECT pg_catalog.count(*)" OF_IDENTITY,
	4, {UUIDOID, UUIDOID, UUIDOID, UUIDOID}, SPI_OK_SELECT,
	.returns = "n int8"
};

static CbStatement list_assignments = {
	"SELECT " CB_ASSIGNMENT_COLUMNS OF_IDENTITY
	" ORDER BY r.created_at DESC, r.id DESC LIMIT $5 OFFSET $6",
	6, {UUIDOID, UUIDOID, UUIDOID, UUIDOID, INT8OID, INT8OID}, SPI_OK_SELECT,
	.returns = CB_ASSIGNMENT_RESULT
};

typedef struct Reading
{
	CbAssignment *items;
	int			n;
} Reading;

static void read_item(void *arg, const Datum *values, const bool *nulls);

Jsonb *
cb_assignment_list(const CbScope *scope, const CbPage *page,
				   const pg_uuid_t *identity)
{
	Reading		reading = {palloc(sizeof(CbAssignment) * page->take), 0};
	CbJson	   *json = cb_json_create(page->take * 320);
	char		nulls[6] = {' ', ' ', scope->has_environment ? ' ' : 'n', ' ', ' ', ' '};
	Datum		values[6];
	int64		count;
	bool		isnull;

	values[0] = UUIDPGetDatum(&scope->account);
	values[1] = UUIDPGetDatum(&scope->application);
	values[2] = UUIDPGetDatum(&scope->environment);
	values[3] = UUIDPGetDatum(identity);
	values[4] = Int64GetDatum(page->take);
	values[5] = Int64GetDatum(cb_page_offset(page));
	cb_statement_run(&count_assignments, values, nulls);
	count = DatumGetInt64(cb_statement_value(0, 1, &isnull));
	cb_statement_free();
	cb_statement_stream(&list_assignments, values, nulls, false, read_item, &reading);

	cb_page_begin(json, reading.n);
	for (int i = 0; i < reading.n; i++)
		cb_assignment_encode(&reading.items[i], json);
	cb_page_end(json, page, count);
	return cb_json_finish(json);
}

static void
read_item(void *arg, const Datum *values, const bool *nulls)
{
	Reading    *reading = arg;

	cb_assignment_read(&reading->items[reading->n++], values, nulls);
}
