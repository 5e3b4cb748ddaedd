/*-------------------------------------------------------------------------
 *
 * secret_word.c
 *		Finds words for secrets in a name.
 *
 * A name is cut into words, which are kept without gaps: a phrase of the list,
 * written with blanks or run together, is a stretch of units that begins where a
 * word begins and ends where one ends.
 *
 *		"reset_passwordToken"	-> reset | password | token
 *		"PINcode"				-> pi | n | code	(see fold.c)
 *
 * A word of at least seven letters is found with one slip of the finger, too.
 *
 * The list is cut at first use and kept for the life of the process.  Nothing
 * here needs a server: a fuzzer can call it.
 *
 *-------------------------------------------------------------------------
 */
#include "input/secret_word.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <unicode/uchar.h>
#include <unicode/utf16.h>

#include "input/distance.h"
#include "input/fold.h"

#define UNITS_MAX		4096	/* UTF-16 of a name */
#define WORDS_MAX		256
#define PHRASE_WORDS	6		/* of a phrase, at most */
#define SLIP_MIN_LEN	7		/* units of a word that may have a slip */
#define LATIN_END		0x0250

typedef enum WordClass
{
	WORD_NONE,					/* no secret */
	WORD_PLAIN,					/* a password or a code */
	WORD_TOKEN,					/* the same, whatever stands beside it */
	WORD_HASH,
	WORD_BEFORE,				/* before a password: it is spoken about */
	WORD_BEHIND					/* behind one */
} WordClass;

typedef enum WordPlace
{
	WHOLE,
	INSIDE
} WordPlace;

typedef struct WordGroup
{
	WordClass	class;
	WordPlace	place;
	const char *words;			/* UTF-8, separated by "|" */
} WordGroup;

static const WordGroup groups[] = {
#include "input/secret_word.def"
};

#define NGROUPS	(sizeof(groups) / sizeof(groups[0]))

/* A text cut into words. */
typedef struct Name
{
	int			nwords;
	int			starts[WORDS_MAX + 1];	/* the last is the end of the text */
	bool		apart[WORDS_MAX];	/* more than a blank stands before it */
	uint16_t	units[UNITS_MAX];
} Name;

/* A word or phrase of the list, without its blanks. */
typedef struct Entry
{
	uint16_t   *units;
	int			len;
	WordClass	class;
	WordPlace	place;
} Entry;

/* The list, a table for words of secrets and two for what stands beside them. */
typedef enum TableNumber
{
	SECRETS,
	BEFORE,
	BEHIND,
	NTABLES
} TableNumber;

typedef struct Table
{
	Entry	   *entries;		/* sorted */
	int			n;
} Table;

static Table tables[NTABLES];
static bool loaded;

static bool load_tables(void);
static bool add_group(const WordGroup *group);
static bool add_entry(Table *table, const WordGroup *group, const char *word,
					  size_t len);
static int	compare_entries(const void *a, const void *b);
static int	compare_units(const uint16_t *a, int alen,
						  const uint16_t *b, int blen);
static bool cut_name(const char *utf8, size_t len, Name *name);
static bool add_letter(Name *name, uint32_t c, bool begins, bool apart);
static int	find_phrase(const Name *name, int first, WordClass *class);
static WordClass find_inside(const Name *name, int word);
static const Entry *find_entry(TableNumber number, const uint16_t *units,
							   int len);
static bool contains(const uint16_t *units, int len, const Entry *entry);
static bool is_slip(const uint16_t *units, int len, const Entry *entry);
static bool is_spoken_about(const Name *name, int first, int last);
static bool is_in_table(const Name *name, int first, int last,
						TableNumber number);

CbSecretWord
cb_secret_word(const char *utf8, size_t len)
{
	Name		name;
	bool		found[WORD_HASH + 1] = {false};
	int			word = 0;

	if (!load_tables() || !cut_name(utf8, len, &name))
		return CB_SECRET_PLAIN;
	while (word < name.nwords)
	{
		WordClass	class = WORD_NONE;
		int			nwords = find_phrase(&name, word, &class);

		if (nwords == 0)
		{
			nwords = 1;
			class = find_inside(&name, word);
		}
		if (class == WORD_TOKEN ||
			!is_spoken_about(&name, word, word + nwords - 1))
			found[class] = true;
		word += nwords;
	}
	if (found[WORD_TOKEN])
		return CB_SECRET_PLAIN;
	if (found[WORD_HASH])
		return CB_SECRET_HASH;
	return found[WORD_PLAIN] ? CB_SECRET_PLAIN : CB_SECRET_NO;
}

/* False when memory is short or ICU failed; the next call tries again. */
static bool
load_tables(void)
{
	size_t		i;
	int			t;

	if (loaded)
		return true;
	for (i = 0; i < NGROUPS; i++)
	{
		if (!add_group(&groups[i]))
			break;
	}
	loaded = i == NGROUPS;
	for (t = 0; t < NTABLES; t++)
	{
		if (loaded)
			qsort(tables[t].entries, (size_t) tables[t].n, sizeof(Entry),
				  compare_entries);
		else
		{
			while (tables[t].n > 0)
				free(tables[t].entries[--tables[t].n].units);
			free(tables[t].entries);
			tables[t].entries = NULL;
		}
	}
	return loaded;
}

static bool
add_group(const WordGroup *group)
{
	Table	   *table = &tables[group->class == WORD_BEFORE ? BEFORE :
								group->class == WORD_BEHIND ? BEHIND : SECRETS];
	const char *word = group->words;
	size_t		nwords = 1;
	const char *c;
	Entry	   *grown;

	for (c = word; *c != '\0'; c++)
		nwords += *c == '|';
	grown = realloc(table->entries,
					sizeof(Entry) * ((size_t) table->n + nwords));
	if (grown == NULL)
		return false;
	table->entries = grown;
	while (*word != '\0')
	{
		size_t		len = strcspn(word, "|");

		if (!add_entry(table, group, word, len))
			return false;
		word += len + (word[len] == '|');
	}
	return true;
}

