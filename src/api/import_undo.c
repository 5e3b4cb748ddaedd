/*-------------------------------------------------------------------------
 *
 * import_undo.c
 *		The SQL-callable functions for when an import has ended: undo, missing.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/jsonb.h"
#include "utils/uuid.h"

#include "api/arguments.h"
#include "canopy_bulk.h"
#include "db/guard.h"
#include "db/page.h"
#include "flow/import_sync.h"
#include "flow/import_undo.h"

/* canopy_bulk_import_undo(id, dry_run, account) */
CB_FUNCTION(canopy_bulk_import_undo)
{
	Jsonb	   *answer;

	cb_argument_require(fcinfo, 0, "id");
	answer = cb_wizard_undo(PG_GETARG_UUID_P(0),
							!PG_ARGISNULL(1) && PG_GETARG_BOOL(1),
							cb_argument_text(fcinfo, 2));
	PG_RETURN_JSONB_P(answer);
}

/* canopy_bulk_import_missing(id, page, take, account) */
CB_FUNCTION(canopy_bulk_import_missing)
{
	Jsonb	   *answer;

	cb_argument_require(fcinfo, 0, "id");
	answer = cb_wizard_missing(PG_GETARG_UUID_P(0),
							   cb_argument_int(fcinfo, 1, 1),
							   cb_argument_int(fcinfo, 2, CB_PAGE_TAKE),
							   cb_argument_text(fcinfo, 3));
	PG_RETURN_JSONB_P(answer);
}
