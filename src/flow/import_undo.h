/*-------------------------------------------------------------------------
 *
 * import_undo.h
 *		The last step of an import: to undo it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_FLOW_IMPORT_UNDO_H
#define CB_FLOW_IMPORT_UNDO_H

#include "flow/import.h"

/*
 * Asks a batch that will be written to leave behind what is needed to undo its
 * rows; before[i] has what row i of the batch left, in the current memory context.
 * NULL: nothing.
 */
extern Jsonb **cb_import_remember(const CbImportCall *call, int nrows,
								  CbBatchInside *inside);

/*
 * Undoes what the rows of an import that has ended wrote, as far as nobody has
 * touched it since.  Raises PT409 when it has not ended, or was undone and no row
 * is left that could not be.
 */
extern Jsonb *cb_wizard_undo(const pg_uuid_t *id, bool dry_run,
							 const char *account);

#endif							/* CB_FLOW_IMPORT_UNDO_H */
