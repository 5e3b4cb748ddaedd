/*-------------------------------------------------------------------------
 *
 * schema_bulk.c
 *		The schemas of the bulk functions, and of errors.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "flow/schema.h"

#define IDENTITY_FIELDS \
	"\"email\": " CB_SCHEMA_STRING(", \"maxLength\": 254") "," \
	"\"first_name\": " CB_SCHEMA_STRING(", \"maxLength\": 255") "," \
	"\"last_name\": " CB_SCHEMA_STRING(", \"maxLength\": 255") "," \
	"\"password\": " CB_SCHEMA_STRING(", \"minLength\": 8, \"maxLength\": 64, \"writeOnly\": true") "," \
	"\"password_hash\": " CB_SCHEMA_STRING(", \"maxLength\": 512, \"writeOnly\": true") "," \
	"\"external_id\": " CB_SCHEMA_STRING(", \"maxLength\": 255") "," \
	"\"metadata\": {\"type\": \"object\"}"
#define IDENTITY_REQUIRED \
	"\"required\": [\"email\", \"first_name\", \"last_name\"]," \
	" \"additionalProperties\": false"
const char *const cb_schemas_bulk =
"\"AccountIdentity\": {\"type\": \"object\", \"properties\": {"
IDENTITY_FIELDS ", \"application_id\": " CB_SCHEMA_UUID "}, " IDENTITY_REQUIRED "},"
"\"Identity\": {\"type\": \"object\", \"properties\": {"
IDENTITY_FIELDS ", \"role_id\": " CB_SCHEMA_UUID ", \"node_id\": " CB_SCHEMA_UUID "}, "
IDENTITY_REQUIRED ","
" \"dependentRequired\": {\"role_id\": [\"node_id\"], \"node_id\": [\"role_id\"]}},"
"\"AccountIdentities\": {\"type\": \"object\", \"properties\": {\"identities\": "
CB_SCHEMA_ROWS(CB_SCHEMA_REF("AccountIdentity")) "}, \"required\": [\"identities\"]},"
"\"Identities\": {\"type\": \"object\", \"properties\": {\"identities\": "
CB_SCHEMA_ROWS(CB_SCHEMA_REF("Identity")) "}, \"required\": [\"identities\"]},"
"\"IdentityIds\": {\"type\": \"object\", \"properties\": {\"identity_ids\": "
CB_SCHEMA_ROWS(CB_SCHEMA_UUID) "}, \"required\": [\"identity_ids\"]},"
"\"ImportEvent\": {\"type\": \"object\", \"properties\": {"
"\"mode\": {\"enum\": [\"create\", \"invite\"]}, \"total\": " CB_SCHEMA_COUNT ","
" \"succeeded\": " CB_SCHEMA_COUNT ", \"failed\": " CB_SCHEMA_COUNT ", \"skipped\": " CB_SCHEMA_COUNT "},"
" \"required\": [\"mode\", \"total\", \"succeeded\", \"failed\"]},"
"\"Envelope\": {\"type\": \"object\", \"properties\": {"
"\"summary\": {\"type\": \"object\", \"properties\": {\"total\": " CB_SCHEMA_COUNT ","
" \"succeeded\": " CB_SCHEMA_COUNT ", \"failed\": " CB_SCHEMA_COUNT "},"
" \"required\": [\"total\", \"succeeded\", \"failed\"]},"
"\"results\": {\"type\": \"array\", \"items\": {\"oneOf\": ["
CB_SCHEMA_REF("Success") ", " CB_SCHEMA_REF("Failure") "]}}},"
" \"required\": [\"summary\", \"results\"]},"
"\"Success\": {\"type\": \"object\", \"properties\": {\"index\": " CB_SCHEMA_COUNT ","
" \"status\": {\"const\": \"success\"}, \"code\": {\"type\": \"integer\"},"
" \"data\": {\"type\": \"object\"}},"
" \"required\": [\"index\", \"status\", \"code\", \"data\"]},"
"\"Failure\": {\"type\": \"object\", \"properties\": {\"index\": " CB_SCHEMA_COUNT ","
" \"status\": {\"const\": \"error\"}, \"code\": {\"type\": \"integer\"},"
" \"input\": {\"type\": [\"object\", \"null\"]}, \"error\": {\"type\": \"object\","
" \"properties\": {\"code\": " CB_SCHEMA_STRING("") ", \"message\": " CB_SCHEMA_STRING("") ","
" \"details\": {\"type\": \"object\"}},"
" \"required\": [\"code\", \"message\", \"details\"]}},"
" \"required\": [\"index\", \"status\", \"code\", \"input\", \"error\"]},"
"\"Error\": {\"type\": \"object\", \"properties\": {\"error\": {\"type\": \"object\","
" \"properties\": {\"statusCode\": {\"type\": \"integer\"}, \"code\": " CB_SCHEMA_STRING("") ","
" \"message\": " CB_SCHEMA_STRING("") ", \"path\": " CB_SCHEMA_STRING("") ", \"method\": " CB_SCHEMA_STRING("") ","
" \"details\": {\"type\": \"object\"}},"
" \"required\": [\"statusCode\", \"code\", \"message\", \"path\", \"method\"]}},"
" \"required\": [\"error\"]},"
"\"OpenApi\": {\"type\": \"object\"}";
