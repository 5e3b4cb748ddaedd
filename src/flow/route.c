/*-------------------------------------------------------------------------
 *
 * route.c
 *		The table of routes.
 *
 * The paths are the product's own.  A path is compared segment by segment and
 * never normalised: what has dots, empty segments or a slash at its end is
 * another path.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "canopy_bulk.h"
#include "flow/batch.h"
#include "flow/report.h"
#include "flow/route.h"
#include "rows/attach.h"
#include "rows/identity.h"

#define ACCOUNT		"/portal/v1/accounts/{account}"
#define APPLICATION	ACCOUNT "/applications/{application}"

static CbAnswer serve_create(CbRouteCall *call);
static CbAnswer serve_attach(CbRouteCall *call);
static CbAnswer serve_import_event(CbRouteCall *call);
static CbAnswer serve_openapi(CbRouteCall *call);
static bool matches(const char *pattern, const char *path, CbScopeNames *names);
static bool take_segment(const char *pattern, size_t pattern_len,
						 const char *segment, size_t len, CbScopeNames *names);
static char *decode(const char *segment, size_t len);
static int	hex_value(char c);
static int	whole_number(Numeric number, bool *failed);
static int	count_of(Jsonb *body, const char *name, bool required);

const CbRoute cb_routes[] = {
	{"POST", ACCOUNT "/identities/bulk-create",
		"bulkCreateAccountIdentities", "Create identities in the directory.",
	"AccountIdentities", "Envelope", "onConflict", false, serve_create},
	{"POST", APPLICATION "/identities/bulk-create",
		"bulkCreateIdentities", "Create identities that are members of the application.",
	"Identities", "Envelope", "onConflict", false, serve_create},
	{"POST", APPLICATION "/app-memberships/bulk-attach",
		"bulkAttachAppMemberships", "Attach identities to the application.",
	"IdentityIds", "Envelope", "onMembership", false, serve_attach},
	{"POST", APPLICATION "/identities/bulk-import-events",
		"recordBulkImportEvent", "Record that an import wizard was completed.",
	"ImportEvent", NULL, NULL, false, serve_import_event},
	{"GET", "/openapi.json",
		"getOpenApi", "Describe these routes.",
	NULL, "OpenApi", NULL, true, serve_openapi},
};

const int	cb_nroutes = lengthof(cb_routes);

const CbRoute *
cb_route_find(const char *method, const char *path, CbScopeNames *names,
			  const char **allowed)
{
	StringInfoData methods;

	*allowed = NULL;
	initStringInfo(&methods);
	for (int i = 0; i < cb_nroutes; i++)
	{
		const CbRoute *route = &cb_routes[i];

		if (!matches(route->pattern, path, names))
			continue;
		if (strcmp(route->method, method) == 0 ||
			(strcmp(method, "HEAD") == 0 && strcmp(route->method, "GET") == 0))
			return route;
		appendStringInfo(&methods, "%s, ", route->method);
		if (strcmp(route->method, "GET") == 0)
			appendStringInfoString(&methods, "HEAD, ");
	}
	if (methods.len > 0)
	{
		appendStringInfoString(&methods, "OPTIONS");
		*allowed = methods.data;
	}
	return NULL;
}

static CbAnswer
serve_create(CbRouteCall *call)
{
	cb_request_take_json(&call->request, cb_identity_kind.list_key, call->body);
	return cb_batch_run(&cb_identity_kind, &call->request);
}

static CbAnswer
serve_attach(CbRouteCall *call)
{
	cb_request_take_json(&call->request, cb_attach_kind.list_key, call->body);
	return cb_batch_run(&cb_attach_kind, &call->request);
}

static CbAnswer
serve_import_event(CbRouteCall *call)
{
	CbImportEvent event;
	JsonbValue	mode;

	if (!JB_ROOT_IS_OBJECT(call->body) ||
		getKeyJsonValueFromContainer(&call->body->root, "mode", 4, &mode) == NULL ||
		mode.type != jbvString)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid mode of an import"),
				 errhint("It is create or invite.")));
	event.mode = pnstrdup(mode.val.string.val, mode.val.string.len);
	event.total = count_of(call->body, "total", true);
	event.succeeded = count_of(call->body, "succeeded", true);
	event.failed = count_of(call->body, "failed", true);
	event.skipped = count_of(call->body, "skipped", false);
	return cb_report_import_event(&event, &call->request.names,
								  call->request.idempotency_key);
}

static CbAnswer
serve_openapi(CbRouteCall *call)
{
	CbAnswer	answer = {cb_openapi_describe(), CB_STATUS_OK, false};

	return answer;
}

static bool
matches(const char *pattern, const char *path, CbScopeNames *names)
{
	while (*pattern == '/' && *path == '/')
	{
		size_t		pattern_len = strcspn(++pattern, "/");
		size_t		len = strcspn(++path, "/");

		if (!take_segment(pattern, pattern_len, path, len, names))
			return false;
		pattern += pattern_len;
		path += len;
	}
	return *pattern == '\0' && *path == '\0';
}

static bool
take_segment(const char *pattern, size_t pattern_len, const char *segment,
			 size_t len, CbScopeNames *names)
{
	char	   *decoded;

	if (*pattern != '{')
		return len == pattern_len && memcmp(segment, pattern, len) == 0;
	decoded = decode(segment, len);
	if (decoded == NULL || decoded[0] == '\0')
		return false;
	if (strncmp(pattern, "{account}", pattern_len) == 0)
		names->account = decoded;
	else
		names->application = decoded;
	return true;
}

/* The segment without its percent signs; NULL when that is no text. */
static char *
decode(const char *segment, size_t len)
{
	char	   *text = palloc(len + 1);
	int			n = 0;

	for (size_t i = 0; i < len; i++)
	{
		if (segment[i] != '%')
		{
			text[		n++] = segment[i];

			continue;
		}
		if (i + 2 >= len || hex_value(segment[i + 1]) < 0 ||
			hex_value(segment[i + 2]) < 0)
			return NULL;
		text[		n++] = (char) (hex_value(segment[i + 1]) << 4 |
								   hex_value(segment[i + 2]));

		i += 2;
	}
	text[		n] = '\0';
	return pg_verify_mbstr(PG_UTF8, text, n, true) ? text : NULL;
}

static int
hex_value(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *digit = strchr(digits, pg_ascii_tolower((unsigned char) c));

	return c == '\0' || digit == NULL ? -1 : (int) (digit - digits);
}

/* A whole number in the body; 0 when it may be missing and is. */
static int
count_of(Jsonb *body, const char *name, bool required)
{
	JsonbValue	value;
	int			count;
	bool		failed = false;

	if (getKeyJsonValueFromContainer(&body->root, name, (int) strlen(name),
									 &value) == NULL ||
		value.type == jbvNull)
		failed = required;
	else if (value.type == jbvNumeric)
	{
		count = whole_number(value.val.numeric, &failed);
		if (!failed)
			return count;
	}
	else
		failed = true;
	if (failed)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("counts of an import are whole numbers")));
	return 0;
}

static int
whole_number(Numeric number, bool *failed)
{
	int			value = numeric_int4_opt_error(number, failed);

	if (!*failed)
		*failed = DatumGetInt32(DirectFunctionCall2(numeric_cmp,
													NumericGetDatum(number),
													NumericGetDatum(int64_to_numeric(value)))) != 0;
	return value;
}
