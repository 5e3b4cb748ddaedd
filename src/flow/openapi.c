/*-------------------------------------------------------------------------
 *
 * openapi.c
 *		The document that describes the routes: OpenAPI 3.1.
 *
 * The paths come from the table of routes, so that the document cannot describe
 * one that is not served.  The schemas are constant text.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"

#include "canopy_bulk.h"
#include "flow/route.h"

#define STRING(more)	"{\"type\": \"string\"" more "}"
#define NULLABLE_STRING	"{\"type\": [\"string\", \"null\"]}"
#define COUNT			"{\"type\": \"integer\", \"minimum\": 0}"
#define REF(name)		"{\"$ref\": \"#/components/schemas/" name "\"}"
#define LIST(item)		"{\"type\": \"array\", \"maxItems\": 200, \"items\": " item "}"

#define IDENTITY_FIELDS \
	"\"email\": " STRING(", \"maxLength\": 254") "," \
	"\"first_name\": " STRING(", \"maxLength\": 255") "," \
	"\"last_name\": " STRING(", \"maxLength\": 255") "," \
	"\"password\": " STRING(", \"minLength\": 8, \"maxLength\": 64, \"writeOnly\": true") "," \
	"\"password_hash\": " STRING(", \"maxLength\": 512, \"writeOnly\": true") "," \
	"\"external_id\": " STRING(", \"maxLength\": 255") "," \
	"\"metadata\": {\"type\": \"object\"}"
#define IDENTITY_REQUIRED \
	"\"required\": [\"email\", \"first_name\", \"last_name\"]," \
	" \"additionalProperties\": false"
#define UUID			STRING(", \"format\": \"uuid\"")

static const char *const schemas =
"{\"AccountIdentity\": {\"type\": \"object\", \"properties\": {"
IDENTITY_FIELDS ", \"application_id\": " UUID "}, " IDENTITY_REQUIRED "},"
"\"Identity\": {\"type\": \"object\", \"properties\": {"
IDENTITY_FIELDS ", \"role_id\": " UUID ", \"node_id\": " UUID "}, "
IDENTITY_REQUIRED ","
" \"dependentRequired\": {\"role_id\": [\"node_id\"], \"node_id\": [\"role_id\"]}},"
"\"AccountIdentities\": {\"type\": \"object\", \"properties\": {\"identities\": "
LIST(REF("AccountIdentity")) "}, \"required\": [\"identities\"]},"
"\"Identities\": {\"type\": \"object\", \"properties\": {\"identities\": "
LIST(REF("Identity")) "}, \"required\": [\"identities\"]},"
"\"IdentityIds\": {\"type\": \"object\", \"properties\": {\"identity_ids\": "
LIST(UUID) "}, \"required\": [\"identity_ids\"]},"
"\"ImportEvent\": {\"type\": \"object\", \"properties\": {"
"\"mode\": {\"enum\": [\"create\", \"invite\"]}, \"total\": " COUNT ","
" \"succeeded\": " COUNT ", \"failed\": " COUNT ", \"skipped\": " COUNT "},"
" \"required\": [\"mode\", \"total\", \"succeeded\", \"failed\"]},"
"\"Envelope\": {\"type\": \"object\", \"properties\": {"
"\"summary\": {\"type\": \"object\", \"properties\": {\"total\": " COUNT ","
" \"succeeded\": " COUNT ", \"failed\": " COUNT "},"
" \"required\": [\"total\", \"succeeded\", \"failed\"]},"
"\"results\": {\"type\": \"array\", \"items\": {\"oneOf\": ["
REF("Success") ", " REF("Failure") "]}}},"
" \"required\": [\"summary\", \"results\"]},"
"\"Success\": {\"type\": \"object\", \"properties\": {\"index\": " COUNT ","
" \"status\": {\"const\": \"success\"}, \"code\": {\"type\": \"integer\"},"
" \"data\": {\"type\": \"object\"}},"
" \"required\": [\"index\", \"status\", \"code\", \"data\"]},"
"\"Failure\": {\"type\": \"object\", \"properties\": {\"index\": " COUNT ","
" \"status\": {\"const\": \"error\"}, \"code\": {\"type\": \"integer\"},"
" \"input\": {\"type\": [\"object\", \"null\"]}, \"error\": {\"type\": \"object\","
" \"properties\": {\"code\": " STRING("") ", \"message\": " STRING("") ","
" \"details\": {\"type\": \"object\"}},"
" \"required\": [\"code\", \"message\", \"details\"]}},"
" \"required\": [\"index\", \"status\", \"code\", \"input\", \"error\"]},"
"\"Error\": {\"type\": \"object\", \"properties\": {\"error\": {\"type\": \"object\","
" \"properties\": {\"statusCode\": {\"type\": \"integer\"}, \"code\": " STRING("") ","
" \"message\": " STRING("") ", \"path\": " STRING("") ", \"method\": " STRING("") "},"
" \"required\": [\"statusCode\", \"code\", \"message\", \"path\", \"method\"]}},"
" \"required\": [\"error\"]},"
"\"OpenApi\": {\"type\": \"object\"}}";

static const char *const parameters =
"{\"account\": {\"name\": \"account\", \"in\": \"path\", \"required\": true,"
" \"description\": \"Slug or id.\", \"schema\": " STRING("") "},"
"\"application\": {\"name\": \"application\", \"in\": \"path\", \"required\": true,"
" \"description\": \"Slug or id.\", \"schema\": " STRING("") "},"
"\"idempotencyKey\": {\"name\": \"Idempotency-Key\", \"in\": \"header\","
" \"schema\": " STRING(", \"minLength\": 1, \"maxLength\": 255") "},"
"\"environment\": {\"name\": \"environment\", \"in\": \"query\","
" \"schema\": " STRING("") "},"
"\"dryRun\": {\"name\": \"dry_run\", \"in\": \"query\","
" \"schema\": {\"type\": \"boolean\"}},"
"\"maxFailed\": {\"name\": \"max_failed\", \"in\": \"query\", \"schema\": " COUNT "},"
"\"onConflict\": {\"name\": \"on_conflict\", \"in\": \"query\","
" \"schema\": {\"enum\": [\"error\", \"skip\", \"update\"]}},"
"\"onMembership\": {\"name\": \"on_conflict\", \"in\": \"query\","
" \"schema\": {\"enum\": [\"error\", \"skip\"]}}}";

static const char *const security =
"{\"bearer\": {\"type\": \"http\", \"scheme\": \"bearer\", \"bearerFormat\": \"JWT\"},"
"\"apiKey\": {\"type\": \"apiKey\", \"in\": \"header\", \"name\": \"X-API-Key\"}}";

static void write_route(StringInfo json, const CbRoute *route);
static void write_parameters(StringInfo json, const CbRoute *route);
static void write_parameter(StringInfo json, const char *name);
static void write_responses(StringInfo json, const CbRoute *route);
static void write_response(StringInfo json, int status, const char *text,
						   const char *schema);

Jsonb *
cb_openapi_describe(void)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoString(&json, "{\"openapi\": \"3.1.0\", \"info\": {\"title\": \"canopy_bulk\", \"version\": ");
	escape_json(&json, CANOPY_BULK_VERSION);
	appendStringInfoString(&json, "}, \"paths\": {");
	for (int i = 0; i < cb_nroutes; i++)
	{
		if (i > 0)
			appendStringInfoString(&json, ", ");
		write_route(&json, &cb_routes[i]);
	}
	appendStringInfo(&json, "}, \"components\": {\"schemas\": %s, \"parameters\": %s, \"securitySchemes\": %s}}",
					 schemas, parameters, security);
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in,
											  CStringGetDatum(json.data)));
}

/* Each path of the table has one method. */
static void
write_route(StringInfo json, const CbRoute *route)
{
	escape_json(json, route->pattern);
	appendStringInfo(json, ": {\"%s\": {\"operationId\": \"%s\", \"summary\": \"%s\"",
					 strcmp(route->method, "GET") == 0 ? "get" : "post",
					 route->operation, route->summary);
	write_parameters(json, route);
	if (route->body_schema != NULL)
		appendStringInfo(json, ", \"requestBody\": {\"required\": true, \"content\":"
						 " {\"application/json\": {\"schema\": {\"$ref\": \"#/components/schemas/%s\"}}}}",
						 route->body_schema);
	appendStringInfoString(json, route->is_public ? ", \"security\": []" :
						   ", \"security\": [{\"bearer\": []}, {\"apiKey\": []}]");
	write_responses(json, route);
	appendStringInfoString(json, "}}");
}

