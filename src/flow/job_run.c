/*-------------------------------------------------------------------------
 *
 * job_run.c
 *		What a worker does with a job, transaction by transaction.
 *
 * The job is written last in a transaction: its row is locked for no longer than
 * that, so that somebody who wants the job to stop need not wait for a batch.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/statement.h"
#include "flow/import_cells.h"
#include "flow/job_queue.h"
#include "flow/job_run.h"

#define EQ " OPERATOR(pg_catalog.=) "

/* A worker that is gone so often in a row before it gets anywhere is not worth another. */
#define FUTILE_MAX		20
#define FUTILE_MESSAGE \
	"Its worker was gone again and again before it got any further; the server's log says why."
#define NO_IMPORT_MESSAGE	"Its row names no import any more."
#define NO_URL_MESSAGE		"Its row has no URL any more."

/* Parameters: role, function.  A role that calls over HTTP needs no other right. */
static CbStatement may_ask = {
	"SELECT pg_catalog.bool_or(pg_catalog.has_function_privilege($1, p.oid,"
	" 'EXECUTE'))"
	" FROM pg_catalog.pg_extension e"
	" JOIN pg_catalog.pg_depend d ON d.refobjid" EQ "e.oid"
	" AND d.refclassid" EQ "'pg_catalog.pg_extension'::pg_catalog.regclass"
	" AND d.classid" EQ "'pg_catalog.pg_proc'::pg_catalog.regclass"
	" AND d.deptype" EQ "'e'"
	" JOIN pg_catalog.pg_proc p ON p.oid" EQ "d.objid"
	" WHERE e.extname" EQ "'canopy_bulk' AND (p.proname" EQ "$2::pg_catalog.name"
	" OR p.proname" EQ "'canopy_bulk_http')",
	2, {OIDOID, TEXTOID}, SPI_OK_SELECT,
	.returns = "may bool?"
};

static void enter(CbCaller *caller);
static void leave(CbCaller *caller);
static const char *hopeless(const CbJob *job);
static void copy_job(CbJobRun *run, const CbJob *job);
static char *id_text(bool given, const pg_uuid_t *id);
static bool has_right(const CbJobRun *run, Oid role);
static void ask_to_stop(const CbJobRun *run);
static bool import_has_ended(CbJobRun *run);
static void beat(CbJobRun *run, bool further);

bool
cb_job_run_take(CbJobRun *run)
{
	CbCaller	caller;
	TimestampTz now = GetCurrentTimestamp();
	CbJob	   *job;
	bool		taken = false;

	enter(&caller);
	cb_job_queue_lock(&run->job.account);
	job = cb_job_find(&run->job.account, &run->job.id, true);
	if (job != NULL && !CB_JOB_HAS_ENDED(job) && !cb_job_is_held(job, now))
	{
		if (hopeless(job) != NULL)
		{
			job->status = CB_JOB_FAILED;
			job->error_message = unconstify(char *, hopeless(job));
			cb_job_finish(job, now);
		}
		else if (cb_job_queue_has_room(&job->account, now))
		{
			if (job->kind == CB_JOB_IMPORT || job->status == CB_JOB_RUNNING)
				job->status = CB_JOB_RUNNING;
			else
				job->status = CB_JOB_FETCHING;
			cb_job_take(job, now);
			copy_job(run, job);
			taken = true;
		}
	}
	leave(&caller);
	return taken;
}

/* Why there is no point in taking the job; NULL: there is. */
static const char *
hopeless(const CbJob *job)
{
	if (job->futile_count >= FUTILE_MAX)
		return FUTILE_MESSAGE;
	if (!job->has_import)
		return NO_IMPORT_MESSAGE;
	if (job->kind == CB_JOB_IMPORT_URL && job->status != CB_JOB_RUNNING &&
		job->url == NULL)
		return NO_URL_MESSAGE;
	return NULL;
}

/*
 * The claims have the account of the job and no other, the application and
 * environment that the caller was held to, and the caller, for the audit entries.
 */
