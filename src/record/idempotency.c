/*-------------------------------------------------------------------------
 *
 * idempotency.c
 *		Keys that make a call happen once.
 *
 * The key's row, the effects of the call, its audit entry and the stored answer
 * commit together, or none of them does.  Two calls with one key meet at the
 * primary key: the second waits until the first has committed, and then reads
 * its answer, or has rolled back, and then takes the key itself.
 *
 * Whether a key has expired is decided when it is read; purging only frees room.
 * The fingerprint is of the request without its secrets, because a hash over a
 * password would let anyone who reads it try passwords by the billion.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/cryptohash.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/http.h"
#include "db/statement.h"
#include "errors.h"
#include "record/idempotency.h"
#include "settings.h"

#define EQ " OPERATOR(pg_catalog.=) "
#define KEY_MAX_LEN		255		/* characters */

#define KEY_COLUMNS \
	"account_id, application_id, environment_id, is_bound, function, key"
#define THIS_KEY \
	" WHERE account_id" EQ "$1 AND application_id" EQ "$2" \
	" AND environment_id" EQ "$3 AND is_bound" EQ "$4" \
	" AND function" EQ "$5 AND key" EQ "$6"
#define KEY_TYPES	UUIDOID, UUIDOID, UUIDOID, BOOLOID, TEXTOID, TEXTOID
#define NKEYS		6			/* parameters of all statements, in this order */

/* Parameters: the key, time before which keys have expired. */
static CbStatement find_key = {
	"SELECT fingerprint, answer, status FROM canopy.idempotency_key" THIS_KEY
	" AND created_at OPERATOR(pg_catalog.>) $7",
	NKEYS + 1, {KEY_TYPES, TIMESTAMPTZOID}, SPI_OK_SELECT,
	.returns = "fingerprint bytea, answer jsonb?, status int4?"
};

/* Parameters: those of find_key, then fingerprint, time. */
static CbStatement claim_key = {
	"INSERT INTO canopy.idempotency_key AS k (" KEY_COLUMNS ","
	" fingerprint, created_at) VALUES ($1, $2, $3, $4, $5, $6, $8, $9)"
	" ON CONFLICT (" KEY_COLUMNS ") DO UPDATE"
	" SET fingerprint = $8, created_at = $9, answer = NULL, status = NULL"
	" WHERE k.created_at OPERATOR(pg_catalog.<=) $7"
	" RETURNING 1",
	NKEYS + 3, {KEY_TYPES, TIMESTAMPTZOID, BYTEAOID, TIMESTAMPTZOID},
	SPI_OK_INSERT_RETURNING,
	.returns = "one int4"
};

/* Parameters: the key, answer, status. */
static CbStatement store_answer = {
	"UPDATE canopy.idempotency_key SET answer = $7, status = $8" THIS_KEY,
	NKEYS + 2, {KEY_TYPES, JSONBOID, INT4OID}, SPI_OK_UPDATE
};

/* Parameters: account, time before which keys have expired, rows at most. */
static CbStatement purge_keys = {
	"DELETE FROM canopy.idempotency_key"
	" WHERE account_id" EQ "$1 AND ctid" EQ "ANY (ARRAY("
	"SELECT ctid FROM canopy.idempotency_key"
	" WHERE account_id" EQ "$1 AND created_at OPERATOR(pg_catalog.<=) $2"
	" ORDER BY created_at LIMIT $3 FOR UPDATE SKIP LOCKED))",
	3, {UUIDOID, TIMESTAMPTZOID, INT8OID}, SPI_OK_DELETE
};

static void fill_key(const CbIdempotency *idempotency, Datum *values);
static Datum expiry_of(const CbIdempotency *idempotency);
static TimestampTz expired_since(TimestampTz now);
static Datum bytes_datum(const uint8 *bytes, int len);
static bool is_fingerprint(const CbIdempotency *idempotency, bytea *stored);
static void refuse_other_request(void) pg_attribute_noreturn();
static void refuse_unanswered(void) pg_attribute_noreturn();

const char *
cb_idempotency_key(const char *argument)
{
	const char *key = argument != NULL ? argument : cb_http_header("idempotency-key");

	if (key == NULL)
		return NULL;
	if (key[0] == '\0' || strlen(key) > KEY_MAX_LEN)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("idempotency key is empty or too long"),
				 errdetail("It has %zu bytes; 1 to %d are allowed.",
						   strlen(key), KEY_MAX_LEN)));
	for (const char *c = key; *c != '\0'; c++)
	{
		if (*c < ' ' || *c > '~')
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("idempotency key has a character that is not printable ASCII"),
					 errhint("A random UUID is a good key.")));
	}
	return key;
}

void
cb_idempotency_begin(CbIdempotency *idempotency, const char *key,
					 const char *function, const CbScope *scope, TimestampTz now)
{
	memset(idempotency, 0, sizeof(CbIdempotency));
	idempotency->key = key;
	idempotency->function = function;
	idempotency->account = scope->account;
	if (scope->has_application)
		idempotency->application = scope->application;
	if (scope->has_environment)
		idempotency->environment = scope->environment;
	idempotency->is_bound = scope->is_bound;
	idempotency->now = now;
}

