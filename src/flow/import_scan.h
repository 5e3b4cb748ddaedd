/*-------------------------------------------------------------------------
 *
 * import_scan.h
 *		The first reading of an uploaded file: counts, samples, passwords.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_IMPORT_SCAN_H
#define CB_IMPORT_SCAN_H

#include "flow/import.h"
#include "flow/import_file.h"
#include "flow/import_notices.h"
#include "secret/password.h"

/* The password of a row: where its hash is, or what is wrong with it. */
typedef struct CbImportPassword
{
	int			slot;			/* -1: none */
	CbCode		problem;		/* CB_OK: none */
} CbImportPassword;

typedef struct CbImportScan
{
	int			nrows;
	int			ncomments;		/* lines */
	int			header_width;	/* cells, with the empty ones at its end */
	int		   *widths;			/* of how many rows each number of cells is,
								 * up to CB_CSV_CELLS_MAX */
	int			password_column;	/* from 1; 0: none */
	int			hash_column;	/* from 1; 0: none */
	CbImportPassword *row_passwords;	/* NULL without a password column */
	CbPasswordBatch *passwords; /* hashed; or NULL */
	CbImportSamples samples;	/* of public columns, then of headers */
} CbImportScan;

/*
 * Reads all records behind the header; hashes the passwords, on all cores.  Hold no
 * lock.  Raises PT413 for too many rows and 22023 when there is none.
 */
extern void cb_import_scan(const CbImportFile *file, const CbImport *import,
						   CbCsvReader *reader, CbImportScan *scan);

/* Has a cell of a secret column no value? */
extern bool cb_import_is_blank(const CbCsvCell *cell);

/* The next record that has anything in it; the header comes first. */
extern bool cb_import_next_record(CbCsvReader *reader, CbCsvRecord *record);

#endif							/* CB_IMPORT_SCAN_H */
