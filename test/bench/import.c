/*-------------------------------------------------------------------------
 *
 * import.c
 *		A file of 10,000 rows, from its bytes to results.
 *
 * Ours goes through the steps; the naive ways are a loop over a staging table that
 * COPY has filled, and a script that sends one INSERT for each row.  Three of a
 * hundred rows are bad.  Each visit begins with the same directory and a new
 * session.
 *
 *-------------------------------------------------------------------------
 */
#define _GNU_SOURCE
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "input/csv_dialect.h"

#define FILE_ROWS		10000
#define MIB				(1024 * 1024)
#define LARGE_FILE		(10 * MIB)
#define SCRIPT			"test/bench/insert.mjs"

typedef enum Step
{
	UPLOAD,
	PREVIEW,
	SUBMIT,
	ALL_STEPS,
	HALF_OF_ALL,				/* all steps of half of the rows */
	STAGING,
	NAIVE,
	NAIVE_TOLD,
	SCRIPT_BACKEND,
	SCRIPT_ALL,
	NSTEPS
} Step;

typedef struct File
{
	char	   *text;
	size_t		len;			/* bytes */
} File;

static Base base = {"bench_import", 2000, true};
static double cpu[NSTEPS][MAX_ROUNDS];	/* seconds */
static double wall[NSTEPS][MAX_ROUNDS];

static File make_file(int nrows, bool header);
static void visit_ours(int nrows, int round);
static void visit_naive(bool told, int round);
static void visit_script(int round);
static bool take_step(Session *session, const char *sql, Step step, int round);
static Session *open_import(void);
static bool upload(Session *session, const File *file);
static void print_steps(int rounds);
static void measure_large(const char *label, File file);
static File repeat(const char *piece);
static File put_umlauts(File file);
static double parse_ms(const File *file);
static double peak_of(const Session *session);
static double status_of(const Session *session, const char *name);

void
section_import(const Effort *effort)
{
	static const char *const columns[] = {"", "parse ms", "CPU ms", "wall ms", "peak MiB", "÷ file"};

	base_make(&base);
	for (int round = 0; round < effort->rounds; round++)
	{
		fprintf(stderr, "bench: import, round %d of %d\n", round + 1, effort->rounds);
		visit_ours(FILE_ROWS, round);
		visit_naive(false, round);
		visit_ours(FILE_ROWS / 2, round);
		visit_naive(true, round);
		visit_script(round);
	}
	print_steps(effort->rounds);

	base_reset(&base);
	report_table("import", "Upload of 10 MB, whether it is taken or refused", columns, lengthof(columns));
	measure_large("10,000 rows of 1 KB", repeat(NULL));
	measure_large("the same in Windows-1252", put_umlauts(repeat(NULL)));
	measure_large("quotes", repeat("\""));
	measure_large("line breaks", repeat("\n"));
	measure_large("one line", repeat("x"));
	measure_large("64 columns", repeat("a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;"
									  "a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a\n"));
}

/* With a header, or as COPY takes it. */
static File
make_file(int nrows, bool header)
{
	File		file = {allocate((size_t) nrows * 128 + 128), 0};

	if (header)
		file.len = sprintf(file.text, "E-Mail;Vorname;Nachname;Personalnummer;metadata.department\n");
	for (int i = 1; i <= nrows; i++)
	{
		if (i % 33 == 0)
			file.len += sprintf(file.text + file.len, i % 2 == 0 ? "no address;" : "import.user%09d@bench.example;", i - 1);
		else
			file.len += sprintf(file.text + file.len, "import.user%09d@bench.example;", i);
		file.len += sprintf(file.text + file.len, "First%d;Last%d;IM-%09d;Engineering\n", i, i, i);
	}
	return file;
}

static void
visit_ours(int nrows, int round)
{
	File		file = make_file(nrows, true);
	Session    *session;
	double		start_cpu;
	double		start;
	bool		half = nrows < FILE_ROWS;

	base_reset(&base);
	session = open_import();
	start_cpu = session_cpu(session);
	start = now();
	if (!upload(session, &file))
		die("the file was refused: %s", PQerrorMessage(session->conn));
	if (!half)
	{
		cpu[UPLOAD][round] = session_cpu(session) - start_cpu;
		wall[UPLOAD][round] = now() - start;
	}
	take_step(session, "SELECT canopy_bulk_import_preview(current_setting('bench.import')::uuid)",
			  half ? NSTEPS : PREVIEW, round);
	take_step(session, "DO $$ BEGIN CALL canopy_bulk_import_run(current_setting('bench.import')::uuid); END $$",
			  half ? NSTEPS : SUBMIT, round);
	cpu[half ? HALF_OF_ALL : ALL_STEPS][round] = session_cpu(session) - start_cpu;
	wall[half ? HALF_OF_ALL : ALL_STEPS][round] = now() - start;
	session_close(session);
	free(file.text);
}

