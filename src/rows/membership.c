/*-------------------------------------------------------------------------
 *
 * membership.c
 *		Rows of canopy.app_membership.
 *
 * An identity that was a member before becomes one again in the row it had; a
 * membership that is active, invited or suspended is somebody's decision and is
 * not overruled.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/statement.h"
#include "db/stored.h"
#include "db/uuid7.h"
#include "rows/membership.h"

#define EQ " OPERATOR(pg_catalog.=) "

#define ON_CONFLICT_REACTIVATE \
	" ON CONFLICT (account_id, identity_id, application_id) DO UPDATE" \
	" SET status = 'active', activated_at = $2, deactivated_at = NULL," \
	" updated_at = $2" \
	" WHERE m.status" EQ "'deactivated'"

/*
 * Parameters: account, time; arrays of new id, identity, application, in the
 * order of the new ids.
 */
#define INSERT_MEMBERSHIPS(on_conflict) { \
	"WITH i AS (" \
	"INSERT INTO canopy.app_membership AS m (account_id, id, identity_id," \
	" application_id, status, activated_at, created_at, updated_at)" \
	" SELECT $1, u.id, u.identity_id, u.application_id, 'active', $2, $2, $2" \
	" FROM ROWS FROM (pg_catalog.unnest($3), pg_catalog.unnest($4)," \
	" pg_catalog.unnest($5)) AS u (id, identity_id, application_id)" \
	" ORDER BY u.id" on_conflict \
	" RETURNING " CB_MEMBERSHIP_COLUMNS \
	") SELECT * FROM i", \
	5, {UUIDOID, TIMESTAMPTZOID, UUIDARRAYOID, UUIDARRAYOID, UUIDARRAYOID}, \
	SPI_OK_SELECT, .returns = CB_MEMBERSHIP_RESULT}

static CbStatement ensure_memberships = INSERT_MEMBERSHIPS(ON_CONFLICT_REACTIVATE);
static CbStatement insert_memberships = INSERT_MEMBERSHIPS("");

/* The same for one wish: account, time, new id, identity, application. */
static CbStatement ensure_membership = {
	"INSERT INTO canopy.app_membership AS m (account_id, id, identity_id,"
	" application_id, status, activated_at, created_at, updated_at)"
	" VALUES ($1, $3, $4, $5, 'active', $2, $2, $2)" ON_CONFLICT_REACTIVATE
	" RETURNING " CB_MEMBERSHIP_COLUMNS,
	5, {UUIDOID, TIMESTAMPTZOID, UUIDOID, UUIDOID, UUIDOID},
	SPI_OK_INSERT_RETURNING,
	.returns = CB_MEMBERSHIP_RESULT
};

/* Parameters: account; arrays of identity, application. */
static CbStatement find_memberships = {
	"SELECT " CB_MEMBERSHIP_COLUMNS
	" FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3))"
	" AS u (identity_id, application_id)"
	" JOIN canopy.app_membership m ON m.account_id" EQ "$1"
	" AND m.identity_id" EQ "u.identity_id"
	" AND m.application_id" EQ "u.application_id",
	3, {UUIDOID, UUIDARRAYOID, UUIDARRAYOID}, SPI_OK_SELECT,
	.returns = CB_MEMBERSHIP_RESULT
};

/* The same, locked, and with what an update replaces. */
static CbStatement remember_memberships = {
	"SELECT u.place, pg_catalog.jsonb_build_object('id', m.id, 'status', m.status,"
	" 'activated_at', m.activated_at, 'deactivated_at', m.deactivated_at)"
	" FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3))"
	" WITH ORDINALITY AS u (identity_id, application_id, place)"
	" JOIN canopy.app_membership m ON m.account_id" EQ "$1"
	" AND m.identity_id" EQ "u.identity_id"
	" AND m.application_id" EQ "u.application_id"
	" ORDER BY u.place FOR NO KEY UPDATE OF m",
	3, {UUIDOID, UUIDARRAYOID, UUIDARRAYOID}, SPI_OK_SELECT,
	.returns = "place int8, old jsonb"
};

