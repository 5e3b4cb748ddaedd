/*-------------------------------------------------------------------------
 *
 * csv.h
 *		The records of a CSV file, one at a time.  Needs no server.
 *
 * Accepted: RFC 4180, and what spreadsheets and HR systems really write.
 *
 *	- The input is UTF-8 or any other superset of ASCII; no byte from 0x80 up
 *	  means anything here.  A UTF-8 byte order mark at its start is skipped,
 *	  so is a first line "sep=;" (any delimiter that cb_csv_is_delimiter
 *	  allows, whichever the dialect names), and so is a last byte 0x1A that
 *	  stands alone on its line (the end-of-file mark of DOS).
 *	- CR, LF and CRLF end a line, in any mixture; the last line needs no end.
 *	  A line of nothing but blanks (spaces, and tabs unless they delimit) is
 *	  no record.  Neither is a comment: a line that begins with # where a
 *	  record would begin.  One exception: when no record has come yet and the
 *	  line reads "#", delimiter, more text, it is a header whose first column
 *	  is called #.  Both kinds of line are counted.
 *	- A cell is quoted when a double quote is its first character, not
 *	  counting blanks; it may then hold delimiters and line breaks.  Blanks
 *	  before the opening and behind the closing quote are dropped.  Inside, ""
 *	  is a quote; with dialect.backslash so is \", and \\ is a backslash.
 *	- A cell that is not quoted keeps its blanks, and its quotes are text.
 *
 * Malformed, and yet a record; record.problem is the first of its problems:
 *
 *	- CB_CSV_TEXT_AFTER_QUOTE: "ab"cd.  The rest up to the delimiter or the
 *	  end of line is appended as it stands, blanks and quotes too: abcd.
 *	- CB_CSV_UNTERMINATED_QUOTE: the opening quote has no end in the file, or
 *	  its end is on a later line and text follows it, so that it is rather the
 *	  beginning of another cell.  The opening quote is then text and its cell
 *	  is not quoted: the damage stays within the line.  problem_line is where
 *	  that quote stands.
 *	- CB_CSV_NUL_BYTE: the cell has it, as a byte like any other.
 *	- CB_CSV_TOO_MANY_CELLS: all are counted, CB_CSV_CELLS_MAX are kept.
 *
 * Ragged records are not judged here.  With a header of W cells, a record has
 * too few when cell_count < W and too many when filled_count > W: what is
 * beyond filled_count is empty and comes from trailing delimiters.  A record
 * with filled_count 0 is an empty row of a spreadsheet (";;;;").
 *
 * Work is linear in the length of the input, memory is the reader itself and
 * what the caller brings.  Nothing fails: malformed input is a value.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INPUT_CSV_H
#define CB_INPUT_CSV_H

#include <stdbool.h>
#include <stddef.h>

#define CB_CSV_CELLS_MAX	1024	/* cells of a record that are kept */

typedef struct CbCsvDialect
{
	char		delimiter;		/* see cb_csv_is_delimiter */
	bool		backslash;		/* \" inside a quoted cell is a quote */
	bool		keep_comments;	/* lines that begin with # are records */
} CbCsvDialect;

typedef enum CbCsvProblem
{
	CB_CSV_OK,
	CB_CSV_TEXT_AFTER_QUOTE,
	CB_CSV_UNTERMINATED_QUOTE,
	CB_CSV_NUL_BYTE,
	CB_CSV_TOO_MANY_CELLS
} CbCsvProblem;

/* The value of a cell: not ended by a NUL, valid until the next record. */
typedef struct CbCsvCell
{
	const char *ptr;
	size_t		len;			/* bytes */
	bool		quoted;
} CbCsvCell;

typedef struct CbCsvRecord
{
	const CbCsvCell *cells;		/* the reader's */
	size_t		kept_count;		/* of cells: at most CB_CSV_CELLS_MAX */
	size_t		cell_count;		/* that the record has; at least 1 */
	size_t		filled_count;	/* up to the last that has more than blanks */
	size_t		line;			/* physical line where it begins, from 1 */
	size_t		offset;			/* bytes of the input before it */
	size_t		len;			/* bytes, without its end of line */
	CbCsvProblem problem;
	size_t		problem_cell;	/* from 0; without a problem 0 */
	size_t		problem_line;	/* without a problem 0 */
} CbCsvRecord;

/*
 * Where cells are unescaped: as many bytes as the input has, though no more are
 * written than those of its longest record.
 */
typedef struct CbCsvRoom
{
	char	   *bytes;
	size_t		most;			/* bytes that have ever been written */
} CbCsvRoom;

/* The caller may read the counts, and nothing else. */
typedef struct CbCsvReader
{
	size_t		record_count;	/* given out so far */
	size_t		comment_count;	/* lines passed so far */
	size_t		blank_count;	/* lines passed so far */
	size_t		line;			/* where reading goes on, from 1 */

	const char *start;			/* of the input */
	const char *next;			/* not yet read */
	const char *end;
	CbCsvRoom  *room;			/* or NULL */
	size_t		room_used;
	CbCsvDialect dialect;
	unsigned char kinds[256];	/* what a byte may mean */
	CbCsvCell	cells[CB_CSV_CELLS_MAX];
} CbCsvReader;

extern void cb_csv_init(CbCsvReader *reader, const char *bytes, size_t len,
						const CbCsvDialect *dialect, CbCsvRoom *room);
extern bool cb_csv_next_record(CbCsvReader *reader, CbCsvRecord *record);

/* csv_start.c */
extern bool cb_csv_is_delimiter(char c);
extern const char *cb_csv_skip_mark(const char *bytes, const char *end);
extern const char *cb_csv_skip_sep_line(const char *bytes, const char *end,
										char *delimiter);

#endif							/* CB_INPUT_CSV_H */
