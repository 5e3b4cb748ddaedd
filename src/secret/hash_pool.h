/*-------------------------------------------------------------------------
 *
 * hash_pool.h
 *		Hashing and verifying passwords on threads.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_SECRET_HASH_POOL_H
#define CB_SECRET_HASH_POOL_H

#include <sodium.h>

#include "utils/uuid.h"

#include "secret/password_hash.h"

/*
 * One password to hash or, when there is a hash to verify it with, to compare.
 * Never in palloc'd memory: threads work on it.
 */
typedef struct CbHashJob
{
	const char *password;		/* NULL: nothing to do; else with a NUL */
	size_t		length;			/* bytes */
	const char *wanted;			/* the hash to compare with, or NULL */
	CbPasswordVerdict verdict;	/* on it; pending until done */
	char		phc[crypto_pwhash_STRBYTES];	/* the hash; empty until done */
} CbHashJob;

extern void cb_hash_pool_run(CbHashJob *jobs, int count,
							 const pg_uuid_t *account);

#endif							/* CB_SECRET_HASH_POOL_H */
