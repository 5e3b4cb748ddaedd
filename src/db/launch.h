/*-------------------------------------------------------------------------
 *
 * launch.h
 *		Starts background workers.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_LAUNCH_H
#define CB_LAUNCH_H

#include "utils/uuid.h"

/* What a worker is told when it starts. */
typedef struct CbLaunch
{
	Oid			database;
	pg_uuid_t	account;
	pg_uuid_t	job;
} CbLaunch;

/*
 * Starts a worker for a job of this database once the transaction has committed,
 * so that it finds the job.  When no worker can be had then, a warning says so.
 */
extern void cb_launch_at_commit(const pg_uuid_t *account, const pg_uuid_t *job);

/*
 * Starts one at once.  False when none can be had: too many are there already, or
 * the server is a standby or being upgraded.
 */
extern bool cb_launch_worker(const pg_uuid_t *account, const pg_uuid_t *job);

/* Starts a worker that starts workers for jobs that have none.  False as above. */
extern bool cb_launch_sweeper(Oid database);

/* What this process, a worker, was told when it was started. */
extern void cb_launch_read(CbLaunch *launch);

#endif							/* CB_LAUNCH_H */
