/*-------------------------------------------------------------------------
 *
 * import_row.h
 *		The rows of canopy.import_row.
 *
 * All are read and written many at a time, in the order of their numbers.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_IMPORT_ROW_H
#define CB_IMPORT_ROW_H

#include "common/cryptohash.h"
#include "record/import.h"
#include "utils/array.h"

/* A row as it is stored; all in the memory context it was read in. */
typedef struct CbImportRow
{
	int			number;			/* from 1 */
	int			line;			/* of the file, from 1 */
	bool		selected;
	const char *verdict;		/* valid, warning or error; NULL: no preview */
	const char *plan;			/* create, update or skip; NULL: none */
	const char *outcome;		/* created, updated, skipped or failed; NULL:
								 * none */
	Datum	   *cells;			/* of type text */
	bool	   *nulls;			/* empty, or secret */
	int			ncells;
	char	   *password_hash;	/* NULL: none */
	Jsonb	   *upload_issues;	/* NULL: none */
	Jsonb	   *issues;			/* NULL: none */
} CbImportRow;

/* Rows that are about to be stored, one after the other. */
typedef struct CbImportChunk
{
	int			first;			/* number of the first row */
	int			n;
	Datum	   *lines;			/* int4 */
	Datum	   *cells;			/* text: the cells, with separator between
								 * them */
	Datum	   *hashes;			/* text */
	bool	   *hash_nulls;
	Datum	   *issues;			/* jsonb */
	bool	   *issue_nulls;
	Datum		separator;		/* text that is in no cell */
} CbImportChunk;

/* What a preview found, in the order of numbers. */
typedef struct CbImportFinding
{
	int			number;
	const char *verdict;
	const char *plan;			/* NULL: none */
	bool		has_resource;
	pg_uuid_t	resource;		/* that is updated or skipped */
	Jsonb	   *issues;			/* NULL: none */
} CbImportFinding;

/* What became of a row. */
typedef struct CbImportResult
{
	int			number;
	const char *outcome;		/* created, updated, skipped or failed */
	int			code;			/* HTTP; 0: none, the row was not sent */
	const char *skip_reason;	/* NULL: not skipped */
	const char *error_code;		/* NULL: no error */
	const char *error_message;
	bool		has_resource;
	pg_uuid_t	resource;
	Jsonb	   *before;			/* NULL: nothing to undo */
} CbImportResult;

/*
 * The rows numbered from first to last, at most, into the current memory context.
 * Returns how many there are.
 */
extern int	cb_import_rows_read(const CbImport *import, int first, int last,
								CbImportRow **rows);

/* Stores, and deletes all of an import; the import is locked. */
extern void cb_import_rows_insert(const CbImport *import,
								  const CbImportChunk *chunk);
extern void cb_import_rows_delete(const CbImport *import);

/* Takes the cells and hashes from all rows of an import that is locked. */
extern void cb_import_rows_forget(const CbImport *import);

/* Stores what a preview found: such rows are selected unless they are bad. */
extern void cb_import_rows_save_findings(const CbImport *import,
										 const CbImportFinding *findings, int n);

/* In the order of numbers, and at least one. */
extern void cb_import_rows_save_results(const CbImport *import,
										const CbImportResult *results, int n);

/*
 * Selects rows, or not; NULL stands for all numbers.  A row without a good verdict stays as it is.  Returns how
 * many rows now are as asked.
 */
extern int	cb_import_rows_select(const CbImport *import, ArrayType *numbers,
								  bool selected);

/* How many rows there are of a kind. */
typedef struct CbImportTally
{
	int			valid;			/* those with a warning left out */
	int			warnings;
	int			errors;
	int			selected;
	int			creates;		/* selected rows that would create something */
	int			updates;
	int			skips;
} CbImportTally;

/*
 * Counts the rows, and adds their numbers, selection, verdicts, plans and what
 * they are about to the digest.
 */
extern void cb_import_rows_digest(const CbImport *import,
								  pg_cryptohash_ctx *digest,
								  CbImportTally *tally);

/*
 * A page of rows, of those with a verdict or, with NULL, of all; skip says how
 * many of them to leave out.  *total is how many there are.
 */
extern int	cb_import_rows_page(const CbImport *import, const char *verdict,
								int64 skip, int take, CbImportRow **rows,
								int *total);

#endif							/* CB_IMPORT_ROW_H */
