/*-------------------------------------------------------------------------
 *
 * import_undo.h
 *		What undoing an import reads and stores.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_RECORD_IMPORT_UNDO_H
#define CB_RECORD_IMPORT_UNDO_H

#include "record/import.h"

/* A row that created or updated something. */
typedef struct CbImportUndoRow
{
	int			number;
	bool		created;
	pg_uuid_t	resource;
	Jsonb	   *before;			/* NULL: nothing was left behind */
	const char *outcome;		/* reversed, kept or error */
	const char *reason;			/* NULL: none */
} CbImportUndoRow;

/*
 * Reads the rows that are to be undone into the current memory context; of an
 * import that was undone, those that could not be.  Returns how many they are.
 */
extern int	cb_import_undo_read(const CbImport *import, CbImportUndoRow **rows);

/* Stores outcome and reason of rows. */
extern void cb_import_undo_save(const CbImport *import,
								const CbImportUndoRow *rows, int n);

/* Marks an import that is locked as undone. */
extern void cb_import_undo_finish(CbImport *import, TimestampTz now);

#endif							/* CB_RECORD_IMPORT_UNDO_H */
