/*-------------------------------------------------------------------------
 *
 * charset_fit.c
 *		How well a text reads as the cells of a list of people.
 *
 * In the wrong encoding a name has what no name has: letters that no language
 * uses together, capitals behind small letters, letters of two scripts, symbols
 * between letters.  Each of them costs something.  Which letters a language uses
 * is ICU's knowledge; no word and no frequency is ours.
 *
 * Nothing here needs a server: a fuzzer can call it.
 *
 *-------------------------------------------------------------------------
 */
#include "input/charset_fit.h"

#include <stdlib.h>
#include <string.h>

#include <unicode/uchar.h>
#include <unicode/ucnv.h>
#include <unicode/ulocdata.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/uset.h>
#include <unicode/utf16.h>

#define LANGUAGES_MAX		16	/* of one text */
#define LOADED_MAX			48	/* of all texts */
#define WORD_MAX			64	/* letters that are looked at */
#define NAME_SIZE			16
#define HALF_WIDTH			0xFF00	/* characters of old machines, from here
									 * on */
#define SUBSTITUTE			0x1A	/* what ICU may put for bytes that are
									 * wrong */

/* Tenths. */
#define UNREADABLE			100 /* a character that no text has */
#define MIXED_SCRIPTS		60
#define SYMBOL_OUT_OF_PLACE	50
#define NO_LANGUAGE			40	/* a word with letters of no single language */
#define CAPITAL_INSIDE		40
#define MARK_ALONE			40
#define NO_ASCII			30	/* a Latin cell of accented letters */
#define UNCOMMON			20	/* a Chinese, Japanese or Korean character */
#define SELDOM				7
#define SHORT				15	/* a word of one or two letters */
#define SMALL_FIRST			10	/* double in a script of its own */
#define CAPITALS			10	/* a word in capitals of such a script */
#define OTHER_LANGUAGE		10	/* than that of most words */
#define RARE_LANGUAGE		30	/* Icelandic: its letters are the Turkish ones
								 * of another code page */
#define ORDER_MAX			50

typedef enum Script
{
	LATIN,
	CASED,						/* Cyrillic, Greek */
	CASELESS,					/* Hebrew, Arabic and others */
	THAI,
	HAN,						/* with the syllables of Japanese */
	HANGUL
} Script;

typedef struct Language
{
	char		name[NAME_SIZE];
	USet	   *letters;
	USet	   *seldom;
} Language;

struct CbCharsetLetters
{
	Language	languages[LOADED_MAX];
	int			n;
	const UNormalizer2 *nfc;
};

typedef struct Word
{
	UChar32		letters[WORD_MAX];
	int			n;
	int			nhigh;			/* that are not ASCII */
	UScriptCode script;
	bool		mixed;
} Word;

/* One text while it is looked at. */
typedef struct Looking
{
	const Language *languages[LANGUAGES_MAX];
	bool		takes_seldom[LANGUAGES_MAX];
	int			nlanguages;
	int			words[LANGUAGES_MAX];	/* that each of them has */
	int			nwords;
	int			nforeign;		/* words that none of them has */
	int			nrare;			/* words that only Icelandic has */
	bool		has_latin;
	CbCharsetFit *fit;
} Looking;

static UChar *compose(const CbCharsetLetters *letters, const UChar *text,
					  int32_t *units);
static void take_languages(CbCharsetLetters *letters, const char *names,
						   Looking *looking);
static const Language *find_language(CbCharsetLetters *letters,
									 const char *name, size_t len);
static USet * load_letters(const char *name, ULocaleDataExemplarSetType type);
static void add_digraphs(USet * set);
static void keep_korean(USet * set);
static int32_t look_at_cell(Looking *looking, const UChar *text, int32_t at,
							int32_t units);
static bool is_letter(UChar32 c);
static bool is_mark(UChar32 c);
static void add_letter(Word *word, UChar32 c);
static void end_word(Looking *looking, Word *word);
static void look_at_word(Looking *looking, const Word *word);
static Script script_of(const Word *word);
static int	judge_east(const Looking *looking, const Word *word);
static int	judge_marks(const Word *word);
static int	judge_case(const Word *word);
static void find_languages(Looking *looking, const Word *word);
static bool has_word(const Language *language, bool takes_seldom,
					 const Word *word);
static int	order_of(Script script);
static int	judge_symbol(UChar32 c, UChar32 before, UChar32 after, int run);
static void sum_up(Looking *looking);

