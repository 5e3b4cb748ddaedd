/*-------------------------------------------------------------------------
 *
 * member_row.h
 *		Rows that are an identity's id, about its membership of the application.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_MEMBER_ROW_H
#define CB_MEMBER_ROW_H

#include "rows/membership.h"
#include "rows/parents.h"
#include "rows/row.h"

/* Stands first in the row of a kind. */
typedef struct CbMemberRow
{
	CbRow		row;
	pg_uuid_t	identity_id;
	const char *email;			/* of the identity */
	CbMembership membership;
} CbMemberRow;

/* Raises 22023 without an application, or to update; static: what cannot be. */
extern void cb_member_row_check(const CbBatch *batch, const char *update);

extern void cb_member_row_decode(CbBatch *batch, CbRow *row);

/*
 * Locks the identities of the rows, and gives each row its address or an issue; to a
 * caller who is bound only those are there that have or had a membership.
 */
extern void cb_member_row_lock(CbBatch *batch, CbParents *identities);

extern int	cb_member_row_compare(const CbRow *a, const CbRow *b);
extern const char *cb_member_row_key(const CbRow *row, int which, Size *len);
extern void cb_member_row_echo(const CbRow *row, CbJson *json);
extern const pg_uuid_t *cb_member_row_identity(const CbRow *row);

#endif							/* CB_MEMBER_ROW_H */
