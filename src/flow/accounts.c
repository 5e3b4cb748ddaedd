/*-------------------------------------------------------------------------
 *
 * accounts.c
 *		The accounts that a call serves which may serve all.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "db/statement.h"
#include "flow/accounts.h"
#include "settings.h"

static CbStatement find_accounts = {
	"SELECT id FROM canopy.account ORDER BY id",
	0, {0}, SPI_OK_SELECT,
	.returns = "id uuid"
};

static pg_uuid_t *read_accounts(int *n);

pg_uuid_t *
cb_accounts_choose(const char *account, const CbCaller *caller, int *n)
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
			accounts[i] = cb_accounts_resolve(claims->accounts[i], caller);
		return accounts;
	}
	*n = 1;
	accounts = palloc(sizeof(pg_uuid_t));
	accounts[0] = cb_accounts_resolve(account, caller);
	return accounts;
}

pg_uuid_t
cb_accounts_resolve(const char *account, const CbCaller *caller)
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
