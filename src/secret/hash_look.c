/*-------------------------------------------------------------------------
 *
 * hash_look.c
 *		Has a text the form of a password hash?
 *
 * The question is asked of what was sent as a password: a hash in its place would
 * become the password, and who has the hash could sign in.  So this knows more
 * formats than can be imported, and those that are cut off or out of bounds, but
 * keeps away from what a person or a generator may have made up:
 *
 *		$id$...			crypt and PHC, of known ids or with a long rest
 *		{SCHEME}...		LDAP
 *		name$...$...	Django, Werkzeug
 *		hex digits		as many as a digest has; alone, or beside a salt
 *		!...  *...		Django's and MySQL's
 *		AQAAAA...		ASP.NET Identity, by length and beginning
 *
 * Nothing here needs a server: a fuzzer can call it.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "secret/password_hash.h"

#define REST_MIN		8		/* characters behind a known prefix */
#define LONG_REST_MIN	20		/* behind one that is not known */
#define NAME_MAX_LEN	32		/* of an id or a scheme */
#define UNUSABLE_MIN	20		/* characters that follow Django's mark */
#define MYSQL_HEX		40
#define MSSQL_HEX_MIN	44		/* behind 0x: version, salt and SHA-1 */

static bool is_crypt(const char *sent, size_t len);
static bool is_ldap(const char *sent, size_t len);
static bool is_named(const char *sent, size_t len);
static bool is_digest(const char *sent, size_t len);
static bool is_unusable(const char *sent, size_t len);
static bool is_aspnet(const char *sent, size_t len);
static bool is_listed(const char *name, size_t len, const char *const *names);
static bool is_like(const char *name, size_t len, const char *listed);
static size_t span(const char *sent, size_t len, const char *accept);
static bool is_hex_digest(const char *sent, size_t len);

#define DIGITS		"0123456789"
#define LOWER		"abcdefghijklmnopqrstuvwxyz"
#define UPPER		"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define HEX			DIGITS "abcdefABCDEF"
#define ALNUM		DIGITS LOWER UPPER
#define BASE64		ALNUM "+/=._-"

bool
cb_password_looks_hashed(const char *sent, size_t len)
{
	while (len > 0 && (sent[0] == ' ' || sent[0] == '\t'))
	{
		sent++;
		len--;
	}
	while (len > 0 && (sent[len - 1] == ' ' || sent[len - 1] == '\t'))
		len--;
	return is_crypt(sent, len) || is_ldap(sent, len) || is_named(sent, len) ||
		is_digest(sent, len) || is_unusable(sent, len) || is_aspnet(sent, len) ||
		cb_password_hash_supported(sent, len);
}

/* $id$rest */
static bool
is_crypt(const char *sent, size_t len)
{
	static const char *const known[] = {
		"1", "2", "2a", "2b", "2x", "2y", "5", "6", "7", "y", "gy", "H", "P", "S",
		"md5", "sha1", "sha256", "sha512", "apr1", "argon2*", "pbkdf2*",
		"scrypt*", "bcrypt*", "fbscrypt", "firescrypt", "weak-*", "wp", "sm3*",
		"shiro1", "b2", NULL
	};
	size_t		id;
	size_t		rest;

	if (len < 3 || sent[0] != '$')
		return false;
	id = span(sent + 1, len - 1, ALNUM "-_");
	if (id == 0 || id > NAME_MAX_LEN || id + 2 > len || sent[id + 1] != '$')
		return false;
	rest = len - id - 2;
	if (is_listed(sent + 1, id, known))
		return rest >= REST_MIN;
	return rest >= LONG_REST_MIN &&
		span(sent + id + 2, rest, BASE64 "$,:") == rest;
}

/* {SCHEME}rest; not a plain password with that in front of it */
static bool
is_ldap(const char *sent, size_t len)
{
	static const char *const known[] = {
		"SHA*", "SSHA*", "MD5*", "SMD5*", "CRYPT*", "PBKDF2*", "ARGON2*", "BCRYPT*",
		"BLF-CRYPT*", "SCRYPT*", "SASL*", "x-issha*", "x-is*", "noop-*", NULL
	};
	const char *close = len == 0 ? NULL : memchr(sent, '}', len);
	size_t		scheme;
	size_t		rest;

	if (close == NULL || sent[0] != '{')
		return false;
	scheme = (size_t) (close - sent) - 1;
	rest = len - scheme - 2;
	if (scheme == 0 || scheme > NAME_MAX_LEN)
		return false;
	if (is_listed(sent + 1, scheme, known))
		return rest > 0;
	return rest >= LONG_REST_MIN && span(close + 1, rest, BASE64 "$,:") == rest &&
		span(sent + 1, scheme, ALNUM "-_.") == scheme &&
		!is_like(sent + 1, scheme, "PLAIN*") &&
		!is_like(sent + 1, scheme, "CLEAR*");
}

