/*-------------------------------------------------------------------------
 *
 * header_match.c
 *		Finds the usual header that a header is, or nearly is.
 *
 * The aliases are simplified at first use and kept, sorted, for the life of the
 * process.  Only when none is the same, one is looked for of which the header is a
 * misspelling (header_likeness.c); no header becomes a password by that.
 *
 * Nothing here needs a server: a fuzzer can call it.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <string.h>

#include "input/header.h"
#include "input/header_likeness.h"

/* How sure a match makes us, of 100. */
#define SURE_USUAL			95
#define SURE_SECOND			85
#define SURE_BESIDE			88
#define SURE_PERHAPS		70
#define NOT_WHOLE			5	/* less: it stands in brackets, or by a slash */
#define NOT_THE_SAME		5	/* less, beside what the slips cost */

#define KNOWN_MIN_LEN		3	/* units of a word that could be a slip */

typedef struct Alias
{
	CbHeaderText text;
	const uint16_t *written;	/* with accents; see CbHeaderPart */
	uint64_t	letters;		/* a set, by the low bits of each unit */
	const CbHeaderAlias *group;
} Alias;

static Alias *aliases;
static size_t naliases;
static CbHeaderWords known;		/* the words of all of them, and others */

static bool match_part(const CbHeaderPart *part, bool closest,
					   CbHeaderMatch *match);
static bool load_aliases(void);
static size_t count_headers(const char *headers);
static bool add_aliases(const CbHeaderAlias *group);
static bool add_words(const CbHeaderText *text);
static void forget_aliases(void);
static void sort_words(void);
static int	compare_aliases(const void *a, const void *b);
static int	compare_units(const uint16_t *a, int alen,
						  const uint16_t *b, int blen);
static const Alias *find_same(const CbHeaderPart *part);
static bool is_secret(const Alias *alias);
static bool accents_agree(const CbHeaderPart *part, const Alias *alias);
static const Alias *find_closest(const CbHeaderPart *part, int *slips);
static uint64_t letters_of(const uint16_t *units, int len);
static int	sureness(const Alias *alias, const CbHeaderPart *part, int slips);

bool
cb_header_match(const CbHeaderPart *parts, int nparts, CbHeaderMatch *match)
{
	bool		in_part = false;	/* the match is not that of the whole */
	int			i;

	memset(match, 0, sizeof(*match));
	match->meaning = CB_MEANING_NOTHING;
	if (!load_aliases())
		return false;
	for (i = 0; i < nparts; i++)
	{
		CbHeaderMatch found;
		bool		is_same = match_part(&parts[i], match->confidence == 0, &found);

		/* A part that is known to be no field says what the others are of. */
		if (is_same && found.meaning == CB_MEANING_NOTHING &&
			(found.strength == CB_ALIAS_USUAL || match->close ||
			 match->confidence < SURE_SECOND))
			break;
		/* Two parts of two meanings: a column that holds both. */
		if (is_same && in_part && found.meaning != match->meaning &&
			match->confidence >= SURE_SECOND - NOT_WHOLE &&
			found.confidence >= SURE_SECOND - NOT_WHOLE)
			break;
		if (found.confidence > match->confidence)
		{
			*match = found;
			in_part = !parts[i].whole;
		}
	}
	if (i < nparts)
	{
		match->meaning = CB_MEANING_NOTHING;
		match->confidence = 0;
	}
	return true;
}

/*
 * Matches one part, also with what is only close if that is wanted.  True when
 * it is the same as a usual header.
 */
static bool
match_part(const CbHeaderPart *part, bool closest, CbHeaderMatch *match)
{
	int			slips = 0;
	const Alias *same = find_same(part);
	const Alias *found = same;

	if (found == NULL && closest)
		found = find_closest(part, &slips);
	match->meaning = found == NULL ? CB_MEANING_NOTHING : found->group->meaning;
	match->strength = found == NULL ? CB_ALIAS_USUAL : found->group->strength;
	match->close = slips > 0;
	match->confidence = match->meaning == CB_MEANING_NOTHING ? 0 :
		sureness(found, part, slips);
	return same != NULL;
}

/*
 * Fills the lists, once.  False when memory is short or ICU failed.
 */
static bool
load_aliases(void)
{
	const CbHeaderAlias *group;
	size_t		n = 0;

	if (aliases != NULL)
		return true;
	for (group = cb_header_aliases; group->headers != NULL; group++)
		n += count_headers(group->headers);
	aliases = malloc(sizeof(Alias) * n);
	for (group = cb_header_aliases; aliases != NULL && group->headers != NULL;
		 group++)
	{
		if (!add_aliases(group))
			forget_aliases();
	}
	if (aliases == NULL)
		return false;
	qsort(aliases, naliases, sizeof(Alias), compare_aliases);
	sort_words();
	return true;
}

static size_t
count_headers(const char *headers)
{
	size_t		n = 1;

	for (; *headers != '\0'; headers++)
		n += *headers == '|';
	return n;
}

static bool
add_aliases(const CbHeaderAlias *group)
{
	const char *header = group->headers;

	while (*header != '\0')
	{
		size_t		len = strcspn(header, "|");
		CbHeaderPart parts[CB_HEADER_PARTS];
		int			nparts = cb_header_parts(header, len, parts);

		if (nparts < 0)
			return false;
		if (nparts > 0)
		{
			Alias	   *alias = &aliases[naliases];
			size_t		size = sizeof(uint16_t) * (size_t) parts[0].len;
			uint16_t   *units = malloc(size * 2);

			if (units == NULL)
				return false;
			memcpy(units, parts[0].units, size);
			memcpy(units + parts[0].len, parts[0].written, size);
			alias->text.units = units;
			alias->text.len = parts[0].len;
			alias->text.starts = parts[0].starts;
			alias->written = units + parts[0].len;
			alias->letters = letters_of(units, parts[0].len);
			alias->group = group;
			naliases++;
			if (!add_words(&alias->text))
				return false;
		}
		header += len + (header[len] == '|');
	}
	return true;
}

