/*-------------------------------------------------------------------------
 *
 * batch.h
 *		One call of a bulk function.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_BATCH_H
#define CB_BATCH_H

#include "flow/answer.h"
#include "flow/request.h"

/*
 * Runs the batch from authorisation to audit entry and answers with a verdict
 * for every row; or, with a key that was used, answers what was answered then.
 * Raises what concerns the whole call, and then nothing of the batch is left.
 */
extern CbAnswer cb_batch_run(const CbRowKind *kind, const CbRequest *request);

#endif							/* CB_BATCH_H */
