/*-------------------------------------------------------------------------
 *
 * hash_pool.c
 *		Hashing and verifying passwords on threads.
 *
 * A hash costs tens of milliseconds, so a batch wants all cores, and one that
 * came from elsewhere can take a second, in which the backend has to stay
 * cancellable; the server knows nothing of threads, so they live by strict rules:
 *
 *	- a thread sees only CbHashThreads and the jobs, which are not palloc'd; it
 *	  calls nothing of the server and has every signal blocked;
 *	- no interrupt is processed and no error leaves this file while one is
 *	  alive: we stop them, join them, and only then look at the interrupt;
 *	- a thread finishes the hash it has begun, so a cancel is late by one hash,
 *	  and every call makes progress, however often it is interrupted.
 *
 * All connections of the server share canopy_bulk.hash_workers slots, and a thread
 * computes in a slot.  The backend takes the slots and gives them back; it waits for
 * a slot only while it has none, and so never for a process that waits for it.  Every
 * TICK milliseconds it looks: a thread whose slot another process waits for ends
 * after its hash, and a slot that is free gets a thread.  So a call has all slots
 * while it is alone, and its share of them when it is not.
 *
 *		backend						threads
 *		wait for a slot
 *		start  -------------------> hash a job, take a job, hash it ...
 *		wait for latch or pipe <--- one that ends writes to the pipe
 *		join it, give its slot
 *		... until no thread is alive, or an interrupt is pending
 *		CHECK_FOR_INTERRUPTS, and on with the jobs that are left
 *
 * Of the calls of an account that have several passwords, one waits for a slot and
 * the others wait behind it; the same with those that have one.  So a wait gets longer
 * with the accounts that hash, and not with the connections of one of them, and a
 * sign-in does not stand behind the batches of its account.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <fcntl.h>
#include <unistd.h>

#include "miscadmin.h"
#include "pgstat.h"
#include "storage/ipc.h"
#include "storage/latch.h"

#include "canopy_bulk.h"
#include "db/queue.h"
#include "db/slot.h"
#include "secret/hash_threads.h"
#include "settings.h"

#define TICK	10				/* milliseconds */

static bool is_any_due(const CbHashThreads *all);
static int	count_slots(void);
static int	take_slot(int njobs, const pg_uuid_t *account);
static void hash_in_slots(CbHashThreads *all, int slot);
static bool open_pipe(CbHashThreads *all);
static bool wait_for_threads(CbHashThreads *all);
static void drain(int end);
static void give_slots(CbHashThreads *all);
static void share_slots(CbHashThreads *all);
static void report_failure(const CbHashThreads *all) pg_attribute_noreturn();

/*
 * Hashes or verifies every job that has a password and no result, for an account,
 * in the slots that all connections share.  Can be cancelled; after that some jobs
 * have their result and others have not.  Raises 53200 when there is not enough
 * memory for a hash, 55P03 when a slot is waited for longer than lock_timeout, and
 * 25006 on a standby.
 *
 * libsodium must be initialised.
 */
void
cb_hash_pool_run(CbHashJob *jobs, int count, const pg_uuid_t *account)
{
	CbHashThreads all = {.mutex = PTHREAD_MUTEX_INITIALIZER};

	PreventCommandDuringRecovery("hashing passwords");
	all.jobs = jobs;
	all.count = count;
	all.passes = (unsigned long long) cb_settings_argon2_passes();
	all.memory = (size_t) cb_argon2_memory * 1024;

	/* The threads end early when their slots are wanted, and at an interrupt. */
	while (!all.failed && is_any_due(&all))
	{
		CHECK_FOR_INTERRUPTS();
		hash_in_slots(&all, take_slot(count, account));
	}
	CHECK_FOR_INTERRUPTS();
	if (all.failed)
		report_failure(&all);
}

/*
 * Call it when no thread is alive.
 */
static bool
is_any_due(const CbHashThreads *all)
{
	for (int i = 0; i < all->count; i++)
	{
		if (cb_hash_job_is_due(&all->jobs[i]))
			return true;
	}
	return false;
}

/*
 * One slot for a core unless the setting says otherwise.
 */
static int
count_slots(void)
{
	long		n = cb_hash_workers;

	if (n == 0)
		n = sysconf(_SC_NPROCESSORS_ONLN);
	n = Max(n, 1);
	return (int) Min(n, CB_HASH_THREADS_MAX);
}