/* For read_old. */
typedef struct Remembering
{
	const CbBatch *batch;
	CbMembershipWish *wishes;
} Remembering;

/* For the other readers. */
typedef struct Reading
{
	CbMembershipWish *wishes;
	int			n;
	int			next;			/* rows mostly come in the order of the wishes */
} Reading;

static void read_old(void *arg, const Datum *values, const bool *nulls);
static void insert_wishes(const CbBatch *batch, CbMembershipWish *wishes, int n);
static void find_rest(const CbBatch *batch, CbMembershipWish *wishes, int n);
static void read_written(void *arg, const Datum *values, const bool *nulls);
static void read_found(void *arg, const Datum *values, const bool *nulls);
static CbMembershipWish *match_wish(Reading *reading, const Datum *values);

const char *const cb_membership_tables[] = {"app_membership", NULL};

void
cb_membership_ensure(const CbBatch *batch, CbMembershipWish *wishes, int n)
{
	for (int i = 0; i < n; i++)
	{
		cb_uuid7_make(&wishes[i].new_id);
		wishes[i].outcome = CB_FAILED;
	}
	if (n > 0)
	{
		insert_wishes(batch, wishes, n);
		find_rest(batch, wishes, n);
	}
}

void
cb_membership_remember(const CbBatch *batch, CbMembershipWish *wishes, int n)
{
	Datum	   *identities = palloc(sizeof(Datum) * (n + 1));
	Datum	   *applications = palloc(sizeof(Datum) * (n + 1));
	Remembering remembering = {batch, wishes};
	Datum		values[3];

	for (int i = 0; i < n; i++)
	{
		wishes[i].old = NULL;
		identities[i] = UUIDPGetDatum(&wishes[i].identity);
		applications[i] = UUIDPGetDatum(&wishes[i].application);
	}
	if (n == 0)
		return;
	values[0] = UUIDPGetDatum(&batch->scope.account);
	values[1] = cb_statement_array(identities, NULL, n, UUIDOID);
	values[2] = cb_statement_array(applications, NULL, n, UUIDOID);
	cb_statement_stream(&remember_memberships, values, NULL, false,
						read_old, &remembering);
}

static void
read_old(void *arg, const Datum *values, const bool *nulls)
{
	const Remembering *remembering = arg;
	CbMembershipWish *wish = &remembering->wishes[DatumGetInt64(values[0]) - 1];
	MemoryContext old = MemoryContextSwitchTo(remembering->batch->context);

	wish->old = DatumGetJsonbPCopy(values[1]);
	MemoryContextSwitchTo(old);
}

static void
insert_wishes(const CbBatch *batch, CbMembershipWish *wishes, int n)
{
	Datum	   *ids = palloc(sizeof(Datum) * n);
	Datum	   *identities = palloc(sizeof(Datum) * n);
	Datum	   *applications = palloc(sizeof(Datum) * n);
	Reading		reading = {wishes, n, 0};
	Datum		values[5];

	values[0] = UUIDPGetDatum(&batch->scope.account);
	values[1] = TimestampTzGetDatum(batch->now);
	if (n == 1)
	{
		values[2] = UUIDPGetDatum(&wishes->new_id);
		values[3] = UUIDPGetDatum(&wishes->identity);
		values[4] = UUIDPGetDatum(&wishes->application);
		cb_statement_stream(&ensure_membership, values, NULL, batch->trusted,
							read_written, &reading);
		return;
	}
	for (int i = 0; i < n; i++)
	{
		ids[i] = UUIDPGetDatum(&wishes[i].new_id);
		identities[i] = UUIDPGetDatum(&wishes[i].identity);
		applications[i] = UUIDPGetDatum(&wishes[i].application);
	}
	values[2] = cb_statement_array(ids, NULL, n, UUIDOID);
	values[3] = cb_statement_array(identities, NULL, n, UUIDOID);
	values[4] = cb_statement_array(applications, NULL, n, UUIDOID);
	cb_statement_stream(batch->confident ? &insert_memberships : &ensure_memberships,
						values, NULL, batch->trusted,
						read_written, &reading);
}

