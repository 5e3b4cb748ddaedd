/*-------------------------------------------------------------------------
 *
 * slot.h
 *		Slots: so many at a time, of all connections of the server.
 *
 * A slot is a lock that no SQL can take.  Whoever holds one waits for nothing that
 * another process has, so that every wait for a slot ends.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_SLOT_H
#define CB_SLOT_H

#include "storage/lock.h"
#include "utils/uuid.h"

/*
 * What the locks are of: user locks, which nothing else in the server takes since
 * contrib/userlock is gone.  pg_locks shows the class as classid.
 */
#define CB_LOCK_HASH		1128398849
#define CB_LOCK_WORKER		1128398850
#define CB_LOCK_QUEUE		1128398851
#define CB_LOCK_PLACE		1128398852

typedef enum CbSlots
{
	CB_SLOTS_HASH = CB_LOCK_HASH,	/* of threads that compute hashes */
	CB_SLOTS_WORKER = CB_LOCK_WORKER	/* of processes that run jobs */
} CbSlots;

/* The lock with this class and these numbers, in a database or (InvalidOid) in none. */
extern LOCKTAG cb_slot_tag(uint32 class, Oid database, uint32 number, uint16 part);

/*
 * Takes one of n slots that is free and that this process does not hold yet; -1
 * when there is none.  A slot of a thread is held until it is given back or the
 * transaction ends, that of a worker until the process ends.
 */
extern int	cb_slot_try(CbSlots slots, int n);

/*
 * Takes one of n slots, and waits for it where the fewest wait.  Can be cancelled,
 * and honours lock_timeout.  Hold none meanwhile.
 */
extern int	cb_slot_wait(CbSlots slots, int n);

/* Does anybody wait for a slot that this process holds? */
extern bool cb_slot_is_wanted(CbSlots slots, int slot);

extern void cb_slot_give(CbSlots slots, int slot);

/* Is one of n slots free at this moment? */
extern bool cb_slot_is_there(CbSlots slots, int n);

/*
 * Takes one of the n places that an account has for what its transactions have
 * made and not committed, until the transaction ends; returns how many of them
 * other transactions have.
 */
extern int	cb_slot_take_place(const pg_uuid_t *account, int n);

#endif							/* CB_SLOT_H */
