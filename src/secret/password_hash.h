/*-------------------------------------------------------------------------
 *
 * password_hash.h
 *		Password hashes, ours and those of other systems.  Needs no server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_SECRET_PASSWORD_HASH_H
#define CB_SECRET_PASSWORD_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CB_PASSWORD_HASH_MAX	512 /* bytes of a hash */
#define CB_PASSWORD_BYTES_MAX	256 /* bytes of a password that is verified */

/* What is the most that a hash may cost for which anything is computed. */
#define CB_PASSWORD_HASH_MEMORY_MAX	262144	/* kilobytes */
#define CB_PASSWORD_HASH_TIME_MAX	2500	/* milliseconds */

/* What a computation costs, by the parameters of the hash. */
typedef struct CbPasswordHashCost
{
	uint64_t	memory;			/* kilobytes */
	uint64_t	time;			/* microseconds, on the processor of
								 * hash_format.h */
} CbPasswordHashCost;

typedef enum CbPasswordHashFit
{
	CB_PASSWORD_HASH_FITS,
	CB_PASSWORD_HASH_UNKNOWN,	/* it is no hash of a format that we take */
	CB_PASSWORD_HASH_TOO_LARGE, /* it needs too much memory */
	CB_PASSWORD_HASH_TOO_SLOW
} CbPasswordHashFit;

typedef enum CbPasswordVerdict
{
	CB_PASSWORD_PENDING,		/* not computed yet */
	CB_PASSWORD_MATCHES,
	CB_PASSWORD_DIFFERS,
	CB_PASSWORD_FAILED			/* a library could not: mostly no memory */
} CbPasswordVerdict;

/* Can it be computed within the bounds? */
extern CbPasswordHashFit cb_password_hash_fit(const char *hash, size_t len,
											  const CbPasswordHashCost *most);

/* The same within the widest bounds: can a password be verified with it? */
extern bool cb_password_hash_supported(const char *hash, size_t len);

/* What our own hash costs, of so many kilobytes and passes over them. */
extern CbPasswordHashCost cb_password_hash_own_cost(uint32_t memory,
													uint32_t passes);

/*
 * Has a text that was sent as a password the form of a hash, of a system that we
 * import from or of another?  Wider than cb_password_hash_supported().
 */
extern bool cb_password_looks_hashed(const char *sent, size_t len);

/*
 * Is it the hash of the password?  Takes up to a few seconds and 256 MiB; for
 * any thread.  A hash that is not supported, or a password that is longer than
 * CB_PASSWORD_BYTES_MAX, differs.  password has a NUL behind its len bytes.
 */
extern CbPasswordVerdict cb_password_hash_compare(const char *hash,
												  size_t hash_len,
												  const char *password,
												  size_t len);

/* Can whoever gets hold of the hash try passwords at no cost? */
extern bool cb_password_hash_is_weak(const char *hash, size_t len);

/*
 * Is it argon2id that costs whoever guesses at least as much memory, in
 * kilobytes, and work as so many passes over it?
 */
extern bool cb_password_hash_is_argon2id(const char *hash, size_t len,
										 uint32_t memory, uint32_t passes);

#endif							/* CB_SECRET_PASSWORD_HASH_H */
