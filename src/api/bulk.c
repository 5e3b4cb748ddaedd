/*-------------------------------------------------------------------------
 *
 * bulk.c
 *		The SQL-callable bulk functions: unpack, call, pack.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "api/arguments.h"
#include "canopy_bulk.h"
#include "db/document.h"
#include "db/guard.h"
#include "flow/purge.h"
#include "flow/report.h"
#include "record/idempotency.h"
#include "rows/attach.h"
#include "rows/identity.h"

static void take_create_options(CbRequest *request, FunctionCallInfo fcinfo);
static void take_attach_options(CbRequest *request, FunctionCallInfo fcinfo);

/* canopy_bulk_create(identities jsonb, ...) */
CB_FUNCTION(canopy_bulk_create)
{
	return cb_call_with_json(fcinfo, &cb_identity_kind, take_create_options);
}

/* canopy_bulk_create_raw(body bytea, ...) */
CB_FUNCTION(canopy_bulk_create_raw)
{
	CbRequest	request;
	bytea	   *body;
	Jsonb	   *document;
	Datum		answer;

	cb_argument_require(fcinfo, 0, "body");
	body = PG_GETARG_BYTEA_PP(0);
	take_create_options(&request, fcinfo);
	document = cb_document_parse(VARDATA_ANY(body), VARSIZE_ANY_EXHDR(body));
	cb_request_take_json(&request, cb_identity_kind.list_key, document);
	answer = cb_run_and_respond(&cb_identity_kind, &request);
	cb_document_wipe(document);
	PG_RETURN_DATUM(answer);
}

/* canopy_bulk_attach(identity_ids uuid[], ...) */
CB_FUNCTION(canopy_bulk_attach)
{
	return cb_call_with_ids(fcinfo, &cb_attach_kind, take_attach_options);
}

/* canopy_bulk_attach_json(identity_ids jsonb, ...) */
CB_FUNCTION(canopy_bulk_attach_json)
{
	return cb_call_with_json(fcinfo, &cb_attach_kind, take_attach_options);
}

/* canopy_bulk_import_event(mode, total, succeeded, failed, skipped, ...) */
CB_FUNCTION(canopy_bulk_import_event)
{
	CbImportEvent event;
	CbScopeNames names = {0};

	cb_argument_require(fcinfo, 0, "mode");
	cb_argument_require(fcinfo, 1, "total");
	cb_argument_require(fcinfo, 2, "succeeded");
	cb_argument_require(fcinfo, 3, "failed");
	event.mode = cb_argument_text(fcinfo, 0);
	event.total = PG_GETARG_INT32(1);
	event.succeeded = PG_GETARG_INT32(2);
	event.failed = PG_GETARG_INT32(3);
	event.skipped = PG_ARGISNULL(4) ? 0 : PG_GETARG_INT32(4);
	names.application = cb_argument_text(fcinfo, 5);
	names.account = cb_argument_text(fcinfo, 6);
	cb_respond(cb_report_import_event(&event, &names,
									  cb_idempotency_key(cb_argument_text(fcinfo, 7))));
	PG_RETURN_VOID();
}

/* canopy_bulk_purge(account, max_rows) */
CB_FUNCTION(canopy_bulk_purge)
{
	int64		deleted;

	cb_argument_require(fcinfo, 1, "max_rows");
	deleted = cb_purge_keys(cb_argument_text(fcinfo, 0), PG_GETARG_INT32(1));
	PG_RETURN_INT64(deleted);
}

/* Arguments 1 to 7: account, application, environment, the limits, the key. */
static void
take_create_options(CbRequest *request, FunctionCallInfo fcinfo)
{
	memset(request, 0, sizeof(CbRequest));
	request->names.account = cb_argument_text(fcinfo, 1);
	request->names.application = cb_argument_text(fcinfo, 2);
	request->names.environment = cb_argument_text(fcinfo, 3);
	cb_argument_limits(request, fcinfo, 4);
	cb_argument_on_conflict(request, fcinfo, 6);
	cb_argument_key(request, fcinfo, 7);
}

/* Arguments 1 to 6: application, account, the limits, the key. */
static void
take_attach_options(CbRequest *request, FunctionCallInfo fcinfo)
{
	memset(request, 0, sizeof(CbRequest));
	request->names.application = cb_argument_text(fcinfo, 1);
	request->names.account = cb_argument_text(fcinfo, 2);
	cb_argument_limits(request, fcinfo, 3);
	cb_argument_on_conflict(request, fcinfo, 5);
	cb_argument_key(request, fcinfo, 6);
}
