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
	TIMESTAMPTZOID, TIMESTAMPTZOID, UUIDOID}, SPI_OK_INSERT_RETURNING, \
	.returns = CB_IDENTITY_RESULT

static CbStatement insert_identity = {
	INSERT_TEXT " RETURNING " CB_IDENTITY_COLUMNS, INSERT_TYPES
};

static CbStatement insert_unless_taken = {
	INSERT_TEXT " ON CONFLICT (account_id, email) DO NOTHING"
	" RETURNING " CB_IDENTITY_COLUMNS, INSERT_TYPES
};

/* Parameters: those of an insert, without the id. */
#define UPDATE_TEXT \
	"UPDATE canopy.identity SET first_name = $3, last_name = $4," \
	" external_id = coalesce($5, external_id)," \
	" metadata = metadata OPERATOR(pg_catalog.||)" \
	" coalesce($6, '{}'::pg_catalog.jsonb)," \
	" password_hash = coalesce($7, password_hash)," \
	" password_changed_at = coalesce($8, password_changed_at)," \
	" updated_at = $9"
#define UPDATE_TYPES \
	9, {UUIDOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, JSONBOID, TEXTOID, \
	TIMESTAMPTZOID, TIMESTAMPTZOID}, SPI_OK_UPDATE_RETURNING, \
	.returns = CB_IDENTITY_RESULT

static CbStatement update_identity = {
	UPDATE_TEXT " WHERE account_id" EQ "$1 AND email" EQ "$2"
	" RETURNING " CB_IDENTITY_COLUMNS, UPDATE_TYPES
};

/*
 * Parameters: account, email.  Locked, so that what is remembered is what is then
 * replaced.  It is no part of the update: that would come back to the version of
 * the row which its snapshot has, where others may wait for the one locked here.
 */
static CbStatement remember_identity = {
	"SELECT pg_catalog.jsonb_build_object("
	"'first_name', first_name, 'last_name', last_name,"
	" 'external_id', external_id, 'metadata', metadata,"
	" 'password_hash', password_hash,"
	" 'password_changed_at', password_changed_at)"
	" FROM canopy.identity WHERE account_id" EQ "$1 AND email" EQ "$2"
	" FOR NO KEY UPDATE",
	2, {UUIDOID, TEXTOID}, SPI_OK_SELECT,
	.returns = "replaced jsonb"
};

/* Parameters: account, email. */
static CbStatement find_identity = {
	"SELECT " CB_IDENTITY_COLUMNS " FROM canopy.identity"
	" WHERE account_id" EQ "$1 AND email" EQ "$2",
	2, {UUIDOID, TEXTOID}, SPI_OK_SELECT,
	.returns = CB_IDENTITY_RESULT
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
	2, {UUIDOID, UUIDOID}, SPI_OK_SELECT,
	.returns = "id uuid, application_id uuid, status text, created_at timestamptz,"
	" slug text, name text, assignment_count int8"
};

/* Parameters: account, email. */
static CbStatement email_taken = {
	"SELECT 1 FROM canopy.identity"
	" WHERE account_id" EQ "$1 AND email" EQ "$2",
	2, {UUIDOID, TEXTOID}, SPI_OK_SELECT, true,
	.returns = "one int4"
};

/* Parameters: account, email, external_id. */
static CbStatement external_id_taken = {
	"SELECT 1 FROM canopy.identity"
	" WHERE account_id" EQ "$1 AND external_id" EQ "$3"
	" AND email OPERATOR(pg_catalog.<>) $2",
	3, {UUIDOID, TEXTOID, TEXTOID}, SPI_OK_SELECT, true,
	.returns = "one int4"
};

#define NVALUES		10			/* of an insert */

/* For the readers. */
typedef struct Reading
{
	const CbBatch *batch;
	CbIdentityRow *row;
	int			count;			/* rows read */
} Reading;

typedef struct MembershipReading
{
	MemoryContext context;
	CbIdentityMembership *memberships;
	int			count;
	int			capacity;
} MembershipReading;

static void fill_values(const CbBatch *batch, const CbIdentityRow *row,
						Datum *values, char *nulls);
static bool run(CbStatement *statement, Datum *values, const char *nulls,
				const CbBatch *batch, CbIdentityRow *row);
static void read_row(void *arg, const Datum *values, const bool *nulls);
static void read_replaced(void *arg, const Datum *values, const bool *nulls);
static void read_membership_entry(void *arg, const Datum *values,
								  const bool *nulls);

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
			   values, nulls, batch, row);
}

bool
cb_identity_update(const CbBatch *batch, CbIdentityRow *row)
{
	Datum		values[NVALUES];
	char		nulls[NVALUES];
	Reading		reading = {batch, row, 0};

	fill_values(batch, row, values, nulls);
	if (batch->remembers)
		cb_statement_stream(&remember_identity, values, NULL, false,
							read_replaced, &reading);
	return run(&update_identity, values, nulls, batch, row);
}

