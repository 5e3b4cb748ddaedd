/*-------------------------------------------------------------------------
 *
 * tables.c
 *		The sections that measure rows: by mix, table size, batch size, raising.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define MAX_CASES		48
#define LARGE_BATCH		10000	/* rows */

static Base small = {"bench_small", 2000, true};
static Base raising = {"bench_raising", 2000, true};

static Case cases[MAX_CASES];
static int	ncases;

static Case *add_case(Base *base, const Way *way, int batch_rows, int nbatches);
static void compare_verdicts(void);
static void ask_verdicts(const Way *way, const Batch *batch, char *verdicts);
static void add_sizes(Base *base, const Way *const *ways, int nways, int nbatches);
static void run(const char *section, const Effort *effort);
static const Case *find(const Case *like, const Way *way);
static bool same_mix(const Mix *a, const Mix *b);
static double cpu_of(const Case *found);
static double naive_over(const Case *one);
static void report_ratio(Goal goal, const Case *above, const Case *below,
						 const Case *ours);
static void print(const char *section, const char *title,
				  void (*name) (char *label, size_t size, const Case *one));
static void name_by_mix(char *label, size_t size, const Case *one);
static void name_by_size(char *label, size_t size, const Case *one);
static void name_by_batch(char *label, size_t size, const Case *one);
static void name_by_refused(char *label, size_t size, const Case *one);

/* 0, 5 and 50 % bad rows, batches of 200. */
void
section_mix(const Effort *effort)
{
	static const Way *const ways[] = {
		&way_naive, &way_savepoint, &way_transaction, &way_row, &way_set,
		&way_insert_select, &way_copy
	};
	static const int bad[] = {0, 5, 50};
	static const Goal goals[] = {GOAL_NAIVE_0, GOAL_NAIVE_5, GOAL_NAIVE_50};
	const Case *ours;

	ncases = 0;
	compare_verdicts();
	for (size_t m = 0; m < lengthof(bad); m++)
	{
		for (size_t w = 0; w < lengthof(ways); w++)
		{
			if (bad[m] == 0 || !ways[w]->good_rows_only)
				add_case(&small, ways[w], BATCH_ROWS, effort->rows / BATCH_ROWS)->mix.bad = bad[m];
		}
	}
	add_case(&small, &way_copy, LARGE_BATCH, 1);
	run("mix", effort);
	print("mix", "Bad rows: batches of 200, a table of 2,000 identities", name_by_mix);

	for (size_t m = 0; m < lengthof(bad); m++)
	{
		Case		like = {.base = &small, .batch_rows = BATCH_ROWS, .mix.bad = bad[m]};

		ours = find(&like, way_ours());
		report_ratio(goals[m], find(&like, &way_naive), ours, ours);
		if (bad[m] != 0)
			continue;
		report_ratio(GOAL_COPY, ours, find(&like, &way_copy), ours);
		report_goal(GOAL_XIDS, median(ours->xids, ours->nrounds), "%s", ours->way->name);
	}
}

/*
 * Tables of 10^3 identities and more, all measured in the same rounds.  The naive
 * loop leaves random ids behind, which would cost the others their order: it has
 * tables of its own.
 */
void
section_sizes(const Effort *effort)
{
	static Base sizes[] = {
		{"bench_1e3", 1000, true},
		{"bench_1e5", 100000, false},
		{"bench_1e6", 1000000, false},
		{"bench_1e7", 10000000, false}
	};
	static Base naive[] = {
		{"bench_1e3_naive", 1000, true},
		{"bench_1e5_naive", 100000, false},
		{"bench_1e6_naive", 1000000, false},
		{"bench_1e7_naive", 10000000, false}
	};
	static const Way *const ways[] = {&way_row, &way_set, &way_copy};
	Case		like = {.batch_rows = BATCH_ROWS};
	const Case *least;
	const Case *large;
	double		copy;

	ncases = 0;
	for (size_t s = 0; s < lengthof(sizes) && sizes[s].seeds <= effort->identities; s++)
	{
		add_case(&naive[s], &way_naive, BATCH_ROWS, effort->rows / BATCH_ROWS);
		add_sizes(&sizes[s], ways, lengthof(ways), effort->rows / BATCH_ROWS);
	}
	run("sizes", effort);
	print("sizes", "Table size: batches of 200, no bad rows", name_by_size);

	like.base = &sizes[0];
	least = find(&like, way_ours());
	copy = cpu_of(find(&like, &way_copy));
	for (size_t s = 1; s < lengthof(sizes) && sizes[s].seeds <= effort->identities; s++)
	{
		like.base = &sizes[s];
		large = find(&like, way_ours());
		if (s == 2)
			report_ratio(GOAL_SIZE, large, least, large);
		report_note("CPU per row at %ld identities ÷ at %ld: %s %.2f, COPY %.2f",
					sizes[s].seeds, sizes[0].seeds, way_ours()->name,
					cpu_of(large) / cpu_of(least), cpu_of(find(&like, &way_copy)) / copy);
	}
	report_note("Scattered: the new addresses are spread over the whole index"
				" instead of standing behind all others.");
}

