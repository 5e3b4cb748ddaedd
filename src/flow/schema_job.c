/*-------------------------------------------------------------------------
 *
 * schema_job.c
 *		The schemas of jobs.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "flow/schema.h"

#define TEXT			CB_SCHEMA_STRING("")
#define NULLABLE_TEXT	CB_SCHEMA_NULLABLE("string")
#define NULLABLE_UUID	"{\"type\": [\"string\", \"null\"], \"format\": \"uuid\"}"
#define NULLABLE_TIME	"{\"type\": [\"string\", \"null\"], \"format\": \"date-time\"}"
#define STATUS \
	"{\"enum\": [\"queued\", \"fetching\", \"running\", \"complete\"," \
	" \"failed\", \"cancelled\"]}"
#define TYPE			"{\"enum\": [\"import\", \"import_url\"]}"
#define OBJECT(members, required) \
	"{\"type\": \"object\", \"properties\": {" members "}," \
	" \"required\": [" required "], \"additionalProperties\": false}"

/* The product's own lists, which its example sends as a single id. */
#define IDS \
	"{\"oneOf\": [{\"type\": \"array\", \"items\": " CB_SCHEMA_UUID "}, " \
	CB_SCHEMA_UUID ", {\"type\": \"null\"}]}"
#define PRODUCT_JOB \
	OBJECT("\"id\": " CB_SCHEMA_UUID ", \"type\": " TYPE ", \"description\": " TEXT "," \
		   " \"errorMessage\": " TEXT ", \"createdAt\": " CB_SCHEMA_TIME "," \
		   " \"repeatable\": " CB_SCHEMA_BOOL ", \"status\": " STATUS "," \
		   " \"importId\": " NULLABLE_UUID, \
		   "\"id\", \"type\", \"description\", \"errorMessage\", \"createdAt\"," \
		   " \"repeatable\", \"status\", \"importId\"")

const char *const cb_schemas_job =
"\"ImportSubmission\": {\"type\": \"object\", \"properties\": {\"plan_digest\": "
CB_SCHEMA_STRING(", \"pattern\": \"^[0-9a-f]{64}$\"") "}, \"additionalProperties\": false},"
"\"Job\": "
OBJECT("\"id\": " CB_SCHEMA_UUID ", \"type\": " TYPE ", \"status\": " STATUS ","
	   " \"attempt\": " CB_SCHEMA_COUNT ", \"import_id\": " NULLABLE_UUID ","
	   " \"created_at\": " CB_SCHEMA_TIME ", \"parameters\": {\"type\": \"object\"},"
	   " \"repeatable\": " CB_SCHEMA_BOOL ", \"started_at\": " NULLABLE_TIME ","
	   " \"description\": " TEXT ", \"finished_at\": " NULLABLE_TIME ","
	   " \"error_message\": " NULLABLE_TEXT ","
	   " \"fetched_bytes\": " CB_SCHEMA_NULLABLE("integer"),
	   "\"id\", \"type\", \"status\", \"attempt\", \"import_id\", \"created_at\","
	   " \"parameters\", \"repeatable\", \"started_at\", \"description\","
	   " \"finished_at\", \"error_message\", \"fetched_bytes\"") ","
"\"JobPage\": "
OBJECT("\"items\": {\"type\": \"array\", \"maxItems\": 100, \"items\": "
	   CB_SCHEMA_REF("Job") "}, \"pagination\": " CB_SCHEMA_REF("Pagination"),
	   "\"items\", \"pagination\"") ","
"\"BulkImportOrder\": "
OBJECT("\"url\": " CB_SCHEMA_STRING(", \"maxLength\": 2048") ","
	   " \"inviteMessage\": " NULLABLE_TEXT ", \"bundleIds\": " IDS ","
	   " \"courseIds\": " IDS ", \"learningPathIds\": " IDS ", \"licenseIds\": " IDS ","
	   " \"clientId\": " NULLABLE_UUID ", \"role\": " NULLABLE_TEXT ","
	   " \"dryRun\": " CB_SCHEMA_NULLABLE("boolean") ", \"mode\": " NULLABLE_TEXT,
	   "\"url\"") ","
"\"BulkImport\": {\"type\": \"object\", \"properties\": {\"data\": {\"type\": \"object\","
" \"properties\": {\"APIBulkImport\": " PRODUCT_JOB "}, \"required\": [\"APIBulkImport\"]}},"
" \"required\": [\"data\"]},"
"\"BackgroundJob\": {\"type\": \"object\", \"properties\": {\"data\": {\"type\": \"object\","
" \"properties\": {\"APIBackgroundJob\": " PRODUCT_JOB "}, \"required\": [\"APIBackgroundJob\"]}},"
" \"required\": [\"data\"]}";
