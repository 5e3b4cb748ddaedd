/*-------------------------------------------------------------------------
 *
 * missing.c
 *		Identities that an import deactivates, and how that is undone.
 *
 * What an identity leaves behind:
 *
 *		image			of the membership, or of the identity, as it was left
 *		membership		the membership as it was; in an application
 *		assignments		the assignments that it lost with it, or null
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/image.h"
#include "db/statement.h"
#include "db/stored.h"
#include "db/uuid7.h"
#include "rows/access.h"
#include "rows/detach.h"
#include "rows/identity_update.h"
#include "rows/members.h"
#include "rows/missing.h"

#define EQ " OPERATOR(pg_catalog.=) "
#define ITEMS \
	" FROM pg_catalog.unnest($2) WITH ORDINALITY AS u (id, place)"
#define MEMBERSHIP(key) \
	"((b.before OPERATOR(pg_catalog.->) 'membership') OPERATOR(pg_catalog.->>) '" key "')"

/* Parameters: account, identities, application. */
#define OF_MEMBERS \
	" JOIN canopy.app_membership m ON m.account_id" EQ "$1" \
	" AND m.identity_id" EQ "u.id AND m.application_id" EQ "$3"
#define MEMBER_TYPES \
	3, {UUIDOID, UUIDARRAYOID, UUIDOID}, SPI_OK_SELECT

static CbStatement read_members = {
	"SELECT u.place, pg_catalog.jsonb_build_object('membership',"
	" pg_catalog.jsonb_build_object('id', m.id, 'status', m.status,"
	" 'activated_at', m.activated_at, 'deactivated_at', m.deactivated_at),"
	" 'assignments', (SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(r))"
	" FROM canopy.role_assignment r WHERE r.account_id" EQ "$1"
	" AND r.identity_id" EQ "u.id AND r.application_id" EQ "$3))"
	ITEMS OF_MEMBERS, MEMBER_TYPES,.returns = "place int8, before jsonb"
};

static CbStatement read_member_images = {
	"SELECT u.place, m.*" ITEMS OF_MEMBERS, MEMBER_TYPES,
	.returns = "place int8, ..."
};

/* Parameters: account, identities. */
static CbStatement read_identity_images = {
	"SELECT u.place, i.*" ITEMS
	" JOIN canopy.identity i ON i.account_id" EQ "$1 AND i.id" EQ "u.id",
	2, {UUIDOID, UUIDARRAYOID}, SPI_OK_SELECT,
	.returns = "place int8, ..."
};

/* Parameters of both: account, identities, time. */
static CbStatement restore_identities = {
	"UPDATE canopy.identity i SET is_active = true, updated_at = $3"
	" WHERE i.account_id" EQ "$1 AND i.id" EQ "ANY ($2) RETURNING i.id",
	3, {UUIDOID, UUIDARRAYOID, TIMESTAMPTZOID}, SPI_OK_UPDATE_RETURNING,
	.returns = "id uuid"
};

/* Parameters: account, what was left behind, time. */
static CbStatement restore_memberships = {
	"UPDATE canopy.app_membership m SET status = " MEMBERSHIP("status") ","
	" activated_at = " MEMBERSHIP("activated_at") "::pg_catalog.timestamptz,"
	" deactivated_at = " MEMBERSHIP("deactivated_at") "::pg_catalog.timestamptz,"
	" updated_at = $3 FROM pg_catalog.unnest($2) AS b (before)"
	" WHERE m.account_id" EQ "$1"
	" AND m.id" EQ MEMBERSHIP("id") "::pg_catalog.uuid RETURNING m.id",
	3, {UUIDOID, JSONBARRAYOID, TIMESTAMPTZOID}, SPI_OK_UPDATE_RETURNING,
	.returns = "id uuid"
};

/*
 * Parameters: account, what was left behind.  Columns of users' own are not
 * restored: one may be generated.
 */
#define ASSIGNMENT(prefix) \
	prefix "account_id, " prefix "id, " prefix "identity_id, " \
	prefix "application_id, " prefix "role_id, " prefix "node_id, " \
	prefix "effective_from, " prefix "effective_to, " \
	prefix "created_at, " prefix "updated_at"

static CbStatement restore_assignments = {
	"INSERT INTO canopy.role_assignment (" ASSIGNMENT("") ")"
	" SELECT " ASSIGNMENT("r.")
	" FROM pg_catalog.unnest($2) AS b (before),"
	" pg_catalog.jsonb_populate_recordset(NULL::canopy.role_assignment,"
	" b.before OPERATOR(pg_catalog.->) 'assignments') AS r"
	" WHERE r.account_id" EQ "$1"
	" AND pg_catalog.jsonb_typeof(b.before OPERATOR(pg_catalog.->) 'assignments')"
	EQ "'array' ORDER BY r.id RETURNING id",
	2, {UUIDOID, JSONBARRAYOID}, SPI_OK_INSERT_RETURNING,
	.returns = "id uuid"
};