void
section_batches(const Effort *effort)
{
	static const int sizes[] = {1, 10, 50, BATCH_ROWS, LARGE_BATCH};
	static const Way *const ways[] = {&way_naive, &way_row, &way_set};
	Case		like = {.base = &small};
	const Case *usual;
	const Case *large;

	ncases = 0;
	for (size_t s = 0; s < lengthof(sizes); s++)
	{
		int			rows = sizes[s] == 1 ? effort->rows / 4 : effort->rows;

		for (size_t w = 0; w < lengthof(ways); w++)
			add_case(&small, ways[w], sizes[s], sizes[s] < rows ? rows / sizes[s] : 1);
	}
	run("batches", effort);
	print("batches", "Batch size: a table of 2,000 identities, no bad rows", name_by_batch);

	like.batch_rows = BATCH_ROWS;
	usual = find(&like, way_ours());
	like.batch_rows = LARGE_BATCH;
	large = find(&like, way_ours());
	report_ratio(GOAL_LARGE_BATCH, large, usual, large);
}

/* Rows that look good and that a BEFORE trigger refuses. */
void
section_raising(const Effort *effort)
{
	static const Way *const ways[] = {&way_naive, &way_row, &way_set, &way_auto};
	static const int refused[] = {0, 1, 5};
	Session    *session;

	base_make(&raising);
	session = session_open(raising.database);
	session_run(session, "CREATE TRIGGER refuse BEFORE INSERT ON canopy.identity"
				" FOR EACH ROW EXECUTE FUNCTION bench.refuse()");
	session_close(session);

	ncases = 0;
	for (size_t m = 0; m < lengthof(refused); m++)
	{
		for (size_t w = 0; w < lengthof(ways); w++)
			add_case(&raising, ways[w], BATCH_ROWS, effort->rows / BATCH_ROWS)->mix.refused = refused[m];
	}
	run("raising", effort);
	print("raising", "Rows that a BEFORE INSERT trigger refuses: batches of 200", name_by_refused);

	for (size_t m = 1; m < lengthof(refused); m++)
	{
		Case		like = {.base = &raising, .batch_rows = BATCH_ROWS, .mix.refused = refused[m]};
		const Case *ours;

		ours = find(&like, way_ours_by_default());
		report_ratio(refused[m] == 1 ? GOAL_RAISE_1 : GOAL_RAISE_5,
					 find(&like, &way_naive), ours, ours);
	}
}

/* A way that is not there gets a case that is thrown away. */
static Case *
add_case(Base *base, const Way *way, int batch_rows, int nbatches)
{
	static Case unused;
	Case	   *added = way_exists(way) ? &cases[ncases++] : &unused;

	if (ncases > MAX_CASES)
		die("too many cases");
	memset(added, 0, sizeof(Case));
	added->base = base;
	added->way = way;
	added->mix.seeds = base->seeds;
	added->batch_rows = batch_rows;
	added->nbatches = nbatches;
	return added;
}

static void
add_sizes(Base *base, const Way *const *ways, int nways, int nbatches)
{
	for (int w = 0; w < nways; w++)
		add_case(base, ways[w], BATCH_ROWS, nbatches);
	add_case(base, way_ours(), BATCH_ROWS, nbatches)->mix.scattered = true;
}

