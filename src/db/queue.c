/*-------------------------------------------------------------------------
 *
 * queue.c
 *		Queues: locks that are handed on to the one who has waited longest.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xlog.h"
#include "catalog/namespace.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "storage/lmgr.h"

#include "canopy_bulk.h"
#include "db/queue.h"
#include "db/slot.h"

static LOCKTAG tag_of(CbQueue queue, const pg_uuid_t *account);

/*
 * Objects of the schema's OID as their class are nobody else's.  Two rows of one
 * hash wait for each other, and nothing worse comes of it.
 */
void
cb_queue_up(const pg_uuid_t *account, const pg_uuid_t *id)
{
	uint32		hash = hash_bytes(id->data, UUID_LEN) ^
	hash_bytes(account->data, UUID_LEN);

	if (!RecoveryInProgress())
		LockDatabaseObject(get_namespace_oid("canopy", false), hash, 0,
						   ExclusiveLock);
}

void
cb_queue_enter(CbQueue queue, const pg_uuid_t *account)
{
	LOCKTAG		tag = tag_of(queue, account);

	LockAcquire(&tag, ExclusiveLock, false, false);
}

void
cb_queue_leave(CbQueue queue, const pg_uuid_t *account)
{
	LOCKTAG		tag = tag_of(queue, account);

	LockRelease(&tag, ExclusiveLock, false);
}

/* Two accounts of one hash share a queue, and nothing worse comes of it. */
static LOCKTAG
tag_of(CbQueue queue, const pg_uuid_t *account)
{
	return cb_slot_tag(CB_LOCK_QUEUE, MyDatabaseId,
					   hash_bytes(account->data, UUID_LEN), queue);
}
