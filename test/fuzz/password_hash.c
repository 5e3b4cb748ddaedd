/*
 * password_hash.c
 *	  Fuzzes what reads a password hash, and what computes it.
 *
 * Build: src/secret/password_hash.c src/secret/hash_scan.c src/secret/hash_argon2.c src/secret/hash_crypt.c src/secret/hash_scrypt.c src/secret/hash_pbkdf2.c src/secret/hash_digest.c -lsodium -lcrypt -lcrypto
 * Run: -max_len=600 -malloc_limit_mb=64
 *
 * Besides never touching memory that is not ours, it must hold that a hash that is
 * accepted can be computed: its library does not fail on it.  A hash that would
 * take long is only read, by the same function that is called first for every
 * other.  Any input is also a password, which may not do any harm either.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <crypt.h>
#include <sodium.h>

#include "secret/password_hash.h"

int			LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char sha512[] = "$weak-sha512$salt-first$61$"
"ee26b0dd4af7e749aa1a8ee3c10ae9923f618980772e473f8819a5d4940e0db2"
"7ac185f8a0e1d5f84f88bc887fd67b143732c304cc5fa9ad8e6f57f50028a8ff";

static void
must(int holds)
{
	if (!holds)
		abort();
}

/*
 * Few rounds of a hash whose cost is in front, where a number has at most four
 * digits or is a small exponent.
 */
static int
is_quick(const char *hash)
{
	static const char *const quick[] = {
		"$2a$04$", "$2b$04$", "$2y$04$", "$wp$2y$04$", "bcrypt_sha256$$2b$04$",
		"$5$", "$6$", "$y$j7", "$gy$j7", "$scrypt$ln=1,", "$scrypt$ln=2,",
		"$argon2id$v=19$m=64,", "$argon2i$v=19$m=64,", "{SSHA", "$weak-", "$P$5",
		"$P$6", "$P$7", "$fbscrypt$v=1,n=1,", "$firescrypt$ln=1,",
		"pbkdf2_sha256$1000$", "$pbkdf2-sha1$1000$", "$pbkdf2-sha512$i=1000$",
		"$pbkdf2-sha256$i=1000,", "SCRAM-SHA-256$1000:"
	};

	if (strstr(hash, "rounds=") != NULL)
		return 0;
	for (size_t i = 0; i < sizeof(quick) / sizeof(quick[0]); i++)
	{
		if (strncmp(hash, quick[i], strlen(quick[i])) == 0)
			return 1;
	}
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *in = (const char *) data;
	char	   *copy = malloc(size + 1);
	int			supported = cb_password_hash_supported(in, size);

	must(copy != NULL && sodium_init() >= 0);
	memcpy(copy, in, size);
	copy[size] = '\0';
	must(cb_password_hash_compare(sha512, strlen(sha512), copy, size) ==
		 CB_PASSWORD_DIFFERS);
	if (supported)
	{
		must(size <= CB_PASSWORD_HASH_MAX && strlen(copy) == size);
		if (is_quick(copy))
			must(cb_password_hash_compare(in, size, "password", 8) !=
				 CB_PASSWORD_FAILED);
		if (copy[0] == '$' && strchr("256yg", copy[1]) != NULL)
			must(crypt_checksalt(copy) != CRYPT_SALT_INVALID);
	}
	else
	{
		must(!cb_password_hash_is_weak(in, size));
		must(!cb_password_hash_is_argon2id(in, size, 0, 0));
		must(cb_password_hash_compare(in, size, "password", 8) ==
			 CB_PASSWORD_DIFFERS);
	}
	free(copy);
	return 0;
}