CbCharsetLetters *
cb_charset_letters_create(void)
{
	CbCharsetLetters *letters = calloc(1, sizeof(CbCharsetLetters));
	UErrorCode	status = U_ZERO_ERROR;

	if (letters != NULL)
		letters->nfc = unorm2_getNFCInstance(&status);
	return letters;
}

void
cb_charset_letters_free(CbCharsetLetters *letters)
{
	int			i;

	for (i = 0; letters != NULL && i < letters->n; i++)
	{
		uset_close(letters->languages[i].letters);
		uset_close(letters->languages[i].seldom);
	}
	free(letters);
}

void
cb_charset_fit(CbCharsetLetters *letters, const char *languages,
			   const UChar *text, int32_t units, CbCharsetFit *fit)
{
	Looking		looking;
	UChar	   *composed = compose(letters, text, &units);
	int32_t		at = 0;

	memset(fit, 0, sizeof(CbCharsetFit));
	memset(&looking, 0, sizeof(Looking));
	looking.fit = fit;
	take_languages(letters, languages, &looking);
	while (at < units)
		at = look_at_cell(&looking, composed != NULL ? composed : text, at, units);
	sum_up(&looking);
	free(composed);
}

/*
 * The text with letters and their marks as one character, in malloc'ed memory;
 * NULL when it is so already.
 */
static UChar *
compose(const CbCharsetLetters *letters, const UChar *text, int32_t *units)
{
	UErrorCode	status = U_ZERO_ERROR;
	UChar	   *composed;
	int32_t		n;

	if (letters->nfc == NULL ||
		unorm2_spanQuickCheckYes(letters->nfc, text, *units, &status) == *units)
		return NULL;
	composed = malloc(sizeof(UChar) * (3 * (size_t) *units + 1));
	if (composed == NULL)
		return NULL;
	n = unorm2_normalize(letters->nfc, text, *units, composed, 3 * *units + 1, &status);
	if (U_FAILURE(status))
	{
		free(composed);
		return NULL;
	}
	*units = n;
	return composed;
}

static void
take_languages(CbCharsetLetters *letters, const char *names, Looking *looking)
{
	while (*names != '\0' && looking->nlanguages < LANGUAGES_MAX)
	{
		size_t		len = strcspn(names, " ");
		bool		seldom = len > 0 && names[len - 1] == '+';
		const Language *language = find_language(letters, names, len - seldom);

		if (language != NULL)
		{
			looking->languages[looking->nlanguages] = language;
			looking->takes_seldom[looking->nlanguages++] = seldom;
		}
		names += len;
		names += strspn(names, " ");
	}
}

static const Language *
find_language(CbCharsetLetters *letters, const char *name, size_t len)
{
	Language   *language;
	int			i;

	if (len >= NAME_SIZE)
		return NULL;
	for (i = 0; i < letters->n; i++)
	{
		language = &letters->languages[i];
		if (strlen(language->name) == len && memcmp(language->name, name, len) == 0)
			return language;
	}
	if (letters->n == LOADED_MAX)
		return NULL;
	language = &letters->languages[letters->n];
	memcpy(language->name, name, len);
	language->name[len] = '\0';
	language->letters = load_letters(language->name, ULOCDATA_ES_STANDARD);
	language->seldom = load_letters(language->name, ULOCDATA_ES_AUXILIARY);
	if (language->letters == NULL || language->seldom == NULL)
	{
		uset_close(language->letters);
		uset_close(language->seldom);
		return NULL;
	}
	letters->n++;
	return language;
}

/*
 * The small letters of a language; an empty set when ICU does not know it, NULL when
 * memory is short.
 */
static USet *
load_letters(const char *name, ULocaleDataExemplarSetType type)
{
	UErrorCode	status = U_ZERO_ERROR;
	ULocaleData *data = ulocdata_open(name, &status);
	USet	   *set = uset_openEmpty();

	if (set != NULL)
		ulocdata_getExemplarSet(data, set, 0, type, &status);
	ulocdata_close(data);
	if (set == NULL)
		return NULL;
	if (U_FAILURE(status))
		uset_clear(set);
	add_digraphs(set);
	if (strcmp(name, "ko") == 0 && type == ULOCDATA_ES_STANDARD)
		keep_korean(set);
	uset_freeze(set);
	return set;
}

/*
 * Adds the letters of "gy" and the like, which some languages have instead of "y".
 */
