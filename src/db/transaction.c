/*-------------------------------------------------------------------------
 *
 * transaction.c
 *		Transactions of a procedure that makes several.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/spi.h"
#include "nodes/parsenodes.h"
#include "tcop/pquery.h"

#include "canopy_bulk.h"
#include "db/transaction.h"

void
cb_transactions_begin(FunctionCallInfo fcinfo)
{
	if (fcinfo->context == NULL || !IsA(fcinfo->context, CallContext) ||
		castNode(CallContext, fcinfo->context)->atomic)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TRANSACTION_TERMINATION),
				 errmsg("cannot run an import inside a transaction"),
				 errdetail("Each batch is a transaction of its own."),
				 errhint("Call the procedure outside of BEGIN and of functions.")));
	SPI_connect_ext(SPI_OPT_NONATOMIC);
}

void
cb_transactions_end(void)
{
	SPI_finish();
}

void
cb_transaction_commit(void)
{
	SPI_commit();
}

void
cb_transaction_rollback(void)
{
	SPI_rollback();
}

void
cb_transaction_snapshot(void)
{
	EnsurePortalSnapshotExists();
}
