/*-------------------------------------------------------------------------
 *
 * detach.c
 *		The kind of row that ends an identity's membership of an application.
 *
 * A row is an identity's id.  Its membership is deactivated, whatever it was
 * before, and the roles that the identity has in the application are taken away:
 * both or neither.  Memberships are locked in the order of addresses; who holds
 * that lock is the only one to give or take roles.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/statement.h"
#include "db/uuid7.h"
#include "rows/detach.h"
#include "rows/fields.h"
#include "rows/members.h"
#include "rows/parents.h"

#define EQ " OPERATOR(pg_catalog.=) "

/* Parameters: account, time, application; array of identities. */
static CbStatement deactivate_memberships = {
	"UPDATE canopy.app_membership m SET status = 'deactivated',"
	" deactivated_at = $2, updated_at = $2"
	" WHERE m.account_id" EQ "$1 AND m.application_id" EQ "$3"
	" AND m.identity_id" EQ "ANY ($4)"
	" AND m.status OPERATOR(pg_catalog.<>) 'deactivated'"
	" RETURNING " CB_MEMBERSHIP_COLUMNS,
	4, {UUIDOID, TIMESTAMPTZOID, UUIDOID, UUIDARRAYOID},
	SPI_OK_UPDATE_RETURNING
};

/*
 * Parameters of both: account, application; array of identities.  Assignments are
 * made under a lock that leaves the membership as it is, and a snapshot that is
 * older than the lock would miss them: hence the newest.
 */
static CbStatement delete_assignments = {
	"DELETE FROM canopy.role_assignment r"
	" WHERE r.account_id" EQ "$1 AND r.application_id" EQ "$2"
	" AND r.identity_id" EQ "ANY ($3)"
	" RETURNING r.identity_id",
	3, {UUIDOID, UUIDOID, UUIDARRAYOID}, SPI_OK_DELETE_RETURNING, true
};

static CbStatement find_assignments = {
	"SELECT r.identity_id FROM canopy.role_assignment r"
	" WHERE r.account_id" EQ "$1 AND r.application_id" EQ "$2"
	" AND r.identity_id" EQ "ANY ($3)",
	3, {UUIDOID, UUIDOID, UUIDARRAYOID}, SPI_OK_SELECT, true
};

typedef struct DetachRow
{
	CbRow		row;
	pg_uuid_t	identity_id;
	const char *email;			/* of the identity */
	bool		was_detached;	/* before the batch */
	CbMembership membership;
	int			nrevoked;		/* roles that were taken away */
} DetachRow;

/* For the readers. */
typedef struct Reading
{
	CbRow	  **rows;
	int			n;
	int			next;			/* where the last one was */
} Reading;

static void begin(CbBatch *batch);
static void decode(CbBatch *batch, CbRow *row);
static void lock_parents(CbBatch *batch);
static void want_member(CbMembers *members, const CbParents *identities,
						const CbScope *scope, DetachRow *row);
static void check_member(const CbBatch *batch, const CbMembers *members,
						 DetachRow *row);
static int	compare(const CbRow *a, const CbRow *b);
static const char *key(const CbRow *row, int which, Size *len);
static bool write_set(CbBatch *batch, CbRow **rows, int n);
static int	deactivate(CbBatch *batch, CbRow **rows, int n);
static bool take_roles(CbBatch *batch, CbRow **rows, int n);
static Datum identity_ids(CbRow **rows, int n);
static DetachRow *match_row(Reading *reading, const pg_uuid_t *identity);
static void read_membership(void *arg, const Datum *values, const bool *nulls);
static void read_revoked(void *arg, const Datum *values, const bool *nulls);
static void read_kept(void *arg, const Datum *values, const bool *nulls);
static void write_one(CbBatch *batch, CbRow *row);
static void encode(const CbBatch *batch, const CbRow *row, CbJson *json);
static void echo(const CbRow *row, CbJson *json);
static const pg_uuid_t *identity_of(const CbRow *row);

static const char *const tables[] = {"app_membership", "role_assignment", NULL};

