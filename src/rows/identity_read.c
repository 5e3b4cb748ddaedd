/*-------------------------------------------------------------------------
 *
 * identity_read.c
 *		Reads identities, one or counts of all.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/statement.h"
#include "rows/identity_read.h"

#define EQ " OPERATOR(pg_catalog.=) "

/* Parameters: account, identity. */
static CbStatement get_identity = {
	"SELECT " CB_IDENTITY_COLUMNS ", updated_at FROM canopy.identity"
	" WHERE account_id" EQ "$1 AND id" EQ "$2",
	2, {UUIDOID, UUIDOID}, SPI_OK_SELECT,
	.returns = CB_IDENTITY_RESULT ", updated_at timestamptz"
};

/* Parameters: account, application, identity. */
static CbStatement get_member = {
	"SELECT " CB_MEMBER_COLUMNS ", i.updated_at" CB_MEMBERS_OF_APPLICATION
	" AND i.id" EQ "$3",
	3, {UUIDOID, UUIDOID, UUIDOID}, SPI_OK_SELECT,
	.returns = CB_IDENTITY_RESULT ", updated_at timestamptz"
};

/* Parameters: account, application, environment or null, identity. */
static CbStatement get_roles = {
	"SELECT r.id, r.role_id, o.name AS role_name, r.node_id, n.name AS node_name"
	" FROM canopy.role_assignment r"
	" JOIN canopy.role o ON o.account_id" EQ "r.account_id AND o.id" EQ "r.role_id"
	" JOIN canopy.node n ON n.account_id" EQ "r.account_id AND n.id" EQ "r.node_id"
	" WHERE r.account_id" EQ "$1 AND o.account_id" EQ "$1 AND n.account_id" EQ "$1"
	" AND r.application_id" EQ "$2 AND r.identity_id" EQ "$4"
	" AND ($3 IS NULL OR n.environment_id" EQ "$3)"
	" ORDER BY r.created_at, r.id",
	4, {UUIDOID, UUIDOID, UUIDOID, UUIDOID}, SPI_OK_SELECT,
	.returns = "id uuid, role_id uuid, role_name text, node_id uuid, node_name text"
};

/* Parameters: account. */
static CbStatement count_account = {
	"SELECT pg_catalog.count(*),"
	" pg_catalog.count(*) FILTER (WHERE i.is_active),"
	" (SELECT pg_catalog.count(DISTINCT m.identity_id) FROM canopy.app_membership m"
	" WHERE m.account_id" EQ "$1 AND m.status" EQ "'active'),"
	" pg_catalog.count(*) FILTER (WHERE NOT i.email_verified)"
	" FROM canopy.identity i WHERE i.account_id" EQ "$1",
	1, {UUIDOID}, SPI_OK_SELECT,
	.returns = "total int8, active int8, members int8, unverified int8"
};

/* Parameters: account, application, environment or null. */
static CbStatement count_application = {
	"SELECT pg_catalog.count(*),"
	" pg_catalog.count(*) FILTER (WHERE EXISTS (" CB_ASSIGNMENTS_OF_MEMBER "))"
	CB_MEMBERS_OF_APPLICATION,
	3, {UUIDOID, UUIDOID, UUIDOID}, SPI_OK_SELECT,
	.returns = "total int8, assigned int8"
};

typedef struct Reading
{
	MemoryContext context;
	bool		found;
	CbIdentity	identity;
	TimestampTz updated_at;
} Reading;

static bool read_identity(const CbScope *scope, const pg_uuid_t *id,
						  Reading *reading);
static void read_row(void *arg, const Datum *values, const bool *nulls);
static void encode_detail(const CbScope *scope, const Reading *reading,
						  CbJson *json);
static char *full_name(const CbIdentity *identity);
static void encode_roles(const CbScope *scope, const pg_uuid_t *id,
						 CbJson *json);
static int64 counted(int column);

bool
cb_identity_exists(const CbScope *scope, const pg_uuid_t *id)
{
	Reading		reading;

	return read_identity(scope, id, &reading);
}

char *
cb_identity_email(const CbScope *scope, const pg_uuid_t *id)
{
	Reading		reading;

	return read_identity(scope, id, &reading) ?
		pnstrdup(reading.identity.email.val, reading.identity.email.len) : NULL;
}

Jsonb *
cb_identity_get(const CbScope *scope, const pg_uuid_t *id)
{
	Reading		reading;
	CbJson	   *json;
	CbIdentityMembership *memberships;
	int			nmemberships;

	if (!read_identity(scope, id, &reading))
		return NULL;
	json = cb_json_create(1024);
	if (scope->has_application)
		cb_identity_encode_for_application(&reading.identity,
										   reading.identity.is_active, json);
	else
	{
		nmemberships = cb_identity_memberships(&scope->account, id, &memberships);
		cb_identity_encode_for_account(&reading.identity, memberships,
									   nmemberships, json);
	}
	return cb_json_finish(json);
}

Jsonb *
cb_identity_detail(const CbScope *scope, const pg_uuid_t *id)
{
	Reading		reading;
	CbJson	   *json;

	if (!read_identity(scope, id, &reading))
		return NULL;
	json = cb_json_create(1024);
	encode_detail(scope, &reading, json);
	return cb_json_finish(json);
}

