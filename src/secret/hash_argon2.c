/*-------------------------------------------------------------------------
 *
 * hash_argon2.c
 *		argon2id and argon2i, computed by libsodium.
 *
 * argon2d is not for passwords, and libsodium refuses it; so it does version 1.0,
 * which goes without v=19.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <string.h>

#include <sodium.h>

#include "secret/hash_format.h"

#define PASS_TIME		600		/* nanoseconds, of a pass over a kilobyte */
#define LANES_MAX		16		/* to libsodium, lanes are work like any other */
#define SALT_MIN		8		/* bytes; less is refused by libsodium */
#define TAG_MIN			16
#define TAG_MAX			64

static bool parse(CbHashScan *scan, CbHash *hash);
static CbPasswordVerdict compare(const CbHash *hash, const char *password,
								 size_t len);

const CbHashFormat cb_hash_argon2_formats[] = {
	{"$argon2id$v=19$", parse, compare},
	{"$argon2i$v=19$", parse, compare},
	/* Django's */
	{"argon2$argon2id$v=19$", parse, compare,.skip = 6},
	{"argon2$argon2i$v=19$", parse, compare,.skip = 6},
	{NULL}
};

/*
 * PHC strings: m=65536,t=3,p=4$salt$tag.
 */
static bool
parse(CbHashScan *scan, CbHash *hash)
{
	uint32_t	memory;

	if (!(cb_hash_take_word(scan, "m=") &&
		  cb_hash_take_number(scan, 8, UINT32_MAX, &memory) &&
		  cb_hash_take_word(scan, ",t=") &&
		  cb_hash_take_number(scan, 1, UINT32_MAX, &hash->rounds) &&
		  cb_hash_take_word(scan, ",p=") &&
		  cb_hash_take_number(scan, 1, LANES_MAX, &hash->lanes)))
		return false;
	hash->cost = cb_hash_argon2_cost(memory, hash->rounds);
	return memory >= 8 * hash->lanes && /* a rule of argon2 */
		cb_hash_take_word(scan, "$") &&
		cb_hash_take_base64(scan, CB_HASH_BASE64_PHC, SALT_MIN,
							CB_HASH_SALT_MAX, &hash->salt) &&
		cb_hash_take_word(scan, "$") &&
		cb_hash_take_base64(scan, CB_HASH_BASE64_PHC, TAG_MIN, TAG_MAX,
							&hash->tag);
}

CbPasswordHashCost
cb_hash_argon2_cost(uint32_t memory, uint32_t passes)
{
	CbPasswordHashCost cost;

	cost.memory = memory;
	cost.time = cb_hash_time((uint64_t) memory * passes, PASS_TIME);
	return cost;
}

/*
 * libsodium says no for a wrong password and when it could not compute; only the
 * first is an invalid argument to it.
 */
static CbPasswordVerdict
compare(const CbHash *hash, const char *password, size_t len)
{
	errno = 0;
	if (crypto_pwhash_str_verify(hash->string, password, len) == 0)
		return CB_PASSWORD_MATCHES;
	return errno == EINVAL ? CB_PASSWORD_DIFFERS : CB_PASSWORD_FAILED;
}
