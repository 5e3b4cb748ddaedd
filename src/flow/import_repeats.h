/*-------------------------------------------------------------------------
 *
 * import_repeats.h
 *		Which row of a file another one repeats.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_IMPORT_REPEATS_H
#define CB_IMPORT_REPEATS_H

#include "flow/import.h"

typedef struct CbImportRepeats CbImportRepeats;

/* Remembers the keys of rows of a kind, in the current memory context. */
extern CbImportRepeats *cb_import_repeats_create(const CbRowKind *kind);

/* Before a batch is written, while it is (the learn of CbBatchInside), and after. */
extern void cb_import_repeats_begin(CbImportRepeats *repeats,
									const CbImportBatch *batch);
extern void cb_import_repeats_learn(void *arg, const CbBatch *batch);

/* Tells the notes of row i of the batch, from 0, which row it repeats. */
extern void cb_import_repeats_name(const CbImportRepeats *repeats, int i,
								   CbImportVerdict *verdict);

#endif							/* CB_IMPORT_REPEATS_H */
