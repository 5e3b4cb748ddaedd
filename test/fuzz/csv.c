/*
 * csv.c
 *	  Fuzzes cb_csv_next_record, cb_csv_sniff, cb_csv_write_cell and
 *	  cb_csv_defuse.
 *
 * Build: src/input/csv*.c
 * Run: -max_len=4096
 *
 * The first byte chooses the dialect, the rest is the file.  Besides never
 * touching memory that is not ours, it must hold that
 *
 *	- records lie one behind the other, each on the line that counting line ends
 *	  gives, and nothing but skipped lines is between them;
 *	- a record is the same when it is read alone, and counts the same when it is
 *	  read without room for its cells;
 *	- at most one record has a quote that nothing ends but the end of the file;
 *	- what is written is read back, and what was defused comes back.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "input/csv_dialect.h"
#include "input/csv_write.h"

int			LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static CbCsvReader reader;
static CbCsvReader counter;
static CbCsvReader again;

static void
must(int holds)
{
	if (!holds)
		abort();
}

/* Never NULL, and of a length that the sanitizer guards. */
static char *
get_memory(size_t len)
{
	char	   *memory = malloc(len > 0 ? len : 1);

	must(memory != NULL);
	return memory;
}

static size_t
count_line_ends(const char *from, const char *to)
{
	size_t		count = 0;

	for (; from < to; from++)
		count += (*from == '\n' || (*from == '\r' && from[1] != '\n'));
	return count;
}

static int
same_cell(const CbCsvCell *a, const char *ptr, size_t len)
{
	return a->len == len && memcmp(a->ptr, ptr, len) == 0;
}

static void
must_be_sound(const CbCsvRecord *record, size_t len)
{
	must(record->cell_count >= 1);
	must(record->filled_count <= record->cell_count);
	must(record->kept_count == (record->cell_count < CB_CSV_CELLS_MAX ?
								record->cell_count : CB_CSV_CELLS_MAX));
	must(record->offset + record->len <= len);
	must((record->problem == CB_CSV_OK) == (record->problem_line == 0));
	must(record->problem_cell < record->cell_count);
	must(record->problem == CB_CSV_OK || record->problem_line >= record->line);
}

/*
 * A record alone is the same, unless it begins or ends like a file does.
 */
static void
must_be_same_alone(const CbCsvRecord *record, const char *bytes,
				   CbCsvDialect dialect)
{
	const char *begin = bytes + record->offset;
	const char *end = begin + record->len;
	CbCsvRoom	room = {0};
	char		sep;
	CbCsvRecord alone;
	size_t		i;

	if (cb_csv_skip_mark(begin, end) != begin ||
		cb_csv_skip_sep_line(begin, end, &sep) != begin || end[-1] == 0x1A)
		return;
	dialect.keep_comments = true;
	room.bytes = get_memory(record->len);
	cb_csv_init(&again, begin, record->len, &dialect, &room);
	must(cb_csv_next_record(&again, &alone));
	must(alone.cell_count == record->cell_count);
	must(alone.filled_count == record->filled_count);
	must(alone.problem == record->problem);
	must(alone.problem_cell == record->problem_cell);
	must(alone.len == record->len);
	for (i = 0; i < alone.kept_count; i++)
	{
		must(same_cell(&alone.cells[i], record->cells[i].ptr,
					   record->cells[i].len));
		must(alone.cells[i].quoted == record->cells[i].quoted);
	}
	must(!cb_csv_next_record(&again, &alone));
	free(room.bytes);
}

static void
must_be_written(const CbCsvRecord *record, char delimiter)
{
	CbCsvDialect dialect = {0};
	size_t		size = CB_CSV_END_ROOM;
	size_t		used = 0;
	char	   *out;
	CbCsvRoom	room = {0};
	CbCsvRecord back;
	size_t		i;

	for (i = 0; i < record->kept_count; i++)
		size += CB_CSV_CELL_ROOM(record->cells[i].len);
	out = get_memory(size);
	for (i = 0; i < record->kept_count; i++)
		used += cb_csv_write_cell(delimiter, i == 0, record->cells[i].ptr,
								  record->cells[i].len, out + used);
	used += cb_csv_write_end(out + used);
	must(used <= size);

	room.bytes = get_memory(used);
	dialect.delimiter = delimiter;
	cb_csv_init(&again, out, used, &dialect, &room);
	must(cb_csv_next_record(&again, &back));
	must(back.cell_count == record->kept_count);
	for (i = 0; i < back.kept_count; i++)
	{
		char	   *plain = get_memory(back.cells[i].len);
		size_t		len = cb_csv_undefuse(back.cells[i].ptr,
										  back.cells[i].len, plain);

		must(same_cell(&record->cells[i], plain, len));
		free(plain);
	}
	must(back.problem == CB_CSV_OK || back.problem == CB_CSV_NUL_BYTE);
	must(!cb_csv_next_record(&again, &back));
	free(room.bytes);
	free(out);
}

