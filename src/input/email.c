/*-------------------------------------------------------------------------
 *
 * email.c
 *		The canonical form of an e-mail address: what is stored and compared.
 *
 * Two addresses are the same when their canonical forms are the same bytes,
 * so nothing here may merge addresses that a mail server keeps apart, beyond
 * ASCII case.  Therefore:
 *
 *	- only ASCII letters are lower-cased, and the local part is ASCII only:
 *	  any other case folding merges look-alikes (dotless i, Kelvin sign);
 *	- the grammar is that of HTML's <input type=email>, which is what people's
 *	  browsers let through: no quoted local part, no comment, no IP literal;
 *	- an international domain becomes its A-label by ICU, which refuses what
 *	  libidn2 would silently rewrite;
 *	- what cannot be seen (controls, bidi marks, zero-width characters) is
 *	  refused, not dropped.
 *
 * Nothing here needs a server: a fuzzer can call it.
 *
 *-------------------------------------------------------------------------
 */
#include "input/email.h"

#include <stdbool.h>
#include <string.h>

#include <unicode/uchar.h>
#include <unicode/uidna.h>
#include <unicode/utf8.h>

/*
 * Bytes of an address before conversion.  An A-label can be shorter than the
 * same label in UTF-8, so this is more than CB_EMAIL_MAX; it bounds the work.
 */
#define INPUT_MAX			1024

#define LABEL_MAX			63	/* bytes */
#define UNICODE_NAME_MAX	1024	/* bytes of a domain of U-labels */

#define IDNA_OPTIONS \
	(UIDNA_USE_STD3_RULES | UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ | \
	 UIDNA_NONTRANSITIONAL_TO_ASCII | UIDNA_NONTRANSITIONAL_TO_UNICODE)

static void trim_white_space(const char **in, size_t *len);
static CbEmailProblem copy_local_part(const char *in, size_t len, char *out);
static bool is_local_character(char c);
static CbEmailProblem copy_domain(const char *in, size_t len,
								  char *out, size_t room);
static bool is_ascii(const char *in, size_t len);
static CbEmailProblem check_visible(const char *in, size_t len);
static CbEmailProblem convert_to_ascii(const char *in, size_t len,
									   char *out, size_t *out_len);
static CbEmailProblem check_labels(const char *domain, size_t len);
static bool is_label(const char *label, size_t len);
static bool is_number(const char *label, size_t len);
static bool has_a_label(const char *domain, size_t len);
static CbEmailProblem check_round_trip(const char *domain, size_t len);
static CbEmailProblem open_idna(const UIDNA **idna);
static CbEmailProblem judge_conversion(const UIDNAInfo *info,
									   UErrorCode status);
static char lower_ascii(char c);
static bool is_letter(char c);
static bool is_digit(char c);

/*
 * Writes the canonical form of in (len bytes, no NUL needed) to out, which has
 * room for CB_EMAIL_MAX + 1 bytes, with a final NUL.  Unless the result is
 * CB_EMAIL_OK, out is the empty string.
 */
CbEmailProblem
cb_email_canonicalise(const char *in, size_t len, char *out)
{
	const char *at;
	size_t		local;
	CbEmailProblem problem;

	out[0] = '\0';
	trim_white_space(&in, &len);
	if (len == 0)
		return CB_EMAIL_EMPTY;
	if (len > INPUT_MAX)
		return CB_EMAIL_TOO_LONG;
	at = memchr(in, '@', len);
	if (at == NULL)
		return CB_EMAIL_SYNTAX;

	local = (size_t) (at - in);
	problem = copy_local_part(in, local, out);
	if (problem == CB_EMAIL_OK)
	{
		out[local] = '@';
		problem = copy_domain(at + 1, len - local - 1, out + local + 1,
							  CB_EMAIL_MAX - local - 1);
	}
	if (problem != CB_EMAIL_OK)
		out[0] = '\0';
	return problem;
}

/*
 * Takes what HTML calls ASCII white space from both ends: it comes with copy
 * and paste and is no part of the address.
 */
static void
trim_white_space(const char **in, size_t *len)
{
	static const char white[] = " \t\n\f\r";

	while (*len > 0 && memchr(white, **in, sizeof(white) - 1) != NULL)
	{
		(*in)++;
		(*len)--;
	}
	while (*len > 0 && memchr(white, (*in)[*len - 1], sizeof(white) - 1) != NULL)
		(*len)--;
}

