/*-------------------------------------------------------------------------
 *
 * identity_store.c
 *		The statements that write and read an identity.
 *
 * What a writing statement returns is what the answer says: a default or a
 * trigger of the user's may have changed what was sent.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/statement.h"
#include "db/uuid7.h"
#include "rows/identity.h"

#define EQ " OPERATOR(pg_catalog.=) "
#define IDENTITY_COLUMNS \
	"id, email, first_name, last_name, avatar_url, external_id, metadata," \
	" is_active, email_verified, email_verified_at, locked_until," \
	" password_changed_at, created_at"

/*
 * Parameters of both: account, email, first_name, last_name, external_id,
 * metadata, password_hash, password_changed_at, time, new id.
 */
#define INSERT_TEXT \
	"INSERT INTO canopy.identity (account_id, email, first_name, last_name," \
	" external_id, metadata, password_hash, password_changed_at, created_at," \
	" updated_at, id)" \
	" VALUES ($1, $2, $3, $4, $5," \
	" coalesce($6, '{}'::pg_catalog.jsonb), $7, $8, $9, $9, $10)"
#define INSERT_TYPES \
	10, {UUIDOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, JSONBOID, TEXTOID, \
	TIMESTAMPTZOID, TIMESTAMPTZOID, UUIDOID}, SPI_OK_INSERT_RETURNING

static CbStatement insert_identity = {
	INSERT_TEXT " RETURNING " IDENTITY_COLUMNS, INSERT_TYPES
};

static CbStatement insert_unless_taken = {
	INSERT_TEXT " ON CONFLICT (account_id, email) DO NOTHING"
	" RETURNING " IDENTITY_COLUMNS, INSERT_TYPES
};

/* Parameters: those of an insert, without the id. */
static CbStatement update_identity = {
	"UPDATE canopy.identity SET first_name = $3, last_name = $4,"
	" external_id = coalesce($5, external_id),"
	" metadata = metadata OPERATOR(pg_catalog.||)"
	" coalesce($6, '{}'::pg_catalog.jsonb),"
	" password_hash = coalesce($7, password_hash),"
	" password_changed_at = coalesce($8, password_changed_at),"
	" updated_at = $9"
	" WHERE account_id" EQ "$1 AND email" EQ "$2"
	" RETURNING " IDENTITY_COLUMNS,
	9, {UUIDOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, JSONBOID, TEXTOID,
	TIMESTAMPTZOID, TIMESTAMPTZOID}, SPI_OK_UPDATE_RETURNING
};

/* Parameters: account, email. */
static CbStatement find_identity = {
	"SELECT " IDENTITY_COLUMNS " FROM canopy.identity"
	" WHERE account_id" EQ "$1 AND email" EQ "$2",
	2, {UUIDOID, TEXTOID}, SPI_OK_SELECT
};

/* Parameters: account, identity. */
static CbStatement find_memberships = {
	"SELECT m.id, m.application_id, m.status, m.created_at, a.slug, a.name,"
	" (SELECT pg_catalog.count(*) FROM canopy.role_assignment r"
	" WHERE r.account_id" EQ "$1 AND r.identity_id" EQ "$2"
	" AND r.application_id" EQ "m.application_id)"
	" FROM canopy.app_membership m JOIN canopy.application a"
	" ON a.account_id" EQ "m.account_id AND a.id" EQ "m.application_id"
	" WHERE m.account_id" EQ "$1 AND a.account_id" EQ "$1"
	" AND m.identity_id" EQ "$2"
	" ORDER BY m.created_at, m.id",
	2, {UUIDOID, UUIDOID}, SPI_OK_SELECT
};

/* Parameters: account, email. */
static CbStatement email_taken = {
	"SELECT 1 FROM canopy.identity"
	" WHERE account_id" EQ "$1 AND email" EQ "$2",
	2, {UUIDOID, TEXTOID}, SPI_OK_SELECT, true
};

