/*-------------------------------------------------------------------------
 *
 * header.c
 *		The header of a column, simplified for comparison.
 *
 *		"Prénom(s) *"                  -> prenom
 *		"E-Mail / Email [Required]"    -> emailemail, email, email
 *		"User name [userPrincipalName] Required" -> username, userprincipalname
 *		"Employee #"                   -> employeeno
 *
 * What differs only in this was meant to be the same.
 *
 * Nothing here needs a server: a fuzzer can call it.
 *
 *-------------------------------------------------------------------------
 */
#include "input/header.h"

#include <string.h>

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>

#define FOLDED_MAX	(CB_HEADER_MAX * 4) /* units after folding */

static int	fold(const char *header, size_t len, UChar *folded, int32_t *units);
static int32_t take_outer(const UChar *text, int32_t len, UChar *outer);
static int	take_brackets(const UChar *text, int32_t len,
						  CbHeaderPart *parts, int nparts);
static int	take_between_slashes(const UChar *text, int32_t len,
								 CbHeaderPart *parts, int nparts);
static int32_t without_note(const UChar *text, int32_t len);
static int	add_part(const UChar *text, int32_t len, bool whole,
					 CbHeaderPart *parts, int nparts);
static UChar32 base_of(UChar32 c);
static bool is_open(UChar c);
static bool is_close(UChar c);

int
cb_header_parts(const char *header, size_t len, CbHeaderPart *parts)
{
	UChar		folded[FOLDED_MAX];
	UChar		outer[FOLDED_MAX];
	int32_t		units;
	int32_t		outer_len;
	int			n = fold(header, len, folded, &units);

	if (n <= 0)
		return n;
	outer_len = without_note(outer, take_outer(folded, units, outer));
	n = add_part(outer, outer_len, true, parts, 0);
	n = take_brackets(folded, units, parts, n);
	return take_between_slashes(outer, outer_len, parts, n);
}

void
cb_header_text(const CbHeaderPart *part, char *text)
{
	UErrorCode	status = U_ZERO_ERROR;
	int32_t		len = 0;

	u_strToUTF8(text, CB_HEADER_TEXT_SIZE - 1, &len, part->units, part->len,
				&status);
	text[		U_SUCCESS(status) ? len : 0] = '\0';
}

/*
 * Folds case and width and drops what cannot be seen.  1, or what
 * cb_header_parts() answers.
 */
static int
fold(const char *header, size_t len, UChar *folded, int32_t *units)
{
	UErrorCode	status = U_ZERO_ERROR;
	const UNormalizer2 *folding = unorm2_getNFKCCasefoldInstance(&status);
	UChar		wide[CB_HEADER_MAX];
	int32_t		n = 0;

	if (U_FAILURE(status))
		return -1;
	if (len == 0 || len > CB_HEADER_MAX)
		return 0;
	u_strFromUTF8(wide, CB_HEADER_MAX, &n, header, (int32_t) len, &status);
	*units = unorm2_normalize(folding, wide, n, folded, FOLDED_MAX, &status);
	return U_SUCCESS(status) && *units <= FOLDED_MAX ? 1 : 0;
}

/*
 * Copies what stands outside brackets and gives its length; all of it where
 * nothing does.
 */
static int32_t
take_outer(const UChar *text, int32_t len, UChar *outer)
{
	int32_t		n = 0;
	int32_t		i;
	int			depth = 0;
	bool		letters = false;

	for (i = 0; i < len; i++)
	{
		if (is_open(text[i]))
			depth++;
		else if (is_close(text[i]))
			depth -= depth > 0;
		else if (depth == 0)
		{
			outer[n++] = text[i];

			letters |= u_isalnum(text[i]) || U16_IS_SURROGATE(text[i]);
			continue;
		}
		if (depth > 0 && n > 0 && outer[n - 1] != ' ')
			outer[n++] = ' ';
	}
	if (letters)
		return n;
	memcpy(outer, text, sizeof(UChar) * (size_t) len);
	return len;
}

/*
 * Adds what stands in brackets; not the one or two letters of a plural.
 */
