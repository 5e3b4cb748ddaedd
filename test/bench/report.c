/*-------------------------------------------------------------------------
 *
 * report.c
 *		Tables on the terminal, in Markdown and in CSV, and the goals.
 *
 * The terminal gets the Markdown: it is made to be read as it is.  The CSV has
 * one figure a line: section, row, column, value.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "bench.h"

#define MAX_COLUMNS		8

typedef struct Aim
{
	const char *what;
	char		relation;		/* '>': at least, '<': at most */
	double		target;
	double		measured;
	char		how[120];
	bool		known;
} Aim;

static Aim	aims[NGOALS] = {
	[GOAL_NAIVE_0] = {"naive loop ÷ ours, CPU per row, 0 % bad rows", '>', 2.5},
	[GOAL_NAIVE_5] = {"naive loop ÷ ours, CPU per row, 5 % bad rows", '>', 2.5},
	[GOAL_NAIVE_50] = {"naive loop ÷ ours, CPU per row, 50 % bad rows", '>', 2.5},
	[GOAL_COPY] = {"ours ÷ COPY of the same 200 rows", '<', 1.35},
	[GOAL_XIDS] = {"transaction ids that a clean batch burns", '<', 2},
	[GOAL_SIZE] = {"cost per row at 10⁶ identities ÷ at 10³", '<', 1.15},
	[GOAL_LARGE_BATCH] = {"cost per row, batch of 10,000 ÷ of 200", '<', 1.1},
	[GOAL_ANSWER] = {"building the answer, µs per row", '<', 2},
	[GOAL_DEADLOCKS] = {"deadlocks, 8 clients, overlapping batches", '<', 0},
	[GOAL_MEMORY] = {"memory growth, batch 50 to 1,050, MiB", '<', 1},
	[GOAL_RAISE_1] = {"naive ÷ ours, 1 % of the rows raise", '>', 1.5},
	[GOAL_RAISE_5] = {"naive ÷ ours, 5 % of the rows raise", '>', 1.2},
	[GOAL_HASHING] = {"hashing 200 passwords, our rate ÷ libsodium's", '>', 0.95},
	[GOAL_IMPORT] = {"naive staging loop ÷ submit, CPU per row", '>', 2.5},
	[GOAL_UPLOAD] = {"upload of 10,000 rows, s", '<', 1},
	[GOAL_PARSE] = {"reading 10 MB of CSV, ms of CPU", '<', 50},
	[GOAL_IMPORT_MEMORY] = {"memory of an upload ÷ file of 10 MB", '<', 4},
	[GOAL_LINEAR] = {"an import of 2n rows ÷ of n", '<', 2.2}
};

static FILE *markdown;
static FILE *csv;
static const char *section_name;
static const char *column_names[MAX_COLUMNS];
static int	column_count;

static FILE *open_file(const char *folder, const char *name);
static void put(const char *format,...) __attribute__((format(printf, 1, 2)));
static void describe_machine(const Effort *effort);
static int	width_of(const char *utf8);
static void put_number(int width, double number);

void
report_open(const char *folder, const Effort *effort)
{
	markdown = open_file(folder, "bench.md");
	csv = open_file(folder, "bench.csv");
	fputs("section,row,column,value\n", csv);
	put("# Benchmark\n\n");
	describe_machine(effort);
}

void
report_close(void)
{
	fclose(markdown);
	fclose(csv);
}

void
report_table(const char *section, const char *title,
			 const char *const *columns, int ncolumns)
{
	section_name = section;
	column_count = ncolumns;
	memcpy(column_names, columns, sizeof(char *) * ncolumns);
	put("\n## %s\n\n| %-38s |", title, columns[0]);
	for (int i = 1; i < ncolumns; i++)
		put(" %*s%s |", 9 - width_of(columns[i]) > 0 ? 9 - width_of(columns[i]) : 0,
			"", columns[i]);
	put("\n|%.40s|", ":---------------------------------------");
	for (int i = 1; i < ncolumns; i++)
		put("%.*s:|", width_of(columns[i]) > 9 ? width_of(columns[i]) + 1 : 10,
			"----------------------------------------");
	put("\n");
}

