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
 * Identities are locked twice.  First as batches do that change them, in the
 * order of addresses; then against batches that refer to them, which have another
 * order, and there nobody is waited for.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/image.h"
#include "rows/identity.h"
#include "rows/undo.h"

#define EQ " OPERATOR(pg_catalog.=) "
#define JSON(key) "(b.before OPERATOR(pg_catalog.->>) '" key "')"
#define OLD(key) \
	"((b.before OPERATOR(pg_catalog.->) 'identity') OPERATOR(pg_catalog.->>) '" key "')"
#define OLD_MEMBERSHIP(key) \
	"((b.before OPERATOR(pg_catalog.->) 'old_membership') OPERATOR(pg_catalog.->>) '" key "')"
#define BEFORE	"pg_catalog.unnest($2) AS b (before)"

/* Of what an image has a part. */
#define PARTS		3
#define IMAGE_ROWS	500			/* identities at a time */

typedef struct IdentityImage
{
	CbImage		parts[PARTS];
} IdentityImage;

/* Parameters of all: account, identities.  The first column is the place of one. */
#define PART(table, key, order) { \
	"SELECT u.place, x.* FROM pg_catalog.unnest($2)" \
	" WITH ORDINALITY AS u (id, place)" \
	" JOIN canopy." table " x ON x.account_id" EQ "$1 AND x." key EQ "u.id" order, \
	2, {UUIDOID, UUIDARRAYOID}, SPI_OK_SELECT}

static CbStatement read_parts[PARTS] = {
	PART("identity", "id", ""),
	PART("app_membership", "identity_id", " ORDER BY u.place, x.id"),
	PART("role_assignment", "identity_id", " ORDER BY u.place, x.id")
};

static const char *const changed[PARTS] = {
	"identity_changed", "memberships_changed", "roles_changed"
};

/* Parameters of both: account, identities. */
static CbStatement lock_to_delete = {
	"SELECT i.id FROM canopy.identity i"
	" WHERE i.account_id" EQ "$1 AND i.id" EQ "ANY ($2)"
	" ORDER BY i.email FOR UPDATE OF i SKIP LOCKED",
	2, {UUIDOID, UUIDARRAYOID}, SPI_OK_SELECT
};

static CbStatement find_invited = {
	"SELECT v.identity_id FROM canopy.identity_invite v"
	" WHERE v.account_id" EQ "$1 AND v.identity_id" EQ "ANY ($2)",
	2, {UUIDOID, UUIDARRAYOID}, SPI_OK_SELECT
};

/* Parameters: account, identities. */
static CbStatement delete_identities = {
	"DELETE FROM canopy.identity WHERE account_id" EQ "$1 AND id" EQ "ANY ($2)"
	" RETURNING id",
	2, {UUIDOID, UUIDARRAYOID}, SPI_OK_DELETE_RETURNING
};

/* Parameters of both: account, what rows left behind. */
static CbStatement delete_assignments = {
	"DELETE FROM canopy.role_assignment WHERE account_id" EQ "$1"
	" AND id" EQ "ANY (SELECT" JSON("assignment") "::pg_catalog.uuid FROM "
	BEFORE ") RETURNING id",
	2, {UUIDOID, JSONBARRAYOID}, SPI_OK_DELETE_RETURNING
};

static CbStatement delete_memberships = {
	"DELETE FROM canopy.app_membership WHERE account_id" EQ "$1"
	" AND id" EQ "ANY (SELECT" JSON("membership") "::pg_catalog.uuid FROM "
	BEFORE ") RETURNING id",
	2, {UUIDOID, JSONBARRAYOID}, SPI_OK_DELETE_RETURNING
};

/* Parameters of both: account, what rows left behind, time. */
static CbStatement restore_memberships = {
	"UPDATE canopy.app_membership m SET status = " OLD_MEMBERSHIP("status") ","
	" activated_at = " OLD_MEMBERSHIP("activated_at") "::pg_catalog.timestamptz,"
	" deactivated_at = " OLD_MEMBERSHIP("deactivated_at") "::pg_catalog.timestamptz,"
	" updated_at = $3 FROM " BEFORE
	" WHERE m.account_id" EQ "$1"
	" AND m.id" EQ OLD_MEMBERSHIP("id") "::pg_catalog.uuid RETURNING m.id",
	3, {UUIDOID, JSONBARRAYOID, TIMESTAMPTZOID}, SPI_OK_UPDATE_RETURNING
};

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
	SPI_OK_UPDATE_RETURNING
};

static void remember(const CbBatch *batch, Jsonb **before);
static Jsonb *describe(const CbIdentityRow *row, const IdentityImage *image);
static void write_json(CbJson *json, const Jsonb *value);
static void write_uuid(CbJson *json, const CbUuid *uuid);
static void read_images(const pg_uuid_t *account, Datum ids,
						IdentityImage *images);
static void judge(const CbScope *scope, CbUndoItem *items, int n);
static void lock(const CbScope *scope, CbUndoItem *items, int n);
static void lock_to_write(const CbScope *scope, CbUndoItem *items, int n);
static void compare_images(const CbScope *scope, CbUndoItem *items, int n);
static bool parse_image(const CbUndoItem *item, IdentityImage *image);
static void keep_invited(const CbScope *scope, CbUndoItem *items, int n);
static void reverse(const CbScope *scope, TimestampTz now, CbUndoItem **items,
					int n);
