/*-------------------------------------------------------------------------
 *
 * openapi.c
 *		The document that describes the routes: OpenAPI 3.1.
 *
 * The paths come from the table of routes, so that the document cannot describe
 * one that is not served.  The schemas are the text of schemas.json, which make turns
 * into a C string.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"

#include "canopy_bulk.h"
#include "flow/parameter.h"
#include "flow/route.h"

#define SCHEMA_REF	"{\"$ref\": \"#/components/schemas/%s\"}"

static const char *const security =
"{\"bearer\": {\"type\": \"http\", \"scheme\": \"bearer\", \"bearerFormat\": \"JWT\"},"
"\"apiKey\": {\"type\": \"apiKey\", \"in\": \"header\", \"name\": \"X-API-Key\"}}";

/* The object components.schemas: JSON Schema 2020-12. */
static const char schemas[] = {
#include "flow/schemas.inc"
};

static void write_paths(StringInfo json);
static void write_operation(StringInfo json, const CbRoute *route);
static void write_body(StringInfo json, const CbRoute *route);
static void write_components(StringInfo json);
static void write_parameters(StringInfo json, const CbRoute *route);
static bool takes_key(const CbRoute *route);
static void write_parameter(StringInfo json, const char *key, size_t len);
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
	write_paths(&json);
	appendStringInfoString(&json, "}, \"components\": {");
	write_components(&json);
	appendStringInfoString(&json, "}}");
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in,
											  CStringGetDatum(json.data)));
}

/* The methods of a path stand together in the table. */
static void
write_paths(StringInfo json)
{
	for (int i = 0; i < cb_nroutes; i++)
	{
		bool		same = i > 0 && strcmp(cb_routes[i].pattern,
										   cb_routes[i - 1].pattern) == 0;

		if (same)
			appendStringInfoString(json, ", ");
		else
		{
			if (i > 0)
				appendStringInfoString(json, "}, ");
			escape_json(json, cb_routes[i].pattern);
			appendStringInfoString(json, ": {");
		}
		write_operation(json, &cb_routes[i]);
	}
	appendStringInfoChar(json, '}');
}

static void
write_operation(StringInfo json, const CbRoute *route)
{
	appendStringInfoChar(json, '"');
	for (const char *letter = route->method; *letter != '\0'; letter++)
		appendStringInfoChar(json, pg_ascii_tolower((unsigned char) *letter));
	appendStringInfo(json, "\": {\"operationId\": \"%s\", \"summary\": \"%s\"",
					 route->operation, route->summary);
	write_parameters(json, route);
	if (route->body != CB_ROUTE_NO_BODY)
		write_body(json, route);
	appendStringInfoString(json, route->is_public ? ", \"security\": []" :
						   ", \"security\": [{\"bearer\": []}, {\"apiKey\": []}]");
	write_responses(json, route);
	appendStringInfoChar(json, '}');
}

static void
write_body(StringInfo json, const CbRoute *route)
{
	appendStringInfo(json, ", \"requestBody\": {\"required\": %s, \"content\": {",
					 route->body == CB_ROUTE_JSON_OR_NONE ? "false" : "true");
	if (route->body == CB_ROUTE_BYTES)
		appendStringInfoString(json, "\"*/*\": {}");
	else
		appendStringInfo(json, "\"application/json\": {\"schema\": " SCHEMA_REF "}",
						 route->body_schema);
	appendStringInfoString(json, "}}");
}

static void
write_parameters(StringInfo json, const CbRoute *route)
{
	const char *takes = route->query;

	appendStringInfoString(json, ", \"parameters\": [");
	for (const char *at = strchr(route->pattern, '{'); at != NULL;
		 at = strchr(at, '{'))
	{
		size_t		len = strcspn(++at, "}");

		write_parameter(json, at, len);
	}
	if (takes_key(route))
		write_parameter(json, "idempotencyKey", strlen("idempotencyKey"));
	while (*takes != '\0')
	{
		size_t		len = strcspn(takes, " ");

		write_parameter(json, takes, len);
		takes += len;
		takes += strspn(takes, " ");
	}
	appendStringInfoChar(json, ']');
}

