/*-------------------------------------------------------------------------
 *
 * worker.c
 *		The processes around jobs.
 *
 *		worker		runs a job, then others that have no worker, and ends
 *		sweeper		starts workers for what nobody works on, and ends
 *		launcher	starts a sweeper now and then; only when preloaded
 *
 * Worker and sweeper are registered while the server runs, so that the library need
 * not be preloaded, and are never there without work: an idle one would be in the
 * way of DROP DATABASE.  The launcher is in no database, and reads nothing but the
 * list of databases.
 *
 * Which role a worker becomes is not written in any row, since the owner of the tables
 * can edit them: it is the owner itself, restricted, from the start of each transaction
 * to the end of its commit.  Whether a role may ask for a job is decided when it asks.
 *
 * SIGTERM ends each of them at once: die() sets flags, and CHECK_FOR_INTERRUPTS()
 * does the rest wherever a transaction or a nap is.  Nothing of the job is lost by
 * that but the batch on its way, and nobody is told: who looks finds that the
 * process is gone.  The end of the postmaster does the same, where the kernel tells
 * of it: a transaction, which may last, would not notice.
 *
 * SIGINT, which cancels a statement, is held back where there is none: it would end
 * a worker between its transactions, and the job would wait for somebody to resume
 * it.  It is sent to a worker whose job shall stop; the step that it interrupts is
 * begun again, and finds that.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_database.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/pmsignal.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/ps_status.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"
#include "utils/wait_event.h"

#include "canopy_bulk.h"
#include "db/guard.h"
#include "db/launch.h"
#include "db/slot.h"
#include "db/subxact.h"
#include "errors.h"
#include "flow/jobs.h"
#include "settings.h"
#include "worker.h"

/* What the kernel sends when the postmaster has died, as the server asks for it. */
#if defined(USE_POSTMASTER_DEATH_SIGNAL) && defined(SIGINFO)
#define DEATH_SIGNAL	SIGINFO
#elif defined(USE_POSTMASTER_DEATH_SIGNAL) && defined(SIGPWR)
#define DEATH_SIGNAL	SIGPWR
#endif

#define BUSY_TRIES		70		/* seconds: longer than a lease */
#define MISSES			3		/* jobs that another worker was faster to take */
#define STOP_TRIES		20		/* of a step that is interrupted */

/* A step on its way. */
typedef struct Stepping
{
	CbJobRun   *run;
	CbWorkerStep step;
} Stepping;

static void reload(void);
static void start(Oid database);
#ifdef DEATH_SIGNAL
static void die_too(SIGNAL_ARGS);
#endif
static ErrorData *transact(CbJobRun *run, CbWorkerStep step);
static bool shall_stop(CbJobRun *run, const ErrorData *fault);
static void run_jobs(const pg_uuid_t *account, const pg_uuid_t *job);
static bool work(CbJobRun *run);
static ErrorData *run_job(CbJobRun *run);
static ErrorData *run_import(CbJobRun *run);
static ErrorData *begin_import(CbJobRun *run);
static void take(CbJobRun *run);
static void begin(CbJobRun *run);
static void write_batch(CbJobRun *run);
static bool take_step(void *arg);
static bool sweep(void *arg);
static bool launch_sweepers(void *arg);
static bool is_named(const List *names, const char *name);

void
cb_worker_register(void)
{
	BackgroundWorker worker = {
		.bgw_name = "canopy_bulk launcher",
		.bgw_type = "canopy_bulk launcher",
		.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION,
		.bgw_start_time = BgWorkerStart_RecoveryFinished,
		.bgw_restart_time = 10,
		.bgw_library_name = "canopy_bulk",
		.bgw_function_name = "cb_worker_launch"
	};

	if (process_shared_preload_libraries_in_progress && !IsBinaryUpgrade)
		RegisterBackgroundWorker(&worker);
}

/* Runs the job that it was told of, and others. */
void
cb_worker_main(Datum arg)
{
	CbGuard		guard;
	CbLaunch	launch;

	cb_launch_read(&launch);
	start(launch.database);
	cb_guard_push(&guard);
	MemoryContextSwitchTo(AllocSetContextCreate(TopMemoryContext,
												"canopy_bulk job",
												ALLOCSET_DEFAULT_SIZES));
	run_jobs(&launch.account, &launch.job);
	cb_guard_pop(&guard);
	proc_exit(0);
}

