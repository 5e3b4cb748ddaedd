/*-------------------------------------------------------------------------
 *
 * charset_encodings.c
 *		The encodings that we know, by all their names.
 *
 * Those of the server under its names, and those that it cannot read, so that
 * they can be refused with a sentence that helps.  Priors say how seldom an
 * encoding is met: the Windows code pages are met most, ISO's less, those of DOS
 * and of old Macintoshes least.  Of encodings that
 * contain each other only the larger one is guessed.
 *
 *-------------------------------------------------------------------------
 */
#include "input/charset_encodings.h"

#include <stdbool.h>
#include <string.h>

/* As ICU names them. */
#define WESTERN		"de fr es pt it nl sv da nb is ca ga", "windows-1252"
#define CENTRAL		"pl cs sk hu ro+ hr sl de", "windows-1250"
#define BALTIC		"lt lv et", "windows-1257"
#define TURKISH		"tr de fr", "windows-1254"
#define CYRILLIC	"ru uk bg sr", "windows-1251"
#define GREEK		"el", "windows-1253"
#define HEBREW		"he", "windows-1255"
#define ARABIC		"ar", "windows-1256"
#define VIETNAMESE	"vi", "windows-1258"
#define THAI		"th", "windows-874"
#define JAPANESE	"ja", "windows-31j"
#define KOREAN		"ko", "windows-949"
#define SIMPLIFIED	"zh", "gb18030"
#define TRADITIONAL	"zh_Hant", "windows-950"

#define NEVER_GUESSED	0, NULL, NULL

#define SAVE_AS_UTF8	"Save the file as CSV UTF-8."
#define OLD_MACINTOSH	"The file was saved by a Macintosh program in an encoding " \
	"that the server cannot read: save it as CSV UTF-8."
#define OLD_DOS			"The file is in a code page of MS-DOS that the server " \
	"cannot read: save it as CSV UTF-8."
#define SEVEN_BITS		"The file is in an encoding of e-mail that the server " \
	"cannot read: save it as CSV UTF-8."

