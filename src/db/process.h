/*-------------------------------------------------------------------------
 *
 * process.h
 *		Processes of the server, by a name that is never used again.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_PROCESS_H
#define CB_PROCESS_H

/* The type of a process that runs jobs, as pg_stat_activity shows it. */
#define CB_PROCESS_WORKER_TYPE	"canopy_bulk job"

/* The name of this process, in the current memory context. */
extern char *cb_process_name(void);

/*
 * Whether the process of that name was one of this server and is not there any
 * more.  False for a process of another server, of which nothing is known.
 */
extern bool cb_process_is_gone(const char *name);

/* Its id when it is there, else 0. */
extern int	cb_process_pid(const char *name);

/*
 * Cancels the statement that the process is at, once this transaction has been
 * committed; nothing when it is gone by then, is one of another server, or does not
 * run jobs of this database.
 */
extern void cb_process_cancel_at_commit(const char *name);

#endif							/* CB_PROCESS_H */
