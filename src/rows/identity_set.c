/*-------------------------------------------------------------------------
 *
 * identity_set.c
 *		Writes the identities of a batch with one statement for each table.
 *
 * Rows whose address, external id or other unique key is taken do not come back
 * from the insert, and lookups name the key.  What the lookups do not explain,
 * and every address that on_conflict says to skip or update, is left to
 * write_one.  A confident batch is not asked that much: its insert raises, and the
 * set is written again by one that is not.
 *
 * A row comes back with the id it was given, in the order it was sent.  Where the
 * tables have no triggers it comes back with nothing else but what the sender
 * could not know: the columns that are filled by a default.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/statement.h"
#include "db/uuid7.h"
#include "rows/assignment.h"
#include "rows/identity.h"

#define EQ " OPERATOR(pg_catalog.=) "

/*
 * Parameters: account, time; arrays of id, email, first_name, last_name,
 * external_id, metadata, password_hash, in the order of the ids.
 */
#define INSERT_TEXT(on_conflict, returned) \
	"WITH i AS (" \
	"INSERT INTO canopy.identity (account_id, id, email, first_name, last_name," \
	" external_id, metadata, password_hash, password_changed_at, created_at," \
	" updated_at)" \
	" SELECT $1, u.id, u.email, u.first_name, u.last_name, u.external_id," \
	" u.metadata, u.password_hash," \
	" CASE WHEN u.password_hash IS NULL THEN NULL ELSE $2 END, $2, $2" \
	" FROM ROWS FROM (pg_catalog.unnest($3), pg_catalog.unnest($4)," \
	" pg_catalog.unnest($5), pg_catalog.unnest($6), pg_catalog.unnest($7)," \
	" pg_catalog.unnest($8), pg_catalog.unnest($9))" \
	" AS u (id, email, first_name, last_name, external_id, metadata," \
	" password_hash)" \
	" ORDER BY u.id" on_conflict " RETURNING " returned \
	") SELECT * FROM i"
#define INSERT_TYPES \
	9, {UUIDOID, TIMESTAMPTZOID, UUIDARRAYOID, TEXTARRAYOID, TEXTARRAYOID, \
	TEXTARRAYOID, TEXTARRAYOID, JSONBARRAYOID, TEXTARRAYOID}, SPI_OK_SELECT

#define UNLESS_TAKEN	" ON CONFLICT DO NOTHING"
#define DEFAULTS \
	"id, avatar_url, is_active, email_verified, email_verified_at, locked_until"
#define DEFAULTS_RESULT \
	"id uuid, avatar_url text?, is_active bool, email_verified bool," \
	" email_verified_at timestamptz?, locked_until timestamptz?"

/* By whether the batch is confident, and trusted. */
static CbStatement insert_identities[2][2] = {
	{
		{INSERT_TEXT(UNLESS_TAKEN, CB_IDENTITY_COLUMNS), INSERT_TYPES,
		.returns = CB_IDENTITY_RESULT},
		{INSERT_TEXT(UNLESS_TAKEN, DEFAULTS), INSERT_TYPES,
		.returns = DEFAULTS_RESULT}
	},
	{
		{INSERT_TEXT("", CB_IDENTITY_COLUMNS), INSERT_TYPES,
		.returns = CB_IDENTITY_RESULT},
		{INSERT_TEXT("", DEFAULTS), INSERT_TYPES,.returns = DEFAULTS_RESULT}
	}
};

/*
 * Parameters: account; arrays of email, external_id.  A scalar sub-select uses
 * the unique index under a generic plan, where EXISTS may become a hash of the
 * whole table.
 */
static CbStatement find_taken = {
	"SELECT"
	" (SELECT true FROM canopy.identity a"
	" WHERE a.account_id" EQ "$1 AND a.email" EQ "u.email),"
	" (SELECT true FROM canopy.identity b"
	" WHERE b.account_id" EQ "$1 AND b.external_id" EQ "u.external_id"
	" AND b.email OPERATOR(pg_catalog.<>) u.email)"
	" FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3))"
	" AS u (email, external_id)",
	3, {UUIDOID, TEXTARRAYOID, TEXTARRAYOID}, SPI_OK_SELECT, true,
	.returns = "has_email bool?, has_external_id bool?"
};

#define NCOLUMNS	7			/* arrays of an insert */

/* A set that is being written. */
typedef struct Set
{
	CbBatch    *batch;
	CbIdentityRow **rows;
	bool	   *written;
	int			n;
	int			next;			/* where the next row that comes back may
								 * stand */
	bool		lost;			/* a row came back that was never sent */
} Set;

