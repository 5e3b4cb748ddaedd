/*-------------------------------------------------------------------------
 *
 * csv.c
 *		The records of a CSV file, one at a time.
 *
 * What is accepted and how malformed input reads is said in csv.h.
 *
 * A byte is looked up in a table of what it may mean, so the two inner loops,
 * one inside quotes and one outside, stop only where something happens.
 *
 * Work stays linear although an opening quote may turn out to be text and its
 * line be read again.  Between that quote and the place where the search for
 * its end gave up, quotes come in pairs; when the line is read again, a cell
 * there that begins with a quote therefore ends within the same run of quotes.
 * So no byte is searched for the end of a cell more than twice.
 *
 * Nothing here needs a server: a fuzzer can call it.
 *
 *-------------------------------------------------------------------------
 */
#include "input/csv.h"

#include <string.h>

/* What a byte may mean. */
#define DELIMITER	0x01
#define LINE_END	0x02
#define QUOTE		0x04
#define BACKSLASH	0x08
#define NUL			0x10
#define BLANK		0x20

#define ENDS_PLAIN	(DELIMITER | LINE_END | NUL)
#define ENDS_QUOTED	(QUOTE | LINE_END | BACKSLASH | NUL)

/* Shorter pieces are copied faster than memcpy is called. */
#define SHORT_PIECE	16			/* bytes */

/* A quoted cell being read. */
typedef struct Quoted
{
	const char *p;				/* where reading is */
	const char *piece;			/* the value from here on is not yet copied */
	size_t		line;			/* of p */
	size_t		nul_line;		/* of the first NUL byte, or 0 */
	size_t		value;			/* where the value begins in the room */
	bool		copied;			/* the value is, at least in part, there */
} Quoted;

static bool skip_to_record(CbCsvReader *reader);
static bool is_comment(const CbCsvReader *reader, const char *p);
static inline const char *read_cell(CbCsvReader *reader, CbCsvRecord *record,
									const char *p);
static const char *read_quoted(CbCsvReader *reader, CbCsvRecord *record,
							   const char *open);
static bool find_closing_quote(CbCsvReader *reader, Quoted *quoted);
static void read_rest(CbCsvReader *reader, CbCsvRecord *record,
					  Quoted *quoted);
static void end_quoted(CbCsvReader *reader, CbCsvRecord *record,
					   const char *open, const Quoted *quoted);
static inline const char *find_plain_end(const CbCsvReader *reader,
										 CbCsvRecord *record, const char *p);
static inline void add_cell(CbCsvReader *reader, CbCsvRecord *record,
							const char *ptr, size_t len, size_t blanks,
							bool quoted);
static inline void note_problem(CbCsvRecord *record, CbCsvProblem problem,
								size_t line);
static inline void copy_piece(CbCsvReader *reader, const char *from, size_t len);
static inline const char *skip_blanks(const CbCsvReader *reader, const char *p);
static inline const char *skip_line_end(const char *p, const char *end);

/* What the byte at p may mean. */
static inline unsigned char
kind_of(const CbCsvReader *reader, const char *p)
{
	return reader->kinds[(unsigned char) *p];
}

/*
 * Begins to read len bytes, which must stay until the last record is used.
 *
 * With NULL as room a cell that needs unescaping is what stands between its
 * quotes in the input: good enough to count and to compare widths.
 */
void
cb_csv_init(CbCsvReader *reader, const char *bytes, size_t len,
			const CbCsvDialect *dialect, CbCsvRoom *room)
{
	const char *end = bytes + len;
	const char *mark = cb_csv_skip_mark(bytes, end);
	char		ignored;

	if (end > mark && end[-1] == 0x1A &&
		(end - mark == 1 || end[-2] == '\n' || end[-2] == '\r'))
		end--;

	memset(reader, 0, offsetof(CbCsvReader, cells));
	reader->start = bytes;
	reader->next = cb_csv_skip_sep_line(mark, end, &ignored);
	reader->end = end;
	reader->line = (reader->next == mark) ? 1 : 2;
	reader->room = room;
	reader->dialect = *dialect;

	reader->kinds[' '] = BLANK;
	reader->kinds['\t'] = BLANK;
	reader->kinds['\0'] = NUL;
	reader->kinds['\r'] = LINE_END;
	reader->kinds['\n'] = LINE_END;
	reader->kinds['"'] = QUOTE;
	if (dialect->backslash)
		reader->kinds['\\'] = BACKSLASH;
	reader->kinds[(unsigned char) dialect->delimiter] = DELIMITER;
}

/*
 * Reads the next record, or returns false when there is none.  What the last
 * one pointed to is no longer valid then.
 */
