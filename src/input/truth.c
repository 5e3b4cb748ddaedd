/*-------------------------------------------------------------------------
 *
 * truth.c
 *		Yes and no, as people write them and as spreadsheets translate them.
 *
 * ASCII letters count in either case; a word with others is listed in each way
 * that it is usually written.
 *
 *-------------------------------------------------------------------------
 */
#include <stdbool.h>
#include <string.h>

#include "input/truth.h"

static const char *const yes_words[] = {
	"yes", "y", "true", "t", "1", "on", "x",
	"ja", "j", "wahr",			/* German, Dutch, Scandinavian */
	"waar",
	"oui", "o", "vrai",			/* French */
	"si", "s\xc3\xad", "S\xc3\xad", "S\xc3\x8d", "s\xc3\xac", "S\xc3\xac",
	"verdadero", "vero",		/* Spanish, Italian */
	"sim", "verdadeiro",		/* Portuguese */
	"tak", "prawda",			/* Polish */
	"ano", "pravda",			/* Czech */
	"igen", "igaz",				/* Hungarian */
	"da", "adev\xc4\x83rat",	/* Romanian, Slavic in Latin letters */
	"kyll\xc3\xa4", "tosi",		/* Finnish */
	"sann", "sant", "sand",		/* Scandinavian */
	"evet", "do\xc4\x9fru",		/* Turkish */
	"\xd0\xb4\xd0\xb0", "\xd0\x94\xd0\xb0", "\xd0\x94\xd0\x90", /* Cyrillic da */
	"\xd0\xb8\xd1\x81\xd1\x82\xd0\xb8\xd0\xbd\xd0\xb0",
	"\xd0\x98\xd0\xa1\xd0\xa2\xd0\x98\xd0\x9d\xd0\x90", /* Russian Excel */
	"\xd1\x82\xd0\xb0\xd0\xba", "\xd0\xa2\xd0\xb0\xd0\xba", /* Ukrainian */
	"\xce\xbd\xce\xb1\xce\xb9", "\xce\x9d\xce\xb1\xce\xb9", /* Greek */
	"\xd7\x9b\xd7\x9f",			/* Hebrew */
	"\xd9\x86\xd8\xb9\xd9\x85", /* Arabic */
	"\xe3\x81\xaf\xe3\x81\x84", /* Japanese */
	"\xe6\x98\xaf",				/* Chinese */
	"\xec\x98\x88", "\xeb\x84\xa4", /* Korean */
};

static const char *const no_words[] = {
	"no", "n", "false", "f", "0", "off",
	"nein", "falsch", "nee", "onwaar", "nej", "nei",
	"non", "faux",
	"falso", "n\xc3\xa3o", "N\xc3\xa3o", "N\xc3\x83O", "nao",
	"nie", "fa\xc5\x82sz", "FA\xc5\x81SZ",
	"ne", "nepravda",
	"nem", "hamis",
	"nu", "fals",
	"ei", "ep\xc3\xa4tosi", "EP\xc3\x84TOSI",
	"falskt", "usann", "falsk",
	"hay\xc4\xb1r", "Hay\xc4\xb1r", "yanl\xc4\xb1\xc5\x9f",
	"\xd0\xbd\xd0\xb5\xd1\x82", "\xd0\x9d\xd0\xb5\xd1\x82",
	"\xd0\x9d\xd0\x95\xd0\xa2",
	"\xd0\xbb\xd0\xbe\xd0\xb6\xd1\x8c", "\xd0\x9b\xd0\x9e\xd0\x96\xd0\xac",
	"\xd0\xbd\xd1\x96", "\xd0\x9d\xd1\x96",
	"\xce\xbf\xcf\x87\xce\xb9", "\xcf\x8c\xcf\x87\xce\xb9",
	"\xd7\x9c\xd7\x90",
	"\xd9\x84\xd8\xa7",
	"\xe3\x81\x84\xe3\x81\x84\xe3\x81\x88",
	"\xe5\x90\xa6",
	"\xec\x95\x84\xeb\x8b\x88\xec\x98\xa4",
};

#define COUNT(words)	(sizeof(words) / sizeof((words)[0]))

static bool is_listed(const char *const *words, size_t nwords,
					  const char *utf8, size_t len);
static bool equals(const char *word, const char *utf8, size_t len);

CbTruth
cb_truth_read(const char *utf8, size_t len)
{
	if (is_listed(yes_words, COUNT(yes_words), utf8, len))
		return CB_TRUTH_YES;
	if (is_listed(no_words, COUNT(no_words), utf8, len))
		return CB_TRUTH_NO;
	return CB_TRUTH_UNKNOWN;
}

static bool
is_listed(const char *const *words, size_t nwords, const char *utf8,
		  size_t len)
{
	for (size_t i = 0; i < nwords; i++)
	{
		if (strlen(words[i]) == len && equals(words[i], utf8, len))
			return true;
	}
	return false;
}

static bool
equals(const char *word, const char *utf8, size_t len)
{
	for (size_t i = 0; i < len; i++)
	{
		char		c = utf8[i];

		if (c >= 'A' && c <= 'Z' && word[i] >= 'a' && word[i] <= 'z')
			c = (char) (c - 'A' + 'a');
		if (c != word[i])
			return false;
	}
	return true;
}
