/*-------------------------------------------------------------------------
 *
 * schema_import.c
 *		The schemas of imports.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "flow/schema.h"

#define TEXT			CB_SCHEMA_STRING("")
#define NULLABLE_TEXT	CB_SCHEMA_NULLABLE("string")
#define NULLABLE_UUID	"{\"type\": [\"string\", \"null\"], \"format\": \"uuid\"}"
#define COUNT			CB_SCHEMA_COUNT
#define STATUS \
	"{\"enum\": [\"open\", \"uploaded\", \"mapped\", \"previewed\", \"running\"," \
	" \"completed\", \"cancelled\", \"failed\", \"undone\"]}"
#define DIGEST			CB_SCHEMA_STRING(", \"pattern\": \"^[0-9a-f]{64}$\"")
#define NULLABLE_DIGEST	"{\"type\": [\"string\", \"null\"], \"pattern\": \"^[0-9a-f]{64}$\"}"
#define CLOSED			"\"additionalProperties\": false"
#define OBJECT(members, required) \
	"{\"type\": \"object\", \"properties\": {" members "}," \
	" \"required\": [" required "], " CLOSED "}"
#define LIST(item)		"{\"type\": \"array\", \"items\": " item "}"
#define PAGE_OF(item) \
	OBJECT("\"items\": {\"type\": \"array\", \"maxItems\": 100, \"items\": " \
		   CB_SCHEMA_REF(item) "}, \"pagination\": " CB_SCHEMA_REF("Pagination"), \
		   "\"items\", \"pagination\"")
#define COLUMN \
	"\"position\": " COUNT ", \"header\": " TEXT ", \"field\": " NULLABLE_TEXT "," \
	" \"secret\": " CB_SCHEMA_BOOL
#define COLUMN_REQUIRED	"\"position\", \"header\", \"field\", \"secret\""
#define TALLY \
	OBJECT("\"total\": " COUNT ", \"valid\": " COUNT ", \"warning\": " COUNT "," \
		   " \"error\": " COUNT ", \"selected\": " COUNT ", \"create\": " COUNT "," \
		   " \"update\": " COUNT ", \"skip\": " COUNT, \
		   "\"total\", \"valid\", \"warning\", \"error\", \"selected\", \"create\"," \
		   " \"update\", \"skip\"")
#define ROW \
	"\"row_number\": " COUNT ", \"line_number\": " COUNT ", \"cells\": " \
	LIST(NULLABLE_TEXT) ", \"outcome\": " NULLABLE_TEXT
#define ROW_REQUIRED	"\"row_number\", \"line_number\", \"cells\", \"outcome\""

#define UNDO_OUTCOME	"{\"enum\": [\"reversed\", \"kept\", \"error\"]}"
#define UNDONE \
	OBJECT("\"total\": " COUNT ", \"reversed\": " COUNT ", \"kept\": " COUNT ","  \
		   " \"error\": " COUNT, \
		   "\"total\", \"reversed\", \"kept\", \"error\"")

const char *const cb_schemas_import =
"\"ImportOrder\": "
OBJECT("\"mode\": {\"enum\": [\"create\", \"invite\", \"account_create\"]},"
	   " \"on_conflict\": {\"enum\": [\"error\", \"skip\", \"update\"]},"
	   " \"missing\": {\"enum\": [\"ignore\", \"report\", \"deactivate\"]},"
	   " \"max_missing_percent\": {\"type\": \"integer\", \"minimum\": 0, \"maximum\": 100}",
	   "\"mode\"") ","
"\"ImportMapping\": {\"type\": \"object\", \"additionalProperties\": " NULLABLE_TEXT "},"
"\"ImportSelection\": "
OBJECT("\"row_numbers\": {\"type\": [\"array\", \"null\"], \"items\": {\"type\": \"integer\"}},"
	   " \"selected\": " CB_SCHEMA_BOOL, "\"selected\"") ","
"\"Import\": {\"type\": \"object\", \"properties\": {"
"\"id\": " CB_SCHEMA_UUID ", \"mode\": " TEXT ", \"status\": " STATUS ","
" \"columns\": " LIST(OBJECT(COLUMN, COLUMN_REQUIRED)) ", \"missing\": " LIST(TEXT) ","
" \"encoding\": " OBJECT("\"name\": " NULLABLE_TEXT ", \"method\": " NULLABLE_TEXT ","
						 " \"confidence\": " COUNT, "\"name\", \"method\", \"confidence\"") ","
" \"delimiter\": " NULLABLE_TEXT ", \"file_name\": " NULLABLE_TEXT ","
" \"file_size\": " COUNT ", \"row_count\": " COUNT ", \"batch_size\": " COUNT ","
" \"created_at\": " CB_SCHEMA_TIME ", \"on_conflict\": " TEXT ","
" \"plan_digest\": " NULLABLE_DIGEST ", \"error_message\": " NULLABLE_TEXT ","
" \"statistics\": " OBJECT("\"valid\": " COUNT ", \"warning\": " COUNT ", \"error\": " COUNT ","
						   " \"selected\": " COUNT ", \"succeeded\": " COUNT ","
						   " \"failed\": " COUNT ", \"skipped\": " COUNT,
						   "\"valid\", \"warning\", \"error\", \"selected\", \"succeeded\","
						   " \"failed\", \"skipped\"") "},"
" \"required\": [\"id\", \"mode\", \"status\", \"columns\", \"missing\", \"encoding\","
" \"delimiter\", \"file_name\", \"file_size\", \"row_count\", \"batch_size\", \"created_at\","
" \"on_conflict\", \"plan_digest\", \"error_message\", \"statistics\"]},"
"\"ImportPage\": " PAGE_OF("Import") ","
"\"ImportFile\": {\"type\": \"object\", \"properties\": {"
"\"id\": " CB_SCHEMA_UUID ", \"status\": " STATUS ", \"delimiter\": " TEXT ","
" \"encoding\": {\"type\": \"object\"}, \"row_count\": " COUNT ", \"comment_count\": " COUNT ","
" \"columns\": " LIST(OBJECT(COLUMN ", \"confidence\": " COUNT, COLUMN_REQUIRED ", \"confidence\"")) ","
" \"missing\": " LIST(TEXT) ", \"preview\": " LIST(LIST(NULLABLE_TEXT)) "},"
" \"required\": [\"id\", \"status\", \"delimiter\", \"encoding\", \"row_count\","
" \"comment_count\", \"columns\", \"missing\", \"preview\"]},"
"\"ImportPreview\": "
OBJECT("\"id\": " CB_SCHEMA_UUID ", \"status\": " STATUS ", \"statistics\": " TALLY ","
	   " \"codes\": " LIST(OBJECT("\"code\": " TEXT ", \"severity\": {\"enum\": [\"warning\", \"error\"]},"
								  " \"count\": " COUNT, "\"code\", \"severity\", \"count\"")) ","
	   " \"missing\": {\"type\": [\"object\", \"null\"]}, \"plan_digest\": " DIGEST,
	   "\"id\", \"status\", \"statistics\", \"codes\", \"missing\", \"plan_digest\"") ","
"\"ImportSelected\": "
OBJECT("\"id\": " CB_SCHEMA_UUID ", \"rows\": " COUNT ", \"status\": " STATUS ","
	   " \"statistics\": " TALLY ", \"plan_digest\": " DIGEST,
	   "\"id\", \"rows\", \"status\", \"statistics\", \"plan_digest\"") ","
"\"ImportRow\": "
OBJECT(ROW ", \"selected\": " CB_SCHEMA_BOOL ", \"verdict\": " NULLABLE_TEXT ","
	   " \"plan\": " NULLABLE_TEXT ", \"issues\": " LIST("{\"type\": \"object\"}"),
	   ROW_REQUIRED ", \"selected\", \"verdict\", \"plan\", \"issues\"") ","
"\"ImportRowPage\": " PAGE_OF("ImportRow") ","
"\"ImportResult\": "
OBJECT(ROW ", \"id\": " NULLABLE_UUID ", \"code\": " CB_SCHEMA_NULLABLE("integer") ","
	   " \"skip_reason\": " NULLABLE_TEXT ", \"error_code\": " NULLABLE_TEXT ","
	   " \"error_message\": " NULLABLE_TEXT,
	   ROW_REQUIRED ", \"id\", \"code\", \"skip_reason\", \"error_code\", \"error_message\"") ","
"\"ImportResultPage\": " PAGE_OF("ImportResult") ","
"\"ImportUndone\": "
OBJECT("\"id\": " CB_SCHEMA_UUID ", \"status\": " STATUS ", \"dry_run\": " CB_SCHEMA_BOOL ","
	   " \"summary\": " UNDONE ", \"missing\": " UNDONE ","
	   " \"rows\": " LIST(OBJECT("\"row_number\": " CB_SCHEMA_NULLABLE("integer") ","
								 " \"id\": " CB_SCHEMA_UUID ", \"outcome\": " UNDO_OUTCOME ","
								 " \"reason\": " NULLABLE_TEXT,
								 "\"row_number\", \"id\", \"outcome\", \"reason\"")),
	   "\"id\", \"status\", \"dry_run\", \"summary\", \"missing\", \"rows\"") ","
"\"ImportMissing\": "
OBJECT("\"identity_id\": " CB_SCHEMA_UUID ", \"email\": " NULLABLE_TEXT ","
	   " \"outcome\": " NULLABLE_TEXT ", \"error_code\": " NULLABLE_TEXT ","
	   " \"undo_outcome\": " NULLABLE_TEXT ", \"undo_reason\": " NULLABLE_TEXT,
	   "\"identity_id\", \"email\", \"outcome\", \"error_code\", \"undo_outcome\","
	   " \"undo_reason\"") ","
"\"ImportMissingPage\": " PAGE_OF("ImportMissing");
