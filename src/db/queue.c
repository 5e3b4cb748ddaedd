/*-------------------------------------------------------------------------
 *
 * queue.c
 *		A queue in front of a row that is locked again and again.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xlog.h"
#include "catalog/namespace.h"
#include "common/hashfn.h"
#include "storage/lmgr.h"

#include "canopy_bulk.h"
#include "db/queue.h"

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
