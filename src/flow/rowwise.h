/*-------------------------------------------------------------------------
 *
 * rowwise.h
 *		The row strategy: a subtransaction for each row.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_ROWWISE_H
#define CB_ROWWISE_H

#include "rows/row.h"

/*
 * Writes the good rows of the batch and gives each its outcome, or its problem.
 * Raises only what no row may be blamed for.
 */
extern void cb_rowwise_write(CbBatch *batch);

#endif							/* CB_ROWWISE_H */
