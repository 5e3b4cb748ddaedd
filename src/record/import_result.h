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
#include "utils/array.h"

/* What became of a row; all in the memory context it was read in. */
typedef struct CbImportRowResult
{
	int			number;			/* from 1 */
	int			line;			/* of the file, from 1 */
	const char *outcome;		/* NULL: none yet */
	const char *plan;			/* that the preview found, or "error"; NULL:
								 * none */
	const char *skip_reason;	/* NULL: was not skipped */
	const char *error_code;		/* NULL: no error */
	const char *error_message;
	int			code;			/* HTTP; 0: the row was not sent */
	bool		has_resource;
	pg_uuid_t	resource;
	Datum	   *cells;			/* of type text */
	bool	   *nulls;			/* empty, or secret */
	int			ncells;
} CbImportRowResult;

/* Which rows are asked for. */
typedef enum CbImportResultChoice
{
	CB_IMPORT_ALL_RESULTS,
	CB_IMPORT_CREATED_RESULTS,
	CB_IMPORT_UPDATED_RESULTS,
	CB_IMPORT_SKIPPED_RESULTS,
	CB_IMPORT_FAILED_RESULTS,
	CB_IMPORT_UNDONE_RESULTS	/* failed, bad in the preview, or not sent
								 * after a cancel: what is to be sent again */
} CbImportResultChoice;

/* How many rows of an import have each outcome. */
typedef struct CbImportOutcomes
{
	int			succeeded;		/* created, updated, or there already */
	int			failed;
	int			skipped;		/* not sent */
	int			without;		/* any outcome */
} CbImportOutcomes;

/*
 * At most take rows of the choice whose numbers are above last, in order, into the
 * current memory context.  Returns how many.
 */
extern int	cb_import_results_read(const CbImport *import,
								   CbImportResultChoice choice, int last,
								   int take, CbImportRowResult **results);

/* A page of them: skip says how many to leave out, *total how many there are. */
extern int	cb_import_results_page(const CbImport *import,
								   CbImportResultChoice choice, int64 skip,
								   int take, CbImportRowResult **results,
								   int *total);

/*
 * Marks the rows from first to last that have no outcome as skipped: those that
 * were deselected and, unless cancelled is false, those that were not.  Returns
 * how many there were.
 */
extern int	cb_import_rows_skip(const CbImport *import, int first, int last,
								bool cancelled);

extern void cb_import_rows_count(const CbImport *import,
								 CbImportOutcomes *outcomes);

/* How many rows have an error. */
typedef struct CbImportErrorSum
{
	const char *code;
	int			count;
} CbImportErrorSum;

/* What became of the rows, or before that what the preview says will. */
typedef struct CbImportSums
{
	int			created;
	int			updated;
	int			skipped;
	int			failed;			/* with an error, found in the preview or
								 * later */
	CbImportErrorSum *errors;	/* in the current memory context */
	int			nerrors;
} CbImportSums;

extern void cb_import_rows_sum(const CbImport *import, CbImportSums *sums);

#endif							/* CB_IMPORT_RESULT_H */