/* *INDENT-OFF* */
const CbCharsetCandidate cb_charset_candidates[] = {
	{{"UTF8", "UTF-8", NULL}, "utf8 unicode utf8sig utf8bom utf8mb4 cp65001", NEVER_GUESSED},
	{{"UTF16", "UTF-16", NULL}, "utf16 ucs2 unicodetext", NEVER_GUESSED},
	{{"UTF16LE", "UTF-16, little end first", NULL}, "utf16le ucs2le cp1200", NEVER_GUESSED},
	{{"UTF16BE", "UTF-16, big end first", NULL}, "utf16be ucs2be cp1201", NEVER_GUESSED},
	{{"WIN1252", "Windows-1252", NULL}, "windows1252 cp1252 win1252 ansi western 1252 usascii ascii",
	0, WESTERN},
	{{"WIN1254", "Windows-1254", NULL}, "windows1254 cp1254 win1254 1254", 15, TURKISH},
	{{"WIN1250", "Windows-1250", NULL}, "windows1250 cp1250 win1250 1250", 15, CENTRAL},
	{{"WIN1251", "Windows-1251", NULL}, "windows1251 cp1251 win1251 win 1251", 15, CYRILLIC},
	{{"WIN1253", "Windows-1253", NULL}, "windows1253 cp1253 win1253 1253", 15, GREEK},
	{{"WIN1257", "Windows-1257", NULL}, "windows1257 cp1257 win1257 1257", 18, BALTIC},
	{{"WIN1255", "Windows-1255", NULL}, "windows1255 cp1255 win1255 1255", 15, HEBREW},
	{{"WIN1256", "Windows-1256", NULL}, "windows1256 cp1256 win1256 1256", 15, ARABIC},
	{{"WIN1258", "Windows-1258", NULL}, "windows1258 cp1258 win1258 tcvn abc vscii 1258",
	20, VIETNAMESE},
	{{"WIN874", "Windows-874", NULL}, "windows874 cp874 win874 tis620 iso885911 874", 15, THAI},
	{{"LATIN1", "ISO 8859-1", NULL}, "iso88591 latin1 l1 cp819", NEVER_GUESSED},
	{{"LATIN9", "ISO 8859-15", NULL}, "iso885915 latin9 latin0 cp28605", 25, WESTERN},
	{{"LATIN2", "ISO 8859-2", NULL}, "iso88592 latin2 l2 cp28592", 20, CENTRAL},
	{{"LATIN3", "ISO 8859-3", NULL}, "iso88593 latin3 l3", NEVER_GUESSED},
	{{"LATIN4", "ISO 8859-4", NULL}, "iso88594 latin4 l4", NEVER_GUESSED},
	{{"ISO_8859_5", "ISO 8859-5", NULL}, "iso88595", 22, CYRILLIC},
	{{"ISO_8859_6", "ISO 8859-6", NULL}, "iso88596", 25, ARABIC},
	{{"ISO_8859_7", "ISO 8859-7", NULL}, "iso88597", 20, GREEK},
	{{"ISO_8859_8", "ISO 8859-8", NULL}, "iso88598 iso88598i", 25, HEBREW},
	{{"LATIN5", "ISO 8859-9", NULL}, "iso88599 latin5 l5", 25, TURKISH},
	{{"LATIN6", "ISO 8859-10", NULL}, "iso885910 latin6 l6", NEVER_GUESSED},
	{{"LATIN7", "ISO 8859-13", NULL}, "iso885913 latin7 l7", 25, BALTIC},
	{{"LATIN8", "ISO 8859-14", NULL}, "iso885914 latin8 l8", NEVER_GUESSED},
	{{"LATIN10", "ISO 8859-16", NULL}, "iso885916 latin10 l10", NEVER_GUESSED},
	{{"KOI8R", "KOI8-R", NULL}, "koi8r koi8", 20, "ru bg", "windows-1251"},
	{{"KOI8U", "KOI8-U", NULL}, "koi8u", 22, "uk ru", "windows-1251"},
	{{"WIN866", "DOS code page 866", NULL}, "ibm866 cp866 alt win866 dos866", 28, "ru uk", "windows-1251"},
	{{"SJIS", "Shift JIS", NULL}, "windows31j sjis shiftjis cp932 windows932 ms932 mskanji cp943",
	15, JAPANESE},
	{{"EUC_JP", "EUC-JP", NULL}, "eucjp ujis", 20, JAPANESE},
	{{"UHC", "Windows-949 (EUC-KR)", NULL}, "windows949 uhc cp949 ms949", 15, KOREAN},
	{{"EUC_KR", "EUC-KR", NULL}, "euckr", NEVER_GUESSED},
	{{"GB18030", "GB 18030", NULL}, "gb18030 gb2312", 15, SIMPLIFIED},
	{{"GBK", "GBK", NULL}, "gbk cp936 windows936 ms936", NEVER_GUESSED},
	{{"BIG5", "Big5", NULL}, "windows950 big5 cp950 ms950 big5hkscs", 15, TRADITIONAL},
	{{"EUC_CN", "EUC-CN", NULL}, "euccn", NEVER_GUESSED},
	{{"EUC_TW", "EUC-TW", NULL}, "euctw", NEVER_GUESSED},
	{{"EUC_JIS_2004", "EUC-JIS-2004", NULL}, "eucjis2004", NEVER_GUESSED},
	{{"SHIFT_JIS_2004", "Shift JIS 2004", NULL}, "shiftjis2004", NEVER_GUESSED},
	{{"JOHAB", "Johab", NULL}, "johab cp1361", NEVER_GUESSED},
	{{"macOS Roman", "macOS Roman", OLD_MACINTOSH}, "macintosh macroman xmacroman mac cp10000 macosroman",
	40, WESTERN},
	{{"macOS Central European", "macOS Central European", OLD_MACINTOSH},
	"xmacce maccentraleurope xmaccentraleurroman maccentraleuropean cp10029", 90, "pl cs sk hu hr sl", NULL},
	{{"macOS Cyrillic", "macOS Cyrillic", OLD_MACINTOSH}, "xmaccyrillic maccyrillic cp10007", 90,
	"ru uk bg sr", NULL},
	{{"IBM850", "DOS code page 850", OLD_DOS}, "ibm850 cp850 dos850", 39, WESTERN},
	{{"IBM852", "DOS code page 852", OLD_DOS}, "ibm852 cp852 dos852", 45, CENTRAL},
	{{"IBM437", "DOS code page 437", OLD_DOS}, "ibm437 cp437 dos437 oem", 45, WESTERN},
	{{"IBM855", "DOS code page 855", OLD_DOS}, "ibm855 cp855", NEVER_GUESSED},
	{{"IBM857", "DOS code page 857", OLD_DOS}, "ibm857 cp857", NEVER_GUESSED},
	{{"IBM862", "DOS code page 862", OLD_DOS}, "ibm862 cp862", NEVER_GUESSED},
	{{"IBM865", "DOS code page 865", OLD_DOS}, "ibm865 cp865", NEVER_GUESSED},
	{{"UTF-32LE", "UTF-32, little end first", SAVE_AS_UTF8}, "utf32le ucs4le utf32 ucs4", NEVER_GUESSED},
	{{"UTF-32BE", "UTF-32, big end first", SAVE_AS_UTF8}, "utf32be ucs4be", NEVER_GUESSED},
	{{"UTF-7", "UTF-7", SEVEN_BITS}, "utf7", NEVER_GUESSED},
	{{"ISO-2022-JP", "ISO-2022-JP", SEVEN_BITS}, "iso2022jp", NEVER_GUESSED},
	{{"ISO-2022-KR", "ISO-2022-KR", SEVEN_BITS}, "iso2022kr", NEVER_GUESSED},
	{{"ISO-2022-CN", "ISO-2022-CN", SEVEN_BITS}, "iso2022cn", NEVER_GUESSED},
	{{"EBCDIC", "EBCDIC", SAVE_AS_UTF8}, "ebcdic cp037 ibm037 cp500 cp1047", NEVER_GUESSED},
	{{NULL, NULL, NULL}, "", NEVER_GUESSED}
};

