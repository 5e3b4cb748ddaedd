/*-------------------------------------------------------------------------
 *
 * csv_dialect.c
 *		Which delimiter a CSV file has, and whether it escapes with backslashes.
 *
 * How often a delimiter occurs says little: a column of addresses is full of
 * commas.  So the beginning of the file is read with each candidate, and each
 * reading is judged by what a table looks like:
 *
 *	- its records have the same width, more than 1, and the header has it too,
 *	  which is the first record, or the first behind narrower ones;
 *	- its cells hold no other delimiter, no stray quote, no blanks at an end;
 *	- its quoted cells end where a cell ends;
 *	- of two readings as good as each other, the one with more columns.
 *
 * The product of these is the score.  A file where no candidate reaches
 * TABLE_SCORE has one column, or is badly damaged: then a header that splits
 * into clean cells is believed.
 *
 * Nothing here needs a server: a fuzzer can call it.
 *
 *-------------------------------------------------------------------------
 */
#include "input/csv_dialect.h"

#include <string.h>

/* Of what a candidate is tried on. */
#define SAMPLE_RECORDS	200
#define SAMPLE_BYTES	(256 * 1024)	/* a record may go beyond */

#define TABLE_SCORE		0.3
#define DAMAGED_SCORE	0.02	/* will do below a good header */

#define CANDIDATES		4
#define TITLES_MAX		9		/* records above a header: a title, a date */

/* The rarest in running text first: of equal scores the first wins. */
static const char candidates[CANDIDATES] = {'\t', '|', ';', ','};

/* A reading of the sample. */
typedef struct Reading
{
	size_t		records;
	size_t		columns;		/* the width above 1 that most records have */
	size_t		narrow;			/* records of one cell */
	bool		good_header;	/* of several cells, all filled and clean */
	double		quality;		/* 0 to 1 */
	double		score;			/* of quality, with regard to columns */
} Reading;

/* One of the first records. */
typedef struct First
{
	size_t		width;
	size_t		cells;			/* that are kept */
	size_t		clean;			/* of cells */
	bool		is_clean;		/* all are, and filled */
} First;

/* What a reading is judged by. */
typedef struct Tally
{
	size_t		records;
	size_t		problems;		/* records with misplaced quotes */
	size_t		cells;
	size_t		clean;			/* of cells */
	First		first[TITLES_MAX + 1];
	unsigned short widths[CB_CSV_CELLS_MAX + 1];	/* records by width */
} Tally;

static void try_delimiter(const char *bytes, size_t len, char delimiter,
						  bool backslash, Reading *reading);
static void read_sample(const char *bytes, size_t len,
						const CbCsvDialect *dialect, Reading *reading);
static void tally_record(Tally *tally, const CbCsvRecord *record);
static bool is_clean(const CbCsvCell *cell);
static bool is_text_comma(const char *p, const char *begin,
						  const char *end);
static void judge(const Tally *tally, Reading *reading);
static const First *skip_titles(const Tally *tally, size_t columns,
								size_t *records, size_t *cells, size_t *clean);
static void choose(const Reading *readings, CbCsvGuess *guess);
static void choose_single_column(const Reading *readings, double best,
								 CbCsvGuess *guess);
static bool has_backslashed_quote(const char *bytes, size_t len);
static size_t count_problems(const char *bytes, size_t len,
							 const CbCsvDialect *dialect);

/*
 * Guesses the dialect of a whole file, given as for cb_csv_init.  Only the
 * beginning is read for the delimiter, all of it where quotes seem to be
 * escaped with backslashes: that is believed when reading them so leaves fewer
 * malformed records than RFC 4180 does.
 */
void
cb_csv_sniff(const char *bytes, size_t len, CbCsvGuess *guess)
{
	const char *mark = cb_csv_skip_mark(bytes, bytes + len);
	bool		backslash = has_backslashed_quote(bytes, len);
	Reading		readings[CANDIDATES];
	char		sep;
	int			i;

	memset(guess, 0, sizeof(*guess));
	cb_csv_skip_sep_line(mark, bytes + len, &sep);
	if (sep != '\0')
	{
		try_delimiter(bytes, len, sep, backslash, &readings[0]);
		guess->method = CB_CSV_BY_SEP_LINE;
		guess->dialect.delimiter = sep;
		guess->confidence = 100;
		guess->columns = readings[0].columns;
		if (readings[0].columns == 0 && readings[0].records > 0)
			guess->columns = 1;
	}
	else
	{
		for (i = 0; i < CANDIDATES; i++)
			try_delimiter(bytes, len, candidates[i], backslash, &readings[i]);
		choose(readings, guess);
	}

	if (backslash)
	{
		CbCsvDialect other = guess->dialect;

		other.backslash = true;
		if (count_problems(bytes, len, &other) <
			count_problems(bytes, len, &guess->dialect))
			guess->dialect = other;
	}
}

