/*-------------------------------------------------------------------------
 *
 * charset.c
 *		Which encoding a file of text is in.
 *
 * From what proves an encoding to what only suggests it:
 *
 *		byte order mark -> NULs of UTF-16 -> most cells are UTF-8 -> letters
 *
 * A byte that UTF-8 does not have is damage of its cell as long as most cells are
 * UTF-8.  Otherwise the file is Windows-1252 unless its letters speak for another
 * encoding (charset_guess.h).  They are judged in the cells that are not ASCII
 * alone, each once: the mass of ASCII in a list of people misleads every
 * statistic.
 *
 * Nothing here needs a server: a fuzzer can call it.
 *
 *-------------------------------------------------------------------------
 */
#include "input/charset.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "input/charset_guess.h"
#include "input/utf16.h"

#define CELL_MAX		256		/* bytes of a cell that are judged */
#define ESCAPES_LOOK	65536	/* bytes behind the first escape */

#define FEW_CELLS		2		/* that can be UTF-8 by chance */
#define IMPLAUSIBLE		40		/* of CbCharsetFit, in tenths */

/* Cells of a file that are not ASCII: how many are UTF-8. */
typedef struct Counts
{
	size_t		good;
	size_t		weak;			/* that are, but a single character could be
								 * so by chance */
	size_t		bad;
	bool		has_letters;	/* ASCII, in cells that are UTF-8 */
	bool		is_certain;		/* has a character of three bytes */
	const char *few[FEW_CELLS]; /* the first that are UTF-8 */
	size_t		few_len[FEW_CELLS];
} Counts;

static void set(CbCharset *charset, const char *encoding,
				CbCharsetMethod method, int confidence);
static bool has_wide_mark(const char *bytes, size_t len, CbCharset *charset);
static bool has_wide_nuls(const char *bytes, size_t len, CbCharset *charset);
static bool is_utf32(const char *bytes, size_t len, bool big_endian);
static size_t count_utf16(const char *bytes, size_t len, bool big_endian);
static bool has_escapes(const char *bytes, size_t len, CbCharset *charset);
static bool has_mark(const char *bytes, size_t len, CbCharset *charset);
static bool is_mostly_utf8(const Counts *counts, CbCharset *charset);
static bool is_by_chance(const Counts *counts);
static void collect(const char *bytes, size_t len, bool is_utf8, Counts *counts,
					CbCharsetCells *cells, CbCharset *charset);
static bool ends_cell(char c);
static void count_cell(const char *cell, size_t len, Counts *counts);
static void take_cell(const char *bytes, size_t from, size_t to,
					  CbCharsetCells *cells, CbCharset *charset);
static bool is_new(CbCharsetCells *cells, const char *cell, size_t len);

void
cb_charset_detect(const char *bytes, size_t len, CbCharset *charset)
{
	CbCharsetCells *cells;
	Counts		counts;
	bool		ascii;
	size_t		good;

	memset(charset, 0, sizeof(*charset));
	if (has_wide_mark(bytes, len, charset) || has_wide_nuls(bytes, len, charset) ||
		has_escapes(bytes, len, charset))
		return;
	len = cb_charset_text_len(bytes, len, NULL);
	good = cb_utf8_span(bytes, len, &ascii);
	if (good == len && ascii)
	{
		set(charset, "UTF8", CB_CHARSET_DEFAULT, 100);
		return;
	}
	cells = calloc(1, sizeof(CbCharsetCells));
	collect(bytes, len, good == len, &counts, cells, charset);
	if (has_mark(bytes, len, charset))
		;						/* which says more than the bytes behind it */
	else if (good == len && (counts.has_letters || !is_by_chance(&counts)))
		set(charset, "UTF8", CB_CHARSET_UTF8, 100);
	else if (!is_mostly_utf8(&counts, charset) || is_by_chance(&counts))
		cb_charset_guess(cells, charset);
	free(cells);
}

