/*-------------------------------------------------------------------------
 *
 * single.c
 *		A request for one row: a batch of one, whose verdict is unwrapped.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"


#include "canopy_bulk.h"
#include "db/document.h"
#include "db/stored.h"
#include "flow/batch.h"
#include "flow/serve.h"

static void take_body(CbRouteCall *call, JsonbValue *row);
static void add_field(CbRouteCall *call, const char *key, const char *value);
static CbAnswer serve_row(const CbRowKind *kind, CbRouteCall *call,
						  JsonbValue *row);
static void unwrap(const JsonbContainer *result, CbAnswer *answer);
static const JsonbValue *get(const JsonbContainer *object, const char *key,
							 enum jbvType type);
static void refuse_answer(void) pg_attribute_noreturn();
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
	const JsonbValue *results;
	const JsonbValue *result;
	CbAnswer	answer;

	call->request.rows = row;
	call->request.nrows = 1;
	answer = cb_batch_run(kind, &call->request);
	results = get(&answer.body->root, "results", jbvBinary);
	if (!JsonContainerIsArray(results->val.binary.data))
		refuse_answer();
	result = getIthJsonbValueFromContainer(results->val.binary.data, 0);
	if (result == NULL || result->type != jbvBinary)
		refuse_answer();
	unwrap(result->val.binary.data, &answer);
	return answer;
}

static void
unwrap(const JsonbContainer *result, CbAnswer *answer)
{
	const JsonbValue *value = get(result, "code", jbvNumeric);

	if (!cb_document_int(value, &answer->status))
		refuse_answer();
	value = get(result, "status", jbvString);
	if (strncmp(value->val.string.val, "success", value->val.string.len) == 0)
	{
		answer->body = copy_container(get(result, "data", jbvBinary));
		return;
	}
	result = get(result, "error", jbvBinary)->val.binary.data;
	answer->error = copy_text(get(result, "code", jbvString));
	answer->message = copy_text(get(result, "message", jbvString));
	answer->body = copy_container(get(result, "details", jbvBinary));
}

/* The member of an answer, which may be one that was stored. */
static const JsonbValue *
get(const JsonbContainer *object, const char *key, enum jbvType type)
{
	const JsonbValue *value = cb_stored_member(object, key);

	if (value == NULL || value->type != type)
		refuse_answer();
	return value;
}

static void
refuse_answer(void)
{
	cb_stored_refuse("idempotency_key.answer");
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
