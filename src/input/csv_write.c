/*-------------------------------------------------------------------------
 *
 * csv_write.c
 *		Cells of a CSV file that no spreadsheet evaluates.
 *
 * What is defused, and why nothing is lost by it, is said in csv_write.h.
 *
 * Nothing here needs a server: a fuzzer can call it.
 *
 *-------------------------------------------------------------------------
 */
#include "input/csv_write.h"

#include <string.h>
#include <strings.h>

/* Characters of several bytes. */
#define FULL_WIDTH_PLUS		"\xEF\xBC\x8B"
#define FULL_WIDTH_MINUS	"\xEF\xBC\x8D"
#define FULL_WIDTH_EQUALS	"\xEF\xBC\x9D"
#define FULL_WIDTH_AT		"\xEF\xBC\xA0"

static bool needs_defusing(const char *p, const char *end, bool first);
static const char *skip_ignored(const char *p, const char *end);
static size_t ignored_bytes(const char *p, const char *end);
static bool is_trigger(const char *p, const char *end, bool first);
static size_t begins_with(const char *p, const char *end, const char *what);
static bool needs_quotes(char delimiter, bool first,
						 const char *in, size_t len);
static inline size_t put_byte(char c, char *out);

/* Whether a spreadsheet may begin a new cell behind c, whatever its settings. */
static inline bool
is_separator(char c)
{
	return c == ',' || c == ';' || c == '\t' || c == '|' ||
		c == '\n' || c == '\r';
}

/*
 * Writes a cell of UTF-8 to out, which has CB_CSV_CELL_ROOM(len) bytes, with
 * the delimiter before it unless it is the first of its record.  Returns how
 * many bytes.
 */
size_t
cb_csv_write_cell(char delimiter, bool first,
				  const char *in, size_t len, char *out)
{
	const char *end = in + len;
	const char *p;
	size_t		used = 0;
	bool		begins = true;
	bool		quotes = needs_quotes(delimiter, first, in, len);

	if (!first)
		out[used++] = delimiter;
	if (quotes)
		out[used++] = '"';
	for (p = in; p < end; p++)
	{
		if (begins && needs_defusing(p, end, p == in))
			out[used++] = '\'';
		begins = is_separator(*p);
		used += put_byte(*p, out + used);
	}
	if (quotes)
		out[used++] = '"';
	return used;
}

/*
 * Writes the end of a record to out, which has CB_CSV_END_ROOM bytes.  Returns
 * how many bytes.
 */
size_t
cb_csv_write_end(char *out)
{
	out[0] = '\r';
	out[1] = '\n';
	return 2;
}

/*
 * Writes in without what a spreadsheet would evaluate to out, which has
 * CB_CSV_DEFUSE_ROOM(len) bytes.  Returns how many bytes.
 */
size_t
cb_csv_defuse(const char *in, size_t len, char *out)
{
	const char *end = in + len;
	const char *p;
	size_t		used = 0;
	bool		begins = true;

	for (p = in; p < end; p++)
	{
		if (begins && needs_defusing(p, end, p == in))
			out[used++] = '\'';
		begins = is_separator(*p);
		out[used++] = *p;
	}
	return used;
}

/*
 * Writes what in was before it was defused to out, which has len bytes and may
 * be in itself.  Returns how many bytes.
 */
size_t
cb_csv_undefuse(const char *in, size_t len, char *out)
{
	const char *end = in + len;
	const char *p;
	size_t		used = 0;
	bool		begins = true;

	if (len >= 3 && in[0] == '=' && in[1] == '"' &&
		memchr(in + 2, '"', len - 2) == end - 1)
	{
		memmove(out, in + 2, len - 3);
		return len - 3;
	}
	for (p = in; p < end; p++)
	{
		if (begins && *p == '\'' && needs_defusing(p, end, p == in))
		{
			begins = false;
			continue;
		}
		begins = is_separator(*p);
		out[used++] = *p;
	}
	return used;
}

/*
 * Whether an apostrophe goes before p, where a cell begins or may be taken to
 * begin: whether a formula follows there, behind apostrophes, quotes and
 * blanks.
 */
