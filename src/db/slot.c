/*-------------------------------------------------------------------------
 *
 * slot.c
 *		Slots: so many at a time, of all connections of the server.
 *
 * Shared memory of one's own needs a library that is preloaded; the table of locks
 * is there for every process, and the server frees what a process held when that is
 * gone.  Slot i is lock i.  To wait for any of several locks is not possible, so a
 * process waits for one, where the fewest wait; a lock is handed to the process that
 * has waited for it longest.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>

#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/slot.h"

static int	first_of(int n);
static bool try_lock(const LOCKTAG *tag, bool session);
static LOCKTAG tag_of(CbSlots slots, int slot);

LOCKTAG
cb_slot_tag(uint32 class, Oid database, uint32 number, uint16 part)
{
	LOCKTAG		tag = {
		.locktag_field1 = database,
		.locktag_field2 = class,
		.locktag_field3 = number,
		.locktag_field4 = part,
		.locktag_type = LOCKTAG_USERLOCK,
		.locktag_lockmethodid = USER_LOCKMETHOD
	};

	return tag;
}

int
cb_slot_try(CbSlots slots, int n)
{
	int			first = first_of(n);

	for (int i = 0; i < n; i++)
	{
		int			slot = (first + i) % n;
		LOCKTAG		tag = tag_of(slots, slot);

		if (try_lock(&tag, slots == CB_SLOTS_WORKER))
			return slot;
	}
	return -1;
}

int
cb_slot_wait(CbSlots slots, int n)
{
	int			first = first_of(n);
	int			shortest = INT_MAX;
	int			best = 0;
	LOCKTAG		tag;

	for (int i = 0; i < n; i++)
	{
		int			slot = (first + i) % n;
		int			length;

		tag = tag_of(slots, slot);
		length = LockWaiterCount(&tag);
		if (length < shortest)
		{
			shortest = length;
			best = slot;
		}
	}
	tag = tag_of(slots, best);
	LockAcquire(&tag, ExclusiveLock, slots == CB_SLOTS_WORKER, false);
	return best;
}

bool
cb_slot_is_wanted(CbSlots slots, int slot)
{
	LOCKTAG		tag = tag_of(slots, slot);

	return LockHasWaiters(&tag, ExclusiveLock, slots == CB_SLOTS_WORKER);
}

void
cb_slot_give(CbSlots slots, int slot)
{
	LOCKTAG		tag = tag_of(slots, slot);

	LockRelease(&tag, ExclusiveLock, slots == CB_SLOTS_WORKER);
}

bool
cb_slot_is_there(CbSlots slots, int n)
{
	for (int i = 0; i < n; i++)
	{
		LOCKTAG		tag = tag_of(slots, i);

		if (LockWaiterCount(&tag) == 0)
			return true;
	}
	return false;
}

int
cb_slot_take_place(const pg_uuid_t *account, int n)
{
	uint32		hash = hash_bytes(account->data, UUID_LEN);
	bool		is_taken = false;
	int			others = 0;

	for (int i = 0; i < n; i++)
	{
		LOCKTAG		tag = cb_slot_tag(CB_LOCK_PLACE, MyDatabaseId, hash, i);

		switch (LockAcquire(&tag, ExclusiveLock, false, true))
		{
			case LOCKACQUIRE_NOT_AVAIL:
				others++;
				continue;
			case LOCKACQUIRE_OK:
				if (!is_taken)
				{
					is_taken = true;
					continue;
				}
				break;
			default:
				break;
		}
		LockRelease(&tag, ExclusiveLock, false);
	}
	return others;
}

/* Another one each time, so that no slot is the first choice of all processes. */
static int
first_of(int n)
{
	return (int) (((uint64) GetCurrentTimestamp() + (uint64) MyProcPid) % (uint64) n);
}

/* A lock that this process has already does not count. */
static bool
try_lock(const LOCKTAG *tag, bool session)
{
	LockAcquireResult result = LockAcquire(tag, ExclusiveLock, session, true);

	if (result == LOCKACQUIRE_ALREADY_HELD || result == LOCKACQUIRE_ALREADY_CLEAR)
		LockRelease(tag, ExclusiveLock, session);
	return result == LOCKACQUIRE_OK;
}

static LOCKTAG
tag_of(CbSlots slots, int slot)
{
	return cb_slot_tag(slots, InvalidOid, slot, 0);
}
