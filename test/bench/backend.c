/*-------------------------------------------------------------------------
 *
 * backend.c
 *		What happens inside one backend: passwords, memory, the answer.
 *
 *-------------------------------------------------------------------------
 */
#define _GNU_SOURCE
#include <math.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define MAX_THREADS		64
#define CHUNK			50		/* batches */

/* Threads of libsodium's, sharing so many passwords. */
typedef struct Hashing
{
	unsigned long long passes;
	size_t		memory;			/* bytes */
	int			left;
} Hashing;

/* The costs of an answer, in microseconds a row. */
typedef struct Answer
{
	double		good[MAX_ROUNDS];
	double		bad[MAX_ROUNDS];
} Answer;

static Base base = {"bench_backend", 2000, true};

static double hash_in_server(double *cpu_ms);
static double hash_by_libsodium(int nthreads, double *cpu_ms);
static void *hash_some(void *hashing);
static void hash_one(const Hashing *hashing, int place);
static double process_cpu(int pid);
static void grow(const Way *way, const Effort *effort);
static void run_chunk(const Way *way, Session *session, int nbatches, int nrows);
static double answer_cost(Session *session, bool failed);

/* Our rate of hashing beside that of libsodium's own. */
void
section_passwords(const Effort *effort)
{
	static const char *const columns[] = {"", "hashes/s", "CPU ms/hash", "÷ libsodium"};
	double		ours[MAX_ROUNDS];
	double		theirs[MAX_ROUNDS];
	double		our_cpu[MAX_ROUNDS];
	double		their_cpu[MAX_ROUNDS];
	int			rounds = effort->rounds;
	long		nthreads = sysconf(_SC_NPROCESSORS_ONLN);
	char		label[80];

	base_make(&base);
	if (sodium_init() < 0)
		die("libsodium does not start");
	nthreads = nthreads > MAX_THREADS ? MAX_THREADS : nthreads;
	for (int round = 0; round < rounds; round++)
	{
		fprintf(stderr, "bench: passwords, round %d of %d\n", round + 1, rounds);
		if (round % 2 == 0)
			ours[round] = hash_in_server(&our_cpu[round]);
		theirs[round] = hash_by_libsodium((int) nthreads, &their_cpu[round]);
		if (round % 2 != 0)
			ours[round] = hash_in_server(&our_cpu[round]);
	}
	report_table("passwords", "A batch of 200 plaintext passwords (wall time)",
				 columns, lengthof(columns));
	report_row("a batch of ours", median(ours, rounds), median(our_cpu, rounds),
			   median(ours, rounds) / median(theirs, rounds));
	snprintf(label, sizeof(label), "libsodium, %ld threads", nthreads);
	report_row(label, median(theirs, rounds), median(their_cpu, rounds), 1.0);
	report_goal(GOAL_HASHING, median(ours, rounds) / median(theirs, rounds),
				"by wall time, insert and all");
}

/* A thousand batches in one backend. */
void
section_memory(const Effort *effort)
{
	static const char *const columns[] = {"", "at 50", "at 1,050", "growth"};
	static const Way *const ways[] = {&way_naive, &way_row, &way_set};

	base_make(&base);
	report_table("memory", "Memory of one backend in KiB, after batches", columns, lengthof(columns));
	for (size_t w = 0; w < lengthof(ways); w++)
	{
		if (way_exists(ways[w]) && (effort->full || ways[w] != &way_naive))
			grow(ways[w], effort);
	}
}

/*
 * The functions that write the answer, called in a loop by a module of ours on
 * a batch as it stands when it has been written: what a whole call costs is too
 * much and varies too much to find the difference in it.
 */
void
section_answer(const Effort *effort)
{
	static const char *const columns[] = {"", "CPU µs/row", "lowest"};
	static Answer answer;
	Session    *session;

	base_make(&base);
	session = session_open(base.database);
	session_run(session, "LOAD 'canopy_bulk'");
	if (session_number(session, "SELECT count(*) FROM pg_proc WHERE proname = 'answer_cost'") == 0)
	{
		report_note("The answer was not measured: its module could not be built.");
		session_close(session);
		return;
	}
	for (int round = 0; round < effort->rounds; round++)
	{
		answer.good[round] = answer_cost(session, false);
		answer.bad[round] = answer_cost(session, true);
	}
	session_close(session);
	report_table("answer", "Building the answer, batches of 200, in the backend alone",
				 columns, lengthof(columns));
	report_row("rows that succeeded",
			   median(answer.good, effort->rounds), lowest(answer.good, effort->rounds));
	report_row("rows that failed, with their input",
			   median(answer.bad, effort->rounds), lowest(answer.bad, effort->rounds));
	report_goal(GOAL_ANSWER, median(answer.good, effort->rounds),
				"rows that succeeded; %.1f for rows that failed",
				median(answer.bad, effort->rounds));
}

