/*-------------------------------------------------------------------------
 *
 * change_role.h
 *		The kind of row that canopy_bulk_change_role() takes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_CHANGE_ROLE_H
#define CB_CHANGE_ROLE_H

#include "rows/row.h"

/* The options of a batch of the kind: the role of all its rows. */
typedef struct CbChangeRole
{
	const char *role_id;		/* as sent */
	int			len;			/* bytes */
} CbChangeRole;

extern const CbRowKind cb_change_role_kind;

#endif							/* CB_CHANGE_ROLE_H */
