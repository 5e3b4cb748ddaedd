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
#include "flow/batch.h"
#include "flow/serve.h"

static void get(JsonbContainer *object, const char *key, JsonbValue *value);
static Jsonb *copy_container(const JsonbValue *value);
static char *copy_text(const JsonbValue *value);

CbAnswer
cb_serve_single(const CbRowKind *kind, CbRouteCall *call)
{
	JsonbValue	row;
	JsonbValue	value;
	JsonbContainer *result;
	CbAnswer	answer;

	row.type = jbvBinary;
	row.val.binary.data = &call->body->root;
	row.val.binary.len = VARSIZE(call->body) - VARHDRSZ;
	call->request.rows = &row;
	call->request.nrows = 1;
	answer = cb_batch_run(kind, &call->request);

	get(&answer.body->root, "results", &value);
	result = getIthJsonbValueFromContainer(value.val.binary.data, 0)->val.binary.data;
	get(result, "code", &value);
	answer.status = DatumGetInt32(DirectFunctionCall1(numeric_int4,
													  NumericGetDatum(value.val.numeric)));
	get(result, "status", &value);
	if (value.val.string.len == 7)	/* success */
	{
		get(result, "data", &value);
		answer.body = copy_container(&value);
		return answer;
	}
	get(result, "error", &value);
	result = value.val.binary.data;
	get(result, "code", &value);
	answer.error = copy_text(&value);
	get(result, "message", &value);
	answer.message = copy_text(&value);
	get(result, "details", &value);
	answer.body = copy_container(&value);
	return answer;
}

/* Of an object that has the key. */
static void
get(JsonbContainer *object, const char *key, JsonbValue *value)
{
	if (getKeyJsonValueFromContainer(object, key, (int) strlen(key), value) == NULL)
		elog(ERROR, "the answer of a batch lacks a key");
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