/* Parameters: account, email, external_id. */
static CbStatement external_id_taken = {
	"SELECT 1 FROM canopy.identity"
	" WHERE account_id" EQ "$1 AND external_id" EQ "$3"
	" AND email OPERATOR(pg_catalog.<>) $2",
	3, {UUIDOID, TEXTOID, TEXTOID}, SPI_OK_SELECT, true
};

#define NVALUES		10			/* of an insert */

static void fill_values(const CbBatch *batch, const CbIdentityRow *row,
						Datum *values, char *nulls);
static const char *stored_hash(const CbBatch *batch, const CbIdentityRow *row);
static bool run(CbStatement *statement, Datum *values, const char *nulls,
				const CbBatch *batch, CbIdentity *stored);
static void read_identity(CbIdentity *stored);
static text *read_text(int column);
static TimestampTz read_time(int column, bool *given);
static void read_membership_entry(CbIdentityMembership *entry, uint64 i);

bool
cb_identity_insert(const CbBatch *batch, CbIdentityRow *row)
{
	Datum		values[NVALUES];
	char		nulls[NVALUES];
	pg_uuid_t	id;

	cb_uuid7_make(&id);
	fill_values(batch, row, values, nulls);
	values[9] = UUIDPGetDatum(&id);
	nulls[9] = ' ';
	return run(batch->on_conflict == CB_ON_CONFLICT_ERROR ?
			   &insert_identity : &insert_unless_taken,
			   values, nulls, batch, &row->stored);
}

bool
cb_identity_update(const CbBatch *batch, CbIdentityRow *row)
{
	Datum		values[NVALUES];
	char		nulls[NVALUES];

	fill_values(batch, row, values, nulls);
	return run(&update_identity, values, nulls, batch, &row->stored);
}

bool
cb_identity_find(const CbBatch *batch, CbIdentityRow *row)
{
	Datum		values[2];

	values[0] = UUIDPGetDatum(&batch->scope.account);
	values[1] = CStringGetTextDatum(row->email);
	return run(&find_identity, values, NULL, batch, &row->stored);
}

void
cb_identity_read_memberships(const CbBatch *batch, CbIdentityRow *row)
{
	Datum		values[2];
	MemoryContext old;

	values[0] = UUIDPGetDatum(&batch->scope.account);
	values[1] = UUIDPGetDatum(&row->stored.id);
	row->nmemberships = (int) cb_statement_run(&find_memberships, values, NULL);
	old = MemoryContextSwitchTo(batch->context);
	row->memberships = palloc0(sizeof(CbIdentityMembership) *
							   (row->nmemberships + 1));
	for (int i = 0; i < row->nmemberships; i++)
		read_membership_entry(&row->memberships[i], i);
	MemoryContextSwitchTo(old);
	cb_statement_free();
}

bool
cb_identity_email_taken(const CbBatch *batch, const CbIdentityRow *row)
{
	Datum		values[2];
	bool		taken;

	values[0] = UUIDPGetDatum(&batch->scope.account);
	values[1] = CStringGetTextDatum(row->email);
	taken = cb_statement_run(&email_taken, values, NULL) > 0;
	cb_statement_free();
	return taken;
}

bool
cb_identity_external_id_taken(const CbBatch *batch, const CbIdentityRow *row)
{
	Datum		values[3];
	bool		taken;

	if (row->external_id.val == NULL)
		return false;
	values[0] = UUIDPGetDatum(&batch->scope.account);
	values[1] = CStringGetTextDatum(row->email);
	values[2] = cb_text_datum(&row->external_id);
	taken = cb_statement_run(&external_id_taken, values, NULL) > 0;
	cb_statement_free();
	return taken;
}

