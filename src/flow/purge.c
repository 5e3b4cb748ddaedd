/*-------------------------------------------------------------------------
 *
 * purge.c
 *		Deletes what has expired.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "flow/accounts.h"
#include "flow/purge.h"
#include "record/idempotency.h"

int64
cb_purge_keys(const char *account, int most)
{
	CbCaller	caller;
	pg_uuid_t	id;
	int64		deleted;

	if (most < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_rows must be positive")));
	cb_caller_enter(&caller);
	id = cb_accounts_resolve(account, &caller);
	deleted = cb_idempotency_purge(&id, GetCurrentTimestamp(), most);
	cb_caller_leave(&caller);
	return deleted;
}
