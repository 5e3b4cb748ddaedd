/*-------------------------------------------------------------------------
 *
 * import_notices.h
 *		What a person should know of a whole file.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_IMPORT_NOTICES_H
#define CB_IMPORT_NOTICES_H

#include "db/json.h"
#include "record/import.h"

#define CB_IMPORT_SAMPLES	8	/* cells that show how the encoding was read */

typedef struct CbImportSamples
{
	char	   *texts[CB_IMPORT_SAMPLES];	/* distinct */
	int			n;
} CbImportSamples;

/*
 * Takes the beginning of a cell as a sample, in the current memory context, when it
 * is not ASCII, is not there yet and there is room.  No cell of a secret column.
 */
extern void cb_import_sample(CbImportSamples *samples, const char *cell, Size len);

/* Do the bytes of the file leave its encoding in doubt? */
extern bool cb_import_is_uncertain(const CbImport *import);

/*
 * Writes an array of {code, message, samples}: encoding_uncertain, and padding_dropped
 * when padding, the number of NULs that were left out, is not 0.
 */
extern void cb_import_write_notices(CbJson *json, const CbImport *import,
									const CbImportSamples *samples, Size padding);

/* Writes an array of texts, of which some may be NULL. */
extern void cb_import_write_texts(CbJson *json, char *const *texts, int n);

#endif							/* CB_IMPORT_NOTICES_H */
