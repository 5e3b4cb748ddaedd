/*-------------------------------------------------------------------------
 *
 * identity_undo.c
 *		How identities that an import wrote are undone.
 *
 * What a row leaves behind:
 *
 *		image			of the identity, its memberships and its assignments
 *
 *	and of an identity that it updated,
 *
 *		identity		values that were replaced
 *		membership		id of the membership that was made, or null
 *		assignment		id of the assignment that was made, or null
 *		old_membership	the membership that was made active again, or null
 *
 * An identity that was created is deleted, and what hangs on it goes with it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "rows/identity.h"
#include "rows/identity_reverse.h"

#define EQ " OPERATOR(pg_catalog.=) "
#define OLD(key) \
	"((b.before OPERATOR(pg_catalog.->) 'identity') OPERATOR(pg_catalog.->>) '" key "')"

/* Parameters: account, what rows left behind, time, the identities of these. */
static CbStatement restore_identities = {
	"UPDATE canopy.identity i SET first_name = " OLD("first_name") ","
	" last_name = " OLD("last_name") ", external_id = " OLD("external_id") ","
	" metadata = (b.before OPERATOR(pg_catalog.->) 'identity')"
	" OPERATOR(pg_catalog.->) 'metadata',"
	" password_hash = " OLD("password_hash") ","
	" password_changed_at = " OLD("password_changed_at") "::pg_catalog.timestamptz,"
	" updated_at = $3"
	" FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($4))"
	" AS b (before, id)"
	" WHERE i.account_id" EQ "$1 AND i.id" EQ "b.id RETURNING i.id",
	4, {UUIDOID, JSONBARRAYOID, TIMESTAMPTZOID, UUIDARRAYOID},
	SPI_OK_UPDATE_RETURNING,
	.returns = "id uuid"
};

static void remember(const CbBatch *batch, Jsonb **before);
static Jsonb *describe(const CbIdentityRow *row, const CbIdentityImage *image);
static void judge(const CbScope *scope, CbUndoItem *items, int n);
static void reverse(const CbScope *scope, TimestampTz now, CbUndoItem **items,
					int n);

static const char *const tables[] = {
	"identity", "app_membership", "role_assignment", NULL
};

const CbUndoKind cb_identity_undo = {
	.remember = remember,
	.judge = judge,
	.reverse = reverse,
	.tables = tables
};

static void
remember(const CbBatch *batch, Jsonb **before)
{
	CbIdentityImage *images = cb_identity_image_left(batch, CB_IDENTITY_PARTS);

	for (int i = 0; i < batch->nrows; i++)
	{
		const CbIdentityRow *row = (const CbIdentityRow *) batch->rows[i];

		if (row->row.outcome == CB_CREATED || row->row.outcome == CB_UPDATED)
			before[i] = describe(row, &images[i]);
	}
}

static Jsonb *
describe(const CbIdentityRow *row, const CbIdentityImage *image)
{
	static CbJsonShape keys = {5, {"image", "identity", "assignment", "membership",
	"old_membership"}};
	static CbJsonShape keys_of_created = {1, {"image"}};
	CbJson	   *json = cb_json_create(256);

	cb_json_shape(json, row->row.outcome == CB_CREATED ? &keys_of_created : &keys);
	cb_json_cstring(json, cb_identity_image_text(image, CB_IDENTITY_PARTS));
	if (row->row.outcome == CB_CREATED)
		return cb_json_finish(json);
	cb_undo_write(json, row->replaced);
	cb_uuid_write(json, &row->assignment);
	cb_uuid_write(json, &row->membership);
	cb_undo_write(json, row->old_membership);
	return cb_json_finish(json);
}

static void
judge(const CbScope *scope, CbUndoItem *items, int n)
{
	cb_identity_judge(scope, items, n, CB_IDENTITY_PARTS);
}

/*
 * Those that were created go first: one may have a key that another had.  The first
 * of an item's rows has the values from before the import.
 */
static void
reverse(const CbScope *scope, TimestampTz now, CbUndoItem **items, int n)
{
	CbUndoItem **updated = palloc(sizeof(CbUndoItem *) * n);
	Datum	   *before = palloc(sizeof(Datum) * n);
	Datum		values[4];

	n = cb_identity_delete_created(scope, items, n, updated);
	if (n == 0)
		return;
	cb_identity_restore_memberships(scope, now, cb_undo_before(updated, n, NULL));
	for (int i = 0; i < n; i++)
		before[i] = JsonbPGetDatum(updated[i]->before[0]);
	values[0] = UUIDPGetDatum(&scope->account);
	values[1] = cb_statement_array(before, NULL, n, JSONBOID);
	values[2] = TimestampTzGetDatum(now);
	values[3] = cb_undo_chosen_ids(updated, n);
	cb_undo_run(&restore_identities, values, n);
}