static void
visit_naive(bool told, int round)
{
	File		file = make_file(FILE_ROWS, false);
	Session    *session;
	double		start_cpu;
	double		start;

	base_reset(&base);
	session = session_open(base.database);
	session_run(session, "TRUNCATE bench.import_stage");
	start_cpu = session_cpu(session);
	start = now();
	session_copy(session, "COPY bench.import_stage (email, first_name, last_name, external_id, department)"
				 " FROM STDIN (FORMAT csv, DELIMITER ';')", file.text, file.len);
	cpu[STAGING][round] = session_cpu(session) - start_cpu;
	wall[STAGING][round] = now() - start;
	take_step(session, told ? "CALL bench.naive_import(true)" : "CALL bench.naive_import(false)",
			  told ? NAIVE_TOLD : NAIVE, round);
	session_close(session);
	free(file.text);
}

/* Node, where the packages of the tests over HTTP are; else it is left out. */
static void
visit_script(int round)
{
	File		file = make_file(FILE_ROWS, true);
	char		name[] = "build/bench/people.XXXXXX";
	char		command[512];
	int			descriptor = mkstemp(name);
	FILE	   *output;
	double		script;
	double		start;

	cpu[SCRIPT_BACKEND][round] = cpu[SCRIPT_ALL][round] = wall[SCRIPT_ALL][round] = NAN;
	if (descriptor < 0 || write(descriptor, file.text, file.len) != (ssize_t) file.len)
		die("cannot write a temporary file");
	close(descriptor);
	base_reset(&base);
	snprintf(command, sizeof(command),
			 "cp %s build/npm/bench.mjs 2>/dev/null && node build/npm/bench.mjs %s %s %s %s 2>/dev/null",
			 SCRIPT, name, base.database, ACCOUNT_ID, APPLICATION_ID);
	start = now();
	output = popen(command, "r");
	if (output != NULL && fscanf(output, "%lf %lf", &script, &cpu[SCRIPT_BACKEND][round]) == 2)
	{
		cpu[SCRIPT_ALL][round] = script + cpu[SCRIPT_BACKEND][round];
		wall[SCRIPT_ALL][round] = wall[SCRIPT_BACKEND][round] = now() - start;
	}
	if (output != NULL)
		pclose(output);
	unlink(name);
	free(file.text);
}

/* A step of NSTEPS is not written down. */
static bool
take_step(Session *session, const char *sql, Step step, int round)
{
	double		start_cpu = session_cpu(session);
	double		start = now();

	session_run(session, "%s", sql);
	if (step < NSTEPS)
	{
		cpu[step][round] = session_cpu(session) - start_cpu;
		wall[step][round] = now() - start;
	}
	return true;
}

static Session *
open_import(void)
{
	Session    *session = session_open(base.database);

	session_run(session, "SET canopy_bulk.account = 'bench'; SET canopy_bulk.application = 'portal'");
	session_run(session, "SELECT set_config('bench.import', canopy_bulk_import_open('create')->>'id', false)");
	session_prepare(session, "upload",
					"SELECT canopy_bulk_import_upload(current_setting('bench.import')::uuid, $1::bytea)");
	return session;
}

/* The bytes go as they are. */
static bool
upload(Session *session, const File *file)
{
	const char *values[1] = {file->text};
	int			lengths[1] = {(int) file->len};
	int			formats[1] = {1};
	PGresult   *result = PQexecPrepared(session->conn, "upload", 1, values, lengths, formats, 0);
	bool		taken = PQresultStatus(result) == PGRES_TUPLES_OK;

	PQclear(result);
	return taken;
}

