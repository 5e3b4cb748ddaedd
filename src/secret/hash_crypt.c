/*-------------------------------------------------------------------------
 *
 * hash_crypt.c
 *		bcrypt, SHA-crypt and yescrypt, computed by libxcrypt.
 *
 * Two systems hash the password before bcrypt does, which takes 72 bytes only:
 * WordPress since 6.8, and Django's BCryptSHA256PasswordHasher.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <string.h>

#include <crypt.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "secret/hash_format.h"

#define BCRYPT_LEN		60
#define BCRYPT_SALT_END 28		/* the salt's last character */
#define COST_TIME		60000	/* nanoseconds, of bcrypt with a cost of 0 */
#define SHA256_TIME		1800	/* nanoseconds of a round */
#define SHA512_TIME		1300
#define ROUNDS_MAX		999999999	/* SHA-crypt's own */
#define ROUNDS_DEFAULT	5000
#define YESCRYPT_TIME	400		/* nanoseconds, of 128 bytes */

static bool parse_bcrypt(CbHashScan *scan, CbHash *hash);
static bool parse_sha256crypt(CbHashScan *scan, CbHash *hash);
static bool parse_sha512crypt(CbHashScan *scan, CbHash *hash);
static bool parse_shacrypt(CbHashScan *scan, CbHash *hash, size_t hash_len,
						   uint32_t round_time);
static bool parse_yescrypt(CbHashScan *scan, CbHash *hash);
static bool take_yescrypt64(CbHashScan *scan, size_t least, size_t most);
static CbPasswordVerdict compare_crypt(const CbHash *hash,
									   const char *password, size_t len);
static CbPasswordVerdict compare_bcrypt(const CbHash *hash,
										const char *password, size_t len);
static CbPasswordVerdict compare_wordpress(const CbHash *hash,
										   const char *password, size_t len);
static CbPasswordVerdict compare_django(const CbHash *hash,
										const char *password, size_t len);
static bool compute(const char *password, const char *setting,
					char made[CRYPT_OUTPUT_SIZE]);
static void clean_bcrypt(char *hash);
static char clean_last(char c, int bits);

const CbHashFormat cb_hash_crypt_formats[] = {
	{"$2a$", parse_bcrypt, compare_bcrypt},
	{"$2b$", parse_bcrypt, compare_bcrypt},
	{"$2y$", parse_bcrypt, compare_bcrypt},
	{"$wp$2y$", parse_bcrypt, compare_wordpress,.skip = 3},
	{"bcrypt$$2b$", parse_bcrypt, compare_bcrypt,.skip = 7},
	{"bcrypt_sha256$$2b$", parse_bcrypt, compare_django,.skip = 14},
	{"$5$", parse_sha256crypt, compare_crypt},
	{"$6$", parse_sha512crypt, compare_crypt},
	{"$y$", parse_yescrypt, compare_crypt},
	{"$gy$", parse_yescrypt, compare_crypt},
	{NULL}
};

/*
 * bcrypt: two digits of cost, 22 characters of salt and 31 of hash.  Some
 * libraries leave dirt in the padding bits of the two; it is not compared.
 */
static bool
parse_bcrypt(CbHashScan *scan, CbHash *hash)
{
	uint32_t	cost;

	/* Two digits always, so a cost below ten has a zero in front. */
	if (cb_hash_take_word(scan, "0"))
	{
		if (!cb_hash_take_number(scan, 4, 9, &cost))
			return false;
	}
	else if (!cb_hash_take_number(scan, 10, 31, &cost))
		return false;
	hash->cost.time = cb_hash_time(UINT64_C(1) << cost, COST_TIME);
	return cb_hash_take_word(scan, "$") && cb_hash_take_crypt64(scan, 53, 53);
}

static bool
parse_sha256crypt(CbHashScan *scan, CbHash *hash)
{
	return parse_shacrypt(scan, hash, 43, SHA256_TIME);
}

static bool
parse_sha512crypt(CbHashScan *scan, CbHash *hash)
{
	return parse_shacrypt(scan, hash, 86, SHA512_TIME);
}

/*
 * SHA-crypt: rounds=N$ or nothing, a salt of up to 16 characters, the hash.
 */
static bool
parse_shacrypt(CbHashScan *scan, CbHash *hash, size_t hash_len,
			   uint32_t round_time)
{
	uint32_t	rounds = ROUNDS_DEFAULT;

	if (cb_hash_take_word(scan, "rounds=") &&
		(!cb_hash_take_number(scan, 1000, ROUNDS_MAX, &rounds) ||
		 !cb_hash_take_word(scan, "$")))
		return false;
	hash->cost.time = cb_hash_time(rounds, round_time);
	return cb_hash_take_crypt64(scan, 1, 16) && cb_hash_take_word(scan, "$") &&
		cb_hash_take_crypt64(scan, hash_len, hash_len);
}

/*
 * yescrypt, and the same over GOST: j9T$salt$hash.  The three characters are
 * the flavour, of which only the usual one is in use, log2 of N, and r; further
 * parameters (lanes, time, a ROM) are not taken.  Up to 47, a number is one
 * character.
 */