static int
take_slot(int njobs, const pg_uuid_t *account)
{
	CbQueue		queue = njobs == 1 ? CB_QUEUE_ONE_HASH : CB_QUEUE_HASHES;
	int			nslots = count_slots();
	int			slot = cb_slot_try(CB_SLOTS_HASH, nslots);

	if (slot >= 0)
		return slot;
	cb_queue_enter(queue, account);
	slot = cb_slot_wait(CB_SLOTS_HASH, nslots);
	cb_queue_leave(queue, account);
	return slot;
}

/*
 * Works on the jobs in a slot that is taken, and in further ones, until there is no
 * job or no slot left, or an interrupt is pending.  Gives the slots back.  When this
 * returns, or raises, no thread is alive.
 */
static void
hash_in_slots(CbHashThreads *all, int slot)
{
	volatile bool postmaster_lives = true;

	all->next = 0;
	if (!open_pipe(all))
	{
		cb_hash_threads_do_one(all);
		cb_slot_give(CB_SLOTS_HASH, slot);
		return;
	}
	PG_TRY();
	{
		if (cb_hash_thread_start(all, slot))
			postmaster_lives = wait_for_threads(all);
		else
		{
			all->next = 0;
			cb_hash_threads_do_one(all);
			cb_slot_give(CB_SLOTS_HASH, slot);
		}
	}
	PG_FINALLY();
	{
		cb_hash_threads_end(all);
		close(all->pipe[0]);
		close(all->pipe[1]);
	}
	PG_END_TRY();
	if (!postmaster_lives)
		proc_exit(1);
	give_slots(all);
}

/*
 * Opens the pipe, unless there are no file descriptors left.
 */
static bool
open_pipe(CbHashThreads *all)
{
	if (pipe(all->pipe) < 0)
		return false;
	fcntl(all->pipe[0], F_SETFD, FD_CLOEXEC);
	fcntl(all->pipe[1], F_SETFD, FD_CLOEXEC);
	return true;
}

/*
 * Waits until the last thread ends or an interrupt is pending; returns whether
 * the postmaster is still alive.  An interrupt that could not be processed,
 * because interrupts are held off, does not count.
 */
static bool
wait_for_threads(CbHashThreads *all)
{
	const int	wanted = WL_LATCH_SET | WL_SOCKET_READABLE | WL_TIMEOUT |
	WL_POSTMASTER_DEATH;

	while (all->alive > 0 &&
		   !(InterruptPending && INTERRUPTS_CAN_BE_PROCESSED()))
	{
		int			events;

		share_slots(all);
		events = WaitLatchOrSocket(MyLatch, wanted, all->pipe[0], TICK,
								   PG_WAIT_EXTENSION);
		if (events & WL_POSTMASTER_DEATH)
			return false;
		if (events & WL_LATCH_SET)
			ResetLatch(MyLatch);
		if (events & WL_SOCKET_READABLE)
			drain(all->pipe[0]);
		for (int i = 0; i < CB_HASH_THREADS_MAX; i++)
		{
			if (all->threads[i].is_alive)
				cb_hash_thread_join(&all->threads[i]);
		}
		give_slots(all);
	}
	return true;
}

/*
 * Reads what is in a pipe that has something in it.
 */
static void
drain(int end)
{
	char		bytes[CB_HASH_THREADS_MAX];
	ssize_t		len = read(end, bytes, sizeof(bytes));

	(void) len;
}

/*
 * Gives back the slots of threads that have been joined.
 */
static void
give_slots(CbHashThreads *all)
{
	for (int i = 0; i < CB_HASH_THREADS_MAX; i++)
	{
		CbHashThread *thread = &all->threads[i];

		if (thread->all == NULL || thread->is_alive)
			continue;
		thread->all = NULL;
		cb_slot_give(CB_SLOTS_HASH, thread->slot);
	}
}

/*
 * Has threads end whose slots are waited for, and starts others in free slots.
 */
static void
share_slots(CbHashThreads *all)
{
	int			nslots = count_slots();
	bool		can_start = true;

	for (int i = 0; i < CB_HASH_THREADS_MAX; i++)
	{
		CbHashThread *thread = &all->threads[i];

		if (thread->is_alive && cb_slot_is_wanted(CB_SLOTS_HASH, thread->slot))
			cb_hash_thread_stop(thread);
	}
	while (can_start && all->alive < nslots && cb_hash_threads_want(all))
	{
		int			slot = cb_slot_try(CB_SLOTS_HASH, nslots);

		if (slot < 0)
			break;
		can_start = cb_hash_thread_start(all, slot);
		if (!can_start)
			cb_slot_give(CB_SLOTS_HASH, slot);
	}
}

static void
report_failure(const CbHashThreads *all)
{
	if (all->jobs[0].wanted != NULL)
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
