/*-------------------------------------------------------------------------
 *
 * import_result.h
 *		What became of the rows of an import, all together.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_IMPORT_RESULT_H
#define CB_IMPORT_RESULT_H

#include "record/import.h"

/* How many rows of an import have each outcome. */
typedef struct CbImportOutcomes
{
	int			succeeded;		/* created, updated, or there already */
	int			failed;
	int			skipped;		/* not sent */
	int			without;		/* any outcome */
} CbImportOutcomes;

/*
 * Marks the rows from first to last that have no outcome as skipped: those that
 * were deselected and, unless cancelled is false, those that were not.  Returns
 * how many there were.
 */
extern int	cb_import_rows_skip(const CbImport *import, int first, int last,
								bool cancelled);

extern void cb_import_rows_count(const CbImport *import,
								 CbImportOutcomes *outcomes);

#endif							/* CB_IMPORT_RESULT_H */