/* Adds the words of a text, which must last, to those that are known. */
static bool
add_words(const CbHeaderText *text)
{
	int			at = 0;

	while (at < text->len)
	{
		CbHeaderWord word = cb_header_word_at(text, at);

		at += word.len;
		if (word.len < KNOWN_MIN_LEN)
			continue;
		if ((known.n & (known.n - 1)) == 0)
		{
			size_t		room = known.n == 0 ? 1 : (size_t) known.n * 2;
			CbHeaderWord *grown = realloc(known.words,
										  sizeof(CbHeaderWord) * room);

			if (grown == NULL)
				return false;
			known.words = grown;
		}
		known.words[known.n++] = word;
	}
	return true;
}

static void
forget_aliases(void)
{
	while (naliases > 0)
		free((void *) aliases[--naliases].text.units);
	free(aliases);
	free(known.words);
	aliases = NULL;
	known.words = NULL;
	known.n = 0;
}

/* Sorts the known words and leaves each once. */
static void
sort_words(void)
{
	int			n = 0;
	int			i;

	qsort(known.words, (size_t) known.n, sizeof(CbHeaderWord),
		  cb_header_word_compare);
	for (i = 0; i < known.n; i++)
	{
		if (i == 0 || cb_header_word_compare(&known.words[i],
											 &known.words[n - 1]) != 0)
			known.words[n++] = known.words[i];
	}
	known.n = n;
}

/*
 * By their units; of the same ones the first group's is first.
 */
static int
compare_aliases(const void *a, const void *b)
{
	const Alias *left = a;
	const Alias *right = b;
	int			result = compare_units(left->text.units, left->text.len,
									   right->text.units, right->text.len);

	if (result != 0)
		return result;
	return (left->group > right->group) - (left->group < right->group);
}

static int
compare_units(const uint16_t *a, int alen, const uint16_t *b, int blen)
{
	int			i;

	for (i = 0; i < alen && i < blen; i++)
	{
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	}
	return (alen > blen) - (alen < blen);
}

/*
 * The first of the aliases that are the same as a part; NULL when none is.
 */
static const Alias *
find_same(const CbHeaderPart *part)
{
	size_t		low = 0;
	size_t		high = naliases;

	while (low < high)
	{
		size_t		middle = (low + high) / 2;
		const CbHeaderText *text = &aliases[middle].text;

		if (compare_units(text->units, text->len, part->units, part->len) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < naliases; low++)
	{
		const Alias *alias = &aliases[low];

		if (compare_units(alias->text.units, alias->text.len,
						  part->units, part->len) != 0)
			break;
		if (alias->group->meaning == CB_MEANING_WORD ||
			(is_secret(alias) && !accents_agree(part, alias)))
			continue;
		return alias;
	}
	return NULL;
}

static bool
is_secret(const Alias *alias)
{
	return alias->group->meaning == CB_MEANING_PASSWORD ||
		alias->group->meaning == CB_MEANING_PASSWORD_HASH;
}

/*
 * Does a part have the accents of an alias, or none?  Another accent makes another
 * word: a password is a Turkish word with a cedilla, and a code one of its
 * neighbours' with a caron.
 */
static bool
accents_agree(const CbHeaderPart *part, const Alias *alias)
{
	int			i;

	for (i = 0; i < part->len; i++)
	{
		if (part->written[i] != part->units[i] &&
			part->written[i] != alias->written[i])
			return false;
	}
	return true;
}

/*
 * The alias with the fewest slips between it and a part, of equal ones the
 * longest; NULL when there are too many slips.
 */
static const Alias *
find_closest(const CbHeaderPart *part, int *slips)
{
	CbHeaderText text = {part->units, part->len, part->starts};
	uint64_t	letters = letters_of(part->units, part->len);
	int			most = CB_HEADER_SLIPS_MAX;
	const Alias *closest = NULL;
	size_t		i;

	for (i = 0; i < naliases; i++)
	{
		const Alias *alias = &aliases[i];
		int			n;

		if (alias->text.len - part->len > most ||
			part->len - alias->text.len > most ||
			__builtin_popcountll(alias->letters & ~letters) > most ||
			__builtin_popcountll(letters & ~alias->letters) > most ||
			is_secret(alias) || alias->group->meaning == CB_MEANING_WORD)
			continue;
		n = cb_header_likeness(&text, &alias->text, &known);
		if (n < 0 || n > most ||
			(closest != NULL && n == *slips &&
			 alias->text.len <= closest->text.len))
			continue;
		closest = alias;
		*slips = n;
		most = n;
	}
	return closest;
}

static uint64_t
letters_of(const uint16_t *units, int len)
{
	uint64_t	letters = 0;
	int			i;

	for (i = 0; i < len; i++)
		letters |= UINT64_C(1) << (units[i] & 63);
	return letters;
}

static int
sureness(const Alias *alias, const CbHeaderPart *part, int slips)
{
	static const int sure[] = {
		[CB_ALIAS_USUAL] = SURE_USUAL,
		[CB_ALIAS_SECOND] = SURE_SECOND,
		[CB_ALIAS_PERHAPS] = SURE_PERHAPS,
		[CB_ALIAS_BESIDE_FIRST_NAME] = SURE_BESIDE,
	};
	int			result = sure[alias->group->strength];

	if (slips > 0)
		result -= NOT_THE_SAME + result * slips / alias->text.len;
	return part->whole ? result : result - NOT_WHOLE;
}