static void
add_digraphs(USet * set)
{
	USet	   *letters = uset_openEmpty();
	int32_t		n = uset_getItemCount(set);
	int32_t		i;

	for (i = 0; i < n && letters != NULL; i++)
	{
		UErrorCode	status = U_ZERO_ERROR;
		UChar		digraph[NAME_SIZE];
		UChar32		start;
		UChar32		end;
		int32_t		len = uset_getItem(set, i, &start, &end, digraph, NAME_SIZE,
									   &status);

		if (len >= 2 && U_SUCCESS(status))
			uset_addAllCodePoints(letters, digraph, len);
	}
	if (letters != NULL)
		uset_addAll(set, letters);
	uset_close(letters);
}

/*
 * Takes away the syllables that no word has: those beyond the national standard.
 */
static void
keep_korean(USet * set)
{
	UErrorCode	status = U_ZERO_ERROR;
	UConverter *converter = ucnv_open("EUC-KR", &status);
	USet	   *standard = uset_openEmpty();

	if (standard != NULL)
		ucnv_getUnicodeSet(converter, standard, UCNV_ROUNDTRIP_SET, &status);
	if (U_SUCCESS(status) && standard != NULL)
		uset_retainAll(set, standard);
	uset_close(standard);
	ucnv_close(converter);
}

/*
 * Looks at the cell that begins at at; gives where the next one begins.
 */
static int32_t
look_at_cell(Looking *looking, const UChar *text, int32_t at, int32_t units)
{
	CbCharsetFit *fit = looking->fit;
	Word		word = {.n = 0};
	UChar32		before = ' ';
	int			run = 0;		/* letters before the character */
	bool		has_ascii = false;
	bool		has_latin = false;
	bool		has_other = false;

	while (at < units && text[at] != '\n')
	{
		UChar32		c;
		UChar32		after = ' ';
		int32_t		next;

		U16_NEXT(text, at, units, c);
		next = at;
		if (next < units)
			U16_NEXT(text, next, units, after);
		if (is_letter(c))
		{
			add_letter(&word, c);
			has_ascii |= c < 0x80;
			has_latin |= c >= 0x80 && c < 0x250;
			has_other |= c >= 0x250;
			if (c >= 0x80 && (u_isdigit(before) || u_isdigit(after)))
				fit->cost += SYMBOL_OUT_OF_PLACE / 2;
			run++;
		}
		else
		{
			end_word(looking, &word);
			if (c >= 0x80 || c == SUBSTITUTE)
				fit->cost += judge_symbol(c, before, after, run);
			run = 0;
		}
		before = c;
	}
	end_word(looking, &word);
	if (has_latin && !has_other && !has_ascii)
		fit->cost += NO_ASCII;
	return at + 1;
}

/*
 * Is this a letter of a word, or a mark on one?  Ordinals and the sign for a
 * millionth are none here.
 */
static bool
is_letter(UChar32 c)
{
	if (c < 0x80)
		return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
	return c != 0xAA && c != 0xBA && c != 0xB5 && (u_isalpha(c) || is_mark(c));
}

static bool
is_mark(UChar32 c)
{
	return (U_MASK(u_charType(c)) & U_GC_M_MASK) != 0;
}

static void
add_letter(Word *word, UChar32 c)
{
	UErrorCode	status = U_ZERO_ERROR;
	UScriptCode script = c < 0x80 ? USCRIPT_LATIN : uscript_getScript(c, &status);

	if (script == USCRIPT_HIRAGANA || script == USCRIPT_KATAKANA)
		script = USCRIPT_HAN;
	if (word->n == 0)
	{
		word->script = USCRIPT_COMMON;
		word->mixed = false;
		word->nhigh = 0;
	}
	if (script != USCRIPT_COMMON && script != USCRIPT_INHERITED)
	{
		word->mixed |= word->script != USCRIPT_COMMON && word->script != script;
		if (word->script == USCRIPT_COMMON)
			word->script = script;
	}
	word->nhigh += c >= 0x80;
	if (word->n < WORD_MAX)
		word->letters[word->n++] = c;
}

static void
end_word(Looking *looking, Word *word)
{
	if (word->n > 0 && word->nhigh > 0)
		look_at_word(looking, word);
	word->n = 0;
}

static void
look_at_word(Looking *looking, const Word *word)
{
	CbCharsetFit *fit = looking->fit;
	Script		script = script_of(word);

	if (word->n > 1 || script == HANGUL ||
		(script == HAN && word->letters[0] < HALF_WIDTH))
		fit->letters += word->nhigh;
	fit->order += word->nhigh * order_of(script);
	looking->has_latin |= script == LATIN;
	if (word->mixed)
		fit->cost += MIXED_SCRIPTS;
	if (script == HAN || script == HANGUL)
	{
		fit->cost += judge_east(looking, word);
		return;
	}
	fit->cost += judge_marks(word);
	fit->cost += judge_case(word);
	if (script != LATIN && word->n <= 2 && word->nhigh == word->n)
		fit->cost += SHORT;
	find_languages(looking, word);
}

