/*-------------------------------------------------------------------------
 *
 * hash_pool.c
 *		Hashing and verifying passwords on threads.
 *
 * A hash costs tens of milliseconds, so a batch wants all cores, and one that
 * came from elsewhere can take seconds, in which the backend has to stay
 * cancellable; the server knows nothing of threads, so they live by strict rules:
 *
 *	- a thread sees only HashPool and the jobs, which are not palloc'd; it calls
 *	  nothing of the server and has every signal blocked;
 *	- no interrupt is processed and no error leaves this file while one is
 *	  alive: we stop them, join them, and only then look at the interrupt;
 *	- a thread finishes the hash it has begun, so a cancel is late by one hash,
 *	  and every pool makes progress, however often it is interrupted.
 *
 *		backend						threads
 *		start  -------------------> take a job, hash, take a job ...
 *		wait for latch or pipe <--- the last one to end writes to the pipe
 *		join
 *		CHECK_FOR_INTERRUPTS, and on with the jobs that are left
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "miscadmin.h"
#include "pgstat.h"
#include "storage/ipc.h"
#include "storage/latch.h"

#include "canopy_bulk.h"
#include "secret/hash_pool.h"
#include "settings.h"

#define MAX_THREADS		64

typedef struct HashPool
{
	/* Set before the first thread starts. */
	CbHashJob  *jobs;
	int			count;			/* jobs */
	unsigned long long passes;
	size_t		memory;			/* bytes */
	int			pipe[2];		/* the last thread to end writes to it */

	/* Of the backend alone. */
	pthread_t	threads[MAX_THREADS];
	int			nthreads;

	/* Shared. */
	pthread_mutex_t mutex;		/* over all that follows */
	int			next;			/* first job that nobody has taken */
	int			running;		/* threads */
	bool		stop;			/* take no further job */
	bool		failed;			/* a library found no memory */
} HashPool;

static int	choose_threads(const HashPool *pool);
static int	count_jobs(const HashPool *pool);
static void hash_on_threads(HashPool *pool, int nthreads);
static bool open_pipe(HashPool *pool);
static void start_threads(HashPool *pool, int nthreads);
static bool start_thread(HashPool *pool);
static void *thread_main(void *arg);
static void sign_off(HashPool *pool);
static CbHashJob *take_job(HashPool *pool);
static bool is_due(const CbHashJob *job);
static void hash_job(HashPool *pool, CbHashJob *job);
static bool compute(const HashPool *pool, CbHashJob *job);
static bool wait_for_threads(HashPool *pool);
static void join_threads(HashPool *pool);
static void report_failure(const HashPool *pool) pg_attribute_noreturn();

/*
 * Hashes or verifies every job that has a password and no result, on
 * canopy_bulk.hash_workers threads or, when none can be had, here.  Can be
 * cancelled; after that some jobs have their result and others have not.  Raises
 * 53200 when there is not enough memory for a hash.
 *
 * libsodium must be initialised.
 */
void
cb_hash_pool_run(CbHashJob *jobs, int count)
{
	HashPool	pool = {.mutex = PTHREAD_MUTEX_INITIALIZER};
	CbHashJob  *job;

	pool.jobs = jobs;
	pool.count = count;
	pool.passes = (unsigned long long) cb_settings_argon2_passes();
	pool.memory = (size_t) cb_argon2_memory * 1024;

	/* A pool ends early when it is interrupted, or has no threads at all. */
	while (!pool.failed && count_jobs(&pool) > 0)
	{
		CHECK_FOR_INTERRUPTS();
		hash_on_threads(&pool, choose_threads(&pool));
		if (pool.nthreads == 0 && (job = take_job(&pool)) != NULL)
			hash_job(&pool, job);
	}
	CHECK_FOR_INTERRUPTS();
	if (pool.failed)
		report_failure(&pool);
}

/*
 * One thread per core unless the setting says otherwise, and never more than
 * there are passwords.
 */
static int
choose_threads(const HashPool *pool)
{
	long		wanted = cb_hash_workers;

	if (wanted == 0)
		wanted = sysconf(_SC_NPROCESSORS_ONLN);
	wanted = Max(wanted, 1);
	wanted = Min(wanted, MAX_THREADS);
	return (int) Min(wanted, count_jobs(pool));
}

/*
 * Counts the jobs that are left.  Call it when no thread is alive.
 */
static int
count_jobs(const HashPool *pool)
{
	int			left = 0;

	for (int i = pool->next; i < pool->count; i++)
	{
		if (is_due(&pool->jobs[i]))
			left++;
	}
	return left;
}

/*
 * Runs up to nthreads threads until the jobs are done, or an interrupt is
 * pending.  When this returns, or raises, no thread is alive; pool->nthreads
 * says how many there were.
 */
static void
hash_on_threads(HashPool *pool, int nthreads)
{
	volatile bool postmaster_lives = true;

	pool->nthreads = 0;
	pool->stop = false;
	if (!open_pipe(pool))
		return;

	PG_TRY();
	{
		start_threads(pool, nthreads);
		if (pool->nthreads > 0)
			postmaster_lives = wait_for_threads(pool);
	}
	PG_FINALLY();
	{
		join_threads(pool);
		close(pool->pipe[0]);
		close(pool->pipe[1]);
	}
	PG_END_TRY();
	if (!postmaster_lives)
		proc_exit(1);
}

/*
 * Opens the pipe, unless there are no file descriptors left.
 */
