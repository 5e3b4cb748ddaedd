/*-------------------------------------------------------------------------
 *
 * job.h
 *		The row of canopy.job: work that is asked of a background worker.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_RECORD_JOB_H
#define CB_RECORD_JOB_H

#include "common/sha2.h"
#include "db/envelope.h"
#include "utils/jsonb.h"
#include "utils/uuid.h"

/* How long a job is left to a worker that may be there and is not heard of. */
#define CB_JOB_LEASE	(60 * USECS_PER_SEC)

typedef enum CbJobKind
{
	CB_JOB_IMPORT,				/* an import that is there */
	CB_JOB_IMPORT_URL			/* one whose file is fetched first */
} CbJobKind;

typedef enum CbJobStatus
{
	CB_JOB_QUEUED,
	CB_JOB_FETCHING,
	CB_JOB_RUNNING,
	CB_JOB_COMPLETE,
	CB_JOB_FAILED,
	CB_JOB_CANCELLED
} CbJobStatus;

/* What the caller's claims were bound to, besides the account. */
typedef enum CbJobTier
{
	CB_JOB_ACCOUNT,				/* to no more */
	CB_JOB_APPLICATION,
	CB_JOB_ENVIRONMENT
} CbJobTier;

#define CB_JOB_HAS_ENDED(job)	((job)->status >= CB_JOB_COMPLETE)

typedef struct CbJob
{
	pg_uuid_t	account;
	pg_uuid_t	id;
	bool		has_application;
	pg_uuid_t	application;
	bool		has_environment;
	pg_uuid_t	environment;
	CbJobKind	kind;
	CbJobStatus status;
	bool		has_import;
	pg_uuid_t	import;
	Jsonb	   *parameters;		/* an object; never a secret */
	bool		repeatable;
	int			attempt;		/* the fencing number */
	int			futile_count;	/* attempts that got nowhere */
	char	   *holder;			/* process that took it last; NULL: none */
	bool		cancel_requested;
	char	   *actor_id;		/* of whoever asked for it */
	char	   *actor_type;
	char	   *role_name;		/* of the session that asked */
	char	   *caller_role;	/* that called */
	CbJobTier	held_to;
	char	   *error_message;	/* NULL: none */

	/* Where the file comes from; unset but for CB_JOB_IMPORT_URL. */
	char	   *url;			/* NULL: forgotten */
	char	   *url_label;		/* without its query */
	char	   *etag;			/* NULL: none */
	bool		has_sha256;
	uint8		sha256[PG_SHA256_DIGEST_LENGTH];
	int64		fetched_bytes;	/* -1: nothing yet */

	CbTime		lease_until;
	CbTime		created_at;
	CbTime		started_at;
	CbTime		finished_at;
} CbJob;

/* Which jobs are listed. */
typedef struct CbJobChoice
{
	const char *status;			/* NULL: any */
	bool		active;			/* only those that have not ended */
	const pg_uuid_t *import;	/* only those of this import; NULL: any */
	const pg_uuid_t *application;	/* only those for this; NULL: any */
	const pg_uuid_t *environment;	/* only those for this; NULL: any */
	int64		skip;			/* jobs to leave out */
	int64		take;			/* jobs at most */
} CbJobChoice;

extern const char *cb_job_status_name(CbJobStatus status);
extern const char *cb_job_kind_name(CbJobKind kind);

/* Has a worker the job, as far as anybody can tell? */
extern bool cb_job_is_held(const CbJob *job, TimestampTz now);

/* Stores a job that is asked for: queued, as of now. */
extern void cb_job_insert(const CbJob *job, TimestampTz now);

/*
 * Reads a job into the current memory context; NULL when there is none.  With
 * lock nobody else changes it until the transaction ends; one that somebody else
 * has locked then is as if it were not there.
 */
extern CbJob *cb_job_find(const pg_uuid_t *account, const pg_uuid_t *id,
						  bool lock);

/* The jobs of an account, the active ones oldest first, else the newest first. */
extern int	cb_job_list(const pg_uuid_t *account, const CbJobChoice *choice,
						CbJob **jobs);
extern int64 cb_job_count(const pg_uuid_t *account, const CbJobChoice *choice);

/* Jobs of an account that wait to be run, whatever the isolation level. */
extern int64 cb_job_count_queued(const pg_uuid_t *account);

/* The accounts that have jobs which have not ended, in the order of their ids. */
extern pg_uuid_t *cb_job_accounts(int *n);

/* Makes this process the holder of a job that is locked, and fills in attempt. */
extern void cb_job_take(CbJob *job, TimestampTz now);

/*
 * These work for whoever has taken the job last, and return false for everybody
 * else, who then must undo what he did.
 *
 * Beat says that the worker is at it, in which status and with how many bytes
 * fetched; *cancelled says whether somebody wants it to stop.  Further says that it
 * got somewhere.
 */
extern bool cb_job_beat(const CbJob *job, TimestampTz now, bool further,
						bool *cancelled);

/* The file is the one with this ETag and SHA-256. */
extern bool cb_job_pin(const CbJob *job);

/* The import has its file: the job is running, and a secret in its URL forgotten. */
extern bool cb_job_arrive(CbJob *job);

/* The job ends with its status and message. */
extern bool cb_job_finish(const CbJob *job, TimestampTz now);

extern void cb_job_ask_cancel(const CbJob *job, TimestampTz now);

#endif							/* CB_RECORD_JOB_H */
