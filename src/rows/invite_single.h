/*-------------------------------------------------------------------------
 *
 * invite_single.h
 *		One invite: found, and changed.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INVITE_SINGLE_H
#define CB_INVITE_SINGLE_H

#include "rows/invite_store.h"

/* An invite with what is shown along with it. */
typedef struct CbInviteFound
{
	CbInvite	invite;
	const char *application_name;	/* or NULL */
} CbInviteFound;

/*
 * Finds an invite by its token, or by its id within the scope, in the current
 * memory context.  With lock it is locked first, and read as it is then.  False
 * when there is none.
 */
extern bool cb_invite_find_token(const pg_uuid_t *account, const char *token,
								 bool lock, CbInviteFound *found);
extern bool cb_invite_lock_id(const CbScope *scope, const pg_uuid_t *id,
							  CbInviteFound *found);

/*
 * Change an invite that is locked.  Mail of it that was not sent yet is
 * withdrawn.
 */
extern void cb_invite_reissue(const pg_uuid_t *account, CbInvite *invite,
							  const char *token, TimestampTz now);
extern void cb_invite_finish(const pg_uuid_t *account, const CbInvite *invite,
							 const char *status, TimestampTz now);

#endif							/* CB_INVITE_SINGLE_H */
