/*-------------------------------------------------------------------------
 *
 * charset_score.c
 *		How probable it is that bytes are names in an encoding.
 *
 * A column of names is too short and too poor in words for the statistics of
 * running text, and its ASCII letters tell nothing apart.  So only what is not
 * ASCII counts, with the letters beside it: how often a language uses the
 * letter, and after and before which others.  That "ñ" stands before a vowel is
 * what tells the Spanish "Peña" from the Polish "Kamińska" in two code pages
 * that share the byte.
 *
 *		P(letters) = product of P(letter) * P(before|letter) / P(before) * ...
 *
 * so that encodings of one and of two bytes per character can be compared.
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
#include <unicode/ustring.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>

#define LETTERS_MAX			512 /* of one language */
#define NEIGHBOURS_MAX		112 /* of one language that is written in words */
#define CELLS_MAX			4096
#define LANGUAGES_MAX		16	/* of one encoding */

#define SUBSTITUTE			0x1A	/* what ICU may put for bytes that are
									 * wrong */

#define SMOOTHING			0.3
#define OTHER_LANGUAGE		(-2.0)	/* a cell that is not in the file's own */

/* Logarithms of what no language's letters cover. */
#define ASCII_LETTER		(-3.0)
#define ASCII_BLANK			(-1.5)
#define ASCII_SIGN			(-5.0)
#define UNKNOWN_LETTER		(-9.0)
#define UNKNOWN_NEIGHBOUR	(-3.0)
#define FOREIGN_SCRIPT		(-14.0)
#define PUNCTUATION			(-6.0)
#define SYMBOL				(-11.0)
#define CONTROL				(-16.0)
#define CAPITAL_INSIDE		(-5.0)
#define SMALL_AT_START		(-1.0)
#define BESIDE_SIGN			(-3.0)

typedef struct Model
{
	bool		by_character;
	bool		is_latin;
	int			nletters;
	UChar		letters[LETTERS_MAX];	/* ascending */
	int			count[LETTERS_MAX];
	int			total;			/* of the letters that are not ASCII */
	uint8_t		before[NEIGHBOURS_MAX][NEIGHBOURS_MAX];
	uint8_t		after[NEIGHBOURS_MAX][NEIGHBOURS_MAX];
} Model;

struct CbCharsetModels
{
	Model		models[CB_LANGUAGES];
};

/* The letter that is judged, with its neighbours in small letters. */
typedef struct Place
{
	UChar32		character;
	UChar32		letter;
	UChar32		before;
	UChar32		after;
	bool		capital_inside;
	bool		small_at_start;
	bool		beside_sign;
} Place;

static void learn(Model *model, const CbCharsetLanguage *language);
static void add_letter(Model *model, UChar32 c);
static void count_letters(Model *model, const UChar *text, int32_t len);
static int	find_letter(const Model *model, UChar32 c);
static UChar32 small(UChar32 c);
static UChar *decode(const CbCharsetCandidate *candidate, const char *cells,
					 size_t len, int32_t *units, CbCharsetScore *score);
static bool decode_table(UConverter * converter, uint16_t *table);
static double add_up(const CbCharsetModels *models, uint64_t languages,
					 const UChar *text, int32_t units, double *cells);
static int32_t judge_cell(const Model *const *models, int n,
						  const UChar *text, int32_t from, int32_t units,
						  double *scores);
static bool is_sign(UChar32 c);
static double judge_ascii(UChar32 c);
static double judge(const Model *model, const Place *place);
static double judge_letter(const Model *model, const Place *place, int at);
static double judge_neighbour(const Model *model, const uint8_t *pairs,
							  int count, UChar32 c);
static double log_share(int count, int total, int kinds);
static bool is_ascii_letter(UChar32 c);
static double judge_character(const Model *model, UChar32 c);
static double judge_other(const Model *model, UChar32 c);

