/*-------------------------------------------------------------------------
 *
 * warning.c
 *		What looks wrong in a row although it is valid.
 *
 * Scripts are mixed when no language writes them together.  What does is Latin
 * with what East Asia writes; this is the "highly restrictive" level of UTS 39,
 * which browsers keep to.  A domain of one script can imitate too: there are
 * Cyrillic letters enough that look Latin for whole names.
 *
 * Nothing here needs a server: a fuzzer can call it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE				/* memmem */
#endif
#include "input/warning.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <unicode/uchar.h>
#include <unicode/uidna.h>
#include <unicode/uscript.h>
#include <unicode/ustring.h>
#include <unicode/utf8.h>

#include "input/mail_domain.h"

#define NAME_MAX_LEN	1024	/* bytes of a domain's name in Unicode */

/* Scripts that are written together; a text may be of any one line. */
#define TOGETHER_MAX	4

static const UScriptCode together[][TOGETHER_MAX] = {
	{USCRIPT_LATIN, USCRIPT_HAN, USCRIPT_HIRAGANA, USCRIPT_KATAKANA},
	{USCRIPT_LATIN, USCRIPT_HAN, USCRIPT_BOPOMOFO, USCRIPT_LATIN},
	{USCRIPT_LATIN, USCRIPT_HAN, USCRIPT_HANGUL, USCRIPT_LATIN},
};

#define NTOGETHER	((int) (sizeof(together) / sizeof(together[0])))

static bool imitates(const char *domain, size_t len);
static bool imitates_label(const char *label, size_t len);
static bool mixes_scripts(const char *words, size_t len);

CbWarning
cb_warning_email(const char *email, size_t len, const char **meant)
{
	const char *at = len == 0 ? NULL : memchr(email, '@', len);
	const char *domain;

	*meant = NULL;
	if (at == NULL)
		return CB_WARNING_NONE;
	domain = at + 1;
	len -= (size_t) (domain - email);
	if (imitates(domain, len))
		return CB_WARNING_MIXED_SCRIPT;
	*meant = cb_mail_domain_meant(domain, len);
	return *meant == NULL ? CB_WARNING_NONE : CB_WARNING_DOMAIN_TYPO;
}

CbWarning
cb_warning_name(const char *name, size_t len)
{
	int32_t		i = 0;
	int			run = 0;
	int			longest = 0;
	int			capitals = 0;
	int			others = 0;

	if (len > INT32_MAX)
		return CB_WARNING_NONE;
	while (i < (int32_t) len)
	{
		UChar32		c;

		U8_NEXT(name, i, (int32_t) len, c);
		if (c < 0)
			return CB_WARNING_NONE;
		capitals += u_isupper(c) ? 1 : 0;
		others += u_islower(c) || u_istitle(c) ? 1 : 0;
		run = u_isalpha(c) ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	if (mixes_scripts(name, len))
		return CB_WARNING_MIXED_SCRIPT;
	return capitals >= 2 && others == 0 && longest >= 2 ?
		CB_WARNING_CAPITALS : CB_WARNING_NONE;
}

const char *
cb_warning_code(CbWarning warning)
{
	static const char *const codes[] = {
		[CB_WARNING_NONE] = "none",
		[CB_WARNING_DOMAIN_TYPO] = "domain_typo",
		[CB_WARNING_MIXED_SCRIPT] = "mixed_script",
		[CB_WARNING_CAPITALS] = "capitals",
	};

	return codes[warning];
}

const char *
cb_warning_message(CbWarning warning)
{
	static const char *const messages[] = {
		[CB_WARNING_NONE] = "Nothing looks wrong.",
		[CB_WARNING_DOMAIN_TYPO] = "The domain is nearly a well-known one.",
		[CB_WARNING_MIXED_SCRIPT] =
		"Letters of different scripts that look alike stand in one word.",
		[CB_WARNING_CAPITALS] = "The name is in capitals.",
	};

	return messages[warning];
}

/*
 * Has a domain a label that is made to look like another?  Cyrillic letters under
 * a Cyrillic top-level domain are at home.
 */
static bool
imitates(const char *domain, size_t len)
{
	char		name[NAME_MAX_LEN];
	UErrorCode	status = U_ZERO_ERROR;
	UIDNAInfo	info = UIDNA_INFO_INITIALIZER;
	UIDNA	   *idna;
	int32_t		name_len;
	int32_t		start;
	int32_t		i;
	bool		latin_end;

	if (memmem(domain, len, "xn--", 4) == NULL)
		return false;
	idna = uidna_openUTS46(UIDNA_NONTRANSITIONAL_TO_UNICODE, &status);
	name_len = uidna_nameToUnicodeUTF8(idna, domain, (int32_t) len,
									   name, NAME_MAX_LEN, &info, &status);
	uidna_close(idna);
	if (U_FAILURE(status))
		return false;
	latin_end = name_len > 0 && (unsigned char) name[name_len - 1] < 0x80;
	for (start = i = 0; i <= name_len; i++)
	{
		if (i < name_len && name[i] != '.')
			continue;
		if (mixes_scripts(name + start, (size_t) (i - start)) ||
			(latin_end && imitates_label(name + start, (size_t) (i - start))))
			return true;
		start = i + 1;
	}
	return false;
}

/*
 * Is a label of Cyrillic letters that all look Latin?
 */
static bool
imitates_label(const char *label, size_t len)
{
	/* a c d e h i j l o p q s w x y, and more that only look odd */
	static const UChar look_latin[] = {
		0x0430, 0x0441, 0x0501, 0x0435, 0x04BB, 0x0456, 0x0458, 0x04CF, 0x043E,
		0x0440, 0x051B, 0x0455, 0x051D, 0x0445, 0x0443, 0x0475, 0x04BD, 0x0461,
		0x0433, 0x043F, 0x044C, 0x044A, 0
	};
	int32_t		i = 0;
	bool		cyrillic = false;

	while (i < (int32_t) len)
	{
		UChar32		c;

		U8_NEXT(label, i, (int32_t) len, c);
		if (c < 0 || c > 0xFFFF)
			return false;
		if (!u_isalpha(c))
			continue;
		if (u_strchr(look_latin, (UChar) c) == NULL)
			return false;
		cyrillic = true;
	}
	return cyrillic;
}

/*
 * Are the letters of scripts that are not written together?
 */
static bool
mixes_scripts(const char *words, size_t len)
{
	UScriptCode only = USCRIPT_UNKNOWN;
	bool		single = true;
	bool		fits[NTOGETHER];
	int32_t		i = 0;
	int			t;

	memset(fits, true, sizeof(fits));
	while (i < (int32_t) len)
	{
		UErrorCode	status = U_ZERO_ERROR;
		UScriptCode script;
		UChar32		c;

		U8_NEXT(words, i, (int32_t) len, c);
		if (c < 0)
			return false;
		script = uscript_getScript(c, &status);
		if (script == USCRIPT_COMMON || script == USCRIPT_INHERITED)
			continue;
		if (only == USCRIPT_UNKNOWN)
			only = script;
		single &= uscript_hasScript(c, only);
		for (t = 0; t < NTOGETHER; t++)
			fits[t] &= uscript_hasScript(c, together[t][0]) ||
				uscript_hasScript(c, together[t][1]) ||
				uscript_hasScript(c, together[t][2]) ||
				uscript_hasScript(c, together[t][3]);
	}
	for (t = 0; t < NTOGETHER; t++)
		single |= fits[t];
	return !single;
}
