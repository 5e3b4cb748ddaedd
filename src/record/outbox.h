/*-------------------------------------------------------------------------
 *
 * outbox.h
 *		Mail that is to be sent.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_OUTBOX_H
#define CB_OUTBOX_H

#include "datatype/timestamp.h"
#include "db/statement.h"
#include "utils/jsonb.h"
#include "utils/uuid.h"

#define CB_OUTBOX_CHANNEL	"canopy_bulk_outbox"	/* of NOTIFY */

/* Kinds of mail. */
#define CB_MAIL_INVITE				"invite"
#define CB_MAIL_PASSWORD_RESET		"password_reset"
#define CB_MAIL_EMAIL_VERIFICATION	"email_verification"
#define CB_MAIL_WELCOME				"welcome"

typedef struct CbMail
{
	const char *kind;			/* one of the above */
	const pg_uuid_t *invite;	/* that it carries, or NULL */
	const pg_uuid_t *identity;	/* that it is for, or NULL */
	const char *recipient;		/* canonical */
	const char *locale;			/* BCP 47, or NULL */
	Jsonb	   *payload;		/* what the text is made of: an object without
								 * secrets */
	const char *link;			/* the one place for a token; or NULL */
	pg_uuid_t  *id;				/* where put shall leave its id, or NULL */
} CbMail;

/*
 * Queues mails in the current transaction, which tells CB_OUTBOX_CHANNEL when it
 * commits, once for each account.  False when a trigger swallowed one.
 */
extern bool cb_outbox_put(const pg_uuid_t *account, TimestampTz now,
						  const CbMail *mails, int n);

/* Forgets what has not been sent yet of the mail of these invites. */
extern void cb_outbox_withdraw(const pg_uuid_t *account,
							   const pg_uuid_t *invites, int n);

/*
 * The same of these mails; one that nobody has claimed yet leaves no trace.
 */
extern void cb_outbox_take_back(const pg_uuid_t *account, Datum mails);

/* The same of mail of one kind to an identity. */
extern void cb_outbox_withdraw_kind(const pg_uuid_t *account,
									const pg_uuid_t *identity,
									const char *kind);

/* A mail that has been claimed. */
typedef struct CbMailClaim
{
	pg_uuid_t	account;
	pg_uuid_t	id;
	int			attempt;		/* 1 for the first */
} CbMailClaim;

/* What a reader of claimed mail is given, from column 0. */
enum
{
	CB_CLAIMED_ACCOUNT,
	CB_CLAIMED_ID,
	CB_CLAIMED_ATTEMPT,
	CB_CLAIMED_KIND,
	CB_CLAIMED_RECIPIENT,
	CB_CLAIMED_LOCALE,
	CB_CLAIMED_LINK,
	CB_CLAIMED_PAYLOAD,
	CB_CLAIMED_COLUMNS
};

/*
 * Takes at most so many mails of the account that are due, for the length of
 * canopy_bulk.outbox_lease; passes over those that another session holds.
 * Returns how many.  One whose attempts are used up is given up instead.
 */
extern int	cb_outbox_claim(const pg_uuid_t *account, int most,
							TimestampTz now, CbRowReader reader, void *arg);

/*
 * Say how it ended.  False when the claim is no longer the last one, and for a
 * failure when the mail was withdrawn meanwhile; nothing is changed then.  What
 * was withdrawn too late was sent all the same.  The reason is stored shortened
 * and without tokens.
 */
extern bool cb_outbox_done(const CbMailClaim *claim, TimestampTz now);
extern bool cb_outbox_failed(const CbMailClaim *claim, const char *reason,
							 bool for_good, TimestampTz now);

#endif							/* CB_OUTBOX_H */
