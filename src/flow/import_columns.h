/*-------------------------------------------------------------------------
 *
 * import_columns.h
 *		Which column of an import is which field.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_IMPORT_COLUMNS_H
#define CB_IMPORT_COLUMNS_H

#include "flow/import.h"

/*
 * Gives the columns of an import, whose headers are there, their fields, and says
 * which are secret.  named are headers of columns that the caller calls secret;
 * cells says what those of each column are; NULL: there are none.  Returns, for each column, how sure
 * that is, or why it has no field; in the current memory context.  Raises 22023 for
 * a name that no column has, and for a file without a header.
 */
extern CbMappingColumn *cb_import_columns_propose(const CbImportCall *call,
												  CbImport *import,
												  char **named, int nnamed,
												  const CbMappingCells *cells);

/*
 * Changes fields as the caller says: an object of headers, or of positions from 1,
 * each with a field or null.  Remembers that for the account.  Raises 22023 for what
 * cannot be.
 */
extern void cb_import_columns_change(const CbImportCall *call, CbImport *import,
									 Jsonb *mapping);

/* uploaded, or mapped when no required field is missing. */
extern CbImportStatus cb_import_columns_status(const CbImport *import);

#endif							/* CB_IMPORT_COLUMNS_H */
