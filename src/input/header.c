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
#include <unicode/ustring.h>
#include <unicode/utf16.h>

#include "input/fold.h"

#define FOLDED_MAX	(CB_HEADER_MAX * 4) /* units after folding */

static int32_t take_outer(const UChar *text, int32_t len, UChar *outer);
static int	take_brackets(const UChar *text, int32_t len,
						  CbHeaderPart *parts, int nparts);
static int	take_between_slashes(const UChar *text, int32_t len,
								 CbHeaderPart *parts, int nparts);
static int32_t without_note(const UChar *text, int32_t len);
static int	add_part(const UChar *text, int32_t len, bool whole,
					 CbHeaderPart *parts, int nparts);
static void add_letter(CbHeaderPart *part, uint32_t base, uint32_t written,
					   bool begins);
static bool is_open(UChar c);
static bool is_close(UChar c);

int
cb_header_parts(const char *header, size_t len, CbHeaderPart *parts)
{
	UChar		folded[FOLDED_MAX];
	UChar		outer[FOLDED_MAX];
	int32_t		units;
	int32_t		outer_len;
	int			n;

	if (len > CB_HEADER_MAX)
		return 0;
	units = cb_fold(header, len, folded, FOLDED_MAX);
	if (units <= 0)
		return units;
	outer_len = without_note(outer, take_outer(folded, units, outer));
	n = add_part(outer, outer_len, true, parts, 0);
	n = take_brackets(folded, units, parts, n);
	return take_between_slashes(outer, outer_len, parts, n);
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

	while (len > 0 && text[len - 1] < 0x80 && !u_isalnum(text[len - 1]) &&
		   text[len - 1] != '#')
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
	bool		begins = true;
	int32_t		i = 0;

	if (nparts == CB_HEADER_PARTS)
		return nparts;
	part->len = 0;
	part->starts = 0;
	part->whole = whole;
	while (i < len)
	{
		UChar32		c;
		uint32_t	base;

		U16_NEXT(text, i, len, c);
		base = cb_fold_base((uint32_t) c);
		if (base == 0)
			continue;
		if (part->len + 2 > CB_HEADER_UNITS)
			return nparts;
		if (base == '#')
		{
			add_letter(part, 'n', 'n', true);
			add_letter(part, 'o', 'o', false);
			begins = true;
		}
		else if (cb_fold_is_letter(base))
		{
			add_letter(part, base, (uint32_t) c, begins);
			begins = false;
		}
		else
			begins = true;
	}
	return part->len == 0 ? nparts : nparts + 1;
}

/* Adds a letter, without its accent, and as it was written. */
static void
add_letter(CbHeaderPart *part, uint32_t base, uint32_t written, bool begins)
{
	int			n = part->len;

	if (begins)
		part->starts |= UINT64_C(1) << n;
	part->written[n] = written > 0xFFFF ? 0 : (uint16_t) written;
	U16_APPEND_UNSAFE(part->units, part->len, base);
	if (part->len == n + 2)
		part->written[n + 1] = 0;
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