/* *INDENT-ON* */

#define NAME_MAX_LEN	40		/* letters and digits of a name */

static size_t simplify(const char *name, char *simple);
static bool is_listed(const char *list, const char *simple, size_t len);

const CbEncoding *
cb_charset_find(const char *name)
{
	char		simple[NAME_MAX_LEN + 1];
	char		known[NAME_MAX_LEN + 1];
	size_t		len = simplify(name, simple);
	const CbCharsetCandidate *c;

	if (len == 0)
		return NULL;
	for (c = cb_charset_candidates; c->encoding.name != NULL; c++)
	{
		(void) simplify(c->encoding.name, known);
		if (strcmp(known, simple) == 0)
			return &c->encoding;
	}
	for (c = cb_charset_candidates; c->encoding.name != NULL; c++)
	{
		if (is_listed(c->aliases, simple, len))
			return &c->encoding;
	}
	return NULL;
}

/*
 * Writes the letters, in small, and the digits of a name to simple and gives
 * their number: 0 when there are too many.
 */
static size_t
simplify(const char *name, char *simple)
{
	size_t		n = 0;

	for (; *name != '\0'; name++)
	{
		char		c = *name;

		if (c >= 'A' && c <= 'Z')
			c = (char) (c - 'A' + 'a');
		if ((c < 'a' || c > 'z') && (c < '0' || c > '9'))
			continue;
		if (n == NAME_MAX_LEN)
			return 0;
		simple[n++] = c;
	}
	simple[n] = '\0';
	return n;
}

/*
 * Is simple one of the words of a list?
 */
static bool
is_listed(const char *list, const char *simple, size_t len)
{
	while (*list != '\0')
	{
		size_t		word = strcspn(list, " ");

		if (word == len && memcmp(list, simple, len) == 0)
			return true;
		list += word;
		list += strspn(list, " ");
	}
	return false;
}
