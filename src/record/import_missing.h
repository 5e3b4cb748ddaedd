/*-------------------------------------------------------------------------
 *
 * import_missing.h
 *		Who is in the directory and not in the file of an import.
 *
 * The directory is that of the import: the active members of its application, or
 * the active identities of the account.  The file is an array of its addresses.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_IMPORT_MISSING_H
#define CB_IMPORT_MISSING_H

#include "record/import_undo.h"

/* Somebody the file does not have. */
typedef struct CbImportMissing
{
	pg_uuid_t	identity;
	const char *email;			/* NULL: the identity is gone */
	const char *outcome;		/* deactivated, skipped or failed; NULL: none */
	const char *error_code;		/* NULL: none */
	Jsonb	   *before;			/* NULL: nothing to undo */
	const char *undo_outcome;	/* NULL: not undone */
	const char *undo_reason;	/* NULL: none */
} CbImportMissing;

/* Counts the directory, and whom of it the file does not have. */
extern void cb_import_missing_count(const CbImport *import, Datum addresses,
									int64 *total, int64 *missing);

/* Notes whom the file does not have, to be deactivated. */
extern void cb_import_missing_insert(const CbImport *import, Datum addresses);

/*
 * At most take of those noted whose outcome is not known yet, in the current
 * memory context.  Returns how many.
 */
extern int	cb_import_missing_next(const CbImport *import, int take,
								   CbImportMissing **missing);

/* Stores outcome, error code and before. */
extern void cb_import_missing_save(const CbImport *import,
								   const CbImportMissing *missing, int n);

/* Of those noted, how many were deactivated. */
extern int	cb_import_missing_deactivated(const CbImport *import);

/*
 * A page of whom the file does not have now, or of those noted, by address, into
 * the current memory context; *total is how many there are.
 */
extern int	cb_import_missing_page(const CbImport *import, Datum addresses,
								   int64 skip, int take,
								   CbImportMissing **missing, int64 *total);
extern int	cb_import_missing_page_noted(const CbImport *import, int64 skip,
										 int take, CbImportMissing **missing,
										 int64 *total);

/* As cb_import_undo_read() and cb_import_undo_save(), which number nothing here. */
extern int	cb_import_missing_undo_read(const CbImport *import,
										CbImportUndoRow **rows);
extern void cb_import_missing_undo_save(const CbImport *import,
										const CbImportUndoRow *rows, int n);

#endif							/* CB_IMPORT_MISSING_H */
