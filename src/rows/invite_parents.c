/*-------------------------------------------------------------------------
 *
 * invite_parents.c
 *		What invites refer to, and what follows from it.
 *
 * Whether an address belongs to somebody decides what the invite is for: who is
 * nobody yet shall be created, who is no member yet shall become one.  All of it
 * is looked up together; it is looked at again when the invite is accepted.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/statement.h"
#include "db/uuid7.h"
#include "rows/access.h"
#include "rows/client.h"
#include "rows/invite.h"
#include "settings.h"

#define EQ " OPERATOR(pg_catalog.=) "

/*
 * Parameters: account; arrays of email, and the application that is asked for.
 * Columns: place in the arrays, id, names, and the membership's status.
 */
static CbStatement lock_identities = {
	"SELECT u.place, i.id, i.first_name, i.last_name,"
	" (SELECT m.status FROM canopy.app_membership m"
	" WHERE m.account_id" EQ "$1 AND m.identity_id" EQ "i.id"
	" AND m.application_id" EQ "u.application_id)"
	" FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3))"
	" WITH ORDINALITY AS u (email, application_id, place)"
	" JOIN canopy.identity i ON i.account_id" EQ "$1 AND i.email" EQ "u.email"
	" ORDER BY i.email FOR KEY SHARE OF i",
	3, {UUIDOID, TEXTARRAYOID, UUIDARRAYOID}, SPI_OK_SELECT,
	.returns = "place int8, id uuid, first_name text, last_name text, status text?"
};

/* An identity that has a row's address. */
typedef struct Found
{
	bool		exists;
	pg_uuid_t	id;
	CbText		first_name;
	CbText		last_name;
	const char *membership;		/* its status; NULL: none */
} Found;

typedef struct Parents
{
	CbParents	applications;
	CbParents	roles;
	CbParents	nodes;
	CbClient   *clients;
	int			nclients;
	Found	   *found;			/* by the row's index */
} Parents;

static void want_parents(CbBatch *batch, Parents *parents);
static void read_clients(CbBatch *batch, Parents *parents);
static void read_identities(CbBatch *batch, Parents *parents);
static void look_at_members(const CbBatch *batch, Parents *parents);
static void fill_place(CbBatch *batch, const Parents *parents, CbInviteRow *row);
static void check_role_and_node(const CbBatch *batch, const Parents *parents,
								CbInviteRow *row);
static const CbClient *check_client(const CbBatch *batch, const Parents *parents,
									CbInviteRow *row);
static void derive_intent(const CbBatch *batch, const Found *found,
						  CbInviteRow *row);
static void join(const CbBatch *batch, const Found *found, CbInviteRow *row);
static void fill_rest(const CbBatch *batch, CbInviteRow *row,
					  const CbClient *client);

void
cb_invite_lock_parents(CbBatch *batch)
{
	Parents    *parents = palloc0(sizeof(Parents));

	want_parents(batch, parents);
	cb_parents_lock_applications(&parents->applications, &batch->scope);
	cb_parents_lock_roles(&parents->roles, &batch->scope);
	cb_parents_lock_nodes(&parents->nodes, &batch->scope);
	read_clients(batch, parents);
	read_identities(batch, parents);
	if (batch->scope.is_bound)
		look_at_members(batch, parents);
	for (int i = 0; i < batch->nrows; i++)
	{
		CbInviteRow *row = (CbInviteRow *) batch->rows[i];
		const CbClient *client;

		if (!cb_row_is_good(&row->row))
			continue;
		fill_place(batch, parents, row);
		check_role_and_node(batch, parents, row);
		client = check_client(batch, parents, row);
		derive_intent(batch, &parents->found[i], row);
		if (cb_row_is_good(&row->row))
			fill_rest(batch, row, client);
	}
}

static void
want_parents(CbBatch *batch, Parents *parents)
{
	cb_parents_init(&parents->applications, batch->nrows);
	cb_parents_init(&parents->roles, batch->nrows);
	cb_parents_init(&parents->nodes, batch->nrows);
	for (int i = 0; i < batch->nrows; i++)
	{
		const CbInviteRow *row = (const CbInviteRow *) batch->rows[i];

		if (!cb_row_is_good(&row->row))
			continue;
		if (row->application_id.given)
			cb_parents_want(&parents->applications, &row->application_id.id);
		if (row->role_id.given)
			cb_parents_want(&parents->roles, &row->role_id.id);
		if (row->node_id.given)
			cb_parents_want(&parents->nodes, &row->node_id.id);
	}
}