/* A comparison of costs is worth something when the work is the same. */
static void
compare_verdicts(void)
{
	static const Way *const ways[] = {&way_row, &way_set, &way_auto};
	Mix			mix = {.bad = 50, .seeds = small.seeds};
	Batch	   *batch = batches_make(&mix, 1, BATCH_ROWS);
	char		naive[64];
	char		other[64];

	base_make(&small);
	ask_verdicts(&way_naive, batch, naive);
	for (size_t w = 0; w < lengthof(ways); w++)
	{
		if (!way_exists(ways[w]))
			continue;
		ask_verdicts(ways[w], batch, other);
		if (strcmp(naive, other) != 0)
			die("the naive loop and \"%s\" do not agree about a batch", ways[w]->name);
	}
	batches_free(batch, 1);
}

static void
ask_verdicts(const Way *way, const Batch *batch, char *verdicts)
{
	const char *values[1];
	PGresult   *answer;
	PGresult   *result;
	Session    *session;

	base_reset(&small);
	session = way_open(way, small.database);
	values[0] = batch->json;
	answer = session_call(session, "batch", values, 1, false);
	values[0] = PQgetvalue(answer, 0, 0);
	session_prepare(session, "verdicts", "SELECT bench.verdicts($1)");
	result = session_call(session, "verdicts", values, 1, false);
	snprintf(verdicts, 64, "%s", PQgetvalue(result, 0, 0));
	PQclear(result);
	PQclear(answer);
	session_close(session);
}

static void
run(const char *section, const Effort *effort)
{
	rounds_run(section, cases, ncases, effort->rounds);
}

/* The case of another way that is otherwise the same, or NULL. */
static const Case *
find(const Case *like, const Way *way)
{
	for (int i = 0; i < ncases; i++)
	{
		if (cases[i].way == way && cases[i].base->seeds == like->base->seeds &&
			cases[i].batch_rows == like->batch_rows &&
			same_mix(&cases[i].mix, &like->mix))
			return &cases[i];
	}
	return NULL;
}

static bool
same_mix(const Mix *a, const Mix *b)
{
	return a->bad == b->bad && a->refused == b->refused &&
		a->scattered == b->scattered;
}

static double
cpu_of(const Case *found)
{
	return found != NULL ? median(found->cpu, found->nrounds) : NAN;
}

static double
naive_over(const Case *one)
{
	return cpu_of(find(one, &way_naive)) / cpu_of(one);
}

/* By the medians; what the lowest figures give says how calm the machine was. */
static void
report_ratio(Goal goal, const Case *above, const Case *below, const Case *ours)
{
	report_goal(goal, cpu_of(above) / cpu_of(below), "%s; by the lowest %.2f",
				ours->way->name, lowest(above->cpu, above->nrounds) /
				lowest(below->cpu, below->nrounds));
}

static void
print(const char *section, const char *title,
	  void (*name) (char *label, size_t size, const Case *one))
{
	static const char *const columns[] = {
		"", "CPU µs/row", "lowest", "naive÷", "wall µs/row", "XIDs/batch", "WAL B/row"
	};

	report_table(section, title, columns, lengthof(columns));
	for (int i = 0; i < ncases; i++)
	{
		const Case *one = &cases[i];
		char		label[80];

		name(label, sizeof(label), one);
		report_row(label, cpu_of(one), lowest(one->cpu, one->nrounds), naive_over(one),
				   median(one->wall, one->nrounds), median(one->xids, one->nrounds),
				   median(one->wal, one->nrounds));
	}
}

static void
name_by_mix(char *label, size_t size, const Case *one)
{
	if (one->way->good_rows_only)
		snprintf(label, size, "0 %%: %s of %d", one->way->name, one->batch_rows);
	else
		snprintf(label, size, "%d %%: %s", one->mix.bad, one->way->name);
}

static void
name_by_size(char *label, size_t size, const Case *one)
{
	snprintf(label, size, "%ld: %s%s", one->base->seeds, one->way->name,
			 one->mix.scattered ? ", scattered" : "");
}

static void
name_by_batch(char *label, size_t size, const Case *one)
{
	snprintf(label, size, "%d: %s", one->batch_rows, one->way->name);
}

static void
name_by_refused(char *label, size_t size, const Case *one)
{
	snprintf(label, size, "%d %% raise: %s", one->mix.refused, one->way->name);
}
