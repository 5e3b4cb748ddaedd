/*-------------------------------------------------------------------------
 *
 * hash_pool.h
 *		Hashing passwords on threads.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_SECRET_HASH_POOL_H
#define CB_SECRET_HASH_POOL_H

#include <sodium.h>

/* One password to hash.  Never in palloc'd memory: threads work on it. */
typedef struct CbHashJob
{
	const char *password;		/* NULL: nothing to do */
	size_t		length;			/* bytes */
	char		phc[crypto_pwhash_STRBYTES];	/* the hash; empty until done */
} CbHashJob;

extern void cb_hash_pool_run(CbHashJob *jobs, int count);

#endif							/* CB_SECRET_HASH_POOL_H */
