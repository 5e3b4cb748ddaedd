/*-------------------------------------------------------------------------
 *
 * identity_update.h
 *		The kinds of row that change an identity.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_IDENTITY_UPDATE_H
#define CB_IDENTITY_UPDATE_H

#include "rows/row.h"

/* Of a row that is an object, what names the identity. */
#define CB_IDENTITY_UPDATE_ID	"id"

/* Changes what is sent of a profile. */
extern const CbRowKind cb_identity_update_kind;

/* Changes is_active, and nothing else. */
extern const CbRowKind cb_identity_status_kind;

#endif							/* CB_IDENTITY_UPDATE_H */
