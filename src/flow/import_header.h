/*-------------------------------------------------------------------------
 *
 * import_header.h
 *		Where the table of an uploaded file begins.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_IMPORT_HEADER_H
#define CB_IMPORT_HEADER_H

#include "flow/import.h"
#include "flow/import_file.h"

#define CB_IMPORT_HEADER_LOOK	10	/* records of which one is the header */

/* The header, and what stands above it: a title, a date, a version. */
typedef struct CbImportHeader
{
	int			line;			/* from 1 */
	int			npassed;		/* records */
	int			lines[CB_IMPORT_HEADER_LOOK];	/* of those that were passed */
	char	   *texts[CB_IMPORT_HEADER_LOOK];	/* the beginning of each: its
												 * first cell that is not
												 * empty */
} CbImportHeader;

/*
 * Finds the header: of the first records that are not empty the first that names a
 * required field and is as wide as a record behind it; where none is, the first
 * record.  Reading the file begins with it from then on.  Raises 22023 for a file
 * without any record.
 */
extern void cb_import_header_find(CbImportFile *file, const CbImportMode *mode,
								  CbCsvReader *reader, CbImportHeader *header);

#endif							/* CB_IMPORT_HEADER_H */
