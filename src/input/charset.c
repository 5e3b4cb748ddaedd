/*-------------------------------------------------------------------------
 *
 * charset.c
 *		Which encoding a file of text is in.
 *
 * From what proves an encoding to what only suggests it:
 *
 *		byte order mark -> NULs of UTF-16 -> all of it UTF-8 -> its letters
 *
 * The letters are judged in the cells that are not ASCII alone, each once: the
 * mass of ASCII in a list of people misleads every statistic.  Each encoding is
 * scored by how probable it makes these cells (charset_score.h); what uchardet
 * says counts as one more witness, and is followed where ours know nothing.
 * Then every byte of the file, not only of the cells judged, must exist in it.
 *
 * Nothing here needs a server: a fuzzer can call it.
 *
 *-------------------------------------------------------------------------
 */
#include "input/charset.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <uchardet/uchardet.h>

#include "input/charset_score.h"
#include "input/utf16.h"

#define DAMAGES			1000	/* bytes; more of them are no UTF-8 */
#define CELLS_BYTES		32768	/* bytes of distinct cells that are judged */
#define CELL_MAX		256		/* bytes of a cell that are judged */
#define SEEN_SLOTS		8192	/* hashes of cells; more than there can be */

/* Logarithms, as in charset_score.h. */
#define WITNESS			1.5		/* uchardet says so too */
#define BYTE_MISSING	(-8.0)	/* the file has a byte that does not exist */
#define KNOWS_NOTHING	(-11.0) /* per byte that is not ASCII: worse is no
								 * language of ours */
#define CONFIDENCE_IN_NOTHING	20
#define ASCII_COSTS		(-3.0)	/* per byte that is */

/* The cells that are not ASCII, each once and ended by a line feed. */
typedef struct Cells
{
	char		bytes[CELLS_BYTES];
	size_t		len;
	int			nhigh;			/* bytes that are not ASCII */
	uint32_t	seen[SEEN_SLOTS];
	size_t		has[128];		/* how often the whole file has each byte */
} Cells;

/* The best candidate, and how far it is ahead of what reads otherwise. */
typedef struct Choice
{
	const CbCharsetCandidate *best;
	CbCharsetScore score;
	double		ahead;
} Choice;

static bool has_mark(const char *bytes, size_t len, CbCharset *charset);
static bool has_wide_nuls(const char *bytes, size_t len, CbCharset *charset);
static bool has_escapes(const char *bytes, size_t len, CbCharset *charset);
static bool is_nearly_utf8(const char *bytes, size_t len);
static void set(CbCharset *charset, const CbEncoding *encoding,
				CbCharsetMethod method, int confidence);
static void collect(const char *bytes, size_t len, Cells *cells,
					CbCharset *charset);
static bool ends_cell(char c);
static void take_cell(const char *bytes, size_t from, size_t to,
					  Cells *cells, CbCharset *charset);
static bool is_new(Cells *cells, const char *cell, size_t len);
static void detect_by_letters(const Cells *cells, CbCharset *charset);
static const CbEncoding *ask_uchardet(const char *bytes, size_t len);
static void choose(const Cells *cells, const CbEncoding *witness,
				   Choice *choice);
static double missing_bytes(const Cells *cells, const CbCharsetScore *score);
static bool reads_alike(const Cells *cells, const CbCharsetScore *a,
						const CbCharsetScore *b);
static int	confidence_of(const Choice *choice);

void
cb_charset_detect(const char *bytes, size_t len, CbCharset *charset)
{
	Cells	   *cells;
	bool		ascii;
	size_t		good;

	memset(charset, 0, sizeof(*charset));
	if (has_wide_nuls(bytes, len, charset) || has_escapes(bytes, len, charset))
		return;
	good = cb_utf8_span(bytes, len, &ascii);
	if (good == len && ascii)
	{
		set(charset, cb_charset_find("UTF8"), CB_CHARSET_DEFAULT, 100);
		return;
	}
	cells = calloc(1, sizeof(Cells));
	if (cells != NULL)
		collect(bytes, len, cells, charset);
	if (has_mark(bytes, len, charset))
		;						/* which says more than the bytes behind it */
	else if (good == len)
		set(charset, cb_charset_find("UTF8"), CB_CHARSET_UTF8, 100);
	else if (is_nearly_utf8(bytes, len))
		set(charset, cb_charset_find("UTF8"), CB_CHARSET_DETECTED, 75);
	else
		detect_by_letters(cells, charset);
	free(cells);
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
set(CbCharset *charset, const CbEncoding *encoding, CbCharsetMethod method,
	int confidence)
{
	charset->encoding = encoding;
	charset->method = method;
	charset->confidence = confidence;
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
		set(charset, cb_charset_find(marks[i].encoding), CB_CHARSET_BOM, 100);
		return true;
	}
	return false;
}

