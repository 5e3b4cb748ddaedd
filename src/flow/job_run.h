/*-------------------------------------------------------------------------
 *
 * job_run.h
 *		What a worker does with a job, transaction by transaction.
 *
 *		cb_job_run_take				it is this worker's
 *		cb_job_run_enter			as whom, and whether that is still allowed
 *		  (cb_job_file_...			gets the file: see job_file.h)
 *		cb_job_run_begin			its import is this worker's
 *		cb_job_run_step				again and again, until the job has ended
 *
 * The worker makes a transaction of each of them and of nothing else.  After an
 * error the job is as it was before; the worker tries again, or fails the job.
 * Whoever finds that somebody else has taken the job raises an error, and is_lost
 * says so.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_JOB_RUN_H
#define CB_JOB_RUN_H

#include "flow/import_run.h"
#include "record/job.h"

/* A job that this worker has taken; all in the context it was taken in. */
typedef struct CbJobRun
{
	CbJob		job;
	char		account[CB_UUID_TEXT_LEN + 1];
	char		id[CB_UUID_TEXT_LEN + 1];
	CbClaims	claims;			/* for whom the worker acts */
	CbImportRun import;
	bool		has_begun;		/* import is set */
	bool		cancelled;		/* somebody wants it to stop */
	bool		is_lost;		/* somebody else has it */
	int			sqlstate;		/* of the error that ended it; 0: none */
	const char *message;		/* for people, of that error */
} CbJobRun;

/*
 * Takes the job, unless it has ended, somebody is at it, or the account has as many
 * jobs running as it may.  Only account and id of the job need to be set.
 */
extern bool cb_job_run_take(CbJobRun *run);

/*
 * Takes on the role that asked for the job.  Raises 42501 when it cannot, or when
 * the role may not ask for such jobs any more.
 */
extern void cb_job_run_enter(CbJobRun *run);

/* From here on, until the transaction ends, the worker acts for whoever asked. */
extern void cb_job_run_act(const CbJobRun *run);

/*
 * Takes the import of the job, and returns true; false when the import has ended,
 * and with it the job.  Raises 55000 while somebody else runs the import.
 */
extern bool cb_job_run_begin(CbJobRun *run);

/* Writes the next batch; false when that was the end. */
extern bool cb_job_run_step(CbJobRun *run);

/* Says that the worker is at it, and learns whether the job shall stop. */
extern void cb_job_run_beat(CbJobRun *run);

/* Ends the job, with a message or NULL. */
extern void cb_job_run_finish(CbJobRun *run, CbJobStatus status,
							  const char *message);

/*
 * Ends the job because a step of it failed for good, and its import if it has
 * one; that of a cancelled statement can be taken again at once.  Explain says
 * before which error it was.
 */
extern void cb_job_run_explain(CbJobRun *run, const ErrorData *fault);
extern void cb_job_run_fail(CbJobRun *run);

/* Has workers started for jobs of the account that now may run. */
extern void cb_job_run_next(const CbJobRun *run);

#endif							/* CB_JOB_RUN_H */
