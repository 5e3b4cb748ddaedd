/*-------------------------------------------------------------------------
 *
 * access.c
 *		What a caller may do to an identity.
 *
 * A membership is looked up when the identity that it is of is locked, by a
 * statement of its own: one that waits for a lock would go on with the snapshot
 * from before it waited.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "canopy_bulk.h"
#include "db/statement.h"
#include "db/stored.h"
#include "db/uuid7.h"
#include "rows/access.h"
#include "rows/membership.h"

#define EQ " OPERATOR(pg_catalog.=) "

/* Parameters of all: account, identities; and of the last two the application. */
#define IDENTITIES(lock, newest) { \
	"SELECT i.id, i.external_id FROM canopy.identity i" \
	" WHERE i.account_id" EQ "$1 AND i.id" EQ "ANY ($2)" lock, \
	2, {UUIDOID, UUIDARRAYOID}, SPI_OK_SELECT, newest, \
	.returns = "id uuid, external_id text?"}
#define MEMBERSHIPS(lock, newest) { \
	"SELECT m.identity_id, m.status FROM canopy.identity i" \
	" JOIN canopy.app_membership m ON m.account_id" EQ "$1" \
	" AND m.identity_id" EQ "i.id AND m.application_id" EQ "$3" \
	" WHERE i.account_id" EQ "$1 AND i.id" EQ "ANY ($2)" lock, \
	3, {UUIDOID, UUIDARRAYOID, UUIDOID}, SPI_OK_SELECT, newest, \
	.returns = "identity_id uuid, status text"}

static CbStatement read_identities = IDENTITIES("", true);
static CbStatement lock_identities =
IDENTITIES(" ORDER BY i.email FOR NO KEY UPDATE", false);
static CbStatement lock_keys = IDENTITIES(" ORDER BY i.email FOR UPDATE", false);
static CbStatement read_memberships = MEMBERSHIPS("", true);
static CbStatement lock_memberships =
MEMBERSHIPS(" ORDER BY i.email FOR NO KEY UPDATE OF m", false);

static CbStatement find_elsewhere = {
	"SELECT DISTINCT m.identity_id FROM canopy.app_membership m"
	" WHERE m.account_id" EQ "$1 AND m.identity_id" EQ "ANY ($2)"
	" AND m.application_id OPERATOR(pg_catalog.<>) $3",
	3, {UUIDOID, UUIDARRAYOID, UUIDOID}, SPI_OK_SELECT, true,
	.returns = "identity_id uuid"
};

/* For the readers. */
typedef struct Reading
{
	MemoryContext context;
	CbStandings *standings;
	int			room;			/* identities that were asked for */
} Reading;

static void read_standing(void *arg, const Datum *values, const bool *nulls);
static void read_status(void *arg, const Datum *values, const bool *nulls);
static void read_elsewhere(void *arg, const Datum *values, const bool *nulls);
static CbStanding *find(const CbStandings *standings, const pg_uuid_t *identity);
static bool same_text(const CbText *a, const CbText *b);

void
cb_access_look(CbStandings *standings, const CbScope *scope,
			   const pg_uuid_t *identities, int n, CbAccessLock lock)
{
	CbStatement *const of_identities[] = {
		&read_identities, &read_identities, &lock_identities, &lock_keys
	};
	Datum	   *ids = palloc(sizeof(Datum) * (n + 1));
	Reading		reading = {CurrentMemoryContext, standings, n};
	Datum		values[3];

	memset(standings, 0, sizeof(CbStandings));
	standings->is_bound = scope->is_bound;
	if (!scope->is_bound || n == 0)
		return;
	standings->items = palloc0(sizeof(CbStanding) * n);
	for (int i = 0; i < n; i++)
		ids[i] = UUIDPGetDatum(&identities[i]);
	values[0] = UUIDPGetDatum(&scope->account);
	values[1] = cb_statement_array(ids, NULL, n, UUIDOID);
	values[2] = UUIDPGetDatum(&scope->application);
	cb_statement_stream(of_identities[lock], values, NULL, false,
						read_standing, &reading);
	qsort(standings->items, standings->n, sizeof(CbStanding), cb_uuid_compare);
	cb_statement_stream(lock == CB_ACCESS_READ ? &read_memberships : &lock_memberships,
						values, NULL, false, read_status, &reading);
	cb_statement_stream(&find_elsewhere, values, NULL, false,
						read_elsewhere, &reading);
}

