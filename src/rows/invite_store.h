/*-------------------------------------------------------------------------
 *
 * invite_store.h
 *		Rows of canopy.identity_invite.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INVITE_STORE_H
#define CB_INVITE_STORE_H

#include "record/outbox.h"
#include "rows/fields.h"
#include "secret/token.h"

typedef struct CbInvite
{
	pg_uuid_t	id;
	CbUuid		application_id;
	CbUuid		environment_id;
	const char *email;
	const char *intent;			/* constant text; see below */
	CbText		first_name;
	CbText		last_name;
	CbUuid		role_id;
	CbUuid		node_id;
	CbUuid		client_id;
	CbUuid		identity_id;
	const char *status;			/* as stored; constant text */
	const char *locale;			/* or NULL */
	bool		send_email;
	TimestampTz issued_at;
	TimestampTz expires_at;
	const char *invited_by;		/* or NULL */
	const char *inviter_email;	/* or NULL */
	TimestampTz created_at;
} CbInvite;

extern const char *const cb_intent_activate;
extern const char *const cb_intent_add_to_app;
extern const char *const cb_intent_password_reset;

/* What cb_invite_read() reads. */
#define CB_INVITE_COLUMNS \
	"v.id, v.application_id, v.environment_id, v.email, v.intent, v.first_name," \
	" v.last_name, v.role_id, v.node_id, v.client_id, v.identity_id, v.status," \
	" v.locale, v.send_email, v.issued_at, v.expires_at, v.invited_by," \
	" v.inviter_email, v.created_at"
#define CB_INVITE_RESULT \
	"id uuid, application_id uuid?, environment_id uuid?, email text," \
	" intent text, first_name text?, last_name text?, role_id uuid?," \
	" node_id uuid?, client_id uuid?, identity_id uuid?, status text," \
	" locale text?, send_email bool, issued_at timestamptz," \
	" expires_at timestamptz, invited_by text?, inviter_email text?," \
	" created_at timestamptz"
#define CB_INVITE_NCOLUMNS	19

/* Into the current memory context. */
extern void cb_invite_read(CbInvite *invite, const Datum *values,
						   const bool *nulls);

/* An invite that shall be there, with the token it is accepted with. */
typedef struct CbInviteWish
{
	const CbInvite *invite;		/* all but its id */
	const char *token;
	pg_uuid_t	new_id;			/* of the row, if one is made; set by ensure */
	CbOutcome	outcome;		/* CB_PENDING: it could not be written */
	CbInvite	stored;
} CbInviteWish;

/*
 * Writes invites, sorted by address; those that stand in the way but are over
 * are marked as expired first, and their mail withdrawn.  Fills in what is stored,
 * in the batch's context, and sets the outcome: CB_CREATED, CB_SKIPPED when the
 * address has a pending one, which is then what is stored, or CB_PENDING.
 */
extern void cb_invite_ensure(const CbBatch *batch, CbInviteWish *wishes, int n);

/* The address where the invite is accepted; redirect_url may be NULL. */
extern char *cb_invite_link(const CbInvite *invite, const char *redirect_url,
							const char *token);

/* The mail that carries the invite; application and redirect may be NULL. */
extern CbMail cb_invite_mail(const CbInvite *invite, const char *account_name,
							 const char *application_name, const char *link);

/* Writes an invite as the API shows it to callers of the scope; link may be NULL. */
extern void cb_invite_encode(const CbInvite *invite, const CbScope *scope,
							 const char *link, TimestampTz now, CbJson *json);

/* pending, accepted, revoked or expired, at that time. */
extern const char *cb_invite_status(const CbInvite *invite, TimestampTz now);

/* Writes a text, or null when it has no val. */
extern void cb_invite_encode_text(const CbText *value, CbJson *json);

extern const char *const cb_invite_tables[];

#endif							/* CB_INVITE_STORE_H */
