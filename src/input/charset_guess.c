/*-------------------------------------------------------------------------
 *
 * charset_guess.c
 *		The encoding in which the cells of a file read best.
 *
 * Every candidate reads the same cells: those that are not ASCII.  A reading costs
 * what stands against it (charset_fit.h), and how seldom its encoding is met;
 * Windows-1252 is met most.  uchardet is a witness for one reading: asked about the
 * cells, and again about the same words in the ordinary encoding of their
 * languages, as it does not know those of DOS and of old Macintoshes.  It counts
 * where the bytes become letters that Windows-1252 does not have there, and little
 * where it has only a few bytes.
 *
 * Nothing here needs a server: a fuzzer can call it.
 *
 *-------------------------------------------------------------------------
 */
#include "input/charset_guess.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uchardet/uchardet.h>
#include <unicode/ucnv.h>
#include <unicode/ustring.h>

#include "input/charset_encodings.h"
#include "input/charset_fit.h"

#define FEW_CELLS			20	/* fewer are shown to uchardet again and
								 * again: it gives no answer about a handful
								 * of letters */
#define REPEATS				10
#define READINGS_MAX		40

/* Tenths, as in charset_fit.h. */
#define WITNESS				30	/* uchardet reads the cells so */
#define WITNESS_PER_BYTE	3	/* at most, of letters that are not Latin */
#define WITNESS_BYTES		3	/* fewer are not enough for uchardet */
#define BELIEVABLE			25	/* no witness counts for what costs more */
#define BYTE_MISSING		80	/* the file has a byte that does not exist */

/* The cells in one encoding. */
typedef struct Reading
{
	const CbCharsetCandidate *candidate;
	UChar	   *text;			/* malloc'ed */
	int32_t		units;
	UChar		table[128];		/* of the bytes from 0x80, of an encoding with
								 * one byte per character */
	bool		has_table;
	CbCharsetFit fit;
	int			total;			/* what stands against it, all in all */
} Reading;

static int	read_all(const CbCharsetCells *cells, CbCharsetLetters *letters,
					 Reading *readings);
static bool read_cells(const CbCharsetCandidate *candidate,
					   const CbCharsetCells *cells, Reading *reading);
static UChar *decode(const CbCharsetCandidate *candidate, const char *bytes,
					 size_t len, int32_t *units, UChar *table, bool *has_table);
static UConverter *open_converter(const char *names);
static void weigh(const CbCharsetCells *cells, Reading *readings, int n);
static int	missing_bytes(const CbCharsetCells *cells, const Reading *reading);
static bool can_have_witness(const Reading *reading, const Reading *first);
static int	weight_of_witness(const CbCharsetCells *cells, const Reading *reading);
static bool is_witnessed_again(const CbCharsetCells *cells, const Reading *reading);
static const CbCharsetCandidate *ask_about(const char *bytes, size_t len,
										   int ncells);
static bool reads_so(const CbCharsetCandidate *candidate, const char *bytes,
					 size_t len, const Reading *reading);
static void choose(const CbCharsetCells *cells, const Reading *readings, int n,
				   CbCharset *charset);
static bool reads_alike(const CbCharsetCells *cells, const Reading *a,
						const Reading *b);
static bool same_text(const Reading *a, const Reading *b);
static int	confidence_of(const Reading *best, const Reading *next);

void
cb_charset_guess(const CbCharsetCells *cells, CbCharset *charset)
{
	CbCharsetLetters *letters = cb_charset_letters_create();
	Reading    *readings = calloc(READINGS_MAX, sizeof(Reading));
	int			n = 0;
	int			i;

	charset->encoding = cb_charset_find("WIN1252");
	charset->method = CB_CHARSET_DEFAULT;
	charset->confidence = 0;
	if (letters != NULL && readings != NULL && cells != NULL)
	{
		n = read_all(cells, letters, readings);
		weigh(cells, readings, n);
		choose(cells, readings, n, charset);
	}
	for (i = 0; i < n; i++)
		free(readings[i].text);
	free(readings);
	cb_charset_letters_free(letters);
}

int
cb_charset_cost_of_utf8(const char *bytes, size_t len)
{
	CbCharsetLetters *letters = cb_charset_letters_create();
	UErrorCode	status = U_ZERO_ERROR;
	CbCharsetFit fit = {.cost = 0};
	UChar	   *text = malloc(sizeof(UChar) * (len + 1));
	int32_t		units;

	if (letters != NULL && text !=NULL)
	{
		u_strFromUTF8WithSub(text, (int32_t) len + 1, &units, bytes, (int32_t) len,
							 0xFFFD, NULL, &status);
		if (U_SUCCESS(status))
			cb_charset_fit(letters, "", text, units, &fit);
	}
	free(text);
	cb_charset_letters_free(letters);
	return fit.cost;
}

/*
 * What uchardet says, with the Windows code page that a spreadsheet writes where it
 * says another encoding with the same letters in the same places.
 */
