/*-------------------------------------------------------------------------
 *
 * import_reverse.h
 *		Reverses what an import wrote, as far as the database lets it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_IMPORT_REVERSE_H
#define CB_IMPORT_REVERSE_H

#include "rows/undo.h"

/*
 * Reverses those of the items that are pending, and settles each: reversed, or an
 * error whose reason is the SQLSTATE, in the current memory context.
 */
extern void cb_import_reverse(const CbUndoKind *kind, const CbScope *scope,
							  TimestampTz now, CbUndoItem *items, int n);

#endif							/* CB_IMPORT_REVERSE_H */
