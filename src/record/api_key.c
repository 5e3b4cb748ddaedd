/*-------------------------------------------------------------------------
 *
 * api_key.c
 *		API keys: made, looked up, revoked.
 *
 * A key belongs to an environment and so to an application; whoever has it is
 * bound to both.  Only its hash is stored.  The time of its last use is kept to
 * the minute, so that callers that share a key do not queue for its row.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/envelope.h"
#include "db/statement.h"
#include "db/uuid7.h"
#include "record/api_key.h"
#include "secret/api_key_text.h"

#define EQ " OPERATOR(pg_catalog.=) "

/*
 * Parameters: account, id, application, environment, name, key_hash,
 * key_preview, access_mode, scopes, expires_at, time.
 */
static CbStatement insert_key = {
	"INSERT INTO canopy.api_key (account_id, id, application_id,"
	" environment_id, name, key_hash, key_preview, access_mode, scopes,"
	" expires_at, created_at)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
	11, {UUIDOID, UUIDOID, UUIDOID, UUIDOID, TEXTOID, BYTEAOID, TEXTOID, TEXTOID,
	TEXTARRAYOID, TIMESTAMPTZOID, TIMESTAMPTZOID}, SPI_OK_INSERT
};

/* Parameters: account, id, time, application and environment or nulls. */
static CbStatement revoke_key = {
	"UPDATE canopy.api_key SET revoked_at = $3"
	" WHERE account_id" EQ "$1 AND id" EQ "$2 AND revoked_at IS NULL"
	" AND ($4 IS NULL OR application_id" EQ "$4)"
	" AND ($5 IS NULL OR environment_id" EQ "$5)",
	5, {UUIDOID, UUIDOID, TIMESTAMPTZOID, UUIDOID, UUIDOID}, SPI_OK_UPDATE
};

/* Parameters: account, key_hash, time, the scope that is needed. */
static CbStatement find_key = {
	"SELECT id, application_id, environment_id,"
	" access_mode" EQ "'full_access', $4" EQ "ANY (scopes)"
	" FROM canopy.api_key"
	" WHERE account_id" EQ "$1 AND key_hash" EQ "$2 AND revoked_at IS NULL"
	" AND (expires_at IS NULL OR expires_at OPERATOR(pg_catalog.>) $3)",
	4, {UUIDOID, BYTEAOID, TIMESTAMPTZOID, TEXTOID}, SPI_OK_SELECT,
	.returns = "id uuid, application_id uuid, environment_id uuid,"
	" has_full_access bool, has_scope bool?"
};

/* Parameters: account, id, time, a minute before. */
static CbStatement note_use = {
	"UPDATE canopy.api_key SET last_used_at = $3"
	" WHERE account_id" EQ "$1 AND id" EQ "("
	"SELECT id FROM canopy.api_key"
	" WHERE account_id" EQ "$1 AND id" EQ "$2"
	" AND (last_used_at IS NULL OR last_used_at OPERATOR(pg_catalog.<) $4)"
	" FOR UPDATE SKIP LOCKED)",
	4, {UUIDOID, UUIDOID, TIMESTAMPTZOID, TIMESTAMPTZOID}, SPI_OK_UPDATE
};

static void check_order(const CbScope *scope, const CbApiKeyOrder *order);
static void store_key(const CbScope *scope, const CbApiKeyOrder *order,
					  const pg_uuid_t *id, const char *text,
					  const char *preview);
static Jsonb *describe_key(const CbApiKeyOrder *order, const pg_uuid_t *id,
						   const char *text, const char *preview);
static char *uuid_text(Datum uuid);
static void touch(const pg_uuid_t *account, const pg_uuid_t *id,
				  TimestampTz now);

Jsonb *
cb_api_key_create(const CbScope *scope, const CbApiKeyOrder *order)
{
	char text[	CB_API_KEY_TEXT_LEN + 1];
	char		preview[CB_API_KEY_PREVIEW_LEN + 1];
	pg_uuid_t	id;
	Jsonb	   *description;

	check_order(scope, order);
	cb_uuid7_make(&id);
	cb_api_key_text_make(&scope->account, text);
	cb_api_key_text_preview(text, preview);
	store_key(scope, order, &id, text, preview);
	description = describe_key(order, &id, text, preview);
	explicit_bzero(text, sizeof(text));
	return description;
}

void
cb_api_key_may_manage(const CbClaims *claims)
{
	if (claims->is_scoped)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("API key is not authorized to manage API keys"),
				 errhint("Use a key with full access.")));
}

bool
cb_api_key_revoke(const CbScope *scope, const pg_uuid_t *id, TimestampTz now)
{
	Datum		values[5];
	char		nulls[5] = {' ', ' ', ' ', ' ', ' '};
	bool		revoked;

	values[0] = UUIDPGetDatum(&scope->account);
	values[1] = UUIDPGetDatum(id);
	values[2] = TimestampTzGetDatum(now);
	values[3] = UUIDPGetDatum(&scope->application);
	nulls[3] = scope->has_application ? ' ' : 'n';
	values[4] = UUIDPGetDatum(&scope->environment);
	nulls[4] = scope->has_environment ? ' ' : 'n';
	revoked = cb_statement_run(&revoke_key, values, nulls) == 1;
	cb_statement_free();
	return revoked;
}