/* name$salt$rest, name$$rest, name:parameters$rest */
static bool
is_named(const char *sent, size_t len)
{
	static const char *const known[] = {
		"md5", "sha1", "sha224", "sha256", "sha384", "sha512", "crypt",
		"unsalted_md5", "unsalted_sha1", "pbkdf2*", "scrypt*", "bcrypt*",
		"argon2*", "hmac*", "SCRAM-SHA-*", "phpass*", "drupal*", NULL
	};
	size_t		name = span(sent, len, ALNUM "-_");
	const char *dollar = len == 0 ? NULL : memchr(sent, '$', len);

	if (name < 3 || name > NAME_MAX_LEN || dollar == NULL ||
		(sent[name] != '$' && sent[name] != ':'))
		return false;
	return is_listed(sent, name, known) &&
		len - (size_t) (dollar - sent) > REST_MIN;
}

/* Hex digits alone, with a prefix, or beside a salt */
static bool
is_digest(const char *sent, size_t len)
{
	size_t		digits = span(sent, len, HEX);
	const char *colon = len == 0 ? NULL : memchr(sent, ':', len);

	if (is_hex_digest(sent, len))
		return true;
	if (len >= 2 && sent[0] == '0' && (sent[1] == 'x' || sent[1] == 'X'))
		return len - 2 >= MSSQL_HEX_MIN && span(sent + 2, len - 2, HEX) == len - 2;
	if (len == 35 && memcmp(sent, "md5", 3) == 0)
		return span(sent + 3, 32, HEX) == 32;
	if (colon == NULL)
		return false;
	if (is_hex_digest(sent, digits) && sent[digits] == ':')
		return true;
	return is_hex_digest(colon + 1, len - (size_t) (colon + 1 - sent));
}

/* Django's mark of a password that cannot be used, and MySQL's hash */
static bool
is_unusable(const char *sent, size_t len)
{
	if (len >= 9 && memcmp(sent, "!unusable", 9) == 0)
		return true;
	if (len > UNUSABLE_MIN && sent[0] == '!')
		return span(sent + 1, len - 1, ALNUM) == len - 1;
	return len == MYSQL_HEX + 1 && sent[0] == '*' &&
		span(sent + 1, len - 1, HEX) == len - 1;
}

/* Base64 of 49 bytes that begin with 0, or of 61 or 73 that begin with 1 and 0 */
static bool
is_aspnet(const char *sent, size_t len)
{
	if (len == 68 && sent[0] == 'A')
		return sent[1] >= 'A' && sent[1] <= 'P' && span(sent, len, BASE64) == len;
	return (len == 84 || len == 100) && memcmp(sent, "AQAAAA", 6) == 0 &&
		span(sent, len, BASE64) == len;
}

static bool
is_listed(const char *name, size_t len, const char *const *names)
{
	for (; *names != NULL; names++)
	{
		if (is_like(name, len, *names))
			return true;
	}
	return false;
}

/* Is a name one of the list, in any case?  A star there is any ending. */
static bool
is_like(const char *name, size_t len, const char *listed)
{
	size_t		i;

	for (i = 0; i < len; i++)
	{
		char		c = name[i];
		char		wanted = listed[i];

		if (wanted == '*')
			return true;
		if (c >= 'A' && c <= 'Z')
			c = (char) (c - 'A' + 'a');
		if (wanted >= 'A' && wanted <= 'Z')
			wanted = (char) (wanted - 'A' + 'a');
		if (c != wanted)
			return false;
	}
	return listed[len] == '\0' || listed[len] == '*';
}

/* How many characters at the beginning are among these. */
static size_t
span(const char *sent, size_t len, const char *accept)
{
	size_t		n = 0;

	while (n < len && sent[n] != '\0' && strchr(accept, sent[n]) != NULL)
		n++;
	return n;
}

static bool
is_hex_digest(const char *sent, size_t len)
{
	static const size_t lengths[] = {32, 40, 56, 64, 96, 128};
	size_t		i;

	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
	{
		if (len == lengths[i])
			return span(sent, len, HEX) == len;
	}
	return false;
}