void
cb_idempotency_fingerprint(CbIdempotency *idempotency, const Jsonb *request)
{
	pg_cryptohash_ctx *context = pg_cryptohash_create(PG_SHA256);

	if (context == NULL ||
		pg_cryptohash_init(context) < 0 ||
		pg_cryptohash_update(context, (const uint8 *) request,
							 VARSIZE(request)) < 0 ||
		pg_cryptohash_final(context, idempotency->fingerprint,
							sizeof(idempotency->fingerprint)) < 0)
		elog(ERROR, "could not hash a request");
	pg_cryptohash_free(context);
}

bool
cb_idempotency_find(const CbIdempotency *idempotency, CbReplay *replay)
{
	Datum		values[NKEYS + 1];
	Datum		value;
	bool		isnull;
	bool		found;

	fill_key(idempotency, values);
	values[NKEYS] = expiry_of(idempotency);
	found = cb_statement_run(&find_key, values, NULL) == 1;
	if (found)
	{
		value = cb_statement_value(0, 1, &isnull);
		if (!is_fingerprint(idempotency, DatumGetByteaPP(value)))
			refuse_other_request();
		value = cb_statement_value(0, 2, &isnull);
		replay->answer = isnull ? NULL : DatumGetJsonbPCopy(value);
		value = cb_statement_value(0, 3, &isnull);
		replay->status = isnull ? 0 : DatumGetInt32(value);
		if (replay->status == 0 ||
			(replay->answer == NULL && replay->status != CB_IDEMPOTENCY_NO_ANSWER))
			refuse_unanswered();
	}
	cb_statement_free();
	return found;
}

bool
cb_idempotency_claim(const CbIdempotency *idempotency, CbReplay *replay)
{
	Datum		values[NKEYS + 3];
	bool		claimed;

	fill_key(idempotency, values);
	values[NKEYS] = expiry_of(idempotency);
	values[NKEYS + 1] = bytes_datum(idempotency->fingerprint,
									sizeof(idempotency->fingerprint));
	values[NKEYS + 2] = TimestampTzGetDatum(idempotency->now);
	claimed = cb_statement_run(&claim_key, values, NULL) == 1;
	cb_statement_free();
	if (!claimed && !cb_idempotency_find(idempotency, replay))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not claim an idempotency key that comes and goes"),
				 errhint("Try again with the same key.")));
	return claimed;
}

void
cb_idempotency_store(const CbIdempotency *idempotency, const CbReplay *replay)
{
	Datum		values[NKEYS + 2];
	char		nulls[NKEYS + 2];

	memset(nulls, ' ', sizeof(nulls));
	fill_key(idempotency, values);
	values[NKEYS] = JsonbPGetDatum(replay->answer);
	nulls[NKEYS] = replay->answer == NULL ? 'n' : ' ';
	values[NKEYS + 1] = Int32GetDatum(replay->status);
	if (cb_statement_run(&store_answer, values, nulls) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("answer was not stored with its idempotency key"),
				 errhint("Look for a trigger or rule on canopy.idempotency_key.")));
	cb_statement_free();
}

int64
cb_idempotency_purge(const pg_uuid_t *account, TimestampTz now, int most)
{
	Datum		values[3];
	int64		deleted;

	values[0] = UUIDPGetDatum(account);
	values[1] = TimestampTzGetDatum(expired_since(now));
	values[2] = Int64GetDatum(most);
	deleted = (int64) cb_statement_run(&purge_keys, values, NULL);
	cb_statement_free();
	return deleted;
}

static void
fill_key(const CbIdempotency *idempotency, Datum *values)
{
	values[0] = UUIDPGetDatum(&idempotency->account);
	values[1] = UUIDPGetDatum(&idempotency->application);
	values[2] = UUIDPGetDatum(&idempotency->environment);
	values[3] = BoolGetDatum(idempotency->is_bound);
	values[4] = CStringGetTextDatum(idempotency->function);
	values[5] = CStringGetTextDatum(idempotency->key);
}

static Datum
expiry_of(const CbIdempotency *idempotency)
{
	return TimestampTzGetDatum(expired_since(idempotency->now));
}

static TimestampTz
expired_since(TimestampTz now)
{
	return now - (int64) cb_idempotency_window * USECS_PER_SEC;
}

static Datum
bytes_datum(const uint8 *bytes, int len)
{
	bytea	   *datum = palloc(VARHDRSZ + len);

	SET_VARSIZE(datum, VARHDRSZ + len);
	memcpy(VARDATA(datum), bytes, len);
	return PointerGetDatum(datum);
}

static bool
is_fingerprint(const CbIdempotency *idempotency, bytea *stored)
{
	return VARSIZE_ANY_EXHDR(stored) == sizeof(idempotency->fingerprint) &&
		memcmp(VARDATA_ANY(stored), idempotency->fingerprint,
			   sizeof(idempotency->fingerprint)) == 0;
}

static void
refuse_other_request(void)
{
	ereport(ERROR,
			(errcode(CB_ERRCODE_UNPROCESSABLE),
			 errmsg("idempotency key was used for another request"),
			 errhint("Use a new key for a new request.")));
}

/* Only a call within the first call, from a trigger, can see this. */
static void
refuse_unanswered(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the first call with the idempotency key has no answer"),
			 errhint("A trigger must not call with the key of the call that fires it.")));
}
