/*-------------------------------------------------------------------------
 *
 * import_store.h
 *		The second reading of an uploaded file: its records become rows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_IMPORT_STORE_H
#define CB_IMPORT_STORE_H

#include "flow/import_scan.h"

#define CB_IMPORT_FIRST_ROWS	5	/* that the answer shows */

typedef struct CbImportStored
{
	char	  **first[CB_IMPORT_FIRST_ROWS];	/* cells; NULL: empty or
												 * secret */
	int			nfirst;
} CbImportStored;

/* Stores the rows of an import that is locked and has none. */
extern void cb_import_store(const CbImportFile *file, const CbImport *import,
							CbCsvReader *reader, const CbImportScan *scan,
							CbImportStored *stored);

#endif							/* CB_IMPORT_STORE_H */
