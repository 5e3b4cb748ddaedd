/*-------------------------------------------------------------------------
 *
 * identity_reverse.h
 *		What is the same wherever identities that an import wrote are undone.
 *
 * Of what a row leaves behind, these read
 *
 *		image			of the identity and what hangs on it
 *		membership		id of the membership that was made
 *		assignment		id of the assignment that was made
 *		old_membership	the membership that was made active again
 *
 * each null, or not there, when there is none.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_IDENTITY_REVERSE_H
#define CB_IDENTITY_REVERSE_H

#include "rows/identity_image.h"

/* The judge of a kind whose items are identities with so many parts. */
extern void cb_identity_judge(const CbScope *scope, CbUndoItem *items, int n,
							  int nparts);

/*
 * Deletes the identities that were created, and what hangs on them with them.
 * Returns how many items are left, in others.
 */
extern int	cb_identity_delete_created(const CbScope *scope, CbUndoItem **items,
									   int n, CbUndoItem **others);

/*
 * Takes back what rows did to assignments and memberships; before is a jsonb[] of
 * what they left behind, in their order.
 */
extern void cb_identity_restore_memberships(const CbScope *scope,
											TimestampTz now, Datum before);

#endif							/* CB_IDENTITY_REVERSE_H */