CbCode
cb_access_check(const CbStandings *standings, const pg_uuid_t *identity,
				CbAccess access)
{
	const CbStanding *standing;

	if (!standings->is_bound)
		return CB_OK;
	standing = find(standings, identity);
	if (standing == NULL || standing->status == NULL ||
		(access != CB_ACCESS_MEMBERSHIP &&
		 strcmp(standing->status, "deactivated") == 0))
		return CB_IDENTITY_NOT_FOUND;
	switch (access)
	{
		case CB_ACCESS_MEMBERSHIP:
		case CB_ACCESS_MEMBER:
			break;
		case CB_ACCESS_EXTERNAL_ID:
			return standing->is_elsewhere ? CB_FORBIDDEN : CB_OK;
		case CB_ACCESS_CREDENTIAL:
			return CB_FORBIDDEN;
	}
	return CB_OK;
}

CbCode
cb_access_check_external_id(const CbStandings *standings,
							const pg_uuid_t *identity, const CbText *external_id)
{
	const CbStanding *standing = standings->is_bound ? find(standings, identity) : NULL;

	if (standing != NULL && same_text(&standing->external_id, external_id))
		return cb_access_check(standings, identity, CB_ACCESS_MEMBER);
	return cb_access_check(standings, identity, CB_ACCESS_EXTERNAL_ID);
}

bool
cb_access_is_member(const CbScope *scope, const pg_uuid_t *identity,
					CbAccessLock lock)
{
	CbStandings standings;

	cb_access_look(&standings, scope, identity, 1, lock);
	return cb_access_check(&standings, identity, CB_ACCESS_MEMBER) == CB_OK;
}

bool
cb_access_gets_links(const CbScope *scope)
{
	return !scope->is_bound;
}

static void
read_standing(void *arg, const Datum *values, const bool *nulls)
{
	const Reading *reading = arg;
	CbStandings *standings = reading->standings;
	CbStanding *standing;
	MemoryContext old;

	/* without its keys the table may have an identity twice */
	if (standings->n == reading->room)
		cb_stored_refuse("identity.id");
	standing = &standings->items[standings->n++];
	old = MemoryContextSwitchTo(reading->context);
	standing->identity = *DatumGetUUIDP(values[0]);
	standing->external_id = cb_text_copy(values[1], nulls[1]);
	MemoryContextSwitchTo(old);
}

/* A membership whose identity was not there a moment before is none. */
static void
read_status(void *arg, const Datum *values, const bool *nulls)
{
	CbStanding *standing = find(((const Reading *) arg)->standings,
								DatumGetUUIDP(values[0]));

	if (standing != NULL)
		standing->status = cb_membership_status(values[1]);
}

static void
read_elsewhere(void *arg, const Datum *values, const bool *nulls)
{
	CbStanding *standing = find(((const Reading *) arg)->standings,
								DatumGetUUIDP(values[0]));

	if (standing != NULL)
		standing->is_elsewhere = true;
}

static CbStanding *
find(const CbStandings *standings, const pg_uuid_t *identity)
{
	return bsearch(identity, standings->items, standings->n, sizeof(CbStanding),
				   cb_uuid_compare);
}

static bool
same_text(const CbText *a, const CbText *b)
{
	if (a->val == NULL || b->val == NULL)
		return a->val == b->val;
	return a->len == b->len && memcmp(a->val, b->val, a->len) == 0;
}
