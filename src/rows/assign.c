/*-------------------------------------------------------------------------
 *
 * assign.c
 *		The kind of row that gives an identity a role at a node.
 *
 * The membership of every row is locked, in the order of addresses, before an
 * assignment is written: nobody else gives the identity a role in the application
 * meanwhile, takes one away, or ends the membership.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "db/uuid7.h"
#include "rows/access.h"
#include "rows/assign.h"
#include "rows/assignment.h"
#include "rows/fields.h"
#include "rows/members.h"
#include "rows/place.h"

/* What no two rows of a batch may share. */
typedef struct AssignKey
{
	pg_uuid_t	identity;
	pg_uuid_t	role;
	pg_uuid_t	node;
} AssignKey;

typedef struct AssignRow
{
	CbRow		row;
	CbUuid		identity_id;
	CbUuid		role_id;
	CbUuid		node_id;
	CbTime		effective_from;
	CbTime		effective_to;
	AssignKey	key;
	const char *email;			/* of the identity */
	pg_uuid_t	application;	/* of the node */
	CbAssignment assignment;	/* as written, or found */
} AssignRow;

/* What the rows of a batch refer to. */
typedef struct Parents
{
	CbPlaces	places;
	CbParents	identities;
	CbStandings standings;
	CbMembers	members;
} Parents;

static void begin(CbBatch *batch);
static const CbField *fields_of_row(const CbBatch *batch);
static void decode(CbBatch *batch, CbRow *row);
static void lock_parents(CbBatch *batch);
static void want_parents(Parents *parents, const AssignRow *row);
static void look_at_identities(const CbBatch *batch, Parents *parents);
static void check_parents(const CbBatch *batch, Parents *parents, AssignRow *row);
static void check_member(const Parents *parents, AssignRow *row);
static int	compare(const CbRow *a, const CbRow *b);
static const char *key(const CbRow *row, int which, Size *len);
static bool write_set(CbBatch *batch, CbRow **rows, int n);
static void settle(const CbBatch *batch, AssignRow *row,
				   const CbAssignmentWish *wish);
static void write_one(CbBatch *batch, CbRow *row);
static void encode(const CbBatch *batch, const CbRow *row, CbJson *json);

#define MEMBER(name)	offsetof(AssignRow, name)

static const CbField fields[] = {
	{"identity_id", true, cb_field_read_uuid, MEMBER(identity_id)},
	{"role_id", true, cb_field_read_uuid, MEMBER(role_id)},
	{"node_id", true, cb_field_read_uuid, MEMBER(node_id)},
	{"effective_from", false, cb_field_read_time, MEMBER(effective_from)},
	{"effective_to", false, cb_field_read_time, MEMBER(effective_to)},
	{NULL}
};

const CbRowKind cb_assign_kind = {
	.action = "role_assignment.bulk_assign",
	.resource_type = "role_assignment",
	.category = "rbac",
	.list_key = "assignments",
	.row_size = sizeof(AssignRow),
	.nkeys = 1,
	.key_codes = {CB_ASSIGNMENT_CONFLICT},
	.key_fields = {"role_id"},
	.begin = begin,
	.decode = decode,
	.lock_parents = lock_parents,
	.compare = compare,
	.key = key,
	.write_set = write_set,
	.write_one = write_one,
	.encode = encode,
	.fields = fields_of_row,
	.tables = cb_assignment_tables
};

static void
begin(CbBatch *batch)
{
	if (batch->on_conflict == CB_ON_CONFLICT_UPDATE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an assignment cannot be updated by assigning"),
				 errhint("on_conflict is error or skip.")));
}

static const CbField *
fields_of_row(const CbBatch *batch)
{
	return fields;
}

static void
decode(CbBatch *batch, CbRow *row)
{
	AssignRow  *assign = (AssignRow *) row;

	cb_fields_read(row, fields);
	if (assign->effective_from.given && assign->effective_to.given &&
		assign->effective_from.at >= assign->effective_to.at)
		cb_field_issue(row, CB_INVALID_VALUE, "effective_to");
	assign->key.identity = assign->identity_id.id;
	assign->key.role = assign->role_id.id;
	assign->key.node = assign->node_id.id;
}

