/*-------------------------------------------------------------------------
 *
 * hash_threads.c
 *		Threads that compute hashes of passwords.
 *
 * The server knows nothing of threads.  Nothing here calls a function of it, and a
 * thread has every signal blocked.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <signal.h>
#include <unistd.h>

#include "canopy_bulk.h"
#include "secret/hash_threads.h"

static bool create_thread(CbHashThread *thread);
static void *thread_main(void *arg);
static void join(CbHashThread *thread);
static CbHashJob *take_job(CbHashThreads *all);
static void hash_job(CbHashThreads *all, CbHashJob *job);
static bool compute(const CbHashThreads *all, CbHashJob *job);

bool
cb_hash_thread_start(CbHashThreads *all, int slot)
{
	CbHashThread *thread = all->threads;

	while (thread->is_alive)
		thread++;
	memset(thread, 0, sizeof(CbHashThread));
	thread->all = all;
	thread->slot = slot;
	thread->first = take_job(all);
	thread->is_alive = thread->first != NULL && create_thread(thread);
	if (!thread->is_alive)
	{
		thread->all = NULL;
		return false;
	}
	all->alive++;
	return true;
}

/* A thread inherits the mask of its maker. */
static bool
create_thread(CbHashThread *thread)
{
	sigset_t	every;
	sigset_t	before;
	bool		created;

	sigfillset(&every);
	pthread_sigmask(SIG_SETMASK, &every, &before);
	created = pthread_create(&thread->thread, NULL, thread_main, thread) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return created;
}

/* It looks at the stop flag only after a job, so that each thread gets somewhere. */
static void *
thread_main(void *arg)
{
	CbHashThread *self = arg;
	CbHashThreads *all = self->all;
	CbHashJob  *job = self->first;
	ssize_t		written;

	while (job != NULL)
	{
		bool		stop;

		hash_job(all, job);
		pthread_mutex_lock(&all->mutex);
		stop = self->stop || all->failed;
		pthread_mutex_unlock(&all->mutex);
		job = stop ? NULL : take_job(all);
	}
	pthread_mutex_lock(&all->mutex);
	self->ended = true;
	pthread_mutex_unlock(&all->mutex);
	written = write(all->pipe[1], "", 1);
	(void) written;				/* the pipe has room for a byte of each thread */
	return NULL;
}

void
cb_hash_thread_stop(CbHashThread *thread)
{
	pthread_mutex_lock(&thread->all->mutex);
	thread->stop = true;
	pthread_mutex_unlock(&thread->all->mutex);
}

bool
cb_hash_thread_join(CbHashThread *thread)
{
	bool		ended;

	pthread_mutex_lock(&thread->all->mutex);
	ended = thread->ended;
	pthread_mutex_unlock(&thread->all->mutex);
	if (ended)
		join(thread);
	return ended;
}

void
cb_hash_threads_end(CbHashThreads *all)
{
	for (int i = 0; i < CB_HASH_THREADS_MAX; i++)
	{
		if (all->threads[i].is_alive)
			cb_hash_thread_stop(&all->threads[i]);
	}
	for (int i = 0; i < CB_HASH_THREADS_MAX; i++)
	{
		if (all->threads[i].is_alive)
			join(&all->threads[i]);
	}
}

static void
join(CbHashThread *thread)
{
	pthread_join(thread->thread, NULL);
	thread->is_alive = false;
	thread->all->alive--;
}

bool
cb_hash_threads_want(CbHashThreads *all)
{
	bool		want;

	pthread_mutex_lock(&all->mutex);
	want = all->next < all->count && !all->failed;
	pthread_mutex_unlock(&all->mutex);
	return want;
}

void
cb_hash_threads_do_one(CbHashThreads *all)
{
	CbHashJob  *job = take_job(all);

	if (job != NULL)
		hash_job(all, job);
}

/* Gives the next job that needs a hash, or NULL. */
static CbHashJob *
take_job(CbHashThreads *all)
{
	CbHashJob  *job = NULL;

	pthread_mutex_lock(&all->mutex);
	while (job == NULL && all->next < all->count)
	{
		CbHashJob  *candidate = &all->jobs[all->next++];

		if (cb_hash_job_is_due(candidate))
			job = candidate;
	}
	pthread_mutex_unlock(&all->mutex);
	return job;
}

bool
cb_hash_job_is_due(const CbHashJob *job)
{
	return job->password != NULL && job->phc[0] == '\0' &&
		job->verdict == CB_PASSWORD_PENDING;
}

/* Does one job, or notes that it could not be done. */
static void
hash_job(CbHashThreads *all, CbHashJob *job)
{
	if (compute(all, job))
		return;
	pthread_mutex_lock(&all->mutex);
	all->failed = true;
	pthread_mutex_unlock(&all->mutex);
}

/*
 * Verifies one password, or hashes it with a salt of libsodium's.  The settings
 * are within libsodium's bounds, so that a failure is for memory.
 */
static bool
compute(const CbHashThreads *all, CbHashJob *job)
{
	if (job->wanted != NULL)
	{
		job->verdict = cb_password_hash_compare(job->wanted,
												strlen(job->wanted),
												job->password, job->length);
		return job->verdict != CB_PASSWORD_FAILED;
	}
	if (crypto_pwhash_str_alg(job->phc, job->password, job->length,
							  all->passes, all->memory,
							  crypto_pwhash_ALG_ARGON2ID13) == 0)
		return true;
	job->phc[0] = '\0';
	return false;
}