bool
cb_csv_next_record(CbCsvReader *reader, CbCsvRecord *record)
{
	const char *const end = reader->end;
	const char *begin;
	const char *p;

	memset(record, 0, sizeof(*record));
	record->cells = reader->cells;
	if (!skip_to_record(reader))
		return false;
	begin = reader->next;
	record->line = reader->line;
	record->offset = (size_t) (begin - reader->start);
	reader->room_used = 0;

	p = read_cell(reader, record, begin);
	while (p < end && kind_of(reader, p) == DELIMITER)
		p = read_cell(reader, record, p + 1);

	record->len = (size_t) (p - begin);
	if (p < end)
	{
		p = skip_line_end(p, end);
		reader->line++;
	}
	reader->next = p;
	reader->record_count++;
	return true;
}

/*
 * Passes lines that are no records; false at the end of the input.
 */
static bool
skip_to_record(CbCsvReader *reader)
{
	const char *const end = reader->end;
	const char *line = reader->next;
	const char *p = line;
	size_t		blanks = 0;
	size_t		comments = 0;
	size_t		lines = 0;

	for (;; line = p)
	{
		for (; p < end && *p == '\n'; lines++, blanks++)
			line = ++p;
		while (p < end && kind_of(reader, p) == BLANK)
			p++;
		if (p == end || kind_of(reader, p) == LINE_END)
			blanks += (p > line || p < end);
		else if (is_comment(reader, line))
		{
			while (p < end && kind_of(reader, p) != LINE_END)
				p++;
			comments++;
		}
		else
			break;
		if (p == end)
			break;
		p = skip_line_end(p, end);
		lines++;
	}
	reader->blank_count += blanks;
	reader->comment_count += comments;
	reader->line += lines;
	reader->next = (p == end) ? end : line;
	return p < end;
}

/*
 * Whether the line at p is a comment, and not a header whose first column is
 * called #.
 */
static bool
is_comment(const CbCsvReader *reader, const char *p)
{
	if (*p != '#' || reader->dialect.keep_comments)
		return false;
	if (reader->record_count > 0 || reader->end - p < 3)
		return true;
	return p[1] != reader->dialect.delimiter ||
		(kind_of(reader, p + 2) & (DELIMITER | LINE_END | BLANK)) != 0;
}

/*
 * Reads the cell that begins at p.  Returns where its delimiter is, the end of
 * its line, or the end of the input.
 */
static inline const char *
read_cell(CbCsvReader *reader, CbCsvRecord *record, const char *p)
{
	const char *begin = p;
	const char *end;

	p = skip_blanks(reader, p);
	if (p < reader->end && kind_of(reader, p) == QUOTE)
	{
		end = read_quoted(reader, record, p);
		if (end != NULL)
			return end;
		note_problem(record, CB_CSV_UNTERMINATED_QUOTE, reader->line);
	}
	end = find_plain_end(reader, record, p);
	add_cell(reader, record, begin, (size_t) (end - begin),
			 (size_t) (p - begin), false);
	return end;
}

/*
 * Reads the cell whose opening quote is given.  Returns its end as read_cell
 * does, or NULL, with nothing done, when that quote has to be text.
 */
static const char *
read_quoted(CbCsvReader *reader, CbCsvRecord *record, const char *open)
{
	Quoted		quoted = {0};
	const char *end;

	quoted.p = quoted.piece = open + 1;
	quoted.line = reader->line;
	quoted.value = reader->room_used;
	if (!find_closing_quote(reader, &quoted))
	{
		reader->room_used = quoted.value;
		return NULL;
	}

	end = skip_blanks(reader, quoted.p + 1);
	if (end < reader->end &&
		(kind_of(reader, end) & (DELIMITER | LINE_END)) == 0)
	{
		if (quoted.line != reader->line)
		{
			reader->room_used = quoted.value;
			return NULL;
		}
		read_rest(reader, record, &quoted);
		end = quoted.p;
	}
	end_quoted(reader, record, open, &quoted);
	reader->line = quoted.line;
	return end;
}

/*
 * Goes on to the closing quote and unescapes what comes before it.  Returns
 * false when the input has none.
 */