static void
copy_job(CbJobRun *run, const CbJob *job)
{
	run->job = *job;
	run->cancelled = job->cancel_requested;
	cb_uuid_format(&job->account, run->account);
	cb_uuid_format(&job->id, run->id);
	memset(&run->claims, 0, sizeof(CbClaims));
	run->claims.present = true;
	run->claims.subject = job->actor_id;
	run->claims.principal_type = job->actor_type == NULL ?
		pstrdup("database_role") : job->actor_type;
	run->claims.accounts = palloc(sizeof(char *));
	run->claims.accounts[0] = run->account;
	run->claims.naccounts = 1;
	if (job->held_to >= CB_JOB_APPLICATION)
		run->claims.application = id_text(job->has_application, &job->application);
	if (job->held_to == CB_JOB_ENVIRONMENT)
		run->claims.environment = id_text(job->has_environment, &job->environment);
}

/* A bound without an id allows nothing: no name is empty. */
static char *
id_text(bool given, const pg_uuid_t *id)
{
	char	   *text = palloc0(CB_UUID_TEXT_LEN + 1);

	if (given)
		cb_uuid_format(id, text);
	return text;
}

void
cb_job_run_check_right(CbJobRun *run)
{
	Oid			role = get_role_oid(run->job.caller_role, true);

	if (!OidIsValid(role) || !has_right(run, role))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("the role that asked for the job may not ask for it any more")));
}

static bool
has_right(const CbJobRun *run, Oid role)
{
	CbCaller	caller;
	Datum		values[2];
	bool		isnull;
	bool		may;

	values[0] = ObjectIdGetDatum(role);
	values[1] = CStringGetTextDatum(run->job.kind == CB_JOB_IMPORT ?
									"canopy_bulk_import_submit" :
									"canopy_bulk_import_url");
	enter(&caller);
	cb_statement_run(&may_ask, values, NULL);
	may = DatumGetBool(cb_statement_value(0, 1, &isnull)) && !isnull;
	cb_statement_free();
	leave(&caller);
	return may;
}

void
cb_job_run_act(const CbJobRun *run)
{
	cb_claims_believe(&run->claims);
}

bool
cb_job_run_begin(CbJobRun *run)
{
	cb_job_run_act(run);
	if (import_has_ended(run))
		return false;
	cb_import_run_begin(&run->import, &run->job.import, run->account);
	beat(run, false);
	run->has_begun = true;
	return true;
}

bool
cb_job_run_step(CbJobRun *run)
{
	CbImportRunState state;

	cb_job_run_act(run);
	if (run->cancelled)
		ask_to_stop(run);
	state = cb_import_run_step(&run->import);
	if (state == CB_IMPORT_RUN_MORE)
	{
		beat(run, true);
		return true;
	}
	if (!import_has_ended(run))
		cb_job_run_finish(run, CB_JOB_FAILED,
						  "The import was taken over by somebody else.");
	return false;
}

void
cb_job_run_beat(CbJobRun *run)
{
	beat(run, false);
}

void
cb_job_run_look(CbJobRun *run)
{
	CbCaller	caller;
	CbJob	   *job;

	enter(&caller);
	job = cb_job_find(&run->job.account, &run->job.id, false);
	if (job != NULL && job->cancel_requested)
		run->cancelled = true;
	leave(&caller);
}

void
cb_job_run_confirm(CbJobRun *run)
{
	beat(run, false);
	if (run->cancelled)
		InterruptPending = QueryCancelPending = true;
	CHECK_FOR_INTERRUPTS();
}

void
cb_job_run_finish(CbJobRun *run, CbJobStatus status, const char *message)
{
	CbCaller	caller;

	enter(&caller);
	run->job.status = status;
	run->job.error_message = unconstify(char *, message);
	cb_job_run_check(run, cb_job_finish(&run->job, GetCurrentTimestamp()));
	leave(&caller);
}

void
cb_job_run_stop(CbJobRun *run)
{
	cb_job_run_act(run);
	cb_wizard_cancel(&run->job.import, run->account);
	cb_job_run_finish(run, CB_JOB_CANCELLED, NULL);
}

/*
 * Our own errors have a message without data of rows, and come from where no row
 * is written; of any other, which may quote a row, only the SQLSTATE is told.
 */
