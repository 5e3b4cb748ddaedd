/*-------------------------------------------------------------------------
 *
 * verification.c
 *		Identities show that their addresses are their own.
 *
 * Each has one token at most: a new one replaces the one before, whose mail is
 * withdrawn when it was not sent yet.  The token is only in the mail.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/statement.h"
#include "db/stored.h"
#include "record/outbox.h"
#include "rows/fields.h"
#include "rows/parents.h"
#include "rows/verification.h"
#include "secret/token.h"
#include "settings.h"

#define EQ " OPERATOR(pg_catalog.=) "

/* Parameters: account, identity. */
static CbStatement find_identity = {
	"SELECT first_name, last_name, email_verified FROM canopy.identity"
	" WHERE account_id" EQ "$1 AND id" EQ "$2",
	2, {UUIDOID, UUIDOID}, SPI_OK_SELECT,
	.returns = "first_name text, last_name text, email_verified bool"
};

/* Parameters: account, identity, email, token_hash, time, expires_at. */
static CbStatement put_token = {
	"INSERT INTO canopy.email_verification (account_id, identity_id, email,"
	" token_hash, issued_at, expires_at)"
	" VALUES ($1, $2, $3, $4, $5, $6)"
	" ON CONFLICT (account_id, identity_id) DO UPDATE"
	" SET email = $3, token_hash = $4, issued_at = $5, expires_at = $6",
	6, {UUIDOID, UUIDOID, TEXTOID, BYTEAOID, TIMESTAMPTZOID, TIMESTAMPTZOID},
	SPI_OK_INSERT
};

/* Parameters: account, token_hash. */
static CbStatement find_token = {
	"SELECT identity_id, expires_at FROM canopy.email_verification"
	" WHERE account_id" EQ "$1 AND token_hash" EQ "$2",
	2, {UUIDOID, BYTEAOID}, SPI_OK_SELECT,
	.returns = "identity_id uuid, expires_at timestamptz"
};

/* Parameters: account, identity, token_hash. */
static CbStatement take_token = {
	"DELETE FROM canopy.email_verification"
	" WHERE account_id" EQ "$1 AND identity_id" EQ "$2 AND token_hash" EQ "$3"
	" RETURNING email",
	3, {UUIDOID, UUIDOID, BYTEAOID}, SPI_OK_DELETE_RETURNING,
	.returns = "email text"
};

/* Parameters: account, identity, email, time. */
static CbStatement verify = {
	"UPDATE canopy.identity SET email_verified = true, email_verified_at = $4,"
	" updated_at = $4"
	" WHERE account_id" EQ "$1 AND id" EQ "$2 AND email" EQ "$3",
	4, {UUIDOID, UUIDOID, TEXTOID, TIMESTAMPTZOID}, SPI_OK_UPDATE
};

typedef struct VerificationRow
{
	CbRow		row;
	pg_uuid_t	identity_id;
	const char *email;			/* of the identity */
	CbText		first_name;
	CbText		last_name;
} VerificationRow;

static void begin(CbBatch *batch);
static void decode(CbBatch *batch, CbRow *row);
static void lock_parents(CbBatch *batch);
static void check_identity(const CbBatch *batch, VerificationRow *row);
static int	compare(const CbRow *a, const CbRow *b);
static bool write_set(CbBatch *batch, CbRow **rows, int n);
static void write_one(CbBatch *batch, CbRow *row);
static bool write_token(const CbBatch *batch, const VerificationRow *row,
						const char *token, TimestampTz expires_at);
static CbMail make_mail(const CbBatch *batch, const VerificationRow *row,
						const char *token, TimestampTz expires_at);
static void encode(const CbBatch *batch, const CbRow *row, CbJson *json);
static const pg_uuid_t *identity_of(const CbRow *row);

static const char *const tables[] = {
	"identity", "email_verification", "outbox", NULL
};

const CbRowKind cb_verification_kind = {
	.action = "identity.bulk_resend_verification",
	.resource_type = "identity",
	.category = "identity",
	.list_key = "identity_ids",
	.row_size = sizeof(VerificationRow),
	.begin = begin,
	.decode = decode,
	.lock_parents = lock_parents,
	.compare = compare,
	.write_set = write_set,
	.write_one = write_one,
	.encode = encode,
	.echo = cb_field_echo_id,
	.identity = identity_of,
	.tables = tables
};

bool
cb_verification_find(const pg_uuid_t *account, const char *token,
					 CbVerification *verification)
{
	Datum		values[2];
	bool		found;
	bool		isnull;

	values[0] = UUIDPGetDatum(account);
	values[1] = cb_token_hash_datum(token);
	found = cb_statement_run(&find_token, values, NULL) == 1;
	if (found)
	{
		verification->identity_id = *DatumGetUUIDP(cb_statement_value(0, 1, &isnull));
		verification->expires_at = DatumGetTimestampTz(cb_statement_value(0, 2, &isnull));
	}
	cb_statement_free();
	return found;
}

bool
cb_verification_finish(const pg_uuid_t *account, const char *token,
					   const CbVerification *verification, TimestampTz now)
{
	Datum		values[4];
	bool		done;
	bool		isnull;

	values[0] = UUIDPGetDatum(account);
	values[1] = UUIDPGetDatum(&verification->identity_id);
	values[2] = cb_token_hash_datum(token);
	done = cb_statement_run(&take_token, values, NULL) == 1;
	if (done)
		values[2] = PointerGetDatum(DatumGetTextPCopy(cb_statement_value(0, 1, &isnull)));
	cb_statement_free();
	if (!done)
		return false;
	values[3] = TimestampTzGetDatum(now);
	done = cb_statement_run(&verify, values, NULL) == 1;
	cb_statement_free();
	return done;
}

