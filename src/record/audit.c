/*-------------------------------------------------------------------------
 *
 * audit.c
 *		Entries of the audit log.
 *
 * One entry per batch and per import, written here and never by a trigger, so
 * that a restored dump does not write them again.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/constraints.h"
#include "db/statement.h"
#include "db/uuid7.h"
#include "record/audit.h"

/*
 * Parameters: account, id, application, environment, actor_id, actor_type,
 * action, resource_type, metadata, correlation_id, outcome, category, severity,
 * time, resource_id.
 */
static CbStatement insert_entry = {
	"INSERT INTO canopy.audit_log (account_id, id, application_id,"
	" environment_id, actor_id, actor_type, actor_label, action, resource_type,"
	" metadata, correlation_id, outcome, category, severity, created_at,"
	" resource_id, customer_visible, identity_visible)"
	" VALUES ($1, $2, $3, $4, $5, $6, $5, $7, $8, $9, $10, $11, $12, $13, $14,"
	" $15, true, false)",
	15, {UUIDOID, UUIDOID, UUIDOID, UUIDOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID,
	JSONBOID, UUIDOID, TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID, TEXTOID}, SPI_OK_INSERT
};

void
cb_audit_write(const CbAudit *audit, const CbCaller *caller,
			   const CbScope *scope)
{
	cb_audit_write_about(audit, NULL, caller, scope);
}

void
cb_audit_write_about(const CbAudit *audit, const pg_uuid_t *resource_id,
					 const CbCaller *caller, const CbScope *scope)
{
	static const char *const tables[] = {"audit_log", NULL};
	Datum		values[15];
	char		nulls[15];
	pg_uuid_t	id;
	pg_uuid_t	correlation_id;
	char		resource[CB_UUID_TEXT_LEN + 1];

	cb_constraints_force(tables);
	cb_uuid7_make(&id);
	cb_uuid7_make(&correlation_id);
	memset(nulls, ' ', sizeof(nulls));
	values[0] = UUIDPGetDatum(&scope->account);
	values[1] = UUIDPGetDatum(&id);
	values[2] = UUIDPGetDatum(&scope->application);
	nulls[2] = scope->has_application ? ' ' : 'n';
	values[3] = UUIDPGetDatum(&scope->environment);
	nulls[3] = scope->has_environment ? ' ' : 'n';
	if (caller->actor_id != NULL)
		values[4] = CStringGetTextDatum(caller->actor_id);
	else
		nulls[4] = 'n';
	values[5] = CStringGetTextDatum(caller->actor_type);
	values[6] = CStringGetTextDatum(audit->action);
	values[7] = CStringGetTextDatum(audit->resource_type);
	values[8] = JsonbPGetDatum(audit->metadata);
	values[9] = UUIDPGetDatum(&correlation_id);
	values[10] = CStringGetTextDatum(audit->outcome);
	values[11] = CStringGetTextDatum(audit->category);
	values[12] = CStringGetTextDatum(audit->severity);
	values[13] = TimestampTzGetDatum(audit->at);
	if (resource_id != NULL)
	{
		cb_uuid_format(resource_id, resource);
		values[14] = CStringGetTextDatum(resource);
	}
	else
		nulls[14] = 'n';
	if (cb_statement_run(&insert_entry, values, nulls) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("audit entry was not written"),
				 errhint("Look for a trigger or rule on canopy.audit_log.")));
	cb_statement_free();
}