static int
take_brackets(const UChar *text, int32_t len, CbHeaderPart *parts, int nparts)
{
	int32_t		start = -1;
	int32_t		i;

	for (i = 0; i < len; i++)
	{
		if (is_open(text[i]))
			start = i + 1;
		else if (is_close(text[i]) && start >= 0)
		{
			if (i - start > 2 || (i > start && text[start] >= 0x80))
				nparts = add_part(text +start, i - start, false, parts, nparts);
			start = -1;
		}
	}
	return nparts;
}

static int
take_between_slashes(const UChar *text, int32_t len,
					 CbHeaderPart *parts, int nparts)
{
	int32_t		start = 0;
	int32_t		i;

	if (u_memchr(text, '/', len) == NULL && u_memchr(text, '|', len) == NULL)
		return nparts;
	for (i = 0; i <= len; i++)
	{
		if (i < len && text[i] != '/' && text[i] != '|')
			continue;
		nparts = add_part(text +start, i - start, false, parts, nparts);
		start = i + 1;
	}
	return nparts;
}

/*
 * The length of a text without a last word that says whether it is required.
 */
static int32_t
without_note(const UChar *text, int32_t len)
{
	static const char *const notes[] = {
		"required", "optional", "mandatory", "pflichtfeld", "obligatoire",
		"facultatif", "obligatorio", "opcional", "obbligatorio", "facoltativo",
		"verplicht", "optioneel"
	};
	size_t		i;

	while (len > 0 && text[len - 1] < 0x80 && !u_isalnum(text[len - 1]))
		len--;
	for (i = 0; i < sizeof(notes) / sizeof(notes[0]); i++)
	{
		UChar		note[16];
		int32_t		n;

		u_uastrcpy(note, notes[i]);
		n = u_strlen(note);
		if (len > n && u_memcmp(text +len - n, note, n) == 0 &&
			!u_isalnum(text[len - n - 1]))
			return len - n;
	}
	return len;
}

/*
 * Adds a text as a part, simplified, unless nothing is left of it or there is no
 * room.  Gives the number of parts.
 */
static int
add_part(const UChar *text, int32_t len, bool whole,
		 CbHeaderPart *parts, int nparts)
{
	CbHeaderPart *part = &parts[nparts];
	int32_t		i = 0;

	if (nparts == CB_HEADER_PARTS)
		return nparts;
	part->len = 0;
	part->whole = whole;
	while (i < len)
	{
		UChar32		c;

		U16_NEXT(text, i, len, c);
		c = base_of(c);
		if (part->len + 2 > CB_HEADER_UNITS)
			return nparts;
		if (c == '#')
		{
			part->units[part->len++] = 'n';
			part->units[part->len++] = 'o';
		}
		else if (u_isalnum(c) ||
				 (U_GET_GC_MASK(c) & (U_GC_MN_MASK | U_GC_MC_MASK)) != 0)
			U16_APPEND_UNSAFE(part->units, part->len, c);
	}
	return part->len == 0 ? nparts : nparts + 1;
}

/*
 * A letter without its accent; a blank for an accent that stands alone.  Marks
 * of other scripts than these are letters of their own.
 */
static UChar32
base_of(UChar32 c)
{
	UErrorCode	status = U_ZERO_ERROR;
	const UNormalizer2 *nfc = unorm2_getNFCInstance(&status);
	UChar		parts[8];
	int32_t		n;

	if ((c >= 0x0300 && c <= 0x036F) || (c >= 0x0591 && c <= 0x05C7) ||
		(c >= 0x064B && c <= 0x065F))
		return ' ';
	if (c == 0x0131)			/* the Turkish i without a dot */
		return 'i';
	if (c == 0x0142)			/* the Polish l with a stroke */
		return 'l';
	if (c < 0xC0 || (c > 0x06FF && c < 0x1E00) || c > 0x1FFF || U_FAILURE(status))
		return c;
	n = unorm2_getDecomposition(nfc, c, parts, 8, &status);
	if (U_SUCCESS(status) && n > 0)
		U16_GET(parts, 0, 0, n, c);
	return c;
}

static bool
is_open(UChar c)
{
	return c == '(' || c == '[' || c == '{' || c == '<' || c == 0x3010 ||
		c == 0x3014 || c == 0x300C;
}

static bool
is_close(UChar c)
{
	return c == ')' || c == ']' || c == '}' || c == '>' || c == 0x3011 ||
		c == 0x3015 || c == 0x300D;
}