/*
 * UTF-16 and UTF-32.  Without a mark by their NULs: delimiters, digits and ends
 * of lines are ASCII in any file, and all their NULs are at the same end.  The
 * other end may have fewer, U+3000 being a blank that people type.
 */
static bool
has_wide_nuls(const char *bytes, size_t len, CbCharset *charset)
{
	size_t		nuls[4] = {0};
	size_t		bad;
	size_t		i;
	bool		big_endian;

	if (len >= 4 && memcmp(bytes, "\0\0\xFE\xFF", 4) == 0)
		set(charset, cb_charset_find("UTF-32BE"), CB_CHARSET_BOM, 100);
	else if (len >= 4 && memcmp(bytes, "\xFF\xFE\0\0", 4) == 0)
		set(charset, cb_charset_find("UTF-32LE"), CB_CHARSET_BOM, 100);
	else if (len >= 2 && memcmp(bytes, "\xFE\xFF", 2) == 0)
		set(charset, cb_charset_find("UTF16BE"), CB_CHARSET_BOM, 100);
	else if (len >= 2 && memcmp(bytes, "\xFF\xFE", 2) == 0)
		set(charset, cb_charset_find("UTF16LE"), CB_CHARSET_BOM, 100);
	if (charset->encoding != NULL)
		return true;

	if (len < 4 || memchr(bytes, '\0', len) == NULL)
		return false;
	for (i = 0; i < len; i++)
		nuls[i % 4] += bytes[i] == '\0';
	if (nuls[0] + nuls[1] + nuls[2] + nuls[3] > len / 2)
	{
		if (nuls[0] > len / 5 && nuls[1] > len / 5)
			set(charset, cb_charset_find("UTF-32BE"), CB_CHARSET_UTF16, 95);
		else if (nuls[2] > len / 5 && nuls[3] > len / 5)
			set(charset, cb_charset_find("UTF-32LE"), CB_CHARSET_UTF16, 95);
		return charset->encoding != NULL;
	}
	big_endian = nuls[0] + nuls[2] > nuls[1] + nuls[3];
	if (big_endian ? nuls[1] + nuls[3] > (nuls[0] + nuls[2]) * 3 / 4 :
		nuls[0] + nuls[2] > (nuls[1] + nuls[3]) * 3 / 4)
		return false;
	if ((nuls[0] + nuls[1] + nuls[2] + nuls[3]) < len / 40)
		return false;
	(void) cb_utf16_to_utf8(bytes, len, big_endian, NULL, &bad);
	if (len - bad > 1)
		return false;
	set(charset, cb_charset_find(big_endian ? "UTF16BE" : "UTF16LE"),
		CB_CHARSET_UTF16, 95);
	return true;
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
	encoding = ask_uchardet(bytes, len);
	if (encoding == NULL || strncmp(encoding->name, "ISO-2022", 8) != 0)
		return false;
	set(charset, encoding, CB_CHARSET_DETECTED, 95);
	return true;
}

/*
 * Is nearly all that is not ASCII UTF-8?  Then the rest is damage, and to be
 * shown as such: a file that is something else has next to none by chance.
 */
static bool
is_nearly_utf8(const char *bytes, size_t len)
{
	size_t		good = 0;
	size_t		bad = 0;
	size_t		at = 0;

	while (at < len)
	{
		bool		ascii;
		size_t		end = at + cb_utf8_span(bytes + at, len - at, &ascii);

		for (; at < end; at++)
			good += (unsigned char) bytes[at] >= 0xC0;
		if (at < len && ++bad > good + DAMAGES)
			return false;
		at++;
	}
	return good >= 4 && good >= 20 * bad;
}

/*
 * Takes the cells that are not ASCII from a file, some of them as samples.
 */
