/*-------------------------------------------------------------------------
 *
 * change_role.c
 *		The kind of row that makes an assignment one of another role.
 *
 * The role is the call's.  Whatever is wrong with it is the verdict of every row
 * that it is wrong for.  An assignment that has the role already stays as it is.
 *
 * No two rows of a batch may have one identity and node: only one could be given
 * the role.  What the identity holds besides is looked up by the statement that
 * writes, while the membership is locked.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/statement.h"
#include "db/uuid7.h"
#include "rows/change_role.h"
#include "rows/fields.h"
#include "rows/held.h"

#define EQ " OPERATOR(pg_catalog.=) "

/*
 * Parameters: account, role, time; array of ids.  A scalar sub-select uses the
 * unique index under a generic plan.
 */
static CbStatement update_assignments = {
	"UPDATE canopy.role_assignment r SET role_id = $2, updated_at = $3"
	" WHERE r.account_id" EQ "$1 AND r.id" EQ "ANY ($4)"
	" AND (SELECT true FROM canopy.role_assignment o"
	" WHERE o.account_id" EQ "$1 AND o.identity_id" EQ "r.identity_id"
	" AND o.role_id" EQ "$2 AND o.node_id" EQ "r.node_id) IS NULL"
	" RETURNING " CB_ASSIGNMENT_COLUMNS,
	4, {UUIDOID, UUIDOID, TIMESTAMPTZOID, UUIDARRAYOID},
	SPI_OK_UPDATE_RETURNING,
	.returns = CB_ASSIGNMENT_RESULT
};

/* Parameters: account, role, identity, node. */
static CbStatement find_holder = {
	"SELECT 1 FROM canopy.role_assignment o"
	" WHERE o.account_id" EQ "$1 AND o.identity_id" EQ "$3"
	" AND o.role_id" EQ "$2 AND o.node_id" EQ "$4",
	4, {UUIDOID, UUIDOID, UUIDOID, UUIDOID}, SPI_OK_SELECT, true,
	.returns = "one int4"
};

/* What no two rows of a batch may share. */
typedef struct ChangeKey
{
	pg_uuid_t	identity;
	pg_uuid_t	node;
} ChangeKey;

typedef struct ChangeRow
{
	CbHeldRow	held;
	ChangeKey	key;
} ChangeRow;

static void begin(CbBatch *batch);
static void describe(const CbBatch *batch, CbJson *json);
static void decode(CbBatch *batch, CbRow *row);
static void lock_parents(CbBatch *batch);
static void check_role(const CbBatch *batch, const CbPlaces *places,
					   ChangeRow *row);
static const char *key(const CbRow *row, int which, Size *len);
static bool write_set(CbBatch *batch, CbRow **rows, int n);
static void judge_rest(const CbBatch *batch, CbRow **rows, int n);
static bool is_held(const CbBatch *batch, const CbAssignment *assignment);
static void write_one(CbBatch *batch, CbRow *row);
static void blame(CbBatch *batch, CbRow *row, const ErrorData *fault);

const CbRowKind cb_change_role_kind = {
	.action = "role_assignment.bulk_change_role",
	.resource_type = "role_assignment",
	.category = "rbac",
	.list_key = "assignment_ids",
	.row_size = sizeof(ChangeRow),
	.nkeys = 1,
	.key_codes = {CB_ASSIGNMENT_CONFLICT},
	.key_fields = {"role_id"},
	.begin = begin,
	.describe = describe,
	.decode = decode,
	.lock_parents = lock_parents,
	.compare = cb_held_compare,
	.key = key,
	.write_set = write_set,
	.write_one = write_one,
	.blame = blame,
	.encode = cb_held_encode,
	.echo = cb_held_echo,
	.tables = cb_assignment_tables
};

/* Keeps the role's id, or nothing when what was sent is no id. */
static void
begin(CbBatch *batch)
{
	const CbChangeRole *options = batch->options;
	CbUuid	   *role = palloc0(sizeof(CbUuid));

	cb_held_begin(batch);
	role->given = cb_uuid_parse(options->role_id, options->len, &role->id);
	batch->of_kind = role;
}

static void
describe(const CbBatch *batch, CbJson *json)
{
	const CbChangeRole *options = batch->options;

	cb_json_string(json, options->role_id, options->len);
}

