/*-------------------------------------------------------------------------
 *
 * invite.h
 *		Invites: the row of an invite batch, and what its files share.
 *
 * invite.c is the kind; invite_fields.c reads a row from JSON, invite_parents.c
 * looks up what it refers to, and invite_store.c has the statements.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INVITE_H
#define CB_INVITE_H

#include "input/email.h"
#include "rows/fields.h"
#include "rows/invite_store.h"
#include "rows/parents.h"

typedef struct CbInviteRow
{
	CbRow		row;

	/* as sent, checked */
	char		email[CB_EMAIL_MAX + 1];	/* canonical */
	CbText		first_name;
	CbText		last_name;
	bool		is_reset;		/* intent password_reset */
	CbUuid		role_id;
	CbUuid		node_id;
	CbUuid		client_id;
	CbUuid		application_id; /* at the account's tier */
	bool		keep_mail;		/* send_email is false */
	int64		expires_in;		/* seconds; 0: not sent */
	CbText		locale;

	CbInvite	invite;			/* as it shall be written */
	CbInvite	stored;			/* as it was */
	char		token[CB_TOKEN_LEN + 1];
	const char *link;
	const char *application_name;	/* or NULL */
} CbInviteRow;

extern const CbRowKind cb_invite_kind;

/* invite_fields.c: the kind's fields, and its decode. */
extern const CbField *cb_invite_fields(const CbBatch *batch);
extern void cb_invite_decode(CbBatch *batch, CbRow *row);

/*
 * invite_parents.c: looks up what rows refer to and fills in what shall be
 * written; the kind's lock_parents.
 */
extern void cb_invite_lock_parents(CbBatch *batch);

#endif							/* CB_INVITE_H */
