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

#include "access/xact.h"
#include "access/xlog.h"
#include "miscadmin.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "utils/backend_status.h"
#include "utils/memutils.h"

#include "canopy_bulk.h"
#include "db/process.h"

typedef struct Process
{
	uint64		system;
	int			pid;
	int64		start;
} Process;

/* A process whose statement is to be cancelled. */
typedef struct Wish
{
	char	   *name;
	int			level;			/* of the subtransaction that wants it */
	int			pid;			/* 0: it is gone */
	PGPROC	   *place;
} Wish;

static List *wishes;			/* in TopTransactionContext */
static bool is_registered;

static void at_end(XactEvent event, void *arg);
static void at_end_of_sub(SubXactEvent event, SubTransactionId mine,
						  SubTransactionId parent, void *arg);
static void look_up(Wish *wish);
static void cancel(const Wish *wish);
static bool parse(const char *name, Process *process);
static bool is_there(const Process *process);

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
	MemoryContext old = MemoryContextSwitchTo(TopTransactionContext);
	Wish	   *wish = palloc0(sizeof(Wish));

	if (!is_registered)
	{
		RegisterXactCallback(at_end, NULL);
		RegisterSubXactCallback(at_end_of_sub, NULL);
	}
	is_registered = true;
	wish->name = pstrdup(name);
	wish->level = GetCurrentTransactionNestLevel();
	wishes = lappend(wishes, wish);
	MemoryContextSwitchTo(old);
}

static void
at_end(XactEvent event, void *arg)
{
	ListCell   *cell;

	if (event == XACT_EVENT_PRE_COMMIT)
	{
		foreach(cell, wishes)
			look_up(lfirst(cell));
	}
	if (event == XACT_EVENT_COMMIT)
	{
		foreach(cell, wishes)
			cancel(lfirst(cell));
	}
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT ||
		event == XACT_EVENT_PREPARE)
		wishes = NIL;
}

/* What is rolled back is not wanted any more. */
static void
at_end_of_sub(SubXactEvent event, SubTransactionId mine,
			  SubTransactionId parent, void *arg)
{
	int			level = GetCurrentTransactionNestLevel();
	ListCell   *cell;

	foreach(cell, wishes)
	{
		Wish	   *wish = lfirst(cell);

		if (wish->level < level)
			continue;
		if (event == SUBXACT_EVENT_COMMIT_SUB)
			wish->level = level - 1;
		else if (event == SUBXACT_EVENT_ABORT_SUB)
			wishes = foreach_delete_current(wishes, cell);
	}
}

static void
look_up(Wish *wish)
{
	wish->pid = cb_process_pid(wish->name);
	wish->place = wish->pid == 0 ? NULL : BackendPidGetProc(wish->pid);
}

/* Nobody leaves the array of processes, and no place is given away, under the lock. */
static void
cancel(const Wish *wish)
{
	if (wish->place == NULL)
		return;
	LWLockAcquire(ProcArrayLock, LW_SHARED);
	if (BackendPidGetProcWithLock(wish->pid) == wish->place &&
		cb_proc_is_worker(wish->place))
		kill(wish->pid, SIGINT);
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
