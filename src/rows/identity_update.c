/*-------------------------------------------------------------------------
 *
 * identity_update.c
 *		The kinds of row that change an identity.
 *
 * What is not sent stays as it is; metadata are replaced as a whole, and null
 * clears what can be empty.
 *
 * is_active is the identity's own in the account's tier, and bars it from every
 * application.  In an application it is the membership's: who administers one
 * application decides nothing about the others.  A membership that is not active
 * there is suspended, not deactivated: it keeps its roles, it is seen, and only
 * activating it again makes it active.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/statement.h"
#include "rows/access.h"
#include "rows/identity.h"
#include "rows/identity_update.h"
#include "rows/members.h"

#define EQ " OPERATOR(pg_catalog.=) "

/*
 * Parameters: account, identity, time, first_name, last_name, metadata,
 * external_id, whether that is set, is_active.  Nulls leave a column alone.
 */
static CbStatement update_identity = {
	"UPDATE canopy.identity SET first_name = coalesce($4, first_name),"
	" last_name = coalesce($5, last_name), metadata = coalesce($6, metadata),"
	" external_id = CASE WHEN $8 THEN $7 ELSE external_id END,"
	" is_active = coalesce($9, is_active), updated_at = $3"
	" WHERE account_id" EQ "$1 AND id" EQ "$2"
	" RETURNING " CB_IDENTITY_COLUMNS,
	9, {UUIDOID, UUIDOID, TIMESTAMPTZOID, TEXTOID, TEXTOID, JSONBOID, TEXTOID,
	BOOLOID, BOOLOID}, SPI_OK_UPDATE_RETURNING,
	.returns = CB_IDENTITY_RESULT
};

/* Parameters: account, identity. */
static CbStatement find_identity = {
	"SELECT " CB_IDENTITY_COLUMNS " FROM canopy.identity"
	" WHERE account_id" EQ "$1 AND id" EQ "$2",
	2, {UUIDOID, UUIDOID}, SPI_OK_SELECT,
	.returns = CB_IDENTITY_RESULT
};

/* Parameters: account, identity, time, application, status. */
static CbStatement update_membership = {
	"UPDATE canopy.app_membership SET status = $5, updated_at = $3,"
	" activated_at = CASE WHEN $5" EQ "'active' THEN $3 ELSE activated_at END"
	" WHERE account_id" EQ "$1 AND identity_id" EQ "$2"
	" AND application_id" EQ "$4"
	" RETURNING id",
	5, {UUIDOID, UUIDOID, TIMESTAMPTZOID, UUIDOID, TEXTOID},
	SPI_OK_UPDATE_RETURNING,
	.returns = "id uuid"
};

/* Parameters: account, identity, external_id. */
static CbStatement external_id_taken = {
	"SELECT 1 FROM canopy.identity"
	" WHERE account_id" EQ "$1 AND external_id" EQ "$3"
	" AND id OPERATOR(pg_catalog.<>) $2",
	3, {UUIDOID, UUIDOID, TEXTOID}, SPI_OK_SELECT, true,
	.returns = "one int4"
};

typedef struct Reading
{
	MemoryContext context;
	CbIdentity *identity;
	bool		found;
} Reading;

static void begin(CbBatch *batch);
static void lock_parents(CbBatch *batch);
static void lock_members(CbBatch *batch, const CbParents *identities);
static void check_access(CbBatch *batch);
static int	compare(const CbRow *a, const CbRow *b);
static bool write_set(CbBatch *batch, CbRow **rows, int n);
static void write_one(CbBatch *batch, CbRow *row);
static bool changes_identity(const CbBatch *batch, const CbIdentityUpdate *row);
static bool write_identity(CbBatch *batch, CbIdentityUpdate *row);
static void fill_profile(const CbIdentityUpdate *row, Datum *values, char *nulls);
static bool find(CbBatch *batch, CbIdentityUpdate *row);
static bool run(CbStatement *statement, Datum *values, const char *nulls,
				CbBatch *batch, CbIdentityUpdate *row);
static void read_row(void *arg, const Datum *values, const bool *nulls);
static bool write_status(const CbBatch *batch, const CbIdentityUpdate *row);
static void read_memberships(CbBatch *batch, CbIdentityUpdate *row);
static void blame(CbBatch *batch, CbRow *row, const ErrorData *fault);
static void encode(const CbBatch *batch, const CbRow *row, CbJson *json);
static const pg_uuid_t *identity_of(const CbRow *row);

static const char *const tables[] = {"identity", "app_membership", NULL};

#define COMMON \
	.resource_type = "identity", \
	.category = "identity", \
	.list_key = "identities", \
	.row_size = sizeof(CbIdentityUpdate), \
	.begin = begin, \
	.lock_parents = lock_parents, \
	.compare = compare, \
	.write_set = write_set, \
	.write_one = write_one, \
	.blame = blame, \
	.encode = encode, \
	.identity = identity_of, \
	.tables = tables

