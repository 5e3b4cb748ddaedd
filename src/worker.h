/*-------------------------------------------------------------------------
 *
 * worker.h
 *		The processes around jobs.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_WORKER_H
#define CB_WORKER_H

#include "flow/job_run.h"

/* Has the launcher started with the server, when the library is preloaded. */
extern void cb_worker_register(void);

/* Where the postmaster begins a process. */
extern PGDLLEXPORT void cb_worker_main(Datum arg) pg_attribute_noreturn();
extern PGDLLEXPORT void cb_worker_sweep(Datum arg) pg_attribute_noreturn();
extern PGDLLEXPORT void cb_worker_launch(Datum arg) pg_attribute_noreturn();

/* A transaction's worth of work. */
typedef void (*CbWorkerStep) (CbJobRun *run);

/*
 * Runs the step in a transaction of its own, and again later when it fails for a
 * passing reason.  NULL, or the error that ended it for good.
 */
extern ErrorData *cb_worker_transact(CbJobRun *run, CbWorkerStep step,
									 const char *activity);

/* Waits.  Ends the process when it shall end. */
extern void cb_worker_nap(long milliseconds);

/*
 * Fetches the file of a job and gives it to its import, until that is done, the
 * job has ended or shall stop.  NULL, or the error that ended it.
 */
extern ErrorData *cb_worker_fetch(CbJobRun *run);

#endif							/* CB_WORKER_H */
