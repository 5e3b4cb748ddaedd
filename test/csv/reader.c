/*
 * reader.c
 *	  Runs the CSV reader, the sniffer and the writer on what comes in.
 *
 * Standard input has requests: a line "OPERATION DELIMITER FLAGS LENGTH" (the
 * delimiter as a number, the flags any of b for backslashes and k for kept
 * comments, or -), then LENGTH bytes.  Each is answered by a line of JSON, in
 * which a byte is the character with its number.
 *
 *	read		the records of a file
 *	sniff		its dialect
 *	write		the file of cells, each "LENGTH:bytes", a record ended by ";"
 *	defuse		one cell
 *	undefuse	one cell, in place and not
 *	time		ms of CPU that reading took, the least of five
 *	time-sniff	ms of CPU that sniffing took, the least of five
 *
 * Every buffer is exactly as large as its contract says, for the sanitizers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "input/csv_dialect.h"
#include "input/csv_write.h"

static CbCsvReader reader;

static const char *
problem_name(CbCsvProblem problem)
{
	static const char *const names[] = {
		"ok", "text_after_quote", "unterminated_quote", "nul_byte",
		"too_many_cells"
	};

	return names[problem];
}

static void *
get_memory(size_t len)
{
	void	   *memory = malloc(len);

	if (memory == NULL && len > 0)
		exit(1);
	return memory;
}

static void
put_string(const char *bytes, size_t len)
{
	size_t		i;

	putchar('"');
	for (i = 0; i < len; i++)
	{
		unsigned char c = (unsigned char) bytes[i];

		if (c < ' ' || c > '~' || c == '"' || c == '\\')
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void
put_record(const CbCsvRecord *record)
{
	size_t		i;

	printf("{\"cells\":[");
	for (i = 0; i < record->kept_count; i++)
	{
		const CbCsvCell *cell = &record->cells[i];

		printf("%s[", i > 0 ? "," : "");
		put_string(cell->ptr, cell->len);
		printf(",%s]", cell->quoted ? "true" : "false");
	}
	printf("],\"count\":%zu,\"filled\":%zu,\"line\":%zu,\"offset\":%zu,"
		   "\"len\":%zu,\"problem\":\"%s\",\"problem_cell\":%zu,"
		   "\"problem_line\":%zu}",
		   record->cell_count, record->filled_count, record->line,
		   record->offset, record->len, problem_name(record->problem),
		   record->problem_cell, record->problem_line);
}

static void
do_read(const char *bytes, size_t len, const CbCsvDialect *dialect)
{
	CbCsvRoom	room = {get_memory(len), 0};
	CbCsvRecord record;

	cb_csv_init(&reader, bytes, len, dialect, &room);
	printf("{\"records\":[");
	while (cb_csv_next_record(&reader, &record))
	{
		printf("%s", reader.record_count > 1 ? "," : "");
		put_record(&record);
	}
	printf("],\"count\":%zu,\"comments\":%zu,\"blanks\":%zu,\"line\":%zu}",
		   reader.record_count, reader.comment_count, reader.blank_count,
		   reader.line);
	free(room.bytes);
}

static void
do_sniff(const char *bytes, size_t len)
{
	CbCsvGuess	guess;

	cb_csv_sniff(bytes, len, &guess);
	printf("{\"delimiter\":\"%s\",\"byte\":%d,\"backslash\":%s,"
		   "\"method\":\"%s\",\"confidence\":%d,\"runner_up\":%d,"
		   "\"runner_up_confidence\":%d,\"columns\":%zu}",
		   cb_csv_delimiter_name(guess.dialect.delimiter),
		   guess.dialect.delimiter, guess.dialect.backslash ? "true" : "false",
		   cb_csv_method_name(guess.method), guess.confidence,
		   guess.runner_up, guess.runner_up_confidence, guess.columns);
}

static void
do_write(const char *in, size_t len, char delimiter)
{
	const char *end = in + len;
	char	   *out = get_memory(len * 4 + 16);
	size_t		used = 0;
	bool		first = true;

	while (in < end)
	{
		if (*in == ';')
		{
			used += cb_csv_write_end(out + used);
			first = true;
			in++;
		}
		else
		{
			char	   *after;
			size_t		cell_len = strtoul(in, &after, 10);
			char	   *cell = get_memory(CB_CSV_CELL_ROOM(cell_len));
			size_t		written;

			written = cb_csv_write_cell(delimiter, first, after + 1, cell_len,
										cell);
			memcpy(out + used, cell, written);
			used += written;
			free(cell);
			in = after + 1 + cell_len;
			first = false;
		}
	}
	put_string(out, used);
	free(out);
}

static void
do_defuse(const char *in, size_t len)
{
	char	   *out = get_memory(CB_CSV_DEFUSE_ROOM(len));

	put_string(out, cb_csv_defuse(in, len, out));
	free(out);
}

static void
do_undefuse(char *in, size_t len)
{
	char	   *out = get_memory(len);
	size_t		used = cb_csv_undefuse(in, len, out);

	if (cb_csv_undefuse(in, len, in) != used || memcmp(in, out, used) != 0)
		exit(1);
	put_string(out, used);
	free(out);
}

static double
cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double) now.tv_sec * 1e3 + (double) now.tv_nsec / 1e6;
}

static void
do_time(const char *bytes, size_t len, const CbCsvDialect *dialect, bool sniff)
{
	CbCsvRoom	room = {get_memory(len), 0};
	double		least = 1e9;
	int			i;

	memset(room.bytes, 0, len);
	for (i = 0; i < 5; i++)
	{
		double		begin = cpu_ms();
		CbCsvRecord record;
		CbCsvGuess	guess;

		if (sniff)
			cb_csv_sniff(bytes, len, &guess);
		else
		{
			cb_csv_init(&reader, bytes, len, dialect, &room);
			while (cb_csv_next_record(&reader, &record))
				;
		}
		begin = cpu_ms() - begin;
		if (begin < least)
			least = begin;
	}
	printf("%.3f", least);
	free(room.bytes);
}

int
main(void)
{
	char		operation[16];
	char		flags[8];
	int			delimiter;
	size_t		len;

	while (scanf("%15s %d %7s %zu", operation, &delimiter, flags, &len) == 4)
	{
		CbCsvDialect dialect = {0};
		char	   *bytes = get_memory(len);

		dialect.delimiter = (char) delimiter;
		dialect.backslash = (strchr(flags, 'b') != NULL);
		dialect.keep_comments = (strchr(flags, 'k') != NULL);
		if (getchar() != '\n' || fread(bytes, 1, len, stdin) != len)
			return 1;
		if (strcmp(operation, "read") == 0)
			do_read(bytes, len, &dialect);
		else if (strcmp(operation, "sniff") == 0)
			do_sniff(bytes, len);
		else if (strcmp(operation, "write") == 0)
			do_write(bytes, len, dialect.delimiter);
		else if (strcmp(operation, "defuse") == 0)
			do_defuse(bytes, len);
		else if (strcmp(operation, "undefuse") == 0)
			do_undefuse(bytes, len);
		else
			do_time(bytes, len, &dialect, strcmp(operation, "time") != 0);
		printf("\n");
		fflush(stdout);
		free(bytes);
	}
	return 0;
}
