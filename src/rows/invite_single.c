/*-------------------------------------------------------------------------
 *
 * invite_single.c
 *		One invite: found, and changed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/int.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/statement.h"
#include "rows/invite_single.h"
#include "settings.h"

#define EQ " OPERATOR(pg_catalog.=) "

#define COLUMNS \
	CB_INVITE_COLUMNS "," \
	" (SELECT a.name FROM canopy.application a" \
	" WHERE a.account_id" EQ "$1 AND a.id" EQ "v.application_id)"
#define RESULT		CB_INVITE_RESULT ", application_name text?"

/* Parameters: account, token_hash. */
#define BY_TOKEN \
	"SELECT " COLUMNS " FROM canopy.identity_invite v" \
	" WHERE v.account_id" EQ "$1 AND v.token_hash" EQ "$2"
#define TOKEN_TYPES \
	2, {UUIDOID, BYTEAOID}, SPI_OK_SELECT, .returns = RESULT

static CbStatement find_by_token = {BY_TOKEN, TOKEN_TYPES};
static CbStatement lock_by_token = {BY_TOKEN " FOR UPDATE OF v", TOKEN_TYPES};

/* Parameters: account, id, application and environment or nulls. */
static CbStatement lock_by_id = {
	"SELECT " COLUMNS " FROM canopy.identity_invite v"
	" WHERE v.account_id" EQ "$1 AND v.id" EQ "$2"
	" AND ($3 IS NULL OR v.application_id" EQ "$3)"
	" AND ($4 IS NULL OR v.environment_id" EQ "$4)"
	" FOR UPDATE OF v",
	4, {UUIDOID, UUIDOID, UUIDOID, UUIDOID}, SPI_OK_SELECT,
	.returns = RESULT
};

/* Parameters: account, id, token_hash, time, expires_at. */
static CbStatement reissue_token = {
	"UPDATE canopy.identity_invite SET token_hash = $3, issued_at = $4,"
	" expires_at = $5, updated_at = $4"
	" WHERE account_id" EQ "$1 AND id" EQ "$2",
	5, {UUIDOID, UUIDOID, BYTEAOID, TIMESTAMPTZOID, TIMESTAMPTZOID},
	SPI_OK_UPDATE
};

/* Parameters: account, id, status, time, and again where it is of that status. */
static CbStatement set_status = {
	"UPDATE canopy.identity_invite SET status = $3, updated_at = $4,"
	" accepted_at = $5, revoked_at = $6"
	" WHERE account_id" EQ "$1 AND id" EQ "$2",
	6, {UUIDOID, UUIDOID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID,
	TIMESTAMPTZOID}, SPI_OK_UPDATE
};

/* For read_found. */
typedef struct Reading
{
	CbInviteFound *found;
	MemoryContext context;
	int			n;
} Reading;

static TimestampTz renewed_end(const CbInvite *invite, TimestampTz now);
static bool find(CbStatement *statement, Datum *values, const char *nulls,
				 CbInviteFound *found);
static void read_found(void *arg, const Datum *values, const bool *nulls);
static void change(CbStatement *statement, Datum *values, const char *nulls);

bool
cb_invite_find_token(const pg_uuid_t *account, const char *token, bool lock,
					 CbInviteFound *found)
{
	Datum		values[2];

	values[0] = UUIDPGetDatum(account);
	values[1] = cb_token_hash_datum(token);
	return find(lock ? &lock_by_token : &find_by_token, values, NULL, found);
}

bool
cb_invite_lock_id(const CbScope *scope, const pg_uuid_t *id,
				  CbInviteFound *found)
{
	Datum		values[4];
	char		nulls[4] = {' ', ' ', ' ', ' '};

	values[0] = UUIDPGetDatum(&scope->account);
	values[1] = UUIDPGetDatum(id);
	values[2] = UUIDPGetDatum(&scope->application);
	nulls[2] = scope->has_application ? ' ' : 'n';
	values[3] = UUIDPGetDatum(&scope->environment);
	nulls[3] = scope->has_environment ? ' ' : 'n';
	return find(&lock_by_id, values, nulls, found);
}

void
cb_invite_reissue(const pg_uuid_t *account, CbInvite *invite,
				  const char *token, TimestampTz now)
{
	Datum		values[5];

	invite->expires_at = renewed_end(invite, now);
	invite->issued_at = now;
	values[0] = UUIDPGetDatum(account);
	values[1] = UUIDPGetDatum(&invite->id);
	values[2] = cb_token_hash_datum(token);
	values[3] = TimestampTzGetDatum(now);
	values[4] = TimestampTzGetDatum(invite->expires_at);
	change(&reissue_token, values, NULL);
	cb_outbox_withdraw(account, &invite->id, 1);
}

/* As long from now as it was good before; by the setting when that is no time. */
static TimestampTz
renewed_end(const CbInvite *invite, TimestampTz now)
{
	int64		length;
	TimestampTz end;

	if (TIMESTAMP_IS_NOEND(invite->expires_at))
		return invite->expires_at;
	if (TIMESTAMP_NOT_FINITE(invite->expires_at) ||
		TIMESTAMP_NOT_FINITE(invite->issued_at) ||
		pg_sub_s64_overflow(invite->expires_at, invite->issued_at, &length) ||
		pg_add_s64_overflow(now, length, &end) || !IS_VALID_TIMESTAMP(end))
		return now + cb_invite_expires_in * USECS_PER_SEC;
	return end;
}

void
cb_invite_finish(const pg_uuid_t *account, const CbInvite *invite,
				 const char *status, TimestampTz now)
{
	Datum		values[6];
	char		nulls[6] = {' ', ' ', ' ', ' ', 'n', 'n'};

	values[0] = UUIDPGetDatum(account);
	values[1] = UUIDPGetDatum(&invite->id);
	values[2] = CStringGetTextDatum(status);
	values[3] = values[4] = values[5] = TimestampTzGetDatum(now);
	nulls[strcmp(status, "accepted") == 0 ? 4 : 5] = ' ';
	change(&set_status, values, nulls);
	cb_outbox_withdraw(account, &invite->id, 1);
}

static bool
find(CbStatement *statement, Datum *values, const char *nulls,
	 CbInviteFound *found)
{
	Reading		reading = {found, CurrentMemoryContext, 0};

	cb_statement_stream(statement, values, nulls, false, read_found, &reading);
	return reading.n == 1;
}

static void
read_found(void *arg, const Datum *values, const bool *nulls)
{
	Reading    *reading = arg;
	MemoryContext old = MemoryContextSwitchTo(reading->context);
	CbInviteFound *found = reading->found;

	cb_invite_read(&found->invite, values, nulls);
	found->application_name = nulls[CB_INVITE_NCOLUMNS] ? NULL :
		TextDatumGetCString(values[CB_INVITE_NCOLUMNS]);
	reading->n++;
	MemoryContextSwitchTo(old);
}

static void
change(CbStatement *statement, Datum *values, const char *nulls)
{
	if (cb_statement_run(statement, values, nulls) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("invite was not changed"),
				 errhint("Look for a trigger or rule on canopy.identity_invite.")));
	cb_statement_free();
}
