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

CB_FUNCTION(canopy_bulk_setup)
{
	int			version;

	version = cb_directory_setup(fcinfo->flinfo->fn_oid,
								 PG_ARGISNULL(0) ? InvalidOid : PG_GETARG_OID(0));
	PG_RETURN_INT32(version);
}
