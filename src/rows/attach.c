/*-------------------------------------------------------------------------
 *
 * attach.c
 *		The kind of row that attaches identities to an application.
 *
 * A row is an identity's id.  Memberships are written in the order of addresses,
 * as everywhere, or a batch that creates them could deadlock with this one.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "db/uuid7.h"
#include "rows/attach.h"
#include "rows/fields.h"
#include "rows/membership.h"
#include "rows/parents.h"

typedef struct AttachRow
{
	CbRow		row;
	pg_uuid_t	identity_id;
	const char *email;			/* of the identity */
	CbMembership membership;
} AttachRow;

static void begin(CbBatch *batch);
static void decode(CbBatch *batch, CbRow *row);
static void lock_parents(CbBatch *batch);
static int	compare(const CbRow *a, const CbRow *b);
static const char *key(const CbRow *row, int which, Size *len);
static bool write_set(CbBatch *batch, CbRow **rows, int n);
static void write_one(CbBatch *batch, CbRow *row);
static const pg_uuid_t *resource(const CbRow *row);
static void encode(const CbBatch *batch, const CbRow *row, CbJson *json);
static void echo(const CbRow *row, CbJson *json);
static const pg_uuid_t *identity_of(const CbRow *row);

const CbRowKind cb_attach_kind = {
	.action = "app_membership.bulk_attach",
	.resource_type = "app_membership",
	.category = "identity",
	.list_key = "identity_ids",
	.row_size = sizeof(AttachRow),
	.nkeys = 1,
	.key_codes = {CB_MEMBERSHIP_CONFLICT},
	.key_fields = {"identity_id"},
	.begin = begin,
	.decode = decode,
	.lock_parents = lock_parents,
	.compare = compare,
	.key = key,
	.write_set = write_set,
	.write_one = write_one,
	.resource = resource,
	.encode = encode,
	.identity = identity_of,
	.echo = echo,
	.tables = cb_membership_tables
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
				 errmsg("a membership cannot be updated by attaching"),
				 errhint("on_conflict is error or skip.")));
}

static void
decode(CbBatch *batch, CbRow *row)
{
	AttachRow  *attach = (AttachRow *) row;

	if (row->input.type == jbvNull)
		cb_field_issue(row, CB_REQUIRED, "identity_id");
	else
		cb_field_uuid(row, "identity_id", &row->input, &attach->identity_id);
}

static void
lock_parents(CbBatch *batch)
{
	CbParents	identities;

	cb_parents_init(&identities, batch->nrows);
	for (int i = 0; i < batch->nrows; i++)
	{
		if (cb_row_is_good(batch->rows[i]))
			cb_parents_want(&identities,
							&((AttachRow *) batch->rows[i])->identity_id);
	}
	cb_parents_lock_identities(&identities, &batch->scope);
	for (int i = 0; i < batch->nrows; i++)
	{
		AttachRow  *attach = (AttachRow *) batch->rows[i];
		const CbParent *identity;

		if (!cb_row_is_good(&attach->row))
			continue;
		identity = cb_parents_find(&identities, &attach->identity_id);
		if (identity == NULL)
			cb_field_issue(&attach->row, CB_IDENTITY_NOT_FOUND, "identity_id");
		else
			attach->email = identity->name;
	}
}

static int
compare(const CbRow *a, const CbRow *b)
{
	return strcmp(((const AttachRow *) a)->email,
				  ((const AttachRow *) b)->email);
}

static const char *
key(const CbRow *row, int which, Size *len)
{
	*len = UUID_LEN;
	return (const char *) ((const AttachRow *) row)->identity_id.data;
}

static bool
write_set(CbBatch *batch, CbRow **rows, int n)
{
	CbMembershipWish *wishes = palloc0(sizeof(CbMembershipWish) * n);

	for (int i = 0; i < n; i++)
	{
		wishes[i].identity = ((AttachRow *) rows[i])->identity_id;
		wishes[i].application = batch->scope.application;
	}
	cb_membership_ensure(batch, wishes, n);
	for (int i = 0; i < n; i++)
	{
		((AttachRow *) rows[i])->membership = wishes[i].membership;
		if (wishes[i].outcome == CB_FAILED)
			rows[i]->problem.code = CB_REJECTED;
		else if (wishes[i].outcome == CB_SKIPPED &&
				 batch->on_conflict == CB_ON_CONFLICT_ERROR)
			cb_field_issue(rows[i], CB_MEMBERSHIP_CONFLICT, "identity_id");
		else
			rows[i]->outcome = wishes[i].outcome;
	}
	return true;
}

static void
write_one(CbBatch *batch, CbRow *row)
{
	write_set(batch, &row, 1);
}

static const pg_uuid_t *
resource(const CbRow *row)
{
	return &((const AttachRow *) row)->membership.id;
}

static void
encode(const CbBatch *batch, const CbRow *row, CbJson *json)
{
	static CbJsonShape keys = {8, {"id", "status", "created_at", "invited_at", "identity_id",
	"activated_at", "application_id", "deactivated_at"}};

	cb_json_shape(json, &keys);
	cb_membership_encode(&((const AttachRow *) row)->membership, json);
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
	const AttachRow *attach = (const AttachRow *) row;

	return row->problem.code == CB_UUID_INVALID ? NULL : &attach->identity_id;
}
