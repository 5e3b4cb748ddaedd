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
#include "db/uuid7.h"
#include "flow/mail.h"
#include "settings.h"

static CbStatement find_accounts = {
	"SELECT id FROM canopy.account ORDER BY id",
	0, {0}, SPI_OK_SELECT
};

static pg_uuid_t *choose_accounts(const char *account, const CbCaller *caller,
								  int *n);
static pg_uuid_t resolve(const char *account, const CbCaller *caller);
static pg_uuid_t *read_accounts(int *n);
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
	accounts = choose_accounts(account, &caller, &n);
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

/* The account that is named, by the argument or the setting, or all. */
static pg_uuid_t *
choose_accounts(const char *account, const CbCaller *caller, int *n)
{
	const CbClaims *claims = &caller->claims;
	pg_uuid_t  *accounts;

	if (account == NULL && cb_account[0] == '\0')
	{
		if (!claims->present)
			return read_accounts(n);
		*n = claims->naccounts;
		accounts = palloc(sizeof(pg_uuid_t) * (*n + 1));
		for (int i = 0; i < *n; i++)
			accounts[i] = resolve(claims->accounts[i], caller);
		return accounts;
	}
	*n = 1;
	accounts = palloc(sizeof(pg_uuid_t));
	accounts[0] = resolve(account, caller);
	return accounts;
}

/* Mail is the whole account's: claims bound to a part of it are refused. */
static pg_uuid_t
resolve(const char *account, const CbCaller *caller)
{
	CbScopeNames names = {account, "", ""};
	CbScope		scope;

	cb_scope_resolve(&scope, caller, &names);
	return scope.account;
}

static pg_uuid_t *
read_accounts(int *n)
{
	pg_uuid_t  *accounts;
	bool		isnull;

	*n = (int) cb_statement_run(&find_accounts, NULL, NULL);
	accounts = palloc(sizeof(pg_uuid_t) * (*n + 1));
	for (int i = 0; i < *n; i++)
		accounts[i] = *DatumGetUUIDP(cb_statement_value(i, 1, &isnull));
	cb_statement_free();
	return accounts;
}

static void
enter_claim(const char *account, const pg_uuid_t *id, int attempt,
			CbCaller *caller, CbMailClaim *claim)
{
	MemoryContext context = CurrentMemoryContext;

	cb_caller_enter(caller);
	MemoryContextSwitchTo(context);
	claim->account = resolve(account, caller);
	claim->id = *id;
	claim->attempt = attempt;
}