size_t
cb_charset_text_len(const char *bytes, size_t len, const CbEncoding *encoding)
{
	size_t		unit = 1;
	size_t		end = len;

	if (encoding != NULL && strncmp(encoding->name, "UTF16", 5) == 0)
		unit = 2;
	else if (encoding != NULL && strncmp(encoding->name, "UTF-32", 6) == 0)
		unit = 4;
	while (end > 0 && bytes[end - 1] == '\0')
		end--;
	end += (unit - end % unit) % unit;
	return end < len ? end : len;
}

const char *
cb_charset_method_name(CbCharsetMethod method)
{
	static const char *const names[] = {
		[CB_CHARSET_BOM] = "bom",
		[CB_CHARSET_UTF8] = "utf8",
		[CB_CHARSET_UTF16] = "utf16",
		[CB_CHARSET_DETECTED] = "detected",
		[CB_CHARSET_DEFAULT] = "default",
	};

	return names[method];
}

static void
set(CbCharset *charset, const char *encoding, CbCharsetMethod method,
	int confidence)
{
	charset->encoding = cb_charset_find(encoding);
	charset->method = method;
	charset->confidence = confidence;
}

static bool
has_wide_mark(const char *bytes, size_t len, CbCharset *charset)
{
	if (len >= 4 && memcmp(bytes, "\0\0\xFE\xFF", 4) == 0)
		set(charset, "UTF-32BE", CB_CHARSET_BOM, 100);
	else if (len >= 4 && memcmp(bytes, "\xFF\xFE\0\0", 4) == 0)
		set(charset, "UTF-32LE", CB_CHARSET_BOM, 100);
	else if (len >= 2 && memcmp(bytes, "\xFE\xFF", 2) == 0)
		set(charset, "UTF16BE", CB_CHARSET_BOM, 100);
	else if (len >= 2 && memcmp(bytes, "\xFF\xFE", 2) == 0)
		set(charset, "UTF16LE", CB_CHARSET_BOM, 100);
	return charset->encoding != NULL;
}

/*
 * UTF-16 and UTF-32 without a mark, by their NULs.  Those that pad the end of a
 * file tell nothing.
 */
static bool
has_wide_nuls(const char *bytes, size_t len, CbCharset *charset)
{
	size_t		little;
	size_t		big;

	len = cb_charset_text_len(bytes, len, cb_charset_find("UTF-32LE"));
	if (len < 4 || memchr(bytes, '\0', len) == NULL)
		return false;
	little = count_utf16(bytes, len, false);
	big = count_utf16(bytes, len, true);
	if (is_utf32(bytes, len, false))
		set(charset, "UTF-32LE", CB_CHARSET_UTF16, 95);
	else if (is_utf32(bytes, len, true))
		set(charset, "UTF-32BE", CB_CHARSET_UTF16, 95);
	else if (little > 0 && little >= big)
		set(charset, "UTF16LE", CB_CHARSET_UTF16, 95);
	else if (big > 0)
		set(charset, "UTF16BE", CB_CHARSET_UTF16, 95);
	return charset->encoding != NULL;
}

/*
 * Are nearly all units of four bytes characters?
 */
static bool
is_utf32(const char *bytes, size_t len, bool big_endian)
{
	size_t		good = 0;
	size_t		i;

	for (i = 0; i + 4 <= len; i += 4)
	{
		unsigned char highest = (unsigned char) bytes[big_endian ? i : i + 3];
		unsigned char plane = (unsigned char) bytes[big_endian ? i + 1 : i + 2];

		good += highest == 0 && plane <= 3 &&
			(bytes[i + 1] != '\0' || bytes[big_endian ? i + 3 : i] != '\0' ||
			 bytes[i + 2] != '\0');
	}
	return good * 10 >= len / 4 * 9;
}