static void
collect(const char *bytes, size_t len, Cells *cells, CbCharset *charset)
{
	size_t		start = 0;
	size_t		at;
	bool		high = false;

	for (at = 0; at < len; at++)
	{
		unsigned char c = (unsigned char) bytes[at];

		if (c >= 0x80)
		{
			high = true;
			cells->has[c - 0x80]++;
		}
		else if (ends_cell(bytes[at]))
		{
			if (high)
				take_cell(bytes, start, at, cells, charset);
			start = at + 1;
			high = false;
		}
	}
	if (high)
		take_cell(bytes, start, len, cells, charset);
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
take_cell(const char *bytes, size_t from, size_t to,
		  Cells *cells, CbCharset *charset)
{
	size_t		len;

	while (from < to && bytes[from] == ' ')
		from++;
	while (to > from && bytes[to - 1] == ' ')
		to--;
	len = to - from > CELL_MAX ? CELL_MAX : to - from;
	if (cells->len + len + 1 > CELLS_BYTES || !is_new(cells, bytes + from, len))
		return;
	memcpy(cells->bytes + cells->len, bytes + from, len);
	cells->len += len;
	cells->bytes[cells->len++] = '\n';
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
is_new(Cells *cells, const char *cell, size_t len)
{
	uint32_t	hash = UINT32_C(2166136261);
	size_t		slot;
	size_t		i;

	for (i = 0; i < len; i++)
		hash = (hash ^ (unsigned char) cell[i]) * UINT32_C(16777619);
	hash |= 1;
	for (slot = hash >> 1; cells->seen[slot % SEEN_SLOTS] != 0; slot++)
	{
		if (cells->seen[slot % SEEN_SLOTS] == hash)
			return false;
	}
	cells->seen[slot % SEEN_SLOTS] = hash;
	return true;
}

/*
 * Without memory to judge by, what most files are.
 */
static void
detect_by_letters(const Cells *cells, CbCharset *charset)
{
	const CbEncoding *witness;
	Choice		choice;

	memset(&choice, 0, sizeof(choice));
	set(charset, cb_charset_find("WIN1252"), CB_CHARSET_DEFAULT, 0);
	if (cells == NULL)
		return;
	witness = ask_uchardet(cells->bytes, cells->len);
	choose(cells, witness, &choice);
	if (choice.best == NULL)
		return;
	if (choice.score.total < KNOWS_NOTHING * cells->nhigh +
		ASCII_COSTS * ((double) cells->len - cells->nhigh))
		set(charset, witness != NULL ? witness : &choice.best->encoding,
			CB_CHARSET_DETECTED, CONFIDENCE_IN_NOTHING);
	else
		set(charset, &choice.best->encoding, CB_CHARSET_DETECTED,
			confidence_of(&choice));
}

/*
 * What uchardet says, with ISO 8859-1 as the Windows code page that it is in
 * every spreadsheet, and EUC-KR likewise.  NULL when it does not know.
 */
static const CbEncoding *
ask_uchardet(const char *bytes, size_t len)
{
	uchardet_t	detector = uchardet_new();
	const CbEncoding *found = NULL;

	if (detector == NULL)
		return NULL;
	if (uchardet_handle_data(detector, bytes, len) == 0)
	{
		uchardet_data_end(detector);
		found = cb_charset_find(uchardet_get_charset(detector));
	}
	uchardet_delete(detector);
	if (found == cb_charset_find("LATIN1"))
		return cb_charset_find("WIN1252");
	if (found == cb_charset_find("EUC_KR"))
		return cb_charset_find("UHC");
	return found;
}

/*
 * Finds the candidate with the best score, none when memory is short.  One that reads the file alike but
 * stands further down the list is no rival.
 */
static void
choose(const Cells *cells, const CbEncoding *witness, Choice *choice)
{
	CbCharsetModels *models = cb_charset_models_create();
	const CbCharsetCandidate *c;

	if (models == NULL)
		return;
	for (c = cb_charset_candidates; c->encoding.name != NULL; c++)
	{
		CbCharsetScore score;
		bool		alike;

		if (c->prior > 0 ||
			!cb_charset_score(models, c, cells->bytes, cells->len, &score))
			continue;
		score.total += missing_bytes(cells, &score);
		if (witness == &c->encoding)
			score.total += WITNESS;
		alike = choice->best != NULL && reads_alike(cells, &choice->score, &score);
		if (choice->best == NULL)
			choice->ahead = -KNOWS_NOTHING;
		else if (alike)
		{
			choice->score.total = fmax(choice->score.total, score.total);
			continue;
		}
		else if (score.total <= choice->score.total)
		{
			choice->ahead = fmin(choice->ahead, choice->score.total - score.total);
			continue;
		}
		else
			choice->ahead = score.total - choice->score.total;
		choice->best = c;
		choice->score = score;
	}
	cb_charset_models_free(models);
}

/*
 * What a candidate pays for bytes of the file that it does not have.
 */
static double
missing_bytes(const Cells *cells, const CbCharsetScore *score)
{
	double		sum = 0;
	int			i;

	for (i = 0; score->has_table && i < 128; i++)
	{
		if (cells->has[i] > 0 &&
			(score->table[i] == 0xFFFD || score->table[i] < 0xA0))
			sum += BYTE_MISSING;
	}
	return sum;
}

/*
 * Are all bytes of the file the same characters in both?
 */
static bool
reads_alike(const Cells *cells, const CbCharsetScore *a, const CbCharsetScore *b)
{
	int			i;

	if (!a->has_table || !b->has_table)
		return false;
	for (i = 0; i < 128; i++)
	{
		if (cells->has[i] > 0 && a->table[i] != b->table[i])
			return false;
	}
	return true;
}

/*
 * 50 when the next best is as good; near to 100 when it is far behind.
 */
static int
confidence_of(const Choice *choice)
{
	int			confidence = (int) (50 + 50 * (1 - exp(-choice->ahead / 6)));

	return confidence > 99 ? 99 : confidence;
}
