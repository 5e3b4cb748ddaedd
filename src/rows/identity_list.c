/*-------------------------------------------------------------------------
 *
 * identity_list.c
 *		Lists of identities.
 *
 * An order is a statement of its own, since none can be a parameter.  A list of
 * the account goes along the index of its addresses where it is sorted by them; any
 * other order, and the number of all items, reads the account's identities.
 *
 * What is looked for is a part of the address, or of first and last name with a
 * blank between, in any case.  It is compared as it is: no character has a meaning.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "canopy_bulk.h"
#include "db/statement.h"
#include "rows/identity.h"
#include "rows/identity_list.h"
#include "rows/identity_read.h"

#define EQ " OPERATOR(pg_catalog.=) "

/*
 * Parameters: account, application (of the account's tier: the one that they shall
 * not be in), environment, text to look for, is active, has an assignment; and of a
 * page how many to take, and after how many.  All but the account may be null.
 */
#define LOOKED_FOR \
	" AND ($4 IS NULL" \
	" OR pg_catalog.strpos(i.email, pg_catalog.lower($4)) OPERATOR(pg_catalog.>) 0" \
	" OR pg_catalog.strpos(pg_catalog.lower(i.first_name" \
	" OPERATOR(pg_catalog.||) ' ' OPERATOR(pg_catalog.||) i.last_name)," \
	" pg_catalog.lower($4)) OPERATOR(pg_catalog.>) 0)"

#define OF_ACCOUNT \
	" FROM canopy.identity i WHERE i.account_id" EQ "$1" LOOKED_FOR \
	" AND ($5 IS NULL OR i.is_active" EQ "$5)" \
	" AND ($6 IS NULL OR $6" EQ "EXISTS (" \
	"SELECT 1 FROM canopy.role_assignment r" \
	" WHERE r.account_id" EQ "$1 AND r.identity_id" EQ "i.id))"

/* A condition of its own, or it would be looked up for each identity. */
#define OF_CANDIDATES \
	OF_ACCOUNT \
	" AND NOT EXISTS (" \
	"SELECT 1 FROM canopy.app_membership m" \
	" WHERE m.account_id" EQ "$1 AND m.identity_id" EQ "i.id" \
	" AND m.application_id" EQ "$2" \
	" AND m.status OPERATOR(pg_catalog.<>) 'deactivated')"

#define OF_APPLICATION \
	CB_MEMBERS_OF_APPLICATION LOOKED_FOR \
	" AND ($5 IS NULL OR " CB_MEMBER_IS_ACTIVE EQ "$5)" \
	" AND ($6 IS NULL OR $6" EQ "EXISTS (" CB_ASSIGNMENTS_OF_MEMBER "))"

#define COUNT_TYPES \
	6, {UUIDOID, UUIDOID, UUIDOID, TEXTOID, BOOLOID, BOOLOID}, SPI_OK_SELECT, \
	.returns = "n int8"
#define PAGE_TYPES \
	8, {UUIDOID, UUIDOID, UUIDOID, TEXTOID, BOOLOID, BOOLOID, INT8OID, INT8OID}, \
	SPI_OK_SELECT

/* What is counted is counted for the items of the page alone. */
#define COUNTED_PAGE(of, sort_order) \
	{"SELECT p.*," \
	" (SELECT pg_catalog.count(*) FROM canopy.app_membership m" \
	" WHERE m.account_id" EQ "$1 AND m.identity_id" EQ "p.id)," \
	" (SELECT pg_catalog.count(*) FROM canopy.role_assignment r" \
	" WHERE r.account_id" EQ "$1 AND r.identity_id" EQ "p.id)" \
	" FROM (SELECT " CB_IDENTITY_COLUMNS of \
	" ORDER BY " sort_order " LIMIT $7 OFFSET $8) p ORDER BY " sort_order, \
	PAGE_TYPES, \
	.returns = CB_IDENTITY_RESULT ", membership_count int8, assignment_count int8"}
#define ACCOUNT_PAGE(sort_order)	COUNTED_PAGE(OF_ACCOUNT, sort_order)
#define CANDIDATE_PAGE(sort_order)	COUNTED_PAGE(OF_CANDIDATES, sort_order)
#define APPLICATION_PAGE(sort_order) \
	{"SELECT p.* FROM (SELECT " CB_MEMBER_COLUMNS OF_APPLICATION ") p" \
	" ORDER BY " sort_order " LIMIT $7 OFFSET $8", \
	PAGE_TYPES, .returns = CB_IDENTITY_RESULT}
#define BOTH_WAYS(page, column) \
	{page(column ", id"), page(column " DESC, id DESC")}
#define ALL_SORTS(page) \
	[CB_IDENTITY_BY_CREATED_AT] = BOTH_WAYS(page, "created_at"), \
	[CB_IDENTITY_BY_EMAIL] = BOTH_WAYS(page, "email"), \
	[CB_IDENTITY_BY_FIRST_NAME] = BOTH_WAYS(page, "first_name"), \
	[CB_IDENTITY_BY_LAST_NAME] = BOTH_WAYS(page, "last_name")

static CbStatement count_account = {
	"SELECT pg_catalog.count(*)" OF_ACCOUNT, COUNT_TYPES
};

