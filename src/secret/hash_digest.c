/*-------------------------------------------------------------------------
 *
 * hash_digest.c
 *		Salted digests, and phpass, computed by OpenSSL.
 *
 * These cost whoever guesses nothing, or with phpass hardly anything.  They are
 * taken so that people can sign in and get a better hash; until then they are as
 * weak here as they were where they come from.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include <openssl/evp.h>

#include "secret/hash_format.h"

#define LDAP_SALT_MIN	4		/* bytes */
#define PHPASS_SALT_LEN 8
#define PHPASS_HASH_LEN 22		/* characters */
#define PHPASS_LOG2_MIN 7
#define PHPASS_LOG2_MAX 30
#define PHPASS_TIME		800		/* nanoseconds of a round */
#define MD5_LEN			16

static bool parse_ldap(CbHashScan *scan, CbHash *hash);
static bool parse_weak(CbHashScan *scan, CbHash *hash);
static bool parse_phpass(CbHashScan *scan, CbHash *hash);
static CbPasswordVerdict compare_digest(const CbHash *hash,
										const char *password, size_t len);
static CbPasswordVerdict compare_phpass(const CbHash *hash,
										const char *password, size_t len);
static bool digest_pair(EVP_MD_CTX *context, const EVP_MD *digest,
						const void *first, size_t first_len,
						const void *second, size_t second_len,
						unsigned char *out);
static void encode_phpass(const unsigned char *in, char *out);

#define WEAK .weak = true

const CbHashFormat cb_hash_digest_formats[] = {
	{"{SSHA}", parse_ldap, compare_digest, CB_HASH_SHA1, WEAK},
	{"{SSHA256}", parse_ldap, compare_digest, CB_HASH_SHA256, WEAK},
	{"{SSHA512}", parse_ldap, compare_digest, CB_HASH_SHA512, WEAK},
	{"$weak-md5$", parse_weak, compare_digest, CB_HASH_MD5, WEAK},
	{"$weak-sha256$", parse_weak, compare_digest, CB_HASH_SHA256, WEAK},
	{"$weak-sha512$", parse_weak, compare_digest, CB_HASH_SHA512, WEAK},
	{"$P$", parse_phpass, compare_phpass, CB_HASH_MD5, WEAK},
	{"$H$", parse_phpass, compare_phpass, CB_HASH_MD5, WEAK},
	{NULL}
};

size_t
cb_hash_digest_len(const CbHash *hash)
{
	switch (hash->digest)
	{
		case CB_HASH_MD5:
			return MD5_LEN;
		case CB_HASH_SHA1:
			return 20;
		case CB_HASH_SHA256:
			return 32;
		default:
			return 64;
	}
}

const EVP_MD *
cb_hash_digest_algorithm(const CbHash *hash)
{
	switch (hash->digest)
	{
		case CB_HASH_MD5:
			return EVP_md5();
		case CB_HASH_SHA1:
			return EVP_sha1();
		case CB_HASH_SHA256:
			return EVP_sha256();
		default:
			return EVP_sha512();
	}
}

/*
 * RFC 2307 and what grew from it: base64 of the digest and the salt behind it.
 */
static bool
parse_ldap(CbHashScan *scan, CbHash *hash)
{
	size_t		len = cb_hash_digest_len(hash);

	if (!cb_hash_take_base64(scan, CB_HASH_BASE64_PADDED, len + LDAP_SALT_MIN,
							 len + CB_HASH_SALT_MAX, &hash->tag))
		return false;
	hash->salt.len = hash->tag.len - len;
	memcpy(hash->salt.bytes, hash->tag.bytes + len, hash->salt.len);
	hash->tag.len = len;
	return true;
}

/*
 * salt-first$salt$digest or salt-last$salt$digest, the salt's bytes and the
 * digest in hexadecimal digits.  Without a salt, MD5 is not taken.
 */
static bool
parse_weak(CbHashScan *scan, CbHash *hash)
{
	size_t		len = cb_hash_digest_len(hash);

	hash->salt_first = cb_hash_take_word(scan, "salt-first$");
	return (hash->salt_first || cb_hash_take_word(scan, "salt-last$")) &&
		cb_hash_take_hex(scan, hash->digest == CB_HASH_MD5 ? 1 : 0,
						 CB_HASH_SALT_MAX, &hash->salt) &&
		cb_hash_take_word(scan, "$") &&
		cb_hash_take_hex(scan, len, len, &hash->tag);
}

