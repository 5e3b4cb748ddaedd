/*-------------------------------------------------------------------------
 *
 * rounds.c
 *		Cases side by side.
 *
 * The machine's mood changes within minutes, so no case is measured at one go:
 * a round visits every case once, for a moment each, the next round begins with
 * another case, and what counts is the median over the rounds.
 *
 * A visit begins with the same tables (or, where they are large, with those that
 * the earlier visits left, which is a few percent more), a fresh connection and
 * some batches that are not measured.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define NEXT_XID \
	"SELECT pg_snapshot_xmax(pg_current_snapshot())"
#define WAL_BYTES \
	"SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')"

static void visit(Case *one);
static void warm_up(Session *session, const Case *one);
static int	compare(const void *a, const void *b);

void
base_make(Base *base)
{
	Session    *session;

	if (base->exists)
		return;
	fprintf(stderr, "bench: database %s, %ld identities\n", base->database, base->seeds);
	session = session_open("postgres");
	session_run(session, "CREATE DATABASE %s TEMPLATE bench_base", base->database);
	session_close(session);
	base->exists = true;
	base_reset(base);
}

void
base_reset(Base *base)
{
	Session    *session = session_open(base->database);

	session_run(session, "SELECT bench.reset(%ld)", base->seeds);
	session_run(session, base->reset ?
				"ANALYZE canopy.identity, canopy.app_membership" :
				"VACUUM (ANALYZE) canopy.identity, canopy.app_membership");
	session_close(session);
}

void
rounds_run(const char *section, Case *cases, int ncases, int rounds)
{
	for (int i = 0; i < ncases; i++)
		base_make(cases[i].base);
	for (int round = 0; round < rounds; round++)
	{
		fprintf(stderr, "bench: %s, round %d of %d\n", section, round + 1, rounds);
		for (int i = 0; i < ncases; i++)
			visit(&cases[(i + round * (ncases / rounds + 1)) % ncases]);
	}
}

double
median(const double *values, int n)
{
	double		sorted[MAX_ROUNDS];

	memcpy(sorted, values, sizeof(double) * n);
	qsort(sorted, n, sizeof(double), compare);
	return n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

double
lowest(const double *values, int n)
{
	double		least = values[0];

	for (int i = 1; i < n; i++)
		least = values[i] < least ? values[i] : least;
	return least;
}

static void
visit(Case *one)
{
	Batch	   *batches = batches_make(&one->mix, one->nbatches, one->batch_rows);
	double		rows = (double) one->nbatches * one->batch_rows;
	int			round = one->nrounds++;
	Session    *session;
	double		cpu;
	double		wall;
	double		xid;
	double		wal;

	if (one->base->reset)
		base_reset(one->base);
	session = way_open(one->way, one->base->database);
	warm_up(session, one);
	if (one->way->stage != NULL)
		one->way->stage(session, batches, one->nbatches);

	xid = session_number(session, NEXT_XID);
	wal = session_number(session, WAL_BYTES);
	cpu = session_cpu(session);
	wall = now();
	for (int b = 0; b < one->nbatches; b++)
		one->way->run(session, &batches[b]);
	one->wall[round] = (now() - wall) * 1e6 / rows;
	one->cpu[round] = (session_cpu(session) - cpu) * 1e6 / rows;
	one->wal[round] = (session_number(session, WAL_BYTES) - wal) / rows;
	one->xids[round] = (session_number(session, NEXT_XID) - xid) / one->nbatches;
	session_close(session);
	batches_free(batches, one->nbatches);
}

/* Enough for caches and for plans that are made once they have been used often. */
static void
warm_up(Session *session, const Case *one)
{
	int			nrows = one->batch_rows < BATCH_ROWS ? one->batch_rows : BATCH_ROWS;
	int			nbatches = 2 + 20 / nrows;
	Batch	   *batches = batches_make(&one->mix, nbatches, nrows);

	if (one->way->stage != NULL)
		one->way->stage(session, batches, nbatches);
	for (int b = 0; b < nbatches; b++)
		one->way->run(session, &batches[b]);
	batches_free(batches, nbatches);
}

static int
compare(const void *a, const void *b)
{
	double		left = *(const double *) a;
	double		right = *(const double *) b;

	return (left > right) - (left < right);
}