static void insert_rows(Set *set);
static void fill_columns(Set *set, Datum **columns, bool **nulls);
static void read_row(void *arg, const Datum *values, const bool *nulls);
static void read_defaults(CbIdentityRow *row, const CbBatch *batch,
						  const Datum *values, const bool *nulls);
static void blame_rest(Set *set);
static void read_taken(void *arg, const Datum *values, const bool *nulls);
static bool write_memberships(Set *set);
static bool write_assignments(Set *set);

/* An object without keys. */
static JsonbContainer empty_object = {JB_FOBJECT};

bool
cb_identity_write_set(CbBatch *batch, CbRow **rows, int n)
{
	Set			set = {batch, (CbIdentityRow **) rows, NULL, n, 0, false};

	set.written = palloc0(sizeof(bool) * n);
	insert_rows(&set);
	if (set.lost)
		return false;
	blame_rest(&set);
	if (!write_memberships(&set) || !write_assignments(&set))
		return false;
	for (int i = 0; i < n; i++)
	{
		if (set.written[i])
			rows[i]->outcome = CB_CREATED;
	}
	return true;
}

static void
insert_rows(Set *set)
{
	static const Oid types[NCOLUMNS] = {
		UUIDOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, JSONBOID, TEXTOID
	};
	Datum	   *columns[NCOLUMNS];
	bool	   *nulls[NCOLUMNS];
	Datum		values[2 + NCOLUMNS];

	for (int i = 0; i < NCOLUMNS; i++)
	{
		columns[i] = palloc(sizeof(Datum) * set->n);
		nulls[i] = palloc0(sizeof(bool) * set->n);
	}
	fill_columns(set, columns, nulls);
	values[0] = UUIDPGetDatum(&set->batch->scope.account);
	values[1] = TimestampTzGetDatum(set->batch->now);
	for (int i = 0; i < NCOLUMNS; i++)
		values[2 + i] = cb_statement_array(columns[i], nulls[i], set->n, types[i]);
	cb_statement_stream(&insert_identities[set->batch->confident][set->batch->trusted],
						values, NULL, set->batch->trusted, read_row, set);
}

static void
fill_columns(Set *set, Datum **columns, bool **nulls)
{
	for (int i = 0; i < set->n; i++)
	{
		CbIdentityRow *row = set->rows[i];
		const char *hash = cb_identity_hash(set->batch, row);
		JsonbValue	metadata = row->metadata;

		if (metadata.type == jbvNull)
		{
			metadata.type = jbvBinary;
			metadata.val.binary.data = &empty_object;
			metadata.val.binary.len = sizeof(empty_object);
		}
		cb_uuid7_make(&row->stored.id);
		row->stored.metadata = metadata;
		columns[0][i] = UUIDPGetDatum(&row->stored.id);
		columns[1][i] = CStringGetTextDatum(row->email);
		columns[2][i] = cb_text_datum(&row->first_name);
		columns[3][i] = cb_text_datum(&row->last_name);
		nulls[4][i] = row->external_id.val == NULL;
		if (!nulls[4][i])
			columns[4][i] = cb_text_datum(&row->external_id);
		columns[5][i] = JsonbPGetDatum(JsonbValueToJsonb(&metadata));
		nulls[6][i] = hash == NULL;
		if (!nulls[6][i])
			columns[6][i] = CStringGetTextDatum(hash);
	}
}

static void
read_row(void *arg, const Datum *values, const bool *nulls)
{
	Set		   *set = arg;
	const pg_uuid_t *id = DatumGetUUIDP(values[0]);

	while (set->next < set->n &&
		   cb_uuid_compare(&set->rows[set->next]->stored.id, id) != 0)
		set->next++;
	if (set->next == set->n)
	{
		set->lost = true;
		return;
	}
	if (set->batch->trusted)
		read_defaults(set->rows[set->next], set->batch, values, nulls);
	else
		cb_identity_read(set->batch->context, &set->rows[set->next]->stored,
						 values, nulls);
	set->written[set->next++] = true;
}

