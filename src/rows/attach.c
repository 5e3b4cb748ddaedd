/*-------------------------------------------------------------------------
 *
 * attach.c
 *		The kind of row that attaches identities to an application.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "rows/attach.h"
#include "rows/fields.h"
#include "rows/member_row.h"

static void begin(CbBatch *batch);
static void lock_parents(CbBatch *batch);
static bool write_set(CbBatch *batch, CbRow **rows, int n);
static void write_one(CbBatch *batch, CbRow *row);
static const pg_uuid_t *resource(const CbRow *row);
static void encode(const CbBatch *batch, const CbRow *row, CbJson *json);

const CbRowKind cb_attach_kind = {
	.action = "app_membership.bulk_attach",
	.resource_type = "app_membership",
	.category = "identity",
	.list_key = "identity_ids",
	.row_size = sizeof(CbMemberRow),
	.nkeys = 1,
	.key_codes = {CB_MEMBERSHIP_CONFLICT},
	.key_fields = {"identity_id"},
	.begin = begin,
	.decode = cb_member_row_decode,
	.lock_parents = lock_parents,
	.compare = cb_member_row_compare,
	.key = cb_member_row_key,
	.write_set = write_set,
	.write_one = write_one,
	.resource = resource,
	.encode = encode,
	.identity = cb_member_row_identity,
	.echo = cb_member_row_echo,
	.tables = cb_membership_tables
};

static void
begin(CbBatch *batch)
{
	cb_member_row_check(batch, "a membership cannot be updated by attaching");
}

static void
lock_parents(CbBatch *batch)
{
	CbParents	identities;

	cb_member_row_lock(batch, &identities);
}

static bool
write_set(CbBatch *batch, CbRow **rows, int n)
{
	CbMembershipWish *wishes = palloc0(sizeof(CbMembershipWish) * n);

	for (int i = 0; i < n; i++)
	{
		wishes[i].identity = ((CbMemberRow *) rows[i])->identity_id;
		wishes[i].application = batch->scope.application;
	}
	cb_membership_ensure(batch, wishes, n);
	for (int i = 0; i < n; i++)
	{
		((CbMemberRow *) rows[i])->membership = wishes[i].membership;
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
	return &((const CbMemberRow *) row)->membership.id;
}

static void
encode(const CbBatch *batch, const CbRow *row, CbJson *json)
{
	static CbJsonShape keys = {8, {"id", "status", "created_at", "invited_at", "identity_id",
	"activated_at", "application_id", "deactivated_at"}};

	cb_json_shape(json, &keys);
	cb_membership_encode(&((const CbMemberRow *) row)->membership, json);
}