/*
 * "comma", "semicolon", "tab", "pipe" or "other".
 */
const char *
cb_csv_delimiter_name(char delimiter)
{
	switch (delimiter)
	{
		case ',':
			return "comma";
		case ';':
			return "semicolon";
		case '\t':
			return "tab";
		case '|':
			return "pipe";
		default:
			return "other";
	}
}

/*
 * "nothing", "sep_line", "width" or "single_column".
 */
const char *
cb_csv_method_name(CbCsvMethod method)
{
	switch (method)
	{
		case CB_CSV_BY_SEP_LINE:
			return "sep_line";
		case CB_CSV_BY_WIDTH:
			return "width";
		case CB_CSV_BY_SINGLE_COLUMN:
			return "single_column";
		default:
			return "nothing";
	}
}

/*
 * Tries a delimiter; where there are backslashed quotes, with and without
 * escaping by backslashes, of which the better counts.
 */
static void
try_delimiter(const char *bytes, size_t len, char delimiter, bool backslash,
			  Reading *reading)
{
	CbCsvDialect dialect = {0};
	Reading		other;

	dialect.delimiter = delimiter;
	read_sample(bytes, len, &dialect, reading);
	if (backslash)
	{
		dialect.backslash = true;
		read_sample(bytes, len, &dialect, &other);
		if (other.score > reading->score)
			*reading = other;
	}
}

/*
 * Reads and judges the beginning of the file.
 */
static void
read_sample(const char *bytes, size_t len, const CbCsvDialect *dialect,
			Reading *reading)
{
	CbCsvReader reader;
	CbCsvRecord record;
	Tally		tally = {0};

	cb_csv_init(&reader, bytes, len, dialect, NULL);
	while (tally.records < SAMPLE_RECORDS &&
		   cb_csv_next_record(&reader, &record))
	{
		tally_record(&tally, &record);
		if (record.offset + record.len >= SAMPLE_BYTES)
			break;
	}
	judge(&tally, reading);
}

/*
 * Adds a record to the tally.  A record that is wider than the header only by
 * delimiters at its end is as wide as the header.
 */
static void
tally_record(Tally *tally, const CbCsvRecord *record)
{
	size_t		width = record->cell_count;
	size_t		clean = 0;
	size_t		i;

	for (i = 0; i < record->kept_count; i++)
		clean += is_clean(&record->cells[i]);
	if (tally->records > 0 && width > tally->first[0].width &&
		record->filled_count <= tally->first[0].width)
		width = tally->first[0].width;
	if (tally->records <= TITLES_MAX)
	{
		First	   *first = &tally->first[tally->records];

		first->width = width;
		first->cells = record->kept_count;
		first->clean = clean;
		first->is_clean = clean == width && record->filled_count == width;
	}
	if (width > CB_CSV_CELLS_MAX)
		width = CB_CSV_CELLS_MAX;

	tally->records++;
	tally->widths[width]++;
	tally->cells += record->kept_count;
	tally->clean += clean;
	tally->problems += (record->problem == CB_CSV_TEXT_AFTER_QUOTE ||
						record->problem == CB_CSV_UNTERMINATED_QUOTE);
}

/*
 * Whether a cell looks like one, and not like a piece of another or like
 * several.
 */
static bool
is_clean(const CbCsvCell *cell)
{
	const char *begin = cell->ptr;
	const char *end = begin + cell->len;
	const char *p;

	if (cell->quoted || cell->len == 0)
		return true;
	if (*begin == ' ' || end[-1] == ' ')
		return false;
	for (p = begin; p < end; p++)
	{
		if (*p == '"' || *p == ';' || *p == '\t' || *p == '|')
			return false;
		if (*p == ',' && !is_text_comma(p, begin, end))
			return false;
	}
	return true;
}

/*
 * Whether the comma at p is one of running text or of a number.
 */
static bool
is_text_comma(const char *p, const char *begin, const char *end)
{
	if (p + 1 == end)
		return false;
	if (p[1] == ' ')
		return true;
	return p > begin && p[-1] >= '0' && p[-1] <= '9' &&
		p[1] >= '0' && p[1] <= '9';
}

