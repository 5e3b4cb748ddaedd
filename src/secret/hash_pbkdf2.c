/*-------------------------------------------------------------------------
 *
 * hash_pbkdf2.c
 *		PBKDF2 in its spellings, and PostgreSQL's SCRAM, computed by OpenSSL.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "secret/hash_format.h"

#define ROUNDS_MIN		1000
#define ROUNDS_MAX		UINT32_MAX
#define SHA1_TIME		320		/* nanoseconds of a round */
#define SHA256_TIME		450
#define SHA512_TIME		600
#define SALT_MIN		8		/* bytes */
#define TAG_MIN			16
#define SCRAM_KEY_LEN	32

static bool parse_phc_or_passlib(CbHashScan *scan, CbHash *hash);
static bool parse_phc(CbHashScan *scan, CbHash *hash);
static bool parse_passlib(CbHashScan *scan, CbHash *hash);
static bool parse_django(CbHashScan *scan, CbHash *hash);
static bool parse_scram(CbHashScan *scan, CbHash *hash);
static bool take_rounds(CbHashScan *scan, CbHash *hash);
static bool take_cost(CbHash *hash);
static uint32_t round_time(const CbHash *hash);
static CbPasswordVerdict compare_pbkdf2(const CbHash *hash,
										const char *password, size_t len);
static CbPasswordVerdict compare_scram(const CbHash *hash,
									   const char *password, size_t len);
static bool compute(const CbHash *hash, const char *password, size_t len,
					unsigned char *out, size_t out_len);
static bool sign(const unsigned char *key, const char *word,
				 unsigned char *out);

const CbHashFormat cb_hash_pbkdf2_formats[] = {
	{"$pbkdf2$", parse_phc_or_passlib, compare_pbkdf2, CB_HASH_SHA1},
	{"$pbkdf2-sha1$", parse_phc_or_passlib, compare_pbkdf2, CB_HASH_SHA1},
	{"$pbkdf2-sha256$", parse_phc_or_passlib, compare_pbkdf2, CB_HASH_SHA256},
	{"$pbkdf2-sha512$", parse_phc_or_passlib, compare_pbkdf2, CB_HASH_SHA512},
	{"pbkdf2_sha1$", parse_django, compare_pbkdf2, CB_HASH_SHA1},
	{"pbkdf2_sha256$", parse_django, compare_pbkdf2, CB_HASH_SHA256},
	{"pbkdf2_sha512$", parse_django, compare_pbkdf2, CB_HASH_SHA512},
	{"SCRAM-SHA-256$", parse_scram, compare_scram, CB_HASH_SHA256},
	{NULL}
};

static bool
parse_phc_or_passlib(CbHashScan *scan, CbHash *hash)
{
	if (cb_hash_take_word(scan, "i="))
		return parse_phc(scan, hash);
	return parse_passlib(scan, hash);
}

/*
 * A PHC string: i=600000$salt$tag or i=600000,l=32$salt$tag, where l is the
 * length of the tag.
 */
static bool
parse_phc(CbHashScan *scan, CbHash *hash)
{
	uint32_t	said = 0;

	if (!take_rounds(scan, hash))
		return false;
	if (cb_hash_take_word(scan, ",l=") &&
		!cb_hash_take_number(scan, TAG_MIN, CB_HASH_TAG_MAX, &said))
		return false;
	return cb_hash_take_word(scan, "$") &&
		cb_hash_take_base64(scan, CB_HASH_BASE64_PHC, SALT_MIN,
							CB_HASH_SALT_MAX, &hash->salt) &&
		cb_hash_take_word(scan, "$") &&
		cb_hash_take_base64(scan, CB_HASH_BASE64_PHC, TAG_MIN,
							CB_HASH_TAG_MAX, &hash->tag) &&
		(said == 0 || said == hash->tag.len) && take_cost(hash);
}

/*
 * As Python's passlib writes it: 600000$salt$tag, with a dot for the plus of
 * base64 and a tag as long as the digest.
 */
static bool
parse_passlib(CbHashScan *scan, CbHash *hash)
{
	return take_rounds(scan, hash) &&
		cb_hash_take_word(scan, "$") &&
		cb_hash_take_base64(scan, CB_HASH_BASE64_PASSLIB, SALT_MIN,
							CB_HASH_SALT_MAX, &hash->salt) &&
		cb_hash_take_word(scan, "$") &&
		cb_hash_take_base64(scan, CB_HASH_BASE64_PASSLIB, cb_hash_digest_len(hash),
							cb_hash_digest_len(hash), &hash->tag) &&
		take_cost(hash);
}

