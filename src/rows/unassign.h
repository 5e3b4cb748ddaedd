/*-------------------------------------------------------------------------
 *
 * unassign.h
 *		The kind of row that canopy_bulk_unassign() takes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_UNASSIGN_H
#define CB_UNASSIGN_H

#include "rows/row.h"

extern const CbRowKind cb_unassign_kind;

#endif							/* CB_UNASSIGN_H */