bool
cb_identity_find(const CbBatch *batch, CbIdentityRow *row)
{
	Datum		values[2];

	values[0] = UUIDPGetDatum(&batch->scope.account);
	values[1] = CStringGetTextDatum(row->email);
	return run(&find_identity, values, NULL, batch, row);
}

int
cb_identity_memberships(const pg_uuid_t *account, const pg_uuid_t *identity,
						CbIdentityMembership **memberships)
{
	MembershipReading reading = {CurrentMemoryContext, NULL, 0, 4};
	Datum		values[2];

	reading.memberships = palloc(reading.capacity * sizeof(CbIdentityMembership));
	values[0] = UUIDPGetDatum(account);
	values[1] = UUIDPGetDatum(identity);
	cb_statement_stream(&find_memberships, values, NULL, false,
						read_membership_entry, &reading);
	*memberships = reading.memberships;
	return reading.count;
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

const char *
cb_identity_hash(const CbBatch *batch, const CbIdentityRow *row)
{
	const CbIdentityBatch *own = batch->of_kind;

	if (row->password_slot >= 0)
		return cb_passwords_phc(own->passwords, row->password_slot);
	if (row->password_hash.val != NULL)
		return pnstrdup(row->password_hash.val, row->password_hash.len);
	return NULL;
}

void
cb_identity_read(MemoryContext context, CbIdentity *stored,
				 const Datum *values, const bool *nulls)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	Jsonb	   *metadata = DatumGetJsonbPCopy(values[6]);

	stored->id = *DatumGetUUIDP(values[0]);
	stored->email = cb_text_copy(values[1], nulls[1]);
	stored->first_name = cb_text_copy(values[2], nulls[2]);
	stored->last_name = cb_text_copy(values[3], nulls[3]);
	stored->avatar_url = cb_text_copy(values[4], nulls[4]);
	stored->external_id = cb_text_copy(values[5], nulls[5]);
	stored->metadata.type = jbvBinary;
	stored->metadata.val.binary.data = &metadata->root;
	stored->metadata.val.binary.len = VARSIZE(metadata) - VARHDRSZ;
	stored->is_active = DatumGetBool(values[7]);
	stored->email_verified = DatumGetBool(values[8]);
	stored->email_verified_at = cb_time_read(values[9], nulls[9]);
	stored->locked_until = cb_time_read(values[10], nulls[10]);
	stored->password_changed_at = cb_time_read(values[11], nulls[11]);
	stored->created_at = DatumGetTimestampTz(values[12]);
	MemoryContextSwitchTo(old);
}

static void
fill_values(const CbBatch *batch, const CbIdentityRow *row, Datum *values,
			char *nulls)
{
	const char *hash = cb_identity_hash(batch, row);

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

static bool
run(CbStatement *statement, Datum *values, const char *nulls,
	const CbBatch *batch, CbIdentityRow *row)
{
	Reading		reading = {batch, row, 0};

	cb_statement_stream(statement, values, nulls, false, read_row, &reading);
	return reading.count == 1;
}

static void
read_row(void *arg, const Datum *values, const bool *nulls)
{
	Reading    *reading = arg;

	cb_identity_read(reading->batch->context, &reading->row->stored, values, nulls);
	reading->count++;
}

static void
read_replaced(void *arg, const Datum *values, const bool *nulls)
{
	Reading    *reading = arg;
	MemoryContext old = MemoryContextSwitchTo(reading->batch->context);

	reading->row->replaced = DatumGetJsonbPCopy(values[0]);
	MemoryContextSwitchTo(old);
}

static void
read_membership_entry(void *arg, const Datum *values, const bool *nulls)
{
	MembershipReading *reading = arg;
	CbIdentityMembership *entry;
	MemoryContext old = MemoryContextSwitchTo(reading->context);

	if (reading->count == reading->capacity)
	{
		reading->capacity *= 2;
		reading->memberships = repalloc(reading->memberships, reading->capacity *
										sizeof(CbIdentityMembership));
	}
	entry = &reading->memberships[reading->count++];
	memset(entry, 0, sizeof(CbIdentityMembership));
	entry->membership.id = *DatumGetUUIDP(values[0]);
	entry->membership.application_id = *DatumGetUUIDP(values[1]);
	entry->membership.status = TextDatumGetCString(values[2]);
	entry->membership.created_at = DatumGetTimestampTz(values[3]);
	entry->application_slug = TextDatumGetCString(values[4]);
	entry->application_name = TextDatumGetCString(values[5]);
	entry->assignment_count = DatumGetInt64(values[6]);
	MemoryContextSwitchTo(old);
}
