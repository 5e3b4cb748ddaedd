/*-------------------------------------------------------------------------
 *
 * arguments.c
 *		The arguments of SQL-callable functions, and what they answer.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/array.h"
#include "utils/builtins.h"

#include "api/arguments.h"
#include "canopy_bulk.h"
#include "db/http.h"
#include "db/uuid7.h"
#include "flow/batch.h"
#include "record/idempotency.h"

static int	count_argument(FunctionCallInfo fcinfo, int i);

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
	request->max_failed = count_argument(fcinfo, first + 1);
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
cb_run_and_respond(const CbRowKind *kind, const CbRequest *request)
{
	CbAnswer	answer = cb_batch_run(kind, request);

	cb_respond(answer);
	return JsonbPGetDatum(answer.body);
}

/* -1 for SQL NULL. */
static int
count_argument(FunctionCallInfo fcinfo, int i)
{
	int			value = PG_ARGISNULL(i) ? -1 : PG_GETARG_INT32(i);

	if (!PG_ARGISNULL(i) && value < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_failed cannot be negative"),
				 errhint("Leave it out, or pass NULL, for no limit.")));
	return value;
}
