/*-------------------------------------------------------------------------
 *
 * membership.c
 *		Memberships of applications: the row, and the kind that attaches.
 *
 * A row of an attach batch is an identity's id.  An identity that was a member
 * before becomes one again in the row it had; a membership that is active,
 * invited or suspended is somebody's decision and is not overruled.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/statement.h"
#include "db/uuid7.h"
#include "rows/fields.h"
#include "rows/membership.h"
#include "rows/parents.h"
#include "secret/redact.h"

#define EQ " OPERATOR(pg_catalog.=) "
#define MEMBERSHIP_COLUMNS \
	"m.id, m.identity_id, m.application_id, m.status," \
	" m.invited_at, m.activated_at, m.deactivated_at, m.created_at"

/* Parameters: account, new id, identity, application, time. */
static CbStatement ensure_membership = {
	"INSERT INTO canopy.app_membership AS m (account_id, id, identity_id,"
	" application_id, status, activated_at, created_at, updated_at)"
	" VALUES ($1, $2, $3, $4, 'active', $5, $5, $5)"
	" ON CONFLICT (account_id, identity_id, application_id) DO UPDATE"
	" SET status = 'active', activated_at = $5, deactivated_at = NULL,"
	" updated_at = $5"
	" WHERE m.status" EQ "'deactivated'"
	" RETURNING " MEMBERSHIP_COLUMNS,
	5, {UUIDOID, UUIDOID, UUIDOID, UUIDOID, TIMESTAMPTZOID},
	SPI_OK_INSERT_RETURNING
};

/* Parameters: account, identity, application. */
static CbStatement find_membership = {
	"SELECT " MEMBERSHIP_COLUMNS " FROM canopy.app_membership m"
	" WHERE m.account_id" EQ "$1 AND m.identity_id" EQ "$2"
	" AND m.application_id" EQ "$3",
	3, {UUIDOID, UUIDOID, UUIDOID}, SPI_OK_SELECT
};

typedef struct AttachRow
{
	CbRow		row;
	pg_uuid_t	identity_id;
	CbMembership membership;
} AttachRow;

static void read_membership(CbMembership *membership);
static TimestampTz read_time(int column, bool *given);
static const char *constant_status(const char *status);

static void attach_begin(CbBatch *batch);
static void attach_decode(CbBatch *batch, CbRow *row);
static void attach_lock_parents(CbBatch *batch);
static int	attach_compare(const CbRow *a, const CbRow *b);
static const char *attach_key(const CbRow *row, int which, Size *len);
static void attach_write_one(CbBatch *batch, CbRow *row);
static void attach_encode(CbBatch *batch, const CbRow *row, CbJson *json);
static void attach_echo(const CbRow *row, CbJson *json);
static void write_time(CbJson *json, bool given, TimestampTz time);

static const char *const attach_tables[] = {"app_membership", NULL};

const CbRowKind cb_membership_kind = {
	.action = "app_membership.bulk_attach",
	.resource_type = "app_membership",
	.list_key = "identity_ids",
	.row_size = sizeof(AttachRow),
	.nkeys = 1,
	.key_codes = {CB_MEMBERSHIP_CONFLICT},
	.key_fields = {"identity_id"},
	.begin = attach_begin,
	.decode = attach_decode,
	.lock_parents = attach_lock_parents,
	.compare = attach_compare,
	.key = attach_key,
	.write_one = attach_write_one,
	.encode = attach_encode,
	.echo = attach_echo,
	.tables = attach_tables
};

CbOutcome
cb_membership_ensure(const CbBatch *batch, const pg_uuid_t *identity,
					 const pg_uuid_t *application, CbMembership *membership)
{
	pg_uuid_t	id;
	Datum		values[5];
	CbOutcome	outcome;

	cb_uuid7_make(&id);
	values[0] = UUIDPGetDatum(&batch->scope.account);
	values[1] = UUIDPGetDatum(&id);
	values[2] = UUIDPGetDatum(identity);
	values[3] = UUIDPGetDatum(application);
	values[4] = TimestampTzGetDatum(batch->now);
	if (cb_statement_run(&ensure_membership, values, NULL) == 1)
	{
		read_membership(membership);
		outcome = cb_uuid_compare(&membership->id, &id) == 0 ?
			CB_CREATED : CB_UPDATED;
		cb_statement_free();
		return outcome;
	}
	cb_statement_free();

	values[1] = UUIDPGetDatum(identity);
	values[2] = UUIDPGetDatum(application);
	outcome = CB_FAILED;
	if (cb_statement_run(&find_membership, values, NULL) == 1)
	{
		read_membership(membership);
		outcome = CB_SKIPPED;
	}
	cb_statement_free();
	return outcome;
}

