/*-------------------------------------------------------------------------
 *
 * assignment.c
 *		A role of an identity at a node.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/statement.h"
#include "db/uuid7.h"
#include "rows/assignment.h"

#define EQ " OPERATOR(pg_catalog.=) "

/* Parameters: account, new id, identity, application, role, node, time. */
static CbStatement insert_assignment = {
	"INSERT INTO canopy.role_assignment (account_id, id, identity_id,"
	" application_id, role_id, node_id, created_at, updated_at)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $7)"
	" ON CONFLICT (account_id, identity_id, role_id, node_id) DO NOTHING"
	" RETURNING id",
	7, {UUIDOID, UUIDOID, UUIDOID, UUIDOID, UUIDOID, UUIDOID, TIMESTAMPTZOID},
	SPI_OK_INSERT_RETURNING
};

/* Parameters: account, identity, role, node. */
static CbStatement find_assignment = {
	"SELECT id FROM canopy.role_assignment"
	" WHERE account_id" EQ "$1 AND identity_id" EQ "$2"
	" AND role_id" EQ "$3 AND node_id" EQ "$4",
	4, {UUIDOID, UUIDOID, UUIDOID, UUIDOID}, SPI_OK_SELECT
};

CbOutcome
cb_assignment_ensure(const CbBatch *batch, const pg_uuid_t *identity,
					 const pg_uuid_t *application, const pg_uuid_t *role,
					 const pg_uuid_t *node)
{
	pg_uuid_t	id;
	Datum		values[7];
	uint64		found;

	cb_uuid7_make(&id);
	values[0] = UUIDPGetDatum(&batch->scope.account);
	values[1] = UUIDPGetDatum(&id);
	values[2] = UUIDPGetDatum(identity);
	values[3] = UUIDPGetDatum(application);
	values[4] = UUIDPGetDatum(role);
	values[5] = UUIDPGetDatum(node);
	values[6] = TimestampTzGetDatum(batch->now);
	found = cb_statement_run(&insert_assignment, values, NULL);
	cb_statement_free();
	if (found == 1)
		return CB_CREATED;

	values[1] = UUIDPGetDatum(identity);
	values[2] = UUIDPGetDatum(role);
	values[3] = UUIDPGetDatum(node);
	found = cb_statement_run(&find_assignment, values, NULL);
	cb_statement_free();
	return found == 1 ? CB_SKIPPED : CB_FAILED;
}
