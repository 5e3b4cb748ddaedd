/*-------------------------------------------------------------------------
 *
 * import_preview.h
 *		The fourth step of an import: what would happen.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_IMPORT_PREVIEW_H
#define CB_IMPORT_PREVIEW_H

#include "flow/import.h"
#include "flow/import_notices.h"

/* How often a code comes up. */
typedef struct CbImportCodeCount
{
	const char *code;			/* static */
	bool		is_warning;
	int			count;			/* notes */
} CbImportCodeCount;

#define CB_IMPORT_CODES		64	/* kinds of notes that are told apart */

typedef struct CbImportRehearsal
{
	CbImportFinding *findings;	/* of every row but those that somebody
								 * deselected */
	int			n;
	CbImportCodeCount codes[CB_IMPORT_CODES];
	int			ncodes;
	CbImportSamples samples;	/* when the encoding is uncertain */
} CbImportRehearsal;

/*
 * Writes all rows, batch after batch, and undoes it: the findings say what became
 * of each.  Nothing is stored.  They live in the current memory context.
 */
extern void cb_import_rehearse(const CbImportCall *call,
							   CbImportRehearsal *rehearsal);

/*
 * Rehearses, stores the findings and answers with statistics and a digest of the
 * plan.  Raises PT409 unless the import is mapped.
 */
extern Jsonb *cb_wizard_preview(const pg_uuid_t *id, const char *account);

#endif							/* CB_IMPORT_PREVIEW_H */
