/*-------------------------------------------------------------------------
 *
 * serve_bulk.c
 *		Serves the bulk functions over HTTP.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"


#include "canopy_bulk.h"
#include "db/document.h"
#include "flow/batch.h"
#include "flow/report.h"
#include "flow/serve.h"
#include "rows/attach.h"
#include "rows/identity.h"

static CbAnswer serve(const CbRowKind *kind, CbRouteCall *call);
static int	count_of(Jsonb *body, const char *name, bool required);

CbAnswer
cb_serve_bulk_create(CbRouteCall *call)
{
	return serve(&cb_identity_kind, call);
}

CbAnswer
cb_serve_bulk_attach(CbRouteCall *call)
{
	return serve(&cb_attach_kind, call);
}

CbAnswer
cb_serve_import_event(CbRouteCall *call)
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
serve(const CbRowKind *kind, CbRouteCall *call)
{
	cb_request_take_json(&call->request, kind->list_key, call->body);
	return cb_batch_run(kind, &call->request);
}

/* A whole number in the body; 0 when it may be missing and is. */
static int
count_of(Jsonb *body, const char *name, bool required)
{
	JsonbValue	value;
	int			count = 0;
	bool		is_missing;

	is_missing = getKeyJsonValueFromContainer(&body->root, name, (int) strlen(name),
											  &value) == NULL ||
		value.type == jbvNull;
	if (is_missing ? required : !cb_document_int(&value, &count))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("counts of an import are whole numbers")));
	return is_missing ? 0 : count;
}