static bool
add_entry(Table *table, const WordGroup *group, const char *word, size_t len)
{
	Entry	   *entry = &table->entries[table->n];
	Name		name;

	if (!cut_name(word, len, &name))
		return false;
	entry->len = name.starts[name.nwords];
	entry->class = group->class;
	entry->place = group->place;
	entry->units = malloc(sizeof(uint16_t) * (size_t) (entry->len + 1));
	if (entry->units == NULL)
		return false;
	memcpy(entry->units, name.units, sizeof(uint16_t) * (size_t) entry->len);
	table->n++;
	return true;
}

static int
compare_entries(const void *a, const void *b)
{
	const Entry *left = a;
	const Entry *right = b;

	return compare_units(left->units, left->len, right->units, right->len);
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
 * Cuts a text into words; a run of digits is a word.  False for a text that
 * cannot be read or has too many of them.  An empty one has none.
 */
static bool
cut_name(const char *utf8, size_t len, Name *name)
{
	uint16_t	folded[UNITS_MAX];
	int32_t		n = cb_fold(utf8, len, folded, UNITS_MAX);
	int32_t		i = 0;
	bool		in_word = false;
	bool		in_digits = false;
	bool		apart = false;

	name->nwords = 0;
	name->starts[0] = 0;
	if (n <= 0)
		return len == 0;
	while (i < n)
	{
		UChar32		c;
		bool		digit;

		U16_NEXT(folded, i, n, c);
		c = (UChar32) cb_fold_base((uint32_t) c);
		if (c == 0)
			continue;
		if (!cb_fold_is_letter((uint32_t) c))
		{
			in_word = false;
			apart |= !u_isspace(c) && c != '_' && c != '-' && c != '.';
			continue;
		}
		digit = u_isdigit(c);
		if (!add_letter(name, (uint32_t) c, !in_word || digit != in_digits, apart))
			return false;
		in_word = true;
		in_digits = digit;
		apart = false;
	}
	return true;
}

static bool
add_letter(Name *name, uint32_t c, bool begins, bool apart)
{
	int			n = name->starts[name->nwords];

	if (begins)
	{
		if (name->nwords == WORDS_MAX)
			return false;
		name->apart[name->nwords] = apart;
		name->nwords++;
	}
	if (n + 2 > UNITS_MAX)
		return false;
	U16_APPEND_UNSAFE(name->units, n, c);
	name->starts[name->nwords] = n;
	return true;
}

/*
 * The longest entry that begins with a word: the number of its words, or 0.
 */
static int
find_phrase(const Name *name, int first, WordClass *class)
{
	int			nwords = name->nwords - first;

	if (nwords > PHRASE_WORDS)
		nwords = PHRASE_WORDS;
	for (; nwords > 0; nwords--)
	{
		int			start = name->starts[first];
		const Entry *entry = find_entry(SECRETS, name->units + start,
										name->starts[first + nwords] - start);

		if (entry == NULL)
			continue;
		*class = entry->class;
		return nwords;
	}
	return 0;
}

/* What stands within a word, or is nearly it. */
static WordClass
find_inside(const Name *name, int word)
{
	const uint16_t *units = name->units + name->starts[word];
	int			len = name->starts[word + 1] - name->starts[word];
	WordClass	class = WORD_NONE;
	int			i;

	for (i = 0; i < tables[SECRETS].n && class != WORD_TOKEN; i++)
	{
		const Entry *entry = &tables[SECRETS].entries[i];

		if (entry->place == INSIDE && entry->class > class &&
			(contains(units, len, entry) || is_slip(units, len, entry)))
			class = entry->class;
	}
	return class;
}

static const Entry *
find_entry(TableNumber number, const uint16_t *units, int len)
{
	const Table *table = &tables[number];
	int			low = 0;
	int			high = table->n;

	while (low < high)
	{
		int			middle = (low + high) / 2;
		const Entry *entry = &table->entries[middle];
		int			order = compare_units(entry->units, entry->len, units, len);

		if (order == 0)
			return entry;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static bool
contains(const uint16_t *units, int len, const Entry *entry)
{
	int			i;

	for (i = 0; i + entry->len <= len; i++)
	{
		if (memcmp(units + i, entry->units,
				   sizeof(uint16_t) * (size_t) entry->len) == 0)
			return true;
	}
	return false;
}

static bool
is_slip(const uint16_t *units, int len, const Entry *entry)
{
	return len >= SLIP_MIN_LEN && entry->len >= SLIP_MIN_LEN &&
		units[0] < LATIN_END && entry->units[0] < LATIN_END &&
		cb_distance(units, len, entry->units, entry->len, 1) <= 1;
}

/*
 * Does the name say something about the password rather than what it is?
 */
static bool
is_spoken_about(const Name *name, int first, int last)
{
	int			i;

	for (i = last + 1; i < name->nwords && i <= last + PHRASE_WORDS; i++)
	{
		if (name->apart[i])
			break;
		if (is_in_table(name, last + 1, i, BEHIND))
			return true;
	}
	for (i = first - 1; i >= 0 && i >= first - PHRASE_WORDS; i--)
	{
		if (name->apart[i + 1])
			break;
		if (is_in_table(name, i, first - 1, BEFORE))
			return true;
	}
	return false;
}

static bool
is_in_table(const Name *name, int first, int last, TableNumber number)
{
	int			start = name->starts[first];

	return find_entry(number, name->units + start,
					  name->starts[last + 1] - start) != NULL;
}
