/*-------------------------------------------------------------------------
 *
 * password_verify.c
 *		Does a password belong to a stored hash?
 *
 * What we hash ourselves is in Unicode normal form C.  A hash from elsewhere was
 * made over the bytes that the other system got, and nothing in it tells which of
 * the two it is; so a password is tried as it was given, and then, if that is
 * something else, in normal form C.  How many tries there are depends on the
 * password alone and so tells nothing of the identity.
 *
 * As in password.c, the password is kept in memory of libsodium only, which a
 * callback of the memory context wipes and frees, whatever ends the call.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <sodium.h>

#include "utils/memutils.h"

#include "canopy_bulk.h"
#include "input/text.h"
#include "secret/hash_pool.h"
#include "secret/password_verify.h"
#include "settings.h"

StaticAssertDecl(CB_HASH_MEMORY_MOST == CB_PASSWORD_HASH_MEMORY_MAX &&
				 CB_HASH_TIME_MOST == CB_PASSWORD_HASH_TIME_MAX,
				 "a hash that may be imported must be one that can be verified");

/* In memory of libsodium; a thread works on it. */
typedef struct Secret
{
	CbHashJob	job;
	char		wanted[CB_PASSWORD_HASH_MAX + 1];
	char		given[CB_PASSWORD_BYTES_MAX + 1];
	char		composed[CB_PASSWORD_BYTES_MAX + 1];
	size_t		given_len;
	size_t		composed_len;	/* zero: not another than the one given */
	pg_uuid_t	account;		/* that it is computed for */
} Secret;

/* In the current memory context, with the callback that frees the secret. */
typedef struct Holder
{
	Secret	   *secret;
	MemoryContextCallback callback;
} Holder;

static Holder *hold(const char *password, size_t len, const pg_uuid_t *account);
static void compose(Secret *secret);
static void release(void *arg);
static bool try_hash(Secret *secret, const char *hash);
static bool try_bytes(Secret *secret, const char *bytes, size_t len);
static void write_decoy(char *hash, size_t size);

bool
cb_password_verify(const char *hash, const char *password, size_t len,
				   const pg_uuid_t *account)
{
	Holder	   *holder = hold(password, len, account);
	Secret	   *secret = holder->secret;
	char		decoy[crypto_pwhash_STRBYTES];
	bool		matches = false;

	write_decoy(decoy, sizeof(decoy));
	if (secret->given_len == 0 || hash == NULL ||
		!cb_password_hash_supported(hash, strlen(hash)))
		try_hash(secret, decoy);
	else
	{
		matches = try_hash(secret, hash);
		if (!matches && cb_password_hash_is_weak(hash, strlen(hash)))
			try_hash(secret, decoy);
	}
	release(holder);
	return matches;
}

CbPasswordHashFit
cb_password_hash_judge(const char *hash, size_t len)
{
	CbPasswordHashCost most;

	most = cb_password_hash_own_cost((uint32) cb_argon2_memory,
									 (uint32) cb_settings_argon2_passes());
	most.memory = Max(most.memory, (uint64) cb_max_hash_memory);
	most.time = Max(most.time, (uint64) cb_max_hash_time * 1000);
	return cb_password_hash_fit(hash, len, &most);
}

bool
cb_password_is_outdated(const char *hash)
{
	return !cb_password_hash_is_argon2id(hash, strlen(hash),
										 (uint32) cb_argon2_memory,
										 (uint32) cb_settings_argon2_passes()) ||
		cb_password_hash_judge(hash, strlen(hash)) != CB_PASSWORD_HASH_FITS;
}

char *
cb_password_rehash(const char *password, size_t len, const pg_uuid_t *account)
{
	Holder	   *holder = hold(password, len, account);
	Secret	   *secret = holder->secret;
	char	   *hash;

	if (secret->given_len == 0)
		elog(ERROR, "a password was hashed that cannot be right");
	secret->job.password = secret->composed_len > 0 ?
		secret->composed : secret->given;
	secret->job.length = secret->composed_len > 0 ?
		secret->composed_len : secret->given_len;
	cb_hash_pool_run(&secret->job, 1, &secret->account);
	hash = pstrdup(secret->job.phc);
	release(holder);
	return hash;
}

/*
 * Takes a copy of a password, and of its normal form C; one that is too long is
 * left out.
 */
static Holder *
hold(const char *password, size_t len, const pg_uuid_t *account)
{
	Holder	   *holder = palloc0(sizeof(Holder));

	if (sodium_init() < 0)
		elog(ERROR, "could not initialise libsodium");
	holder->callback.func = release;
	holder->callback.arg = holder;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &holder->callback);
	holder->secret = sodium_malloc(sizeof(Secret));
	if (holder->secret == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory"),
				 errdetail("Failed on memory for a password.")));
	memset(holder->secret, 0, sizeof(Secret));
	holder->secret->account = *account;
	if (len <= CB_PASSWORD_BYTES_MAX)
	{
		memcpy(holder->secret->given, password, len);
		holder->secret->given_len = len;
		compose(holder->secret);
	}
	return holder;
}

/*
 * Fills in the normal form C where it is another.  A password whose normal form
 * is too long has none: we have never hashed it.
 */
static void
compose(Secret *secret)
{
	size_t		points;

	switch (cb_text_nfc(secret->given, secret->given_len, secret->composed,
						sizeof(secret->composed), &secret->composed_len,
						&points))
	{
		case CB_TEXT_OK:
			if (secret->composed_len == secret->given_len &&
				memcmp(secret->composed, secret->given,
					   secret->given_len) == 0)
				secret->composed_len = 0;
			break;
		case CB_TEXT_INVALID:
		case CB_TEXT_TOO_LONG:
			break;
		case CB_TEXT_LIBRARY_FAILED:
			ereport(ERROR,
					(errcode(ERRCODE_OUT_OF_MEMORY),
					 errmsg("could not normalise a password"),
					 errdetail("The ICU library did not work.")));
	}
}

/*
 * Wipes and frees; also a callback, so it may run a second time.
 */
static void
release(void *arg)
{
	Holder	   *holder = arg;

	sodium_free(holder->secret);
	holder->secret = NULL;
}

static bool
try_hash(Secret *secret, const char *hash)
{
	strlcpy(secret->wanted, hash, sizeof(secret->wanted));
	return try_bytes(secret, secret->given, secret->given_len) ||
		(secret->composed_len > 0 &&
		 try_bytes(secret, secret->composed, secret->composed_len));
}

static bool
try_bytes(Secret *secret, const char *bytes, size_t len)
{
	CbHashJob  *job = &secret->job;

	job->password = bytes;
	job->length = len;
	job->wanted = secret->wanted;
	job->verdict = CB_PASSWORD_PENDING;
	cb_hash_pool_run(job, 1, &secret->account);
	return job->verdict == CB_PASSWORD_MATCHES;
}

/*
 * Writes a hash that no password has and that costs what a new hash costs.
 */
static void
write_decoy(char *hash, size_t size)
{
	snprintf(hash, size,
			 "$argon2id$v=19$m=%d,t=%d,p=1$AAAAAAAAAAAAAAAAAAAAAA"
			 "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
			 cb_argon2_memory, cb_settings_argon2_passes());
}