/* Reads the columns MEMBERSHIP_COLUMNS of the statement's only row. */
static void
read_membership(CbMembership *membership)
{
	bool		isnull;
	char	   *status;

	membership->id = *DatumGetUUIDP(cb_statement_value(0, 1, &isnull));
	membership->identity_id = *DatumGetUUIDP(cb_statement_value(0, 2, &isnull));
	membership->application_id = *DatumGetUUIDP(cb_statement_value(0, 3, &isnull));
	status = TextDatumGetCString(cb_statement_value(0, 4, &isnull));
	membership->status = constant_status(status);
	pfree(status);
	membership->invited_at = read_time(5, &membership->has_invited_at);
	membership->activated_at = read_time(6, &membership->has_activated_at);
	membership->deactivated_at = read_time(7, &membership->has_deactivated_at);
	membership->created_at = read_time(8, &isnull);
}

static TimestampTz
read_time(int column, bool *given)
{
	bool		isnull;
	Datum		value = cb_statement_value(0, column, &isnull);

	*given = !isnull;
	return isnull ? 0 : DatumGetTimestampTz(value);
}

static const char *
constant_status(const char *status)
{
	static const char *const all[] = {
		"active", "invited", "deactivated", "suspended"
	};

	for (size_t i = 0; i < lengthof(all); i++)
	{
		if (strcmp(status, all[i]) == 0)
			return all[i];
	}
	elog(ERROR, "unexpected status of a membership");
}

static void
attach_begin(CbBatch *batch)
{
	if (!batch->scope.has_application)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no application is named"),
				 errhint("Pass application => 'slug or id', or set canopy_bulk.application.")));
	if (batch->on_conflict == CB_ON_CONFLICT_UPDATE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a membership cannot be updated by attaching"),
				 errhint("on_conflict is error or skip.")));
}

static void
attach_decode(CbBatch *batch, CbRow *row)
{
	AttachRow  *attach = (AttachRow *) row;

	if (row->input.type == jbvNull)
		cb_field_issue(row, CB_REQUIRED, "identity_id");
	else
		cb_field_uuid(row, "identity_id", &row->input, &attach->identity_id);
}

static void
attach_lock_parents(CbBatch *batch)
{
	CbParents	identities;

	cb_parents_init(&identities, batch->nrows);
	for (int i = 0; i < batch->nrows; i++)
	{
		if (cb_row_is_good(batch->rows[i]))
			cb_parents_want(&identities,
							&((AttachRow *) batch->rows[i])->identity_id);
	}
	cb_parents_lock_identities(&identities, &batch->scope);
	for (int i = 0; i < batch->nrows; i++)
	{
		AttachRow  *attach = (AttachRow *) batch->rows[i];

		if (cb_row_is_good(&attach->row) &&
			cb_parents_find(&identities, &attach->identity_id) == NULL)
			cb_field_issue(&attach->row, CB_IDENTITY_NOT_FOUND, "identity_id");
	}
}

static int
attach_compare(const CbRow *a, const CbRow *b)
{
	return cb_uuid_compare(&((const AttachRow *) a)->identity_id,
						   &((const AttachRow *) b)->identity_id);
}

static const char *
attach_key(const CbRow *row, int which, Size *len)
{
	*len = UUID_LEN;
	return (const char *) ((const AttachRow *) row)->identity_id.data;
}

static void
attach_write_one(CbBatch *batch, CbRow *row)
{
	AttachRow  *attach = (AttachRow *) row;
	CbOutcome	outcome = cb_membership_ensure(batch, &attach->identity_id,
											   &batch->scope.application,
											   &attach->membership);

	if (outcome == CB_FAILED)
		row->problem.code = CB_REJECTED;
	else if (outcome == CB_SKIPPED &&
			 batch->on_conflict == CB_ON_CONFLICT_ERROR)
		cb_field_issue(row, CB_MEMBERSHIP_CONFLICT, "identity_id");
	else
		row->outcome = outcome;
}

static void
attach_encode(CbBatch *batch, const CbRow *row, CbJson *json)
{
	static const char *const keys[] = {
		"id", "status", "created_at", "invited_at", "identity_id",
		"activated_at", "application_id", "deactivated_at"
	};
	const CbMembership *membership = &((const AttachRow *) row)->membership;

	cb_json_object(json, keys, lengthof(keys));
	cb_json_uuid(json, &membership->id);
	cb_json_cstring(json, membership->status);
	cb_json_timestamp(json, membership->created_at);
	write_time(json, membership->has_invited_at, membership->invited_at);
	cb_json_uuid(json, &membership->identity_id);
	write_time(json, membership->has_activated_at, membership->activated_at);
	cb_json_uuid(json, &membership->application_id);
	write_time(json, membership->has_deactivated_at, membership->deactivated_at);
}

/* The id as it was sent; anything but a scalar may hold a secret. */
static void
attach_echo(const CbRow *row, CbJson *json)
{
	static const char *const keys[] = {"identity_id"};

	cb_json_object(json, keys, lengthof(keys));
	if (row->input.type == jbvBinary)
		cb_redact(json, &row->input);
	else
		cb_json_value(json, &row->input);
}

static void
write_time(CbJson *json, bool given, TimestampTz time)
{
	if (given)
		cb_json_timestamp(json, time);
	else
		cb_json_null(json);
}