/*
 * Copies the local part in lower case.
 *
 * HTML's grammar lets a dot stand anywhere.  We refuse one at either end or
 * next to another: SMTP allows such a local part in quotes only, so mail to it
 * would bounce, and it is nearly always a slip of the finger.
 */
static CbEmailProblem
copy_local_part(const char *in, size_t len, char *out)
{
	char		previous = '.';
	size_t		i;

	if (len > CB_EMAIL_LOCAL_MAX)
		return CB_EMAIL_TOO_LONG;
	for (i = 0; i < len; i++)
	{
		if (!is_local_character(in[i]) || (in[i] == '.' && previous == '.'))
			return CB_EMAIL_SYNTAX;
		previous = in[i];
		out[i] = lower_ascii(in[i]);
	}
	/* An empty local part ends here too: as if after a dot. */
	return previous == '.' ? CB_EMAIL_SYNTAX : CB_EMAIL_OK;
}

/*
 * HTML's grammar: RFC 5322's atext, and the dot.
 */
static bool
is_local_character(char c)
{
	static const char others[] = ".!#$%&'*+/=?^_`{|}~-";

	return is_letter(c) || is_digit(c) ||
		memchr(others, c, sizeof(others) - 1) != NULL;
}

/*
 * Writes the domain to out as ASCII labels in lower case, at most room bytes
 * and a NUL.
 */
static CbEmailProblem
copy_domain(const char *in, size_t len, char *out, size_t room)
{
	char		ascii[INPUT_MAX];
	size_t		n = len;
	size_t		i;
	CbEmailProblem problem;

	if (is_ascii(in, len))
	{
		for (i = 0; i < len; i++)
			ascii[i] = lower_ascii(in[i]);
		problem = CB_EMAIL_OK;
	}
	else
	{
		problem = check_visible(in, len);
		if (problem == CB_EMAIL_OK)
			problem = convert_to_ascii(in, len, ascii, &n);
	}
	if (problem == CB_EMAIL_OK)
		problem = check_labels(ascii, n);
	if (problem == CB_EMAIL_OK && n > room)
		problem = CB_EMAIL_TOO_LONG;
	if (problem == CB_EMAIL_OK && has_a_label(ascii, n))
		problem = check_round_trip(ascii, n);
	if (problem != CB_EMAIL_OK)
		return problem;

	memcpy(out, ascii, n);
	out[n] = '\0';
	return CB_EMAIL_OK;
}

static bool
is_ascii(const char *in, size_t len)
{
	size_t		i;

	for (i = 0; i < len; i++)
	{
		if ((unsigned char) in[i] >= 0x80)
			return false;
	}
	return true;
}

/*
 * Refuses invalid UTF-8, and what UTS 46 would drop or map in silence although
 * nobody can see it: controls, format and bidi characters, spaces, and all
 * that is ignorable.  A joiner that a script really needs can be given as part
 * of an A-label, where it can be seen.
 */
static CbEmailProblem
check_visible(const char *in, size_t len)
{
	int32_t		i = 0;
	UChar32		c;

	while (i < (int32_t) len)
	{
		U8_NEXT(in, i, (int32_t) len, c);
		if (c < 0)
			return CB_EMAIL_SYNTAX;
		if ((U_GET_GC_MASK(c) & (U_GC_C_MASK | U_GC_Z_MASK)) != 0 ||
			u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT))
			return CB_EMAIL_SYNTAX;
	}
	return CB_EMAIL_OK;
}

/*
 * Writes the ASCII form of a domain in UTF-8 to out, which has room for
 * INPUT_MAX bytes; no NUL.
 */
static CbEmailProblem
convert_to_ascii(const char *in, size_t len, char *out, size_t *out_len)
{
	const UIDNA *idna;
	UIDNAInfo	info = UIDNA_INFO_INITIALIZER;
	UErrorCode	status = U_ZERO_ERROR;
	CbEmailProblem problem = open_idna(&idna);

	if (problem != CB_EMAIL_OK)
		return problem;
	*out_len = (size_t) uidna_nameToASCII_UTF8(idna, in, (int32_t) len,
											   out, INPUT_MAX,
											   &info, &status);
	return judge_conversion(&info, status);
}

