/*-------------------------------------------------------------------------
 *
 * import_whole.h
 *		An import in one go: the steps before it is written, and what became of it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_IMPORT_WHOLE_H
#define CB_IMPORT_WHOLE_H

#include "flow/import_steps.h"
#include "flow/import_upload.h"

typedef struct CbImportWhole
{
	CbImportOrder order;
	CbImportUpload upload;		/* id and account are filled in */
	Jsonb	   *mapping;		/* NULL: as the headers say */
	int			max_failed;		/* rows; -1: no limit */
} CbImportWhole;

/*
 * Opens an import, uploads, maps and previews its file; upload.id then is its id.
 * Raises what the steps raise, and 22023 when a required field has no column.
 */
extern void cb_import_whole_prepare(CbImportWhole *whole);

/*
 * Raises PT422 when the preview found more bad rows than there may be.  The import
 * itself is there, and can be looked at.
 */
extern void cb_import_whole_check(const CbImportWhole *whole);

/*
 * {id, rows, errors, failed, status, created, skipped, updated}: what became of
 * the rows, or before that what is to become of them.  failed are those with an
 * error, whether it was found in the preview or later; errors counts them by code.
 */
extern Jsonb *cb_import_whole_summary(const pg_uuid_t *id, const char *account);

#endif							/* CB_IMPORT_WHOLE_H */