const CbRowKind cb_identity_update_kind = {
	.action = "identity.bulk_update",.decode = cb_identity_decode_update,
	.fields = cb_identity_update_fields, COMMON
};

const CbRowKind cb_identity_status_kind = {
	.action = "identity.bulk_set_status",.decode = cb_identity_decode_status,
	.fields = cb_identity_status_fields, COMMON
};

static void
begin(CbBatch *batch)
{
	if (batch->on_conflict != CB_ON_CONFLICT_ERROR)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an update has no on_conflict")));
}

static void
lock_parents(CbBatch *batch)
{
	CbParents	identities;

	cb_parents_init(&identities, batch->nrows);
	for (int i = 0; i < batch->nrows; i++)
	{
		if (cb_row_is_good(batch->rows[i]))
			cb_parents_want(&identities, &((CbIdentityUpdate *) batch->rows[i])->id.id);
	}
	cb_parents_lock_identities_to_write(&identities, &batch->scope);
	for (int i = 0; i < batch->nrows; i++)
	{
		CbIdentityUpdate *row = (CbIdentityUpdate *) batch->rows[i];
		const CbParent *identity;

		if (!cb_row_is_good(&row->row))
			continue;
		identity = cb_parents_find(&identities, &row->id.id);
		if (identity == NULL)
			cb_field_issue(&row->row, CB_IDENTITY_NOT_FOUND, CB_IDENTITY_UPDATE_ID);
		else
			row->email = identity->name;
	}
	if (batch->scope.is_bound)
		check_access(batch);
	if (batch->scope.has_application)
		lock_members(batch, &identities);
}

/* Locks once more, and so before the memberships, where an external id changes. */
static void
check_access(CbBatch *batch)
{
	pg_uuid_t  *ids = palloc(sizeof(pg_uuid_t) * (batch->nrows + 1));
	CbStandings standings;
	int			n = 0;

	for (int i = 0; i < batch->nrows; i++)
	{
		const CbIdentityUpdate *row = (CbIdentityUpdate *) batch->rows[i];

		if (cb_row_is_good(&row->row) && row->sets_external_id)
			ids[n++] = row->id.id;
	}
	cb_access_look(&standings, &batch->scope, ids, n, CB_ACCESS_LOCK_KEYS);
	for (int i = 0; i < batch->nrows; i++)
	{
		const CbIdentityUpdate *row = (CbIdentityUpdate *) batch->rows[i];

		if (cb_row_is_good(&row->row) && row->sets_external_id &&
			cb_access_check_external_id(&standings, &row->id.id,
										&row->external_id) == CB_FORBIDDEN)
			cb_field_issue(batch->rows[i], CB_FORBIDDEN, "external_id");
	}
}

/* In an application who is no member is not there. */
static void
lock_members(CbBatch *batch, const CbParents *identities)
{
	CbMembers	members;

	cb_members_init(&members, batch->nrows);
	for (int i = 0; i < batch->nrows; i++)
	{
		const CbIdentityUpdate *row = (CbIdentityUpdate *) batch->rows[i];

		if (cb_row_is_good(&row->row))
			cb_members_want(&members, cb_parents_find(identities, &row->id.id),
							&batch->scope.application);
	}
	cb_members_lock(&members, &batch->scope);
	for (int i = 0; i < batch->nrows; i++)
	{
		CbIdentityUpdate *row = (CbIdentityUpdate *) batch->rows[i];
		const CbMembership *membership;

		if (!cb_row_is_good(&row->row))
			continue;
		membership = cb_members_find(&members, &row->id.id,
									 &batch->scope.application);
		if (membership == NULL || strcmp(membership->status, "deactivated") == 0)
			cb_field_issue(&row->row, CB_IDENTITY_NOT_FOUND, CB_IDENTITY_UPDATE_ID);
		else
			row->old_status = membership->status;
	}
}