static void
must_come_back(const char *in, size_t len)
{
	char	   *defused = get_memory(CB_CSV_DEFUSE_ROOM(len));
	size_t		used = cb_csv_defuse(in, len, defused);

	must(used <= CB_CSV_DEFUSE_ROOM(len));
	must(cb_csv_undefuse(defused, used, defused) == len);
	must(memcmp(defused, in, len) == 0);
	free(defused);
}

static void
must_guess(const char *bytes, size_t len)
{
	CbCsvGuess	guess;

	cb_csv_sniff(bytes, len, &guess);
	must(cb_csv_is_delimiter(guess.dialect.delimiter));
	must(guess.runner_up == '\0' || cb_csv_is_delimiter(guess.runner_up));
	must(guess.confidence >= 0 && guess.confidence <= 100);
	must(guess.runner_up_confidence >= 0 && guess.runner_up_confidence <= 100);
	must((guess.method == CB_CSV_BY_NOTHING) == (guess.columns == 0) ||
		 guess.method == CB_CSV_BY_SEP_LINE);
}

/* Cells are in the input or in what has been written of the room. */
static void
must_be_somewhere(const CbCsvRecord *record, const char *bytes, size_t len,
				  const CbCsvRoom *room)
{
	size_t		i;

	must(room->most <= len);
	for (i = 0; i < record->kept_count; i++)
	{
		const CbCsvCell *cell = &record->cells[i];

		must((cell->ptr >= bytes && cell->ptr + cell->len <= bytes + len) ||
			 (cell->ptr >= room->bytes &&
			  cell->ptr + cell->len <= room->bytes + room->most));
	}
}

static void
must_be_read(const char *bytes, size_t len, const CbCsvDialect *dialect)
{
	CbCsvRoom	room = {get_memory(len), 0};
	const char *before = bytes;
	CbCsvRecord record;
	CbCsvRecord counted;
	size_t		line = 1;
	size_t		unended = 0;

	cb_csv_init(&reader, bytes, len, dialect, &room);
	cb_csv_init(&counter, bytes, len, dialect, NULL);
	while (cb_csv_next_record(&reader, &record))
	{
		const char *begin = bytes + record.offset;

		must_be_sound(&record, len);
		must_be_somewhere(&record, bytes, len, &room);
		must(begin >= before);
		line += count_line_ends(before, begin);
		must(record.line == line);
		before = begin;

		must(cb_csv_next_record(&counter, &counted));
		must(counted.line == record.line && counted.len == record.len);
		must(counted.cell_count == record.cell_count);
		must(counted.problem == record.problem);

		must_be_same_alone(&record, bytes, *dialect);
		must_be_written(&record, dialect->delimiter);
		unended += (record.problem == CB_CSV_UNTERMINATED_QUOTE &&
					memchr(begin + record.len, '"',
						   len - record.offset - record.len) == NULL);
	}
	must(unended <= 1);
	must(!cb_csv_next_record(&counter, &counted));
	must(counter.line == reader.line);
	free(room.bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char delimiters[] = {',', ';', '\t', '|'};
	CbCsvDialect dialect = {0};
	char	   *bytes;

	if (size == 0)
		return 0;
	dialect.delimiter = delimiters[data[0] & 3];
	dialect.backslash = (data[0] & 4) != 0;
	dialect.keep_comments = (data[0] & 8) != 0;

	/* with a NUL behind it, which only count_line_ends looks at */
	bytes = get_memory(size);
	memcpy(bytes, data + 1, size - 1);
	bytes[size - 1] = '\0';
	must_be_read(bytes, size - 1, &dialect);
	must_guess(bytes, size - 1);
	must_come_back(bytes, size - 1);
	free(bytes);
	return 0;
}