/*
 * Django's: 600000$salt$tag, where the salt is text.
 */
static bool
parse_django(CbHashScan *scan, CbHash *hash)
{
	return take_rounds(scan, hash) &&
		cb_hash_take_word(scan, "$") &&
		cb_hash_take_raw(scan, SALT_MIN, CB_HASH_SALT_MAX, &hash->salt) &&
		cb_hash_take_word(scan, "$") &&
		cb_hash_take_base64(scan, CB_HASH_BASE64_PADDED, cb_hash_digest_len(hash),
							cb_hash_digest_len(hash), &hash->tag) &&
		take_cost(hash);
}

/*
 * As in pg_authid: 4096:salt$stored key:server key.
 */
static bool
parse_scram(CbHashScan *scan, CbHash *hash)
{
	return take_rounds(scan, hash) &&
		cb_hash_take_word(scan, ":") &&
		cb_hash_take_base64(scan, CB_HASH_BASE64_PADDED, SALT_MIN,
							CB_HASH_SALT_MAX, &hash->salt) &&
		cb_hash_take_word(scan, "$") &&
		cb_hash_take_base64(scan, CB_HASH_BASE64_PADDED, SCRAM_KEY_LEN,
							SCRAM_KEY_LEN, &hash->tag) &&
		cb_hash_take_word(scan, ":") &&
		cb_hash_take_base64(scan, CB_HASH_BASE64_PADDED, SCRAM_KEY_LEN,
							SCRAM_KEY_LEN, &hash->key) &&
		take_cost(hash);
}

static bool
take_rounds(CbHashScan *scan, CbHash *hash)
{
	return cb_hash_take_number(scan, ROUNDS_MIN, ROUNDS_MAX, &hash->rounds);
}

/*
 * A tag longer than the digest takes all rounds again for each digest.
 */
static bool
take_cost(CbHash *hash)
{
	size_t		digest_len = cb_hash_digest_len(hash);
	size_t		digests = (hash->tag.len + digest_len - 1) / digest_len;

	hash->cost.time = cb_hash_time((uint64_t) hash->rounds * digests,
								   round_time(hash));
	return true;
}

static uint32_t
round_time(const CbHash *hash)
{
	switch (hash->digest)
	{
		case CB_HASH_SHA512:
			return SHA512_TIME;
		case CB_HASH_SHA256:
			return SHA256_TIME;
		default:
			return SHA1_TIME;
	}
}

static CbPasswordVerdict
compare_pbkdf2(const CbHash *hash, const char *password, size_t len)
{
	unsigned char made[CB_HASH_TAG_MAX];

	if (!compute(hash, password, len, made, hash->tag.len))
		return CB_PASSWORD_FAILED;
	return cb_hash_conclude(made, hash->tag.bytes, hash->tag.len);
}

/*
 * Both keys are compared: a hash that only one of them fits is no hash of any
 * password.
 */
static CbPasswordVerdict
compare_scram(const CbHash *hash, const char *password, size_t len)
{
	unsigned char salted[SCRAM_KEY_LEN];
	unsigned char client[SCRAM_KEY_LEN];
	unsigned char stored[SCRAM_KEY_LEN];
	unsigned char server[SCRAM_KEY_LEN];
	bool		done;

	done = compute(hash, password, len, salted, SCRAM_KEY_LEN) &&
		sign(salted, "Client Key", client) &&
		sign(salted, "Server Key", server) &&
		EVP_Digest(client, SCRAM_KEY_LEN, stored, NULL, EVP_sha256(), NULL);
	explicit_bzero(salted, sizeof(salted));
	explicit_bzero(client, sizeof(client));
	if (!done)
		return CB_PASSWORD_FAILED;
	if (cb_hash_conclude(server, hash->key.bytes,
						 SCRAM_KEY_LEN) != CB_PASSWORD_MATCHES)
		return CB_PASSWORD_DIFFERS;
	return cb_hash_conclude(stored, hash->tag.bytes, SCRAM_KEY_LEN);
}

static bool
compute(const CbHash *hash, const char *password, size_t len,
		unsigned char *out, size_t out_len)
{
	return PKCS5_PBKDF2_HMAC(password, (int) len,
							 hash->salt.bytes, (int) hash->salt.len,
							 (int) hash->rounds,
							 cb_hash_digest_algorithm(hash),
							 (int) out_len, out) == 1;
}

static bool
sign(const unsigned char *key, const char *word, unsigned char *out)
{
	return HMAC(EVP_sha256(), key, SCRAM_KEY_LEN,
				(const unsigned char *) word, strlen(word), out, NULL) != NULL;
}
