/*-------------------------------------------------------------------------
 *
 * outbox.c
 *		The SQL-callable functions of those who send mail.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "api/arguments.h"
#include "canopy_bulk.h"
#include "db/guard.h"
#include "flow/mail.h"

/* canopy_bulk_outbox_claim(n, account) */
CB_FUNCTION(canopy_bulk_outbox_claim)
{
	cb_argument_require(fcinfo, 0, "n");
	cb_rows_begin(fcinfo);
	cb_mail_claim(cb_argument_text(fcinfo, 1), PG_GETARG_INT32(0),
				  cb_rows_put, fcinfo->resultinfo);
	return (Datum) 0;
}

/* canopy_bulk_outbox_done(id, attempt, account) */
CB_FUNCTION(canopy_bulk_outbox_done)
{
	bool		counted;

	cb_argument_require(fcinfo, 0, "id");
	cb_argument_require(fcinfo, 1, "attempt");
	counted = cb_mail_done(cb_argument_text(fcinfo, 2), PG_GETARG_UUID_P(0),
						   PG_GETARG_INT32(1));
	PG_RETURN_BOOL(counted);
}

/* canopy_bulk_outbox_failed(id, attempt, reason, permanent, account) */
CB_FUNCTION(canopy_bulk_outbox_failed)
{
	bool		counted;

	cb_argument_require(fcinfo, 0, "id");
	cb_argument_require(fcinfo, 1, "attempt");
	cb_argument_require(fcinfo, 2, "reason");
	counted = cb_mail_failed(cb_argument_text(fcinfo, 4), PG_GETARG_UUID_P(0),
							 PG_GETARG_INT32(1), cb_argument_text(fcinfo, 2),
							 !PG_ARGISNULL(3) && PG_GETARG_BOOL(3));
	PG_RETURN_BOOL(counted);
}
