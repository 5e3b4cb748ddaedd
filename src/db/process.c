/*-------------------------------------------------------------------------
 *
 * process.c
 *		Processes of the server, by a name that is never used again.
 *
 * A process id comes again; together with the time at which the process began it
 * does not.  In a cluster of several servers one cannot see the processes of
 * another, so the name begins with the server's system identifier.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xlog.h"
#include "miscadmin.h"
#include "utils/backend_status.h"

#include "canopy_bulk.h"
#include "db/process.h"

typedef struct Process
{
	uint64		system;
	int			pid;
	int64		start;
} Process;

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
