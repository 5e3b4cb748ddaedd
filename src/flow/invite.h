/*-------------------------------------------------------------------------
 *
 * invite.h
 *		The life of invites after they were made.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_FLOW_INVITE_H
#define CB_FLOW_INVITE_H

#include "flow/answer.h"
#include "db/page.h"
#include "rows/invite_single.h"

/*
 * Whoever has a token may ask what it is for: {email, intent, app_name, last_name,
 * first_name, inviter_email}.  Raises PT404 when there is no such invite, or it
 * was revoked; PT410 when it has expired; PT409 when it was accepted.
 */
extern Jsonb *cb_invite_info(const char *token);

/* What an invited person sends. */
typedef struct CbAcceptance
{
	const char *token;
	const char *password;		/* plaintext, where the caller has it */
	size_t		password_len;
	CbText		first_name;		/* val is NULL: as the invite has it */
	CbText		last_name;
} CbAcceptance;

/*
 * Makes the identity, its membership and assignment; or adds these to one that
 * exists, which has to show its password; or changes the password.  Answers
 * {message, accepted, identity_id}, or {reason, message, accepted} when the password is not
 * the one that has to be shown: that is counted, and so must not be raised.
 * Raises as cb_invite_info() does, 22023 for what cannot be a password or a name,
 * and PT409 for what is in the way.
 */
extern CbAnswer cb_invite_accept(const CbAcceptance *acceptance);

/* Raises what an invite that is found cannot be used for. */
extern void cb_invite_check_token(bool exists, const CbInvite *invite,
								  TimestampTz now);

/* Where the invite was made. */
extern void cb_invite_scope(pg_uuid_t account, const CbInvite *invite,
							CbScope *scope);

/* What somebody wants of an invite in his scope. */
typedef struct CbInviteChange
{
	CbScopeNames names;
	pg_uuid_t	id;
	const char *idempotency_key;	/* NULL: none */
} CbInviteChange;

/*
 * Gives the invite another token, mailed or in the answer, and ends it.  Raise
 * PT404 for one that is not in the scope, and 22023 for one that is not pending.
 */
extern CbAnswer cb_invite_resend(const CbInviteChange *change);
extern CbAnswer cb_invite_revoke(const CbInviteChange *change);

/* A page of invites of the environment, or of the account's tier. */
typedef struct CbInviteListing
{
	CbScopeNames names;
	const char *status;			/* NULL: any */
	CbPage		page;
} CbInviteListing;

/* {items, pagination}, the newest first. */
extern Jsonb *cb_invite_list(const CbInviteListing *listing);

/*
 * {total_invites, pending_count, pending_with_role_count, accepted_count,
 * expired_count, revoked_count} of the same.
 */
extern Jsonb *cb_invite_summarise(const CbScopeNames *names);

#endif							/* CB_FLOW_INVITE_H */
