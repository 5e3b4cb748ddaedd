/*-------------------------------------------------------------------------
 *
 * header_match.c
 *		Finds the usual header that a header is, or nearly is.
 *
 * The aliases are simplified at first use and kept, sorted, for the life of the
 * process.  Only when none is the same, the closest is looked for: a letter may
 * be wrong in a word of five, two from eight on, three from twelve.  Digits must
 * be the same (ref1 is not nearly ref2), and so must the first letter, with
 * which people are careful, unless it changed places with the second.
 *
 * Nothing here needs a server: a fuzzer can call it.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <string.h>

#include "input/distance.h"
#include "input/header.h"

#define CLOSEST_MIN_LEN		5	/* units; a shorter one must be the same */

/* How sure a match makes us, of 100. */
#define SURE_USUAL			95
#define SURE_PERHAPS		70
#define SURE_BESIDE			75
#define NOT_WHOLE			5	/* less: it stands in brackets, or by a slash */
#define NOT_THE_SAME		5	/* less, beside what the slips cost */

typedef struct Alias
{
	const uint16_t *units;
	int			len;
	uint64_t	letters;		/* a set, by the low bits of each unit */
	const CbHeaderAlias *group;
} Alias;

static Alias *aliases;
static size_t naliases;

static bool match_part(const CbHeaderPart *part, bool closest,
					   CbHeaderMatch *match);
static bool load_aliases(void);
static size_t count_aliases(void);
static bool add_aliases(const CbHeaderAlias *group, Alias *list, size_t *n);
static int	compare_aliases(const void *a, const void *b);
static int	compare_units(const uint16_t *a, int alen,
						  const uint16_t *b, int blen);
static const Alias *find_same(const CbHeaderPart *part);
static const Alias *find_closest(const CbHeaderPart *part, int *slips);
static bool begin_alike(const Alias *alias, const CbHeaderPart *part);
static bool same_digits(const uint16_t *a, int alen,
						const uint16_t *b, int blen);
static uint64_t letters_of(const uint16_t *units, int len);
static int	sureness(const Alias *alias, const CbHeaderPart *part, int slips);

bool
cb_header_match(const CbHeaderPart *parts, int nparts, CbHeaderMatch *match)
{
	int			i;

	memset(match, 0, sizeof(*match));
	match->meaning = CB_MEANING_NOTHING;
	if (!load_aliases())
		return false;
	for (i = 0; i < nparts; i++)
	{
		CbHeaderMatch found;
		bool		known = match_part(&parts[i], match->confidence == 0, &found);

		/* A part that is known to be no field says what the others are of. */
		if (known && found.meaning == CB_MEANING_NOTHING &&
			(match->confidence < SURE_USUAL || match->close))
			break;
		/* Two parts of two meanings: a column that holds both. */
		if (known && match->confidence == SURE_USUAL - NOT_WHOLE &&
			found.confidence == match->confidence &&
			found.meaning != match->meaning)
			break;
		if (found.confidence > match->confidence)
			*match = found;
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
 * Fills the list of aliases, once.
 */
static bool
load_aliases(void)
{
	const CbHeaderAlias *group;
	Alias	   *list;
	size_t		n = 0;

	if (aliases != NULL)
		return true;
	list = malloc(sizeof(Alias) * count_aliases());
	if (list == NULL)
		return false;
	for (group = cb_header_aliases; group->headers != NULL; group++)
	{
		if (add_aliases(group, list, &n))
			continue;
		while (n > 0)
			free((void *) list[--n].units);
		free(list);
		return false;
	}
	qsort(list, n, sizeof(Alias), compare_aliases);
	naliases = n;
	aliases = list;
	return true;
}

static size_t
count_aliases(void)
{
	const CbHeaderAlias *group;
	size_t		n = 0;

	for (group = cb_header_aliases; group->headers != NULL; group++)
	{
		const char *c;

		n++;
		for (c = group->headers; *c != '\0'; c++)
			n += *c == '|';
	}
	return n;
}

static bool
add_aliases(const CbHeaderAlias *group, Alias *list, size_t *n)
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
			size_t		size = sizeof(uint16_t) * (size_t) parts[0].len;
			uint16_t   *units = malloc(size);

			if (units == NULL)
				return false;
			memcpy(units, parts[0].units, size);
			list[*n].units = units;
			list[*n].len = parts[0].len;
			list[*n].letters = letters_of(units, parts[0].len);
			list[*n].group = group;
			(*n)++;
		}
		header += len + (header[len] == '|');
	}
	return true;
}

/*
 * By their units; of the same ones the first group's is first.
 */
static int
compare_aliases(const void *a, const void *b)
{
	const Alias *left = a;
	const Alias *right = b;
	int			result = compare_units(left->units, left->len,
									   right->units, right->len);

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

		if (compare_units(aliases[middle].units, aliases[middle].len,
						  part->units, part->len) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < naliases && compare_units(aliases[low].units, aliases[low].len,
										part->units, part->len) == 0)
		return &aliases[low];
	return NULL;
}

/*
 * The alias with the fewest slips between it and a part, of equal ones the
 * longest; NULL when there are too many slips.
 */
static const Alias *
find_closest(const CbHeaderPart *part, int *slips)
{
	uint64_t	letters = letters_of(part->units, part->len);
	int			most = part->len >= 12 ? 3 : part->len >= 8 ? 2 : 1;
	const Alias *closest = NULL;
	size_t		i;

	if (part->len < CLOSEST_MIN_LEN)
		return NULL;
	for (i = 0; i < naliases; i++)
	{
		const Alias *alias = &aliases[i];
		int			n;

		if (alias->len < CLOSEST_MIN_LEN || !begin_alike(alias, part) ||
			alias->len - part->len > most || part->len - alias->len > most ||
			__builtin_popcountll(alias->letters & ~letters) > most ||
			__builtin_popcountll(letters & ~alias->letters) > most ||
			!same_digits(alias->units, alias->len, part->units, part->len))
			continue;
		n = cb_distance(alias->units, alias->len, part->units, part->len, most);
		if (n > most || n * 4 > alias->len ||
			(closest != NULL && n == *slips && alias->len <= closest->len))
			continue;
		closest = alias;
		*slips = n;
		most = n;
	}
	return closest;
}

static bool
begin_alike(const Alias *alias, const CbHeaderPart *part)
{
	return alias->units[0] == part->units[0] ||
		(alias->units[0] == part->units[1] && alias->units[1] == part->units[0]);
}

static bool
same_digits(const uint16_t *a, int alen, const uint16_t *b, int blen)
{
	int			i = 0;
	int			j = 0;

	for (;;)
	{
		while (i < alen && (a[i] < '0' || a[i] > '9'))
			i++;
		while (j < blen && (b[j] < '0' || b[j] > '9'))
			j++;
		if (i == alen || j == blen)
			return i == alen && j == blen;
		if (a[i++] != b[j++])
			return false;
	}
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
		[CB_ALIAS_PERHAPS] = SURE_PERHAPS,
		[CB_ALIAS_BESIDE_FIRST_NAME] = SURE_BESIDE,
	};
	int			result = sure[alias->group->strength];

	if (slips > 0)
		result -= NOT_THE_SAME + result * slips / alias->len;
	return part->whole ? result : result - NOT_WHOLE;
}
