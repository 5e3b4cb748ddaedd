/*-------------------------------------------------------------------------
 *
 * import_end.h
 *		The end of an import, and its audit entry.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_IMPORT_END_H
#define CB_IMPORT_END_H

#include "flow/import.h"

/*
 * Ends an import that is locked and that the caller has taken: what has not been
 * sent is skipped, the counts are compared with the rows, and one audit entry
 * sums it up.
 */
extern void cb_import_end_run(CbImportCall *call);

/* Tells who listens on canopy_bulk_import, once this has been committed. */
extern void cb_import_notify(const CbImport *import);

#endif							/* CB_IMPORT_END_H */