static int
compare(const CbRow *a, const CbRow *b)
{
	return strcmp(((const CbIdentityUpdate *) a)->email, ((const CbIdentityUpdate *) b)->email);
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

static void
write_one(CbBatch *batch, CbRow *row)
{
	CbIdentityUpdate *update = (CbIdentityUpdate *) row;
	bool		changes = changes_identity(batch, update);
	bool		written;

	update->status = update->old_status;
	if (batch->scope.has_application && update->is_active.given)
		update->status = update->is_active.value ? "active" : "suspended";
	written = changes ? write_identity(batch, update) : find(batch, update);
	if (written && update->status != update->old_status &&
		strcmp(update->status, update->old_status) != 0)
	{
		changes = true;
		written = write_status(batch, update);
	}
	if (!written)
	{
		row->problem.code = CB_REJECTED;
		return;
	}
	if (!batch->scope.has_application)
		read_memberships(batch, update);
	row->outcome = changes ? CB_UPDATED : CB_SKIPPED;
}

/* Does the row say anything of the identity itself? */
static bool
changes_identity(const CbBatch *batch, const CbIdentityUpdate *row)
{
	return row->first_name.val != NULL || row->last_name.val != NULL ||
		row->sets_external_id || row->metadata.type != jbvNull ||
		(row->is_active.given && !batch->scope.has_application);
}

static bool
write_identity(CbBatch *batch, CbIdentityUpdate *row)
{
	Datum		values[9];
	char		nulls[9];

	memset(nulls, 'n', sizeof(nulls));
	nulls[0] = nulls[1] = nulls[2] = nulls[7] = ' ';
	values[0] = UUIDPGetDatum(&batch->scope.account);
	values[1] = UUIDPGetDatum(&row->id.id);
	values[2] = TimestampTzGetDatum(batch->now);
	values[7] = BoolGetDatum(row->sets_external_id);
	fill_profile(row, values, nulls);
	if (row->is_active.given && !batch->scope.has_application)
	{
		values[8] = BoolGetDatum(row->is_active.value);
		nulls[8] = ' ';
	}
	return run(&update_identity, values, nulls, batch, row);
}

static void
fill_profile(const CbIdentityUpdate *row, Datum *values, char *nulls)
{
	const CbText *const texts[] = {&row->first_name, &row->last_name, NULL, &row->external_id};
	JsonbValue	metadata = row->metadata;

	for (int i = 0; i < (int) lengthof(texts); i++)
	{
		if (texts[i] == NULL || texts[i]->val == NULL)
			continue;
		values[3 + i] = cb_text_datum(texts[i]);
		nulls[3 + i] = ' ';
	}
	if (metadata.type != jbvNull)
	{
		values[5] = JsonbPGetDatum(JsonbValueToJsonb(&metadata));
		nulls[5] = ' ';
	}
}

static bool
find(CbBatch *batch, CbIdentityUpdate *row)
{
	Datum		values[2];

	values[0] = UUIDPGetDatum(&batch->scope.account);
	values[1] = UUIDPGetDatum(&row->id.id);
	return run(&find_identity, values, NULL, batch, row);
}

static bool
run(CbStatement *statement, Datum *values, const char *nulls, CbBatch *batch,
	CbIdentityUpdate *row)
{
	Reading		reading = {batch->context, &row->stored, false};

	cb_statement_stream(statement, values, nulls, false, read_row, &reading);
	return reading.found;
}

static void
read_row(void *arg, const Datum *values, const bool *nulls)
{
	Reading    *reading = arg;

	cb_identity_read(reading->context, reading->identity, values, nulls);
	reading->found = true;
}

static bool
write_status(const CbBatch *batch, const CbIdentityUpdate *row)
{
	Datum		values[5];
	bool		written;

	values[0] = UUIDPGetDatum(&batch->scope.account);
	values[1] = UUIDPGetDatum(&row->id.id);
	values[2] = TimestampTzGetDatum(batch->now);
	values[3] = UUIDPGetDatum(&batch->scope.application);
	values[4] = CStringGetTextDatum(row->status);
	written = cb_statement_run(&update_membership, values, NULL) == 1;
	cb_statement_free();
	return written;
}

static void
read_memberships(CbBatch *batch, CbIdentityUpdate *row)
{
	MemoryContext old = MemoryContextSwitchTo(batch->context);

	row->nmemberships = cb_identity_memberships(&batch->scope.account,
												&row->id.id, &row->memberships);
	MemoryContextSwitchTo(old);
}

static void
blame(CbBatch *batch, CbRow *row, const ErrorData *fault)
{
	const CbIdentityUpdate *update = (const CbIdentityUpdate *) row;
	Datum		values[3];

	if (fault->sqlerrcode != ERRCODE_UNIQUE_VIOLATION ||
		update->external_id.val == NULL)
		return;
	values[0] = UUIDPGetDatum(&batch->scope.account);
	values[1] = UUIDPGetDatum(&update->id.id);
	values[2] = cb_text_datum(&update->external_id);
	if (cb_statement_run(&external_id_taken, values, NULL) > 0)
		cb_field_issue(row, CB_EXTERNAL_ID_CONFLICT, "external_id");
	cb_statement_free();
}

static void
encode(const CbBatch *batch, const CbRow *row, CbJson *json)
{
	const CbIdentityUpdate *update = (const CbIdentityUpdate *) row;

	if (batch->scope.has_application)
		cb_identity_encode_for_application(&update->stored,
										   update->stored.is_active &&
										   strcmp(update->status, "active") == 0,
										   json);
	else
		cb_identity_encode_for_account(&update->stored, update->memberships,
									   update->nmemberships, json);
}

static const pg_uuid_t *
identity_of(const CbRow *row)
{
	const CbIdentityUpdate *update = (const CbIdentityUpdate *) row;

	return update->id.given ? &update->id.id : NULL;
}
