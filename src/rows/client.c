/*-------------------------------------------------------------------------
 *
 * client.c
 *		OAuth clients that invites lead to.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "canopy_bulk.h"
#include "db/statement.h"
#include "rows/client.h"

#define EQ " OPERATOR(pg_catalog.=) "

/* Parameters: account, clients. */
static CbStatement find_clients = {
	"SELECT id, environment_id, invite_redirect_url, is_active"
	" AND (invite_redirect_url IS NOT NULL"
	" OR pg_catalog.cardinality(redirect_uris) OPERATOR(pg_catalog.>) 0)"
	" FROM canopy.oauth_client"
	" WHERE account_id" EQ "$1 AND id" EQ "ANY ($2)"
	" ORDER BY id",
	2, {UUIDOID, UUIDARRAYOID}, SPI_OK_SELECT,
	.returns = "id uuid, environment_id uuid, invite_redirect_url text?, is_usable bool?"
};

CbClient *
cb_clients_find(const pg_uuid_t *account, const pg_uuid_t *ids, int n,
				int *nfound)
{
	Datum	   *wanted = palloc(sizeof(Datum) * (n + 1));
	CbClient   *clients;
	Datum		values[2];

	*nfound = 0;
	if (n == 0)
		return NULL;
	for (int i = 0; i < n; i++)
		wanted[i] = UUIDPGetDatum(&ids[i]);
	values[0] = UUIDPGetDatum(account);
	values[1] = cb_statement_array(wanted, NULL, n, UUIDOID);
	*nfound = (int) cb_statement_run(&find_clients, values, NULL);
	clients = palloc0(sizeof(CbClient) * (*nfound + 1));
	for (int i = 0; i < *nfound; i++)
	{
		CbClient   *client = &clients[i];
		Datum		url;
		bool		isnull;

		client->id = *DatumGetUUIDP(cb_statement_value(i, 1, &isnull));
		client->environment = *DatumGetUUIDP(cb_statement_value(i, 2, &isnull));
		url = cb_statement_value(i, 3, &isnull);
		if (!isnull)
			client->redirect_url = TextDatumGetCString(url);
		client->is_usable = DatumGetBool(cb_statement_value(i, 4, &isnull)) &&
			!isnull;
	}
	cb_statement_free();
	return clients;
}