static void
read_clients(CbBatch *batch, Parents *parents)
{
	pg_uuid_t  *ids = palloc(sizeof(pg_uuid_t) * (batch->nrows + 1));
	int			n = 0;

	for (int i = 0; i < batch->nrows; i++)
	{
		CbInviteRow *row = (CbInviteRow *) batch->rows[i];

		if (cb_row_is_good(&row->row) && row->client_id.given)
			ids[n++] = row->client_id.id;
	}
	parents->clients = cb_clients_find(&batch->scope.account, ids, n,
									   &parents->nclients);
}

static void
read_identities(CbBatch *batch, Parents *parents)
{
	Datum	   *emails = palloc(sizeof(Datum) * (batch->nrows + 1));
	Datum	   *applications = palloc(sizeof(Datum) * (batch->nrows + 1));
	bool	   *nulls = palloc0(sizeof(bool) * (batch->nrows + 1));
	int		   *indexes = palloc(sizeof(int) * (batch->nrows + 1));
	Datum		values[3];
	int			n = 0;
	uint64		nfound;

	parents->found = palloc0(sizeof(Found) * (batch->nrows + 1));
	for (int i = 0; i < batch->nrows; i++)
	{
		CbInviteRow *row = (CbInviteRow *) batch->rows[i];

		if (!cb_row_is_good(&row->row))
			continue;
		emails[n] = CStringGetTextDatum(row->email);
		applications[n] = batch->scope.has_application ?
			UUIDPGetDatum(&batch->scope.application) :
			UUIDPGetDatum(&row->application_id.id);
		nulls[n] = !batch->scope.has_application && !row->application_id.given;
		indexes[n++] = i;
	}
	if (n == 0)
		return;
	values[0] = UUIDPGetDatum(&batch->scope.account);
	values[1] = cb_statement_array(emails, NULL, n, TEXTOID);
	values[2] = cb_statement_array(applications, nulls, n, UUIDOID);
	nfound = cb_statement_run(&lock_identities, values, NULL);
	for (uint64 i = 0; i < nfound; i++)
	{
		bool		isnull;
		int64		place = DatumGetInt64(cb_statement_value(i, 1, &isnull));
		Found	   *found = &parents->found[indexes[place - 1]];
		Datum		status;

		found->exists = true;
		found->id = *DatumGetUUIDP(cb_statement_value(i, 2, &isnull));
		found->first_name = cb_text_copy(cb_statement_value(i, 3, &isnull), false);
		found->last_name = cb_text_copy(cb_statement_value(i, 4, &isnull), false);
		status = cb_statement_value(i, 5, &isnull);
		found->membership = isnull ? NULL : TextDatumGetCString(status);
	}
	cb_statement_free();
}

/* Whoever is no member for a caller who is bound has no membership. */
static void
look_at_members(const CbBatch *batch, Parents *parents)
{
	pg_uuid_t  *ids = palloc(sizeof(pg_uuid_t) * (batch->nrows + 1));
	CbStandings standings;
	int			n = 0;

	for (int i = 0; i < batch->nrows; i++)
	{
		if (parents->found[i].exists)
			ids[n++] = parents->found[i].id;
	}
	cb_access_look(&standings, &batch->scope, ids, n, CB_ACCESS_LOCK_MEMBERSHIP);
	for (int i = 0; i < batch->nrows; i++)
	{
		Found	   *found = &parents->found[i];

		if (found->exists &&
			cb_access_check(&standings, &found->id, CB_ACCESS_MEMBER) != CB_OK)
			found->membership = NULL;
	}
}

/* The application and environment that the invite is to. */
static void
fill_place(CbBatch *batch, const Parents *parents, CbInviteRow *row)
{
	CbInvite   *invite = &row->invite;

	if (batch->scope.has_application)
	{
		invite->application_id.given = invite->environment_id.given = true;
		invite->application_id.id = batch->scope.application;
		invite->environment_id.id = batch->scope.environment;
		row->application_name = batch->scope.application_name;
	}
	else if (row->application_id.given)
	{
		const CbParent *application = cb_parents_find(&parents->applications,
													  &row->application_id.id);

		if (application == NULL)
		{
			cb_field_issue(&row->row, CB_APPLICATION_NOT_FOUND, "application_id");
			return;
		}
		invite->application_id = row->application_id;
		row->application_name = application->name;
	}
}