static void
decode(CbBatch *batch, CbRow *row)
{
	const CbUuid *role = batch->of_kind;

	cb_held_decode(batch, row);
	if (!role->given)
		cb_field_issue(row, CB_UUID_INVALID, "role_id");
}

static void
lock_parents(CbBatch *batch)
{
	const CbUuid *role = batch->of_kind;
	CbPlaces	places;

	cb_held_lock(batch, &places, role->given ? &role->id : NULL);
	for (int i = 0; i < batch->nrows; i++)
	{
		if (cb_row_is_good(batch->rows[i]))
			check_role(batch, &places, (ChangeRow *) batch->rows[i]);
	}
}

/* The role is one that the assignment could have been made with. */
static void
check_role(const CbBatch *batch, const CbPlaces *places, ChangeRow *row)
{
	const CbAssignment *assignment = &row->held.assignment;
	const CbUuid *wanted = batch->of_kind;
	const CbParent *role = cb_parents_find(&places->roles, &wanted->id);
	const CbParent *node = cb_parents_find(&places->nodes, &assignment->node_id);

	if (role == NULL || !cb_place_in_scope(&batch->scope, role) ||
		cb_uuid_compare(&role->environment, &node->environment) != 0)
		cb_field_issue(&row->held.row, CB_ROLE_NOT_FOUND, "role_id");
	else if (role->is_system)
		cb_field_issue(&row->held.row, CB_SYSTEM_ROLE, "role_id");
	row->key.identity = assignment->identity_id;
	row->key.node = assignment->node_id;
}

static const char *
key(const CbRow *row, int which, Size *len)
{
	*len = sizeof(ChangeKey);
	return (const char *) &((const ChangeRow *) row)->key;
}

static bool
write_set(CbBatch *batch, CbRow **rows, int n)
{
	const CbUuid *role = batch->of_kind;
	CbHeldReading reading = {rows, n, 0};
	CbRow	  **rest = palloc(sizeof(CbRow *) * n);
	Datum		values[4];
	int			nrest = 0;

	values[0] = UUIDPGetDatum(&batch->scope.account);
	values[1] = UUIDPGetDatum(&role->id);
	values[2] = TimestampTzGetDatum(batch->now);
	values[3] = cb_held_ids(rows, n);
	cb_statement_stream(&update_assignments, values, NULL, false,
						cb_held_read_written, &reading);
	for (int i = 0; i < n; i++)
	{
		if (rows[i]->outcome == CB_PENDING)
			rest[nrest++] = rows[i];
	}
	judge_rest(batch, rest, nrest);
	return true;
}

/* Says why the rows were not written. */
static void
judge_rest(const CbBatch *batch, CbRow **rows, int n)
{
	const CbUuid *role = batch->of_kind;

	cb_held_find(batch, rows, n);
	for (int i = 0; i < n; i++)
	{
		CbHeldRow  *row = (CbHeldRow *) rows[i];

		if (!row->found)
			cb_held_miss(row);
		else if (cb_uuid_compare(&row->assignment.role_id, &role->id) == 0)
			row->row.outcome = CB_SKIPPED;
		else if (is_held(batch, &row->assignment))
			cb_field_issue(&row->row, CB_ASSIGNMENT_CONFLICT, "role_id");
		else
			row->row.problem.code = CB_REJECTED;
	}
}

/* Does the identity have the role at the node by another assignment? */
static bool
is_held(const CbBatch *batch, const CbAssignment *assignment)
{
	const CbUuid *role = batch->of_kind;
	Datum		values[4];
	bool		held;

	values[0] = UUIDPGetDatum(&batch->scope.account);
	values[1] = UUIDPGetDatum(&role->id);
	values[2] = UUIDPGetDatum(&assignment->identity_id);
	values[3] = UUIDPGetDatum(&assignment->node_id);
	held = cb_statement_run(&find_holder, values, NULL) > 0;
	cb_statement_free();
	return held;
}

static void
write_one(CbBatch *batch, CbRow *row)
{
	write_set(batch, &row, 1);
}

/* A unique key that is broken is ours when the identity has the role already. */
static void
blame(CbBatch *batch, CbRow *row, const ErrorData *fault)
{
	if (fault->sqlerrcode == ERRCODE_UNIQUE_VIOLATION &&
		is_held(batch, &((CbHeldRow *) row)->assignment))
		cb_field_issue(row, CB_ASSIGNMENT_CONFLICT, "role_id");
}
