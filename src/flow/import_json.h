/*-------------------------------------------------------------------------
 *
 * import_json.h
 *		The cells of a row as the JSON that its kind reads.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_IMPORT_JSON_H
#define CB_IMPORT_JSON_H

#include "flow/import.h"

/* What is wrong with a row before its kind has seen it. */
typedef struct CbImportFlaw
{
	struct CbImportFlaw *next;
	CbCode		code;
	int			column;			/* from 1; 0: none */
	const char *field;			/* NULL: none */
	const CbIssue *issue;		/* that was made of it */
} CbImportFlaw;

/*
 * Fills in inputs and flaws of a batch whose rows are there.  A cell that is
 * empty is not sent.
 */
extern void cb_import_json_make(const CbImportCall *call, CbImportBatch *batch);

/* The flaws found at upload, as import_row stores them; NULL when there are none. */
extern Jsonb *cb_import_flaws_json(const CbImportFlaw *flaws);

/* Adds a flaw behind the others, in the current memory context. */
extern void cb_import_flaw(CbImportFlaw **flaws, CbCode code, int column,
						   const char *field);

#endif							/* CB_IMPORT_JSON_H */