const CbEncoding *
cb_charset_ask(const char *bytes, size_t len)
{
	static const char *const pages[][2] = {
		{"LATIN1", "WIN1252"}, {"LATIN10", "WIN1250"}, {"EUC_KR", "UHC"}
	};
	uchardet_t	detector = uchardet_new();
	const CbEncoding *found = NULL;
	size_t		i;

	if (detector == NULL)
		return NULL;
	if (uchardet_handle_data(detector, bytes, len) == 0)
	{
		uchardet_data_end(detector);
		found = cb_charset_find(uchardet_get_charset(detector));
	}
	uchardet_delete(detector);
	for (i = 0; found != NULL && i < sizeof(pages) / sizeof(pages[0]); i++)
	{
		if (strcmp(found->name, pages[i][0]) == 0)
			return cb_charset_find(pages[i][1]);
	}
	return found;
}

/*
 * Fills in the readings of all candidates that make letters of the bytes, the first
 * candidate's in any case; gives their number.
 */
static int
read_all(const CbCharsetCells *cells, CbCharsetLetters *letters, Reading *readings)
{
	const CbCharsetCandidate *c;
	int			n = 0;

	for (c = cb_charset_candidates; c->encoding.name != NULL && n < READINGS_MAX; c++)
	{
		Reading    *reading = &readings[n];

		if (c->languages == NULL || !read_cells(c, cells, reading))
			continue;
		cb_charset_fit(letters, c->languages, reading->text, reading->units,
					   &reading->fit);
		if (n == 0 || reading->fit.letters > 0)
			n++;
		else
			free(reading->text);
	}
	return n;
}

static bool
read_cells(const CbCharsetCandidate *candidate, const CbCharsetCells *cells,
		   Reading *reading)
{
	reading->candidate = candidate;
	reading->has_table = false;
	reading->text = decode(candidate, cells->bytes, cells->len, &reading->units,
						   reading->table, &reading->has_table);
	return reading->text !=NULL;
}

/*
 * Decodes bytes into malloc'ed memory; what cannot be is U+FFFD.  Of an encoding
 * with one byte per character also the table, unless that is NULL.  NULL when that
 * fails.
 */
static UChar *
decode(const CbCharsetCandidate *candidate, const char *bytes, size_t len,
	   int32_t *units, UChar *table, bool *has_table)
{
	UErrorCode	status = U_ZERO_ERROR;
	UConverter *converter = open_converter(candidate->aliases);
	UChar	   *text;
	int			i;

	if (converter == NULL)
		return NULL;
	if (table != NULL && ucnv_getMaxCharSize(converter) == 1)
	{
		char		high[128];

		for (i = 0; i < 128; i++)
			high[i] = (char) (0x80 + i);
		*has_table = ucnv_toUChars(converter, table, 128, high, 128, &status) == 128;
		status = U_ZERO_ERROR;
	}
	text = malloc(sizeof(UChar) * (2 * len + 1));

	if (text !=NULL)
		*units = ucnv_toUChars(converter, text, (int32_t) (2 * len + 1), bytes,
							   (int32_t) len, &status);
	ucnv_close(converter);
	if (text !=NULL && U_FAILURE(status))
	{
		free(text);
		return NULL;
	}
	return text;
}

/*
 * A converter for the first of several names; NULL when ICU does not know it.
 */
static UConverter *
open_converter(const char *names)
{
	char		name[32];
	UErrorCode	status = U_ZERO_ERROR;
	UConverter *converter;

	snprintf(name, sizeof(name), "%.*s", (int) strcspn(names, " "), names);
	converter = ucnv_open(name, &status);
	return U_FAILURE(status) ? NULL : converter;
}

/*
 * Fills in the totals of all readings.
 */
static void
weigh(const CbCharsetCells *cells, Reading *readings, int n)
{
	const CbCharsetCandidate *said = ask_about(cells->bytes, cells->len, cells->n);
	int			i;

	for (i = 0; i < n; i++)
	{
		Reading    *reading = &readings[i];

		reading->total = reading->fit.cost - reading->fit.order +
			reading->candidate->prior + missing_bytes(cells, reading);
		if (!can_have_witness(reading, &readings[0]))
			continue;
		if ((said != NULL && reads_so(said, cells->bytes, cells->len, reading)) ||
			is_witnessed_again(cells, reading))
			reading->total -= weight_of_witness(cells, reading);
	}
}

/*
 * What a reading pays for bytes of the file that its encoding does not have.
 */
static int
missing_bytes(const CbCharsetCells *cells, const Reading *reading)
{
	int			sum = 0;
	int			i;

	for (i = 0; reading->has_table && i < 128; i++)
	{
		if (cells->has[i] > 0 &&
			(reading->table[i] == 0xFFFD || reading->table[i] < 0xA0))
			sum += BYTE_MISSING;
	}
	return sum;
}

/*
 * uchardet speaks on letters, and those of languages that it knows.
 */
static bool
can_have_witness(const Reading *reading, const Reading *first)
{
	return reading->fit.letters > 0 && reading->fit.cost <= BELIEVABLE &&
		reading->candidate->ordinary != NULL &&
		(reading == first || !same_text(reading, first));
}

