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
#include "rows/member_row.h"
#include "rows/members.h"

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
	SPI_OK_UPDATE_RETURNING,
	.returns = CB_MEMBERSHIP_RESULT
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
	3, {UUIDOID, UUIDOID, UUIDARRAYOID}, SPI_OK_DELETE_RETURNING, true,
	.returns = "identity_id uuid"
};

static CbStatement find_assignments = {
	"SELECT r.identity_id FROM canopy.role_assignment r"
	" WHERE r.account_id" EQ "$1 AND r.application_id" EQ "$2"
	" AND r.identity_id" EQ "ANY ($3)",
	3, {UUIDOID, UUIDOID, UUIDARRAYOID}, SPI_OK_SELECT, true,
	.returns = "identity_id uuid"
};

typedef struct DetachRow
{
	CbMemberRow member;
	bool		was_detached;	/* before the batch */
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
static void lock_parents(CbBatch *batch);
static void check_member(const CbBatch *batch, const CbMembers *members,
						 DetachRow *row);
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
	.decode = cb_member_row_decode,
	.lock_parents = lock_parents,
	.compare = cb_member_row_compare,
	.key = cb_member_row_key,
	.write_set = write_set,
	.write_one = write_one,
	.encode = encode,
	.identity = cb_member_row_identity,
	.echo = cb_member_row_echo,
	.tables = tables
};

static void
begin(CbBatch *batch)
{
	cb_member_row_check(batch, "a membership cannot be updated by detaching");
}

static void
lock_parents(CbBatch *batch)
{
	CbParents	identities;
	CbMembers	members;

	cb_member_row_lock(batch, &identities);
	cb_members_init(&members, batch->nrows);
	for (int i = 0; i < batch->nrows; i++)
	{
		const CbMemberRow *row = (const CbMemberRow *) batch->rows[i];

		if (cb_row_is_good(&row->row))
			cb_members_want(&members, cb_parents_find(&identities, &row->identity_id),
							&batch->scope.application);
	}
	cb_members_lock(&members, &batch->scope);
	for (int i = 0; i < batch->nrows; i++)
	{
		if (cb_row_is_good(batch->rows[i]))
			check_member(batch, &members, (DetachRow *) batch->rows[i]);
	}
}

/* Who was detached before can be skipped; who never was a member cannot. */
static void
check_member(const CbBatch *batch, const CbMembers *members, DetachRow *row)
{
	const CbMembership *membership = cb_members_find(members, &row->member.identity_id,
													 &batch->scope.application);

	row->was_detached = membership != NULL &&
		strcmp(membership->status, "deactivated") == 0;
	if (membership == NULL ||
		(row->was_detached && batch->on_conflict == CB_ON_CONFLICT_ERROR))
		cb_field_issue(&row->member.row, CB_MEMBERSHIP_NOT_FOUND, "identity_id");
	else
		row->member.membership = *membership;
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
		ids[i] = UUIDPGetDatum(&((CbMemberRow *) rows[i])->identity_id);
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

		if (cb_uuid_compare(&row->member.identity_id, identity) == 0)
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
	cb_membership_read(&row->member.membership, values, nulls);
	row->member.row.outcome = CB_UPDATED;
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
	cb_membership_encode(&detach->member.membership, json);
	cb_json_int(json, detach->nrevoked);
}