/*
 * B, which is log2 of the rounds, eight characters of salt and 22 of hash.
 */
static bool
parse_phpass(CbHashScan *scan, CbHash *hash)
{
	const char *salt = scan->at + 1;
	int			log2;

	if (!cb_hash_take_crypt64(scan, 1 + PHPASS_SALT_LEN + PHPASS_HASH_LEN,
							  1 + PHPASS_SALT_LEN + PHPASS_HASH_LEN))
		return false;
	log2 = cb_hash_crypt64_value(salt[-1]);
	if (log2 < PHPASS_LOG2_MIN || log2 > PHPASS_LOG2_MAX)
		return false;
	hash->rounds = UINT32_C(1) << log2;
	hash->cost.time = cb_hash_time(hash->rounds, PHPASS_TIME);
	hash->salt.len = PHPASS_SALT_LEN;
	memcpy(hash->salt.bytes, salt, PHPASS_SALT_LEN);
	hash->tag.len = PHPASS_HASH_LEN;
	memcpy(hash->tag.bytes, salt + PHPASS_SALT_LEN, PHPASS_HASH_LEN);
	/* 22 characters have four bits more than the digest */
	return cb_hash_crypt64_value(scan->at[-1]) < 4;
}

static CbPasswordVerdict
compare_digest(const CbHash *hash, const char *password, size_t len)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char made[EVP_MAX_MD_SIZE];
	const CbHashBytes *salt = &hash->salt;
	bool		done;

	done = context != NULL &&
		(hash->salt_first ?
		 digest_pair(context, cb_hash_digest_algorithm(hash), salt->bytes, salt->len,
					 password, len, made) :
		 digest_pair(context, cb_hash_digest_algorithm(hash), password, len,
					 salt->bytes, salt->len, made));
	EVP_MD_CTX_free(context);
	if (!done)
		return CB_PASSWORD_FAILED;
	return cb_hash_conclude(made, hash->tag.bytes, hash->tag.len);
}

/*
 * MD5 of salt and password, then again and again of that and the password.
 */
static CbPasswordVerdict
compare_phpass(const CbHash *hash, const char *password, size_t len)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	const EVP_MD *digest = cb_hash_digest_algorithm(hash);
	unsigned char made[EVP_MAX_MD_SIZE];
	char		encoded[PHPASS_HASH_LEN];
	bool		done;

	done = context != NULL &&
		digest_pair(context, digest, hash->salt.bytes, hash->salt.len,
					password, len, made);
	for (uint32_t i = 0; done && i < hash->rounds; i++)
		done = digest_pair(context, digest, made, MD5_LEN, password, len, made);
	EVP_MD_CTX_free(context);
	if (!done)
		return CB_PASSWORD_FAILED;
	encode_phpass(made, encoded);
	return cb_hash_conclude(encoded, hash->tag.bytes, PHPASS_HASH_LEN);
}

static bool
digest_pair(EVP_MD_CTX *context, const EVP_MD *digest,
			const void *first, size_t first_len,
			const void *second, size_t second_len, unsigned char *out)
{
	return EVP_DigestInit_ex(context, digest, NULL) == 1 &&
		EVP_DigestUpdate(context, first, first_len) == 1 &&
		EVP_DigestUpdate(context, second, second_len) == 1 &&
		EVP_DigestFinal_ex(context, out, NULL) == 1;
}

/*
 * crypt's alphabet, the low bits first.
 */
static void
encode_phpass(const unsigned char *in, char *out)
{
	static const char alphabet[] =
	"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	uint32_t	bits = 0;
	int			nbits = 0;

	for (int i = 0; i < MD5_LEN; i++)
	{
		bits |= (uint32_t) in[i] << nbits;
		for (nbits += 8; nbits >= 6; nbits -= 6, bits >>= 6)
			*out++ = alphabet[bits & 0x3f];
	}
	*out = alphabet[bits & 0x3f];
}
