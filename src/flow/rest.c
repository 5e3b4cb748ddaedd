/*-------------------------------------------------------------------------
 *
 * rest.c
 *		The REST surface: a request in, an answer out.
 *
 *		route -> credential -> options -> body -> the route's function -> answer
 *
 * A thin layer passes on what came over the wire and sends back what comes out of
 * here; it needs to know nothing else.  All runs in a subtransaction: an error
 * that is the client's fault is undone and told in the answer.  What the client
 * should try again (40001, 40P01) and what is the server's fault is raised, and
 * is the layer's to translate.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "canopy_bulk.h"
#include "db/caller.h"
#include "db/document.h"
#include "db/envelope.h"
#include "db/subxact.h"
#include "flow/query.h"
#include "flow/rest.h"
#include "flow/route.h"
#include "record/credential.h"
#include "record/idempotency.h"

typedef struct Serving
{
	const CbRestRequest *request;
	CbRestResponse *response;
	const char *path;			/* without its query */
	const char *query;			/* or "" */
} Serving;

static bool serve_step(void *arg);
static void serve_route(Serving *serving, const CbRoute *route,
						CbRouteCall *call);
static void answer_methods(Serving *serving, const char *allowed);
static void authenticate(const CbRestRequest *request);
static const char *bearer_token(const char *authorization);
static void name_tier(CbRouteCall *call, const CbRoute *route);
static void take_body(const CbRestRequest *request, CbRouteBody form,
					  CbRouteCall *call);
static bool is_json(const char *content_type);
static char *find_header(const CbRestRequest *request, const char *name);
static bool is_clients_fault(const ErrorData *edata);
static int	status_of(int sqlstate);
static void answer_error(Serving *serving, int status, const char *message);
static void answer_problem(Serving *serving, const CbAnswer *answer);
static void write_error(Serving *serving, int status, const char *word,
						const char *message, const Jsonb *details);
static const char *word_of(int status);
static void add_header(CbRestResponse *response, const char *name,
					   const char *value);

void
cb_rest_serve(const CbRestRequest *request, CbRestResponse *response)
{
	Serving		serving = {request, response};
	size_t		path_len = strcspn(request->path, "?");
	ErrorData  *fault;

	memset(response, 0, sizeof(CbRestResponse));
	serving.path = pnstrdup(request->path, path_len);
	serving.query = request->path[path_len] == '?' ?
		request->path + path_len + 1 : "";

	cb_subxact_catch(serve_step, &serving, is_clients_fault, &fault);
	if (fault != NULL)
	{
		memset(response, 0, sizeof(CbRestResponse));
		answer_error(&serving, status_of(fault->sqlerrcode), fault->message);
	}
	if (strcmp(request->method, "HEAD") == 0)
	{
		response->body = NULL;
		response->raw = NULL;
	}
}

static bool
serve_step(void *arg)
{
	Serving    *serving = arg;
	const CbRestRequest *request = serving->request;
	const CbRoute *route;
	const char *allowed;
	CbRouteCall call;

	memset(&call, 0, sizeof(call));
	route = cb_route_find(request->method, serving->path, &call, &allowed);
	if (route == NULL && allowed == NULL)
		answer_error(serving, 404, "there is no such path");
	else if (route == NULL)
		answer_methods(serving, allowed);
	else
		serve_route(serving, route, &call);
	return true;
}

static void
serve_route(Serving *serving, const CbRoute *route, CbRouteCall *call)
{
	CbRestResponse *response = serving->response;
	const CbClaims *before = cb_claims_believed();
	CbAnswer	answer;

	if (!route->is_public)
		authenticate(serving->request);
	cb_query_read(&call->query, serving->query, route->query);
	cb_query_batch_options(&call->query, &call->request);
	name_tier(call, route);
	call->request.idempotency_key =
		cb_idempotency_key(find_header(serving->request, "idempotency-key"));
	take_body(serving->request, route->body, call);

	call->route = route;
	answer = route->serve(call);
	if (call->body != NULL)
		cb_document_wipe(call->body);
	cb_claims_believe_again(before);

	if (answer.error != NULL)
		answer_problem(serving, &answer);
	else
	{
		response->status = answer.status;
		response->body = answer.body;
		response->raw = answer.raw;
		response->raw_len = answer.raw_len;
		if (answer.content_type != NULL)
			add_header(response, "Content-Type", answer.content_type);
		else if (answer.body != NULL)
			add_header(response, "Content-Type", "application/json");
		if (answer.disposition != NULL)
			add_header(response, "Content-Disposition", answer.disposition);
	}
	if (answer.replayed)
		add_header(response, "Idempotency-Replayed", "true");
}

