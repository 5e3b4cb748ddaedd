/*-------------------------------------------------------------------------
 *
 * jobs.h
 *		Asking for jobs, looking at them, and stopping them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_JOBS_H
#define CB_JOBS_H

#include "db/page.h"
#include "record/job.h"

/* How a job is told: as our functions do, or as the product's REST interface. */
typedef enum CbJobForm
{
	CB_JOB_PLAIN,
	CB_JOB_CREATED,				/* {data: {APIBulkImport: ...}} */
	CB_JOB_POLLED				/* {data: {APIBackgroundJob: ...}} */
} CbJobForm;

extern Jsonb *cb_jobs_describe(const CbJob *job, CbJobForm form);

/*
 * Submits an import, as cb_import_run_submit() does, to a worker.  Answers the job;
 * that of an import which has one already is answered again.  Raises PT429 when too
 * many jobs of the account wait.
 */
extern Jsonb *cb_jobs_submit(const pg_uuid_t *import, const uint8 *digest,
							 Size digest_len, const char *account);

/* Raises PT404 when there is no such job, or when it is not for whoever calls. */
extern Jsonb *cb_jobs_info(const pg_uuid_t *id, const char *account,
						   CbJobForm form);

/* A page of jobs, the newest first: {items, pagination}. */
extern Jsonb *cb_jobs_list(const char *status, const CbPage *page,
						   const char *account);

/*
 * Stops a job: at once when nobody works on it, else when its worker hears of it.
 * Raises PT409 when it has ended.
 */
extern Jsonb *cb_jobs_cancel(const pg_uuid_t *id, const char *account,
							 CbJobForm form);

/* Asks for the same again.  Raises PT409 when it has not ended, or is not repeatable. */
extern Jsonb *cb_jobs_repeat(const pg_uuid_t *id, const char *account,
							 CbJobForm form);

/*
 * Starts workers for jobs that nobody works on: of the account that is named, those
 * that the claims name, or all.  Returns how many were started.
 */
extern int	cb_jobs_resume(const char *account);

/* The same for every account, by a process of ours; claims make no difference to it. */
extern void cb_jobs_sweep(void);

#endif							/* CB_JOBS_H */
