/*
 * password_hash.c
 *	  Fuzzes cb_password_hash_kind.
 *
 * Build: src/secret/password_hash.c -lsodium -lcrypt
 * Run: -max_len=600
 *
 * Besides never touching memory that is not ours, it must hold that the library
 * which would verify an accepted hash can read it, and that a hash is refused
 * when anything is cut off its end.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <crypt.h>
#include <sodium.h>

#include "secret/password_hash.h"

int			LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(int holds)
{
	if (!holds)
		abort();
}

/*
 * Reads the parameters only; computing the hash would take too long here.
 */
static void
must_be_readable(CbPasswordHashKind kind, const char *hash)
{
	switch (kind)
	{
		case CB_PASSWORD_HASH_ARGON2:
			/* libsodium answers this question for short strings only. */
			if (strlen(hash) < crypto_pwhash_STRBYTES)
				must(crypto_pwhash_str_needs_rehash(hash, 2,
													 19456 * 1024) >= 0);
			break;
		case CB_PASSWORD_HASH_CRYPT:
			must(crypt_checksalt(hash) != CRYPT_SALT_INVALID);
			break;
		default:
			break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *in = (const char *) data;
	CbPasswordHashKind kind = cb_password_hash_kind(in, size);
	char		hash[CB_PASSWORD_HASH_MAX + 1];

	must(cb_password_hash_supported(in, size) == (kind != CB_PASSWORD_HASH_NONE));
	if (kind == CB_PASSWORD_HASH_NONE)
		return 0;

	must(size <= CB_PASSWORD_HASH_MAX && memchr(in, '\0', size) == NULL);
	memcpy(hash, in, size);
	hash[size] = '\0';
	must(sodium_init() >= 0);
	must_be_readable(kind, hash);
	/* One character less is eight bits less: never the same length of bytes. */
	must(kind != CB_PASSWORD_HASH_CRYPT ||
		 !cb_password_hash_supported(in, size - 1));
	return 0;
}