const CbRowKind cb_detach_kind = {
	.action = "app_membership.bulk_detach",
	.resource_type = "app_membership",
	.category = "identity",
	.list_key = "identity_ids",
	.row_size = sizeof(DetachRow),
	.nkeys = 1,
	.key_codes = {CB_MEMBERSHIP_NOT_FOUND},
	.key_fields = {"identity_id"},
	.begin = begin,
	.decode = decode,
	.lock_parents = lock_parents,
	.compare = compare,
	.key = key,
	.write_set = write_set,
	.write_one = write_one,
	.encode = encode,
	.identity = identity_of,
	.echo = echo,
	.tables = tables
};

static void
begin(CbBatch *batch)
{
	if (!batch->scope.has_application)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no application is named"),
				 errhint("Pass application => 'slug or id', or set canopy_bulk.application.")));
	if (batch->on_conflict == CB_ON_CONFLICT_UPDATE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a membership cannot be updated by detaching"),
				 errhint("on_conflict is error or skip.")));
}

static void
decode(CbBatch *batch, CbRow *row)
{
	DetachRow  *detach = (DetachRow *) row;

	if (row->input.type == jbvNull)
		cb_field_issue(row, CB_REQUIRED, "identity_id");
	else
		cb_field_uuid(row, "identity_id", &row->input, &detach->identity_id);
}

static void
lock_parents(CbBatch *batch)
{
	CbParents	identities;
	CbMembers	members;

	cb_parents_init(&identities, batch->nrows);
	cb_members_init(&members, batch->nrows);
	for (int i = 0; i < batch->nrows; i++)
	{
		if (cb_row_is_good(batch->rows[i]))
			cb_parents_want(&identities,
							&((DetachRow *) batch->rows[i])->identity_id);
	}
	cb_parents_lock_identities(&identities, &batch->scope);
	for (int i = 0; i < batch->nrows; i++)
	{
		if (cb_row_is_good(batch->rows[i]))
			want_member(&members, &identities, &batch->scope,
						(DetachRow *) batch->rows[i]);
	}
	cb_members_lock(&members, &batch->scope);
	for (int i = 0; i < batch->nrows; i++)
	{
		if (cb_row_is_good(batch->rows[i]))
			check_member(batch, &members, (DetachRow *) batch->rows[i]);
	}
}

static void
want_member(CbMembers *members, const CbParents *identities,
			const CbScope *scope, DetachRow *row)
{
	const CbParent *identity = cb_parents_find(identities, &row->identity_id);

	if (identity == NULL)
	{
		cb_field_issue(&row->row, CB_IDENTITY_NOT_FOUND, "identity_id");
		return;
	}
	row->email = identity->name;
	cb_members_want(members, identity, &scope->application);
}

/* Who was detached before can be skipped; who never was a member cannot. */
static void
check_member(const CbBatch *batch, const CbMembers *members, DetachRow *row)
{
	const CbMembership *membership = cb_members_find(members, &row->identity_id,
													 &batch->scope.application);

	row->was_detached = membership != NULL &&
		strcmp(membership->status, "deactivated") == 0;
	if (membership == NULL ||
		(row->was_detached && batch->on_conflict == CB_ON_CONFLICT_ERROR))
		cb_field_issue(&row->row, CB_MEMBERSHIP_NOT_FOUND, "identity_id");
	else
		row->membership = *membership;
}

static int
compare(const CbRow *a, const CbRow *b)
{
	return strcmp(((const DetachRow *) a)->email,
				  ((const DetachRow *) b)->email);
}

static const char *
key(const CbRow *row, int which, Size *len)
{
	*len = UUID_LEN;
	return (const char *) ((const DetachRow *) row)->identity_id.data;
}

/* False when a trigger has kept a role that had to go. */
static bool
write_set(CbBatch *batch, CbRow **rows, int n)
{
	CbRow	  **members = palloc(sizeof(CbRow *) * n);
	int			nmembers = 0;

	for (int i = 0; i < n; i++)
	{
		if (((DetachRow *) rows[i])->was_detached)
			rows[i]->outcome = CB_SKIPPED;
		else
			members[nmembers++] = rows[i];
	}
	return nmembers == 0 ||
		take_roles(batch, members, deactivate(batch, members, nmembers));
}