static void
judge(const Tally *tally, Reading *reading)
{
	const First *header = &tally->first[0];
	size_t		records = tally->records;
	size_t		cells = tally->cells;
	size_t		clean = tally->clean;
	size_t		most = 0;
	size_t		width;

	memset(reading, 0, sizeof(*reading));
	reading->records = tally->records;
	reading->narrow = tally->widths[1];
	reading->good_header = (header->width > 1 && header->is_clean);
	for (width = 2; width <= CB_CSV_CELLS_MAX; width++)
	{
		if (tally->widths[width] > most)
		{
			most = tally->widths[width];
			reading->columns = width;
		}
	}
	if (most == 0)
		return;

	if (most > 1)
		header = skip_titles(tally, reading->columns, &records, &cells, &clean);
	reading->quality = (double) most / (double) records *
		(0.4 + 0.6 * (double) clean / (double) cells) *
		(1 - 0.8 * (double) tally->problems / (double) tally->records);
	if (reading->columns != header->width)
		reading->quality *= 0.5;
	else if (!header->is_clean)
		reading->quality *= 0.9;
	reading->score = reading->quality *
		(1 - 0.3 / (double) reading->columns);
}

/*
 * The header: the first record, or the first that is as wide as the table where all
 * before it are narrower, and then those are taken out of the counts.
 */
static const First *
skip_titles(const Tally *tally, size_t columns, size_t *records, size_t *cells,
			size_t *clean)
{
	size_t		n = 0;
	size_t		i;

	while (n <= TITLES_MAX && n < tally->records && tally->first[n].width < columns)
		n++;
	if (n > TITLES_MAX || n == tally->records || tally->first[n].width != columns ||
		!tally->first[n].is_clean)
		return &tally->first[0];
	for (i = 0; i < n; i++)
	{
		*cells -= tally->first[i].cells;
		*clean -= tally->first[i].clean;
	}
	*records -= n;
	return &tally->first[n];
}

/*
 * Fills the guess from a reading per candidate.
 */
static void
choose(const Reading *readings, CbCsvGuess *guess)
{
	int			best = 0;
	int			second = -1;
	int			i;

	for (i = 1; i < CANDIDATES; i++)
	{
		if (readings[i].score > readings[best].score)
			best = i;
	}
	for (i = 0; i < CANDIDATES; i++)
	{
		if (i != best && readings[i].score > 0 &&
			(second < 0 || readings[i].score > readings[second].score))
			second = i;
	}
	if (readings[best].score <
		(readings[best].good_header ? DAMAGED_SCORE : TABLE_SCORE))
	{
		choose_single_column(readings, readings[best].score, guess);
		if (readings[best].score > 0)
		{
			guess->runner_up = candidates[best];
			guess->runner_up_confidence =
				(int) (100 * readings[best].score + 0.5);
		}
		return;
	}

	guess->method = CB_CSV_BY_WIDTH;
	guess->dialect.delimiter = candidates[best];
	guess->columns = readings[best].columns;
	guess->confidence = (int) (100 * readings[best].quality + 0.5);
	if (second >= 0)
	{
		double		rival = readings[second].score / readings[best].score / 2;

		guess->confidence =
			(int) (100 * readings[best].quality * (1 - rival) + 0.5);
		guess->runner_up = candidates[second];
		guess->runner_up_confidence =
			(int) (100 * readings[second].quality * rival + 0.5);
	}
}

/*
 * Takes the delimiter that fewest records have, and of those the usual one.
 */
static void
choose_single_column(const Reading *readings, double best, CbCsvGuess *guess)
{
	int			fewest = CANDIDATES - 1;
	int			i;

	for (i = CANDIDATES - 2; i >= 0; i--)
	{
		if (readings[i].narrow > readings[fewest].narrow)
			fewest = i;
	}
	guess->dialect.delimiter = candidates[fewest];
	if (readings[fewest].records == 0)
		return;
	guess->method = CB_CSV_BY_SINGLE_COLUMN;
	guess->columns = 1;
	guess->confidence = (int) (100 * (1 - best) + 0.5);
}

static bool
has_backslashed_quote(const char *bytes, size_t len)
{
	const char *end = bytes + len;
	const char *p = bytes;

	while (p < end && (p = memchr(p, '\\', (size_t) (end - p))) != NULL)
	{
		if (p + 1 < end && p[1] == '"')
			return true;
		p++;
	}
	return false;
}

/*
 * How many records of the file have misplaced quotes.
 */
static size_t
count_problems(const char *bytes, size_t len, const CbCsvDialect *dialect)
{
	CbCsvReader reader;
	CbCsvRecord record;
	size_t		count = 0;

	cb_csv_init(&reader, bytes, len, dialect, NULL);
	while (cb_csv_next_record(&reader, &record))
		count += (record.problem == CB_CSV_TEXT_AFTER_QUOTE ||
				  record.problem == CB_CSV_UNTERMINATED_QUOTE);
	return count;
}