CbCharsetModels *
cb_charset_models_create(void)
{
	CbCharsetModels *models = calloc(1, sizeof(CbCharsetModels));
	int			i;

	if (models == NULL)
		return NULL;
	for (i = 0; i < CB_LANGUAGES; i++)
		learn(&models->models[i], &cb_charset_languages[i]);
	return models;
}

void
cb_charset_models_free(CbCharsetModels *models)
{
	free(models);
}

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
 * Makes the model of a language from its text: first the letters, so that they
 * are in order, then how often each is used.
 */
static void
learn(Model *model, const CbCharsetLanguage *language)
{
	UChar text[ 4096];
	int32_t		len = 0;
	UErrorCode	status = U_ZERO_ERROR;
	int32_t		i;

	model->by_character = language->by_character;
	u_strFromUTF8(text, 4096, &len, language->text, -1, &status);
	if (U_FAILURE(status))
		return;
	if (!model->by_character)
	{
		add_letter(model, ' ');
		for (i = 'a'; i <= 'z'; i++)
			add_letter(model, i);
	}
	for (i = 0; i < len; i++)
	{
		add_letter(model, text[i]);
		model->is_latin |= text[i] >= 'a' && text[i] <= 'z';
	}
	count_letters(model, text, len);
}

static void
add_letter(Model *model, UChar32 c)
{
	int			most = model->by_character ? LETTERS_MAX : NEIGHBOURS_MAX;
	int			at = 0;

	while (at < model->nletters && model->letters[at] < c)
		at++;
	if ((at < model->nletters && model->letters[at] == c) ||
		model->nletters == most)
		return;
	memmove(&model->letters[at + 1], &model->letters[at],
			sizeof(UChar) * (size_t) (model->nletters - at));
	model->letters[at] = (UChar) c;
	model->nletters++;
}

static void
count_letters(Model *model, const UChar *text, int32_t len)
{
	int32_t		i;

	for (i = 0; i < len; i++)
	{
		int			at = find_letter(model, small(text[i]));
		int			before = find_letter(model, i == 0 ? ' ' : text[i - 1]);
		int			after = find_letter(model, i + 1 == len ? ' ' : text[i + 1]);

		if (text[i] < 0x80 || at < 0)
			continue;
		model->count[at]++;
		model->total++;
		if (model->by_character || before < 0 || after < 0)
			continue;
		model->before[at][before]++;
		model->after[at][after]++;
	}
}

/*
 * Where the model has a letter; -1 where not.
 */
static int
find_letter(const Model *model, UChar32 c)
{
	int			low = 0;
	int			high = model->nletters - 1;

	while (low <= high)
	{
		int			middle = (low + high) / 2;

		if (model->letters[middle] == c)
			return middle;
		if (model->letters[middle] < c)
			low = middle + 1;
		else
			high = middle - 1;
	}
	return -1;
}

/*
 * A letter in small.  The Turkish capital I with a dot stays: its small letter is
 * ASCII, and that would hide it.
 */