static Script
script_of(const Word *word)
{
	switch (word->script)
	{
		case USCRIPT_LATIN:
			return LATIN;
		case USCRIPT_CYRILLIC:
		case USCRIPT_GREEK:
			return CASED;
		case USCRIPT_THAI:
			return THAI;
		case USCRIPT_HAN:
			return HAN;
		case USCRIPT_HANGUL:
			return HANGUL;
		default:
			return CASELESS;
	}
}

/*
 * Names are written with common characters; half-width ones are of old machines.
 */
static int
judge_east(const Looking *looking, const Word *word)
{
	int			cost = 0;
	int			i;

	for (i = 0; i < word->n && looking->nlanguages > 0; i++)
	{
		UChar32		c = word->letters[i];

		if (c < 0x80 || (c >= 0x3000 && c < 0x3100))
			continue;
		if (uset_contains(looking->languages[0]->letters, c))
			continue;
		cost += uset_contains(looking->languages[0]->seldom, c) ? SELDOM : UNCOMMON;
	}
	return cost;
}

/*
 * A mark stands behind the letter that it is on: no word begins with one, nor does
 * one follow a letter that is spoken behind the next.
 */
static int
judge_marks(const Word *word)
{
	int			cost = 0;
	int			i;

	for (i = 0; i < word->n; i++)
	{
		if (is_mark(word->letters[i]) &&
			(i == 0 || u_hasBinaryProperty(word->letters[i - 1],
										   UCHAR_LOGICAL_ORDER_EXCEPTION)))
			cost += MARK_ALONE;
	}
	return cost;
}

/*
 * Of two letters of which one is not ASCII, the second is a capital only among
 * capitals.
 */
static int
judge_case(const Word *word)
{
	int			capitals = 0;
	int			cost = 0;
	int			i;

	for (i = 0; i < word->n; i++)
		capitals += word->letters[i] >= 0x80 && u_isupper(word->letters[i]);
	if (word->n > 1 && word->script != USCRIPT_LATIN && capitals == word->n)
		cost += CAPITALS;
	if (word->n > 1 && word->letters[0] >= 0x80 && u_islower(word->letters[0]))
		cost += word->script == USCRIPT_LATIN ? SMALL_FIRST : 2 * SMALL_FIRST;
	for (i = 0; i + 1 < word->n; i++)
	{
		bool		is_last = i + 2 == word->n;

		if (word->letters[i] < 0x80 && word->letters[i + 1] < 0x80)
			continue;
		if (u_isupper(word->letters[i + 1]) &&
			(u_islower(word->letters[i]) ||
			 (!is_last && u_islower(word->letters[i + 2]))))
			return cost + CAPITAL_INSIDE;
	}
	return cost;
}

/*
 * Counts the languages that have all letters of a word.  Its ASCII letters count
 * where the language is written with such.
 */
static void
find_languages(Looking *looking, const Word *word)
{
	int			found = 0;
	bool		rare = false;
	int			i;

	for (i = 0; i < looking->nlanguages; i++)
	{
		if (has_word(looking->languages[i], looking->takes_seldom[i], word))
		{
			looking->words[i]++;
			found++;
			rare |= strcmp(looking->languages[i]->name, "is") == 0;
		}
	}
	looking->nwords++;
	looking->nforeign += found == 0;
	looking->nrare += rare && found == 1;
}

static bool
has_word(const Language *language, bool takes_seldom, const Word *word)
{
	int			i;

	for (i = 0; i < word->n; i++)
	{
		UChar32		c = u_tolower(word->letters[i]);

		if (c < 0x80 && word->script != USCRIPT_LATIN)
			continue;
		if (word->letters[i] == 0x130)
			c = 0x131;			/* whose small letter is ASCII */
		if (!uset_contains(language->letters, c) &&
			!(takes_seldom && uset_contains(language->seldom, c)))
			return false;
	}
	return true;
}

/*
 * By how many of all bytes a letter of a script could be: the fewer, the less it is
 * by chance that all of them are letters, in proper case.
 */
static int
order_of(Script script)
{
	switch (script)
	{
		case CASED:
		case CASELESS:
			return 5;
		case HAN:
		case HANGUL:
			return 6;
		case THAI:
			return 2;
		case LATIN:
			break;
	}
	return 0;
}

