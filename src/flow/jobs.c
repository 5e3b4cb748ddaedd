/*-------------------------------------------------------------------------
 *
 * jobs.c
 *		Asking for jobs, looking at them, and stopping them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/process.h"
#include "db/uuid7.h"
#include "errors.h"
#include "flow/accounts.h"
#include "flow/import_run.h"
#include "flow/job_queue.h"
#include "flow/job_run.h"
#include "flow/job_url.h"
#include "flow/jobs.h"

/* A call that works on jobs. */
typedef struct JobCall
{
	CbCaller	caller;
	CbScope		scope;
	TimestampTz now;
} JobCall;

static void check_status(const char *status);
static int	start_jobs(const pg_uuid_t *accounts, int naccounts,
					   bool *out_of_workers);
static void begin(JobCall *call, const char *account);
static void end(JobCall *call);
static CbJob *find(const JobCall *call, const pg_uuid_t *id);
static bool is_for(const CbScope *scope, const CbJob *job);
static CbJob *find_active(const JobCall *call, const pg_uuid_t *import);
static void take_scope(CbScope *scope, const CbImport *import);
static void require_ended(const CbJob *job, bool ended);
static bool stop_waiting(JobCall *call, const CbJob *job);
static void ask_to_stop(const JobCall *call, const CbJob *job);
static void stop_import(const CbJob *job, const char *account);
static Jsonb *no_parameters(void);

Jsonb *
cb_jobs_submit(const pg_uuid_t *import, const uint8 *digest, Size digest_len,
			   const char *account)
{
	JobCall		call;
	CbJob	   *job;
	CbScope		scope;
	Jsonb	   *answer;

	cb_import_run_submit(import, account, digest, digest_len);
	begin(&call, account);
	cb_job_queue_lock(&call.scope.account);
	job = find_active(&call, import);
	if (job == NULL)
	{
		scope = call.scope;
		take_scope(&scope, cb_import_read(&scope.account, import, false));
		job = palloc0(sizeof(CbJob));
		job->kind = CB_JOB_IMPORT;
		job->has_import = true;
		job->import = *import;
		job->parameters = no_parameters();
		cb_job_queue_add(job, &call.caller, &scope, call.now);
	}
	answer = cb_jobs_describe(job, CB_JOB_PLAIN);
	end(&call);
	return answer;
}

Jsonb *
cb_jobs_info(const pg_uuid_t *id, const char *account, CbJobForm form)
{
	JobCall		call;
	Jsonb	   *answer;

	begin(&call, account);
	answer = cb_jobs_describe(find(&call, id), form);
	end(&call);
	return answer;
}

Jsonb *
cb_jobs_list(const char *status, const CbPage *page, const char *account)
{
	JobCall		call;
	CbJobChoice choice = {.status = status,.take = page->take};
	CbJson	   *json;
	CbJob	   *jobs;
	int			njobs;
	int64		total;

	cb_page_check(page);
	check_status(status);
	begin(&call, account);
	choice.skip = cb_page_offset(page);
	if (call.scope.has_application)
		choice.application = &call.scope.application;
	if (call.scope.has_environment)
		choice.environment = &call.scope.environment;
	njobs = cb_job_list(&call.scope.account, &choice, &jobs);
	total = cb_job_count(&call.scope.account, &choice);
	end(&call);

	json = cb_json_create(1024);
	cb_page_begin(json, njobs);
	for (int i = 0; i < njobs; i++)
	{
		Jsonb	   *item = cb_jobs_describe(&jobs[i], CB_JOB_PLAIN);

		cb_json_container(json, &item->root, VARSIZE(item) - VARHDRSZ);
	}
	cb_page_end(json, page, total);
	return cb_json_finish(json);
}

static void
check_status(const char *status)
{
	for (int i = CB_JOB_QUEUED; i <= CB_JOB_CANCELLED; i++)
	{
		if (status == NULL || strcmp(status, cb_job_status_name(i)) == 0)
			return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid status of a job"),
			 errhint("It is queued, fetching, running, complete, failed or cancelled.")));
}

Jsonb *
cb_jobs_cancel(const pg_uuid_t *id, const char *account, CbJobForm form)
{
	JobCall		call;
	CbJob	   *job;
	bool		stopped;
	Jsonb	   *answer;

	begin(&call, account);
	job = find(&call, id);
	require_ended(job, false);
	stopped = stop_waiting(&call, job);
	if (!stopped)
		ask_to_stop(&call, job);
	end(&call);
	if (stopped && job->has_import)
		stop_import(job, account);

	begin(&call, account);
	answer = cb_jobs_describe(find(&call, id), form);
	end(&call);
	return answer;
}

Jsonb *
cb_jobs_repeat(const pg_uuid_t *id, const char *account, CbJobForm form)
{
	JobCall		call;
	CbJob	   *job;
	bool		is_bound;

	begin(&call, account);
	job = find(&call, id);
	require_ended(job, true);
	if (!job->repeatable || job->url == NULL)
		ereport(ERROR,
				(errcode(CB_ERRCODE_CONFLICT),
				 errmsg("the job cannot be repeated"),
				 errhint("Ask for a new one: a URL with a query is not kept, and an import is submitted again.")));
	/* a job whose row names no import is bound where it can be */
	is_bound = job->has_import ?
		cb_import_read(&job->account, &job->import, false)->is_bound :
		job->has_application;
	end(&call);
	return cb_job_url_repeat(job, is_bound, form);
}

