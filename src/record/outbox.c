/*-------------------------------------------------------------------------
 *
 * outbox.c
 *		Mail that is to be sent.
 *
 *		queued -> claimed -> sent | failed | queued again		or withdrawn
 *
 * The database sends no mail.  A row stands for one in the transaction that is
 * its reason, and is gone with it; a sender outside claims it, for a while.  A
 * sender that dies lets its lease end, and the mail is claimed again.  What
 * fences a sender that comes back late is the number of its attempt.
 *
 * The link, which may hold a token, stays only while it is still to be sent.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/async.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/uuid7.h"
#include "record/outbox.h"
#include "secret/token.h"
#include "settings.h"

#define EQ " OPERATOR(pg_catalog.=) "
#define REASON_MAX_LEN		500 /* bytes */
#define BACKOFF_MAX			(6 * 3600)	/* seconds */

/*
 * Parameters: account, time; arrays of id, kind, invite, identity, recipient,
 * locale, payload, link, in the order of the ids.
 */
static CbStatement insert_mails = {
	"WITH i AS ("
	"INSERT INTO canopy.outbox (account_id, id, kind, invite_id, identity_id,"
	" recipient, locale, payload, link, next_attempt_at, created_at)"
	" SELECT $1, u.id, u.kind, u.invite_id, u.identity_id, u.recipient,"
	" u.locale, u.payload, u.link, $2, $2"
	" FROM ROWS FROM (pg_catalog.unnest($3), pg_catalog.unnest($4),"
	" pg_catalog.unnest($5), pg_catalog.unnest($6), pg_catalog.unnest($7),"
	" pg_catalog.unnest($8), pg_catalog.unnest($9), pg_catalog.unnest($10))"
	" AS u (id, kind, invite_id, identity_id, recipient, locale, payload, link)"
	" ORDER BY u.id"
	" RETURNING id"
	") SELECT id FROM i",
	10, {UUIDOID, TIMESTAMPTZOID, UUIDARRAYOID, TEXTARRAYOID, UUIDARRAYOID,
	UUIDARRAYOID, TEXTARRAYOID, TEXTARRAYOID, JSONBARRAYOID, TEXTARRAYOID},
	SPI_OK_SELECT,
	.returns = "id uuid"
};

/* Parameters: account, invites. */
static CbStatement withdraw_mails = {
	"UPDATE canopy.outbox SET status = 'withdrawn', link = NULL,"
	" next_attempt_at = NULL"
	" WHERE account_id" EQ "$1 AND invite_id" EQ "ANY ($2)"
	" AND next_attempt_at IS NOT NULL",
	2, {UUIDOID, UUIDARRAYOID}, SPI_OK_UPDATE
};

/* Parameters of both: account, mails. */
static CbStatement delete_unclaimed = {
	"DELETE FROM canopy.outbox"
	" WHERE account_id" EQ "$1 AND id" EQ "ANY ($2)"
	" AND attempt_count" EQ "0 AND next_attempt_at IS NOT NULL",
	2, {UUIDOID, UUIDARRAYOID}, SPI_OK_DELETE
};

static CbStatement withdraw_claimed = {
	"UPDATE canopy.outbox SET status = 'withdrawn', link = NULL,"
	" next_attempt_at = NULL"
	" WHERE account_id" EQ "$1 AND id" EQ "ANY ($2)"
	" AND next_attempt_at IS NOT NULL",
	2, {UUIDOID, UUIDARRAYOID}, SPI_OK_UPDATE
};

/* Parameters: account, identity, kind. */
static CbStatement withdraw_kind = {
	"UPDATE canopy.outbox SET status = 'withdrawn', link = NULL,"
	" next_attempt_at = NULL"
	" WHERE account_id" EQ "$1 AND identity_id" EQ "$2 AND kind" EQ "$3"
	" AND next_attempt_at IS NOT NULL",
	3, {UUIDOID, UUIDOID, TEXTOID}, SPI_OK_UPDATE
};

/*
 * Parameters: account, time, mails at most, end of the lease, attempts at most.
 * The last column says whether it was claimed, and not given up.  Of a range with
 * two ends the planner expects few rows, and takes the index; of one that is open
 * it expects a third of the table, and would read and sort it.
 */