/*
 * Punctuation and symbols, where people write them: nothing stands against those.
 * run is how many letters stand right before it.
 */
static int
judge_symbol(UChar32 c, UChar32 before, UChar32 after, int run)
{
	bool		left = is_letter(before);
	bool		right = is_letter(after);

	if (c == 0xFFFD || c == SUBSTITUTE || u_charType(c) == U_CONTROL_CHAR || !u_isdefined(c) ||
		u_charType(c) == U_PRIVATE_USE_CHAR)
		return UNREADABLE;
	switch (c)
	{
		case 0x2019:			/* apostrophes, the last by mistake */
		case 0xB4:
			return left || right || after == ' ' || after == '\n' ||
				u_isdigit(after) ? 0 : SYMBOL_OUT_OF_PLACE;
		case 0xA0:				/* blanks, dashes, dots, multiplication */
		case 0xAD:
		case 0xB7:
		case 0xD7:
		case 0x2010:
		case 0x2011:
		case 0x2013:
		case 0x2014:
		case 0x2022:
		case 0x2026:
			return 0;
		case 0x2018:			/* quotes that open or close, or an apostrophe */
			return left && right && !u_isupper(after) ? SYMBOL_OUT_OF_PLACE : 0;
		case 0xAB:				/* quotes that open in one country and close
								 * in another */
		case 0xBB:
		case 0x201C:
		case 0x201D:
		case 0x2039:
		case 0x203A:
			return left && right ? SYMBOL_OUT_OF_PLACE : 0;
		case 0x201A:			/* quotes that open */
		case 0x201E:
		case 0xB5:				/* a millionth */
			return left ? SYMBOL_OUT_OF_PLACE : 0;
		case 0xA7:				/* what stands behind a word */
		case 0xAE:
		case 0xB6:
		case 0x2020:
		case 0x2021:
		case 0x2030:
			return right ? SYMBOL_OUT_OF_PLACE : 0;
		case 0x2122:
			return right && !left ? SYMBOL_OUT_OF_PLACE : 0;
		case 0xA1:
		case 0xBF:
			return left || !right ? SYMBOL_OUT_OF_PLACE : 0;
		case 0xA9:
			return right && !(after < 0x80 && u_isupper(after)) ? SYMBOL_OUT_OF_PLACE : 0;
		case 0xB0:				/* degrees, and French numbers */
			return run > 2 || (run > 0 && right) ? SYMBOL_OUT_OF_PLACE : 0;
		case 0xB2:				/* powers of a unit */
		case 0xB3:
		case 0xB9:
			return right || run > 2 || (run == 0 && !u_isdigit(before)) ?
				SYMBOL_OUT_OF_PLACE : 0;
		case 0xAA:				/* ordinals */
		case 0xBA:
			return !right && run < 5 && (left || u_isdigit(before) || before == '.') ? 0 :
				SYMBOL_OUT_OF_PLACE;
		default:
			break;
	}
	if (right || (left && !u_isdigit(after)))
		return SYMBOL_OUT_OF_PLACE;
	switch (u_charType(c))
	{
		case U_OTHER_SYMBOL:
			return c == 0xA6 || c == 0x2116 ? 0 : SYMBOL_OUT_OF_PLACE;
		case U_MODIFIER_SYMBOL:
		case U_FORMAT_CHAR:
			return SYMBOL_OUT_OF_PLACE;
		case U_MATH_SYMBOL:
			return c == 0xB1 || c == 0xF7 || c == 0xAC ? 0 : SYMBOL_OUT_OF_PLACE;
		default:
			return 0;
	}
}

/*
 * Adds what the languages of the words tell.
 */
static void
sum_up(Looking *looking)
{
	CbCharsetFit *fit = looking->fit;
	int			best = 0;
	int			i;

	if (looking->has_latin || fit->order > ORDER_MAX)
		fit->order = looking->has_latin ? 0 : ORDER_MAX;
	if (looking->nwords == 0 || looking->nlanguages == 0)
		return;
	for (i = 1; i < looking->nlanguages; i++)
	{
		if (looking->words[i] > looking->words[best])
			best = i;
	}
	fit->cost += looking->nforeign * NO_LANGUAGE;
	fit->cost += (looking->nwords - looking->nforeign - looking->words[best]) *
		OTHER_LANGUAGE;
	if (looking->nrare > 0)
		fit->cost += RARE_LANGUAGE;
}
