/*-------------------------------------------------------------------------
 *
 * unassign.c
 *		The kind of row that takes a role away from an identity.
 *
 * An assignment that is sent twice is there for the first row and is not there any
 * more for the second.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "db/statement.h"
#include "rows/held.h"
#include "rows/unassign.h"

#define EQ " OPERATOR(pg_catalog.=) "

/* Parameters: account; array of ids. */
static CbStatement delete_assignments = {
	"DELETE FROM canopy.role_assignment r"
	" WHERE r.account_id" EQ "$1 AND r.id" EQ "ANY ($2)"
	" RETURNING " CB_ASSIGNMENT_COLUMNS,
	2, {UUIDOID, UUIDARRAYOID}, SPI_OK_DELETE_RETURNING,
	.returns = CB_ASSIGNMENT_RESULT
};

static void lock_parents(CbBatch *batch);
static const char *key(const CbRow *row, int which, Size *len);
static bool write_set(CbBatch *batch, CbRow **rows, int n);
static void write_one(CbBatch *batch, CbRow *row);

const CbRowKind cb_unassign_kind = {
	.action = "role_assignment.bulk_unassign",
	.resource_type = "role_assignment",
	.category = "rbac",
	.list_key = "assignment_ids",
	.row_size = sizeof(CbHeldRow),
	.nkeys = 1,
	.key_codes = {CB_ASSIGNMENT_NOT_FOUND},
	.key_fields = {"assignment_id"},
	.begin = cb_held_begin,
	.decode = cb_held_decode,
	.lock_parents = lock_parents,
	.compare = cb_held_compare,
	.key = key,
	.write_set = write_set,
	.write_one = write_one,
	.encode = cb_held_encode,
	.echo = cb_held_echo,
	.tables = cb_assignment_tables
};

static void
lock_parents(CbBatch *batch)
{
	CbPlaces	places;

	cb_held_lock(batch, &places, NULL);
}

static const char *
key(const CbRow *row, int which, Size *len)
{
	*len = UUID_LEN;
	return (const char *) ((const CbHeldRow *) row)->id.data;
}

static bool
write_set(CbBatch *batch, CbRow **rows, int n)
{
	CbHeldReading reading = {rows, n, 0};
	CbRow	  **rest = palloc(sizeof(CbRow *) * n);
	Datum		values[2];
	int			nrest = 0;

	values[0] = UUIDPGetDatum(&batch->scope.account);
	values[1] = cb_held_ids(rows, n);
	cb_statement_stream(&delete_assignments, values, NULL, false,
						cb_held_read_written, &reading);
	for (int i = 0; i < n; i++)
	{
		if (rows[i]->outcome == CB_PENDING)
			rest[nrest++] = rows[i];
	}
	cb_held_find(batch, rest, nrest);
	for (int i = 0; i < nrest; i++)
	{
		/* What is still there was kept by a trigger. */
		if (((CbHeldRow *) rest[i])->found)
			rest[i]->problem.code = CB_REJECTED;
		else
			cb_held_miss((CbHeldRow *) rest[i]);
	}
	return true;
}

static void
write_one(CbBatch *batch, CbRow *row)
{
	write_set(batch, &row, 1);
}