static CbStatement count_candidates = {
	"SELECT pg_catalog.count(*)" OF_CANDIDATES, COUNT_TYPES
};

static CbStatement count_application = {
	"SELECT pg_catalog.count(*)" OF_APPLICATION, COUNT_TYPES
};

static CbStatement account_pages[CB_IDENTITY_NSORTS][2] = {
	ALL_SORTS(ACCOUNT_PAGE)
};

static CbStatement candidate_pages[CB_IDENTITY_NSORTS][2] = {
	ALL_SORTS(CANDIDATE_PAGE)
};

static CbStatement application_pages[CB_IDENTITY_NSORTS][2] = {
	ALL_SORTS(APPLICATION_PAGE)
};

typedef struct Listed
{
	CbIdentity	identity;
	int64		memberships;	/* of the account's tier */
	int64		assignments;	/* of the account's tier */
} Listed;

typedef struct Reading
{
	MemoryContext context;
	bool		of_account;
	Listed	   *items;
	int			n;
} Reading;

static void fill_values(const CbScope *scope, const CbPage *page,
						const CbIdentityFilter *filter, Datum *values,
						char *nulls);
static void fill_wanted(const CbWanted *wanted, Datum *value, char *null);
static void read_item(void *arg, const Datum *values, const bool *nulls);
static void encode_for_account(const Listed *item, CbJson *json);

Jsonb *
cb_identity_list(const CbScope *scope, const CbPage *page,
				 const CbIdentityFilter *filter)
{
	bool		of_account = !scope->has_application;
	CbStatement *counting = &count_application;
	CbStatement (*paging)[2] = application_pages;
	Reading		reading = {CurrentMemoryContext, of_account};
	CbJson	   *json = cb_json_create(page->take * 320);
	Datum		values[8];
	char		nulls[8];
	int64		count;
	bool		isnull;

	if (of_account)
	{
		counting = filter->not_in_application.given ? &count_candidates : &count_account;
		paging = filter->not_in_application.given ? candidate_pages : account_pages;
	}
	fill_values(scope, page, filter, values, nulls);
	cb_statement_run(counting, values, nulls);
	count = DatumGetInt64(cb_statement_value(0, 1, &isnull));
	cb_statement_free();
	reading.items = palloc(sizeof(Listed) * page->take);
	cb_statement_stream(&paging[page->sort][page->descending], values, nulls,
						false, read_item, &reading);

	cb_page_begin(json, reading.n);
	for (int i = 0; i < reading.n; i++)
	{
		const CbIdentity *identity = &reading.items[i].identity;

		if (of_account)
			encode_for_account(&reading.items[i], json);
		else
			cb_identity_encode_for_application(identity, identity->is_active, json);
	}
	cb_page_end(json, page, count);
	return cb_json_finish(json);
}

static void
fill_values(const CbScope *scope, const CbPage *page,
			const CbIdentityFilter *filter, Datum *values, char *nulls)
{
	memset(nulls, ' ', 8);
	values[0] = UUIDPGetDatum(&scope->account);
	values[1] = UUIDPGetDatum(scope->has_application ? &scope->application :
							  &filter->not_in_application.id);
	if (!scope->has_application && !filter->not_in_application.given)
		nulls[1] = 'n';
	values[2] = UUIDPGetDatum(&scope->environment);
	if (!scope->has_environment)
		nulls[2] = 'n';
	if (page->q == NULL)
		nulls[3] = 'n';
	else
		values[3] = CStringGetTextDatum(page->q);
	fill_wanted(&filter->is_active, &values[4], &nulls[4]);
	fill_wanted(&filter->has_assignment, &values[5], &nulls[5]);
	values[6] = Int64GetDatum(page->take);
	values[7] = Int64GetDatum(cb_page_offset(page));
}

static void
fill_wanted(const CbWanted *wanted, Datum *value, char *null)
{
	*value = BoolGetDatum(wanted->value);
	if (!wanted->given)
		*null = 'n';
}

static void
read_item(void *arg, const Datum *values, const bool *nulls)
{
	Reading    *reading = arg;
	Listed	   *item = &reading->items[reading->n++];

	cb_identity_read(reading->context, &item->identity, values, nulls);
	if (!reading->of_account)
		return;
	item->memberships = DatumGetInt64(values[CB_IDENTITY_NCOLUMNS]);
	item->assignments = DatumGetInt64(values[CB_IDENTITY_NCOLUMNS + 1]);
}

static void
encode_for_account(const Listed *item, CbJson *json)
{
	static CbJsonShape keys = {11, {"id", "email", "is_active", "last_name", "avatar_url", "created_at",
			"first_name", "external_id", "email_verified", "total_assignments",
	"app_membership_count"}};
	const CbIdentity *identity = &item->identity;

	cb_json_shape(json, &keys);
	cb_json_uuid(json, &identity->id);
	cb_text_write(json, &identity->email);
	cb_json_bool(json, identity->is_active);
	cb_text_write(json, &identity->last_name);
	cb_text_write(json, &identity->avatar_url);
	cb_json_timestamp(json, identity->created_at);
	cb_text_write(json, &identity->first_name);
	cb_text_write(json, &identity->external_id);
	cb_json_bool(json, identity->email_verified);
	cb_json_int(json, item->assignments);
	cb_json_int(json, item->memberships);
}