/* Has workers started for what nobody works on. */
void
cb_worker_sweep(Datum arg)
{
	CbGuard		guard;
	CbLaunch	launch;
	ErrorData  *fault;

	cb_launch_read(&launch);
	start(launch.database);
	cb_guard_push(&guard);
	fault = cb_transaction_run_as_owner(sweep, NULL);
	if (fault != NULL && fault->sqlerrcode != ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE)
		ereport(LOG,
				(errmsg("could not look for waiting jobs: SQLSTATE %s",
						unpack_sql_state(fault->sqlerrcode))));
	cb_guard_pop(&guard);
	proc_exit(0);
}

void
cb_worker_launch(Datum arg)
{
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	for (;;)
	{
		ErrorData  *fault = cb_transaction_run(launch_sweepers, NULL);

		if (fault != NULL)
			ThrowErrorData(fault);
		pgstat_report_activity(STATE_IDLE, NULL);
		cb_worker_nap(cb_launcher_interval * 1000L);
	}
}

ErrorData *
cb_worker_transact(CbJobRun *run, CbWorkerStep step, const char *activity)
{
	ErrorData  *fault;
	int			tries = 0;
	int			delay;

	do
	{
		CHECK_FOR_INTERRUPTS();
		pgstat_report_activity(STATE_RUNNING, activity);
		fault = transact(run, step);
		pgstat_report_stat(false);
		if (fault == NULL || run->is_lost)
			break;
		tries++;
		delay = tries < STOP_TRIES && shall_stop(run, fault) ? 0 :
			cb_import_run_delay(fault->sqlerrcode, tries);
		if (delay > 0)
			cb_worker_nap(delay);
	} while (delay >= 0);
	return fault;
}

void
cb_worker_nap(long milliseconds)
{
	TimestampTz end = TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
												  milliseconds);

	CHECK_FOR_INTERRUPTS();
	while ((milliseconds = TimestampDifferenceMilliseconds(GetCurrentTimestamp(),
														   end)) > 0)
	{
		WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
				  milliseconds, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		reload();
	}
}

/* Reads the configuration again if that is asked for. */
static void
reload(void)
{
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
	}
}

/*
 * Without a role, as autovacuum's workers: the server refuses to connect as an owner
 * that cannot log in.  The process has a superuser's rights then, and uses them for
 * nothing: each of its transactions runs as the owner of the directory.
 */
static void
start(Oid database)
{
	HOLD_CANCEL_INTERRUPTS();
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
#ifdef DEATH_SIGNAL
	pqsignal(DEATH_SIGNAL, die_too);
#endif
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(database, InvalidOid, 0);
}

#ifdef DEATH_SIGNAL
static void
die_too(SIGNAL_ARGS)
{
	postmaster_possibly_dead = true;
	die(postgres_signal_arg);
}
#endif

/* Whatever is raised lets go of the hold as well. */
static ErrorData *
transact(CbJobRun *run, CbWorkerStep step)
{
	Stepping	stepping = {run, step};
	ErrorData  *fault;

	RESUME_CANCEL_INTERRUPTS();
	fault = cb_transaction_run_as_owner(take_step, &stepping);
	HOLD_CANCEL_INTERRUPTS();
	return fault;
}

/* Is that why the step was interrupted? */
static bool
shall_stop(CbJobRun *run, const ErrorData *fault)
{
	Stepping	stepping = {run, cb_job_run_look};
	uint32		holds = QueryCancelHoldoffCount;

	if (fault->sqlerrcode != ERRCODE_QUERY_CANCELED)
		return false;
	fault = cb_transaction_run_as_owner(take_step, &stepping);
	QueryCancelHoldoffCount = holds;
	return fault == NULL && run->cancelled;
}

/*
 * Each in a slot of the server's, which is given back before we look for the next:
 * of a job that is asked for at that moment, either we find it or its session finds
 * the slot.
 */
static void
run_jobs(const pg_uuid_t *account, const pg_uuid_t *job)
{
	pg_uuid_t	next_account = *account;
	pg_uuid_t	next_job = *job;
	int			misses = 0;
	int			slot;

	while (misses < MISSES &&
		   (slot = cb_slot_try(CB_SLOTS_WORKER, cb_max_workers)) >= 0)
	{
		CbJobRun   *run;

		MemoryContextReset(CurrentMemoryContext);
		run = palloc0(sizeof(CbJobRun));
		run->job.account = next_account;
		run->job.id = next_job;
		if (!work(run))
			misses++;
		cb_slot_give(CB_SLOTS_WORKER, slot);
		if (cb_worker_transact(run, cb_job_run_next, "looking for a job") != NULL ||
			!run->has_next)
			break;
		next_account = run->next_account;
		next_job = run->next_job;
		reload();
	}
}

