/*-------------------------------------------------------------------------
 *
 * idempotency.h
 *		Keys that make a call happen once.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_IDEMPOTENCY_H
#define CB_IDEMPOTENCY_H

#include "common/sha2.h"
#include "datatype/timestamp.h"
#include "db/scope.h"
#include "utils/jsonb.h"

/*
 * A key of another function, or of a call in another scope, is another key.  The scope
 * is what was resolved for the call, whether its arguments named it or its claims.
 */
typedef struct CbIdempotency
{
	const char *key;			/* NULL: the call has none */
	const char *function;
	pg_uuid_t	account;
	pg_uuid_t	application;	/* zeros: none */
	pg_uuid_t	environment;	/* zeros: none */
	bool		is_bound;
	uint8		fingerprint[PG_SHA256_DIGEST_LENGTH];
	TimestampTz now;
} CbIdempotency;

/* The HTTP status of a call that answers nothing. */
#define CB_IDEMPOTENCY_NO_ANSWER	204

/* An answer that was given before; answer is NULL where there was none. */
typedef struct CbReplay
{
	Jsonb	   *answer;
	int			status;			/* HTTP */
} CbReplay;

/*
 * The call's key: the argument, else the header Idempotency-Key of the request,
 * else NULL.  Raises 22023 for one that is empty, longer than 255 characters or
 * not printable ASCII.
 */
extern const char *cb_idempotency_key(const char *argument);

/* Fills in all but the fingerprint; key may be NULL, and function is static. */
extern void cb_idempotency_begin(CbIdempotency *idempotency, const char *key,
								 const char *function, const CbScope *scope,
								 TimestampTz now);

/* Fills in the fingerprint of a request that has been stripped of its secrets. */
extern void cb_idempotency_fingerprint(CbIdempotency *idempotency,
									   const Jsonb *request);

/*
 * Finds the answer that was stored for the key.  False when there is none or it
 * has expired.  Raises PT422 when it was for another request, and 55000 when the
 * first call is still running in this transaction.
 */
extern bool cb_idempotency_find(const CbIdempotency *idempotency,
								CbReplay *replay);

/*
 * Takes the key for this transaction.  Waits for another that has taken it; when
 * that committed, returns false and fills in its answer as find does.
 */
extern bool cb_idempotency_claim(const CbIdempotency *idempotency,
								 CbReplay *replay);

/* Stores the answer with the key that was claimed. */
extern void cb_idempotency_store(const CbIdempotency *idempotency,
								 const CbReplay *replay);

/* Deletes at most so many expired keys of the account; returns how many. */
extern int64 cb_idempotency_purge(const pg_uuid_t *account, TimestampTz now,
								  int most);

#endif							/* CB_IDEMPOTENCY_H */