static int
weight_of_witness(const CbCharsetCells *cells, const Reading *reading)
{
	int			most = WITNESS_PER_BYTE * cells->nhigh;

	if (reading->fit.order == 0)
		return WITNESS;
	if (reading->has_table && cells->nhigh < WITNESS_BYTES)
		return 0;
	return most < WITNESS ? most : WITNESS;
}

/*
 * Asks about the words of a reading in the encoding that their languages are
 * written in most, when the reading is of another.
 */
static bool
is_witnessed_again(const CbCharsetCells *cells, const Reading *reading)
{
	const char *ordinary = reading->candidate->ordinary;
	UConverter *converter = open_converter(ordinary);
	UErrorCode	status = U_ZERO_ERROR;
	size_t		size = 2 * cells->len + 1;
	char	   *bytes = malloc(size);
	bool		witnessed = false;

	if (converter != NULL && bytes != NULL)
	{
		int32_t		len;

		ucnv_setFromUCallBack(converter, UCNV_FROM_U_CALLBACK_STOP, NULL, NULL, NULL,
							  &status);
		len = ucnv_fromUChars(converter, bytes, (int32_t) size, reading->text,
							  reading->units, &status);
		if (U_SUCCESS(status) && ((size_t) len != cells->len ||
								  memcmp(bytes, cells->bytes, cells->len) != 0))
		{
			const CbCharsetCandidate *said = ask_about(bytes, (size_t) len, cells->n);

			witnessed = said != NULL && reads_so(said, bytes, (size_t) len, reading);
		}
	}
	ucnv_close(converter);
	free(bytes);
	return witnessed;
}

/*
 * Asks uchardet about cells, several times when they are few.
 */
static const CbCharsetCandidate *
ask_about(const char *bytes, size_t len, int ncells)
{
	const CbEncoding *said;
	char	   *again;
	int			i;

	if (ncells >= FEW_CELLS)
		said = cb_charset_ask(bytes, len);
	else
	{
		again = malloc(len * REPEATS + 1);
		if (again == NULL)
			return NULL;
		for (i = 0; i < REPEATS; i++)
			memcpy(again + len * (size_t) i, bytes, len);
		said = cb_charset_ask(again, len * REPEATS);
		free(again);
	}
	/* an encoding is the first member of its candidate */
	return (const CbCharsetCandidate *) said;
}

/*
 * Do bytes become the text of a reading in an encoding?
 */
static bool
reads_so(const CbCharsetCandidate *candidate, const char *bytes, size_t len,
		 const Reading *reading)
{
	Reading		other = {.text = NULL};
	bool		same;

	other.text = decode(candidate, bytes, len, &other.units, NULL, NULL);
	same = other.text !=NULL && same_text(&other, reading);
	free(other.text);
	return same;
}

/*
 * The best reading is the answer, the best of those that read otherwise the
 * alternative.  Of equal ones the first counts.  Where Windows-1252 has but
 * punctuation, and that as people write it, no other reading counts.
 */
static void
choose(const CbCharsetCells *cells, const Reading *readings, int n,
	   CbCharset *charset)
{
	const Reading *best = &readings[0];
	const Reading *next = NULL;
	bool		is_punctuation = n > 0 && best->fit.letters == 0 && best->fit.cost == 0;
	int			i;

	if (n == 0)
		return;
	for (i = 1; i < n && !is_punctuation; i++)
	{
		if (readings[i].total < best->total)
			best = &readings[i];
	}
	for (i = 0; i < n; i++)
	{
		if ((next == NULL || readings[i].total < next->total) &&
			!reads_alike(cells, &readings[i], best))
			next = &readings[i];
	}
	charset->encoding = &best->candidate->encoding;
	charset->method = best->fit.letters > 0 ? CB_CHARSET_DETECTED : CB_CHARSET_DEFAULT;
	charset->confidence = confidence_of(best, next);
	charset->alternative = next == NULL ? NULL : &next->candidate->encoding;
}

/*
 * Are all bytes of the file the same characters in both?
 */
static bool
reads_alike(const CbCharsetCells *cells, const Reading *a, const Reading *b)
{
	int			i;

	for (i = 0; a->has_table && b->has_table && i < 128; i++)
	{
		if (cells->has[i] > 0 && a->table[i] != b->table[i])
			return false;
	}
	return same_text(a, b);
}

static bool
same_text(const Reading *a, const Reading *b)
{
	return a->units == b->units && u_memcmp(a->text, b->text, a->units) == 0;
}

/*
 * 50 when the next best is as good; near to 100 when it is far behind, less when
 * something stands against the best itself.
 */
static int
confidence_of(const Reading *best, const Reading *next)
{
	double		ahead = next == NULL ? 100 : next->total - best->total;
	int			confidence = (int) (50 + 50 * (1 - exp(-ahead / 40)));

	return confidence > 99 ? 99 : confidence;
}