void
report_row(const char *label,...)
{
	va_list		numbers;

	va_start(numbers, label);
	put("| %s%*s |", label, width_of(label) < 38 ? 38 - width_of(label) : 0, "");
	for (int i = 1; i < column_count; i++)
	{
		double		number = va_arg(numbers, double);

		put_number(width_of(column_names[i]), number);
		if (!isnan(number))
			fprintf(csv, "%s,\"%s\",\"%s\",%.6g\n", section_name, label,
					column_names[i], number);
	}
	va_end(numbers);
	put("\n");
	fflush(csv);
}

void
report_note(const char *format,...)
{
	char		text[1024];
	va_list		args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	put("\n%s\n", text);
}

void
report_goal(Goal goal, double measured, const char *format,...)
{
	Aim		   *aim = &aims[goal];
	va_list		args;

	va_start(args, format);
	vsnprintf(aim->how, sizeof(aim->how), format, args);
	va_end(args);
	aim->measured = measured;
	aim->known = !isnan(measured);
}

void
report_worst(Goal goal, double measured, const char *how)
{
	if (!aims[goal].known || measured > aims[goal].measured)
		report_goal(goal, measured, "%s", how);
}

void
report_goals(void)
{
	put("\n## Goals\n\n| %-46s | to reach | measured | reached | how |\n", "what");
	put("|:-----------------------------------------------|---------:|---------:|---------|-----|\n");
	for (int i = 0; i < NGOALS; i++)
	{
		const Aim  *aim = &aims[i];
		bool		reached = aim->relation == '>' ?
			aim->measured >= aim->target : aim->measured <= aim->target;

		put("| %s%*s |  %s %5.4g |", aim->what, 46 - width_of(aim->what), "",
			aim->relation == '>' ? "≥" : "≤", aim->target);
		if (!aim->known)
		{
			put("        - | -       | not measured |\n");
			continue;
		}
		put(" %8.3g | %s | %s |\n", aim->measured, reached ? "yes    " : "**no** ", aim->how);
		fprintf(csv, "goals,\"%s\",target,%g\n", aim->what, aim->target);
		fprintf(csv, "goals,\"%s\",measured,%.6g\n", aim->what, aim->measured);
	}
}

static FILE *
open_file(const char *folder, const char *name)
{
	char		path[512];
	FILE	   *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	if (file == NULL)
		die("cannot write %s", path);
	return file;
}

/* To the terminal and into the Markdown. */
static void
put(const char *format,...)
{
	char		text[2048];
	va_list		args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fputs(text, stdout);
	fputs(text, markdown);
	fflush(stdout);
	fflush(markdown);
}

static void
describe_machine(const Effort *effort)
{
	char		line[256];
	char		model[200] = "unknown processor";
	char		date[32];
	double		load = 0;
	int			cores = 0;
	time_t		moment = time(NULL);
	FILE	   *file = fopen("/proc/cpuinfo", "r");

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
	{
		if (sscanf(line, "model name : %199[^\n]", model) == 1)
			cores++;
	}
	if (file != NULL)
		fclose(file);
	file = fopen("/proc/loadavg", "r");
	if (file == NULL || fscanf(file, "%lf", &load) != 1)
		load = 0;
	if (file != NULL)
		fclose(file);
	strftime(date, sizeof(date), "%Y-%m-%d", gmtime(&moment));
	put("%s, %d × %s, load %.1f at the start; %s form, %d rounds.\n\n", date,
		cores, model, load, effort->full ? "full" : "short", effort->rounds);
	put("CPU is that of the backend, from the kernel's accounting, the median of the"
		" rounds; on a machine that does other things too, trust CPU and ratios,"
		" not wall time. naive÷ is the naive loop's CPU divided by the row's.\n");
}

/* Characters, not bytes. */
static int
width_of(const char *utf8)
{
	int			width = 0;

	for (; *utf8 != '\0'; utf8++)
		width += (*utf8 & 0xC0) != 0x80;
	return width;
}

static void
put_number(int width, double number)
{
	if (width < 9)
		width = 9;
	if (isnan(number))
		put(" %*s |", width, "-");
	else
		put(" %*.*f |", width, number >= 1000 ? 0 : number >= 10 ? 1 : 2, number);
}
