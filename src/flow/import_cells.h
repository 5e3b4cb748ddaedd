/*-------------------------------------------------------------------------
 *
 * import_cells.h
 *		What the columns of an uploaded file look like.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_IMPORT_CELLS_H
#define CB_IMPORT_CELLS_H

#include "flow/import.h"
#include "flow/import_file.h"
#include "input/mapping.h"

/* The message of the error for a file without a header. */
#define CB_IMPORT_NO_HEADER		"file has no header"

/*
 * Looks at the first records behind the header: for each column of the import what
 * its cells are.  In the current memory context, which has none of the cells.  NULL
 * when the file has no record but the header.
 */
extern CbMappingCells *cb_import_cells(const CbImportFile *file,
									   const CbImport *import,
									   CbCsvReader *reader);

/*
 * Raises 22023 when the first record of the file, which is the header of the
 * import, is data: when a cell is an address or a hash.
 */
extern void cb_import_header_check(const CbImport *import);

/*
 * Raises the same when next to no header is one of a field, also if the file was
 * read with another delimiter.  columns are those of the import, matched.
 */
extern void cb_import_header_check_match(const CbImportCall *call,
										 const CbImport *import,
										 const CbMappingColumn *columns);

#endif							/* CB_IMPORT_CELLS_H */
