/*-------------------------------------------------------------------------
 *
 * bulk.c
 *		The SQL-callable bulk functions: unpack, call, pack.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/array.h"
#include "utils/builtins.h"

#include "canopy_bulk.h"
#include "db/document.h"
#include "db/guard.h"
#include "db/http.h"
#include "db/uuid7.h"
#include "flow/answer.h"
#include "flow/batch.h"
#include "flow/purge.h"
#include "flow/report.h"
#include "record/idempotency.h"
#include "rows/attach.h"
#include "rows/identity.h"

PG_FUNCTION_INFO_V1(cb_create);
PG_FUNCTION_INFO_V1(cb_create_raw);
PG_FUNCTION_INFO_V1(cb_attach);
PG_FUNCTION_INFO_V1(cb_attach_json);
PG_FUNCTION_INFO_V1(cb_import_event);
PG_FUNCTION_INFO_V1(cb_purge);

static void take_create_options(CbRequest *request, FunctionCallInfo fcinfo);
static void take_attach_options(CbRequest *request, FunctionCallInfo fcinfo);
static void take_limits(CbRequest *request, FunctionCallInfo fcinfo, int first);
static void take_ids(CbRequest *request, ArrayType *ids);
static const char *text_argument(FunctionCallInfo fcinfo, int i);
static int	count_argument(FunctionCallInfo fcinfo, int i);
static void require_argument(FunctionCallInfo fcinfo, int i, const char *name);
static Datum run(const CbRowKind *kind, const CbRequest *request);
static void respond(CbAnswer answer);

/* canopy_bulk_create(identities jsonb, ...) */
Datum
cb_create(PG_FUNCTION_ARGS)
{
	CbGuard		guard;
	CbRequest	request;
	Datum		answer;

	cb_guard_push(&guard);
	require_argument(fcinfo, 0, "identities");
	take_create_options(&request, fcinfo);
	cb_request_take_json(&request, cb_identity_kind.list_key,
						 PG_GETARG_JSONB_P(0));
	answer = run(&cb_identity_kind, &request);
	cb_guard_pop(&guard);
	PG_RETURN_DATUM(answer);
}

/* canopy_bulk_create_raw(body bytea, ...) */
Datum
cb_create_raw(PG_FUNCTION_ARGS)
{
	CbGuard		guard;
	CbRequest	request;
	bytea	   *body;
	Jsonb	   *document;
	Datum		answer;

	cb_guard_push(&guard);
	require_argument(fcinfo, 0, "body");
	body = PG_GETARG_BYTEA_PP(0);
	take_create_options(&request, fcinfo);
	document = cb_document_parse(VARDATA_ANY(body), VARSIZE_ANY_EXHDR(body));
	cb_request_take_json(&request, cb_identity_kind.list_key, document);
	answer = run(&cb_identity_kind, &request);
	cb_document_wipe(document);
	cb_guard_pop(&guard);
	PG_RETURN_DATUM(answer);
}

/* canopy_bulk_attach(identity_ids uuid[], ...) */
Datum
cb_attach(PG_FUNCTION_ARGS)
{
	CbGuard		guard;
	CbRequest	request;
	Datum		answer;

	cb_guard_push(&guard);
	require_argument(fcinfo, 0, "identity_ids");
	take_attach_options(&request, fcinfo);
	take_ids(&request, PG_GETARG_ARRAYTYPE_P(0));
	answer = run(&cb_attach_kind, &request);
	cb_guard_pop(&guard);
	PG_RETURN_DATUM(answer);
}

/* canopy_bulk_attach_json(identity_ids jsonb, ...) */
Datum
cb_attach_json(PG_FUNCTION_ARGS)
{
	CbGuard		guard;
	CbRequest	request;
	Datum		answer;

	cb_guard_push(&guard);
	require_argument(fcinfo, 0, "identity_ids");
	take_attach_options(&request, fcinfo);
	cb_request_take_json(&request, cb_attach_kind.list_key,
						 PG_GETARG_JSONB_P(0));
	answer = run(&cb_attach_kind, &request);
	cb_guard_pop(&guard);
	PG_RETURN_DATUM(answer);
}

