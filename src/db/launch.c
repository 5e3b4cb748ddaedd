/*-------------------------------------------------------------------------
 *
 * launch.c
 *		Starts background workers.
 *
 * The row of a job is the message to the worker, which is told no more than which
 * row it is.  It must not look before the row is committed; so what a transaction
 * wants to start is kept until its commit, and forgotten when it is rolled back.
 * What a subtransaction wanted is not forgotten: a worker that finds no job ends.
 *
 * After the commit nothing may raise any more, and nothing does: to register a
 * worker without asking for its handle allocates nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_authid.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "utils/memutils.h"

#include "canopy_bulk.h"
#include "db/launch.h"

StaticAssertDecl(sizeof(CbLaunch) <= BGW_EXTRALEN,
				 "what a worker is told must fit into bgw_extra");

static List *wanted;			/* CbLaunch, in TopTransactionContext */
static bool is_registered;

static void at_end(XactEvent event, void *arg);
static bool launch(const CbLaunch *order, const char *function,
				   const char *type);

void
cb_launch_at_commit(const pg_uuid_t *account, const pg_uuid_t *job, Oid role)
{
	MemoryContext old = MemoryContextSwitchTo(TopTransactionContext);
	CbLaunch   *order = palloc0(sizeof(CbLaunch));

	if (!is_registered)
		RegisterXactCallback(at_end, NULL);
	is_registered = true;
	order->database = MyDatabaseId;
	order->role = role;
	order->account = *account;
	order->job = *job;
	wanted = lappend(wanted, order);
	MemoryContextSwitchTo(old);
}

bool
cb_launch_worker(const pg_uuid_t *account, const pg_uuid_t *job, Oid role)
{
	CbLaunch	order = {MyDatabaseId, role, *account, *job};

	return launch(&order, "cb_worker_main", "canopy_bulk job");
}

bool
cb_launch_sweeper(Oid database)
{
	CbLaunch	order = {database, BOOTSTRAP_SUPERUSERID};

	return launch(&order, "cb_worker_sweep", "canopy_bulk sweeper");
}

void
cb_launch_read(CbLaunch *launch)
{
	memcpy(launch, MyBgworkerEntry->bgw_extra, sizeof(CbLaunch));
}

static void
at_end(XactEvent event, void *arg)
{
	List	   *orders = wanted;
	ListCell   *cell;

	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT &&
		event != XACT_EVENT_PREPARE)
		return;
	wanted = NIL;
	if (event != XACT_EVENT_COMMIT)
		return;
	foreach(cell, orders)
	{
		if (!launch(lfirst(cell), "cb_worker_main", "canopy_bulk job"))
			ereport(WARNING,
					(errmsg("no background worker can be started; the job stays queued"),
					 errhint("canopy_bulk_resume() starts it later. Raise max_worker_processes if this happens often.")));
	}
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