/*
 * How many ASCII characters UTF-16 has; 0 when the bytes are none.  Delimiters,
 * digits and ends of lines are ASCII in any file, and all their NULs are at the
 * same end.  The other end has fewer, U+3000 being a blank that people type, and
 * next to none of the signs that addresses and CSV consist of.
 */
static size_t
count_utf16(const char *bytes, size_t len, bool big_endian)
{
	size_t		ascii = 0;
	size_t		wrong_end = 0;
	size_t		signs = 0;
	size_t		nuls = 0;
	size_t		i;

	for (i = 0; i + 2 <= len; i += 2)
	{
		char		high = bytes[big_endian ? i : i + 1];
		char		low = bytes[big_endian ? i + 1 : i];

		ascii += high == '\0' && low > 0 && low < 0x7F;
		wrong_end += low == '\0' && high != '\0';
		nuls += low == '\0' && high == '\0';
		signs += high == ',' || high == ';' || high == '@' || high == '.' || high == '"';
	}
	return ascii >= 2 && ascii * 20 >= len && wrong_end * 4 <= ascii * 3 &&
		signs * 8 <= ascii && nuls * 4 <= ascii ? ascii : 0;
}

/*
 * Encodings that switch their characters by escapes, and are ASCII otherwise.
 */
static bool
has_escapes(const char *bytes, size_t len, CbCharset *charset)
{
	const char *escape = len == 0 ? NULL : memchr(bytes, '\033', len);
	const CbEncoding *encoding;

	if (escape == NULL)
		return false;
	len -= (size_t) (escape - bytes);
	encoding = cb_charset_ask(escape, len < ESCAPES_LOOK ? len : ESCAPES_LOOK);
	if (encoding == NULL || strncmp(encoding->name, "ISO-2022", 8) != 0)
		return false;
	set(charset, encoding->name, CB_CHARSET_DETECTED, 95);
	return true;
}

/*
 * Byte order marks of encodings with one byte per ASCII character.
 */
static bool
has_mark(const char *bytes, size_t len, CbCharset *charset)
{
	static const struct
	{
		const char *mark;
		size_t		len;
		const char *encoding;
	}			marks[] = {
		{"\xEF\xBB\xBF", 3, "UTF8"},
		{"\x84\x31\x95\x33", 4, "GB18030"},
	};
	size_t		i;

	for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
	{
		if (len < marks[i].len || memcmp(bytes, marks[i].mark, marks[i].len) != 0)
			continue;
		set(charset, marks[i].encoding, CB_CHARSET_BOM, 100);
		return true;
	}
	return false;
}

/*
 * Is at least half of what is not ASCII UTF-8?  A file that is something else has
 * next to none by chance, and a row that cannot be read is better than one that is
 * read wrong.
 */
static bool
is_mostly_utf8(const Counts *counts, CbCharset *charset)
{
	size_t		good = 2 * counts->good + counts->weak;
	size_t		bad = 2 * counts->bad;

	if (good == 0 || good < bad)
		return false;
	set(charset, "UTF8", CB_CHARSET_DETECTED, (int) (99 * good / (good + bad)));
	return true;
}

/*
 * Are there so few cells of UTF-8, and so odd ones, that they rather are two bytes of
 * Chinese or Korean?
 */
static bool
is_by_chance(const Counts *counts)
{
	size_t		i;

	if (counts->is_certain || counts->good + counts->weak > FEW_CELLS)
		return false;
	for (i = 0; i < counts->good + counts->weak; i++)
	{
		if (cb_charset_cost_of_utf8(counts->few[i], counts->few_len[i]) >= IMPLAUSIBLE)
			return true;
	}
	return false;
}

/*
 * Takes the cells that are not ASCII from a file, some of them as samples; of a file
 * that is UTF-8 only as many as there are samples.  cells may be NULL.
 */
