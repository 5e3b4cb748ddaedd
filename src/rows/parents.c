/*-------------------------------------------------------------------------
 *
 * parents.c
 *		What the rows of a batch refer to: looked up and locked together.
 *
 * One statement per kind of parent and batch.  The statement takes the locks in
 * the order of the ids, so that batches that overlap never wait for each other
 * in a circle.  An id of another account is simply not found.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "canopy_bulk.h"
#include "db/uuid7.h"
#include "rows/parents.h"

#define EQ " OPERATOR(pg_catalog.=) "

/*
 * Parameters: account, ids.  Columns: id, application, environment, is_system,
 * slug, name.
 */
#define APPLICATION_RESULT \
	"id uuid, application_id uuid?, environment_id uuid?, is_system bool," \
	" slug text, name text"
#define PLACE_RESULT \
	"id uuid, application_id uuid, environment_id uuid, is_system bool," \
	" slug text?, name text?"
#define IDENTITY_RESULT \
	"id uuid, application_id uuid?, environment_id uuid?, is_system bool," \
	" slug text?, email text"

static CbStatement lock_applications = {
	"SELECT id, NULL::pg_catalog.uuid, NULL::pg_catalog.uuid, false, slug, name"
	" FROM canopy.application"
	" WHERE account_id" EQ "$1 AND id" EQ "ANY ($2)"
	" ORDER BY id FOR KEY SHARE",
	2, {UUIDOID, UUIDARRAYOID}, SPI_OK_SELECT,
	.returns = APPLICATION_RESULT
};

static CbStatement lock_roles = {
	"SELECT r.id, e.application_id, r.environment_id, r.is_system, NULL, NULL"
	" FROM canopy.role r JOIN canopy.environment e"
	" ON e.account_id" EQ "r.account_id AND e.id" EQ "r.environment_id"
	" WHERE r.account_id" EQ "$1 AND e.account_id" EQ "$1"
	" AND r.id" EQ "ANY ($2)"
	" ORDER BY r.id FOR KEY SHARE OF r",
	2, {UUIDOID, UUIDARRAYOID}, SPI_OK_SELECT,
	.returns = PLACE_RESULT
};

static CbStatement lock_nodes = {
	"SELECT id, application_id, environment_id, false, NULL, NULL"
	" FROM canopy.node"
	" WHERE account_id" EQ "$1 AND id" EQ "ANY ($2)"
	" ORDER BY id FOR KEY SHARE",
	2, {UUIDOID, UUIDARRAYOID}, SPI_OK_SELECT,
	.returns = PLACE_RESULT
};

static CbStatement lock_identities = {
	"SELECT id, NULL::pg_catalog.uuid, NULL::pg_catalog.uuid, false, NULL, email"
	" FROM canopy.identity"
	" WHERE account_id" EQ "$1 AND id" EQ "ANY ($2)"
	" ORDER BY id FOR KEY SHARE",
	2, {UUIDOID, UUIDARRAYOID}, SPI_OK_SELECT,
	.returns = IDENTITY_RESULT
};

static CbStatement lock_identities_to_write = {
	"SELECT id, NULL::pg_catalog.uuid, NULL::pg_catalog.uuid, false, NULL, email"
	" FROM canopy.identity"
	" WHERE account_id" EQ "$1 AND id" EQ "ANY ($2)"
	" ORDER BY email FOR NO KEY UPDATE",
	2, {UUIDOID, UUIDARRAYOID}, SPI_OK_SELECT,
	.returns = IDENTITY_RESULT
};

static void lock_parents(CbParents *parents, const CbScope *scope,
						 CbStatement *statement);
static void read_parent(CbParent *parent, uint64 row);
static Datum wanted_ids(CbParents *parents);

void
cb_parents_init(CbParents *parents, int capacity)
{
	memset(parents, 0, sizeof(CbParents));
	parents->capacity = capacity;
	parents->wanted = palloc(sizeof(pg_uuid_t) * (capacity + 1));
}

void
cb_parents_want(CbParents *parents, const pg_uuid_t *id)
{
	Assert(parents->nwanted < parents->capacity);
	parents->wanted[parents->nwanted++] = *id;
}

void
cb_parents_lock_applications(CbParents *parents, const CbScope *scope)
{
	lock_parents(parents, scope, &lock_applications);
}

void
cb_parents_lock_roles(CbParents *parents, const CbScope *scope)
{
	lock_parents(parents, scope, &lock_roles);
}

void
cb_parents_lock_nodes(CbParents *parents, const CbScope *scope)
{
	lock_parents(parents, scope, &lock_nodes);
}

void
cb_parents_lock_identities(CbParents *parents, const CbScope *scope)
{
	lock_parents(parents, scope, &lock_identities);
}

void
cb_parents_lock_identities_to_write(CbParents *parents, const CbScope *scope)
{
	lock_parents(parents, scope, &lock_identities_to_write);
	qsort(parents->items, parents->nitems, sizeof(CbParent), cb_uuid_compare);
}

const CbParent *
cb_parents_find(const CbParents *parents, const pg_uuid_t *id)
{
	return bsearch(id, parents->items, parents->nitems, sizeof(CbParent),
				   cb_uuid_compare);
}

static void
lock_parents(CbParents *parents, const CbScope *scope, CbStatement *statement)
{
	Datum		values[2];

	if (parents->nwanted == 0)
		return;
	values[0] = UUIDPGetDatum(&scope->account);
	values[1] = wanted_ids(parents);
	parents->nitems = (int) cb_statement_run(statement, values, NULL);
	parents->items = palloc0(sizeof(CbParent) * (parents->nitems + 1));
	for (int i = 0; i < parents->nitems; i++)
		read_parent(&parents->items[i], i);
	cb_statement_free();
}

static void
read_parent(CbParent *parent, uint64 row)
{
	Datum		value;
	bool		isnull;

	parent->id = *DatumGetUUIDP(cb_statement_value(row, 1, &isnull));
	value = cb_statement_value(row, 2, &isnull);
	if (!isnull)
		parent->application = *DatumGetUUIDP(value);
	value = cb_statement_value(row, 3, &isnull);
	if (!isnull)
		parent->environment = *DatumGetUUIDP(value);
	parent->is_system = DatumGetBool(cb_statement_value(row, 4, &isnull));
	value = cb_statement_value(row, 5, &isnull);
	if (!isnull)
		parent->slug = TextDatumGetCString(value);
	value = cb_statement_value(row, 6, &isnull);
	if (!isnull)
		parent->name = TextDatumGetCString(value);
}

/* The wanted ids, sorted and each once, as a uuid[]. */
static Datum
wanted_ids(CbParents *parents)
{
	Datum	   *ids = palloc(sizeof(Datum) * parents->nwanted);
	int			nids = 0;

	qsort(parents->wanted, parents->nwanted, sizeof(pg_uuid_t), cb_uuid_compare);
	for (int i = 0; i < parents->nwanted; i++)
	{
		if (i == 0 ||
			cb_uuid_compare(&parents->wanted[i - 1], &parents->wanted[i]) != 0)
			ids[nids++] = UUIDPGetDatum(&parents->wanted[i]);
	}
	return PointerGetDatum(construct_array(ids, nids, UUIDOID, UUID_LEN, false,
										   TYPALIGN_CHAR));
}
