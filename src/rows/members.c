/*-------------------------------------------------------------------------
 *
 * members.c
 *		The memberships that rows depend on: looked up and locked together.
 *
 * Whoever writes memberships does so in the order of addresses, and so they are
 * locked in that order here.  The lock is as strong as that of an update, which
 * creating and attaching take on a membership that is there: a weaker one, that
 * two batches could hold at once, would have to grow and could deadlock.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "db/statement.h"
#include "db/uuid7.h"
#include "rows/members.h"

#define EQ " OPERATOR(pg_catalog.=) "

/* Parameters: account; arrays of identity, application. */
static CbStatement lock_memberships = {
	"SELECT " CB_MEMBERSHIP_COLUMNS
	" FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3))"
	" WITH ORDINALITY AS u (identity_id, application_id, place)"
	" JOIN canopy.app_membership m ON m.account_id" EQ "$1"
	" AND m.identity_id" EQ "u.identity_id"
	" AND m.application_id" EQ "u.application_id"
	" ORDER BY u.place FOR NO KEY UPDATE OF m",
	3, {UUIDOID, UUIDARRAYOID, UUIDARRAYOID}, SPI_OK_SELECT,
	.returns = CB_MEMBERSHIP_RESULT
};

static void drop_repeats(CbMembers *members);
static void read_member(void *arg, const Datum *values, const bool *nulls);
static int	compare_places(const void *a, const void *b);
static int	compare_pairs(const void *a, const void *b);

void
cb_members_init(CbMembers *members, int capacity)
{
	members->items = palloc0(sizeof(CbMember) * (capacity + 1));
	members->n = 0;
	members->capacity = capacity;
}

void
cb_members_want(CbMembers *members, const CbParent *identity,
				const pg_uuid_t *application)
{
	CbMember   *member = &members->items[members->n++];

	Assert(members->n <= members->capacity);
	member->identity = identity->id;
	member->application = *application;
	member->email = identity->name;
}

void
cb_members_lock(CbMembers *members, const CbScope *scope)
{
	Datum	   *identities;
	Datum	   *applications;
	Datum		values[3];

	if (members->n == 0)
		return;
	drop_repeats(members);
	identities = palloc(sizeof(Datum) * members->n);
	applications = palloc(sizeof(Datum) * members->n);
	for (int i = 0; i < members->n; i++)
	{
		identities[i] = UUIDPGetDatum(&members->items[i].identity);
		applications[i] = UUIDPGetDatum(&members->items[i].application);
	}
	values[0] = UUIDPGetDatum(&scope->account);
	values[1] = cb_statement_array(identities, NULL, members->n, UUIDOID);
	values[2] = cb_statement_array(applications, NULL, members->n, UUIDOID);
	qsort(members->items, members->n, sizeof(CbMember), compare_pairs);
	cb_statement_stream(&lock_memberships, values, NULL, false,
						read_member, members);
}

const CbMembership *
cb_members_find(const CbMembers *members, const pg_uuid_t *identity,
				const pg_uuid_t *application)
{
	CbMember	wanted;
	const CbMember *member;

	wanted.identity = *identity;
	wanted.application = *application;
	member = bsearch(&wanted, members->items, members->n, sizeof(CbMember),
					 compare_pairs);
	return member != NULL && member->found ? &member->membership : NULL;
}

/* Leaves each pair once, in the order in which memberships are written. */
static void
drop_repeats(CbMembers *members)
{
	int			n = 1;

	qsort(members->items, members->n, sizeof(CbMember), compare_places);
	for (int i = 1; i < members->n; i++)
	{
		if (compare_pairs(&members->items[n - 1], &members->items[i]) != 0)
			members->items[n++] = members->items[i];
	}
	members->n = n;
}

static void
read_member(void *arg, const Datum *values, const bool *nulls)
{
	const CbMembers *members = arg;
	CbMembership membership;
	CbMember	wanted;
	CbMember   *member;

	cb_membership_read(&membership, values, nulls);
	wanted.identity = membership.identity_id;
	wanted.application = membership.application_id;
	member = bsearch(&wanted, members->items, members->n, sizeof(CbMember),
					 compare_pairs);
	member->membership = membership;
	member->found = true;
}

static int
compare_places(const void *a, const void *b)
{
	int			order = strcmp(((const CbMember *) a)->email,
							   ((const CbMember *) b)->email);

	return order != 0 ? order : compare_pairs(a, b);
}

static int
compare_pairs(const void *a, const void *b)
{
	const CbMember *left = a;
	const CbMember *right = b;
	int			order = cb_uuid_compare(&left->identity, &right->identity);

	return order != 0 ? order :
		cb_uuid_compare(&left->application, &right->application);
}