/* Hashes a second; all of the call counts, which is little more than the hashes. */
static double
hash_in_server(double *cpu_ms)
{
	Mix			mix = {.passwords = true, .seeds = base.seeds};
	Batch	   *batch = batches_make(&mix, 1, BATCH_ROWS);
	Session    *session = way_open(way_ours(), base.database);
	double		cpu;
	double		wall;

	cpu = process_cpu(session->pid);
	wall = now();
	way_ours()->run(session, batch);
	wall = now() - wall;
	*cpu_ms = (process_cpu(session->pid) - cpu) * 1e3 / BATCH_ROWS;
	session_close(session);
	batches_free(batch, 1);
	return BATCH_ROWS / wall;
}

static double
hash_by_libsodium(int nthreads, double *cpu_ms)
{
	Hashing		hashing = {.left = BATCH_ROWS};
	pthread_t	threads[MAX_THREADS];
	Session    *session = session_open(base.database);
	double		cpu;
	double		wall;

	session_run(session, "LOAD 'canopy_bulk'");
	hashing.passes = (unsigned long long) session_number(session, "SHOW canopy_bulk.argon2_passes");
	hashing.memory = 1024 * (size_t) session_number(session,
													"SELECT setting FROM pg_settings WHERE name = 'canopy_bulk.argon2_memory'");
	session_close(session);

	cpu = process_cpu(getpid());
	wall = now();
	for (int i = 0; i < nthreads; i++)
	{
		if (pthread_create(&threads[i], NULL, hash_some, &hashing) != 0)
			die("cannot start a thread");
	}
	for (int i = 0; i < nthreads; i++)
		pthread_join(threads[i], NULL);
	wall = now() - wall;
	*cpu_ms = (process_cpu(getpid()) - cpu) * 1e3 / BATCH_ROWS;
	return BATCH_ROWS / wall;
}

static void *
hash_some(void *arg)
{
	Hashing    *hashing = arg;
	int			left;

	while ((left = __atomic_fetch_sub(&hashing->left, 1, __ATOMIC_RELAXED)) > 0)
		hash_one(hashing, left % 16);
	return NULL;
}

/*
 * How fast libsodium is depends on where in a KiB the stack stands, by up to a
 * tenth.  That is luck, so each place gets its share.
 */
static void __attribute__((noinline))
hash_one(const Hashing *hashing, int place)
{
	static const char password[] = "long enough 500000000";
	volatile char room[64 * (place + 1)];
	char		phc[crypto_pwhash_STRBYTES];

	room[0] = 0;
	(void) room[0];
	if (crypto_pwhash_str_alg(phc, password, strlen(password), hashing->passes,
							  hashing->memory, crypto_pwhash_ALG_ARGON2ID13) != 0)
		die("libsodium is out of memory");
}

/* Seconds of CPU of all threads, also those that have ended. */
static double
process_cpu(int pid)
{
	clockid_t	clock;
	struct timespec time;

	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) != 0)
		die("cannot read the CPU clock of process %d", pid);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static void
grow(const Way *way, const Effort *effort)
{
	int			nrows = effort->full ? BATCH_ROWS : BATCH_ROWS / 4;
	Session    *session;
	double		before;
	double		after;

	fprintf(stderr, "bench: memory, %s\n", way->name);
	base_reset(&base);
	session = way_open(way, base.database);
	run_chunk(way, session, CHUNK, nrows);
	before = session_memory(session);
	for (int i = 0; i < 1000 / CHUNK; i++)
		run_chunk(way, session, CHUNK, nrows);
	after = session_memory(session);
	session_close(session);
	report_row(way->name, before, after, after - before);
	if (way == way_ours())
		report_goal(GOAL_MEMORY, (after - before) / 1024, "%s, batches of %d, 5 %% bad rows",
					way->name, nrows);
}

static void
run_chunk(const Way *way, Session *session, int nbatches, int nrows)
{
	Mix			mix = {.bad = 5, .seeds = base.seeds};
	Batch	   *batches = batches_make(&mix, nbatches, nrows);

	for (int b = 0; b < nbatches; b++)
		way->run(session, &batches[b]);
	batches_free(batches, nbatches);
}

static double
answer_cost(Session *session, bool failed)
{
	Mix			mix = {.seeds = base.seeds};
	Batch	   *batch = batches_make(&mix, 1, BATCH_ROWS);
	const char *values[2] = {batch->json, failed ? "true" : "false"};
	PGresult   *result;
	double		cost;

	session_prepare(session, "", "SELECT bench.answer_cost($1, $2, 500)");
	result = session_call(session, "", values, 2, false);
	cost = atof(PQgetvalue(result, 0, 0));
	PQclear(result);
	batches_free(batch, 1);
	return cost;
}