static void
write_parameters(StringInfo json, const CbRoute *route)
{
	appendStringInfoString(json, ", \"parameters\": [");
	if (strstr(route->pattern, "{account}") != NULL)
		write_parameter(json, "account");
	if (strstr(route->pattern, "{application}") != NULL)
		write_parameter(json, "application");
	if (route->body_schema != NULL)
		write_parameter(json, "idempotencyKey");
	if (route->on_conflict != NULL)
	{
		write_parameter(json, "environment");
		write_parameter(json, "dryRun");
		write_parameter(json, "maxFailed");
		write_parameter(json, route->on_conflict);
	}
	appendStringInfoChar(json, ']');
}

static void
write_parameter(StringInfo json, const char *name)
{
	if (json->data[json->len - 1] != '[')
		appendStringInfoString(json, ", ");
	appendStringInfo(json, "{\"$ref\": \"#/components/parameters/%s\"}", name);
}

static void
write_responses(StringInfo json, const CbRoute *route)
{
	appendStringInfoString(json, ", \"responses\": {");
	if (route->answer_schema == NULL)
		appendStringInfoString(json, "\"204\": {\"description\": \"It was recorded.\"}");
	else
		write_response(json, 200, route->is_public ? "It is here." :
					   "Every row succeeded.", route->answer_schema);
	if (!route->is_public)
	{
		if (route->answer_schema != NULL)
		{
			write_response(json, 207, "Some rows failed.", route->answer_schema);
			write_response(json, 413, "There are too many rows or bytes.", "Error");
		}
		write_response(json, 400, "The request makes no sense.", "Error");
		write_response(json, 401, "The credential proves nothing.", "Error");
		write_response(json, 403, "The credential proves too little.", "Error");
		write_response(json, 404, "The account or application does not exist.", "Error");
		write_response(json, 415, "The body is not JSON.", "Error");
		appendStringInfoString(json, ", \"422\": {\"description\": \"The batch was rolled back, or the idempotency key was used for another request.\"}");
		write_response(json, 429, "Somebody else is at it; try again.", "Error");
		write_response(json, 503, "The directory has not been set up.", "Error");
	}
	appendStringInfoChar(json, '}');
}

static void
write_response(StringInfo json, int status, const char *text,
			   const char *schema)
{
	if (json->data[json->len - 1] != '{')
		appendStringInfoString(json, ", ");
	appendStringInfo(json, "\"%d\": {\"description\": \"%s\", \"content\": {\"application/json\":"
					 " {\"schema\": {\"$ref\": \"#/components/schemas/%s\"}}}}",
					 status, text, schema);
}