static void
lock_parents(CbBatch *batch)
{
	Parents		parents;

	cb_places_init(&parents.places, batch->nrows);
	cb_parents_init(&parents.identities, batch->nrows);
	cb_members_init(&parents.members, batch->nrows);
	for (int i = 0; i < batch->nrows; i++)
	{
		if (cb_row_is_good(batch->rows[i]))
			want_parents(&parents, (AssignRow *) batch->rows[i]);
	}
	cb_places_lock(&parents.places, &batch->scope);
	cb_parents_lock_identities(&parents.identities, &batch->scope);
	look_at_identities(batch, &parents);
	for (int i = 0; i < batch->nrows; i++)
	{
		if (cb_row_is_good(batch->rows[i]))
			check_parents(batch, &parents, (AssignRow *) batch->rows[i]);
	}
	cb_members_lock(&parents.members, &batch->scope);
	for (int i = 0; i < batch->nrows; i++)
	{
		if (cb_row_is_good(batch->rows[i]))
			check_member(&parents, (AssignRow *) batch->rows[i]);
	}
}

static void
want_parents(Parents *parents, const AssignRow *row)
{
	cb_places_want(&parents->places, &row->role_id.id, &row->node_id.id);
	cb_parents_want(&parents->identities, &row->identity_id.id);
}

static void
look_at_identities(const CbBatch *batch, Parents *parents)
{
	const CbParents *identities = &parents->identities;
	pg_uuid_t  *ids = palloc(sizeof(pg_uuid_t) * (identities->nitems + 1));

	for (int i = 0; i < identities->nitems; i++)
		ids[i] = identities->items[i].id;
	cb_access_look(&parents->standings, &batch->scope, ids, identities->nitems,
				   CB_ACCESS_LOCK_MEMBERSHIP);
}

static void
check_parents(const CbBatch *batch, Parents *parents, AssignRow *row)
{
	const CbParent *identity = cb_parents_find(&parents->identities,
											   &row->identity_id.id);

	if (identity == NULL ||
		cb_access_check(&parents->standings, &row->identity_id.id,
						CB_ACCESS_MEMBER) != CB_OK)
		cb_field_issue(&row->row, CB_IDENTITY_NOT_FOUND, "identity_id");
	cb_places_check(&parents->places, &batch->scope, &row->row,
					&row->role_id.id, &row->node_id.id);
	if (!cb_row_is_good(&row->row))
		return;
	row->email = identity->name;
	row->application = cb_parents_find(&parents->places.nodes,
									   &row->node_id.id)->application;
	cb_members_want(&parents->members, identity, &row->application);
}

static void
check_member(const Parents *parents, AssignRow *row)
{
	const CbMembership *membership = cb_members_find(&parents->members,
													 &row->identity_id.id,
													 &row->application);

	if (membership == NULL || strcmp(membership->status, "active") != 0)
		cb_field_issue(&row->row, CB_MEMBERSHIP_REQUIRED, "identity_id");
}

static int
compare(const CbRow *a, const CbRow *b)
{
	return strcmp(((const AssignRow *) a)->email,
				  ((const AssignRow *) b)->email);
}

static const char *
key(const CbRow *row, int which, Size *len)
{
	*len = sizeof(AssignKey);
	return (const char *) &((const AssignRow *) row)->key;
}

static bool
write_set(CbBatch *batch, CbRow **rows, int n)
{
	CbAssignmentWish *wishes = palloc0(sizeof(CbAssignmentWish) * n);

	for (int i = 0; i < n; i++)
	{
		const AssignRow *row = (const AssignRow *) rows[i];

		wishes[i].identity = row->identity_id.id;
		wishes[i].application = row->application;
		wishes[i].role = row->role_id.id;
		wishes[i].node = row->node_id.id;
		wishes[i].effective_from = row->effective_from;
		wishes[i].effective_to = row->effective_to;
	}
	cb_assignment_write(batch, wishes, n);
	for (int i = 0; i < n; i++)
		settle(batch, (AssignRow *) rows[i], &wishes[i]);
	return true;
}

static void
settle(const CbBatch *batch, AssignRow *row, const CbAssignmentWish *wish)
{
	row->assignment = wish->assignment;
	if (wish->outcome == CB_FAILED)
		row->row.problem.code = CB_REJECTED;
	else if (wish->outcome == CB_SKIPPED &&
			 batch->on_conflict == CB_ON_CONFLICT_ERROR)
		cb_field_issue(&row->row, CB_ASSIGNMENT_CONFLICT, "role_id");
	else
		row->row.outcome = wish->outcome;
}

static void
write_one(CbBatch *batch, CbRow *row)
{
	write_set(batch, &row, 1);
}

static void
encode(const CbBatch *batch, const CbRow *row, CbJson *json)
{
	cb_assignment_encode(&((const AssignRow *) row)->assignment, json);
}
