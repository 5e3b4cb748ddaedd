/*-------------------------------------------------------------------------
 *
 * import_run.h
 *		Writes the rows of an import, batch by batch.
 *
 * A run goes step by step, and whoever runs it makes a transaction of each step
 * and of nothing else, in the foreground or in a worker:
 *
 *		cb_import_run_begin			takes the import
 *		cb_import_run_step			writes a batch; says whether there is more
 *
 * What a step did and how far the import has come are stored together.  After an
 * error, or a crash, the import is as it was before the step; whoever takes it
 * then goes on there.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_IMPORT_RUN_H
#define CB_IMPORT_RUN_H

#include "db/uuid7.h"
#include "flow/import.h"

/* How long an import is left to whoever has taken it and is not heard of. */
#define CB_IMPORT_LEASE		(60 * USECS_PER_SEC)

/* An import that somebody has taken. */
typedef struct CbImportRun
{
	char		account[CB_UUID_TEXT_LEN + 1];
	pg_uuid_t	id;
	int			attempt;		/* the fencing number */
} CbImportRun;

typedef enum CbImportRunState
{
	CB_IMPORT_RUN_MORE,			/* there is another step */
	CB_IMPORT_RUN_ENDED,		/* the import has ended in this step, or
								 * before */
	CB_IMPORT_RUN_LOST			/* somebody else has taken it */
} CbImportRunState;

/*
 * Submits an import that was previewed, for the calling role, or leaves one that
 * is running, or has failed, as it is.  With a digest, raises PT409 when the plan is not the one
 * that was previewed: the mapping, the selection or the options have changed, or
 * the directory has, so that rows would now fare otherwise; their numbers are in
 * the detail.  Raises PT409 when there is no preview.
 */
extern void cb_import_run_submit(const pg_uuid_t *id, const char *account,
								 const uint8 *digest, Size digest_len);

/*
 * Cancels an import and answers what it is: whoever runs it stops after the batch
 * that he is at; when nobody does, it ends here.  What has not been sent is
 * skipped.  Raises PT409 when the import has been completed or undone.
 */
extern Jsonb *cb_wizard_cancel(const pg_uuid_t *id, const char *account);

/*
 * Takes an import that was submitted, or that failed.  Raises PT409 when somebody
 * else is running it, or it has ended.
 */
extern void cb_import_run_begin(CbImportRun *run, const pg_uuid_t *id,
								const char *account);

/*
 * Writes the next batch; or, when there is none or somebody wants the import to
 * stop, ends it with its audit entry.  Raises what the batch as a whole raises.
 */
extern CbImportRunState cb_import_run_step(const CbImportRun *run);

/*
 * Lets go of an import whose step failed for good: it is failed, with the message
 * that goes with the SQLSTATE.  Somebody may take it again.
 */
extern void cb_import_run_fail(const CbImportRun *run, int sqlstate);

/* Lets go of an import that can be taken again at once. */
extern void cb_import_run_release(const CbImportRun *run);

/*
 * How long to wait, in milliseconds, before a step is tried again that failed
 * with the SQLSTATE for the n-th time, from 1; -1: not at all.
 */
extern int	cb_import_run_delay(int sqlstate, int n);

#endif							/* CB_IMPORT_RUN_H */
