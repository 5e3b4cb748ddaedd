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

/*
 * A batch inside a call that has begun: who calls and where is known, and the
 * call wants to know more of the rows than the answer says.
 */
typedef struct CbBatchInside
{
	const CbCaller *caller;
	const CbScope *scope;
	bool		rehearsal;		/* there is no audit entry: the call undoes
								 * what has been written */
	int			max_groups;		/* subtransactions that may stay behind; 0: as
								 * many as in a batch of its own */
	bool		confident;		/* the rows were all new a moment ago */
	bool		remembers;		/* the rows shall keep what they replace */
	const char *function;		/* that its key belongs to; static */

	/* After decode; may give the row a problem.  May be NULL. */
	void		(*judge) (void *arg, CbRow *row);

	/* When the verdicts are known, before the batch is gone.  May be NULL. */
	void		(*learn) (void *arg, const CbBatch *batch);
	void	   *arg;
} CbBatchInside;

/*
 * The same as cb_batch_run, of which it is a part: names of the request count for
 * nothing, and there is no answer.  learn is not called for a key that was used
 * before.
 */
extern void cb_batch_run_inside(const CbRowKind *kind, const CbRequest *request,
								const CbBatchInside *inside);

#endif							/* CB_BATCH_H */
