/*-------------------------------------------------------------------------
 *
 * schema_assignments.c
 *		The schemas of assignments.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "flow/schema.h"

const char *const cb_schemas_assignments =
"\"Assignment\": {\"type\": \"object\", \"properties\": {"
"\"identity_id\": " CB_SCHEMA_UUID ", \"role_id\": " CB_SCHEMA_UUID ", \"node_id\": " CB_SCHEMA_UUID ","
" \"effective_from\": " CB_SCHEMA_TIME ", \"effective_to\": " CB_SCHEMA_TIME "},"
" \"required\": [\"identity_id\", \"role_id\", \"node_id\"], \"additionalProperties\": false},"
"\"Assignments\": {\"type\": \"object\", \"properties\": {\"assignments\": "
CB_SCHEMA_ROWS(CB_SCHEMA_REF("Assignment")) "}, \"required\": [\"assignments\"]},"
"\"AssignmentIds\": {\"type\": \"object\", \"properties\": {\"assignment_ids\": "
CB_SCHEMA_ROWS(CB_SCHEMA_UUID) "}, \"required\": [\"assignment_ids\"]},"
"\"RoleChange\": {\"type\": \"object\", \"properties\": {\"assignment_ids\": "
CB_SCHEMA_ROWS(CB_SCHEMA_UUID) ", \"role_id\": " CB_SCHEMA_UUID "},"
" \"required\": [\"assignment_ids\", \"role_id\"], \"additionalProperties\": false}";
