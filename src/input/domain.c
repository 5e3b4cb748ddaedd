/*-------------------------------------------------------------------------
 *
 * domain.c
 *		The canonical form of a domain name: ASCII labels in lower case.
 *
 * Mail addresses and hosts are compared by it, so it may not merge names that
 * the DNS keeps apart:
 *
 *	- an international name becomes its A-labels by ICU, which refuses what
 *	  libidn2 would silently rewrite;
 *	- an A-label must be the one spelling of its U-label;
 *	- what cannot be seen (controls, bidi marks, zero-width characters) is
 *	  refused, not dropped;
 *	- a last label that is a number, decimal or 0x..., is refused: no such
 *	  top-level domain can exist, and the C library reads the whole as an IPv4
 *	  address.
 *
 * Nothing here needs a server: a fuzzer can call it.
 *
 *-------------------------------------------------------------------------
 */
#include "input/domain.h"

#include <stdbool.h>
#include <string.h>

#include <unicode/uchar.h>
#include <unicode/uidna.h>
#include <unicode/utf8.h>

#define LABEL_MAX			63	/* bytes */
#define UNICODE_NAME_MAX	1024	/* bytes of a domain of U-labels */

#define IDNA_OPTIONS \
	(UIDNA_USE_STD3_RULES | UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ | \
	 UIDNA_NONTRANSITIONAL_TO_ASCII | UIDNA_NONTRANSITIONAL_TO_UNICODE)

static bool is_ascii(const char *in, size_t len);
static CbDomainProblem check_visible(const char *in, size_t len);
static CbDomainProblem convert_to_ascii(const char *in, size_t len,
										char *out, size_t *out_len);
static CbDomainProblem check_labels(const char *domain, size_t len);
static bool is_label(const char *label, size_t len);
static bool is_number(const char *label, size_t len);
static bool has_a_label(const char *domain, size_t len);
static CbDomainProblem check_round_trip(const char *domain, size_t len);
static CbDomainProblem open_idna(const UIDNA **idna);
static CbDomainProblem judge_conversion(const UIDNAInfo *info,
										UErrorCode status);
static char lower_ascii(char c);
static bool is_letter(char c);
static bool is_digit(char c);

/*
 * Writes the canonical form of in (len bytes, no NUL needed) to out: at most
 * room bytes and a final NUL.  Unless the result is CB_DOMAIN_OK, nothing is
 * written.
 */
CbDomainProblem
cb_domain_canonicalise(const char *in, size_t len, char *out, size_t room)
{
	char		ascii[CB_DOMAIN_INPUT_MAX];
	size_t		n = len;
	size_t		i;
	CbDomainProblem problem;

	if (len > CB_DOMAIN_INPUT_MAX)
		return CB_DOMAIN_TOO_LONG;
	if (is_ascii(in, len))
	{
		for (i = 0; i < len; i++)
			ascii[i] = lower_ascii(in[i]);
		problem = CB_DOMAIN_OK;
	}
	else
	{
		problem = check_visible(in, len);
		if (problem == CB_DOMAIN_OK)
			problem = convert_to_ascii(in, len, ascii, &n);
	}
	if (problem == CB_DOMAIN_OK)
		problem = check_labels(ascii, n);
	if (problem == CB_DOMAIN_OK && n > room)
		problem = CB_DOMAIN_TOO_LONG;
	if (problem == CB_DOMAIN_OK && has_a_label(ascii, n))
		problem = check_round_trip(ascii, n);
	if (problem != CB_DOMAIN_OK)
		return problem;

	memcpy(out, ascii, n);
	out[n] = '\0';
	return CB_DOMAIN_OK;
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
static CbDomainProblem
check_visible(const char *in, size_t len)
{
	int32_t		i = 0;
	UChar32		c;

	while (i < (int32_t) len)
	{
		U8_NEXT(in, i, (int32_t) len, c);
		if (c < 0)
			return CB_DOMAIN_SYNTAX;
		if ((U_GET_GC_MASK(c) & (U_GC_C_MASK | U_GC_Z_MASK)) != 0 ||
			u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT))
			return CB_DOMAIN_SYNTAX;
	}
	return CB_DOMAIN_OK;
}

