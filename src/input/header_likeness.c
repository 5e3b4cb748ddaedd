/*-------------------------------------------------------------------------
 *
 * header_likeness.c
 *		Is a header a misspelling of another?
 *
 * One letter makes another word of a short one ("note", "node"; "stage",
 * "state"), so what counts as a slip depends on the length of the word:
 *
 *		3 letters	two neighbours changed places, or a letter is doubled or
 *					not doubled: "frist", "adress"
 *		6 letters	also a letter too many or too few: "exernal"
 *		9 letters	also another letter
 *		10 letters	also two letters too few
 *
 * Where blanks stand elsewhere than in the other, so that words cannot be compared
 * one by one, only slips of the first kind count.
 *
 * Only alphabets are compared like this: a character of East Asia is a word.
 *
 * Nothing here needs a server: a fuzzer can call it.
 *
 *-------------------------------------------------------------------------
 */
#include "input/header_likeness.h"

#include <stdlib.h>
#include <string.h>

#include "input/distance.h"

#define SLIP_MIN_LEN	3		/* units of a word that may be misspelt */
#define GAP_MIN_LEN		6		/* by a letter too many or too few */
#define LETTER_MIN_LEN	9		/* by another letter */
#define TWO_MIN_LEN		10		/* by two letters too few */
#define HEADER_MIN_LEN	5		/* units of a header */
#define LETTERS_PER_SLIP	4	/* of a header, at least */
#define ALPHABETS_END	0x0590	/* Latin, Greek, Cyrillic, Armenian */

static int	slips_in_word(const CbHeaderWord *word, const CbHeaderWord *meant,
						  bool alone, const CbHeaderWords *known);
static bool is_alphabetic(const CbHeaderWord *word);
static bool begin_alike(const CbHeaderWord *word, const CbHeaderWord *meant);
static bool same_digits(const CbHeaderWord *word, const CbHeaderWord *meant);
static bool goes_on(const CbHeaderWord *word, const CbHeaderWord *meant);
static bool has_in_order(const CbHeaderWord *word, const CbHeaderWord *letters);
static bool is_small_slip(const CbHeaderWord *word, const CbHeaderWord *meant);
static bool is_swap(const CbHeaderWord *word, const CbHeaderWord *meant);
static bool is_doubling(const CbHeaderWord *longer, const CbHeaderWord *shorter);
static bool is_known(const CbHeaderWord *word, const CbHeaderWords *known);

int
cb_header_likeness(const CbHeaderText *header, const CbHeaderText *meant,
				   const CbHeaderWords *known)
{
	CbHeaderWord all = {header->units, header->len};
	CbHeaderWord meant_all = {meant->units, meant->len};
	int			at = 0;
	int			meant_at = 0;
	int			slips = 0;

	if (header->len < HEADER_MIN_LEN || meant->len < HEADER_MIN_LEN)
		return -1;
	if (__builtin_popcountll(header->starts) != __builtin_popcountll(meant->starts))
		return is_alphabetic(&all) && is_small_slip(&all, &meant_all) ? 1 : -1;
	while (at < header->len && meant_at < meant->len)
	{
		CbHeaderWord word = cb_header_word_at(header, at);
		CbHeaderWord meant_word = cb_header_word_at(meant, meant_at);
		int			n = slips_in_word(&word, &meant_word,
									  word.len == header->len, known);

		if (n < 0)
			return -1;
		slips += n;
		at += word.len;
		meant_at += meant_word.len;
	}
	return slips <= CB_HEADER_SLIPS_MAX &&
		slips * LETTERS_PER_SLIP <= meant->len ? slips : -1;
}

CbHeaderWord
cb_header_word_at(const CbHeaderText *header, int at)
{
	CbHeaderWord word = {header->units + at, 1};

	while (at + word.len < header->len &&
		   (header->starts & (UINT64_C(1) << (at + word.len))) == 0)
		word.len++;
	return word;
}

int
cb_header_word_compare(const void *a, const void *b)
{
	const CbHeaderWord *left = a;
	const CbHeaderWord *right = b;
	int			i;

	for (i = 0; i < left->len && i < right->len; i++)
	{
		if (left->units[i] != right->units[i])
			return left->units[i] < right->units[i] ? -1 : 1;
	}
	return (left->len > right->len) - (left->len < right->len);
}

/*
 * The slips in a word that is alone or has neighbours, which then are right and
 * say that "frist" is no German deadline before a "name"; -1: it is another word.
 */
