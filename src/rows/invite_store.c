/*-------------------------------------------------------------------------
 *
 * invite_store.c
 *		Rows of canopy.identity_invite.
 *
 * That an invite has expired is known by its time; the row is marked when the
 * next one takes its place.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/statement.h"
#include "db/uuid7.h"
#include "rows/invite_store.h"

#define EQ " OPERATOR(pg_catalog.=) "

/* An address whose pending invite goes away between two statements is given up on. */
#define ATTEMPTS	3

/* Parameters: account, time; arrays of email, pending_for. */
#define KEY_TYPES \
	4, {UUIDOID, TIMESTAMPTZOID, TEXTARRAYOID, UUIDARRAYOID}, SPI_OK_SELECT

static CbStatement expire_invites = {
	"WITH old AS ("
	"SELECT v.id FROM ROWS FROM (pg_catalog.unnest($3), pg_catalog.unnest($4))"
	" AS u (email, pending_for)"
	" JOIN canopy.identity_invite v ON v.account_id" EQ "$1"
	" AND v.email" EQ "u.email AND v.pending_for" EQ "u.pending_for"
	" WHERE v.expires_at OPERATOR(pg_catalog.<=) $2"
	" ORDER BY v.email FOR UPDATE OF v"
	"), e AS ("
	"UPDATE canopy.identity_invite v SET status = 'expired', updated_at = $2"
	" FROM old WHERE v.account_id" EQ "$1 AND v.id" EQ "old.id"
	" RETURNING v.id"
	") SELECT id FROM e",
	KEY_TYPES,.returns = "id uuid"
};

static CbStatement find_pending = {
	"SELECT " CB_INVITE_COLUMNS ", u.place"
	" FROM ROWS FROM (pg_catalog.unnest($3), pg_catalog.unnest($4))"
	" WITH ORDINALITY AS u (email, pending_for, place)"
	" JOIN canopy.identity_invite v ON v.account_id" EQ "$1"
	" AND v.email" EQ "u.email AND v.pending_for" EQ "u.pending_for"
	" WHERE $2 IS NOT NULL",
	4, {UUIDOID, TIMESTAMPTZOID, TEXTARRAYOID, UUIDARRAYOID}, SPI_OK_SELECT, true,
	.returns = CB_INVITE_RESULT ", place int8"
};

/*
 * Parameters: account, time, environment, invited_by, inviter_email; arrays of
 * id, application, email, intent, first_name, last_name, role, node, client,
 * identity, token_hash, locale, send_email, expires_at, in the order of the ids.
 */
static CbStatement insert_invites = {
	"WITH v AS ("
	"INSERT INTO canopy.identity_invite AS v (account_id, id, application_id,"
	" environment_id, email, intent, first_name, last_name, role_id, node_id,"
	" client_id, identity_id, token_hash, locale, send_email, expires_at,"
	" invited_by, inviter_email, issued_at, created_at, updated_at)"
	" SELECT $1, u.id, u.application_id, $3, u.email, u.intent, u.first_name,"
	" u.last_name, u.role_id, u.node_id, u.client_id, u.identity_id,"
	" u.token_hash, u.locale, u.send_email, u.expires_at, $4, $5, $2, $2, $2"
	" FROM ROWS FROM (pg_catalog.unnest($6), pg_catalog.unnest($7),"
	" pg_catalog.unnest($8), pg_catalog.unnest($9), pg_catalog.unnest($10),"
	" pg_catalog.unnest($11), pg_catalog.unnest($12), pg_catalog.unnest($13),"
	" pg_catalog.unnest($14), pg_catalog.unnest($15), pg_catalog.unnest($16),"
	" pg_catalog.unnest($17), pg_catalog.unnest($18), pg_catalog.unnest($19))"
	" AS u (id, application_id, email, intent, first_name, last_name, role_id,"
	" node_id, client_id, identity_id, token_hash, locale, send_email,"
	" expires_at)"
	" ORDER BY u.id"
	" ON CONFLICT (account_id, email, pending_for) DO NOTHING"
	" RETURNING v.*"
	") SELECT " CB_INVITE_COLUMNS " FROM v",
	19, {UUIDOID, TIMESTAMPTZOID, UUIDOID, TEXTOID, TEXTOID, UUIDARRAYOID,
		UUIDARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID,
		UUIDARRAYOID, UUIDARRAYOID, UUIDARRAYOID, UUIDARRAYOID, BYTEAARRAYOID,
	TEXTARRAYOID, BOOLARRAYOID, TIMESTAMPTZARRAYOID}, SPI_OK_SELECT,
	.returns = CB_INVITE_RESULT
};