static void
check_role_and_node(const CbBatch *batch, const Parents *parents,
					CbInviteRow *row)
{
	const CbParent *role;
	const CbParent *node;

	if (!row->role_id.given)
		return;
	role = cb_parents_find(&parents->roles, &row->role_id.id);
	node = cb_parents_find(&parents->nodes, &row->node_id.id);
	if (role == NULL ||
		cb_uuid_compare(&role->environment, &batch->scope.environment) != 0)
		cb_field_issue(&row->row, CB_ROLE_NOT_FOUND, "role_id");
	else if (role->is_system)
		cb_field_issue(&row->row, CB_SYSTEM_ROLE, "role_id");
	if (node == NULL ||
		cb_uuid_compare(&node->environment, &batch->scope.environment) != 0)
		cb_field_issue(&row->row, CB_NODE_NOT_FOUND, "node_id");
	row->invite.role_id = row->role_id;
	row->invite.node_id = row->node_id;
}

static const CbClient *
check_client(const CbBatch *batch, const Parents *parents, CbInviteRow *row)
{
	const CbClient *client;

	if (!row->client_id.given)
		return NULL;
	client = bsearch(&row->client_id.id, parents->clients, parents->nclients,
					 sizeof(CbClient), cb_uuid_compare);
	if (client == NULL ||
		cb_uuid_compare(&client->environment, &batch->scope.environment) != 0)
		cb_field_issue(&row->row, CB_CLIENT_NOT_FOUND, "client_id");
	else if (!client->is_usable)
		cb_field_issue(&row->row, CB_CLIENT_MISCONFIGURED, "client_id");
	row->invite.client_id = row->client_id;
	return client;
}

/*
 * An environment resets passwords of its own members only: the password is of the
 * whole account.
 */
static void
derive_intent(const CbBatch *batch, const Found *found, CbInviteRow *row)
{
	CbInvite   *invite = &row->invite;

	if (row->is_reset)
	{
		invite->intent = cb_intent_password_reset;
		if (!found->exists ||
			(batch->scope.has_application &&
			 (found->membership == NULL || strcmp(found->membership, "active") != 0)))
			cb_field_issue(&row->row, CB_IDENTITY_NOT_FOUND, "email");
	}
	else
		join(batch, found, row);
	if (found->exists)
	{
		invite->identity_id.given = true;
		invite->identity_id.id = found->id;
		invite->first_name = found->first_name;
		invite->last_name = found->last_name;
	}
}

/* Nobody is invited to where he is already, or was barred from. */
static void
join(const CbBatch *batch, const Found *found, CbInviteRow *row)
{
	CbInvite   *invite = &row->invite;

	if (found->exists)
	{
		invite->intent = cb_intent_add_to_app;
		if (!batch->scope.has_application && !row->application_id.given)
			cb_field_issue(&row->row, CB_EMAIL_CONFLICT, "email");
		else if (found->membership != NULL &&
				 (strcmp(found->membership, "active") == 0 ||
				  strcmp(found->membership, "suspended") == 0))
			cb_field_issue(&row->row, CB_MEMBERSHIP_CONFLICT, "email");
		return;
	}
	invite->intent = cb_intent_activate;
	invite->first_name = row->first_name;
	invite->last_name = row->last_name;
	if (batch->scope.has_application && row->first_name.val == NULL)
		cb_field_issue(&row->row, CB_REQUIRED, "first_name");
	if (batch->scope.has_application && row->last_name.val == NULL)
		cb_field_issue(&row->row, CB_REQUIRED, "last_name");
}

static void
fill_rest(const CbBatch *batch, CbInviteRow *row, const CbClient *client)
{
	CbInvite   *invite = &row->invite;
	int64		seconds = row->expires_in != 0 ?
	row->expires_in : cb_invite_expires_in;

	invite->email = row->email;
	invite->status = "pending";
	if (row->locale.val != NULL)
		invite->locale = pnstrdup(row->locale.val, row->locale.len);
	invite->send_email = !row->keep_mail;
	invite->issued_at = invite->created_at = batch->now;
	invite->expires_at = batch->now + seconds * USECS_PER_SEC;
	invite->invited_by = batch->caller.actor_id;
	invite->inviter_email = batch->caller.claims.email;
	cb_token_make(&batch->scope.account, row->token);
	row->link = cb_invite_link(invite, client == NULL ? NULL : client->redirect_url,
							   row->token);
}
