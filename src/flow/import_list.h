/*-------------------------------------------------------------------------
 *
 * import_list.h
 *		Listing imports, and watching those that run.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_IMPORT_LIST_H
#define CB_IMPORT_LIST_H

#include "db/scope.h"
#include "db/statement.h"
#include "db/page.h"

typedef struct CbImportListing
{
	CbScopeNames names;
	const char *status;			/* NULL: all */
	CbPage		page;
} CbImportListing;

/*
 * {items, pagination}, the newest first: what the names leave of the account, which
 * is all of it when they name no application.  Raises 22023 for a page or a status
 * that cannot be.
 */
extern Jsonb *cb_import_list(const CbImportListing *listing);

/* What a reader of progress is given, from column 0. */
enum
{
	CB_PROGRESS_PID,
	CB_PROGRESS_ACCOUNT,
	CB_PROGRESS_IMPORT,
	CB_PROGRESS_JOB,
	CB_PROGRESS_MODE,
	CB_PROGRESS_PHASE,
	CB_PROGRESS_ROWS_TOTAL,
	CB_PROGRESS_ROWS_DONE,
	CB_PROGRESS_ROWS_SUCCEEDED,
	CB_PROGRESS_ROWS_FAILED,
	CB_PROGRESS_ROWS_SKIPPED,
	CB_PROGRESS_BATCHES_TOTAL,
	CB_PROGRESS_BATCHES_DONE,
	CB_PROGRESS_BYTES_TOTAL,
	CB_PROGRESS_BYTES_DONE,
	CB_PROGRESS_STARTED_AT,
	CB_PROGRESS_HEARTBEAT_AT,
	CB_PROGRESS_FINISHED_AT,
	CB_PROGRESS_COLUMNS
};

/*
 * Hands over the imports that run, wait to run or have ended a short time ago: of
 * the account that the name, the setting or the claims mean, or of all accounts to
 * a caller without any of these.
 */
extern void cb_import_watch(const char *account, CbRowReader reader, void *arg);

#endif							/* CB_IMPORT_LIST_H */
