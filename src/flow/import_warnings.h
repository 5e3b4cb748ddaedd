/*-------------------------------------------------------------------------
 *
 * import_warnings.h
 *		What looks wrong in a row that would be written.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_IMPORT_WARNINGS_H
#define CB_IMPORT_WARNINGS_H

#include "flow/import.h"

/* Adds a note for everything that a person should look at. */
extern void cb_import_warn(const CbImport *import, const CbImportRow *row,
						   CbImportVerdict *verdict);

#endif							/* CB_IMPORT_WARNINGS_H */
