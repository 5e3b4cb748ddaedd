/*-------------------------------------------------------------------------
 *
 * import_results.c
 *		The SQL-callable functions of imports that run or have ended.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/uuid.h"

#include "api/arguments.h"
#include "canopy_bulk.h"
#include "db/guard.h"
#include "db/http.h"
#include "flow/import_csv.h"
#include "flow/import_list.h"
#include "flow/import_run.h"

/* canopy_bulk_import_cancel(id, account) */
CB_FUNCTION(canopy_bulk_import_cancel)
{
	Jsonb	   *answer;

	cb_argument_require(fcinfo, 0, "id");
	answer = cb_wizard_cancel(PG_GETARG_UUID_P(0), cb_argument_text(fcinfo, 1));
	PG_RETURN_JSONB_P(answer);
}

/* canopy_bulk_import_results(id, outcome, page, take, account) */
CB_FUNCTION(canopy_bulk_import_results)
{
	Jsonb	   *answer;

	cb_argument_require(fcinfo, 0, "id");
	answer = cb_import_results(PG_GETARG_UUID_P(0), cb_argument_text(fcinfo, 4),
							   cb_argument_text(fcinfo, 1),
							   cb_argument_int(fcinfo, 2, 1),
							   cb_argument_int(fcinfo, 3, CB_PAGE_TAKE));
	PG_RETURN_JSONB_P(answer);
}

/* canopy_bulk_import_csv(id, which, bom, account) */
CB_FUNCTION(canopy_bulk_import_csv)
{
	const char *which = PG_ARGISNULL(1) ? "all" : cb_argument_text(fcinfo, 1);
	StringInfoData file;
	text	   *answer;

	cb_argument_require(fcinfo, 0, "id");
	initStringInfo(&file);
	cb_import_csv(PG_GETARG_UUID_P(0), cb_argument_text(fcinfo, 3), which,
				  !PG_ARGISNULL(2) && PG_GETARG_BOOL(2), &file);
	cb_http_add_header("Content-Disposition", cb_import_csv_disposition(which));
	answer = cstring_to_text_with_len(file.data, file.len);
	PG_RETURN_TEXT_P(answer);
}

/* canopy_bulk_imports(account, application, environment, status, page, take) */
CB_FUNCTION(canopy_bulk_imports)
{
	CbImportListing listing = {{NULL}};
	Jsonb	   *answer;

	listing.names.account = cb_argument_text(fcinfo, 0);
	listing.names.application = cb_argument_text(fcinfo, 1);
	listing.names.environment = cb_argument_text(fcinfo, 2);
	listing.status = cb_argument_text(fcinfo, 3);
	listing.page.page = cb_argument_int(fcinfo, 4, 1);
	listing.page.take = cb_argument_int(fcinfo, 5, CB_PAGE_TAKE);
	answer = cb_import_list(&listing);
	PG_RETURN_JSONB_P(answer);
}

/* canopy_bulk_import_progress(account) */
CB_FUNCTION(canopy_bulk_import_progress)
{
	cb_rows_begin(fcinfo);
	cb_import_watch(cb_argument_text(fcinfo, 0), cb_rows_put,
					fcinfo->resultinfo);
	return (Datum) 0;
}
