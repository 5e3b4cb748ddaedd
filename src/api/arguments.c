/*-------------------------------------------------------------------------
 *
 * arguments.c
 *		The arguments of SQL-callable functions, and what they answer.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "api/arguments.h"
#include "canopy_bulk.h"
#include "db/guard.h"
#include "db/http.h"
#include "db/uuid7.h"
#include "flow/batch.h"
#include "record/idempotency.h"

void
cb_argument_require(FunctionCallInfo fcinfo, int i, const char *name)
{
	if (PG_ARGISNULL(i))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" cannot be null", name)));
}

const char *
cb_argument_text(FunctionCallInfo fcinfo, int i)
{
	return PG_ARGISNULL(i) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(i));
}

void
cb_argument_limits(CbRequest *request, FunctionCallInfo fcinfo, int first)
{
	request->dry_run = !PG_ARGISNULL(first) && PG_GETARG_BOOL(first);
	request->max_failed = cb_argument_count(fcinfo, first + 1);
}

void
cb_argument_on_conflict(CbRequest *request, FunctionCallInfo fcinfo, int i)
{
	const char *on_conflict = cb_argument_text(fcinfo, i);

	if (on_conflict != NULL)
		request->on_conflict = cb_request_on_conflict(on_conflict);
}

void
cb_argument_key(CbRequest *request, FunctionCallInfo fcinfo, int i)
{
	request->idempotency_key = cb_idempotency_key(cb_argument_text(fcinfo, i));
}

void
cb_argument_ids(CbRequest *request, FunctionCallInfo fcinfo, int i,
				const char *name)
{
	ArrayType  *ids = PG_GETARG_ARRAYTYPE_P(i);
	ArrayIterator iterator;
	Datum		id;
	bool		isnull;

	if (ARR_NDIM(ids) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s has more than one dimension", name)));
	request->nrows = ArrayGetNItems(ARR_NDIM(ids), ARR_DIMS(ids));
	cb_request_check_count(request->nrows);
	request->rows = palloc0(sizeof(JsonbValue) * (request->nrows + 1));
	iterator = array_create_iterator(ids, 0, NULL);
	for (int n = 0; array_iterate(iterator, &id, &isnull); n++)
	{
		JsonbValue *row = &request->rows[n];

		row->type = jbvNull;
		if (isnull)
			continue;
		row->type = jbvString;
		row->val.string.len = CB_UUID_TEXT_LEN;
		row->val.string.val = palloc(CB_UUID_TEXT_LEN + 1);
		cb_uuid_format(DatumGetUUIDP(id), row->val.string.val);
	}
}

void
cb_respond(CbAnswer answer)
{
	if (answer.status == CB_STATUS_MULTI || answer.status == CB_STATUS_ROLLED_BACK)
		cb_http_set_status(answer.status);
	if (answer.replayed)
		cb_http_add_header("Idempotency-Replayed", "true");
}

Datum
cb_call_with_json(FunctionCallInfo fcinfo, const CbRowKind *kind,
				  CbTakeOptions take_options)
{
	CbGuard		guard;
	CbRequest	request;
	Datum		answer;

	cb_guard_push(&guard);
	cb_argument_require(fcinfo, 0, kind->list_key);
	take_options(&request, fcinfo);
	cb_request_take_json(&request, kind->list_key, PG_GETARG_JSONB_P(0));
	answer = cb_run_and_respond(kind, &request);
	cb_guard_pop(&guard);
	return answer;
}

Datum
cb_call_with_ids(FunctionCallInfo fcinfo, const CbRowKind *kind,
				 CbTakeOptions take_options)
{
	CbGuard		guard;
	CbRequest	request;
	Datum		answer;

	cb_guard_push(&guard);
	cb_argument_require(fcinfo, 0, kind->list_key);
	take_options(&request, fcinfo);
	cb_argument_ids(&request, fcinfo, 0, kind->list_key);
	answer = cb_run_and_respond(kind, &request);
	cb_guard_pop(&guard);
	return answer;
}

Datum
cb_run_and_respond(const CbRowKind *kind, const CbRequest *request)
{
	CbAnswer	answer = cb_batch_run(kind, request);

	cb_respond(answer);
	return JsonbPGetDatum(answer.body);
}

/* -1 for SQL NULL. */
int
cb_argument_count(FunctionCallInfo fcinfo, int i)
{
	int			value = PG_ARGISNULL(i) ? -1 : PG_GETARG_INT32(i);

	if (!PG_ARGISNULL(i) && value < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_failed cannot be negative"),
				 errhint("Leave it out, or pass NULL, for no limit.")));
	return value;
}

void
cb_rows_begin(FunctionCallInfo fcinfo)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext old;
	TupleDesc	shape;

	if (result == NULL || !IsA(result, ReturnSetInfo) ||
		(result->allowedModes & SFRM_Materialize) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("a set of rows is not wanted here"),
				 errhint("Call it in FROM.")));
	if (get_call_result_type(fcinfo, NULL, &shape) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	old = MemoryContextSwitchTo(result->econtext->ecxt_per_query_memory);
	result->returnMode = SFRM_Materialize;
	result->setDesc = CreateTupleDescCopy(shape);
	result->setResult = tuplestore_begin_heap(true, false, work_mem);
	MemoryContextSwitchTo(old);
}

void
cb_rows_put(void *resultinfo, const Datum *values, const bool *nulls)
{
	ReturnSetInfo *result = resultinfo;

	tuplestore_putvalues(result->setResult, result->setDesc,
						 unconstify(Datum *, values), unconstify(bool *, nulls));
}

char **
cb_argument_texts(FunctionCallInfo fcinfo, int i, int *n)
{
	Datum	   *values;
	bool	   *nulls;
	char	  **texts;
	int			count;

	*n = 0;
	if (PG_ARGISNULL(i))
		return NULL;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(i), TEXTOID, -1, false,
					  TYPALIGN_INT, &values, &nulls, &count);
	texts = palloc(sizeof(char *) * (count + 1));
	for (int j = 0; j < count; j++)
	{
		if (!nulls[j])
			texts[(*n)++] = TextDatumGetCString(values[j]);
	}
	return texts;
}

int
cb_argument_int(FunctionCallInfo fcinfo, int i, int otherwise)
{
	return PG_ARGISNULL(i) ? otherwise : PG_GETARG_INT32(i);
}