/* What was sent is what is stored; what was not sent has come back. */
static void
read_defaults(CbIdentityRow *row, const CbBatch *batch, const Datum *values,
			  const bool *nulls)
{
	CbIdentity *stored = &row->stored;
	MemoryContext old = MemoryContextSwitchTo(batch->context);

	stored->email.val = row->email;
	stored->email.len = (int) strlen(row->email);
	stored->first_name = row->first_name;
	stored->last_name = row->last_name;
	stored->external_id = row->external_id;
	stored->avatar_url = cb_text_copy(values[1], nulls[1]);
	stored->is_active = DatumGetBool(values[2]);
	stored->email_verified = DatumGetBool(values[3]);
	stored->email_verified_at = cb_time_read(values[4], nulls[4]);
	stored->locked_until = cb_time_read(values[5], nulls[5]);
	stored->password_changed_at = cb_time_read(TimestampTzGetDatum(batch->now),
											   row->password_slot < 0 &&
											   row->password_hash.val == NULL);
	stored->created_at = batch->now;
	MemoryContextSwitchTo(old);
}

/* Names the key of each row that did not come back, where it is one of ours. */
static void
blame_rest(Set *set)
{
	Datum	   *emails = palloc(sizeof(Datum) * set->n);
	Datum	   *external_ids = palloc(sizeof(Datum) * set->n);
	bool	   *nulls = palloc0(sizeof(bool) * set->n);
	Datum		values[3];
	int			nrest = 0;

	for (int i = 0; i < set->n; i++)
	{
		const CbIdentityRow *row = set->rows[i];

		if (set->written[i])
			continue;
		emails[nrest] = CStringGetTextDatum(row->email);
		nulls[nrest] = row->external_id.val == NULL;
		if (!nulls[nrest])
			external_ids[nrest] = cb_text_datum(&row->external_id);
		nrest++;
	}
	if (nrest == 0)
		return;
	values[0] = UUIDPGetDatum(&set->batch->scope.account);
	values[1] = cb_statement_array(emails, NULL, nrest, TEXTOID);
	values[2] = cb_statement_array(external_ids, nulls, nrest, TEXTOID);
	set->next = 0;
	cb_statement_stream(&find_taken, values, NULL, false, read_taken, set);
}

/*
 * The rows come in the order in which they were asked for.  An update may yet
 * give up the external id that is taken, so that write_one has to find out.
 */
static void
read_taken(void *arg, const Datum *values, const bool *nulls)
{
	Set		   *set = arg;
	CbRow	   *row;
	CbOnConflict on_conflict = set->batch->on_conflict;

	while (set->written[set->next])
		set->next++;
	row = &set->rows[set->next++]->row;
	if (!nulls[0] && on_conflict == CB_ON_CONFLICT_ERROR)
		cb_field_issue(row, CB_EMAIL_CONFLICT, "email");
	if (!nulls[1] && (on_conflict == CB_ON_CONFLICT_ERROR ||
					  (on_conflict == CB_ON_CONFLICT_SKIP && nulls[0])))
		cb_field_issue(row, CB_EXTERNAL_ID_CONFLICT, "external_id");
}

/* False when one is not as it should be, which is for write_one to judge. */
static bool
write_memberships(Set *set)
{
	CbMembershipWish *wishes = palloc0(sizeof(CbMembershipWish) * set->n);
	CbIdentityRow **owners = palloc(sizeof(CbIdentityRow *) * set->n);
	bool		to_all = set->batch->scope.has_application;
	int			n = 0;

	for (int i = 0; i < set->n; i++)
	{
		CbIdentityRow *row = set->rows[i];

		row->nmemberships = 0;
		if (!set->written[i] || (!to_all && !row->application_id.given))
			continue;
		wishes[n].identity = row->stored.id;
		wishes[n].application = to_all ?
			set->batch->scope.application : row->application_id.id;
		owners[n++] = row;
	}
	cb_membership_ensure(set->batch, wishes, n);
	for (int i = 0; i < n; i++)
	{
		if (wishes[i].outcome != CB_CREATED ||
			(owners[i]->role_id.given &&
			 strcmp(wishes[i].membership.status, "active") != 0))
			return false;
		cb_identity_set_membership(set->batch, owners[i], &wishes[i].membership);
	}
	return true;
}

static bool
write_assignments(Set *set)
{
	CbAssignmentWish *wishes = palloc0(sizeof(CbAssignmentWish) * set->n);
	int			n = 0;

	for (int i = 0; i < set->n; i++)
	{
		const CbIdentityRow *row = set->rows[i];

		if (!set->written[i] || !row->role_id.given)
			continue;
		wishes[n].identity = row->stored.id;
		wishes[n].application = set->batch->scope.application;
		wishes[n].role = row->role_id.id;
		wishes[n++].node = row->node_id.id;
	}
	cb_assignment_ensure(set->batch, wishes, n);
	for (int i = 0; i < n; i++)
	{
		if (wishes[i].outcome != CB_CREATED)
			return false;
	}
	return true;
}
