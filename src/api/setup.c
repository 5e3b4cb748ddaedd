/*-------------------------------------------------------------------------
 *
 * setup.c
 *		canopy_bulk_setup
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"

#include "canopy_bulk.h"
#include "db/guard.h"
#include "flow/directory.h"

PG_FUNCTION_INFO_V1(cb_setup);

Datum
cb_setup(PG_FUNCTION_ARGS)
{
	CbGuard		guard;
	int			version;

	cb_guard_push(&guard);
	version = cb_directory_setup(fcinfo->flinfo->fn_oid,
								 PG_ARGISNULL(0) ? InvalidOid : PG_GETARG_OID(0));
	cb_guard_pop(&guard);
	PG_RETURN_INT32(version);
}
