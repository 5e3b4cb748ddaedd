/*-------------------------------------------------------------------------
 *
 * job_queue.h
 *		Jobs that wait, and the bounds on how many wait and run.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_JOB_QUEUE_H
#define CB_JOB_QUEUE_H

#include "db/scope.h"
#include "record/job.h"

/*
 * Whoever counts the jobs of an account and then changes how many there are holds
 * this lock, until the transaction ends.
 */
extern void cb_job_queue_lock(const pg_uuid_t *account);

/*
 * Stores a job for whoever calls, in the scope.  If the account has room for one
 * more that runs, a worker starts when the transaction commits; else the job waits.  Fills in who asks, the scope and the id.  Raises PT429 when too
 * many wait.
 */
extern void cb_job_queue_add(CbJob *job, const CbCaller *caller,
							 const CbScope *scope, TimestampTz now);

/*
 * Finds a job that may run and that no worker has: of the account whose id comes
 * next after this one, in a circle, so that each account gets its turn and this one
 * is the last.  False when there is none.
 */
extern bool cb_job_queue_next(const pg_uuid_t *after, TimestampTz now,
							  pg_uuid_t *account, pg_uuid_t *job);

/* May one more job of the account run?  Those that are not held do not count. */
extern bool cb_job_queue_has_room(const pg_uuid_t *account, TimestampTz now);

/*
 * Starts workers for the jobs of the account that nobody works on, as many as may
 * run, the oldest first.  Returns how many; *out_of_workers when more could not be
 * had.
 */
extern int	cb_job_queue_start(const pg_uuid_t *account, TimestampTz now,
							   bool *out_of_workers);

#endif							/* CB_JOB_QUEUE_H */