/* False when there was nothing to do. */
static bool
work(CbJobRun *run)
{
	ErrorData  *fault = cb_worker_transact(run, take, "taking a job");

	if (fault != NULL)
	{
		ereport(LOG,
				(errmsg("could not take a job: SQLSTATE %s",
						unpack_sql_state(fault->sqlerrcode))));
		return false;
	}
	if (run->job.attempt == 0)
		return false;

	SetConfigOption("application_name", psprintf("canopy_bulk job %s", run->id),
					PGC_USERSET, PGC_S_SESSION);
	ereport(LOG,
			(errmsg("canopy_bulk job %s started: %s of account %s, attempt %d",
					run->id, cb_job_kind_name(run->job.kind), run->account,
					run->job.attempt)));
	fault = run_job(run);
	if (fault != NULL && !run->is_lost)
	{
		cb_job_run_explain(run, fault);
		if (cb_worker_transact(run, cb_job_run_fail, "ending the job") != NULL &&
			!run->is_lost)
			cb_worker_transact(run, cb_job_run_give_up, "ending the job");
	}
	ereport(LOG,
			(errmsg("canopy_bulk job %s ended: %s", run->id,
					run->is_lost ? "taken over by another worker" :
					cb_job_status_name(run->job.status)),
			 fault == NULL ? 0 :
			 errdetail("SQLSTATE %s.", unpack_sql_state(fault->sqlerrcode))));
	return true;
}

/* NULL when the job has ended as it should, or the error that ended it. */
static ErrorData *
run_job(CbJobRun *run)
{
	ErrorData  *fault = cb_worker_transact(run, cb_job_run_check_right,
										   "looking at the job");

	if (fault == NULL && run->job.status == CB_JOB_FETCHING && !run->cancelled)
		fault = cb_worker_fetch(run);
	if (fault != NULL || CB_JOB_HAS_ENDED(&run->job))
		return fault;
	if (run->cancelled && run->job.status == CB_JOB_FETCHING)
		return cb_worker_transact(run, cb_job_run_stop, "ending the job");
	if (cb_job_is_dry_run(&run->job))
		return cb_worker_transact(run, cb_job_run_rehearse,
								  "rehearsing the import");
	return run_import(run);
}

static ErrorData *
run_import(CbJobRun *run)
{
	ErrorData  *fault = begin_import(run);

	while (fault == NULL && !CB_JOB_HAS_ENDED(&run->job))
		fault = cb_worker_transact(run, write_batch, "writing a batch");
	return fault;
}

/* Somebody else may be running the import: for a while, that is worth waiting for. */
static ErrorData *
begin_import(CbJobRun *run)
{
	ErrorData  *fault;

	for (int i = 0;; i++)
	{
		fault = cb_worker_transact(run, begin, "taking the import");
		if (fault == NULL || run->is_lost || i == BUSY_TRIES ||
			fault->sqlerrcode != CB_ERRCODE_CONFLICT)
			return fault;
		cb_worker_nap(1000);
		fault = cb_worker_transact(run, cb_job_run_beat, "waiting for the import");
		if (fault == NULL && run->cancelled)
			fault = cb_worker_transact(run, cb_job_run_stop, "ending the job");
		if (CB_JOB_HAS_ENDED(&run->job) ||
			(fault != NULL && fault->sqlerrcode != CB_ERRCODE_CONFLICT))
			return fault;
	}
}

static void
take(CbJobRun *run)
{
	cb_job_run_take(run);
}

static void
begin(CbJobRun *run)
{
	cb_job_run_begin(run);
}

static void
write_batch(CbJobRun *run)
{
	cb_job_run_step(run);
}

static bool
take_step(void *arg)
{
	Stepping   *stepping = arg;

	stepping->step(stepping->run);
	return true;
}

static bool
sweep(void *arg)
{
	cb_jobs_sweep();
	return true;
}

/*
 * A database that is not there (any more) is none of ours.  The catalog is read
 * without its indexes, which a process in no database may not have.
 */
static bool
launch_sweepers(void *arg)
{
	Relation	databases = table_open(DatabaseRelationId, AccessShareLock);
	TableScanDesc scan = table_beginscan_catalog(databases, 0, NULL);
	HeapTuple	tuple;
	List	   *names = NIL;
	bool		room = true;

	SplitIdentifierString(pstrdup(cb_launcher_databases), ',', &names);
	while (room && (tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Form_pg_database database = (Form_pg_database) GETSTRUCT(tuple);

		if (database->datallowconn && is_named(names, NameStr(database->datname)))
			room = cb_launch_sweeper(database->oid);
	}
	table_endscan(scan);
	table_close(databases, AccessShareLock);
	return true;
}

static bool
is_named(const List *names, const char *name)
{
	ListCell   *cell;

	foreach(cell, names)
	{
		if (strcmp(lfirst(cell), name) == 0)
			return true;
	}
	return false;
}
