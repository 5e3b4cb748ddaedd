/*-------------------------------------------------------------------------
 *
 * strategy.h
 *		Chooses how a batch is written.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_STRATEGY_H
#define CB_STRATEGY_H

#include "rows/row.h"

/* Writes the good rows of the batch as canopy_bulk.strategy says. */
extern void cb_strategy_write(CbBatch *batch);

#endif							/* CB_STRATEGY_H */
