/*-------------------------------------------------------------------------
 *
 * detach.h
 *		The kind of row that canopy_bulk_detach() takes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_DETACH_H
#define CB_DETACH_H

#include "rows/row.h"

extern const CbRowKind cb_detach_kind;

#endif							/* CB_DETACH_H */