#define NSCALARS	5			/* parameters of an insert before its arrays */
#define NCOLUMNS	14			/* arrays of an insert */

/* Wishes that are being written, or looked for. */
typedef struct Reading
{
	const CbBatch *batch;
	CbInviteWish **wishes;
	int			n;
	int			next;			/* where the next row that comes back may
								 * stand */
	pg_uuid_t  *expired;
	int			nexpired;
} Reading;

const char *const cb_invite_tables[] = {"identity_invite", "outbox", NULL};

static void write_rest(const CbBatch *batch, CbInviteWish *wishes, int n);
static void fill_keys(const Reading *reading, Datum *values);
static const pg_uuid_t *pending_for(const CbBatch *batch,
									const CbInvite *invite);
static void expire(Reading *reading);
static void read_expired(void *arg, const Datum *values, const bool *nulls);
static void insert(Reading *reading);
static void fill_columns(const Reading *reading, Datum **columns, bool **nulls);
static void put_text(const CbText *value, Datum *column, bool *isnull);
static void put_uuid(const CbUuid *value, Datum *column, bool *isnull);
static void read_written(void *arg, const Datum *values, const bool *nulls);
static void read_pending(void *arg, const Datum *values, const bool *nulls);
static void read_stored(const Reading *reading, CbInvite *invite,
						const Datum *values, const bool *nulls);

void
cb_invite_ensure(const CbBatch *batch, CbInviteWish *wishes, int n)
{
	for (int i = 0; i < n; i++)
		wishes[i].outcome = CB_PENDING;
	for (int attempt = 0; attempt < ATTEMPTS; attempt++)
		write_rest(batch, wishes, n);
}

static void
write_rest(const CbBatch *batch, CbInviteWish *wishes, int n)
{
	Reading		reading = {batch};
	Datum		values[4];

	reading.wishes = palloc(sizeof(CbInviteWish *) * (n + 1));
	for (int i = 0; i < n; i++)
	{
		if (wishes[i].outcome == CB_PENDING)
			reading.wishes[reading.n++] = &wishes[i];
	}
	if (reading.n == 0)
		return;
	expire(&reading);
	insert(&reading);
	for (int i = n = 0; i < reading.n; i++)
	{
		if (reading.wishes[i]->outcome == CB_PENDING)
			reading.wishes[n++] = reading.wishes[i];
	}
	reading.n = n;
	if (n == 0)
		return;
	fill_keys(&reading, values);
	cb_statement_stream(&find_pending, values, NULL, false,
						read_pending, &reading);
}

/* Fills the parameters of KEY_TYPES. */
static void
fill_keys(const Reading *reading, Datum *values)
{
	Datum	   *emails = palloc(sizeof(Datum) * reading->n);
	Datum	   *places = palloc(sizeof(Datum) * reading->n);

	for (int i = 0; i < reading->n; i++)
	{
		const CbInvite *invite = reading->wishes[i]->invite;

		emails[i] = CStringGetTextDatum(invite->email);
		places[i] = UUIDPGetDatum(pending_for(reading->batch, invite));
	}
	values[0] = UUIDPGetDatum(&reading->batch->scope.account);
	values[1] = TimestampTzGetDatum(reading->batch->now);
	values[2] = cb_statement_array(emails, NULL, reading->n, TEXTOID);
	values[3] = cb_statement_array(places, NULL, reading->n, UUIDOID);
}

/* As the column of that name, for an invite that is pending. */
static const pg_uuid_t *
pending_for(const CbBatch *batch, const CbInvite *invite)
{
	if (invite->intent == cb_intent_password_reset)
		return &invite->identity_id.id;
	return invite->environment_id.given ?
		&invite->environment_id.id : &batch->scope.account;
}

static void
expire(Reading *reading)
{
	Datum		values[4];

	reading->expired = palloc(sizeof(pg_uuid_t) * reading->n);
	fill_keys(reading, values);
	cb_statement_stream(&expire_invites, values, NULL, false,
						read_expired, reading);
	cb_outbox_withdraw(&reading->batch->scope.account, reading->expired,
					   reading->nexpired);
}

static void
read_expired(void *arg, const Datum *values, const bool *nulls)
{
	Reading    *reading = arg;

	if (reading->nexpired < reading->n)
		reading->expired[reading->nexpired++] = *DatumGetUUIDP(values[0]);
}

