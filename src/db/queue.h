/*-------------------------------------------------------------------------
 *
 * queue.h
 *		A queue in front of a row that is locked again and again.
 *
 * The lock of a row is not handed to who waits for it: whoever takes it, commits
 * and takes it again may be ahead of the others for ever.  This lock is handed on.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_QUEUE_H
#define CB_QUEUE_H

#include "utils/uuid.h"

/*
 * Waits for its turn, which ends with the transaction.  No SQL can take the lock,
 * as it could take an advisory one.  On a standby there is no queue.
 */
extern void cb_queue_up(const pg_uuid_t *account, const pg_uuid_t *id);

#endif							/* CB_QUEUE_H */
