/*-------------------------------------------------------------------------
 *
 * password_hash.c
 *		Which password hashes of other systems we take.
 *
 * A hash is stored as it came and first computed when its owner logs in.  Its
 * parameters say how much memory and time that takes, and they were written by
 * whoever sent it: a hash that asks for 4 GB is an attack on the login page.
 * So the formats are an allow-list, each parameter has a bound, and a string
 * that its library could not read back is refused here, where somebody can
 * still mend it.
 *
 * The bounds: 256 MiB for one computation, and at most a few seconds of one
 * core.  A plain parser over a pair of pointers, strict to the last character;
 * it needs no server, so that a fuzzer can call it.
 *
 *-------------------------------------------------------------------------
 */
#include "secret/password_hash.h"

#include <stdint.h>
#include <string.h>

#define MEMORY_MAX		(UINT64_C(256) << 20)	/* bytes of one computation */
#define WORK_MAX		(UINT64_C(512) << 20)	/* scrypt: bytes times lanes */

#define SALT_MIN		8		/* bytes, where the format is base64 */
#define SALT_MAX		64
#define TAG_MIN			16
#define TAG_MAX			64

/* The rest of a hash. */
typedef struct Scan
{
	const char *at;
	const char *end;
} Scan;

typedef struct Format
{
	const char *prefix;
	bool		(*parse) (Scan *scan);	/* from after the prefix to the end */
	CbPasswordHashKind kind;
} Format;

static bool parse_argon2(Scan *scan);
static bool parse_bcrypt(Scan *scan);
static bool parse_sha256crypt(Scan *scan);
static bool parse_sha512crypt(Scan *scan);
static bool parse_shacrypt(Scan *scan, size_t hash_len);
static bool parse_yescrypt(Scan *scan);
static bool parse_scrypt(Scan *scan);
static bool parse_pbkdf2_sha1(Scan *scan);
static bool parse_pbkdf2_sha256(Scan *scan);
static bool parse_pbkdf2_sha512(Scan *scan);
static bool parse_pbkdf2(Scan *scan, size_t digest_len);
static bool parse_pbkdf2_phc(Scan *scan);
static bool parse_pbkdf2_passlib(Scan *scan, size_t digest_len);
static bool take_word(Scan *scan, const char *word);
static bool take_number(Scan *scan, uint32_t least, uint32_t most,
						uint32_t *number);
static bool take_base64(Scan *scan, char sixty_two, size_t least, size_t most,
						size_t *bytes);
static bool take_crypt64(Scan *scan, size_t least, size_t most);
static bool take_yescrypt64(Scan *scan, size_t least, size_t most);
static size_t count_base64(const Scan *scan, char sixty_two, int *last);
static int	base64_value(char c, char sixty_two);
static int	crypt64_value(char c);

/* In an order in which no prefix hides a longer one. */
static const Format formats[] = {
	{"$argon2id$v=19$", parse_argon2, CB_PASSWORD_HASH_ARGON2},
	{"$argon2i$v=19$", parse_argon2, CB_PASSWORD_HASH_ARGON2},
	{"$2a$", parse_bcrypt, CB_PASSWORD_HASH_CRYPT},
	{"$2b$", parse_bcrypt, CB_PASSWORD_HASH_CRYPT},
	{"$2y$", parse_bcrypt, CB_PASSWORD_HASH_CRYPT},
	{"$5$", parse_sha256crypt, CB_PASSWORD_HASH_CRYPT},
	{"$6$", parse_sha512crypt, CB_PASSWORD_HASH_CRYPT},
	{"$y$", parse_yescrypt, CB_PASSWORD_HASH_CRYPT},
	{"$gy$", parse_yescrypt, CB_PASSWORD_HASH_CRYPT},
	{"$scrypt$", parse_scrypt, CB_PASSWORD_HASH_SCRYPT},
	{"$pbkdf2$", parse_pbkdf2_sha1, CB_PASSWORD_HASH_PBKDF2},
	{"$pbkdf2-sha1$", parse_pbkdf2_sha1, CB_PASSWORD_HASH_PBKDF2},
	{"$pbkdf2-sha256$", parse_pbkdf2_sha256, CB_PASSWORD_HASH_PBKDF2},
	{"$pbkdf2-sha512$", parse_pbkdf2_sha512, CB_PASSWORD_HASH_PBKDF2},
};

/*
 * Says who can verify a hash of len bytes (no NUL needed), or that we do not
 * take it.
 */
CbPasswordHashKind
cb_password_hash_kind(const char *hash, size_t len)
{
	size_t		i;

	if (len > CB_PASSWORD_HASH_MAX)
		return CB_PASSWORD_HASH_NONE;
	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
	{
		Scan		scan = {hash, hash + len};

		if (take_word(&scan, formats[i].prefix))
			return formats[i].parse(&scan) && scan.at == scan.end ?
				formats[i].kind : CB_PASSWORD_HASH_NONE;
	}
	return CB_PASSWORD_HASH_NONE;
}

/*
 * Says whether an identity may be imported with this hash.
 */
