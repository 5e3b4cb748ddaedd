/*-------------------------------------------------------------------------
 *
 * assign.h
 *		The kind of row that canopy_bulk_assign() takes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_ASSIGN_H
#define CB_ASSIGN_H

#include "rows/row.h"

extern const CbRowKind cb_assign_kind;

#endif							/* CB_ASSIGN_H */