static void
insert(Reading *reading)
{
	static const Oid types[NCOLUMNS] = {
		UUIDOID, UUIDOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, UUIDOID, UUIDOID,
		UUIDOID, UUIDOID, BYTEAOID, TEXTOID, BOOLOID, TIMESTAMPTZOID
	};
	const CbBatch *batch = reading->batch;
	const CbInvite *first = reading->wishes[0]->invite;
	Datum	   *columns[NCOLUMNS];
	bool	   *nulls[NCOLUMNS];
	Datum		values[NSCALARS + NCOLUMNS];
	char		isnull[NSCALARS + NCOLUMNS];

	for (int i = 0; i < NCOLUMNS; i++)
	{
		columns[i] = palloc0(sizeof(Datum) * reading->n);
		nulls[i] = palloc0(sizeof(bool) * reading->n);
	}
	fill_columns(reading, columns, nulls);
	memset(isnull, ' ', sizeof(isnull));
	values[0] = UUIDPGetDatum(&batch->scope.account);
	values[1] = TimestampTzGetDatum(batch->now);
	values[2] = UUIDPGetDatum(&batch->scope.environment);
	isnull[2] = batch->scope.has_environment ? ' ' : 'n';
	isnull[3] = first->invited_by == NULL ? 'n' : ' ';
	if (first->invited_by != NULL)
		values[3] = CStringGetTextDatum(first->invited_by);
	isnull[4] = first->inviter_email == NULL ? 'n' : ' ';
	if (first->inviter_email != NULL)
		values[4] = CStringGetTextDatum(first->inviter_email);
	for (int i = 0; i < NCOLUMNS; i++)
		values[NSCALARS + i] = cb_statement_array(columns[i], nulls[i],
												  reading->n, types[i]);
	reading->next = 0;
	cb_statement_stream(&insert_invites, values, isnull, false,
						read_written, reading);
}

static void
fill_columns(const Reading *reading, Datum **columns, bool **nulls)
{
	for (int i = 0; i < reading->n; i++)
	{
		CbInviteWish *wish = reading->wishes[i];
		const CbInvite *invite = wish->invite;

		cb_uuid7_make(&wish->new_id);
		columns[0][i] = UUIDPGetDatum(&wish->new_id);
		put_uuid(&invite->application_id, &columns[1][i], &nulls[1][i]);
		columns[2][i] = CStringGetTextDatum(invite->email);
		columns[3][i] = CStringGetTextDatum(invite->intent);
		put_text(&invite->first_name, &columns[4][i], &nulls[4][i]);
		put_text(&invite->last_name, &columns[5][i], &nulls[5][i]);
		put_uuid(&invite->role_id, &columns[6][i], &nulls[6][i]);
		put_uuid(&invite->node_id, &columns[7][i], &nulls[7][i]);
		put_uuid(&invite->client_id, &columns[8][i], &nulls[8][i]);
		put_uuid(&invite->identity_id, &columns[9][i], &nulls[9][i]);
		columns[10][i] = cb_token_hash_datum(wish->token);
		nulls[11][i] = invite->locale == NULL;
		if (invite->locale != NULL)
			columns[11][i] = CStringGetTextDatum(invite->locale);
		columns[12][i] = BoolGetDatum(invite->send_email);
		columns[13][i] = TimestampTzGetDatum(invite->expires_at);
	}
}

static void
put_text(const CbText *value, Datum *column, bool *isnull)
{
	*isnull = value->val == NULL;
	if (!*isnull)
		*column = cb_text_datum(value);
}

static void
put_uuid(const CbUuid *value, Datum *column, bool *isnull)
{
	*isnull = !value->given;
	*column = UUIDPGetDatum(&value->id);
}

/* Rows come back with the ids they were given, in their order. */
static void
read_written(void *arg, const Datum *values, const bool *nulls)
{
	Reading    *reading = arg;
	CbInviteWish *wish;

	while (reading->next < reading->n &&
		   cb_uuid_compare(&reading->wishes[reading->next]->new_id,
						   DatumGetUUIDP(values[0])) != 0)
		reading->next++;
	if (reading->next == reading->n)
		return;
	wish = reading->wishes[reading->next++];
	read_stored(reading, &wish->stored, values, nulls);
	wish->outcome = CB_CREATED;
}

static void
read_pending(void *arg, const Datum *values, const bool *nulls)
{
	Reading    *reading = arg;
	int64		place = DatumGetInt64(values[CB_INVITE_NCOLUMNS]);
	CbInviteWish *wish = reading->wishes[place - 1];

	read_stored(reading, &wish->stored, values, nulls);
	wish->outcome = CB_SKIPPED;
}

static void
read_stored(const Reading *reading, CbInvite *invite, const Datum *values,
			const bool *nulls)
{
	MemoryContext old = MemoryContextSwitchTo(reading->batch->context);

	cb_invite_read(invite, values, nulls);
	MemoryContextSwitchTo(old);
}