/* What PUT does, it does once however often it is sent. */
static bool
takes_key(const CbRoute *route)
{
	return !route->is_public && strcmp(route->method, "GET") != 0 &&
		strcmp(route->method, "PUT") != 0;
}

static void
write_parameter(StringInfo json, const char *key, size_t len)
{
	if (json->data[json->len - 1] != '[')
		appendStringInfoString(json, ", ");
	appendStringInfo(json, "{\"$ref\": \"#/components/parameters/%.*s\"}",
					 (int) len, key);
}

static void
write_responses(StringInfo json, const CbRoute *route)
{
	appendStringInfoString(json, ", \"responses\": {");
	write_response(json, route->status, "The request succeeded.", route->answer_schema);
	if (strstr(route->query, "maxFailed") != NULL)
		write_response(json, 207, "Some rows failed.", "Envelope");
	if (!route->is_public || route->body != CB_ROUTE_NO_BODY)
	{
		write_response(json, 400, "The request is malformed or has an invalid value.", "Error");
		write_response(json, 404, "Something that the request names does not exist.", "Error");
	}
	if (strcmp(route->method, "GET") != 0)
	{
		write_response(json, 409, "The request conflicts with the current state of the directory.", "Error");
		appendStringInfoString(json, ", \"422\": {\"description\": \"The batch was rolled back, or the request was refused.\"}");
	}
	if (route->body != CB_ROUTE_NO_BODY)
	{
		write_response(json, 413, "The request has too many rows or bytes.", "Error");
		write_response(json, 415, "The media type of the body is not supported.", "Error");
	}
	if (route->is_public && strcmp(route->method, "GET") != 0)
		write_response(json, 410, "The token has expired or has been used.", "Error");
	if (!route->is_public)
	{
		write_response(json, 401, "The credential is missing, invalid or expired.", "Error");
		write_response(json, 403, "The credential does not permit the request.", "Error");
	}
	else if (route->body != CB_ROUTE_NO_BODY)
	{
		write_response(json, 401, "The password is wrong.", "Error");
		write_response(json, 403, "The identity is deactivated or locked.", "Error");
		write_response(json, 410, "The token has expired or has been used.", "Error");
	}
	if (!route->is_public || route->body != CB_ROUTE_NO_BODY)
	{
		write_response(json, 429, "Another request holds what this one needs; retry later.", "Error");
		write_response(json, 503, "The directory has not been set up.", "Error");
	}
	appendStringInfoChar(json, '}');
}

/* schema may be NULL: there is no body. */
static void
write_response(StringInfo json, int status, const char *text,
			   const char *schema)
{
	if (json->data[json->len - 1] != '{')
		appendStringInfoString(json, ", ");
	appendStringInfo(json, "\"%d\": {\"description\": \"%s\"", status, text);
	if (schema != NULL && strchr(schema, '/') != NULL)
		appendStringInfo(json, ", \"content\": {\"%s\": {}}", schema);
	else if (schema != NULL)
		appendStringInfo(json, ", \"content\": {\"application/json\":"
						 " {\"schema\": " SCHEMA_REF "}}", schema);
	appendStringInfoChar(json, '}');
}

static void
write_components(StringInfo json)
{
	appendStringInfo(json, "\"schemas\": %s, \"parameters\": {", schemas);
	for (int i = 0; i < cb_nparameters; i++)
	{
		const CbParameter *parameter = &cb_parameters[i];

		appendStringInfo(json, "%s\"%s\": {\"name\": \"%s\", \"in\": \"%s\","
						 " \"required\": %s, \"schema\": %s, \"description\": \"%s\"}",
						 i > 0 ? ", " : "", parameter->key, parameter->name,
						 parameter->in,
						 strcmp(parameter->in, "path") == 0 ? "true" : "false",
						 parameter->schema, parameter->description);
	}
	appendStringInfo(json, "}, \"securitySchemes\": %s", security);
}