static bool
parse_yescrypt(CbHashScan *scan, CbHash *hash)
{
	int			n_log2;
	int			r;
	uint64_t	blocks;			/* of 128 bytes */

	if (!cb_hash_take_word(scan, "j") || scan->end - scan->at < 2)
		return false;
	n_log2 = cb_hash_crypt64_value(scan->at[0]);
	r = cb_hash_crypt64_value(scan->at[1]);
	if (n_log2 < 0 || n_log2 > 47 || r < 0 || r > 47)
		return false;
	n_log2++;					/* both count from one */
	r++;
	if (n_log2 < 10)
		return false;
	blocks = ((uint64_t) r) << n_log2;
	hash->cost.memory = (blocks + 7) / 8;
	hash->cost.time = cb_hash_time(blocks, YESCRYPT_TIME);
	scan->at += 2;
	return cb_hash_take_word(scan, "$") && take_yescrypt64(scan, 2, 86) &&
		cb_hash_take_word(scan, "$") && take_yescrypt64(scan, 43, 43);
}

/*
 * Moves past least to most characters of bytes as yescrypt encodes them: low
 * bits first, and the bits of the last character that stand for nothing zero.
 */
static bool
take_yescrypt64(CbHashScan *scan, size_t least, size_t most)
{
	const char *start = scan->at;
	size_t		len;
	int			last;

	if (!cb_hash_take_crypt64(scan, least, most))
		return false;
	len = (size_t) (scan->at - start);
	last = cb_hash_crypt64_value(scan->at[-1]);
	return len % 4 == 0 || (len % 4 == 2 && last < 4) ||
		(len % 4 == 3 && last < 16);
}

static CbPasswordVerdict
compare_crypt(const CbHash *hash, const char *password, size_t len)
{
	char		made[CRYPT_OUTPUT_SIZE];

	(void) len;
	if (!compute(password, hash->string, made) ||
		strlen(made) != strlen(hash->string))
		return CB_PASSWORD_FAILED;
	return cb_hash_conclude(made, hash->string, strlen(made));
}

static CbPasswordVerdict
compare_bcrypt(const CbHash *hash, const char *password, size_t len)
{
	char		made[CRYPT_OUTPUT_SIZE];
	char		wanted[BCRYPT_LEN + 1];

	(void) len;
	if (!compute(password, hash->string, made) || strlen(made) != BCRYPT_LEN)
		return CB_PASSWORD_FAILED;
	memcpy(wanted, hash->string, sizeof(wanted));
	clean_bcrypt(wanted);
	return cb_hash_conclude(made, wanted, BCRYPT_LEN);
}

/*
 * bcrypt of the base64 of an HMAC-SHA384 whose key is a constant.
 */
static CbPasswordVerdict
compare_wordpress(const CbHash *hash, const char *password, size_t len)
{
	static const char key[] = "wp-sha384";
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int digest_len;
	char		encoded[EVP_MAX_MD_SIZE * 2];
	CbPasswordVerdict verdict;

	if (HMAC(EVP_sha384(), key, sizeof(key) - 1,
			 (const unsigned char *) password, len,
			 digest, &digest_len) == NULL)
		return CB_PASSWORD_FAILED;
	EVP_EncodeBlock((unsigned char *) encoded, digest, (int) digest_len);
	verdict = compare_bcrypt(hash, encoded, strlen(encoded));
	explicit_bzero(digest, sizeof(digest));
	explicit_bzero(encoded, sizeof(encoded));
	return verdict;
}

/*
 * bcrypt of a SHA-256 in hexadecimal digits.
 */
static CbPasswordVerdict
compare_django(const CbHash *hash, const char *password, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int digest_len;
	char		hex[EVP_MAX_MD_SIZE * 2 + 1];
	CbPasswordVerdict verdict;

	if (!EVP_Digest(password, len, digest, &digest_len, EVP_sha256(), NULL))
		return CB_PASSWORD_FAILED;
	for (unsigned int i = 0; i < digest_len; i++)
	{
		hex[i * 2] = digits[digest[i] >> 4];
		hex[i * 2 + 1] = digits[digest[i] & 0x0f];
	}
	hex[digest_len * 2] = '\0';
	verdict = compare_bcrypt(hash, hex, digest_len * 2);
	explicit_bzero(digest, sizeof(digest));
	explicit_bzero(hex, sizeof(hex));
	return verdict;
}

/*
 * Computes the hash of a password with the setting of another hash; false when
 * libxcrypt could not, which for a hash that we took means no memory.
 */
static bool
compute(const char *password, const char *setting,
		char made[CRYPT_OUTPUT_SIZE])
{
	struct crypt_data *work = calloc(1, sizeof(struct crypt_data));
	bool		done;

	if (work == NULL)
		return false;
	done = crypt_rn(password, setting, work, sizeof(*work)) != NULL;
	memcpy(made, work->output, CRYPT_OUTPUT_SIZE);
	explicit_bzero(work, sizeof(*work));
	free(work);
	return done;
}

/*
 * Clears the bits that stand for nothing, as libxcrypt does in what it makes: the
 * salt's 22 characters have four of them, the hash's 31 two.
 */
static void
clean_bcrypt(char *hash)
{
	hash[BCRYPT_SALT_END] = clean_last(hash[BCRYPT_SALT_END], 4);
	hash[BCRYPT_LEN - 1] = clean_last(hash[BCRYPT_LEN - 1], 2);
}

static char
clean_last(char c, int bits)
{
	static const char alphabet[] =
	"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	const char *found = strchr(alphabet, c);

	return found == NULL ? c : alphabet[((found - alphabet) >> bits) << bits];
}
