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

/* The good rows of the batch, in the order in which rows are written. */
extern CbRow **cb_rowwise_sort(const CbBatch *batch, int *nrows);

/* Gives a row a problem: the one it has, the kind's, or "rejected". */
extern void cb_rowwise_blame(CbBatch *batch, CbRow *row, const ErrorData *fault);

#endif							/* CB_ROWWISE_H */