static void
begin(CbBatch *batch)
{
	if (batch->on_conflict != CB_ON_CONFLICT_ERROR)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a verification has no on_conflict")));
}

static void
decode(CbBatch *batch, CbRow *row)
{
	if (row->input.type == jbvNull)
		cb_field_issue(row, CB_REQUIRED, "identity_id");
	else
		cb_field_uuid(row, "identity_id", &row->input,
					  &((VerificationRow *) row)->identity_id);
}

static void
lock_parents(CbBatch *batch)
{
	CbParents	identities;

	cb_parents_init(&identities, batch->nrows);
	for (int i = 0; i < batch->nrows; i++)
	{
		if (cb_row_is_good(batch->rows[i]))
			cb_parents_want(&identities,
							&((VerificationRow *) batch->rows[i])->identity_id);
	}
	cb_parents_lock_identities_to_write(&identities, &batch->scope);
	for (int i = 0; i < batch->nrows; i++)
	{
		VerificationRow *row = (VerificationRow *) batch->rows[i];
		const CbParent *identity;

		if (!cb_row_is_good(&row->row))
			continue;
		identity = cb_parents_find(&identities, &row->identity_id);
		if (identity == NULL)
			cb_field_issue(&row->row, CB_IDENTITY_NOT_FOUND, "identity_id");
		else
		{
			row->email = identity->name;
			check_identity(batch, row);
		}
	}
}

/* It is locked, and so does not change any more. */
static void
check_identity(const CbBatch *batch, VerificationRow *row)
{
	Datum		values[2];
	Datum		value;
	bool		isnull;

	values[0] = UUIDPGetDatum(&batch->scope.account);
	values[1] = UUIDPGetDatum(&row->identity_id);
	if (cb_statement_run(&find_identity, values, NULL) != 1)
		cb_stored_refuse("identity.id");
	value = cb_statement_value(0, 1, &isnull);
	row->first_name = cb_text_copy(value, isnull);
	value = cb_statement_value(0, 2, &isnull);
	row->last_name = cb_text_copy(value, isnull);
	if (DatumGetBool(cb_statement_value(0, 3, &isnull)))
		cb_field_issue(&row->row, CB_ALREADY_VERIFIED, "identity_id");
	cb_statement_free();
}

static int
compare(const CbRow *a, const CbRow *b)
{
	return strcmp(((const VerificationRow *) a)->email,
				  ((const VerificationRow *) b)->email);
}

static bool
write_set(CbBatch *batch, CbRow **rows, int n)
{
	for (int i = 0; i < n; i++)
	{
		write_one(batch, rows[i]);
		if (!cb_row_is_good(rows[i]))
			return false;
	}
	return true;
}

/* No token without its mail. */
static void
write_one(CbBatch *batch, CbRow *row)
{
	const VerificationRow *asked = (const VerificationRow *) row;
	TimestampTz expires_at = batch->now + cb_verification_expires_in * USECS_PER_SEC;
	char		token[CB_TOKEN_LEN + 1];
	CbMail		mail;

	cb_token_make(&batch->scope.account, token);
	mail = make_mail(batch, asked, token, expires_at);
	cb_outbox_withdraw_kind(&batch->scope.account, &asked->identity_id, mail.kind);
	if (write_token(batch, asked, token, expires_at) &&
		cb_outbox_put(&batch->scope.account, batch->now, &mail, 1))
		row->outcome = CB_UPDATED;
	else
		row->problem.code = CB_REJECTED;
	explicit_bzero(token, sizeof(token));
}

static bool
write_token(const CbBatch *batch, const VerificationRow *row, const char *token,
			TimestampTz expires_at)
{
	Datum		values[6];
	bool		written;

	values[0] = UUIDPGetDatum(&batch->scope.account);
	values[1] = UUIDPGetDatum(&row->identity_id);
	values[2] = CStringGetTextDatum(row->email);
	values[3] = cb_token_hash_datum(token);
	values[4] = TimestampTzGetDatum(batch->now);
	values[5] = TimestampTzGetDatum(expires_at);
	written = cb_statement_run(&put_token, values, NULL) == 1;
	cb_statement_free();
	return written;
}

static CbMail
make_mail(const CbBatch *batch, const VerificationRow *row, const char *token,
		  TimestampTz expires_at)
{
	static CbJsonShape keys = {4, {"last_name", "expires_at", "first_name", "account_name"}};
	CbJson	   *json = cb_json_create(256);
	CbMail		mail = {CB_MAIL_EMAIL_VERIFICATION};

	mail.identity = &row->identity_id;
	mail.recipient = row->email;
	mail.link = cb_token_link(cb_verify_url, token, "");
	cb_json_shape(json, &keys);
	cb_text_write(json, &row->last_name);
	cb_json_timestamp(json, expires_at);
	cb_text_write(json, &row->first_name);
	cb_json_cstring(json, batch->scope.account_name);
	mail.payload = cb_json_finish(json);
	return mail;
}

static void
encode(const CbBatch *batch, const CbRow *row, CbJson *json)
{
	static CbJsonShape keys = {1, {"message"}};

	cb_json_shape(json, &keys);
	cb_json_cstring(json, "a mail to verify the address is on its way");
}

static const pg_uuid_t *
identity_of(const CbRow *row)
{
	return row->problem.code == CB_UUID_INVALID ?
		NULL : &((const VerificationRow *) row)->identity_id;
}
