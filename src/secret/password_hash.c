/*-------------------------------------------------------------------------
 *
 * password_hash.c
 *		Password hashes, ours and those of other systems.
 *
 * A hash is stored as it came and first computed when its owner signs in.  Its
 * parameters say how much memory and time that takes, and they were written by
 * whoever sent it: a hash that asks for 4 GB is an attack on the login page.
 * So the formats are an allow-list, what a hash costs is computed from its
 * parameters and has a bound, and a string that its library could not read back is
 * refused on arrival, where somebody can still mend it.  What is accepted and what can be verified come from the same
 * tables, one per family:
 *
 *		hash_argon2.c	libsodium		hash_scrypt.c	OpenSSL
 *		hash_crypt.c	libxcrypt		hash_pbkdf2.c	OpenSSL
 *										hash_digest.c	OpenSSL
 *
 * A hash that is stored is computed up to the bounds of password_hash.h, whatever
 * the bounds were when it came; a password can need two computations (see
 * password_verify.c).
 * Nothing here needs a server: a fuzzer and any thread can call it.
 *
 *-------------------------------------------------------------------------
 */
#include "secret/password_hash.h"

#include <string.h>

#include <openssl/crypto.h>

#include "secret/hash_format.h"

static const CbHashFormat *read_hash(const char *in, size_t len,
									 CbHash *hash);
static const CbHashFormat *parse_hash(const char *in, size_t len,
									  CbHash *hash);
static const CbHashFormat *find_format(CbHashScan *scan);

/* No prefix is the beginning of another. */
static const CbHashFormat *const families[] = {
	cb_hash_argon2_formats,
	cb_hash_crypt_formats,
	cb_hash_scrypt_formats,
	cb_hash_pbkdf2_formats,
	cb_hash_digest_formats,
};

static const CbPasswordHashCost widest = {
	CB_PASSWORD_HASH_MEMORY_MAX, CB_PASSWORD_HASH_TIME_MAX * UINT64_C(1000)
};

CbPasswordHashFit
cb_password_hash_fit(const char *hash, size_t len, const CbPasswordHashCost *most)
{
	CbHash		read;

	if (parse_hash(hash, len, &read) == NULL)
		return CB_PASSWORD_HASH_UNKNOWN;
	if (read.cost.memory > most->memory)
		return CB_PASSWORD_HASH_TOO_LARGE;
	if (read.cost.time > most->time)
		return CB_PASSWORD_HASH_TOO_SLOW;
	return CB_PASSWORD_HASH_FITS;
}

bool
cb_password_hash_supported(const char *hash, size_t len)
{
	return cb_password_hash_fit(hash, len, &widest) == CB_PASSWORD_HASH_FITS;
}

CbPasswordHashCost
cb_password_hash_own_cost(uint32_t memory, uint32_t passes)
{
	return cb_hash_argon2_cost(memory, passes);
}

uint64_t
cb_hash_time(uint64_t units, uint32_t nanoseconds)
{
	if (units > UINT64_MAX / nanoseconds)
		return UINT64_MAX;
	return units * nanoseconds / 1000;
}

CbPasswordVerdict
cb_password_hash_compare(const char *hash, size_t hash_len,
						 const char *password, size_t len)
{
	CbHash		read;
	const CbHashFormat *format = read_hash(hash, hash_len, &read);

	if (format == NULL || len > CB_PASSWORD_BYTES_MAX ||
		memchr(password, '\0', len) != NULL)
		return CB_PASSWORD_DIFFERS;
	return format->compare(&read, password, len);
}

bool
cb_password_hash_is_weak(const char *hash, size_t len)
{
	CbHash		read;
	const CbHashFormat *format = read_hash(hash, len, &read);

	return format != NULL && format->weak;
}

bool
cb_password_hash_is_argon2id(const char *hash, size_t len, uint32_t memory,
							 uint32_t passes)
{
	CbHash		read;

	return read_hash(hash, len, &read) != NULL &&
		strncmp(read.string, "$argon2id$", 10) == 0 &&
		read.cost.memory >= memory &&
		read.cost.memory * read.rounds >= (uint64_t) memory * passes;
}

CbPasswordVerdict
cb_hash_conclude(void *made, const void *wanted, size_t len)
{
	CbPasswordVerdict verdict = CRYPTO_memcmp(made, wanted, len) == 0 ?
	CB_PASSWORD_MATCHES : CB_PASSWORD_DIFFERS;

	explicit_bzero(made, len);
	return verdict;
}

/*
 * Reads a hash of len bytes (no NUL needed) and returns its format, or NULL if
 * it has none that we take, or costs too much.
 */
static const CbHashFormat *
read_hash(const char *in, size_t len, CbHash *hash)
{
	const CbHashFormat *format = parse_hash(in, len, hash);

	if (format == NULL || hash->cost.memory > widest.memory ||
		hash->cost.time > widest.time)
		return NULL;
	return format;
}

/*
 * The same, whatever it costs.
 */
static const CbHashFormat *
parse_hash(const char *in, size_t len, CbHash *hash)
{
	CbHashScan	scan = {in, in + len};
	const CbHashFormat *format;

	if (len > CB_PASSWORD_HASH_MAX || (format = find_format(&scan)) == NULL)
		return NULL;
	memset(hash, 0, sizeof(*hash));
	hash->digest = format->digest;
	hash->salt.bytes = hash->salt_bytes;
	hash->tag.bytes = hash->tag_bytes;
	hash->key.bytes = hash->key_bytes;
	memcpy(hash->string, in + format->skip, len - (size_t) format->skip);
	return format->parse(&scan, hash) && scan.at == scan.end ? format : NULL;
}

/*
 * Finds the format by its prefix, and moves past that.
 */
static const CbHashFormat *
find_format(CbHashScan *scan)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
	{
		const CbHashFormat *format = families[i];

		while (format->prefix != NULL &&
			   !cb_hash_take_word(scan, format->prefix))
			format++;
		if (format->prefix != NULL)
			return format;
	}
	return NULL;
}
