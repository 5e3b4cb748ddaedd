/*-------------------------------------------------------------------------
 *
 * mail.h
 *		Senders come for mail, and say how it ended.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_MAIL_H
#define CB_MAIL_H

#include "db/scope.h"
#include "record/outbox.h"

/*
 * Claims at most so many mails for the sender: of the account that is named, or
 * of all accounts that the caller may see, from any of them on.
 */
extern void cb_mail_claim(const char *account, int most, CbRowReader reader,
						  void *arg);

/* False when the claim is not the last one any more; see outbox.h. */
extern bool cb_mail_done(const char *account, const pg_uuid_t *id,
						 int attempt);
extern bool cb_mail_failed(const char *account, const pg_uuid_t *id,
						   int attempt, const char *reason, bool for_good);

#endif							/* CB_MAIL_H */