static UChar32
small(UChar32 c)
{
	return c == 0x0130 ? c : u_tolower(c);
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
decode_table(UConverter * converter, uint16_t *table)
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
	const Model *mine[LANGUAGES_MAX];
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
			mine[n++] = &models->models[i];
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
judge_cell(const Model *const *models, int n, const UChar *text,
		   int32_t from, int32_t units, double *scores)
{
	UChar32		before = ' ';
	UChar32		c = ' ';
	int			i;

	memset(scores, 0, sizeof(double) * (size_t) n);
	while (from < units && text[from] != '\n')
	{
		Place		place;
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
			place.letter = small(c);
			place.before = u_isalpha(before) || before >= 0x300 ? small(before) : ' ';
			place.after = u_isalpha(after) || after >= 0x300 ? small(after) : ' ';
			place.capital_inside = u_isupper(c) && u_islower(before);
			place.small_at_start = u_islower(c) && place.before == ' ';
			place.beside_sign = is_sign(before) || is_sign(after);
			for (i = 0; i < n; i++)
				scores[i] += judge(models[i], &place);
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
	return is_ascii_letter(small(c)) ? ASCII_LETTER : ASCII_SIGN;
}

/*
 * The logarithm of a place's probability in a language.
 */
static double
judge(const Model *model, const Place *place)
{
	int			at = find_letter(model, place->letter);
	double		score;

	if (model->by_character)
		return judge_character(model, place->character);
	if (at < 0)
		return judge_other(model, place->character);
	score = judge_letter(model, place, at);
	if (place->capital_inside)
		score += CAPITAL_INSIDE;
	if (place->small_at_start)
		score += SMALL_AT_START;
	if (place->beside_sign)
		score += BESIDE_SIGN;
	return score;
}

static double
judge_letter(const Model *model, const Place *place, int at)
{
	double		score = log_share(model->count[at], model->total, 40);

	score += judge_neighbour(model, model->before[at], model->count[at],
							 place->before);
	if (place->after < 0x80)
		score += judge_neighbour(model, model->after[at], model->count[at],
								 place->after);
	if (!model->is_latin && (is_ascii_letter(place->before) ||
							 is_ascii_letter(place->after)))
		score += CAPITAL_INSIDE;
	return score;
}

/*
 * How much more probable a neighbour is beside the letter than anywhere.
 */
static double
judge_neighbour(const Model *model, const uint8_t *pairs, int count, UChar32 c)
{
	int			at = find_letter(model, c);
	double		usual;

	if (at < 0)
		return UNKNOWN_NEIGHBOUR;
	usual = c < 0x80 ? -log(28) : log_share(model->count[at], model->total, 40);
	return log_share(pairs[at], count, 28) - usual;
}

/*
 * The logarithm of a share, with a little for what has not been seen.
 */
static double
log_share(int count, int total, int kinds)
{
	return log((count + SMOOTHING) / (total + SMOOTHING * kinds));
}

static bool
is_ascii_letter(UChar32 c)
{
	return c >= 'a' && c <= 'z';
}

/*
 * Of a language that is written in characters: these are many, and what stands
 * beside one tells little.
 */
static double
judge_character(const Model *model, UChar32 c)
{
	if (find_letter(model, c) >= 0)
		return c >= 0x3040 && c <= 0x30FF ? log(0.4 / 90) : log(0.6 / model->nletters);
	if (c >= 0x4E00 && c <= 0x9FFF)
		return log(0.3 / 7000);
	if (c >= 0xAC00 && c <= 0xD7A3)
		return log(0.3 / 2300);
	if ((c >= 0x3000 && c <= 0x30FF) || (c >= 0xFF01 && c <= 0xFF5E))
		return PUNCTUATION;
	if (c >= 0xFF61 && c <= 0xFF9F)
		return log(0.1 / 60);
	return c == 0xFFFD || u_iscntrl(c) ? 2 * CONTROL : SYMBOL;
}

/*
 * What is no letter of the language: signs that programs put into text, letters
 * of other languages in the same script, and what no name has.
 */
static double
judge_other(const Model *model, UChar32 c)
{
	static const UChar signs[] = {
		0x00A0, 0x00AB, 0x00B0, 0x00B4, 0x00BB, 0x2013, 0x2014, 0x2018, 0x2019,
		0x201A, 0x201C, 0x201D, 0x201E, 0x2022, 0x2026, 0x20AC, 0
	};

	if (c == 0xFFFD || u_iscntrl(c) || !u_isdefined(c))
		return CONTROL;
	if (c <= 0xFFFF && u_strchr(signs, (UChar) c) != NULL)
		return PUNCTUATION;
	if (!u_isalpha(c))
		return SYMBOL;
	return (c < 0x250) == model->is_latin ? UNKNOWN_LETTER : FOREIGN_SCRIPT;
}
