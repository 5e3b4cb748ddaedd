/*-------------------------------------------------------------------------
 *
 * readers.c
 *		What a batch that is still open costs those who read.
 *
 * A snapshot lists the subtransactions that are under way, 64 of a session; a
 * session that has more makes everybody else ask pg_subtrans, for each row that
 * is younger than the oldest transaction.  So the reader counts rows while an
 * old transaction is open (which every busy server has), 12,000 younger rows
 * are there, and a batch has been written and not committed.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "bench.h"

#define YOUNG_BATCHES	60
#define WAYS			4
#define READ			"SELECT count(*) FROM canopy.identity WHERE is_active"
#define LOOKUPS \
	"SELECT blks_hit + blks_read FROM pg_stat_slru WHERE name = 'Subtrans'"

typedef struct Reading
{
	double		cpu[MAX_ROUNDS];	/* microseconds a query */
	double		lookups[MAX_ROUNDS];	/* a query */
} Reading;

static Base base = {"bench_readers", 2000, true};
static const Way *const writers[WAYS] = {NULL, &way_naive, &way_row, &way_set};

static Session *open_old(void);
static void write_young(void);
static void read_beside(const Way *writer, int nqueries, Reading *reading, int round);
static void measure(Session *reader, int nqueries, Reading *reading, int round);
static void print(const Reading *with_old, const Reading *without_old, int rounds);

void
section_readers(const Effort *effort)
{
	static Reading with_old[WAYS];
	static Reading without_old[WAYS];
	int			nqueries = effort->full ? 200 : 40;
	Session    *old;

	base_make(&base);
	base_reset(&base);
	old = open_old();
	write_young();
	for (int round = 0; round < effort->rounds; round++)
	{
		fprintf(stderr, "bench: readers, round %d of %d\n", round + 1, effort->rounds);
		for (int i = 0; i < WAYS; i++)
			read_beside(writers[(i + round) % WAYS], nqueries,
						&with_old[(i + round) % WAYS], round);
	}
	session_close(old);
	for (int round = 0; round < effort->rounds; round++)
	{
		for (int i = 0; i < WAYS; i++)
			read_beside(writers[(i + round) % WAYS], nqueries,
						&without_old[(i + round) % WAYS], round);
	}
	print(with_old, without_old, effort->rounds);
}

/* A transaction that has an id and does nothing. */
static Session *
open_old(void)
{
	Session    *session = session_open(base.database);

	session_run(session, "BEGIN");
	session_run(session, "SELECT pg_current_xact_id()");
	return session;
}

static void
write_young(void)
{
	Mix			mix = {.seeds = base.seeds};
	Batch	   *batches = batches_make(&mix, YOUNG_BATCHES, BATCH_ROWS);
	Session    *session = way_open(&way_copy, base.database);

	for (int b = 0; b < YOUNG_BATCHES; b++)
		way_copy.run(session, &batches[b]);
	session_close(session);
	batches_free(batches, YOUNG_BATCHES);
}

/* Without a writer: beside nothing.  What the writer wrote is gone afterwards. */
static void
read_beside(const Way *way, int nqueries, Reading *reading, int round)
{
	Mix			mix = {.seeds = base.seeds};
	Batch	   *batch = batches_make(&mix, 1, BATCH_ROWS);
	Session    *reader = session_open(base.database);
	Session    *writer = NULL;

	if (way == NULL || way_exists(way))
	{
		if (way != NULL)
		{
			writer = way_open(way, base.database);
			session_run(writer, "BEGIN");
			way->run(writer, batch);
		}
		/* A snapshot minds a transaction when a later one has ended. */
		session_run(reader, "SELECT pg_current_xact_id()");
		session_prepare(reader, "read", READ);
		measure(reader, nqueries, reading, round);
		if (writer != NULL)
		{
			session_run(writer, "ROLLBACK");
			session_close(writer);
			session_run(reader, "VACUUM (INDEX_CLEANUP ON) canopy.identity");
		}
	}
	session_close(reader);
	batches_free(batch, 1);
}

static void
measure(Session *reader, int nqueries, Reading *reading, int round)
{
	double		cpu;
	double		lookups;

	for (int i = 0; i < 6; i++)
		PQclear(session_call(reader, "read", NULL, 0, false));
	session_run(reader, "SELECT pg_stat_force_next_flush()");
	lookups = session_number(reader, LOOKUPS);
	cpu = session_cpu(reader);
	for (int i = 0; i < nqueries; i++)
		PQclear(session_call(reader, "read", NULL, 0, false));
	reading->cpu[round] = (session_cpu(reader) - cpu) * 1e6 / nqueries;
	session_run(reader, "SELECT pg_stat_force_next_flush()");
	reading->lookups[round] = (session_number(reader, LOOKUPS) - lookups) / nqueries;
}

static void
print(const Reading *with_old, const Reading *without_old, int rounds)
{
	static const char *const columns[] = {
		"", "CPU µs", "÷ alone", "look-ups", "CPU µs, no old", "÷ alone, no old"
	};
	double		alone = median(with_old[0].cpu, rounds);
	double		alone_no_old = median(without_old[0].cpu, rounds);

	report_table("readers", "A reader beside an open batch, per query over 14,000 rows",
				 columns, lengthof(columns));
	for (int i = 0; i < WAYS; i++)
	{
		if (writers[i] != NULL && !way_exists(writers[i]))
			continue;
		report_row(writers[i] == NULL ? "no open batch" : writers[i]->name,
				   median(with_old[i].cpu, rounds),
				   median(with_old[i].cpu, rounds) / alone,
				   median(with_old[i].lookups, rounds),
				   median(without_old[i].cpu, rounds),
				   median(without_old[i].cpu, rounds) / alone_no_old);
	}
	report_note("Look-ups in pg_subtrans, per query. An old transaction is open in the"
				" first three columns, and none in the last two.");
}