/*
 * A path that names an account means just what it names; any other leaves account
 * and application to the credential, but not to nobody.
 */
static void
name_tier(CbRouteCall *call, const CbRoute *route)
{
	CbScopeNames *names = &call->request.names;

	if (names->account == NULL)
		names->needs_application = true;
	else if (names->application == NULL)
		names->application = "";
}

static void
answer_methods(Serving *serving, const char *allowed)
{
	if (strcmp(serving->request->method, "OPTIONS") == 0)
		serving->response->status = CB_STATUS_NO_CONTENT;
	else
		answer_error(serving, 405, "the path does not have this method");
	add_header(serving->response, "Allow", allowed);
}

/* One credential, or claims that something before us has verified. */
static void
authenticate(const CbRestRequest *request)
{
	const char *authorization = find_header(request, "authorization");
	const char *credential = find_header(request, "x-api-key");
	CbCaller	unknown;
	CbClaims	claims;
	MemoryContext context = CurrentMemoryContext;

	if (authorization != NULL && credential != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("request has two credentials")));
	if (authorization != NULL)
		credential = bearer_token(authorization);
	if (credential == NULL)
	{
		if (!cb_claims_are_there())
			cb_claims_refuse("There is no credential.");
		return;
	}
	cb_caller_enter_unknown(&unknown);
	MemoryContextSwitchTo(context);
	cb_credential_check(credential, &claims);
	cb_caller_leave(&unknown);
	MemoryContextSwitchTo(context);
	cb_claims_believe(&claims);
}

static const char *
bearer_token(const char *authorization)
{
	size_t		scheme = strcspn(authorization, " ");

	if (scheme != 6 || pg_strncasecmp(authorization, "Bearer", scheme) != 0)
		cb_claims_refuse("The scheme is not Bearer.");
	return authorization + scheme + strspn(authorization + scheme, " ");
}

static void
take_body(const CbRestRequest *request, CbRouteBody form, CbRouteCall *call)
{
	char	   *content_type = find_header(request, "content-type");

	if (form == CB_ROUTE_NO_BODY ||
		(form == CB_ROUTE_JSON_OR_NONE && request->body_len == 0))
		return;
	if (request->body_len == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("request has no body")));
	if (request->body_len > CB_BATCH_MAX_BYTES)
		ereport(ERROR,
				(errcode(CB_ERRCODE_TOO_LARGE),
				 errmsg("request is too large")));
	if (form == CB_ROUTE_BYTES)
	{
		call->raw = request->body;
		call->raw_len = request->body_len;
		call->content_type = content_type;
		return;
	}
	if (content_type == NULL || !is_json(content_type))
		ereport(ERROR,
				(errcode(CB_ERRCODE_UNSUPPORTED_MEDIA),
				 errmsg("request is not of type application/json")));
	call->body = cb_document_parse(request->body, request->body_len);
}

/* application/json, with no parameter or charset=utf-8. */
static bool
is_json(const char *content_type)
{
	size_t		len = strcspn(content_type, "; \t");
	const char *rest = content_type + len;

	if (len != 16 || pg_strncasecmp(content_type, "application/json", len) != 0)
		return false;
	rest += strspn(rest, "; \t");
	return *rest == '\0' || pg_strcasecmp(rest, "charset=utf-8") == 0 ||
		pg_strcasecmp(rest, "charset=\"utf-8\"") == 0;
}