/* Moves the rows that are written to the front and returns how many they are. */
static int
deactivate(CbBatch *batch, CbRow **rows, int n)
{
	Reading		reading = {rows, n, 0};
	Datum		values[4];
	int			nwritten = 0;

	values[0] = UUIDPGetDatum(&batch->scope.account);
	values[1] = TimestampTzGetDatum(batch->now);
	values[2] = UUIDPGetDatum(&batch->scope.application);
	values[3] = identity_ids(rows, n);
	cb_statement_stream(&deactivate_memberships, values, NULL, false,
						read_membership, &reading);
	for (int i = 0; i < n; i++)
	{
		if (rows[i]->outcome == CB_UPDATED)
			rows[nwritten++] = rows[i];
		else
			rows[i]->problem.code = CB_REJECTED;
	}
	return nwritten;
}

static bool
take_roles(CbBatch *batch, CbRow **rows, int n)
{
	Reading		reading = {rows, n, 0};
	bool		kept = false;
	Datum		values[3];

	if (n == 0)
		return true;
	values[0] = UUIDPGetDatum(&batch->scope.account);
	values[1] = UUIDPGetDatum(&batch->scope.application);
	values[2] = identity_ids(rows, n);
	cb_statement_stream(&delete_assignments, values, NULL, false,
						read_revoked, &reading);
	if (!batch->trusted)
		cb_statement_stream(&find_assignments, values, NULL, false,
							read_kept, &kept);
	return !kept;
}

static Datum
identity_ids(CbRow **rows, int n)
{
	Datum	   *ids = palloc(sizeof(Datum) * n);

	for (int i = 0; i < n; i++)
		ids[i] = UUIDPGetDatum(&((DetachRow *) rows[i])->identity_id);
	return cb_statement_array(ids, NULL, n, UUIDOID);
}

/* The row that is about the identity; NULL when a trigger has made it another's. */
static DetachRow *
match_row(Reading *reading, const pg_uuid_t *identity)
{
	for (int i = 0; i < reading->n; i++)
	{
		int			place = (reading->next + i) % reading->n;
		DetachRow  *row = (DetachRow *) reading->rows[place];

		if (cb_uuid_compare(&row->identity_id, identity) == 0)
		{
			reading->next = place;
			return row;
		}
	}
	return NULL;
}

static void
read_membership(void *arg, const Datum *values, const bool *nulls)
{
	DetachRow  *row = match_row(arg, DatumGetUUIDP(values[1]));

	if (row == NULL)
		return;
	cb_membership_read(&row->membership, values, nulls);
	row->row.outcome = CB_UPDATED;
	row->nrevoked = 0;
}

static void
read_revoked(void *arg, const Datum *values, const bool *nulls)
{
	DetachRow  *row = match_row(arg, DatumGetUUIDP(values[0]));

	if (row != NULL)
		row->nrevoked++;
}

static void
read_kept(void *arg, const Datum *values, const bool *nulls)
{
	*(bool *) arg = true;
}

static void
write_one(CbBatch *batch, CbRow *row)
{
	if (!write_set(batch, &row, 1))
		row->problem.code = CB_REJECTED;
}

static void
encode(const CbBatch *batch, const CbRow *row, CbJson *json)
{
	static CbJsonShape keys = {9, {"id", "status", "created_at", "invited_at", "identity_id",
	"activated_at", "application_id", "deactivated_at", "revoked_assignment_count"}};
	const DetachRow *detach = (const DetachRow *) row;

	cb_json_shape(json, &keys);
	cb_membership_encode(&detach->membership, json);
	cb_json_int(json, detach->nrevoked);
}

static void
echo(const CbRow *row, CbJson *json)
{
	static CbJsonShape keys = {1, {"identity_id"}};

	cb_json_shape(json, &keys);
	cb_field_echo_id(row, json);
}

static const pg_uuid_t *
identity_of(const CbRow *row)
{
	const DetachRow *detach = (const DetachRow *) row;

	return row->problem.code == CB_UUID_INVALID ? NULL : &detach->identity_id;
}
