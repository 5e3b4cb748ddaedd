/*-------------------------------------------------------------------------
 *
 * http.c
 *		The SQL-callable functions of the REST surface.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "api/arguments.h"
#include "canopy_bulk.h"
#include "db/caller.h"
#include "db/envelope.h"
#include "db/guard.h"
#include "db/scope.h"
#include "errors.h"
#include "flow/rest.h"
#include "record/api_key.h"
#include "record/credential.h"
#include "secret/jwt_key.h"

static Datum pack_response(FunctionCallInfo fcinfo,
						   const CbRestResponse *response);
static Datum pack_headers(const CbRestResponse *response);
static int	compare_headers(const void *a, const void *b);
static void take_names(FunctionCallInfo fcinfo, int account, int application,
					   int environment, CbScopeNames *names);

/* canopy_bulk_http(method, path, headers, body) */
CB_FUNCTION(canopy_bulk_http)
{
	CbRestRequest request;
	CbRestResponse response;
	bytea	   *body;
	Datum		answer;

	cb_argument_require(fcinfo, 0, "method");
	cb_argument_require(fcinfo, 1, "path");
	request.method = cb_argument_text(fcinfo, 0);
	request.path = cb_argument_text(fcinfo, 1);
	request.headers = PG_ARGISNULL(2) ? NULL : PG_GETARG_JSONB_P(2);
	if (request.headers == NULL || !JB_ROOT_IS_OBJECT(request.headers))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("headers are not a JSON object")));
	body = PG_ARGISNULL(3) ? NULL : PG_GETARG_BYTEA_PP(3);
	request.body = body == NULL ? "" : VARDATA_ANY(body);
	request.body_len = body == NULL ? 0 : VARSIZE_ANY_EXHDR(body);
	cb_rest_serve(&request, &response);
	answer = pack_response(fcinfo, &response);
	PG_RETURN_DATUM(answer);
}

/* canopy_bulk_authenticate(token) */
CB_FUNCTION(canopy_bulk_authenticate)
{
	CbCaller	unknown;
	CbClaims	claims;
	MemoryContext context = CurrentMemoryContext;

	cb_argument_require(fcinfo, 0, "token");
	cb_caller_enter_unknown(&unknown);
	MemoryContextSwitchTo(context);
	cb_credential_check(cb_argument_text(fcinfo, 0), &claims);
	cb_caller_leave(&unknown);
	cb_claims_believe(&claims);
	PG_RETURN_VOID();
}

/*
 * canopy_bulk_api_key_create(name, application, environment, account,
 * access_mode, scopes, expires_at)
 */
CB_FUNCTION(canopy_bulk_api_key_create)
{
	CbCaller	caller;
	CbScopeNames names = {0};
	CbScope		scope;
	CbApiKeyOrder order = {0};
	Jsonb	   *key;
	MemoryContext context = CurrentMemoryContext;

	cb_argument_require(fcinfo, 0, "name");
	order.name = cb_argument_text(fcinfo, 0);
	take_names(fcinfo, 3, 1, 2, &names);
	order.access_mode = PG_ARGISNULL(4) ? "full_access" : cb_argument_text(fcinfo, 4);
	order.scopes = PG_ARGISNULL(5) ? NULL : PG_GETARG_ARRAYTYPE_P(5);
	if (order.scopes != NULL && ARR_NDIM(order.scopes) == 0)
		order.scopes = NULL;
	order.expires = !PG_ARGISNULL(6);
	order.expires_at = PG_ARGISNULL(6) ? 0 : PG_GETARG_TIMESTAMPTZ(6);
	order.now = GetCurrentTimestamp();
	cb_caller_enter(&caller);
	MemoryContextSwitchTo(context);
	cb_api_key_may_manage(&caller.claims);
	cb_scope_resolve(&scope, &caller, &names);
	key = cb_api_key_create(&scope, &order);
	cb_caller_leave(&caller);
	PG_RETURN_JSONB_P(key);
}

/* canopy_bulk_api_key_revoke(id, account) */
CB_FUNCTION(canopy_bulk_api_key_revoke)
{
	CbCaller	caller;
	CbScopeNames names = {0};
	CbScope		scope;

	cb_argument_require(fcinfo, 0, "id");
	take_names(fcinfo, 1, -1, -1, &names);
	cb_caller_enter(&caller);
	cb_api_key_may_manage(&caller.claims);
	cb_scope_resolve(&scope, &caller, &names);
	if (!cb_api_key_revoke(&scope, PG_GETARG_UUID_P(0), GetCurrentTimestamp()))
		ereport(ERROR,
				(errcode(CB_ERRCODE_NOT_FOUND),
				 errmsg("API key does not exist, or was revoked before")));
	cb_caller_leave(&caller);
	PG_RETURN_VOID();
}

/* canopy_bulk_token_key_is_valid(algorithm, key) */
CB_FUNCTION(canopy_bulk_token_key_is_valid)
{
	bool		valid;

	valid = !PG_ARGISNULL(0) && !PG_ARGISNULL(1) &&
		cb_jwt_key_is_valid(cb_argument_text(fcinfo, 0), cb_argument_text(fcinfo, 1));
	PG_RETURN_BOOL(valid);
}

static Datum
pack_response(FunctionCallInfo fcinfo, const CbRestResponse *response)
{
	TupleDesc	shape;
	Datum		values[3];
	bool		nulls[3] = {false, false,
	response->body == NULL && response->raw == NULL};

	if (get_call_result_type(fcinfo, NULL, &shape) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[0] = Int32GetDatum(response->status);
	values[1] = pack_headers(response);
	if (response->body != NULL)
	{
		char	   *json = JsonbToCString(NULL, &response->body->root,
										  VARSIZE(response->body));

		values[2] = PointerGetDatum(cstring_to_text(json));
	}
	else if (response->raw != NULL)
		values[2] = PointerGetDatum(cstring_to_text_with_len(response->raw,
															 response->raw_len));
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(shape), values, nulls));
}

static Datum
pack_headers(const CbRestResponse *response)
{
	CbRestHeader sorted[CB_REST_MAX_HEADERS];
	const char *keys[CB_REST_MAX_HEADERS];
	CbJson	   *json = cb_json_create(256);

	memcpy(sorted, response->headers, sizeof(sorted));
	qsort(sorted, response->nheaders, sizeof(CbRestHeader), compare_headers);
	for (int i = 0; i < response->nheaders; i++)
		keys[i] = sorted[i].name;
	cb_json_object(json, keys, response->nheaders);
	for (int i = 0; i < response->nheaders; i++)
		cb_json_cstring(json, sorted[i].value);
	return JsonbPGetDatum(cb_json_finish(json));
}

/* The order of keys in a jsonb object. */
static int
compare_headers(const void *a, const void *b)
{
	const char *left = ((const CbRestHeader *) a)->name;
	const char *right = ((const CbRestHeader *) b)->name;
	int			difference = (int) strlen(left) - (int) strlen(right);

	return difference != 0 ? difference : strcmp(left, right);
}

/* A position below zero: the function has no such argument. */
static void
take_names(FunctionCallInfo fcinfo, int account, int application,
		   int environment, CbScopeNames *names)
{
	names->account = cb_argument_text(fcinfo, account);
	names->application = application < 0 ? NULL :
		cb_argument_text(fcinfo, application);
	names->environment = environment < 0 ? NULL :
		cb_argument_text(fcinfo, environment);
}
