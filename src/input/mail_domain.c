/*-------------------------------------------------------------------------
 *
 * mail_domain.c
 *		Slips of the finger in well-known mail domains.
 *
 * A domain is compared in two parts, the name and what follows its first dot.
 * A short name has so many real neighbours that only two letters that changed
 * places count.  Providers are at home in many countries, of which only some are
 * listed: behind a right name another country is no slip (hotmail.be), only what
 * is no country (hotmail.con) or is known to be meant otherwise (gmail.co).
 *
 * Nothing here needs a server: a fuzzer can call it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE				/* memrchr */
#endif
#include "input/mail_domain.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "input/distance.h"

#define SHORT_NAME	4			/* letters: the shorter is told by order only */
#define LONG_NAME	7			/* letters: from here on two slips are let */

/* *INDENT-OFF* */
static const char *const well_known[] = {
	"gmail.com", "googlemail.com", "hotmail.com", "hotmail.co.uk", "hotmail.fr", "hotmail.de", "hotmail.it",
	"hotmail.es", "outlook.com", "outlook.de", "outlook.fr", "outlook.es", "live.com", "live.fr", "live.co.uk",
	"live.nl", "msn.com", "yahoo.com", "yahoo.co.uk", "yahoo.fr", "yahoo.de", "yahoo.it", "yahoo.es",
	"yahoo.co.jp", "yahoo.co.in", "yahoo.com.br", "ymail.com", "rocketmail.com", "icloud.com", "me.com", "mac.com",
	"aol.com", "protonmail.com", "proton.me", "gmx.de", "gmx.net", "gmx.at", "gmx.ch", "gmx.com", "web.de",
	"t-online.de", "freenet.de", "posteo.de", "mailbox.org", "arcor.de", "orange.fr", "wanadoo.fr", "free.fr",
	"laposte.net", "sfr.fr", "libero.it", "virgilio.it", "tiscali.it", "alice.it", "telefonica.net", "uol.com.br",
	"bol.com.br", "terra.com.br", "sapo.pt", "mail.ru", "yandex.ru", "yandex.com", "rambler.ru", "inbox.ru",
	"list.ru", "bk.ru", "ukr.net", "qq.com", "163.com", "126.com", "sina.com", "foxmail.com", "naver.com",
	"daum.net", "hanmail.net", "docomo.ne.jp", "wp.pl", "onet.pl", "o2.pl", "interia.pl", "seznam.cz",
	"centrum.cz", "ziggo.nl", "kpnmail.nl", "telenet.be", "skynet.be", "bluewin.ch", "comcast.net", "verizon.net",
	"att.net", "sbcglobal.net", "btinternet.com", "bigpond.com", "zoho.com", "fastmail.com", "tutanota.com",
	"mail.com", "email.com", "rediffmail.com", "mynet.com", "walla.co.il",
};

/* What is written for an ending, beside what is at a distance of one from it. */
static const struct
{
	const char *written;
	const char *meant;
}			endings[] = {
	{"co", "com"}, {"cm", "com"}, {"om", "com"}, {"cmo", "com"}, {"ed", "de"}, {"rf", "fr"}, {"ti", "it"},
	{"ur", "ru"}, {"lp", "pl"}, {"zc", "cz"}, {"couk", "co.uk"}, {"co.ku", "co.uk"},
};

/* *INDENT-ON* */

#define WELL_KNOWN	(sizeof(well_known) / sizeof(well_known[0]))

static int	slips(const char *domain, size_t len, const char *known);
static int	slips_in_name(const char *name, size_t len,
						  const char *known, size_t known_len);
static int	slips_in_ending(const char *ending, size_t len, const char *known);
static int	distance(const char *a, size_t alen, const char *b, size_t blen);

const char *
cb_mail_domain_meant(const char *domain, size_t len)
{
	const char *meant = NULL;
	int			fewest = 3;
	size_t		i;

	for (i = 0; i < WELL_KNOWN; i++)
	{
		int			n = slips(domain, len, well_known[i]);

		if (n == 0)
			return NULL;
		if (n < fewest)
		{
			fewest = n;
			meant = well_known[i];
		}
	}
	return meant;
}

/*
 * Slips between a domain and a known one; 3 for another domain.
 */
static int
slips(const char *domain, size_t len, const char *known)
{
	const char *dot = memchr(domain, '.', len);
	const char *known_dot = strchr(known, '.');
	size_t		name;
	int			in_name;
	int			in_ending;

	if (dot == NULL)
		return 3;
	name = (size_t) (dot - domain);
	in_name = slips_in_name(domain, name, known, (size_t) (known_dot - known));
	in_ending = slips_in_ending(dot + 1, len - name - 1, known_dot + 1);
	return in_name + in_ending > 2 ? 3 : in_name + in_ending;
}

static int
slips_in_name(const char *name, size_t len, const char *known, size_t known_len)
{
	int			n = distance(name, len, known, known_len);
	int			letters[256] = {0};
	size_t		i;

	if (n == 0)
		return 0;
	if (known_len > SHORT_NAME)
		return n <= (known_len >= LONG_NAME ? 2 : 1) ? n : 3;
	if (n > 1 || len != known_len)
		return 3;
	for (i = 0; i < len; i++)
	{
		letters[(unsigned char) name[i]]++;
		letters[(unsigned char) known[i]]--;
	}
	for (i = 0; i < 256; i++)
	{
		if (letters[i] != 0)
			return 3;
	}
	return 1;
}

static int
slips_in_ending(const char *ending, size_t len, const char *known)
{
	size_t		known_len = strlen(known);
	const char *last = memrchr(ending, '.', len);
	size_t		i;

	if (len == known_len && memcmp(ending, known, len) == 0)
		return 0;
	for (i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
	{
		if (strlen(endings[i].written) == len &&
			memcmp(endings[i].written, ending, len) == 0 &&
			strcmp(endings[i].meant, known) == 0)
			return 1;
	}
	last = last == NULL ? ending : last + 1;
	if (ending + len - last <= 2)	/* a country */
		return 3;
	return distance(ending, len, known, known_len) == 1 ? 1 : 3;
}

/*
 * At most 3.
 */
static int
distance(const char *a, size_t alen, const char *b, size_t blen)
{
	uint16_t	wide[2][CB_DISTANCE_WORD_MAX];
	size_t		i;

	if (alen > CB_DISTANCE_WORD_MAX || blen > CB_DISTANCE_WORD_MAX)
		return 3;
	for (i = 0; i < alen; i++)
		wide[0][i] = (unsigned char) a[i];
	for (i = 0; i < blen; i++)
		wide[1][i] = (unsigned char) b[i];
	return cb_distance(wide[0], (int) alen, wide[1], (int) blen, 2);
}
