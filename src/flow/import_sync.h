/*-------------------------------------------------------------------------
 *
 * import_sync.h
 *		Compares the directory with the file of an import.
 *
 * An import whose missing is report counts who is in the directory and not in the
 * file; one whose missing is deactivate also deactivates them when its last row
 * has been written, unless they are more than max_missing_percent, or the address
 * of a row cannot be read: it might be anybody's.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_IMPORT_SYNC_H
#define CB_IMPORT_SYNC_H

#include "flow/import.h"

/* Writes what the directory has and the file has not; null: nobody asked. */
extern void cb_import_sync_write(CbJson *json, const CbImportCall *call);

/*
 * Raises PT409 when more would be deactivated than may be; to be called before
 * anything is written.
 */
extern void cb_import_sync_check(const CbImportCall *call);

/*
 * To be called, in a transaction each, when all rows have been written: counts,
 * then deactivates a batch.  False when nothing was left to do.
 */
extern bool cb_import_sync_step(CbImportCall *call);

/* Writes what came of it, for the audit entry; null: nobody asked. */
extern void cb_import_sync_sum(CbJson *json, const CbImport *import);

/* A page of those that are missing. */
extern Jsonb *cb_wizard_missing(const pg_uuid_t *id, int page, int take,
								const char *account);

#endif							/* CB_IMPORT_SYNC_H */