bool
cb_password_hash_supported(const char *hash, size_t len)
{
	return cb_password_hash_kind(hash, len) != CB_PASSWORD_HASH_NONE;
}

/*
 * argon2id and argon2i 1.3 as PHC strings: m=65536,t=3,p=4$salt$tag.  argon2d is
 * not for passwords, and libsodium refuses it.
 */
static bool
parse_argon2(Scan *scan)
{
	uint32_t	memory;			/* kilobytes */
	uint32_t	passes;
	uint32_t	lanes;
	size_t		bytes;

	return take_word(scan, "m=") &&
		take_number(scan, 8, MEMORY_MAX / 1024, &memory) &&
		take_word(scan, ",t=") && take_number(scan, 1, 10, &passes) &&
		take_word(scan, ",p=") && take_number(scan, 1, 4, &lanes) &&
		memory >= 8 * lanes &&	/* a rule of argon2 */
		take_word(scan, "$") &&
		take_base64(scan, '+', SALT_MIN, SALT_MAX, &bytes) &&
		take_word(scan, "$") &&
		take_base64(scan, '+', TAG_MIN, TAG_MAX, &bytes);
}

/*
 * bcrypt: two digits of cost, 22 characters of salt and 31 of hash.  Some
 * libraries leave dirt in the padding bits of the two.  That is not refused;
 * who verifies must not compare those bits.
 */
static bool
parse_bcrypt(Scan *scan)
{
	uint32_t	cost;

	/* Two digits always, so a cost below ten has a zero in front. */
	if (take_word(scan, "0"))
	{
		if (!take_number(scan, 4, 9, &cost))
			return false;
	}
	else if (!take_number(scan, 10, 14, &cost))
		return false;
	return take_word(scan, "$") && take_crypt64(scan, 53, 53);
}

static bool
parse_sha256crypt(Scan *scan)
{
	return parse_shacrypt(scan, 43);
}

static bool
parse_sha512crypt(Scan *scan)
{
	return parse_shacrypt(scan, 86);
}

/*
 * SHA-crypt: rounds=N$ or nothing, a salt of up to 16 characters, the hash.
 */
static bool
parse_shacrypt(Scan *scan, size_t hash_len)
{
	uint32_t	rounds;

	if (take_word(scan, "rounds=") &&
		(!take_number(scan, 1000, 5000000, &rounds) || !take_word(scan, "$")))
		return false;
	return take_crypt64(scan, 1, 16) && take_word(scan, "$") &&
		take_crypt64(scan, hash_len, hash_len);
}

/*
 * yescrypt, and the same over GOST: j9T$salt$hash.  The three characters are
 * the flavour, of which only the usual one is in use, log2 of N, and r; further
 * parameters (lanes, time, a ROM) are not taken.  Up to 47, a number is one
 * character.
 */
static bool
parse_yescrypt(Scan *scan)
{
	int			n_log2;
	int			r;

	if (!take_word(scan, "j") || scan->end - scan->at < 2)
		return false;
	n_log2 = crypt64_value(scan->at[0]);
	r = crypt64_value(scan->at[1]);
	if (n_log2 < 0 || n_log2 > 47 || r < 0 || r > 47)
		return false;
	n_log2++;					/* both count from one */
	r++;
	if (n_log2 < 10 || n_log2 > 20 ||
		(UINT64_C(128) << n_log2) * (uint64_t) r > MEMORY_MAX)
		return false;
	scan->at += 2;
	return take_word(scan, "$") && take_yescrypt64(scan, 2, 86) &&
		take_word(scan, "$") && take_yescrypt64(scan, 43, 43);
}

/*
 * scrypt as a PHC string: ln=16,r=8,p=1$salt$tag.
 */
static bool
parse_scrypt(Scan *scan)
{
	uint32_t	n_log2;
	uint32_t	r;
	uint32_t	lanes;
	uint64_t	memory;
	size_t		bytes;

	if (!(take_word(scan, "ln=") && take_number(scan, 1, 20, &n_log2) &&
		  take_word(scan, ",r=") && take_number(scan, 1, 32, &r) &&
		  take_word(scan, ",p=") && take_number(scan, 1, 16, &lanes)))
		return false;
	memory = (UINT64_C(128) << n_log2) * r;
	return memory <= MEMORY_MAX && memory * lanes <= WORK_MAX &&
		n_log2 < 16 * r &&		/* a rule of scrypt */
		take_word(scan, "$") &&
		take_base64(scan, '+', SALT_MIN, SALT_MAX, &bytes) &&
		take_word(scan, "$") &&
		take_base64(scan, '+', TAG_MIN, TAG_MAX, &bytes);
}

static bool
parse_pbkdf2_sha1(Scan *scan)
{
	return parse_pbkdf2(scan, 20);
}

static bool
parse_pbkdf2_sha256(Scan *scan)
{
	return parse_pbkdf2(scan, 32);
}

static bool
parse_pbkdf2_sha512(Scan *scan)
{
	return parse_pbkdf2(scan, 64);
}