/* NULL when it was not sent; raises 22023 when it was sent twice, or is no text. */
static char *
find_header(const CbRestRequest *request, const char *name)
{
	JsonbIterator *iterator = JsonbIteratorInit(&request->headers->root);
	JsonbValue	key;
	JsonbValue	value;
	char	   *found = NULL;

	JsonbIteratorNext(&iterator, &key, true);
	while (JsonbIteratorNext(&iterator, &key, true) == WJB_KEY)
	{
		JsonbIteratorNext(&iterator, &value, true);
		if ((size_t) key.val.string.len != strlen(name) ||
			pg_strncasecmp(key.val.string.val, name, key.val.string.len) != 0)
			continue;
		if (found != NULL || value.type != jbvString)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a header of the request was sent twice, or is no text")));
		found = pnstrdup(value.val.string.val, value.val.string.len);
	}
	return found;
}

static bool
is_clients_fault(const ErrorData *edata)
{
	return edata->elevel == ERROR && status_of(edata->sqlerrcode) != 0;
}

/* 0 for what is not the client's fault. */
static int
status_of(int sqlstate)
{
	const char *text = unpack_sql_state(sqlstate);

	if (strncmp(text, "PT4", 3) == 0)
		return atoi(text +2);
	if (ERRCODE_TO_CATEGORY(sqlstate) == ERRCODE_DATA_EXCEPTION)
		return 400;
	switch (sqlstate)
	{
		case ERRCODE_INSUFFICIENT_PRIVILEGE:
			return 403;
		case ERRCODE_LOCK_NOT_AVAILABLE:
			return 429;
		case ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE:
			return 503;
		default:
			return 0;
	}
}

static void
answer_error(Serving *serving, int status, const char *message)
{
	write_error(serving, status, word_of(status), message, NULL);
}

/* A row that was alone failed: its verdict is the answer's. */
static void
answer_problem(Serving *serving, const CbAnswer *answer)
{
	write_error(serving, answer->status, answer->error, answer->message,
				answer->body);
}

/* {error: {code, path, method, details, message, statusCode}} */
static void
write_error(Serving *serving, int status, const char *word,
			const char *message, const Jsonb *details)
{
	static const char *const keys[] = {"error"};
	static const char *const error_keys[] = {
		"code", "path", "method", "message", "statusCode"
	};
	static const char *const detailed_keys[] = {
		"code", "path", "method", "details", "message", "statusCode"
	};
	CbRestResponse *response = serving->response;
	CbJson	   *json = cb_json_create(256);

	cb_json_object(json, keys, lengthof(keys));
	if (details == NULL)
		cb_json_object(json, error_keys, lengthof(error_keys));
	else
		cb_json_object(json, detailed_keys, lengthof(detailed_keys));
	cb_json_cstring(json, word);
	cb_json_cstring(json, serving->path);
	cb_json_cstring(json, serving->request->method);
	if (details != NULL)
		cb_json_container(json, &details->root, VARSIZE(details) - VARHDRSZ);
	cb_json_cstring(json, message);
	cb_json_int(json, status);
	response->status = status;
	response->body = cb_json_finish(json);
	add_header(response, "Content-Type", "application/json");
	if (status == 401)
		add_header(response, "WWW-Authenticate",
				   "Bearer realm=\"canopy_bulk\", error=\"invalid_token\"");
	if (status == 429)
		add_header(response, "Retry-After", "1");
}

static const char *
word_of(int status)
{
	static const struct
	{
		int			status;
		const char *word;
	}			words[] = {
		{401, "unauthorized"},
		{403, "forbidden"},
		{404, "not_found"},
		{405, "method_not_allowed"},
		{409, "conflict"},
		{410, "gone"},
		{413, "content_too_large"},
		{415, "unsupported_media_type"},
		{422, "unprocessable_content"},
		{429, "too_many_requests"},
		{503, "service_unavailable"}
	};

	for (size_t i = 0; i < lengthof(words); i++)
	{
		if (words[i].status == status)
			return words[i].word;
	}
	return "bad_request";
}

static void
add_header(CbRestResponse *response, const char *name, const char *value)
{
	Assert(response->nheaders < CB_REST_MAX_HEADERS);
	response->headers[response->nheaders].name = name;
	response->headers[response->nheaders++].value = value;
}