static bool
find_closing_quote(CbCsvReader *reader, Quoted *quoted)
{
	const char *const end = reader->end;
	const char *p = quoted->p;

	for (;;)
	{
		while (p < end && (kind_of(reader, p) & ENDS_QUOTED) == 0)
			p++;
		if (p == end)
			return false;
		if (*p == '"')
		{
			size_t		run = 1;	/* quotes, of which each two are one */

			while (p + run < end && p[run] == '"')
				run++;
			if (run > 1)
			{
				copy_piece(reader, quoted->piece,
						   (size_t) (p - quoted->piece) + run / 2);
				quoted->copied = true;
				p += run - run % 2;
				quoted->piece = p;
			}
			if (run % 2 == 1)
				break;
		}
		else if (*p == '\\')
		{
			if (p + 1 < end && (p[1] == '"' || p[1] == '\\'))
			{
				copy_piece(reader, quoted->piece, (size_t) (p - quoted->piece));
				quoted->copied = true;
				p++;
				quoted->piece = p;
			}
			p++;
		}
		else if (*p == '\0')
		{
			if (quoted->nul_line == 0)
				quoted->nul_line = quoted->line;
			p++;
		}
		else
		{
			p = skip_line_end(p, end);
			quoted->line++;
		}
	}
	quoted->p = p;
	return true;
}

/*
 * Appends the text between a closing quote and the end of its cell.
 */
static void
read_rest(CbCsvReader *reader, CbCsvRecord *record, Quoted *quoted)
{
	const char *close = quoted->p;

	note_problem(record, CB_CSV_TEXT_AFTER_QUOTE, quoted->line);
	copy_piece(reader, quoted->piece, (size_t) (close - quoted->piece));
	quoted->copied = true;
	quoted->piece = close + 1;
	quoted->p = find_plain_end(reader, record, close + 1);
}

/*
 * Adds a quoted cell whose value ends at quoted->p.
 */
static void
end_quoted(CbCsvReader *reader, CbCsvRecord *record, const char *open,
		   const Quoted *quoted)
{
	if (quoted->nul_line > 0)
		note_problem(record, CB_CSV_NUL_BYTE, quoted->nul_line);
	if (!quoted->copied || reader->room == NULL)
	{
		add_cell(reader, record, open + 1, (size_t) (quoted->p - open - 1),
				 0, true);
		return;
	}
	copy_piece(reader, quoted->piece, (size_t) (quoted->p - quoted->piece));
	add_cell(reader, record, reader->room->bytes + quoted->value,
			 reader->room_used - quoted->value, 0, true);
}

/*
 * Where a cell ends that is not quoted, or not any more.
 */
static inline const char *
find_plain_end(const CbCsvReader *reader, CbCsvRecord *record, const char *p)
{
	const char *const end = reader->end;

	for (;;)
	{
		while (p < end && (kind_of(reader, p) & ENDS_PLAIN) == 0)
			p++;
		if (p == end || *p != '\0')
			return p;
		note_problem(record, CB_CSV_NUL_BYTE, reader->line);
		p++;
	}
}

/*
 * Adds a cell whose value is known to begin with so many blanks.
 */
static inline void
add_cell(CbCsvReader *reader, CbCsvRecord *record,
		 const char *ptr, size_t len, size_t blanks, bool quoted)
{
	if (record->kept_count < CB_CSV_CELLS_MAX)
	{
		CbCsvCell  *cell = &reader->cells[record->kept_count++];

		cell->ptr = ptr;
		cell->len = len;
		cell->quoted = quoted;
	}
	else
		note_problem(record, CB_CSV_TOO_MANY_CELLS, reader->line);
	record->cell_count++;
	while (blanks < len && kind_of(reader, ptr + blanks) == BLANK)
		blanks++;
	if (blanks < len)
		record->filled_count = record->cell_count;
}

/*
 * Notes a problem of the cell being read, unless the record had one before.
 */
static inline void
note_problem(CbCsvRecord *record, CbCsvProblem problem, size_t line)
{
	if (record->problem != CB_CSV_OK)
		return;
	record->problem = problem;
	record->problem_cell = record->cell_count;
	record->problem_line = line;
}

/*
 * Appends to the room, if there is one.
 */
static inline void
copy_piece(CbCsvReader *reader, const char *from, size_t len)
{
	char	   *to;
	size_t		i;

	if (reader->room == NULL)
		return;
	to = reader->room->bytes + reader->room_used;
	reader->room_used += len;
	if (reader->room->most < reader->room_used)
		reader->room->most = reader->room_used;
	if (len >= SHORT_PIECE)
		memcpy(to, from, len);
	else
		for (i = 0; i < len; i++)
			to[i] = from[i];
}

static inline const char *
skip_blanks(const CbCsvReader *reader, const char *p)
{
	while (p < reader->end && kind_of(reader, p) == BLANK)
		p++;
	return p;
}

/*
 * Behind the CR, LF or CRLF at p, or p when there is none.
 */
static inline const char *
skip_line_end(const char *p, const char *end)
{
	if (p < end && *p == '\r')
	{
		p++;
		return (p < end && *p == '\n') ? p + 1 : p;
	}
	return (p < end && *p == '\n') ? p + 1 : p;
}
