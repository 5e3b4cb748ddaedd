/*-------------------------------------------------------------------------
 *
 * main.c
 *		What the benchmark runs, and how much of it.
 *
 *		bench FOLDER [SECTION ...]
 *
 * FOLDER gets the results.  From the environment: FULL (not empty: the long
 * form), IDENTITIES (of the largest table) and ROUNDS.  The server is the one
 * that the environment names, with a database bench_base made by schema.sql.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <string.h>

#include "bench.h"

typedef struct Section
{
	const char *name;
	void		(*run) (const Effort *effort);
} Section;

static const Section sections[] = {
	{"mix", section_mix},
	{"sizes", section_sizes},
	{"batches", section_batches},
	{"raising", section_raising},
	{"answer", section_answer},
	{"readers", section_readers},
	{"memory", section_memory},
	{"clients", section_clients},
	{"passwords", section_passwords},
	{"import", section_import}
};

static void choose_effort(Effort *effort);
static long read_number(const char *name, long initial);
static void check_names(char **names, int nnames);
static bool is_wanted(const char *name, char **names, int nnames);

int
main(int argc, char **argv)
{
	Effort		effort;

	if (argc < 2)
		die("usage: bench FOLDER [SECTION ...]");
	choose_effort(&effort);
	check_names(argv + 2, argc - 2);
	report_open(argv[1], &effort);
	ways_discover();
	for (size_t i = 0; i < lengthof(sections); i++)
	{
		if (is_wanted(sections[i].name, argv + 2, argc - 2))
			sections[i].run(&effort);
	}
	report_goals();
	report_close();
	return 0;
}

static void
choose_effort(Effort *effort)
{
	const char *full = getenv("FULL");

	effort->full = full != NULL && *full != '\0';
	effort->rounds = (int) read_number("ROUNDS", effort->full ? 7 : 5);
	effort->rows = effort->full ? 10000 : 2000;
	effort->identities = read_number("IDENTITIES", effort->full ? 1000000 : 100000);
	if (effort->rounds < 1 || effort->rounds > MAX_ROUNDS)
		die("ROUNDS is from 1 to %d", MAX_ROUNDS);
}

static long
read_number(const char *name, long initial)
{
	const char *value = getenv(name);

	return value != NULL && *value != '\0' ? atol(value) : initial;
}

static void
check_names(char **names, int nnames)
{
	for (int n = 0; n < nnames; n++)
	{
		size_t		i = 0;

		while (i < lengthof(sections) && strcmp(sections[i].name, names[n]) != 0)
			i++;
		if (i == lengthof(sections))
			die("there is no section \"%s\"", names[n]);
	}
}

/* All are when none is named. */
static bool
is_wanted(const char *name, char **names, int nnames)
{
	for (int n = 0; n < nnames; n++)
	{
		if (strcmp(name, names[n]) == 0)
			return true;
	}
	return nnames == 0;
}
