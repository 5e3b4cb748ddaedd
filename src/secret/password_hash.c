/*-------------------------------------------------------------------------
 *
 * password_hash.c
 *		Password hashes, ours and those of other systems.
 *
 * A hash is stored as it came and first computed when its owner signs in.  Its
 * parameters say how much memory and time that takes, and they were written by
 * whoever sent it: a hash that asks for 4 GB is an attack on the login page.
 * So the formats are an allow-list, each parameter has a bound, and a string
 * that its library could not read back is refused on arrival, where somebody can
 * still mend it.  What is accepted and what can be verified come from the same
 * tables, one per family:
 *
 *		hash_argon2.c	libsodium		hash_scrypt.c	OpenSSL
 *		hash_crypt.c	libxcrypt		hash_pbkdf2.c	OpenSSL
 *										hash_digest.c	OpenSSL
 *
 * The bounds: 256 MiB, and about two and a half seconds of one core for one
 * computation; a password can need two (see password_verify.c).
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
static const CbHashFormat *find_format(CbHashScan *scan);

/* No prefix is the beginning of another. */
static const CbHashFormat *const families[] = {
	cb_hash_argon2_formats,
	cb_hash_crypt_formats,
	cb_hash_scrypt_formats,
	cb_hash_pbkdf2_formats,
	cb_hash_digest_formats,
};

bool
cb_password_hash_supported(const char *hash, size_t len)
{
	CbHash		read;

	return read_hash(hash, len, &read) != NULL;
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
		read.memory >= memory &&
		(uint64_t) read.memory * read.rounds >= (uint64_t) memory * passes;
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
 * it has none that we take.
 */
static const CbHashFormat *
read_hash(const char *in, size_t len, CbHash *hash)
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