static void
fill_values(const CbBatch *batch, const CbIdentityRow *row, Datum *values,
			char *nulls)
{
	const char *hash = stored_hash(batch, row);

	memset(nulls, 'n', NVALUES);
	values[0] = UUIDPGetDatum(&batch->scope.account);
	values[1] = CStringGetTextDatum(row->email);
	values[2] = cb_text_datum(&row->first_name);
	values[3] = cb_text_datum(&row->last_name);
	values[8] = TimestampTzGetDatum(batch->now);
	nulls[0] = nulls[1] = nulls[2] = nulls[3] = nulls[8] = ' ';
	if (row->external_id.val != NULL)
	{
		values[4] = cb_text_datum(&row->external_id);
		nulls[4] = ' ';
	}
	if (row->metadata.type != jbvNull)
	{
		JsonbValue	metadata = row->metadata;

		values[5] = JsonbPGetDatum(JsonbValueToJsonb(&metadata));
		nulls[5] = ' ';
	}
	if (hash != NULL)
	{
		values[6] = CStringGetTextDatum(hash);
		values[7] = TimestampTzGetDatum(batch->now);
		nulls[6] = nulls[7] = ' ';
	}
}

/* The hash of the row's password, or the one it brought; NULL: neither. */
static const char *
stored_hash(const CbBatch *batch, const CbIdentityRow *row)
{
	const CbIdentityBatch *own = batch->of_kind;

	if (row->password_slot >= 0)
		return cb_passwords_phc(own->passwords, row->password_slot);
	if (row->password_hash.val != NULL)
		return pnstrdup(row->password_hash.val, row->password_hash.len);
	return NULL;
}

static bool
run(CbStatement *statement, Datum *values, const char *nulls,
	const CbBatch *batch, CbIdentity *stored)
{
	bool		found = cb_statement_run(statement, values, nulls) == 1;

	if (found)
	{
		MemoryContext old = MemoryContextSwitchTo(batch->context);

		read_identity(stored);
		MemoryContextSwitchTo(old);
	}
	cb_statement_free();
	return found;
}

/* Reads IDENTITY_COLUMNS into the current memory context. */
static void
read_identity(CbIdentity *stored)
{
	bool		isnull;

	stored->id = *DatumGetUUIDP(cb_statement_value(0, 1, &isnull));
	stored->email = read_text(2);
	stored->first_name = read_text(3);
	stored->last_name = read_text(4);
	stored->avatar_url = read_text(5);
	stored->external_id = read_text(6);
	stored->metadata = DatumGetJsonbPCopy(cb_statement_value(0, 7, &isnull));
	stored->is_active = DatumGetBool(cb_statement_value(0, 8, &isnull));
	stored->email_verified = DatumGetBool(cb_statement_value(0, 9, &isnull));
	stored->email_verified_at = read_time(10, &stored->has_email_verified_at);
	stored->locked_until = read_time(11, &stored->has_locked_until);
	stored->password_changed_at = read_time(12, &stored->has_password_changed_at);
	stored->created_at = read_time(13, &isnull);
}

static text *
read_text(int column)
{
	bool		isnull;
	Datum		value = cb_statement_value(0, column, &isnull);

	return isnull ? NULL : DatumGetTextPCopy(value);
}

static TimestampTz
read_time(int column, bool *given)
{
	bool		isnull;
	Datum		value = cb_statement_value(0, column, &isnull);

	*given = !isnull;
	return isnull ? 0 : DatumGetTimestampTz(value);
}

static void
read_membership_entry(CbIdentityMembership *entry, uint64 i)
{
	bool		isnull;

	entry->membership.id = *DatumGetUUIDP(cb_statement_value(i, 1, &isnull));
	entry->membership.application_id =
		*DatumGetUUIDP(cb_statement_value(i, 2, &isnull));
	entry->membership.status =
		TextDatumGetCString(cb_statement_value(i, 3, &isnull));
	entry->membership.created_at =
		DatumGetTimestampTz(cb_statement_value(i, 4, &isnull));
	entry->application_slug =
		TextDatumGetCString(cb_statement_value(i, 5, &isnull));
	entry->application_name =
		TextDatumGetCString(cb_statement_value(i, 6, &isnull));
	entry->assignment_count =
		DatumGetInt64(cb_statement_value(i, 7, &isnull));
}