/*
 * Holds a domain of ASCII to LDH labels.  A single label is refused: dotless
 * domains receive no mail on the Internet and are most often half an address.
 * So is a last label of digits only: no such top-level domain can exist, and
 * the whole is an IPv4 address.
 */
static CbEmailProblem
check_labels(const char *domain, size_t len)
{
	const char *label = domain;
	size_t		left = len;
	const char *dot;

	while ((dot = memchr(label, '.', left)) != NULL)
	{
		if (!is_label(label, (size_t) (dot - label)))
			return CB_EMAIL_DOMAIN;
		left -= (size_t) (dot - label) + 1;
		label = dot + 1;
	}
	if (label == domain || !is_label(label, left) || is_number(label, left))
		return CB_EMAIL_DOMAIN;
	return CB_EMAIL_OK;
}

static bool
is_label(const char *label, size_t len)
{
	size_t		i;

	if (len == 0 || len > LABEL_MAX ||
		label[0] == '-' || label[len - 1] == '-')
		return false;
	for (i = 0; i < len; i++)
	{
		if (!is_letter(label[i]) && !is_digit(label[i]) && label[i] != '-')
			return false;
	}
	return true;
}

static bool
is_number(const char *label, size_t len)
{
	size_t		i;

	for (i = 0; i < len; i++)
	{
		if (!is_digit(label[i]))
			return false;
	}
	return true;
}

/*
 * Does a label of this domain, in lower case, begin with the prefix of
 * A-labels?
 */
static bool
has_a_label(const char *domain, size_t len)
{
	static const char prefix[] = "xn--";
	const size_t n = sizeof(prefix) - 1;
	size_t		i;

	for (i = 0; i + n <= len; i++)
	{
		if ((i == 0 || domain[i - 1] == '.') &&
			memcmp(domain + i, prefix, n) == 0)
			return true;
	}
	return false;
}

/*
 * Refuses A-labels that are not the one spelling of a valid U-label: decoded
 * and encoded again, the domain must be the same bytes.
 */
static CbEmailProblem
check_round_trip(const char *domain, size_t len)
{
	char		name[UNICODE_NAME_MAX];
	char		ascii[INPUT_MAX];
	const UIDNA *idna;
	UIDNAInfo	info = UIDNA_INFO_INITIALIZER;
	UErrorCode	status = U_ZERO_ERROR;
	size_t		n;
	int32_t		name_len;
	CbEmailProblem problem = open_idna(&idna);

	if (problem != CB_EMAIL_OK)
		return problem;
	name_len = uidna_nameToUnicodeUTF8(idna, domain, (int32_t) len,
									   name, UNICODE_NAME_MAX,
									   &info, &status);
	problem = judge_conversion(&info, status);
	if (problem != CB_EMAIL_OK)
		return problem;
	problem = convert_to_ascii(name, (size_t) name_len, ascii, &n);
	if (problem != CB_EMAIL_OK)
		return problem;
	if (n != len || memcmp(ascii, domain, len) != 0)
		return CB_EMAIL_DOMAIN;
	return CB_EMAIL_OK;
}

/*
 * Gives the handle of UTS 46, opened at first use and kept for the life of the
 * process.
 */
static CbEmailProblem
open_idna(const UIDNA **idna)
{
	static UIDNA *handle = NULL;

	if (handle == NULL)
	{
		UErrorCode	status = U_ZERO_ERROR;
		UIDNA	   *opened = uidna_openUTS46(IDNA_OPTIONS, &status);

		if (U_FAILURE(status))
			return CB_EMAIL_LIBRARY_FAILED;
		handle = opened;
	}
	*idna = handle;
	return CB_EMAIL_OK;
}

/*
 * What ICU's two ways to say no mean for the address.
 */
static CbEmailProblem
judge_conversion(const UIDNAInfo *info, UErrorCode status)
{
	if (status == U_BUFFER_OVERFLOW_ERROR)
		return CB_EMAIL_TOO_LONG;
	if (status == U_MEMORY_ALLOCATION_ERROR)
		return CB_EMAIL_LIBRARY_FAILED;
	if (U_FAILURE(status) || info->errors != 0)
		return CB_EMAIL_DOMAIN;
	return CB_EMAIL_OK;
}

static char
lower_ascii(char c)
{
	return (c >= 'A' && c <= 'Z') ? (char) (c - 'A' + 'a') : c;
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}
