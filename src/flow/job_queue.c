/*-------------------------------------------------------------------------
 *
 * job_queue.c
 *		Jobs that wait, and the bounds on how many wait and run.
 *
 * A job is run by a worker, as the owner of the directory.  A worker is started for
 * it when it is asked for, if the account has room; else it waits, and a worker that is
 * done with another job takes it up, one account after the other.  A worker that finds
 * the account busy leaves the job in the queue.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "canopy_bulk.h"
#include "db/launch.h"
#include "db/statement.h"
#include "db/uuid7.h"
#include "errors.h"
#include "flow/job_queue.h"
#include "settings.h"

/* How long a worker has to start before its job is as one that has none. */
#define START_TIME		(10 * USECS_PER_SEC)

/* Parameters: account. */
static CbStatement lock_account = {
	"SELECT 1 FROM canopy.account WHERE id OPERATOR(pg_catalog.=) $1"
	" FOR NO KEY UPDATE",
	1, {UUIDOID}, SPI_OK_SELECT,
	.returns = "one int4"
};

static int	read_active(const pg_uuid_t *account, CbJob **jobs);
static void check_room(const pg_uuid_t *account);
static int	count_workers(const pg_uuid_t *account, TimestampTz now);
static bool find_startable(const pg_uuid_t *account, TimestampTz now,
						   pg_uuid_t *job);
static CbJobTier held_to(const CbClaims *claims);

void
cb_job_queue_lock(const pg_uuid_t *account)
{
	Datum		values[1];

	values[0] = UUIDPGetDatum(account);
	if (cb_statement_run(&lock_account, values, NULL) == 0)
		ereport(ERROR,
				(errcode(CB_ERRCODE_NOT_FOUND),
				 errmsg("account does not exist")));
	cb_statement_free();
}

void
cb_job_queue_add(CbJob *job, const CbCaller *caller, const CbScope *scope,
				 TimestampTz now)
{
	bool		has_room;

	cb_job_queue_lock(&scope->account);
	check_room(&scope->account);
	job->account = scope->account;
	job->has_application = scope->has_application;
	job->application = scope->application;
	job->has_environment = scope->has_environment;
	job->environment = scope->environment;
	cb_uuid7_make(&job->id);
	job->actor_id = caller->actor_id;
	job->actor_type = caller->actor_type;
	job->role_name = GetUserNameFromId(GetSessionUserId(), false);
	job->caller_role = GetUserNameFromId(caller->outside.role, false);
	job->held_to = held_to(&caller->claims);
	job->status = CB_JOB_QUEUED;
	job->fetched_bytes = -1;
	job->created_at.given = true;
	job->created_at.at = now;
	has_room = count_workers(&job->account, now) < cb_max_running_jobs;
	cb_job_insert(job, now);
	if (has_room)
		cb_launch_at_commit(&job->account, &job->id);
}

/* Those that run jobs of the account, and those that have been started for one. */
static int
count_workers(const pg_uuid_t *account, TimestampTz now)
{
	CbJob	   *jobs;
	int			njobs = read_active(account, &jobs);
	int			nworkers = 0;

	for (int i = 0; i < njobs; i++)
	{
		if (cb_job_is_held(&jobs[i], now) ||
			(jobs[i].status == CB_JOB_QUEUED && jobs[i].created_at.at > now - START_TIME))
			nworkers++;
	}
	return nworkers;
}

bool
cb_job_queue_next(const pg_uuid_t *after, TimestampTz now, pg_uuid_t *account,
				  pg_uuid_t *job)
{
	int			naccounts;
	pg_uuid_t  *accounts = cb_job_accounts(&naccounts);
	int			first = 0;

	while (first < naccounts && cb_uuid_compare(&accounts[first], after) <= 0)
		first++;
	for (int i = 0; i < naccounts; i++)
	{
		*account = accounts[(first + i) % naccounts];
		if (find_startable(account, now, job))
			return true;
	}
	return false;
}

/* The oldest one. */
static bool
find_startable(const pg_uuid_t *account, TimestampTz now, pg_uuid_t *job)
{
	CbJob	   *jobs;
	int			njobs = read_active(account, &jobs);
	int			nheld = 0;
	int			found = -1;

	for (int i = 0; i < njobs; i++)
	{
		if (cb_job_is_held(&jobs[i], now))
			nheld++;
		else if (found < 0)
			found = i;
	}
	if (found < 0 || nheld >= cb_max_running_jobs)
		return false;
	*job = jobs[found].id;
	return true;
}

bool
cb_job_queue_has_room(const pg_uuid_t *account, TimestampTz now)
{
	CbJob	   *jobs;
	int			njobs = read_active(account, &jobs);
	int			nheld = 0;

	for (int i = 0; i < njobs; i++)
	{
		if (cb_job_is_held(&jobs[i], now))
			nheld++;
	}
	return nheld < cb_max_running_jobs;
}

int
cb_job_queue_start(const pg_uuid_t *account, TimestampTz now,
				   bool *out_of_workers)
{
	CbJob	   *jobs;
	int			njobs = read_active(account, &jobs);
	int			room = cb_max_running_jobs;
	int			nstarted = 0;

	for (int i = 0; i < njobs; i++)
	{
		if (cb_job_is_held(&jobs[i], now))
			room--;
	}
	for (int i = 0; i < njobs && nstarted < room && !*out_of_workers; i++)
	{
		if (cb_job_is_held(&jobs[i], now))
			continue;
		if (cb_launch_worker(account, &jobs[i].id))
			nstarted++;
		else
			*out_of_workers = true;
	}
	return nstarted;
}

static int
read_active(const pg_uuid_t *account, CbJob **jobs)
{
	CbJobChoice choice = {.active = true,.take = PG_INT32_MAX};

	return cb_job_list(account, &choice, jobs);
}

static void
check_room(const pg_uuid_t *account)
{
	int64		nqueued = cb_job_count_queued(account);

	if (nqueued >= cb_max_queued_jobs)
		ereport(ERROR,
				(errcode(CB_ERRCODE_TOO_MANY),
				 errmsg("too many jobs of the account are waiting"),
				 errdetail("There are " INT64_FORMAT ", and canopy_bulk.max_queued_jobs is %d.",
						   nqueued, cb_max_queued_jobs),
				 errhint("Try again when one has been run.")));
}

static CbJobTier
held_to(const CbClaims *claims)
{
	if (claims->environment != NULL)
		return CB_JOB_ENVIRONMENT;
	return claims->application != NULL ? CB_JOB_APPLICATION : CB_JOB_ACCOUNT;
}