static int
slips_in_word(const CbHeaderWord *word, const CbHeaderWord *meant,
			  bool alone, const CbHeaderWords *known)
{
	if (cb_header_word_compare(word, meant) == 0)
		return 0;
	if (word->len - meant->len > 1 || meant->len - word->len > 2 ||
		word->len < SLIP_MIN_LEN || !begin_alike(word, meant) ||
		!is_alphabetic(word) || !same_digits(word, meant))
		return -1;
	if (is_small_slip(word, meant) && !(alone && is_known(word, known)))
		return 1;
	if (is_known(word, known))
		return -1;
	if (goes_on(word, meant) || goes_on(meant, word))
		return -1;
	if (word->len == meant->len - 2)
		return word->len >= TWO_MIN_LEN && has_in_order(meant, word) ? 2 : -1;
	if (word->len < GAP_MIN_LEN || meant->len < GAP_MIN_LEN ||
		(word->len == meant->len && word->len < LETTER_MIN_LEN))
		return -1;
	return cb_distance(word->units, word->len, meant->units, meant->len, 1) == 1 ?
		1 : -1;
}

static bool
is_alphabetic(const CbHeaderWord *word)
{
	int			i;

	for (i = 0; i < word->len; i++)
	{
		if (word->units[i] >= ALPHABETS_END)
			return false;
	}
	return true;
}

/* The same first letter, unless the first two changed places. */
static bool
begin_alike(const CbHeaderWord *word, const CbHeaderWord *meant)
{
	return word->units[0] == meant->units[0] ||
		(meant->len > 1 && word->units[0] == meant->units[1] &&
		 word->units[1] == meant->units[0]);
}

static bool
same_digits(const CbHeaderWord *word, const CbHeaderWord *meant)
{
	int			i = 0;
	int			j = 0;

	for (;;)
	{
		while (i < word->len && (word->units[i] < '0' || word->units[i] > '9'))
			i++;
		while (j < meant->len && (meant->units[j] < '0' || meant->units[j] > '9'))
			j++;
		if (i == word->len || j == meant->len)
			return i == word->len && j == meant->len;
		if (word->units[i++] != meant->units[j++])
			return false;
	}
}

/* Is a word the beginning of the other? */
static bool
goes_on(const CbHeaderWord *word, const CbHeaderWord *meant)
{
	return word->len <= meant->len &&
		memcmp(word->units, meant->units, sizeof(uint16_t) * (size_t) word->len) == 0;
}

/* Has a word all letters of the other in their order? */
static bool
has_in_order(const CbHeaderWord *word, const CbHeaderWord *letters)
{
	int			found = 0;
	int			i;

	for (i = 0; i < word->len && found < letters->len; i++)
		found += word->units[i] == letters->units[found];
	return found == letters->len;
}

/* A slip that makes another word of hardly any. */
static bool
is_small_slip(const CbHeaderWord *word, const CbHeaderWord *meant)
{
	return is_swap(word, meant) || is_doubling(word, meant) ||
		is_doubling(meant, word);
}

/* Did two neighbours change places, and is all else the same? */
static bool
is_swap(const CbHeaderWord *word, const CbHeaderWord *meant)
{
	int			i = 0;
	size_t		rest;

	if (word->len != meant->len)
		return false;
	while (i < word->len && word->units[i] == meant->units[i])
		i++;
	if (i + 1 >= word->len || word->units[i] != meant->units[i + 1] ||
		word->units[i + 1] != meant->units[i])
		return false;
	rest = sizeof(uint16_t) * (size_t) (word->len - i - 2);
	return memcmp(word->units + i + 2, meant->units + i + 2, rest) == 0;
}

/* Is it the other word with a letter doubled? */
static bool
is_doubling(const CbHeaderWord *longer, const CbHeaderWord *shorter)
{
	int			i = 0;
	size_t		rest;

	if (longer->len != shorter->len + 1)
		return false;
	while (i < shorter->len && longer->units[i] == shorter->units[i])
		i++;
	if (i == 0 || longer->units[i] != longer->units[i - 1])
		return false;
	rest = sizeof(uint16_t) * (size_t) (shorter->len - i);
	return memcmp(longer->units + i + 1, shorter->units + i, rest) == 0;
}

static bool
is_known(const CbHeaderWord *word, const CbHeaderWords *known)
{
	return bsearch(word, known->words, (size_t) known->n, sizeof(CbHeaderWord),
				   cb_header_word_compare) != NULL;
}
