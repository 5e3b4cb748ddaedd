/*-------------------------------------------------------------------------
 *
 * held.c
 *		Rows that name an assignment by its id: a role that somebody holds.
 *
 * What has to be locked before the assignment is known only when that has been
 * read, and the assignment may change until the locks are there.  Its identity,
 * node and application never do; whether it is still there, and which role it is
 * of, the statement that writes finds out.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "db/statement.h"
#include "db/stored.h"
#include "db/uuid7.h"
#include "rows/fields.h"
#include "rows/held.h"
#include "rows/members.h"

#define EQ " OPERATOR(pg_catalog.=) "

/* Parameters: account; array of ids. */
static CbStatement find_assignments = {
	"SELECT " CB_ASSIGNMENT_COLUMNS " FROM canopy.role_assignment r"
	" WHERE r.account_id" EQ "$1 AND r.id" EQ "ANY ($2)",
	2, {UUIDOID, UUIDARRAYOID}, SPI_OK_SELECT,
	.returns = CB_ASSIGNMENT_RESULT
};

/* Assignments that were found, after reading in the order of their ids. */
typedef struct Found
{
	CbAssignment *items;
	int			n;
	int			capacity;
} Found;

static CbRow **good_rows(const CbBatch *batch, int *n);
static void lock_places(const CbBatch *batch, CbPlaces *places,
						const pg_uuid_t *role, CbRow **rows, int n);
static void lock_members(const CbBatch *batch, CbRow **rows, int n);
static void read_found(void *arg, const Datum *values, const bool *nulls);

void
cb_held_begin(CbBatch *batch)
{
	if (batch->on_conflict != CB_ON_CONFLICT_ERROR)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("on_conflict does not apply to assignments that are there")));
}

void
cb_held_decode(CbBatch *batch, CbRow *row)
{
	if (row->input.type == jbvNull)
		cb_field_issue(row, CB_REQUIRED, "assignment_id");
	else
		cb_field_uuid(row, "assignment_id", &row->input,
					  &((CbHeldRow *) row)->id);
}

void
cb_held_lock(CbBatch *batch, CbPlaces *places, const pg_uuid_t *role)
{
	int			n;
	CbRow	  **rows = good_rows(batch, &n);

	cb_places_init(places, batch->nrows + 1);
	cb_held_find(batch, rows, n);
	for (int i = 0; i < n; i++)
	{
		if (!((CbHeldRow *) rows[i])->found)
			cb_held_miss((CbHeldRow *) rows[i]);
	}
	lock_places(batch, places, role, rows, n);
	lock_members(batch, rows, n);
}

int
cb_held_compare(const CbRow *a, const CbRow *b)
{
	return strcmp(((const CbHeldRow *) a)->email,
				  ((const CbHeldRow *) b)->email);
}

void
cb_held_encode(const CbBatch *batch, const CbRow *row, CbJson *json)
{
	cb_assignment_encode(&((const CbHeldRow *) row)->assignment, json);
}

void
cb_held_echo(const CbRow *row, CbJson *json)
{
	static CbJsonShape keys = {1, {"assignment_id"}};

	cb_json_shape(json, &keys);
	cb_field_echo_id(row, json);
}

Datum
cb_held_ids(CbRow **rows, int n)
{
	Datum	   *ids = palloc(sizeof(Datum) * (n + 1));

	for (int i = 0; i < n; i++)
		ids[i] = UUIDPGetDatum(&((CbHeldRow *) rows[i])->id);
	return cb_statement_array(ids, NULL, n, UUIDOID);
}