/*
 * Writes the ASCII form of a domain in UTF-8 to out, which has room for
 * CB_DOMAIN_INPUT_MAX bytes; no NUL.
 */
static CbDomainProblem
convert_to_ascii(const char *in, size_t len, char *out, size_t *out_len)
{
	const UIDNA *idna;
	UIDNAInfo	info = UIDNA_INFO_INITIALIZER;
	UErrorCode	status = U_ZERO_ERROR;
	CbDomainProblem problem = open_idna(&idna);

	if (problem != CB_DOMAIN_OK)
		return problem;
	*out_len = (size_t) uidna_nameToASCII_UTF8(idna, in, (int32_t) len,
											   out, CB_DOMAIN_INPUT_MAX,
											   &info, &status);
	return judge_conversion(&info, status);
}

/*
 * Holds a domain of ASCII to LDH labels.
 */
static CbDomainProblem
check_labels(const char *domain, size_t len)
{
	const char *label = domain;
	size_t		left = len;
	const char *dot;

	while ((dot = memchr(label, '.', left)) != NULL)
	{
		if (!is_label(label, (size_t) (dot - label)))
			return CB_DOMAIN_INVALID;
		left -= (size_t) (dot - label) + 1;
		label = dot + 1;
	}
	if (!is_label(label, left) || is_number(label, left))
		return CB_DOMAIN_INVALID;
	return CB_DOMAIN_OK;
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
	const char *digits = "0123456789";
	size_t		i = 0;

	if (len >= 2 && label[0] == '0' && label[1] == 'x')
	{
		digits = "0123456789abcdef";
		i = 2;
	}
	for (; i < len; i++)
	{
		if (strchr(digits, label[i]) == NULL)
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
static CbDomainProblem
check_round_trip(const char *domain, size_t len)
{
	char		name[UNICODE_NAME_MAX];
	char		ascii[CB_DOMAIN_INPUT_MAX];
	const UIDNA *idna;
	UIDNAInfo	info = UIDNA_INFO_INITIALIZER;
	UErrorCode	status = U_ZERO_ERROR;
	size_t		n;
	int32_t		name_len;
	CbDomainProblem problem = open_idna(&idna);

	if (problem != CB_DOMAIN_OK)
		return problem;
	name_len = uidna_nameToUnicodeUTF8(idna, domain, (int32_t) len,
									   name, UNICODE_NAME_MAX,
									   &info, &status);
	problem = judge_conversion(&info, status);
	if (problem != CB_DOMAIN_OK)
		return problem;
	problem = convert_to_ascii(name, (size_t) name_len, ascii, &n);
	if (problem != CB_DOMAIN_OK)
		return problem;
	if (n != len || memcmp(ascii, domain, len) != 0)
		return CB_DOMAIN_INVALID;
	return CB_DOMAIN_OK;
}

/*
 * Gives the handle of UTS 46, opened at first use and kept for the life of the
 * process.
 */
static CbDomainProblem
open_idna(const UIDNA **idna)
{
	static UIDNA *handle = NULL;

	if (handle == NULL)
	{
		UErrorCode	status = U_ZERO_ERROR;
		UIDNA	   *opened = uidna_openUTS46(IDNA_OPTIONS, &status);

		if (U_FAILURE(status))
			return CB_DOMAIN_LIBRARY_FAILED;
		handle = opened;
	}
	*idna = handle;
	return CB_DOMAIN_OK;
}

/*
 * What ICU's two ways to say no mean for the address.
 */
static CbDomainProblem
judge_conversion(const UIDNAInfo *info, UErrorCode status)
{
	if (status == U_BUFFER_OVERFLOW_ERROR)
		return CB_DOMAIN_TOO_LONG;
	if (status == U_MEMORY_ALLOCATION_ERROR)
		return CB_DOMAIN_LIBRARY_FAILED;
	if (U_FAILURE(status) || info->errors != 0)
		return CB_DOMAIN_INVALID;
	return CB_DOMAIN_OK;
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