static bool
needs_defusing(const char *p, const char *end, bool first)
{
	while (p < end && *p == '\'')
		p++;
	return is_trigger(skip_ignored(p, end), end, first);
}

/*
 * Passes what spreadsheets may ignore before a formula, and quotes, which are
 * gone when a spreadsheet splits the line in another way than we do.
 */
static const char *
skip_ignored(const char *p, const char *end)
{
	size_t		len;

	while ((len = ignored_bytes(p, end)) > 0)
		p += len;
	return p;
}

/*
 * The bytes of the character at p if it is a quote, a blank, a control
 * character (but for NUL and what ends a cell) or cannot be seen; else 0.
 */
static size_t
ignored_bytes(const char *p, const char *end)
{
	unsigned char third;

	if (p == end)
		return 0;
	if (*p == '"')
		return 1;
	if ((unsigned char) *p <= ' ')
		return (*p != '\0' && !is_separator(*p)) ? 1 : 0;
	if (begins_with(p, end, "\xC2\xA0") > 0 ||	/* no-break space */
		begins_with(p, end, "\xC2\xAD") > 0 ||	/* soft hyphen */
		begins_with(p, end, "\xC2\x85") > 0)	/* next line */
		return 2;
	if (begins_with(p, end, "\xE3\x80\x80") > 0 ||	/* ideographic space */
		begins_with(p, end, CB_CSV_BYTE_ORDER_MARK) > 0)
		return 3;
	if (end - p < 3)
		return 0;

	/* the spaces, marks of direction and joiners of U+2000 to U+206F */
	third = (unsigned char) p[2];
	if (begins_with(p, end, "\xE2\x80") > 0)
		return (third >= 0x80 && third <= 0x8F) ||
			(third >= 0xA8 && third <= 0xAF) ? 3 : 0;
	if (begins_with(p, end, "\xE2\x81") > 0)
		return (third >= 0x9F && third <= 0xAF) ? 3 : 0;
	return 0;
}

/*
 * Whether a formula begins at p.  Control characters count at the beginning of
 * a cell only; elsewhere they are the line breaks of its text.
 */
static bool
is_trigger(const char *p, const char *end, bool first)
{
	if (p == end)
		return false;
	switch (*p)
	{
		case '=':
		case '+':
		case '-':
		case '@':
			return true;
		case '\t':
		case '\r':
		case '\n':
		case '\0':
			return first;
		default:
			return begins_with(p, end, FULL_WIDTH_EQUALS) > 0 ||
				begins_with(p, end, FULL_WIDTH_PLUS) > 0 ||
				begins_with(p, end, FULL_WIDTH_MINUS) > 0 ||
				begins_with(p, end, FULL_WIDTH_AT) > 0;
	}
}

/*
 * The bytes of what, if it is at p; else 0.
 */
static size_t
begins_with(const char *p, const char *end, const char *what)
{
	size_t		len = strlen(what);

	return (size_t) (end - p) >= len && memcmp(p, what, len) == 0 ? len : 0;
}

/*
 * Whether the cell would not be read back as it is without quotes around it.
 */
static bool
needs_quotes(char delimiter, bool first, const char *in, size_t len)
{
	const char *end = in + len;
	const char *p;

	if (len == 0)
		return first;
	if ((unsigned char) in[0] <= ' ' || (unsigned char) end[-1] <= ' ' ||
		needs_defusing(in, end, true))
		return true;
	if (first && (in[0] == '#' ||
				  begins_with(in, end, CB_CSV_BYTE_ORDER_MARK) > 0 ||
				  (len >= 4 && strncasecmp(in, "sep=", 4) == 0)))
		return true;
	for (p = in; p < end; p++)
	{
		if (*p == '"' || *p == delimiter || is_separator(*p))
			return true;
	}
	return false;
}

/*
 * Writes one byte of a cell to out, a quote as two.  Returns how many bytes.
 */
static inline size_t
put_byte(char c, char *out)
{
	out[0] = c;
	if (c != '"')
		return 1;
	out[1] = c;
	return 2;
}
