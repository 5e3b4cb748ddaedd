/*-------------------------------------------------------------------------
 *
 * identity_reverse.c
 *		What is the same wherever identities that an import wrote are undone.
 *
 * Identities are locked twice.  First as batches do that change them, in the
 * order of addresses; then against batches that refer to them, which have another
 * order, and there nobody is waited for.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/stored.h"
#include "rows/access.h"
#include "rows/identity_reverse.h"
#include "rows/parents.h"

#define EQ " OPERATOR(pg_catalog.=) "
#define JSON(key) "(b.before OPERATOR(pg_catalog.->>) '" key "')"
#define OLD_MEMBERSHIP(key) \
	"((b.before OPERATOR(pg_catalog.->) 'old_membership') OPERATOR(pg_catalog.->>) '" key "')"

/* Parameters of both: account, identities. */
static CbStatement lock_to_delete = {
	"SELECT i.id FROM canopy.identity i"
	" WHERE i.account_id" EQ "$1 AND i.id" EQ "ANY ($2)"
	" ORDER BY i.email FOR UPDATE OF i SKIP LOCKED",
	2, {UUIDOID, UUIDARRAYOID}, SPI_OK_SELECT,
	.returns = "id uuid"
};

static CbStatement find_invited = {
	"SELECT v.identity_id FROM canopy.identity_invite v"
	" WHERE v.account_id" EQ "$1 AND v.identity_id" EQ "ANY ($2)",
	2, {UUIDOID, UUIDARRAYOID}, SPI_OK_SELECT,
	.returns = "identity_id uuid"
};

/*
 * Parameters: account, identities, what the first row that replaced something of each
 * left behind.  Finds those that would get another address or password back, and
 * those that would get another external id.
 */
static CbStatement find_credentials = {
	"SELECT i.id, (b.old OPERATOR(pg_catalog.?) 'email'"
	" AND (b.old OPERATOR(pg_catalog.->>) 'email') OPERATOR(pg_catalog.<>) i.email)"
	" OR (b.old OPERATOR(pg_catalog.?) 'password_hash'"
	" AND coalesce(b.old OPERATOR(pg_catalog.->>) 'password_hash', '')"
	" OPERATOR(pg_catalog.<>) coalesce(i.password_hash, '')),"
	" coalesce(b.old OPERATOR(pg_catalog.->>) 'external_id', '')"
	" OPERATOR(pg_catalog.<>) coalesce(i.external_id, '')"
	" FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3)) AS b (id, old)"
	" JOIN canopy.identity i ON i.account_id" EQ "$1 AND i.id" EQ "b.id"
	" WHERE pg_catalog.jsonb_typeof(b.old)" EQ "'object'",
	3, {UUIDOID, UUIDARRAYOID, JSONBARRAYOID}, SPI_OK_SELECT,
	.returns = "id uuid, is_credential bool?, is_external_id bool"
};

/* Parameters: account, identities. */
static CbStatement delete_identities = {
	"DELETE FROM canopy.identity WHERE account_id" EQ "$1 AND id" EQ "ANY ($2)"
	" RETURNING id",
	2, {UUIDOID, UUIDARRAYOID}, SPI_OK_DELETE_RETURNING,
	.returns = "id uuid"
};

/* Parameters of both: account, what rows left behind. */
#define DELETE_MADE(table, key) { \
	"WITH w AS (SELECT DISTINCT " JSON(key) "::pg_catalog.uuid AS id" \
	" FROM pg_catalog.unnest($2) AS b (before) WHERE " JSON(key) " IS NOT NULL" \
	"), d AS (" \
	"DELETE FROM canopy." table " WHERE account_id" EQ "$1" \
	" AND id" EQ "ANY (SELECT w.id FROM w) RETURNING id" \
	")" CB_UNDO_COUNTS, \
	2, {UUIDOID, JSONBARRAYOID}, SPI_OK_SELECT, .returns = CB_UNDO_RESULT}

static CbStatement delete_assignments = DELETE_MADE("role_assignment", "assignment");
static CbStatement delete_memberships = DELETE_MADE("app_membership", "membership");

/* Parameters: account, what rows left behind, time.  The first of them was first. */
static CbStatement restore_memberships = {
	"WITH w AS ("
	"SELECT DISTINCT ON (" OLD_MEMBERSHIP("id") ")"
	" " OLD_MEMBERSHIP("id") "::pg_catalog.uuid AS id,"
	" " OLD_MEMBERSHIP("status") " AS status,"
	" " OLD_MEMBERSHIP("activated_at") "::pg_catalog.timestamptz AS activated_at,"
	" " OLD_MEMBERSHIP("deactivated_at") "::pg_catalog.timestamptz AS deactivated_at"
	" FROM pg_catalog.unnest($2) WITH ORDINALITY AS b (before, place)"
	" WHERE " OLD_MEMBERSHIP("id") " IS NOT NULL"
	" ORDER BY " OLD_MEMBERSHIP("id") ", b.place"
	"), d AS ("
	"UPDATE canopy.app_membership m SET status = w.status,"
	" activated_at = w.activated_at, deactivated_at = w.deactivated_at,"
	" updated_at = $3 FROM w"
	" WHERE m.account_id" EQ "$1 AND m.id" EQ "w.id RETURNING m.id"
	")" CB_UNDO_COUNTS,
	3, {UUIDOID, JSONBARRAYOID, TIMESTAMPTZOID}, SPI_OK_SELECT,
	.returns = CB_UNDO_RESULT
};

