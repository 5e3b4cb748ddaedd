/*-------------------------------------------------------------------------
 *
 * import_csv.h
 *		The results of an import, as a CSV file and as pages.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_IMPORT_CSV_H
#define CB_IMPORT_CSV_H

#include "flow/import.h"
#include "record/import_result.h"

/*
 * A file in UTF-8, in the current memory context.  which is "all": every record
 * with what became of it; or "failed": the columns of the uploaded file and behind
 * them error_code and error_message, for those that failed, were bad in the
 * preview or were not sent after a cancel.  No spreadsheet evaluates a cell of
 * it, and the importer reads what was uploaded.  Cells of secret columns are
 * empty.  Raises 22023 for another word, PT409 before the import has ended.
 */
extern void cb_import_csv(const pg_uuid_t *id, const char *account,
						  const char *which, bool byte_order_mark,
						  StringInfo file);

/* How a browser shall name such a file: a value of Content-Disposition. */
extern const char *cb_import_csv_disposition(const char *which);

/*
 * A page of results {items, pagination}, of those with an outcome or, with NULL,
 * of all.  Raises 22023 for a page or an outcome that cannot be, PT409 before the
 * import has been submitted.
 */
extern Jsonb *cb_import_results(const pg_uuid_t *id, const char *account,
								const char *outcome, int page, int take);

/*
 * Takes the ids of identities out of results that are no members of the application
 * for a caller who is bound to it: an account-wide caller may have found them.
 */
extern void cb_import_results_hide(const CbImportCall *call,
								   CbImportRowResult *results, int n);

#endif							/* CB_IMPORT_CSV_H */
