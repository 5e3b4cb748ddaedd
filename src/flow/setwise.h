/*-------------------------------------------------------------------------
 *
 * setwise.h
 *		The set strategy: all rows at once, then in groups.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_SETWISE_H
#define CB_SETWISE_H

#include "rows/row.h"

/*
 * Writes the good rows of the batch and gives each its outcome, or its problem,
 * the same that cb_rowwise_write() gives.  With in_sets false it leaves out the
 * sets and uses groups alone, in which rows are written one after the other.
 */
extern void cb_setwise_write(CbBatch *batch, bool in_sets);

#endif							/* CB_SETWISE_H */
