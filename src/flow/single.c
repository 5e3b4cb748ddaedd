/*-------------------------------------------------------------------------
 *
 * single.c
 *		A request for one row: a batch of one, whose verdict is unwrapped.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "canopy_bulk.h"
#include "db/document.h"
#include "flow/batch.h"
#include "flow/serve.h"

static void take_body(CbRouteCall *call, JsonbValue *row);
static void add_field(CbRouteCall *call, const char *key, const char *value);
static CbAnswer serve_row(const CbRowKind *kind, CbRouteCall *call,
						  JsonbValue *row);
static void unwrap(JsonbContainer *result, CbAnswer *answer);
static void get(JsonbContainer *object, const char *key, JsonbValue *value);
static void set_string(JsonbValue *value, const char *text);
static Jsonb *copy_container(const JsonbValue *value);
static char *copy_text(const JsonbValue *value);

CbAnswer
cb_serve_single(const CbRowKind *kind, CbRouteCall *call)
{
	JsonbValue	row;

	take_body(call, &row);
	return serve_row(kind, call, &row);
}

CbAnswer
cb_serve_single_at(const CbRowKind *kind, CbRouteCall *call, const char *key)
{
	JsonbValue	row;

	if (JB_ROOT_IS_OBJECT(call->body))
		add_field(call, key, call->path.id);
	take_body(call, &row);
	return serve_row(kind, call, &row);
}

CbAnswer
cb_serve_single_id(const CbRowKind *kind, CbRouteCall *call)
{
	JsonbValue	row;

	set_string(&row, call->path.id);
	return serve_row(kind, call, &row);
}

static void
take_body(CbRouteCall *call, JsonbValue *row)
{
	row->type = jbvBinary;
	row->val.binary.data = &call->body->root;
	row->val.binary.len = VARSIZE(call->body) - VARHDRSZ;
}

/* Into the object that the body is; raises 22023 when it has the field already. */
static void
add_field(CbRouteCall *call, const char *key, const char *value)
{
	JsonbParseState *state = NULL;
	JsonbIterator *iterator = JsonbIteratorInit(&call->body->root);
	JsonbIteratorToken token;
	JsonbValue	part;
	Jsonb	   *body;

	if (getKeyJsonValueFromContainer(&call->body->root, key, (int) strlen(key),
									 &part) != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the body repeats what the path says")));
	JsonbIteratorNext(&iterator, &part, true);
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	while ((token = JsonbIteratorNext(&iterator, &part, true)) != WJB_END_OBJECT)
		pushJsonbValue(&state, token, &part);
	set_string(&part, key);
	pushJsonbValue(&state, WJB_KEY, &part);
	set_string(&part, value);
	pushJsonbValue(&state, WJB_VALUE, &part);
	body = JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
	cb_document_wipe(call->body);
	call->body = body;
}

static CbAnswer
serve_row(const CbRowKind *kind, CbRouteCall *call, JsonbValue *row)
{
	JsonbValue	results;
	CbAnswer	answer;

	call->request.rows = row;
	call->request.nrows = 1;
	answer = cb_batch_run(kind, &call->request);
	get(&answer.body->root, "results", &results);
	unwrap(getIthJsonbValueFromContainer(results.val.binary.data, 0)->val.binary.data,
		   &answer);
	return answer;
}

static void
unwrap(JsonbContainer *result, CbAnswer *answer)
{
	JsonbValue	value;

	get(result, "code", &value);
	answer->status = DatumGetInt32(DirectFunctionCall1(numeric_int4,
													   NumericGetDatum(value.val.numeric)));
	get(result, "status", &value);
	if (strncmp(value.val.string.val, "success", value.val.string.len) == 0)
	{
		get(result, "data", &value);
		answer->body = copy_container(&value);
		return;
	}
	get(result, "error", &value);
	result = value.val.binary.data;
	get(result, "code", &value);
	answer->error = copy_text(&value);
	get(result, "message", &value);
	answer->message = copy_text(&value);
	get(result, "details", &value);
	answer->body = copy_container(&value);
}

/* Of an object that has the key. */
static void
get(JsonbContainer *object, const char *key, JsonbValue *value)
{
	if (getKeyJsonValueFromContainer(object, key, (int) strlen(key), value) == NULL)
		elog(ERROR, "the answer of a batch lacks a key");
}

static void
set_string(JsonbValue *value, const char *text)
{
	value->type = jbvString;
	value->val.string.val = unconstify(char *, text);
	value->val.string.len = (int) strlen(text);
}

static Jsonb *
copy_container(const JsonbValue *value)
{
	Jsonb	   *copy = palloc(VARHDRSZ + value->val.binary.len);

	SET_VARSIZE(copy, VARHDRSZ + value->val.binary.len);
	memcpy(&copy->root, value->val.binary.data, value->val.binary.len);
	return copy;
}

static char *
copy_text(const JsonbValue *value)
{
	return pnstrdup(value->val.string.val, value->val.string.len);
}