static void
print_steps(int rounds)
{
	static const char *const columns[] = {"", "CPU ms", "µs/row", "wall ms", "rows/s", "÷ submit"};
	static const char *const labels[] = {
		"upload and mapping", "preview", "submit", "upload to results", "the same, 5,000 rows",
		"COPY into a staging table", "naive loop over it", "naive loop that notes each row's end",
		"Node, one INSERT a row: backend", "Node, one INSERT a row: with the script"
	};
	double		submit = median(cpu[SUBMIT], rounds);

	report_table("import", "A file of 10,000 rows, 3 % of them bad", columns, lengthof(columns));
	for (int i = 0; i < NSTEPS; i++)
	{
		int			nrows = i == HALF_OF_ALL ? FILE_ROWS / 2 : FILE_ROWS;

		report_row(labels[i], median(cpu[i], rounds) * 1e3, median(cpu[i], rounds) * 1e6 / nrows,
				   median(wall[i], rounds) * 1e3, nrows / median(wall[i], rounds),
				   median(cpu[i], rounds) / submit);
	}
	report_goal(GOAL_IMPORT, median(cpu[NAIVE_TOLD], rounds) / submit,
				"a loop that notes each row's end; %.2f for one that does not",
				median(cpu[NAIVE], rounds) / submit);
	report_goal(GOAL_UPLOAD, median(cpu[UPLOAD], rounds), "seconds of CPU");
	report_goal(GOAL_LINEAR, median(cpu[ALL_STEPS], rounds) / median(cpu[HALF_OF_ALL], rounds),
				"upload to results, 10,000 rows ÷ 5,000");
}

static void
measure_large(const char *label, File file)
{
	Session    *session = open_import();
	double		parse = parse_ms(&file);
	double		before = status_of(session, "RssAnon:");
	double		start_cpu = session_cpu(session);
	double		start = now();
	bool		taken = upload(session, &file);
	double		peak = (peak_of(session) - before) / 1024;
	char		name[80];

	snprintf(name, sizeof(name), "%s (%s)", label, taken ? "taken" : "refused");
	report_row(name, parse, (session_cpu(session) - start_cpu) * 1e3, (now() - start) * 1e3,
			   peak, peak * MIB / file.len);
	report_worst(GOAL_PARSE, parse, label);
	if (taken)
		report_worst(GOAL_IMPORT_MEMORY, peak * MIB / file.len, label);
	session_close(session);
	free(file.text);
}

/* 10 MB of a piece below a header; NULL: 10,000 good rows. */
static File
repeat(const char *piece)
{
	File		file = {allocate(LARGE_FILE + 2048), 0};

	file.len = sprintf(file.text, "E-Mail;Vorname;Nachname;metadata.note\n");
	if (piece != NULL)
	{
		size_t		len = strlen(piece);

		while (file.len + len <= LARGE_FILE)
		{
			memcpy(file.text + file.len, piece, len);
			file.len += len;
		}
		return file;
	}
	for (int i = 0; i < FILE_ROWS; i++)
	{
		file.len += sprintf(file.text + file.len, "large%d@bench.example;A;B;", i);
		memset(file.text + file.len, 'n', 1000);
		file.len += 1000;
		file.text[file.len++] = '\n';
	}
	return file;
}

/* What is no UTF-8 is converted. */
static File
put_umlauts(File file)
{
	for (size_t i = 0; i + 1 < file.len; i += 8)
	{
		if (file.text[i] == 'n' && file.text[i + 1] == 'n')
			file.text[i] = '\xE4';
	}
	return file;
}

/* The reader alone, the best of five. */
static double
parse_ms(const File *file)
{
	static CbCsvReader reader;
	CbCsvRoom	room = {allocate(file->len), 0};
	CbCsvGuess	guess;
	clock_t		best = CLOCKS_PER_SEC;

	cb_csv_sniff(file->text, file->len, &guess);
	for (int i = 0; i < 5; i++)
	{
		CbCsvRecord record;
		clock_t		start = clock();

		cb_csv_init(&reader, file->text, file->len, &guess.dialect, &room);
		while (cb_csv_next_record(&reader, &record))
			;
		start = clock() - start;
		if (start < best)
			best = start;
	}
	free(room.bytes);
	return best * 1e3 / CLOCKS_PER_SEC;
}

/* KiB at the highest, without what is shared. */
static double
peak_of(const Session *session)
{
	return status_of(session, "VmHWM:") - status_of(session, "RssShmem:") -
		status_of(session, "RssFile:");
}

static double
status_of(const Session *session, const char *name)
{
	char		path[64];
	char		line[256];
	FILE	   *file;
	double		kib = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", session->pid);
	file = fopen(path, "r");
	if (file == NULL)
		die("cannot read %s", path);
	while (fgets(line, sizeof(line), file) != NULL)
	{
		if (strncmp(line, name, strlen(name)) == 0)
			kib = atof(line + strlen(name));
	}
	fclose(file);
	return kib;
}