/*
 * PBKDF2 in either of its two spellings.
 */
static bool
parse_pbkdf2(Scan *scan, size_t digest_len)
{
	if (take_word(scan, "i="))
		return parse_pbkdf2_phc(scan);
	return parse_pbkdf2_passlib(scan, digest_len);
}

/*
 * As a PHC string: i=600000$salt$tag or i=600000,l=32$salt$tag, where l is the
 * length of the tag.
 */
static bool
parse_pbkdf2_phc(Scan *scan)
{
	uint32_t	rounds;
	uint32_t	said = 0;
	size_t		bytes;

	if (!take_number(scan, 1000, 10000000, &rounds))
		return false;
	if (take_word(scan, ",l=") && !take_number(scan, TAG_MIN, TAG_MAX, &said))
		return false;
	return take_word(scan, "$") &&
		take_base64(scan, '+', SALT_MIN, SALT_MAX, &bytes) &&
		take_word(scan, "$") &&
		take_base64(scan, '+', TAG_MIN, TAG_MAX, &bytes) &&
		(said == 0 || said == bytes);
}

/*
 * As Python's passlib writes it: 600000$salt$tag, with a dot for the plus of
 * base64 and a tag as long as the digest.
 */
static bool
parse_pbkdf2_passlib(Scan *scan, size_t digest_len)
{
	uint32_t	rounds;
	size_t		bytes;

	return take_number(scan, 1000, 10000000, &rounds) &&
		take_word(scan, "$") &&
		take_base64(scan, '.', SALT_MIN, SALT_MAX, &bytes) &&
		take_word(scan, "$") &&
		take_base64(scan, '.', digest_len, digest_len, &bytes);
}

/*
 * Moves past word if it is what comes next.
 */
static bool
take_word(Scan *scan, const char *word)
{
	size_t		len = strlen(word);

	if ((size_t) (scan->end - scan->at) < len ||
		memcmp(scan->at, word, len) != 0)
		return false;
	scan->at += len;
	return true;
}

/*
 * Moves past a decimal number within bounds, written the one way it can be:
 * digits, and no zero in front.
 */
static bool
take_number(Scan *scan, uint32_t least, uint32_t most, uint32_t *number)
{
	uint64_t	n = 0;

	if (scan->at == scan->end || *scan->at == '0')
		return false;
	while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9')
	{
		n = n * 10 + (uint64_t) (*scan->at - '0');
		if (n > most)
			return false;
		scan->at++;
	}
	*number = (uint32_t) n;
	return n >= least;
}

/*
 * Moves past unpadded base64 that stands for least to most bytes.  The one true
 * spelling only: its last bits, which stand for nothing, are zero.
 */
static bool
take_base64(Scan *scan, char sixty_two, size_t least, size_t most,
			size_t *bytes)
{
	int			last = 0;
	size_t		len = count_base64(scan, sixty_two, &last);

	if (len % 4 == 1 || (len % 4 == 2 && (last & 0x0f) != 0) ||
		(len % 4 == 3 && (last & 0x03) != 0))
		return false;
	*bytes = len * 3 / 4;
	scan->at += len;
	return *bytes >= least && *bytes <= most;
}

/*
 * Moves past least to most characters of crypt's own alphabet.
 */
static bool
take_crypt64(Scan *scan, size_t least, size_t most)
{
	size_t		len = 0;

	while (scan->at < scan->end && crypt64_value(*scan->at) >= 0)
	{
		scan->at++;
		len++;
	}
	return len >= least && len <= most;
}

/*
 * Moves past least to most characters of bytes as yescrypt encodes them: low
 * bits first, and the bits of the last character that stand for nothing zero.
 */
static bool
take_yescrypt64(Scan *scan, size_t least, size_t most)
{
	const char *start = scan->at;
	size_t		len;
	int			last;

	if (!take_crypt64(scan, least, most))
		return false;
	len = (size_t) (scan->at - start);
	last = crypt64_value(scan->at[-1]);
	return len % 4 == 0 || (len % 4 == 2 && last < 4) ||
		(len % 4 == 3 && last < 16);
}

/*
 * Counts the characters of base64 that come next, and gives the value of the
 * last one.
 */
static size_t
count_base64(const Scan *scan, char sixty_two, int *last)
{
	const char *c;

	for (c = scan->at; c < scan->end; c++)
	{
		int			value = base64_value(*c, sixty_two);

		if (value < 0)
			break;
		*last = value;
	}
	return (size_t) (c - scan->at);
}

/*
 * The value of a character of base64, or -1.
 */
static int
base64_value(char c, char sixty_two)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == sixty_two)
		return 62;
	return c == '/' ? 63 : -1;
}

/*
 * The value of a character of crypt's alphabet, or -1.
 */
static int
crypt64_value(char c)
{
	if (c == '.' || c == '/')
		return c - '.';
	if (c >= '0' && c <= '9')
		return c - '0' + 2;
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 12;
	return c >= 'a' && c <= 'z' ? c - 'a' + 38 : -1;
}