static void restore(const CbScope *scope, TimestampTz now, CbUndoItem **items,
					int n);
static int	collect(CbUndoItem **items, int n, const char *key, Datum *before);

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
	Datum	   *ids = palloc(sizeof(Datum) * (batch->nrows + 1));
	IdentityImage *images = palloc0(sizeof(IdentityImage) * (batch->nrows + 1));
	int			n = 0;

	for (int i = 0; i < batch->nrows; i++)
	{
		const CbIdentityRow *row = (const CbIdentityRow *) batch->rows[i];

		if (row->row.outcome == CB_CREATED || row->row.outcome == CB_UPDATED)
			ids[n++] = UUIDPGetDatum(&row->stored.id);
	}
	if (n == 0)
		return;
	read_images(&batch->scope.account,
				cb_statement_array(ids, NULL, n, UUIDOID), images);
	for (int i = n = 0; i < batch->nrows; i++)
	{
		const CbIdentityRow *row = (const CbIdentityRow *) batch->rows[i];

		if (row->row.outcome == CB_CREATED || row->row.outcome == CB_UPDATED)
			before[i] = describe(row, &images[n++]);
	}
}

static Jsonb *
describe(const CbIdentityRow *row, const IdentityImage *image)
{
	static CbJsonShape keys = {5, {"image", "identity", "assignment", "membership",
	"old_membership"}};
	static CbJsonShape keys_of_created = {1, {"image"}};
	CbJson	   *json = cb_json_create(256);
	char text[	PARTS * (CB_IMAGE_TEXT_LEN + 1)];
	char	   *end = text;

	for (int i = 0; i < PARTS; i++)
	{
		if (i > 0)
			*end++ = ' ';
		cb_image_format(&image->parts[i], end);
		end += strlen(end);
	}
	cb_json_shape(json, row->row.outcome == CB_CREATED ? &keys_of_created : &keys);
	cb_json_cstring(json, text);
	if (row->row.outcome == CB_CREATED)
		return cb_json_finish(json);
	write_json(json, row->replaced);
	write_uuid(json, &row->assignment);
	write_uuid(json, &row->membership);
	write_json(json, row->old_membership);
	return cb_json_finish(json);
}

static void
write_json(CbJson *json, const Jsonb *value)
{
	if (value == NULL)
		cb_json_null(json);
	else
		cb_json_container(json, &value->root, VARSIZE(value) - VARHDRSZ);
}

static void
write_uuid(CbJson *json, const CbUuid *uuid)
{
	if (uuid->given)
		cb_json_uuid(json, &uuid->id);
	else
		cb_json_null(json);
}

/* An image for each of the ids, in their order; empty at first. */
static void
read_images(const pg_uuid_t *account, Datum ids, IdentityImage *images)
{
	Datum		values[2];
	bool		isnull;

	values[0] = UUIDPGetDatum(account);
	values[1] = ids;
	for (int part = 0; part < PARTS; part++)
	{
		uint64		n = cb_statement_run(&read_parts[part], values, NULL);

		for (uint64 row = 0; row < n; row++)
		{
			int64		place = DatumGetInt64(cb_statement_value(row, 1, &isnull));

			cb_image_add(&images[place - 1].parts[part], row, 2);
		}
		cb_statement_free();
	}
}

static void
judge(const CbScope *scope, CbUndoItem *items, int n)
{
	lock(scope, items, n);
	lock_to_write(scope, items, n);
	for (int i = 0; i < n; i += IMAGE_ROWS)
		compare_images(scope, items + i, Min(IMAGE_ROWS, n - i));
	keep_invited(scope, items, n);
}

static void
lock(const CbScope *scope, CbUndoItem *items, int n)
{
	CbParents	identities;

	cb_parents_init(&identities, n);
	for (int i = 0; i < n; i++)
		cb_parents_want(&identities, &items[i].id);
	cb_parents_lock_identities_to_write(&identities, scope);
	for (int i = 0; i < n; i++)
	{
		if (cb_parents_find(&identities, &items[i].id) == NULL)
			cb_undo_settle(&items[i], CB_UNDO_KEPT, CB_UNDO_GONE);
		else
			cb_undo_settle(&items[i], CB_UNDO_ERROR, CB_UNDO_LOCKED);
	}
}

static void
lock_to_write(const CbScope *scope, CbUndoItem *items, int n)
{
	Datum		values[2];
	bool		isnull;
	uint64		nlocked;

	values[0] = UUIDPGetDatum(&scope->account);
	values[1] = cb_undo_ids(items, n);
	nlocked = cb_statement_run(&lock_to_delete, values, NULL);
	for (uint64 i = 0; i < nlocked; i++)
		cb_undo_settle(cb_undo_find(items, n,
									DatumGetUUIDP(cb_statement_value(i, 1, &isnull))),
					   CB_UNDO_PENDING, NULL);
	cb_statement_free();
}

