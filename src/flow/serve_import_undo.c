/*-------------------------------------------------------------------------
 *
 * serve_import_undo.c
 *		Serves what comes behind an import over HTTP: undoing it, and those whom its
 *		file lacks.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "flow/import_sync.h"
#include "flow/import_undo.h"
#include "flow/serve.h"

static Jsonb *take_undo(CbRouteCall *call, const pg_uuid_t *id);
static Jsonb *take_missing(CbRouteCall *call, const pg_uuid_t *id);

/* A dry run leaves nothing, its key among it. */
CbAnswer
cb_serve_import_undo(CbRouteCall *call)
{
	if (call->request.dry_run)
		return cb_serve_import_step(call, take_undo);
	return cb_serve_import_once(call, "import.undo", CB_STATUS_OK, take_undo);
}

CbAnswer
cb_serve_import_missing(CbRouteCall *call)
{
	return cb_serve_import_step(call, take_missing);
}

static Jsonb *
take_undo(CbRouteCall *call, const pg_uuid_t *id)
{
	return cb_wizard_undo(id, call->request.dry_run, call->request.names.account);
}

static Jsonb *
take_missing(CbRouteCall *call, const pg_uuid_t *id)
{
	CbPage		page;

	cb_query_page(&call->query, NULL, 0, &page);
	return cb_wizard_missing(id, page.page, page.take, call->request.names.account);
}
