/*-------------------------------------------------------------------------
 *
 * hash_threads.h
 *		Threads that compute hashes of passwords.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_SECRET_HASH_THREADS_H
#define CB_SECRET_HASH_THREADS_H

#include <pthread.h>

#include "secret/hash_pool.h"

#define CB_HASH_THREADS_MAX		64

typedef struct CbHashThread
{
	struct CbHashThreads *all;	/* NULL: no thread, and no slot */
	pthread_t	thread;
	bool		is_alive;		/* has not been joined; of the backend alone */
	int			slot;			/* of the server, which it computes in;
								 * likewise */
	CbHashJob  *first;			/* its first job */

	/* Shared. */
	bool		stop;			/* take no further job */
	bool		ended;
} CbHashThread;

/* Not palloc'd, as nothing is that a thread sees. */
typedef struct CbHashThreads
{
	/* Set before the first thread starts. */
	CbHashJob  *jobs;
	int			count;			/* jobs */
	unsigned long long passes;
	size_t		memory;			/* bytes */
	int			pipe[2];		/* a thread that ends writes a byte */

	CbHashThread threads[CB_HASH_THREADS_MAX];
	int			alive;			/* threads; of the backend alone */

	/* Shared. */
	pthread_mutex_t mutex;		/* over all that is shared */
	int			next;			/* first job that no thread has taken */
	bool		failed;			/* a library found no memory */
} CbHashThreads;

/*
 * Starts a thread with the next job, in a slot.  False when no job is left, or the
 * system gives no thread: that job is then left out until next is set back.
 */
extern bool cb_hash_thread_start(CbHashThreads *all, int slot);

/* Tells a thread to end after the hash that it is at. */
extern void cb_hash_thread_stop(CbHashThread *thread);

/* Joins a thread if it has ended; true then. */
extern bool cb_hash_thread_join(CbHashThread *thread);

/* Tells all threads to end, and joins them. */
extern void cb_hash_threads_end(CbHashThreads *all);

/* Has some job not been taken?  It may turn out to be none that is due. */
extern bool cb_hash_threads_want(CbHashThreads *all);

/* Does the next job in this thread, if there is one. */
extern void cb_hash_threads_do_one(CbHashThreads *all);

/* Has the job a password and no result? */
extern bool cb_hash_job_is_due(const CbHashJob *job);

#endif							/* CB_SECRET_HASH_THREADS_H */
