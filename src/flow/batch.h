/*-------------------------------------------------------------------------
 *
 * batch.h
 *		One call of a bulk function.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_BATCH_H
#define CB_BATCH_H

#include "flow/request.h"

#define CB_STATUS_OK				200
#define CB_STATUS_MULTI				207
#define CB_STATUS_ROLLED_BACK		422

typedef struct CbAnswer
{
	Jsonb	   *envelope;		/* in the caller's memory context */
	int			status;			/* HTTP */
} CbAnswer;

/*
 * Runs the batch from authorisation to audit entry and answers with a verdict
 * for every row.  Raises what concerns the whole call, and then nothing of the
 * batch is left.
 */
extern CbAnswer cb_batch_run(const CbRowKind *kind, const CbRequest *request);

#endif							/* CB_BATCH_H */