int
cb_jobs_resume(const char *account)
{
	MemoryContext context = CurrentMemoryContext;
	CbCaller	caller;
	pg_uuid_t  *accounts;
	int			naccounts;
	int			nstarted;
	bool		out_of_workers = false;

	PreventCommandDuringRecovery("canopy_bulk_resume()");
	cb_caller_enter(&caller);
	MemoryContextSwitchTo(context);
	accounts = cb_accounts_choose(account, &caller, &naccounts);
	nstarted = start_jobs(accounts, naccounts, &out_of_workers);
	cb_caller_leave(&caller);
	MemoryContextSwitchTo(context);
	if (out_of_workers)
		ereport(NOTICE,
				(errmsg("no further background worker can be started"),
				 errhint("Call again later, or raise canopy_bulk.max_workers or max_worker_processes.")));
	return nstarted;
}

void
cb_jobs_sweep(void)
{
	MemoryContext context = CurrentMemoryContext;
	CbCaller	caller;
	pg_uuid_t  *accounts;
	int			naccounts;
	bool		out_of_workers = false;

	cb_caller_enter_unknown(&caller);
	MemoryContextSwitchTo(context);
	accounts = cb_job_accounts(&naccounts);
	start_jobs(accounts, naccounts, &out_of_workers);
	cb_caller_leave(&caller);
	MemoryContextSwitchTo(context);
}

/* Returns how many workers were started for jobs of the accounts. */
static int
start_jobs(const pg_uuid_t *accounts, int naccounts, bool *out_of_workers)
{
	TimestampTz now = GetCurrentTimestamp();
	int			nstarted = 0;

	for (int i = 0; i < naccounts && !*out_of_workers; i++)
		nstarted += cb_job_queue_start(&accounts[i], now, out_of_workers);
	return nstarted;
}

/*
 * Claims that are bound to an application or environment stay so here; settings
 * that name one do not count, since a job has a name of its own.
 */
static void
begin(JobCall *call, const char *account)
{
	MemoryContext context = CurrentMemoryContext;
	const CbClaims *claims = &call->caller.claims;
	CbScopeNames names = {0};

	cb_caller_enter(&call->caller);
	MemoryContextSwitchTo(context);
	names.account = account;
	names.application = claims->application == NULL ? "" : claims->application;
	names.environment = claims->environment == NULL ? "" : claims->environment;
	cb_scope_resolve(&call->scope, &call->caller, &names);
	call->now = GetCurrentTimestamp();
}

static void
end(JobCall *call)
{
	MemoryContext context = CurrentMemoryContext;

	cb_caller_leave(&call->caller);
	MemoryContextSwitchTo(context);
}

static CbJob *
find(const JobCall *call, const pg_uuid_t *id)
{
	CbJob	   *job = cb_job_find(&call->scope.account, id, false);

	if (job == NULL || !is_for(&call->scope, job))
		ereport(ERROR,
				(errcode(CB_ERRCODE_NOT_FOUND),
				 errmsg("job does not exist")));
	return job;
}

static bool
is_for(const CbScope *scope, const CbJob *job)
{
	if (scope->has_application &&
		(!job->has_application ||
		 cb_uuid_compare(&scope->application, &job->application) != 0))
		return false;
	return !scope->has_environment ||
		(job->has_environment &&
		 cb_uuid_compare(&scope->environment, &job->environment) == 0);
}

/* NULL: no job of the import waits or runs. */
static CbJob *
find_active(const JobCall *call, const pg_uuid_t *import)
{
	CbJobChoice choice = {.active = true,.import = import,.take = 1};
	CbJob	   *job;

	return cb_job_list(&call->scope.account, &choice, &job) > 0 ? job : NULL;
}

static void
take_scope(CbScope *scope, const CbImport *import)
{
	scope->has_application = import->has_application;
	scope->application = import->application;
	scope->has_environment = import->has_environment;
	scope->environment = import->environment;
}

static void
require_ended(const CbJob *job, bool ended)
{
	if (CB_JOB_HAS_ENDED(job) != ended)
		ereport(ERROR,
				(errcode(CB_ERRCODE_CONFLICT),
				 ended ? errmsg("the job has not ended yet") :
				 errmsg("the job has ended"),
				 errdetail("Its status is %s.",
						   cb_job_status_name(job->status))));
}

/* Ends a job that nobody works on; false when somebody does, or is about to. */
static bool
stop_waiting(JobCall *call, const CbJob *job)
{
	CbJob	   *locked = cb_job_find(&job->account, &job->id, true);

	if (locked == NULL || CB_JOB_HAS_ENDED(locked) ||
		cb_job_is_held(locked, call->now))
		return false;
	locked->status = CB_JOB_CANCELLED;
	return cb_job_finish(locked, call->now);
}

/*
 * A worker that writes hears of it after its batch.  Before that, and in a dry run,
 * nothing is worth being finished: what the worker is at is cancelled.  It cannot end
 * the job, and go on with another one, before we commit: we have locked the row.
 */
static void
ask_to_stop(const JobCall *call, const CbJob *job)
{
	cb_job_ask_cancel(job, call->now);
	job = cb_job_find(&job->account, &job->id, false);
	if (job != NULL && job->holder != NULL && !CB_JOB_HAS_ENDED(job) &&
		(job->status == CB_JOB_FETCHING || cb_job_is_dry_run(job)))
		cb_process_cancel_at_commit(job->holder);
}

/* What has not been written of its import is skipped. */
static void
stop_import(const CbJob *job, const char *account)
{
	cb_wizard_cancel(&job->import, account);
}

static Jsonb *
no_parameters(void)
{
	CbJson	   *json = cb_json_create(64);

	cb_json_object(json, NULL, 0);
	return cb_json_finish(json);
}