static void lock_as_batch(const CbScope *scope, const pg_uuid_t *ids, int n);
static void read_images(const CbScope *scope, Datum ids, CbImage *images);
static Datum array_of(const pg_uuid_t *ids, int n);
static Jsonb *add_image(const CbImage *image, const Jsonb *before);
static void write_key(CbJson *json, const Jsonb *object, const char *key);
static void judge(const CbScope *scope, CbUndoItem *items, int n);
static void keep_of_others(const CbScope *scope, CbUndoItem *items, int n);
static void compare_images(const CbScope *scope, CbUndoItem *items, int n);
static void reverse(const CbScope *scope, TimestampTz now, CbUndoItem **items,
					int n);
static int	count_assignments(const Jsonb *before);

static const char *const tables[] = {
	"identity", "app_membership", "role_assignment", NULL
};

const CbUndoKind cb_missing_undo = {
	.judge = judge,
	.reverse = reverse,
	.tables = tables
};

const CbRowKind *
cb_missing_kind(const CbScope *scope)
{
	return scope->has_application ? &cb_detach_kind : &cb_identity_status_kind;
}

JsonbValue
cb_missing_input(const CbScope *scope, const pg_uuid_t *id)
{
	static CbJsonShape keys = {2, {CB_IDENTITY_UPDATE_ID, "is_active"}};
	JsonbValue	input;
	CbJson	   *json;
	Jsonb	   *object;

	if (scope->has_application)
	{
		input.type = jbvString;
		input.val.string.val = palloc(CB_UUID_TEXT_LEN + 1);
		input.val.string.len = CB_UUID_TEXT_LEN;
		cb_uuid_format(id, input.val.string.val);
		return input;
	}
	json = cb_json_create(128);
	cb_json_shape(json, &keys);
	cb_json_uuid(json, id);
	cb_json_bool(json, false);
	object = cb_json_finish(json);
	input.type = jbvBinary;
	input.val.binary.data = &object->root;
	input.val.binary.len = VARSIZE(object) - VARHDRSZ;
	return input;
}

void
cb_missing_look(const CbScope *scope, const pg_uuid_t *ids, int n,
				Jsonb **before)
{
	Datum		values[3];
	bool		isnull;
	uint64		nread;

	if (!scope->has_application)
		return;
	lock_as_batch(scope, ids, n);
	values[0] = UUIDPGetDatum(&scope->account);
	values[1] = array_of(ids, n);
	values[2] = UUIDPGetDatum(&scope->application);
	nread = cb_statement_run(&read_members, values, NULL);
	for (uint64 row = 0; row < nread; row++)
	{
		int64		place = DatumGetInt64(cb_statement_value(row, 1, &isnull));

		before[place - 1] = DatumGetJsonbPCopy(cb_statement_value(row, 2, &isnull));
	}
	cb_statement_free();
}

static void
lock_as_batch(const CbScope *scope, const pg_uuid_t *ids, int n)
{
	CbParents	identities;
	CbMembers	members;

	cb_parents_init(&identities, n);
	for (int i = 0; i < n; i++)
		cb_parents_want(&identities, &ids[i]);
	cb_parents_lock_identities(&identities, scope);
	cb_members_init(&members, identities.nitems);
	for (int i = 0; i < identities.nitems; i++)
		cb_members_want(&members, &identities.items[i], &scope->application);
	cb_members_lock(&members, scope);
}

void
cb_missing_leave(const CbScope *scope, const pg_uuid_t *ids, int n,
				 Jsonb **before)
{
	CbImage    *images = palloc0(sizeof(CbImage) * (n + 1));

	read_images(scope, array_of(ids, n), images);
	for (int i = 0; i < n; i++)
		before[i] = add_image(&images[i], before[i]);
}

/* An image for each of the ids, in their order; empty at first. */
static void
read_images(const CbScope *scope, Datum ids, CbImage *images)
{
	Datum		values[3];
	bool		isnull;
	uint64		n;

	values[0] = UUIDPGetDatum(&scope->account);
	values[1] = ids;
	values[2] = UUIDPGetDatum(&scope->application);
	n = cb_statement_run(scope->has_application ?
						 &read_member_images : &read_identity_images,
						 values, NULL);
	for (uint64 row = 0; row < n; row++)
		cb_image_add(&images[DatumGetInt64(cb_statement_value(row, 1, &isnull)) - 1],
					 row, 2);
	cb_statement_free();
}

