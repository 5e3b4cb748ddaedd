/*-------------------------------------------------------------------------
 *
 * job_run.h
 *		What a worker does with a job, transaction by transaction.
 *
 *		cb_job_run_take				it is this worker's
 *		cb_job_run_check_right		the caller may still ask for it
 *		cb_job_run_pin				the file is the one that was fetched
 *		cb_job_run_upload			the import has it
 *		cb_job_run_begin			its import is this worker's
 *		cb_job_run_step				again and again, until the job has ended
 *
 * The worker makes a transaction of each of them and of nothing else.  After an
 * error the job is as it was before; the worker tries again, or fails the job.
 * Whoever wants the job to stop says so in its row and cancels the statement that
 * the worker is at, whichever that is; the worker then looks at the row.
 * Whoever finds that somebody else has taken the job raises an error, and is_lost
 * says so.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_JOB_RUN_H
#define CB_JOB_RUN_H

#include "flow/import_run.h"
#include "record/job.h"

/* A file that was fetched; it all lives with the fetch. */
typedef struct CbJobFile
{
	const char *bytes;
	Size		len;			/* bytes */
	const char *charset;		/* that the sender names; NULL: none that
								 * counts */
	const char *etag;			/* NULL: none */
	uint8		sha256[PG_SHA256_DIGEST_LENGTH];
} CbJobFile;

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
	CbJobFile	file;			/* what was fetched, if anything was */
	bool		has_next;		/* there is another job to be run */
	pg_uuid_t	next_account;
	pg_uuid_t	next_job;
} CbJobRun;

/*
 * Takes the job, unless it has ended, somebody is at it, or the account has as many
 * jobs running as it may.  Only account and id of the job need to be set.
 */
extern bool cb_job_run_take(CbJobRun *run);

/*
 * Raises 42501 when the role that called is gone, or may not ask for such jobs any
 * more.  The worker takes on no role by it.
 */
extern void cb_job_run_check_right(CbJobRun *run);

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

/* Learns no more than that. */
extern void cb_job_run_look(CbJobRun *run);

/*
 * The end of a step that is not worth its commit when the job shall stop: it fails
 * then like one whose statement was cancelled.
 */
extern void cb_job_run_confirm(CbJobRun *run);

/* Ends the job, and its import, because somebody wants that. */
extern void cb_job_run_stop(CbJobRun *run);

extern bool cb_job_is_dry_run(const CbJob *job);

/* Ends the job, with a message or NULL. */
extern void cb_job_run_finish(CbJobRun *run, CbJobStatus status,
							  const char *message);

/* Notes what the file is.  When it was another one before, the job has failed. */
extern void cb_job_run_pin(CbJobRun *run);

/*
 * Gives the import its file, and submits it unless this is a dry run.  When a
 * required field has no column, the job has failed; when the job shall stop, it
 * does.
 */
extern void cb_job_run_upload(CbJobRun *run);

/*
 * Does all that the import would do, and undoes it: the end of a dry run.  A job
 * that shall stop does instead.
 */
extern void cb_job_run_rehearse(CbJobRun *run);

/*
 * Ends the job because a step of it failed for good, and its import if it has
 * one; that of a cancelled statement can be taken again at once.  Explain says
 * before which error it was.
 */
extern void cb_job_run_explain(CbJobRun *run, const ErrorData *fault);
extern void cb_job_run_fail(CbJobRun *run);

/* The same without a look at the import, which may be what cannot be read. */
extern void cb_job_run_give_up(CbJobRun *run);

/* For what writes the job itself: raises an error when the job is not ours any more. */
extern void cb_job_run_check(CbJobRun *run, bool is_ours);

/* Looks for another job that may run and has no worker. */
extern void cb_job_run_next(CbJobRun *run);

#endif							/* CB_JOB_RUN_H */