/* What the last of an item's rows left is compared with what is there now. */
static void
compare_images(const CbScope *scope, CbUndoItem *items, int n)
{
	IdentityImage *then = palloc0(sizeof(IdentityImage) * n);
	IdentityImage *now = palloc0(sizeof(IdentityImage) * n);

	CHECK_FOR_INTERRUPTS();
	for (int i = 0; i < n; i++)
	{
		if (items[i].outcome == CB_UNDO_PENDING && !parse_image(&items[i], &then[i]))
			cb_undo_settle(&items[i], CB_UNDO_KEPT, CB_UNDO_UNKNOWN);
		for (int part = 0; part < PARTS; part++)
			now[i].parts[part].ncolumns = then[i].parts[part].ncolumns;
	}
	read_images(&scope->account, cb_undo_ids(items, n), now);
	for (int i = 0; i < n; i++)
	{
		for (int part = 0; part < PARTS; part++)
		{
			if (items[i].outcome == CB_UNDO_PENDING &&
				now[i].parts[part].hash != then[i].parts[part].hash)
				cb_undo_settle(&items[i], CB_UNDO_KEPT, changed[part]);
		}
	}
	pfree(then);
	pfree(now);
}

static bool
parse_image(const CbUndoItem *item, IdentityImage *image)
{
	const Jsonb *before = item->before[item->nbefore - 1];
	const char *text = before == NULL ? NULL : cb_undo_text(before, "image");

	for (int part = 0; part < PARTS; part++)
	{
		if (text == NULL || !cb_image_parse(&text, &image->parts[part]))
			return false;
	}
	return true;
}

/* Nobody can have invited an identity before it was created. */
static void
keep_invited(const CbScope *scope, CbUndoItem *items, int n)
{
	Datum		values[2];
	bool		isnull;
	uint64		ninvited;

	values[0] = UUIDPGetDatum(&scope->account);
	values[1] = cb_undo_ids(items, n);
	ninvited = cb_statement_run(&find_invited, values, NULL);
	for (uint64 i = 0; i < ninvited; i++)
	{
		CbUndoItem *item = cb_undo_find(items, n,
										DatumGetUUIDP(cb_statement_value(i, 1, &isnull)));

		if (item->outcome == CB_UNDO_PENDING && item->created)
			cb_undo_settle(item, CB_UNDO_KEPT, "invited");
	}
	cb_statement_free();
}

static void
reverse(const CbScope *scope, TimestampTz now, CbUndoItem **items, int n)
{
	CbUndoItem **created = palloc(sizeof(CbUndoItem *) * n);
	CbUndoItem **updated = palloc(sizeof(CbUndoItem *) * n);
	int			ncreated = 0;
	int			nupdated = 0;
	Datum		values[2];

	for (int i = 0; i < n; i++)
	{
		if (items[i]->created)
			created[ncreated++] = items[i];
		else
			updated[nupdated++] = items[i];
	}
	if (nupdated > 0)
		restore(scope, now, updated, nupdated);
	if (ncreated == 0)
		return;
	values[0] = UUIDPGetDatum(&scope->account);
	values[1] = cb_undo_chosen_ids(created, ncreated);
	cb_undo_run(&delete_identities, values, ncreated);
}

/* The first of an item's rows has the values from before the import. */
static void
restore(const CbScope *scope, TimestampTz now, CbUndoItem **items, int n)
{
	static const struct
	{
		const char *key;
		CbStatement *statement;
	}			steps[] = {
		{"assignment", &delete_assignments},
		{"membership", &delete_memberships},
		{"old_membership", &restore_memberships}
	};
	int			nbefore = 0;
	Datum	   *before;
	Datum		values[4];

	for (int i = 0; i < n; i++)
		nbefore += items[i]->nbefore;
	before = palloc(sizeof(Datum) * nbefore);
	values[0] = UUIDPGetDatum(&scope->account);
	values[2] = TimestampTzGetDatum(now);
	for (size_t i = 0; i < lengthof(steps); i++)
	{
		nbefore = collect(items, n, steps[i].key, before);
		values[1] = cb_statement_array(before, NULL, nbefore, JSONBOID);
		if (nbefore > 0)
			cb_undo_run(steps[i].statement, values, nbefore);
	}
	for (int i = 0; i < n; i++)
		before[i] = JsonbPGetDatum(items[i]->before[0]);
	values[1] = cb_statement_array(before, NULL, n, JSONBOID);
	values[3] = cb_undo_chosen_ids(items, n);
	cb_undo_run(&restore_identities, values, n);
}

/* What those rows left behind that have something under the key. */
static int
collect(CbUndoItem **items, int n, const char *key, Datum *before)
{
	int			found = 0;

	for (int i = 0; i < n; i++)
	{
		for (int j = 0; j < items[i]->nbefore; j++)
		{
			Jsonb	   *left = items[i]->before[j];
			JsonbValue	value;

			if (getKeyJsonValueFromContainer(&left->root, key, (int) strlen(key),
											 &value) != NULL &&
				value.type != jbvNull)
				before[found++] = JsonbPGetDatum(left);
		}
	}
	return found;
}