static void lock(const CbScope *scope, CbUndoItem *items, int n);
static void lock_to_write(const CbScope *scope, CbUndoItem *items, int n);
static void keep_invited(const CbScope *scope, CbUndoItem *items, int n);
static void keep_of_others(const CbScope *scope, CbUndoItem *items, int n);
static void keep_credentials(const CbScope *scope, const CbStandings *standings,
							 CbUndoItem *items, int n);
static const Jsonb *first_replaced(const CbUndoItem *item);

void
cb_identity_judge(const CbScope *scope, CbUndoItem *items, int n, int nparts)
{
	lock(scope, items, n);
	lock_to_write(scope, items, n);
	cb_identity_image_compare(scope, items, n, nparts);
	keep_invited(scope, items, n);
	if (scope->is_bound)
		keep_of_others(scope, items, n);
}

int
cb_identity_delete_created(const CbScope *scope, CbUndoItem **items, int n,
						   CbUndoItem **others)
{
	CbUndoItem **created = palloc(sizeof(CbUndoItem *) * n);
	int			ncreated = 0;
	int			nothers = 0;
	Datum		values[2];

	for (int i = 0; i < n; i++)
	{
		if (items[i]->created)
			created[ncreated++] = items[i];
		else
			others[nothers++] = items[i];
	}
	if (ncreated == 0)
		return nothers;
	values[0] = UUIDPGetDatum(&scope->account);
	values[1] = cb_undo_chosen_ids(created, ncreated);
	cb_undo_run(&delete_identities, values, ncreated);
	return nothers;
}

void
cb_identity_restore_memberships(const CbScope *scope, TimestampTz now,
								Datum before)
{
	Datum		values[3];

	values[0] = UUIDPGetDatum(&scope->account);
	values[1] = before;
	values[2] = TimestampTzGetDatum(now);
	cb_undo_run_all(&delete_assignments, values);
	cb_undo_run_all(&delete_memberships, values);
	cb_undo_run_all(&restore_memberships, values);
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

/* For a caller who is bound: whoever is no member any more is gone. */
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
		if (cb_access_check(&standings, &items[i].id, CB_ACCESS_MEMBER) != CB_OK)
			cb_undo_settle(&items[i], CB_UNDO_KEPT, CB_UNDO_GONE);
	}
	keep_credentials(scope, &standings, items, n);
}

/* What an account-wide caller set is not for a caller who is bound to take back. */
static void
keep_credentials(const CbScope *scope, const CbStandings *standings,
				 CbUndoItem *items, int n)
{
	Datum	   *ids = palloc(sizeof(Datum) * (n + 1));
	Datum	   *replaced = palloc(sizeof(Datum) * (n + 1));
	Datum		values[3];
	bool		isnull;
	uint64		nfound;
	int			nids = 0;

	for (int i = 0; i < n; i++)
	{
		const Jsonb *old = first_replaced(&items[i]);

		if (items[i].outcome != CB_UNDO_PENDING || items[i].created || old == NULL)
			continue;
		ids[nids] = UUIDPGetDatum(&items[i].id);
		replaced[nids++] = JsonbPGetDatum(old);
	}
	values[0] = UUIDPGetDatum(&scope->account);
	values[1] = cb_statement_array(ids, NULL, nids, UUIDOID);
	values[2] = cb_statement_array(replaced, NULL, nids, JSONBOID);
	nfound = cb_statement_run(&find_credentials, values, NULL);
	for (uint64 i = 0; i < nfound; i++)
	{
		const pg_uuid_t *id = DatumGetUUIDP(cb_statement_value(i, 1, &isnull));
		bool		credential = DatumGetBool(cb_statement_value(i, 2, &isnull));
		bool		external_id = DatumGetBool(cb_statement_value(i, 3, &isnull));

		if ((credential &&
			 cb_access_check(standings, id, CB_ACCESS_CREDENTIAL) != CB_OK) ||
			(external_id &&
			 cb_access_check(standings, id, CB_ACCESS_EXTERNAL_ID) != CB_OK))
			cb_undo_settle(cb_undo_find(items, n, id), CB_UNDO_KEPT,
						   CB_UNDO_FORBIDDEN);
	}
	cb_statement_free();
}

/* Values of the identity that a row has replaced, as the first such row has them. */
static const Jsonb *
first_replaced(const CbUndoItem *item)
{
	for (int i = 0; i < item->nbefore; i++)
	{
		JsonbValue *value = item->before[i] == NULL ? NULL :
		cb_stored_member(&item->before[i]->root, "identity");

		if (value != NULL && value->type == jbvBinary)
			return JsonbValueToJsonb(value);
	}
	return NULL;
}