void
cb_api_key_check(const char *key, const char *scope_needed, CbClaims *claims)
{
	TimestampTz now = GetCurrentTimestamp();
	pg_uuid_t	account;
	pg_uuid_t	id;
	Datum		values[4];
	Datum		value;
	bool		isnull;
	bool		in_scope;
	char		account_text[CB_UUID_TEXT_LEN + 1];

	memset(claims, 0, sizeof(CbClaims));
	if (!cb_api_key_text_account(key, &account))
		cb_claims_refuse("The API key is malformed.");
	values[0] = UUIDPGetDatum(&account);
	values[1] = cb_token_hash_datum(key);
	values[2] = TimestampTzGetDatum(now);
	values[3] = CStringGetTextDatum(scope_needed);
	if (cb_statement_run(&find_key, values, NULL) != 1)
		cb_claims_refuse("The API key is unknown, revoked or expired.");
	id = *DatumGetUUIDP(cb_statement_value(0, 1, &isnull));
	claims->present = true;
	claims->subject = uuid_text(UUIDPGetDatum(&id));
	claims->principal_type = pstrdup("api_key");
	claims->application = uuid_text(cb_statement_value(0, 2, &isnull));
	claims->environment = uuid_text(cb_statement_value(0, 3, &isnull));
	claims->is_scoped = !DatumGetBool(cb_statement_value(0, 4, &isnull));
	value = cb_statement_value(0, 5, &isnull);
	in_scope = !claims->is_scoped || (!isnull && DatumGetBool(value));
	cb_statement_free();
	cb_uuid_format(&account, account_text);
	claims->accounts = palloc(sizeof(char *));
	claims->accounts[0] = pstrdup(account_text);
	claims->naccounts = 1;
	cb_claims_require_admin(claims->principal_type);
	if (!in_scope)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("API key is not authorized for this function"),
				 errdetail("Its scopes do not include %s.", scope_needed)));
	touch(&account, &id, now);
}

static void
check_order(const CbScope *scope, const CbApiKeyOrder *order)
{
	bool		scoped = strcmp(order->access_mode, "scoped") == 0;
	bool		has_scopes = order->scopes != NULL &&
	ArrayGetNItems(ARR_NDIM(order->scopes), ARR_DIMS(order->scopes)) > 0;

	if (!scope->has_environment)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no environment is named"),
				 errhint("An API key belongs to an environment: pass application and environment.")));
	if (!scoped && strcmp(order->access_mode, "full_access") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid access mode of an API key"),
				 errhint("It is full_access or scoped.")));
	if (scoped != has_scopes)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("access mode and scopes of the API key do not agree"),
				 errhint("A scoped key has scopes; one with full access has none.")));
}

static void
store_key(const CbScope *scope, const CbApiKeyOrder *order,
		  const pg_uuid_t *id, const char *text, const char *preview)
{
	Datum		values[11];
	char		nulls[11];

	memset(nulls, ' ', sizeof(nulls));
	values[0] = UUIDPGetDatum(&scope->account);
	values[1] = UUIDPGetDatum(id);
	values[2] = UUIDPGetDatum(&scope->application);
	values[3] = UUIDPGetDatum(&scope->environment);
	values[4] = CStringGetTextDatum(order->name);
	values[5] = cb_token_hash_datum(text);
	values[6] = CStringGetTextDatum(preview);
	values[7] = CStringGetTextDatum(order->access_mode);
	values[8] = PointerGetDatum(order->scopes);
	nulls[8] = order->scopes == NULL ? 'n' : ' ';
	values[9] = TimestampTzGetDatum(order->expires_at);
	nulls[9] = order->expires ? ' ' : 'n';
	values[10] = TimestampTzGetDatum(order->now);
	cb_statement_run(&insert_key, values, nulls);
	cb_statement_free();
}

static Jsonb *
describe_key(const CbApiKeyOrder *order, const pg_uuid_t *id,
			 const char *text, const char *preview)
{
	static const char *const keys[] = {
		"id", "key", "name", "created_at", "expires_at", "access_mode",
		"key_preview"
	};
	CbJson	   *json = cb_json_create(512);
	CbTime		expires_at = {order->expires, order->expires_at};

	cb_json_object(json, keys, lengthof(keys));
	cb_json_uuid(json, id);
	cb_json_cstring(json, text);
	cb_json_cstring(json, order->name);
	cb_json_timestamp(json, order->now);
	cb_json_time(json, &expires_at);
	cb_json_cstring(json, order->access_mode);
	cb_json_cstring(json, preview);
	return cb_json_finish(json);
}

static char *
uuid_text(Datum uuid)
{
	char text[	CB_UUID_TEXT_LEN + 1];

	cb_uuid_format(DatumGetUUIDP(uuid), text);
	return pstrdup(text);
}

static void
touch(const pg_uuid_t *account, const pg_uuid_t *id, TimestampTz now)
{
	Datum		values[4];

	if (XactReadOnly)
		return;
	values[0] = UUIDPGetDatum(account);
	values[1] = UUIDPGetDatum(id);
	values[2] = TimestampTzGetDatum(now);
	values[3] = TimestampTzGetDatum(now - 60 * USECS_PER_SEC);
	cb_statement_run(&note_use, values, NULL);
	cb_statement_free();
}
