/*-------------------------------------------------------------------------
 *
 * queue.h
 *		Queues: locks that are handed on to the one who has waited longest.
 *
 * The lock of a row is not handed to who waits for it: whoever takes it, commits
 * and takes it again may be ahead of the others for ever.  These locks are handed
 * on, and no SQL can take them, as it could take an advisory one.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_QUEUE_H
#define CB_QUEUE_H

#include "utils/uuid.h"

/* The queues that an account has. */
typedef enum CbQueue
{
	CB_QUEUE_ONE_HASH = 1,		/* of calls with one password, for a slot */
	CB_QUEUE_HASHES,			/* of calls with more */
	CB_QUEUE_OPENING			/* of calls that open an import */
} CbQueue;

/*
 * The queue in front of a row that is locked again and again.  Waits for its turn,
 * which ends with the transaction.  On a standby there is no queue.
 */
extern void cb_queue_up(const pg_uuid_t *account, const pg_uuid_t *id);

/*
 * Waits for its turn, which ends when it is left or the transaction ends.  Can be
 * cancelled, and honours lock_timeout.  Not on a standby.
 */
extern void cb_queue_enter(CbQueue queue, const pg_uuid_t *account);
extern void cb_queue_leave(CbQueue queue, const pg_uuid_t *account);

#endif							/* CB_QUEUE_H */