void
cb_held_find(const CbBatch *batch, CbRow **rows, int n)
{
	Found		found = {palloc(sizeof(CbAssignment) * (n + 1)), 0, n};
	Datum		values[2];

	if (n == 0)
		return;
	values[0] = UUIDPGetDatum(&batch->scope.account);
	values[1] = cb_held_ids(rows, n);
	cb_statement_stream(&find_assignments, values, NULL, false,
						read_found, &found);
	qsort(found.items, found.n, sizeof(CbAssignment), cb_uuid_compare);
	for (int i = 0; i < n; i++)
	{
		CbHeldRow  *row = (CbHeldRow *) rows[i];
		const CbAssignment *assignment;

		assignment = bsearch(&row->id, found.items, found.n,
							 sizeof(CbAssignment), cb_uuid_compare);
		row->found = assignment != NULL;
		if (row->found)
			row->assignment = *assignment;
	}
}

void
cb_held_miss(CbHeldRow *row)
{
	cb_field_issue(&row->row, CB_ASSIGNMENT_NOT_FOUND, "assignment_id");
}

void
cb_held_read_written(void *arg, const Datum *values, const bool *nulls)
{
	CbHeldReading *reading = arg;
	const pg_uuid_t *id = DatumGetUUIDP(values[0]);

	for (int i = 0; i < reading->n; i++)
	{
		CbHeldRow  *row;

		row = (CbHeldRow *) reading->rows[(reading->next + i) % reading->n];
		if (cb_uuid_compare(&row->id, id) != 0)
			continue;
		cb_assignment_read(&row->assignment, values, nulls);
		row->row.outcome = CB_UPDATED;
		reading->next += i + 1;
		return;
	}
}

static CbRow **
good_rows(const CbBatch *batch, int *n)
{
	CbRow	  **rows = palloc(sizeof(CbRow *) * (batch->nrows + 1));

	*n = 0;
	for (int i = 0; i < batch->nrows; i++)
	{
		if (cb_row_is_good(batch->rows[i]))
			rows[(*n)++] = batch->rows[i];
	}
	return rows;
}

/* The roles and nodes of the rows that are good, which stay so if in scope. */
static void
lock_places(const CbBatch *batch, CbPlaces *places, const pg_uuid_t *role,
			CbRow **rows, int n)
{
	if (role != NULL)
		cb_parents_want(&places->roles, role);
	for (int i = 0; i < n; i++)
	{
		const CbAssignment *assignment = &((CbHeldRow *) rows[i])->assignment;

		if (cb_row_is_good(rows[i]))
			cb_places_want(places, &assignment->role_id, &assignment->node_id);
	}
	cb_places_lock(places, &batch->scope);
	for (int i = 0; i < n; i++)
	{
		CbHeldRow  *row = (CbHeldRow *) rows[i];
		const CbParent *node;

		if (!cb_row_is_good(&row->row))
			continue;
		node = cb_parents_find(&places->nodes, &row->assignment.node_id);
		if (node == NULL || !cb_place_in_scope(&batch->scope, node))
			cb_held_miss(row);
	}
}

static void
lock_members(const CbBatch *batch, CbRow **rows, int n)
{
	CbParents	identities;
	CbMembers	members;

	cb_parents_init(&identities, n);
	cb_members_init(&members, n);
	for (int i = 0; i < n; i++)
	{
		if (cb_row_is_good(rows[i]))
			cb_parents_want(&identities,
							&((CbHeldRow *) rows[i])->assignment.identity_id);
	}
	cb_parents_lock_identities(&identities, &batch->scope);
	for (int i = 0; i < n; i++)
	{
		CbHeldRow  *row = (CbHeldRow *) rows[i];
		const CbParent *identity;

		if (!cb_row_is_good(&row->row))
			continue;
		identity = cb_parents_find(&identities, &row->assignment.identity_id);
		if (identity == NULL)
			cb_held_miss(row);
		else
		{
			row->email = identity->name;
			cb_members_want(&members, identity, &row->assignment.application_id);
		}
	}
	cb_members_lock(&members, &batch->scope);
}

static void
read_found(void *arg, const Datum *values, const bool *nulls)
{
	Found	   *found = arg;

	if (found->n == found->capacity)
		cb_stored_refuse("role_assignment.id");
	cb_assignment_read(&found->items[found->n++], values, nulls);
}
