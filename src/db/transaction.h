/*-------------------------------------------------------------------------
 *
 * transaction.h
 *		Transactions of a procedure that makes several.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_TRANSACTION_H
#define CB_TRANSACTION_H

#include "fmgr.h"

/*
 * Begins what may end transactions.  Raises 2D000 when the call is part of
 * something that would not survive it: a block, a function, another statement.
 */
extern void cb_transactions_begin(FunctionCallInfo fcinfo);
extern void cb_transactions_end(void);

/*
 * End the transaction and begin the next one, which has no snapshot yet: none is
 * held while somebody waits.
 */
extern void cb_transaction_commit(void);
extern void cb_transaction_rollback(void);
extern void cb_transaction_snapshot(void);

#endif							/* CB_TRANSACTION_H */