/* Reads the memberships that were there and have been left alone. */
static void
find_rest(const CbBatch *batch, CbMembershipWish *wishes, int n)
{
	Datum	   *identities = palloc(sizeof(Datum) * n);
	Datum	   *applications = palloc(sizeof(Datum) * n);
	Reading		reading = {wishes, n, 0};
	Datum		values[3];
	int			nrest = 0;

	for (int i = 0; i < n; i++)
	{
		if (wishes[i].outcome != CB_FAILED)
			continue;
		identities[nrest] = UUIDPGetDatum(&wishes[i].identity);
		applications[nrest++] = UUIDPGetDatum(&wishes[i].application);
	}
	if (nrest == 0)
		return;
	values[0] = UUIDPGetDatum(&batch->scope.account);
	values[1] = cb_statement_array(identities, NULL, nrest, UUIDOID);
	values[2] = cb_statement_array(applications, NULL, nrest, UUIDOID);
	cb_statement_stream(&find_memberships, values, NULL, false,
						read_found, &reading);
}

static void
read_written(void *arg, const Datum *values, const bool *nulls)
{
	CbMembershipWish *wish = match_wish(arg, values);

	if (wish == NULL)
		return;
	cb_membership_read(&wish->membership, values, nulls);
	wish->outcome = cb_uuid_compare(&wish->membership.id, &wish->new_id) == 0 ?
		CB_CREATED : CB_UPDATED;
}

static void
read_found(void *arg, const Datum *values, const bool *nulls)
{
	CbMembershipWish *wish = match_wish(arg, values);

	if (wish == NULL)
		return;
	cb_membership_read(&wish->membership, values, nulls);
	wish->outcome = CB_SKIPPED;
}

/* The wish that the row is for; NULL when a trigger has made it another's. */
static CbMembershipWish *
match_wish(Reading *reading, const Datum *values)
{
	for (int i = 0; i < reading->n; i++)
	{
		CbMembershipWish *wish;

		wish = &reading->wishes[(reading->next + i) % reading->n];
		if (cb_uuid_compare(&wish->identity, DatumGetUUIDP(values[1])) == 0 &&
			cb_uuid_compare(&wish->application, DatumGetUUIDP(values[2])) == 0)
		{
			reading->next += i + 1;
			return wish;
		}
	}
	return NULL;
}

void
cb_membership_read(CbMembership *membership, const Datum *values,
				   const bool *nulls)
{
	membership->id = *DatumGetUUIDP(values[0]);
	membership->identity_id = *DatumGetUUIDP(values[1]);
	membership->application_id = *DatumGetUUIDP(values[2]);
	membership->status = cb_membership_status(values[3]);
	membership->invited_at = cb_time_read(values[4], nulls[4]);
	membership->activated_at = cb_time_read(values[5], nulls[5]);
	membership->deactivated_at = cb_time_read(values[6], nulls[6]);
	membership->created_at = DatumGetTimestampTz(values[7]);
}

void
cb_membership_encode(const CbMembership *membership, CbJson *json)
{
	cb_json_uuid(json, &membership->id);
	cb_json_cstring(json, membership->status);
	cb_json_timestamp(json, membership->created_at);
	cb_json_time(json, &membership->invited_at);
	cb_json_uuid(json, &membership->identity_id);
	cb_json_time(json, &membership->activated_at);
	cb_json_uuid(json, &membership->application_id);
	cb_json_time(json, &membership->deactivated_at);
}

const char *
cb_membership_status(Datum status)
{
	static const char *const all[] = {
		"active", "invited", "deactivated", "suspended"
	};
	char	   *word = TextDatumGetCString(status);

	return all[cb_stored_word(word, all, lengthof(all), "app_membership.status")];
}