static bool
open_pipe(HashPool *pool)
{
	if (pipe(pool->pipe) < 0)
		return false;
	fcntl(pool->pipe[0], F_SETFD, FD_CLOEXEC);
	fcntl(pool->pipe[1], F_SETFD, FD_CLOEXEC);
	return true;
}

/*
 * Starts threads, or fewer when the system will not give more.
 */
static void
start_threads(HashPool *pool, int nthreads)
{
	sigset_t	all;
	sigset_t	before;

	/* A thread inherits the mask of its maker. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (pool->nthreads < nthreads && start_thread(pool))
		pool->nthreads++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/*
 * Counts a thread and starts it; returns whether it runs.
 */
static bool
start_thread(HashPool *pool)
{
	pthread_mutex_lock(&pool->mutex);
	pool->running++;
	pthread_mutex_unlock(&pool->mutex);
	if (pthread_create(&pool->threads[pool->nthreads], NULL,
					   thread_main, pool) == 0)
		return true;
	sign_off(pool);
	return false;
}

/*
 * What a thread does.  It looks at the stop flag only after a job, so that no
 * pool ends without progress.
 */
static void *
thread_main(void *arg)
{
	HashPool   *pool = arg;
	CbHashJob  *job = take_job(pool);

	while (job != NULL)
	{
		bool		stop;

		hash_job(pool, job);
		pthread_mutex_lock(&pool->mutex);
		stop = pool->stop || pool->failed;
		pthread_mutex_unlock(&pool->mutex);
		job = stop ? NULL : take_job(pool);
	}

	sign_off(pool);
	return NULL;
}

/*
 * Counts a thread out; with the last one, the backend wakes up.  While threads
 * are still being started it can wake up too early, but only when no job is
 * left for them.
 */
static void
sign_off(HashPool *pool)
{
	bool		is_last;

	pthread_mutex_lock(&pool->mutex);
	is_last = --pool->running == 0;
	pthread_mutex_unlock(&pool->mutex);
	if (is_last)
	{
		ssize_t		written = write(pool->pipe[1], "", 1);

		(void) written;			/* the pipe always has room for a byte */
	}
}

/*
 * Gives the next job that needs a hash, or NULL.  For any thread.
 */
static CbHashJob *
take_job(HashPool *pool)
{
	CbHashJob  *job = NULL;

	pthread_mutex_lock(&pool->mutex);
	while (job == NULL && pool->next < pool->count)
	{
		CbHashJob  *candidate = &pool->jobs[pool->next++];

		if (is_due(candidate))
			job = candidate;
	}
	pthread_mutex_unlock(&pool->mutex);
	return job;
}

static bool
is_due(const CbHashJob *job)
{
	return job->password != NULL && job->phc[0] == '\0' &&
		job->verdict == CB_PASSWORD_PENDING;
}

/*
 * Does one job, or notes that it could not be done.  For any thread.
 */
static void
hash_job(HashPool *pool, CbHashJob *job)
{
	if (compute(pool, job))
		return;
	pthread_mutex_lock(&pool->mutex);
	pool->failed = true;
	pthread_mutex_unlock(&pool->mutex);
}

/*
 * Verifies one password, or hashes it with a salt of libsodium's.  The settings
 * are within libsodium's bounds, so that a failure is for memory.
 */
static bool
compute(const HashPool *pool, CbHashJob *job)
{
	if (job->wanted != NULL)
	{
		job->verdict = cb_password_hash_compare(job->wanted,
												strlen(job->wanted),
												job->password, job->length);
		return job->verdict != CB_PASSWORD_FAILED;
	}
	if (crypto_pwhash_str_alg(job->phc, job->password, job->length,
							  pool->passes, pool->memory,
							  crypto_pwhash_ALG_ARGON2ID13) == 0)
		return true;
	job->phc[0] = '\0';
	return false;
}

/*
 * Waits until the last thread ends or an interrupt is pending; returns whether
 * the postmaster is still alive.  An interrupt that could not be processed,
 * because somebody holds interrupts off, does not count.
 */
static bool
wait_for_threads(HashPool *pool)
{
	const int	wanted = WL_LATCH_SET | WL_SOCKET_READABLE | WL_POSTMASTER_DEATH;

	while (!(InterruptPending && INTERRUPTS_CAN_BE_PROCESSED()))
	{
		int			events;

		events = WaitLatchOrSocket(MyLatch, wanted, pool->pipe[0], 0,
								   PG_WAIT_EXTENSION);
		if (events & WL_POSTMASTER_DEATH)
			return false;
		if (events & WL_SOCKET_READABLE)
			break;
		if (events & WL_LATCH_SET)
			ResetLatch(MyLatch);
	}
	return true;
}

/*
 * Tells the threads to stop after the hash they are at, and waits for them.
 */
static void
join_threads(HashPool *pool)
{
	pthread_mutex_lock(&pool->mutex);
	pool->stop = true;
	pthread_mutex_unlock(&pool->mutex);
	for (int i = 0; i < pool->nthreads; i++)
		pthread_join(pool->threads[i], NULL);
}

static void
report_failure(const HashPool *pool)
{
	if (pool->jobs[0].wanted != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("could not verify a password"),
				 errdetail("Its hash needs memory, or a method, that this server does not have.")));
	ereport(ERROR,
			(errcode(ERRCODE_OUT_OF_MEMORY),
			 errmsg("out of memory"),
			 errdetail("Failed on %d kB to hash a password.", cb_argon2_memory),
			 errhint("Lower canopy_bulk.hash_workers, or canopy_bulk.argon2_memory.")));
}
