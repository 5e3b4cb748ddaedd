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
#include "flow/purge.h"
#include "record/idempotency.h"

int64
cb_purge_keys(const CbScopeNames *names, int most)
{
	CbCaller	caller;
	CbScope		scope;
	int64		deleted;

	if (most < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_rows must be positive")));
	cb_caller_enter(&caller);
	cb_scope_resolve(&scope, &caller, names);
	deleted = cb_idempotency_purge(&scope.account, GetCurrentTimestamp(), most);
	cb_caller_leave(&caller);
	return deleted;
}