/* canopy_bulk_import_event(mode, total, succeeded, failed, skipped, ...) */
Datum
cb_import_event(PG_FUNCTION_ARGS)
{
	CbGuard		guard;
	CbImportEvent event;
	CbScopeNames names = {0};

	cb_guard_push(&guard);
	require_argument(fcinfo, 0, "mode");
	require_argument(fcinfo, 1, "total");
	require_argument(fcinfo, 2, "succeeded");
	require_argument(fcinfo, 3, "failed");
	event.mode = text_argument(fcinfo, 0);
	event.total = PG_GETARG_INT32(1);
	event.succeeded = PG_GETARG_INT32(2);
	event.failed = PG_GETARG_INT32(3);
	event.skipped = PG_ARGISNULL(4) ? 0 : PG_GETARG_INT32(4);
	names.application = text_argument(fcinfo, 5);
	names.account = text_argument(fcinfo, 6);
	respond(cb_report_import_event(&event, &names,
								   cb_idempotency_key(text_argument(fcinfo, 7))));
	cb_guard_pop(&guard);
	PG_RETURN_VOID();
}

/* canopy_bulk_purge(account, max_rows) */
Datum
cb_purge(PG_FUNCTION_ARGS)
{
	CbGuard		guard;
	CbScopeNames names = {0};
	int64		deleted;

	cb_guard_push(&guard);
	require_argument(fcinfo, 1, "max_rows");
	names.account = text_argument(fcinfo, 0);
	deleted = cb_purge_keys(&names, PG_GETARG_INT32(1));
	cb_guard_pop(&guard);
	PG_RETURN_INT64(deleted);
}

/* Arguments 1 to 7: account, application, environment, the limits, the key. */
static void
take_create_options(CbRequest *request, FunctionCallInfo fcinfo)
{
	memset(request, 0, sizeof(CbRequest));
	request->names.account = text_argument(fcinfo, 1);
	request->names.application = text_argument(fcinfo, 2);
	request->names.environment = text_argument(fcinfo, 3);
	take_limits(request, fcinfo, 4);
	request->idempotency_key = cb_idempotency_key(text_argument(fcinfo, 7));
}

/* Arguments 1 to 6: application, account, the limits, the key. */
static void
take_attach_options(CbRequest *request, FunctionCallInfo fcinfo)
{
	memset(request, 0, sizeof(CbRequest));
	request->names.application = text_argument(fcinfo, 1);
	request->names.account = text_argument(fcinfo, 2);
	take_limits(request, fcinfo, 3);
	request->idempotency_key = cb_idempotency_key(text_argument(fcinfo, 6));
}

/* dry_run, max_failed, on_conflict; NULL is the default of each. */
static void
take_limits(CbRequest *request, FunctionCallInfo fcinfo, int first)
{
	const char *on_conflict = text_argument(fcinfo, first + 2);

	request->dry_run = !PG_ARGISNULL(first) && PG_GETARG_BOOL(first);
	request->max_failed = count_argument(fcinfo, first + 1);
	if (on_conflict != NULL)
		request->on_conflict = cb_request_on_conflict(on_conflict);
}

/* An array of ids becomes rows as if they had been sent as JSON strings. */
static void
take_ids(CbRequest *request, ArrayType *ids)
{
	ArrayIterator iterator;
	Datum		id;
	bool		isnull;

	if (ARR_NDIM(ids) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("identity_ids has more than one dimension")));
	request->nrows = ArrayGetNItems(ARR_NDIM(ids), ARR_DIMS(ids));
	cb_request_check_count(request->nrows);
	request->rows = palloc0(sizeof(JsonbValue) * (request->nrows + 1));
	iterator = array_create_iterator(ids, 0, NULL);
	for (int i = 0; array_iterate(iterator, &id, &isnull); i++)
	{
		JsonbValue *row = &request->rows[i];

		row->type = jbvNull;
		if (isnull)
			continue;
		row->type = jbvString;
		row->val.string.len = CB_UUID_TEXT_LEN;
		row->val.string.val = palloc(CB_UUID_TEXT_LEN + 1);
		cb_uuid_format(DatumGetUUIDP(id), row->val.string.val);
	}
}

/* NULL for SQL NULL. */
static const char *
text_argument(FunctionCallInfo fcinfo, int i)
{
	return PG_ARGISNULL(i) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(i));
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

static void
require_argument(FunctionCallInfo fcinfo, int i, const char *name)
{
	if (PG_ARGISNULL(i))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" cannot be null", name)));
}

static Datum
run(const CbRowKind *kind, const CbRequest *request)
{
	CbAnswer	answer = cb_batch_run(kind, request);

	respond(answer);
	return JsonbPGetDatum(answer.body);
}

/* Tells the request, if there is one, what the answer's body does not say. */
static void
respond(CbAnswer answer)
{
	if (answer.status == CB_STATUS_MULTI || answer.status == CB_STATUS_ROLLED_BACK)
		cb_http_set_status(answer.status);
	if (answer.replayed)
		cb_http_add_header("Idempotency-Replayed", "true");
}