static void
collect(const char *bytes, size_t len, bool is_utf8, Counts *counts,
		CbCharsetCells *cells, CbCharset *charset)
{
	size_t		start = 0;
	size_t		at;
	bool		high = false;

	memset(counts, 0, sizeof(Counts));
	for (at = 0; at <= len; at++)
	{
		if (at < len && (unsigned char) bytes[at] >= 0x80)
		{
			high = true;
			if (cells != NULL)
				cells->has[(unsigned char) bytes[at] - 0x80]++;
		}
		else if (at == len || ends_cell(bytes[at]))
		{
			if (high)
				count_cell(bytes + start, at - start, counts);
			if (high && cells != NULL)
				take_cell(bytes, start, at, cells, charset);
			start = at + 1;
			high = false;
			if (is_utf8 && charset->nsamples == CB_CHARSET_SAMPLES)
				return;
		}
	}
}

/*
 * None of these is the second byte of a character in any encoding.
 */
static bool
ends_cell(char c)
{
	return c == ',' || c == ';' || c == '\t' || c == '"' ||
		c == '\r' || c == '\n' || c == '\0';
}

static void
count_cell(const char *cell, size_t len, Counts *counts)
{
	size_t		n = counts->good + counts->weak;
	size_t		sequences = 0;
	bool		wide = false;	/* three bytes and more */
	size_t		letters = 0;	/* ASCII */
	size_t		bad = 0;
	size_t		at = 0;

	while (at < len)
	{
		bool		ascii;
		size_t		end = at + cb_utf8_span(cell + at, len - at, &ascii);

		for (; at < end; at++)
		{
			unsigned char c = (unsigned char) cell[at];

			sequences += c >= 0xC0;
			wide |= c >= 0xE0;
			letters += (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
		}
		bad += at < len;
		at++;
	}
	if (sequences < 2 * bad)
	{
		counts->bad++;
		return;
	}
	if (n < FEW_CELLS)
	{
		counts->few[n] = cell;
		counts->few_len[n] = len;
	}
	counts->has_letters |= letters > 0;
	counts->is_certain |= wide;
	if (sequences >= 2 || wide || letters > 0)
		counts->good++;
	else
		counts->weak++;
}

static void
take_cell(const char *bytes, size_t from, size_t to,
		  CbCharsetCells *cells, CbCharset *charset)
{
	size_t		len;

	while (from < to && bytes[from] == ' ')
		from++;
	while (to > from && bytes[to - 1] == ' ')
		to--;
	len = to - from > CELL_MAX ? CELL_MAX : to - from;
	if (cells->len + len + 1 > CB_CHARSET_CELLS_BYTES ||
		!is_new(cells, bytes + from, len))
		return;
	memcpy(cells->bytes + cells->len, bytes + from, len);
	cells->len += len;
	cells->bytes[cells->len++] = '\n';
	cells->n++;
	for (; from < to && len > 0; len--)
		cells->nhigh += (unsigned char) bytes[from + len - 1] >= 0x80;
	if (to - from <= CB_CHARSET_SAMPLE_MAX &&
		charset->nsamples < CB_CHARSET_SAMPLES)
	{
		CbCharsetSample *sample = &charset->samples[charset->nsamples++];

		sample->offset = from;
		sample->len = to - from;
	}
}

/*
 * Has no such cell been here?  By its hash alone: a cell that is dropped by
 * mistake costs nothing.
 */
static bool
is_new(CbCharsetCells *cells, const char *cell, size_t len)
{
	uint32_t	hash = UINT32_C(2166136261);
	size_t		slot;
	size_t		i;

	for (i = 0; i < len; i++)
		hash = (hash ^ (unsigned char) cell[i]) * UINT32_C(16777619);
	hash |= 1;
	for (slot = hash >> 1; cells->seen[slot % CB_CHARSET_SEEN_SLOTS] != 0; slot++)
	{
		if (cells->seen[slot % CB_CHARSET_SEEN_SLOTS] == hash)
			return false;
	}
	cells->seen[slot % CB_CHARSET_SEEN_SLOTS] = hash;
	return true;
}
