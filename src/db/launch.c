/*-------------------------------------------------------------------------
 *
 * launch.c
 *		Starts background workers.
 *
 * The row of a job is the message to the worker, which is told no more than which
 * row it is.  It must not look before the row is committed; so what a transaction
 * wants to start is kept until its commit, and forgotten when it is rolled back
 * (xact.c).
 *
 * After the commit nothing may raise any more, and nothing does: to register a
 * worker without asking for its handle allocates nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xlog.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"

#include "canopy_bulk.h"
#include "db/launch.h"
#include "db/process.h"
#include "db/slot.h"
#include "db/xact.h"
#include "settings.h"

StaticAssertDecl(sizeof(CbLaunch) <= BGW_EXTRALEN,
				 "what a worker is told must fit into bgw_extra");

static void launch_worker(void *item);
static bool launch_job(const CbLaunch *order);
static bool launch(const CbLaunch *order, const char *function,
				   const char *type);

static const CbXactKind orders = {NULL, launch_worker};

void
cb_launch_at_commit(const pg_uuid_t *account, const pg_uuid_t *job)
{
	MemoryContext old = MemoryContextSwitchTo(cb_xact_context());
	CbLaunch   *order = palloc0(sizeof(CbLaunch));

	order->database = MyDatabaseId;
	order->account = *account;
	order->job = *job;
	cb_xact_push(&orders, order);
	MemoryContextSwitchTo(old);
}

bool
cb_launch_worker(const pg_uuid_t *account, const pg_uuid_t *job)
{
	CbLaunch	order = {MyDatabaseId, *account, *job};

	return launch_job(&order);
}

bool
cb_launch_sweeper(Oid database)
{
	CbLaunch	order = {database};

	return launch(&order, "cb_worker_sweep", "canopy_bulk sweeper");
}

void
cb_launch_read(CbLaunch *launch)
{
	memcpy(launch, MyBgworkerEntry->bgw_extra, sizeof(CbLaunch));
}

/* After the commit. */
static void
launch_worker(void *item)
{
	if (!launch_job(item))
		ereport(WARNING,
				(errmsg("no background worker can be started; the job stays queued"),
				 errhint("A worker takes it up when it is done with another job, or canopy_bulk_resume() starts one. Raise canopy_bulk.max_workers or max_worker_processes if this happens often.")));
}

/* One that would find no slot is not started. */
static bool
launch_job(const CbLaunch *order)
{
	return cb_slot_is_there(CB_SLOTS_WORKER, cb_max_workers) &&
		launch(order, "cb_worker_main", CB_PROCESS_WORKER_TYPE);
}

/* Nothing here may raise: see above. */
static bool
launch(const CbLaunch *order, const char *function, const char *type)
{
	BackgroundWorker worker = {
		.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION,
		.bgw_start_time = BgWorkerStart_RecoveryFinished,
		.bgw_restart_time = BGW_NEVER_RESTART
	};

	if (IsBinaryUpgrade || RecoveryInProgress())
		return false;
	snprintf(worker.bgw_name, BGW_MAXLEN, "%s", type);
	snprintf(worker.bgw_type, BGW_MAXLEN, "%s", type);
	snprintf(worker.bgw_library_name, BGW_MAXLEN, "canopy_bulk");
	snprintf(worker.bgw_function_name, BGW_MAXLEN, "%s", function);
	memcpy(worker.bgw_extra, order, sizeof(CbLaunch));
	return RegisterDynamicBackgroundWorker(&worker, NULL);
}
