/*-------------------------------------------------------------------------
 *
 * charset_score.c
 *		How probable it is that bytes are names in an encoding.
 *
 * Each cell is given to the language that likes it best; a language other than
 * that of the whole file costs something.
 *
 * Nothing here needs a server: a fuzzer can call it.
 *
 *-------------------------------------------------------------------------
 */
#include "input/charset_score.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unicode/uchar.h>
#include <unicode/ucnv.h>
#include <unicode/utf16.h>

#include "input/charset_model.h"

#define CELLS_MAX			4096
#define LANGUAGES_MAX		16	/* of one encoding */

#define SUBSTITUTE			0x1A	/* what ICU may put for bytes that are
									 * wrong */

/* Logarithms. */
#define OTHER_LANGUAGE		(-2.0)	/* a cell that is not in the file's own */
#define ASCII_LETTER		(-3.0)
#define ASCII_BLANK			(-1.5)
#define ASCII_SIGN			(-5.0)

static UChar *decode(const CbCharsetCandidate *candidate, const char *cells,
					 size_t len, int32_t *units, CbCharsetScore *score);
static bool decode_table(UConverter *converter, uint16_t *table);
static double add_up(const CbCharsetModels *models, uint64_t languages,
					 const UChar *text, int32_t units, double *cells);
static int32_t judge_cell(const CbCharsetModel *const *models, int n,
						  const UChar *text, int32_t from, int32_t units,
						  double *scores);
static bool is_sign(UChar32 c);
static double judge_ascii(UChar32 c);

bool
cb_charset_score(const CbCharsetModels *models,
				 const CbCharsetCandidate *candidate,
				 const char *cells, size_t len, CbCharsetScore *score)
{
	int32_t		units;
	UChar	   *text = decode(candidate, cells, len, &units, score);
	double	   *scores;

	if (text == NULL)
		return false;
	scores = malloc(sizeof(double) * CELLS_MAX * LANGUAGES_MAX);
	if (scores != NULL)
		score->total = candidate->prior +
			add_up(models, candidate->languages, text, units, scores);
	free(text);
	free(scores);
	return scores != NULL;
}

/*
 * Decodes cells into malloc'ed memory; what cannot be is U+FFFD.  Of an encoding
 * with one byte per character also the table.  NULL when that fails.
 */
static UChar *
decode(const CbCharsetCandidate *candidate, const char *cells, size_t len,
	   int32_t *units, CbCharsetScore *score)
{
	char		name[32];
	UErrorCode	status = U_ZERO_ERROR;
	UConverter *converter;
	UChar	   *text;

	snprintf(name, sizeof(name), "%.*s",
			 (int) strcspn(candidate->aliases, " "), candidate->aliases);
	converter = ucnv_open(name, &status);
	if (U_FAILURE(status))
		return NULL;
	score->has_table = ucnv_getMaxCharSize(converter) == 1 &&
		decode_table(converter, score->table);
	text = malloc(sizeof(UChar) * (2 * len + 1));

	if (text !=NULL)
		*units = ucnv_toUChars(converter, text, (int32_t) (2 * len + 1),
							   cells, (int32_t) len, &status);
	ucnv_close(converter);
	if (U_FAILURE(status))
	{
		free(text);
		return NULL;
	}
	return text;
}

static bool
decode_table(UConverter *converter, uint16_t *table)
{
	char		bytes[128];
	UChar		decoded[129];
	UErrorCode	status = U_ZERO_ERROR;
	int			i;

	for (i = 0; i < 128; i++)
		bytes[i] = (char) (0x80 + i);
	if (ucnv_toUChars(converter, decoded, 129, bytes, 128, &status) != 128 ||
		U_FAILURE(status))
		return false;
	for (i = 0; i < 128; i++)
		table[i] = decoded[i];
	return true;
}

/*
 * The sum over all cells: a cell's best language, with the costs of one that is
 * not the best of the whole.
 */
static double
add_up(const CbCharsetModels *models, uint64_t languages,
	   const UChar *text, int32_t units, double *cells)
{
	const CbCharsetModel *mine[LANGUAGES_MAX];
	double		totals[LANGUAGES_MAX] = {0};
	double		sum = 0;
	int32_t		at = 0;
	int			ncells = 0;
	int			n = 0;
	int			best = 0;
	int			i;
	int			j;

	for (i = 0; i < CB_LANGUAGES && n < LANGUAGES_MAX; i++)
	{
		if ((languages >> i & 1) != 0)
			mine[n++] = cb_charset_model(models, i);
	}
	for (; at < units && ncells < CELLS_MAX; ncells++)
	{
		double	   *cell = cells + ncells * LANGUAGES_MAX;

		at = judge_cell(mine, n, text, at, units, cell);
		for (i = 0; i < n; i++)
			totals[i] += cell[i];
	}
	for (i = 1; i < n; i++)
	{
		if (totals[i] > totals[best])
			best = i;
	}
	for (j = 0; j < ncells; j++)
	{
		double	   *cell = cells + j * LANGUAGES_MAX;
		double		most = cell[best];

		for (i = 0; i < n; i++)
			most = fmax(most, cell[i] + OTHER_LANGUAGE);
		sum += most;
	}
	return sum;
}

/*
 * Judges the cell that begins at from in every language; gives where the next
 * one begins.
 */
static int32_t
judge_cell(const CbCharsetModel *const *models, int n, const UChar *text,
		   int32_t from, int32_t units, double *scores)
{
	UChar32		before = ' ';
	UChar32		c = ' ';
	int			i;

	memset(scores, 0, sizeof(double) * (size_t) n);
	while (from < units && text[from] != '\n')
	{
		CbCharsetPlace place;
		UChar32		after = ' ';
		int32_t		next;

		U16_NEXT(text, from, units, c);
		if (c == SUBSTITUTE)
			c = 0xFFFD;
		next = from;
		if (next < units)
			U16_NEXT(text, next, units, after);
		if (c < 0x80)
		{
			for (i = 0; i < n; i++)
				scores[i] += judge_ascii(c);
		}
		else
		{
			place.character = c;
			place.letter = cb_charset_small(c);
			place.before = u_isalpha(before) || before >= 0x300 ? cb_charset_small(before) : ' ';
			place.after = u_isalpha(after) || after >= 0x300 ? cb_charset_small(after) : ' ';
			place.capital_inside = u_isupper(c) && u_islower(before);
			place.small_at_start = u_islower(c) && place.before == ' ';
			place.beside_sign = is_sign(before) || is_sign(after);
			for (i = 0; i < n; i++)
				scores[i] += cb_charset_judge(models[i], &place);
		}
		before = c;
	}
	return from + 1;
}

/*
 * Is this ASCII, but nothing that stands beside a letter of a name?
 */
static bool
is_sign(UChar32 c)
{
	return (c >= '0' && c <= '@') || (c >= '[' && c <= '`') ||
		(c >= '{' && c < 0x80);
}

/*
 * The same in all encodings, but that those of two bytes per character may have
 * the byte in a character of theirs.
 */
static double
judge_ascii(UChar32 c)
{
	if (c == ' ')
		return ASCII_BLANK;
	return u_isalpha(c) ? ASCII_LETTER : ASCII_SIGN;
}
