/*-------------------------------------------------------------------------
 *
 * process.c
 *		Processes of the server, by a name that is never used again.
 *
 * A process id comes again; together with the time at which the process began it
 * does not.  In a cluster of several servers one cannot see the processes of
 * another, so the name begins with the server's system identifier.
 *
 * Who is cancelled is found by that name right before the commit, when an error
 * does no harm.  After it nothing may raise: what is left is to see that the same
 * process still has its place, which it cannot give up while it is looked at.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <signal.h>

#include "access/xlog.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "utils/backend_status.h"

#include "canopy_bulk.h"
#include "db/process.h"
#include "db/xact.h"

typedef struct Process
{
	uint64		system;
	int			pid;
	int64		start;
} Process;

/* A worker whose statement is to be cancelled. */
typedef struct Target
{
	char	   *name;
	int			pid;			/* 0: it is gone */
	PGPROC	   *place;
} Target;

static void look_up(void *item);
static void cancel(void *item);
static bool is_worker_of_ours(const PGPROC *place, int pid);
static bool parse(const char *name, Process *process);
static bool is_there(const Process *process);

static const CbXactKind targets = {look_up, cancel};

char *
cb_process_name(void)
{
	return psprintf(UINT64_FORMAT "/%d/" INT64_FORMAT, GetSystemIdentifier(),
					MyProcPid, MyStartTimestamp);
}

bool
cb_process_is_gone(const char *name)
{
	Process		process;

	return parse(name, &process) && process.system == GetSystemIdentifier() &&
		!is_there(&process);
}

int
cb_process_pid(const char *name)
{
	Process		process;

	if (parse(name, &process) && process.system == GetSystemIdentifier() &&
		is_there(&process))
		return process.pid;
	return 0;
}

void
cb_process_cancel_at_commit(const char *name)
{
	MemoryContext old = MemoryContextSwitchTo(cb_xact_context());
	Target	   *target = palloc0(sizeof(Target));

	target->name = pstrdup(name);
	cb_xact_push(&targets, target);
	MemoryContextSwitchTo(old);
}

static void
look_up(void *item)
{
	Target	   *target = item;

	target->pid = cb_process_pid(target->name);
	target->place = target->pid == 0 ? NULL : BackendPidGetProc(target->pid);
	if (!is_worker_of_ours(target->place, target->pid))
		target->place = NULL;
}

/*
 * The name is from a row, where the owner of the tables can write that of any process.
 * It needs no right to have its own jobs cancelled, and must not get one to cancel
 * anything else.
 */
static bool
is_worker_of_ours(const PGPROC *place, int pid)
{
	const char *type;

	if (place == NULL || place->databaseId != MyDatabaseId)
		return false;
	type = GetBackgroundWorkerTypeByPid(pid);
	return type != NULL && strcmp(type, CB_PROCESS_WORKER_TYPE) == 0;
}

/* Nobody leaves the array of processes, and no place is given away, under the lock. */
static void
cancel(void *item)
{
	const Target *target = item;

	if (target->place == NULL)
		return;
	LWLockAcquire(ProcArrayLock, LW_SHARED);
	if (BackendPidGetProcWithLock(target->pid) == target->place &&
		cb_proc_is_worker(target->place))
		kill(target->pid, SIGINT);
	LWLockRelease(ProcArrayLock);
}

static bool
parse(const char *name, Process *process)
{
	return sscanf(name, UINT64_FORMAT "/%d/" INT64_FORMAT, &process->system,
				  &process->pid, &process->start) == 3;
}

/*
 * The list of processes is kept until the transaction ends; one that was made
 * before the process began would not have it.
 */
static bool
is_there(const Process *process)
{
	int			n;

	pgstat_clear_backend_activity_snapshot();
	n = pgstat_fetch_stat_numbackends();
	for (int i = 1; i <= n; i++)
	{
		const PgBackendStatus *status = cb_backend_status(i);

		if (status != NULL && status->st_procpid == process->pid &&
			status->st_proc_start_timestamp == process->start)
			return true;
	}
	return false;
}
