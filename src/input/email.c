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
 *	- the domain is that of domain.c: A-labels, and nothing that cannot be
 *	  seen.
 *
 * Nothing here needs a server: a fuzzer can call it.
 *
 *-------------------------------------------------------------------------
 */
#include "input/email.h"

#include <stdbool.h>
#include <string.h>

#include "input/domain.h"

/*
 * Bytes of an address before conversion.  An A-label can be shorter than the
 * same label in UTF-8, so this is more than CB_EMAIL_MAX; it bounds the work.
 */
#define INPUT_MAX			1024

static void trim_white_space(const char **in, size_t *len);
static CbEmailProblem copy_local_part(const char *in, size_t len, char *out);
static bool is_local_character(char c);
static CbEmailProblem copy_domain(const char *in, size_t len,
								  char *out, size_t room);
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
 * and a NUL.  A single label is refused: dotless domains receive no mail on
 * the Internet and are most often half an address.
 */
static CbEmailProblem
copy_domain(const char *in, size_t len, char *out, size_t room)
{
	switch (cb_domain_canonicalise(in, len, out, room))
	{
		case CB_DOMAIN_OK:
			return strchr(out, '.') == NULL ? CB_EMAIL_DOMAIN : CB_EMAIL_OK;
		case CB_DOMAIN_SYNTAX:
			return CB_EMAIL_SYNTAX;
		case CB_DOMAIN_INVALID:
			return CB_EMAIL_DOMAIN;
		case CB_DOMAIN_TOO_LONG:
			return CB_EMAIL_TOO_LONG;
		case CB_DOMAIN_LIBRARY_FAILED:
			break;
	}
	return CB_EMAIL_LIBRARY_FAILED;
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
