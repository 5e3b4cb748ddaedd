/*-------------------------------------------------------------------------
 *
 * identity_image.h
 *		What identities look like, with all that an import writes of them.
 *
 * An image has parts: the identity, its memberships and its assignments; of a
 * learner also the profile and the enrolments.  A part that has changed since the
 * import left it says why an identity is kept.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_IDENTITY_IMAGE_H
#define CB_IDENTITY_IMAGE_H

#include "db/image.h"
#include "rows/undo.h"

#define CB_IDENTITY_PARTS	3
#define CB_LEARNER_PARTS	5

typedef struct CbIdentityImage
{
	CbImage		parts[CB_LEARNER_PARTS];
} CbIdentityImage;

/*
 * Images of what the rows of a batch that succeeded have left, by the place of the
 * row in the batch; NULL when none has.
 */
extern CbIdentityImage *cb_identity_image_left(const CbBatch *batch, int nparts);

/* The image as text, in the current memory context. */
extern char *cb_identity_image_text(const CbIdentityImage *image, int nparts);

/*
 * Compares what the last of an item's rows left with what is there now, and settles
 * those pending items that are not the same.
 */
extern void cb_identity_image_compare(const CbScope *scope, CbUndoItem *items,
									  int n, int nparts);

#endif							/* CB_IDENTITY_IMAGE_H */
