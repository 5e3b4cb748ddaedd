/*-------------------------------------------------------------------------
 *
 * rivals.h
 *		Rows of a batch that want the same key.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_RIVALS_H
#define CB_RIVALS_H

#include "rows/row.h"

/* Links each good row to the last earlier good row with the same key. */
extern void cb_rivals_link(CbBatch *batch);

/*
 * The earlier row that may still get one of this row's keys, and is pending; else
 * the one that has the first of its keys that is taken, *which.  A rival that
 * failed no longer counts.  NULL: there is none.
 */
extern CbRow *cb_rivals_find(const CbBatch *batch, const CbRow *row, int *which);

/* The last earlier row with the key that has not failed; NULL: there is none. */
extern CbRow *cb_rivals_of(const CbRow *row, int which);

/* The row fails because the rival has its key. */
extern void cb_rivals_yield(const CbBatch *batch, CbRow *row,
							const CbRow *rival, int which);

#endif							/* CB_RIVALS_H */