static Datum
array_of(const pg_uuid_t *ids, int n)
{
	Datum	   *values = palloc(sizeof(Datum) * (n + 1));

	for (int i = 0; i < n; i++)
		values[i] = UUIDPGetDatum(&ids[i]);
	return cb_statement_array(values, NULL, n, UUIDOID);
}

static Jsonb *
add_image(const CbImage *image, const Jsonb *before)
{
	static CbJsonShape keys = {3, {"image", "membership", "assignments"}};
	CbJson	   *json = cb_json_create(256);
	char text[	CB_IMAGE_TEXT_LEN + 1];

	cb_image_format(image, text);
	cb_json_shape(json, &keys);
	cb_json_cstring(json, text);
	write_key(json, before, "membership");
	write_key(json, before, "assignments");
	return cb_json_finish(json);
}

static void
write_key(CbJson *json, const Jsonb *object, const char *key)
{
	const JsonbValue *value = object == NULL ? NULL :
	cb_stored_member(&object->root, key);

	if (value == NULL)
		cb_json_null(json);
	else
		cb_json_value(json, value);
}

static void
judge(const CbScope *scope, CbUndoItem *items, int n)
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
	}
	compare_images(scope, items, n);
	if (scope->is_bound)
		keep_of_others(scope, items, n);
}

/* For a caller who is bound: whoever has no membership any more is gone. */
static void
keep_of_others(const CbScope *scope, CbUndoItem *items, int n)
{
	pg_uuid_t  *ids = palloc(sizeof(pg_uuid_t) * (n + 1));
	CbStandings standings;

	for (int i = 0; i < n; i++)
		ids[i] = items[i].id;
	cb_access_look(&standings, scope, ids, n, CB_ACCESS_READ);
	for (int i = 0; i < n; i++)
	{
		if (cb_access_check(&standings, &items[i].id, CB_ACCESS_MEMBERSHIP) != CB_OK)
			cb_undo_settle(&items[i], CB_UNDO_KEPT, CB_UNDO_GONE);
	}
}

static void
compare_images(const CbScope *scope, CbUndoItem *items, int n)
{
	CbImage    *then = palloc0(sizeof(CbImage) * (n + 1));
	CbImage    *now = palloc0(sizeof(CbImage) * (n + 1));
	const char *changed = scope->has_application ?
	"memberships_changed" : "identity_changed";

	for (int i = 0; i < n; i++)
	{
		const char *text = items[i].before[0] == NULL ? NULL :
		cb_undo_text(items[i].before[0], "image");

		if (items[i].outcome == CB_UNDO_PENDING &&
			(text == NULL || !cb_image_parse(&text, &then[i])))
			cb_undo_settle(&items[i], CB_UNDO_KEPT, CB_UNDO_UNKNOWN);
		now[i].ncolumns = then[i].ncolumns;
	}
	read_images(scope, cb_undo_ids(items, n), now);
	for (int i = 0; i < n; i++)
	{
		if (items[i].outcome == CB_UNDO_PENDING && now[i].hash != then[i].hash)
			cb_undo_settle(&items[i], CB_UNDO_KEPT, changed);
	}
}

static void
reverse(const CbScope *scope, TimestampTz now, CbUndoItem **items, int n)
{
	Datum	   *before = palloc(sizeof(Datum) * (n + 1));
	int			nassignments = 0;
	Datum		values[3];

	values[0] = UUIDPGetDatum(&scope->account);
	values[1] = cb_undo_chosen_ids(items, n);
	values[2] = TimestampTzGetDatum(now);
	if (!scope->has_application)
	{
		cb_undo_run(&restore_identities, values, n);
		return;
	}
	for (int i = 0; i < n; i++)
	{
		before[i] = JsonbPGetDatum(items[i]->before[0]);
		nassignments += count_assignments(items[i]->before[0]);
	}
	values[1] = cb_statement_array(before, NULL, n, JSONBOID);
	cb_undo_run(&restore_memberships, values, n);
	cb_undo_run(&restore_assignments, values, nassignments);
}

static int
count_assignments(const Jsonb *before)
{
	const JsonbValue *value = cb_stored_member(&before->root, "assignments");

	if (value == NULL || value->type != jbvBinary ||
		!JsonContainerIsArray(value->val.binary.data))
		return 0;
	return (int) JsonContainerSize(value->val.binary.data);
}