Jsonb *
cb_identity_summary(const CbScope *scope)
{
	static const char *const account_keys[] = {
		"total", "active_count", "inactive_count", "no_memberships_count",
		"email_unverified_count"
	};
	static const char *const application_keys[] = {
		"assigned_count", "total_identities", "unassigned_count"
	};
	CbJson	   *json = cb_json_create(256);
	Datum		values[3];
	char		nulls[3] = {' ', ' ', scope->has_environment ? ' ' : 'n'};

	values[0] = UUIDPGetDatum(&scope->account);
	values[1] = UUIDPGetDatum(&scope->application);
	values[2] = UUIDPGetDatum(&scope->environment);
	cb_statement_run(scope->has_application ? &count_application : &count_account,
					 values, nulls);
	if (scope->has_application)
	{
		cb_json_object(json, application_keys, lengthof(application_keys));
		cb_json_int(json, counted(2));
		cb_json_int(json, counted(1));
		cb_json_int(json, counted(1) - counted(2));
	}
	else
	{
		cb_json_object(json, account_keys, lengthof(account_keys));
		cb_json_int(json, counted(1));
		cb_json_int(json, counted(2));
		cb_json_int(json, counted(1) - counted(2));
		cb_json_int(json, counted(1) - counted(3));
		cb_json_int(json, counted(4));
	}
	cb_statement_free();
	return cb_json_finish(json);
}

static bool
read_identity(const CbScope *scope, const pg_uuid_t *id, Reading *reading)
{
	Datum		values[3];
	int			n = 0;

	memset(reading, 0, sizeof(Reading));
	reading->context = CurrentMemoryContext;
	values[n++] = UUIDPGetDatum(&scope->account);
	if (scope->has_application)
		values[n++] = UUIDPGetDatum(&scope->application);
	values[n] = UUIDPGetDatum(id);
	cb_statement_stream(scope->has_application ? &get_member : &get_identity,
						values, NULL, false, read_row, reading);
	return reading->found;
}

static void
read_row(void *arg, const Datum *values, const bool *nulls)
{
	Reading    *reading = arg;

	cb_identity_read(reading->context, &reading->identity, values, nulls);
	reading->updated_at = DatumGetTimestampTz(values[CB_IDENTITY_NCOLUMNS]);
	reading->found = true;
}

static void
encode_detail(const CbScope *scope, const Reading *reading, CbJson *json)
{
	static CbJsonShape keys = {13, {"id", "name", "email", "roles", "metadata", "is_active", "last_name",
			"avatar_url", "can_manage", "created_at", "first_name", "updated_at",
	"external_id"}};
	const CbIdentity *identity = &reading->identity;

	cb_json_shape(json, &keys);
	cb_json_uuid(json, &identity->id);
	cb_json_cstring(json, full_name(identity));
	cb_text_write(json, &identity->email);
	encode_roles(scope, &identity->id, json);
	cb_json_value(json, &identity->metadata);
	cb_json_bool(json, identity->is_active);
	cb_text_write(json, &identity->last_name);
	cb_text_write(json, &identity->avatar_url);
	/* Nobody gets here who may not. */
	cb_json_bool(json, true);
	cb_json_timestamp(json, identity->created_at);
	cb_text_write(json, &identity->first_name);
	cb_json_timestamp(json, reading->updated_at);
	cb_text_write(json, &identity->external_id);
}

static char *
full_name(const CbIdentity *identity)
{
	return psprintf("%.*s %.*s",
					identity->first_name.len, identity->first_name.val,
					identity->last_name.len, identity->last_name.val);
}

static void
encode_roles(const CbScope *scope, const pg_uuid_t *id, CbJson *json)
{
	static CbJsonShape keys = {5, {"id", "name", "node_id", "node_name", "assignment_id"}};
	Datum		values[4];
	char		nulls[4] = {' ', ' ', scope->has_environment ? ' ' : 'n', ' '};
	int			nroles;
	bool		isnull;

	values[0] = UUIDPGetDatum(&scope->account);
	values[1] = UUIDPGetDatum(&scope->application);
	values[2] = UUIDPGetDatum(&scope->environment);
	values[3] = UUIDPGetDatum(id);
	nroles = (int) cb_statement_run(&get_roles, values, nulls);
	cb_json_array(json, nroles);
	for (int i = 0; i < nroles; i++)
	{
		cb_json_shape(json, &keys);
		cb_json_uuid(json, DatumGetUUIDP(cb_statement_value(i, 2, &isnull)));
		cb_json_cstring(json, TextDatumGetCString(cb_statement_value(i, 3, &isnull)));
		cb_json_uuid(json, DatumGetUUIDP(cb_statement_value(i, 4, &isnull)));
		cb_json_cstring(json, TextDatumGetCString(cb_statement_value(i, 5, &isnull)));
		cb_json_uuid(json, DatumGetUUIDP(cb_statement_value(i, 1, &isnull)));
	}
	cb_statement_free();
}

/* A count of the one row that was read; columns count from 1. */
static int64
counted(int column)
{
	bool		isnull;

	return DatumGetInt64(cb_statement_value(0, column, &isnull));
}
