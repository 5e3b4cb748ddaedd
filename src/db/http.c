/*-------------------------------------------------------------------------
 *
 * http.c
 *		The request that a call serves, where PostgREST or the like passed one.
 *
 * PostgREST tells of the request in settings request.*, and reads settings
 * response.* in the statement that calls us.  After its transaction a setting is
 * not unset but empty.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/json.h"

#include "canopy_bulk.h"
#include "db/http.h"
#include "db/subxact.h"

/* For parse_step. */
typedef struct Parsing
{
	const char *json;
	Jsonb	   *value;
} Parsing;

static bool parse_step(void *arg);
static bool serves_request(void);
static const char *read_setting(const char *name);
static void write_setting(const char *name, const char *value);

/* A subtransaction catches what the parser raises. */
Jsonb *
cb_http_object(const char *setting, bool *malformed)
{
	Parsing		parsing = {read_setting(setting), NULL};
	ErrorData  *fault;

	*malformed = false;
	if (parsing.json == NULL)
		return NULL;
	cb_subxact_try(parse_step, &parsing, &fault);
	*malformed = fault != NULL || !JB_ROOT_IS_OBJECT(parsing.value);
	return *malformed ? NULL : parsing.value;
}

char *
cb_http_header(const char *name)
{
	bool		malformed;
	Jsonb	   *headers = cb_http_object("request.headers", &malformed);
	JsonbValue	value;

	if (headers == NULL ||
		getKeyJsonValueFromContainer(&headers->root, name, (int) strlen(name),
									 &value) == NULL ||
		value.type != jbvString)
		return NULL;
	return pnstrdup(value.val.string.val, value.val.string.len);
}

void
cb_http_set_status(int status)
{
	char text[	12];

	if (!serves_request())
		return;
	snprintf(text, sizeof(text), "%d", status);
	write_setting("response.status", text);
}

/* The setting is an array of objects with one key each. */
void
cb_http_add_header(const char *name, const char *value)
{
	const char *before = read_setting("response.headers");
	const char *end = before == NULL ? NULL : strrchr(before, ']');
	StringInfoData headers;

	if (!serves_request())
		return;
	initStringInfo(&headers);
	if (end != NULL)
	{
		appendBinaryStringInfo(&headers, before, (int) (end - before));
		appendStringInfoString(&headers, ", ");
	}
	else
		appendStringInfoChar(&headers, '[');
	appendStringInfoChar(&headers, '{');
	escape_json(&headers, name);
	appendStringInfoString(&headers, ": ");
	escape_json(&headers, value);
	appendStringInfoString(&headers, "}]");
	write_setting("response.headers", headers.data);
}

static bool
parse_step(void *arg)
{
	Parsing    *parsing = arg;
	Datum		json = CStringGetDatum(parsing->json);

	parsing->value = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, json));
	return true;
}

static bool
serves_request(void)
{
	return read_setting("request.method") != NULL;
}

/* NULL when it is not set, or empty. */
static const char *
read_setting(const char *name)
{
	const char *value = GetConfigOption(name, true, false);

	return value == NULL || value[0] == '\0' ? NULL : value;
}

static void
write_setting(const char *name, const char *value)
{
	set_config_option(name, value, PGC_USERSET, PGC_S_SESSION,
					  GUC_ACTION_LOCAL, true, 0, false);
}
