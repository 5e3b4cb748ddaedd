/*-------------------------------------------------------------------------
 *
 * attach.h
 *		The kind of row that canopy_bulk_attach() takes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_ATTACH_H
#define CB_ATTACH_H

#include "rows/row.h"

extern const CbRowKind cb_attach_kind;

#endif							/* CB_ATTACH_H */