static CbStatement claim_mails = {
	"WITH due AS ("
	"SELECT id, attempt_count OPERATOR(pg_catalog.<) $5 AS good"
	" FROM canopy.outbox"
	" WHERE account_id" EQ "$1"
	" AND next_attempt_at OPERATOR(pg_catalog.>=) '-infinity'::pg_catalog.timestamptz"
	" AND next_attempt_at OPERATOR(pg_catalog.<=) $2"
	" ORDER BY next_attempt_at, id LIMIT $3 FOR UPDATE SKIP LOCKED"
	"), c AS ("
	"UPDATE canopy.outbox o SET"
	" status = CASE WHEN due.good THEN 'claimed' ELSE 'failed' END,"
	" attempt_count = o.attempt_count OPERATOR(pg_catalog.+)"
	" CASE WHEN due.good THEN 1 ELSE 0 END,"
	" next_attempt_at = CASE WHEN due.good THEN $4 END,"
	" link = CASE WHEN due.good THEN o.link END,"
	" last_error = CASE WHEN due.good THEN o.last_error"
	" ELSE coalesce(o.last_error, 'its senders never said how it ended') END"
	" FROM due WHERE o.account_id" EQ "$1 AND o.id" EQ "due.id"
	" RETURNING o.account_id, o.id, o.attempt_count, o.kind, o.recipient,"
	" o.locale, o.link, o.payload, due.good"
	") SELECT * FROM c",
	5, {UUIDOID, TIMESTAMPTZOID, INT4OID, TIMESTAMPTZOID, INT4OID}, SPI_OK_SELECT,
	.returns = "account_id uuid, id uuid, attempt_count int4, kind text, recipient text,"
	" locale text?, link text?, payload jsonb, good bool"
};

/* Parameters: account, id, attempt, time. */
static CbStatement finish_mail = {
	"UPDATE canopy.outbox SET status = 'sent', sent_at = $4, link = NULL,"
	" next_attempt_at = NULL, last_error = NULL"
	" WHERE account_id" EQ "$1 AND id" EQ "$2 AND attempt_count" EQ "$3"
	" AND status" EQ "ANY ('{claimed,withdrawn}'::pg_catalog.text[])",
	4, {UUIDOID, UUIDOID, INT4OID, TIMESTAMPTZOID}, SPI_OK_UPDATE
};

/* Parameters: account, id, attempt, reason, time of the next attempt or null. */
static CbStatement fail_mail = {
	"UPDATE canopy.outbox SET last_error = $4, next_attempt_at = $5,"
	" status = CASE WHEN $5 IS NULL THEN 'failed' ELSE 'queued' END,"
	" link = CASE WHEN $5 IS NULL THEN NULL ELSE link END"
	" WHERE account_id" EQ "$1 AND id" EQ "$2 AND attempt_count" EQ "$3"
	" AND status" EQ "'claimed'",
	5, {UUIDOID, UUIDOID, INT4OID, TEXTOID, TIMESTAMPTZOID}, SPI_OK_UPDATE
};

#define NCOLUMNS	8			/* arrays of an insert */

/* For count_written. */
typedef struct Counting
{
	int			n;
} Counting;

/* For read_claimed. */
typedef struct Claiming
{
	CbRowReader reader;
	void	   *arg;
	int			n;				/* claimed */
} Claiming;

static void fill_columns(const CbMail *mails, int n, Datum **columns,
						 bool **nulls);
static void notify(const pg_uuid_t *account);
static void count_written(void *arg, const Datum *values, const bool *nulls);
static void read_claimed(void *arg, const Datum *values, const bool *nulls);
static char *shorten(const char *reason);
static TimestampTz retry_at(int attempt, TimestampTz now);

bool
cb_outbox_put(const pg_uuid_t *account, TimestampTz now, const CbMail *mails,
			  int n)
{
	static const Oid types[NCOLUMNS] = {
		UUIDOID, TEXTOID, UUIDOID, UUIDOID, TEXTOID, TEXTOID, JSONBOID, TEXTOID
	};
	Datum	   *columns[NCOLUMNS];
	bool	   *nulls[NCOLUMNS];
	Datum		values[2 + NCOLUMNS];
	Counting	written = {0};

	if (n == 0)
		return true;
	for (int i = 0; i < NCOLUMNS; i++)
	{
		columns[i] = palloc0(sizeof(Datum) * n);
		nulls[i] = palloc0(sizeof(bool) * n);
	}
	fill_columns(mails, n, columns, nulls);
	values[0] = UUIDPGetDatum(account);
	values[1] = TimestampTzGetDatum(now);
	for (int i = 0; i < NCOLUMNS; i++)
		values[2 + i] = cb_statement_array(columns[i], nulls[i], n, types[i]);
	cb_statement_stream(&insert_mails, values, NULL, false,
						count_written, &written);
	notify(account);
	return written.n == n;
}

void
cb_outbox_withdraw(const pg_uuid_t *account, const pg_uuid_t *invites, int n)
{
	Datum	   *ids = palloc(sizeof(Datum) * (n + 1));
	Datum		values[2];

	if (n == 0)
		return;
	for (int i = 0; i < n; i++)
		ids[i] = UUIDPGetDatum(&invites[i]);
	values[0] = UUIDPGetDatum(account);
	values[1] = cb_statement_array(ids, NULL, n, UUIDOID);
	cb_statement_run(&withdraw_mails, values, NULL);
	cb_statement_free();
}

void
cb_outbox_take_back(const pg_uuid_t *account, Datum mails)
{
	Datum		values[2];

	values[0] = UUIDPGetDatum(account);
	values[1] = mails;
	cb_statement_run(&delete_unclaimed, values, NULL);
	cb_statement_free();
	cb_statement_run(&withdraw_claimed, values, NULL);
	cb_statement_free();
}

