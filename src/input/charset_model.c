/*-------------------------------------------------------------------------
 *
 * charset_model.c
 *		How probable a letter is in a language.
 *
 * A column of names is too short and too poor in words for the statistics of
 * running text, and its ASCII letters tell nothing apart.  So only what is not
 * ASCII counts, with the letters beside it: how often a language uses the
 * letter, and after and before which others.  That the Spanish letter of "Pe~na"
 * stands before a vowel tells it from the Polish one that has the same byte.
 *
 *		P(letters) = product of P(letter) * P(before|letter) / P(before) * ...
 *
 * so that encodings of one and of two bytes per character can be compared.
 *
 * Nothing here needs a server: a fuzzer can call it.
 *
 *-------------------------------------------------------------------------
 */
#include "input/charset_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <unicode/uchar.h>
#include <unicode/ustring.h>

#define LETTERS_MAX			512 /* of one language */
#define NEIGHBOURS_MAX		112 /* of one language that is written in words */
#define SAMPLE_MAX			4096	/* units of a language's sample */

#define SMOOTHING			0.3

/* Logarithms of what no language's letters cover. */
#define UNKNOWN_LETTER		(-9.0)
#define UNKNOWN_NEIGHBOUR	(-3.0)
#define FOREIGN_SCRIPT		(-14.0)
#define PUNCTUATION			(-6.0)
#define SYMBOL				(-11.0)
#define CONTROL				(-16.0)
#define CAPITAL_INSIDE		(-5.0)
#define SMALL_AT_START		(-1.0)
#define BESIDE_SIGN			(-3.0)

struct CbCharsetModel
{
	bool		by_character;
	bool		is_latin;
	int			nletters;
	UChar		letters[LETTERS_MAX];	/* ascending */
	int			count[LETTERS_MAX];
	int			total;			/* of the letters that are not ASCII */
	uint8_t		before[NEIGHBOURS_MAX][NEIGHBOURS_MAX];
	uint8_t		after[NEIGHBOURS_MAX][NEIGHBOURS_MAX];
};

struct CbCharsetModels
{
	CbCharsetModel models[CB_LANGUAGES];
};

static void learn(CbCharsetModel *model, const CbCharsetLanguage *language);
static void add_letter(CbCharsetModel *model, UChar32 c);
static void count_letters(CbCharsetModel *model, const UChar *text,
						  int32_t len);
static int	find_letter(const CbCharsetModel *model, UChar32 c);
static double judge_letter(const CbCharsetModel *model,
						   const CbCharsetPlace *place, int at);
static double judge_neighbour(const CbCharsetModel *model,
							  const uint8_t *pairs, int count, UChar32 c);
static double log_share(int count, int total, int kinds);
static bool is_ascii_letter(UChar32 c);
static double judge_character(const CbCharsetModel *model, UChar32 c);
static double judge_other(const CbCharsetModel *model, UChar32 c);

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

const CbCharsetModel *
cb_charset_model(const CbCharsetModels *models, CbLanguage language)
{
	return &models->models[language];
}

UChar32
cb_charset_small(UChar32 c)
{
	return c == 0x0130 ? c : u_tolower(c);
}

double
cb_charset_judge(const CbCharsetModel *model, const CbCharsetPlace *place)
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

/*
 * Makes the model of a language from its text: first the letters, so that they
 * are in order, then how often each is used.
 */
static void
learn(CbCharsetModel *model, const CbCharsetLanguage *language)
{
	UChar text[ 4096];
	int32_t		len = 0;
	UErrorCode	status = U_ZERO_ERROR;
	int32_t		i;

	model->by_character = language->by_character;
	u_strFromUTF8(text, SAMPLE_MAX, &len, language->text, -1, &status);
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
add_letter(CbCharsetModel *model, UChar32 c)
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
count_letters(CbCharsetModel *model, const UChar *text, int32_t len)
{
	int32_t		i;

	for (i = 0; i < len; i++)
	{
		int			at = find_letter(model, cb_charset_small(text[i]));
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
find_letter(const CbCharsetModel *model, UChar32 c)
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

static double
judge_letter(const CbCharsetModel *model, const CbCharsetPlace *place, int at)
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
judge_neighbour(const CbCharsetModel *model, const uint8_t *pairs, int count, UChar32 c)
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
judge_character(const CbCharsetModel *model, UChar32 c)
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
judge_other(const CbCharsetModel *model, UChar32 c)
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
