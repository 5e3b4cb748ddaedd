/*-------------------------------------------------------------------------
 *
 * mail.c
 *		Senders come for mail, and say how it ended.
 *
 * A sender may serve all accounts.  It claims account by account all the same,
 * since no statement touches two; it begins at any of them, so that one with much
 * mail does not keep the others waiting.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "flow/accounts.h"
#include "flow/mail.h"

static void enter_claim(const char *account, const pg_uuid_t *id, int attempt,
						CbCaller *caller, CbMailClaim *claim);

void
cb_mail_claim(const char *account, int most, CbRowReader reader, void *arg)
{
	MemoryContext context = CurrentMemoryContext;
	TimestampTz now = GetCurrentTimestamp();
	CbCaller	caller;
	pg_uuid_t  *accounts;
	uint32		first;
	int			n;

	if (most < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("n must be positive")));
	cb_caller_enter(&caller);
	MemoryContextSwitchTo(context);
	accounts = cb_accounts_choose(account, &caller, &n);
	if (!pg_strong_random(&first, sizeof(first)))
		first = 0;
	for (int i = 0; i < n && most > 0; i++)
		most -= cb_outbox_claim(&accounts[(first % n + i) % n], most, now,
								reader, arg);
	cb_caller_leave(&caller);
	MemoryContextSwitchTo(context);
}

bool
cb_mail_done(const char *account, const pg_uuid_t *id, int attempt)
{
	CbCaller	caller;
	CbMailClaim claim;
	bool		counted;

	enter_claim(account, id, attempt, &caller, &claim);
	counted = cb_outbox_done(&claim, GetCurrentTimestamp());
	cb_caller_leave(&caller);
	return counted;
}

bool
cb_mail_failed(const char *account, const pg_uuid_t *id, int attempt,
			   const char *reason, bool for_good)
{
	CbCaller	caller;
	CbMailClaim claim;
	bool		counted;

	enter_claim(account, id, attempt, &caller, &claim);
	counted = cb_outbox_failed(&claim, reason, for_good, GetCurrentTimestamp());
	cb_caller_leave(&caller);
	return counted;
}

static void
enter_claim(const char *account, const pg_uuid_t *id, int attempt,
			CbCaller *caller, CbMailClaim *claim)
{
	MemoryContext context = CurrentMemoryContext;

	cb_caller_enter(caller);
	MemoryContextSwitchTo(context);
	claim->account = cb_accounts_resolve(account, caller);
	claim->id = *id;
	claim->attempt = attempt;
}