void
cb_job_run_explain(CbJobRun *run, const ErrorData *fault)
{
	const char *sqlstate = unpack_sql_state(fault->sqlerrcode);
	bool		is_ours = strncmp(sqlstate, "PT", 2) == 0 ||
	fault->sqlerrcode == ERRCODE_INVALID_PARAMETER_VALUE ||
	fault->sqlerrcode == ERRCODE_INSUFFICIENT_PRIVILEGE ||
	fault->sqlerrcode == ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE;

	run->sqlstate = fault->sqlerrcode;
	if (run->has_begun)
		run->message = psprintf("A batch ended with SQLSTATE %s; what it wrote is undone.",
								sqlstate);
	else if (!is_ours)
		run->message = psprintf("The job ended with SQLSTATE %s.", sqlstate);
	else
	{
		char	   *sentence = psprintf("%s.%s%s", fault->message,
										fault->hint == NULL ? "" : " ",
										fault->hint == NULL ? "" : fault->hint);

		sentence[0] = pg_toupper((unsigned char) sentence[0]);
		run->message = strcmp(fault->message, CB_IMPORT_NO_HEADER) == 0 ?
			psprintf("columns_missing: %s", sentence) : sentence;
	}
}

void
cb_job_run_fail(CbJobRun *run)
{
	cb_job_run_act(run);
	if (run->has_begun)
	{
		if (run->sqlstate == ERRCODE_QUERY_CANCELED)
			cb_import_run_release(&run->import);
		else
			cb_import_run_fail(&run->import, run->sqlstate);
	}
	else if (run->job.status == CB_JOB_FETCHING)
		cb_wizard_cancel(&run->job.import, run->account);
	cb_job_run_finish(run, CB_JOB_FAILED, run->message);
}

void
cb_job_run_give_up(CbJobRun *run)
{
	cb_job_run_finish(run, CB_JOB_FAILED, run->message);
}

void
cb_job_run_next(CbJobRun *run)
{
	CbCaller	caller;

	enter(&caller);
	run->has_next = cb_job_queue_next(&run->job.account, GetCurrentTimestamp(),
									  &run->next_account, &run->next_job);
	leave(&caller);
}

/* The rows of jobs are read and written before it is known for whom. */
static void
enter(CbCaller *caller)
{
	MemoryContext context = CurrentMemoryContext;

	cb_caller_enter_unknown(caller);
	MemoryContextSwitchTo(context);
}

static void
leave(CbCaller *caller)
{
	MemoryContext context = CurrentMemoryContext;

	cb_caller_leave(caller);
	MemoryContextSwitchTo(context);
}

static void
ask_to_stop(const CbJobRun *run)
{
	CbCaller	caller;
	CbImport	import = {0};

	enter(&caller);
	import.account = run->job.account;
	import.id = run->job.import;
	cb_import_ask_cancel(&import, GetCurrentTimestamp());
	leave(&caller);
}

/* Then the job ends as its import did. */
static bool
import_has_ended(CbJobRun *run)
{
	CbCaller	caller;
	CbImport   *import;
	bool		ended = true;

	enter(&caller);
	import = cb_import_read(&run->job.account, &run->job.import, false);
	leave(&caller);
	switch (import->status)
	{
		case CB_IMPORT_COMPLETED:
		case CB_IMPORT_UNDONE:
			cb_job_run_finish(run, CB_JOB_COMPLETE, NULL);
			break;
		case CB_IMPORT_CANCELLED:
			cb_job_run_finish(run, CB_JOB_CANCELLED, NULL);
			break;
		default:
			ended = false;
	}
	return ended;
}

static void
beat(CbJobRun *run, bool further)
{
	CbCaller	caller;

	enter(&caller);
	cb_job_run_check(run, cb_job_beat(&run->job, GetCurrentTimestamp(), further,
									  &run->cancelled));
	leave(&caller);
}

void
cb_job_run_check(CbJobRun *run, bool is_ours)
{
	if (is_ours)
		return;
	run->is_lost = true;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the job was taken over by another worker")));
}