void
cb_outbox_withdraw_kind(const pg_uuid_t *account, const pg_uuid_t *identity,
						const char *kind)
{
	Datum		values[3];

	values[0] = UUIDPGetDatum(account);
	values[1] = UUIDPGetDatum(identity);
	values[2] = CStringGetTextDatum(kind);
	cb_statement_run(&withdraw_kind, values, NULL);
	cb_statement_free();
}

int
cb_outbox_claim(const pg_uuid_t *account, int most, TimestampTz now,
				CbRowReader reader, void *arg)
{
	Claiming	claiming = {reader, arg, 0};
	Datum		values[5];

	values[0] = UUIDPGetDatum(account);
	values[1] = TimestampTzGetDatum(now);
	values[2] = Int32GetDatum(most);
	values[3] = TimestampTzGetDatum(now + cb_outbox_lease * USECS_PER_SEC);
	values[4] = Int32GetDatum(cb_outbox_attempts);
	cb_statement_stream(&claim_mails, values, NULL, false,
						read_claimed, &claiming);
	return claiming.n;
}

bool
cb_outbox_done(const CbMailClaim *claim, TimestampTz now)
{
	Datum		values[4];
	bool		counted;

	values[0] = UUIDPGetDatum(&claim->account);
	values[1] = UUIDPGetDatum(&claim->id);
	values[2] = Int32GetDatum(claim->attempt);
	values[3] = TimestampTzGetDatum(now);
	counted = cb_statement_run(&finish_mail, values, NULL) == 1;
	cb_statement_free();
	return counted;
}

bool
cb_outbox_failed(const CbMailClaim *claim, const char *reason, bool for_good,
				 TimestampTz now)
{
	Datum		values[5];
	char		nulls[5] = {' ', ' ', ' ', ' ', ' '};
	bool		counted;

	values[0] = UUIDPGetDatum(&claim->account);
	values[1] = UUIDPGetDatum(&claim->id);
	values[2] = Int32GetDatum(claim->attempt);
	values[3] = CStringGetTextDatum(shorten(reason));
	values[4] = TimestampTzGetDatum(retry_at(claim->attempt, now));
	if (for_good || claim->attempt >= cb_outbox_attempts)
		nulls[4] = 'n';
	counted = cb_statement_run(&fail_mail, values, nulls) == 1;
	cb_statement_free();
	return counted;
}

static void
fill_columns(const CbMail *mails, int n, Datum **columns, bool **nulls)
{
	pg_uuid_t  *ids = palloc(sizeof(pg_uuid_t) * n);

	for (int i = 0; i < n; i++)
	{
		const CbMail *mail = &mails[i];

		cb_uuid7_make(&ids[i]);
		if (mail->id != NULL)
			*mail->id = ids[i];
		columns[0][i] = UUIDPGetDatum(&ids[i]);
		columns[1][i] = CStringGetTextDatum(mail->kind);
		columns[2][i] = UUIDPGetDatum(mail->invite);
		nulls[2][i] = mail->invite == NULL;
		columns[3][i] = UUIDPGetDatum(mail->identity);
		nulls[3][i] = mail->identity == NULL;
		columns[4][i] = CStringGetTextDatum(mail->recipient);
		nulls[5][i] = mail->locale == NULL;
		if (mail->locale != NULL)
			columns[5][i] = CStringGetTextDatum(mail->locale);
		columns[6][i] = JsonbPGetDatum(mail->payload);
		nulls[7][i] = mail->link == NULL;
		if (mail->link != NULL)
			columns[7][i] = CStringGetTextDatum(mail->link);
	}
}

/* The server drops what a transaction has said before. */
static void
notify(const pg_uuid_t *account)
{
	char text[	CB_UUID_TEXT_LEN + 1];

	cb_uuid_format(account, text);
	Async_Notify(CB_OUTBOX_CHANNEL, text);
}

static void
count_written(void *arg, const Datum *values, const bool *nulls)
{
	((Counting *) arg)->n++;
}

static void
read_claimed(void *arg, const Datum *values, const bool *nulls)
{
	Claiming   *claiming = arg;

	if (!DatumGetBool(values[CB_CLAIMED_COLUMNS]))
		return;
	claiming->reader(claiming->arg, values, nulls);
	claiming->n++;
}

/* What a mail server says is a stranger's text, and may quote the mail. */
static char *
shorten(const char *reason)
{
	char	   *copy = pstrdup(reason);

	cb_token_redact(copy);
	copy[pg_mbcliplen(copy, (int) strlen(copy), REASON_MAX_LEN)] = '\0';
	return copy;
}

/* Twice as long after each attempt, and never all at once. */
static TimestampTz
retry_at(int attempt, TimestampTz now)
{
	double		seconds = cb_outbox_backoff;
	uint32		random;

	for (int i = 1; i < attempt && seconds < BACKOFF_MAX; i++)
		seconds *= 2;
	seconds = Min(seconds, BACKOFF_MAX);
	if (!pg_strong_random(&random, sizeof(random)))
		random = PG_UINT32_MAX / 2;
	seconds *= 0.5 + (double) random / PG_UINT32_MAX;
	return now + (TimestampTz) (seconds * USECS_PER_SEC);
}
