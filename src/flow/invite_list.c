/*-------------------------------------------------------------------------
 *
 * invite_list.c
 *		Listing and counting invites.
 *
 * What is pending and over counts as expired, whatever the row says.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/statement.h"
#include "flow/invite.h"

#define EQ " OPERATOR(pg_catalog.=) "

/* What an invite counts as at the time $2. */
#define STATUS \
	"CASE WHEN v.status" EQ "'pending'" \
	" AND v.expires_at OPERATOR(pg_catalog.<=) $2" \
	" THEN 'expired' ELSE v.status END"
#define OF_ENVIRONMENT	" v.environment_id" EQ "$3"
#define OF_ACCOUNT		" v.environment_id IS NULL AND $3 IS NULL"

/* Parameters: account, time, environment or null, status or null. */
#define COUNT_TEXT(place) \
	"SELECT pg_catalog.count(*)," \
	" pg_catalog.count(*) FILTER (WHERE s.status" EQ "'pending')," \
	" pg_catalog.count(*) FILTER (WHERE s.status" EQ "'pending'" \
	" AND s.role_id IS NOT NULL)," \
	" pg_catalog.count(*) FILTER (WHERE s.status" EQ "'accepted')," \
	" pg_catalog.count(*) FILTER (WHERE s.status" EQ "'expired')," \
	" pg_catalog.count(*) FILTER (WHERE s.status" EQ "'revoked')" \
	" FROM (SELECT " STATUS " AS status, v.role_id" \
	" FROM canopy.identity_invite v" \
	" WHERE v.account_id" EQ "$1 AND" place ") AS s" \
	" WHERE $4 IS NULL OR s.status" EQ "$4", \
	4, {UUIDOID, TIMESTAMPTZOID, UUIDOID, TEXTOID}, SPI_OK_SELECT, \
	.returns = "total int8, pending int8, pending_with_role int8," \
	" accepted int8, expired int8, revoked int8"

/* Parameters: the same, then items at most and items to leave out. */
#define LIST_TEXT(place) \
	"SELECT " CB_INVITE_COLUMNS \
	" FROM canopy.identity_invite v" \
	" WHERE v.account_id" EQ "$1 AND" place \
	" AND ($4 IS NULL OR " STATUS EQ "$4)" \
	" ORDER BY v.created_at DESC, v.id DESC LIMIT $5 OFFSET $6", \
	6, {UUIDOID, TIMESTAMPTZOID, UUIDOID, TEXTOID, INT8OID, INT8OID}, \
	SPI_OK_SELECT, .returns = CB_INVITE_RESULT

static CbStatement count_in_environment = {COUNT_TEXT(OF_ENVIRONMENT)};
static CbStatement count_in_account = {COUNT_TEXT(OF_ACCOUNT)};
static CbStatement list_in_environment = {LIST_TEXT(OF_ENVIRONMENT)};
static CbStatement list_in_account = {LIST_TEXT(OF_ACCOUNT)};

enum
{
	TOTAL,
	PENDING,
	PENDING_WITH_ROLE,
	ACCEPTED,
	EXPIRED,
	REVOKED,
	NCOUNTS
};

/* For read_item. */
typedef struct Items
{
	CbInvite   *invites;
	int			n;
	MemoryContext context;
} Items;

static void check_status(const char *status);
static void resolve(const CbScopeNames *names, CbCaller *caller,
					CbScope *scope);
static void fill_values(const CbScope *scope, const char *status,
						TimestampTz now, Datum *values, char *nulls);
static void count(const CbScope *scope, const char *status, TimestampTz now,
				  int64 *counts);
static void list(const CbScope *scope, const CbInviteListing *listing,
				 TimestampTz now, Items *items);
static void read_item(void *arg, const Datum *values, const bool *nulls);

Jsonb *
cb_invite_list(const CbInviteListing *listing)
{
	MemoryContext context = CurrentMemoryContext;
	TimestampTz now = GetCurrentTimestamp();
	Items		items = {NULL, 0, context};
	int64		counts[NCOUNTS];
	CbCaller	caller;
	CbScope		scope;
	CbJson	   *json;

	cb_page_check(&listing->page);
	check_status(listing->status);
	resolve(&listing->names, &caller, &scope);
	MemoryContextSwitchTo(context);
	count(&scope, listing->status, now, counts);
	list(&scope, listing, now, &items);
	cb_caller_leave(&caller);
	MemoryContextSwitchTo(context);

	json = cb_json_create(1024);
	cb_page_begin(json, items.n);
	for (int i = 0; i < items.n; i++)
		cb_invite_encode(&items.invites[i], &scope, NULL, now, json);
	cb_page_end(json, &listing->page, counts[TOTAL]);
	return cb_json_finish(json);
}

Jsonb *
cb_invite_summarise(const CbScopeNames *names)
{
	static const char *const keys[] = {
		"expired_count", "pending_count", "revoked_count", "total_invites",
		"accepted_count", "pending_with_role_count"
	};
	static const int order[] = {
		EXPIRED, PENDING, REVOKED, TOTAL, ACCEPTED, PENDING_WITH_ROLE
	};
	MemoryContext context = CurrentMemoryContext;
	int64		counts[NCOUNTS];
	CbCaller	caller;
	CbScope		scope;
	CbJson	   *json;

	resolve(names, &caller, &scope);
	MemoryContextSwitchTo(context);
	count(&scope, NULL, GetCurrentTimestamp(), counts);
	cb_caller_leave(&caller);
	MemoryContextSwitchTo(context);

	json = cb_json_create(256);
	cb_json_object(json, keys, lengthof(keys));
	for (size_t i = 0; i < lengthof(order); i++)
		cb_json_int(json, counts[order[i]]);
	return cb_json_finish(json);
}

static void
check_status(const char *status)
{
	static const char *const all[] = {
		"pending", "accepted", "revoked", "expired"
	};

	for (size_t i = 0; i < lengthof(all); i++)
	{
		if (status == NULL || strcmp(status, all[i]) == 0)
			return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid status of an invite"),
			 errhint("It is pending, accepted, revoked or expired.")));
}

/* An application has no invites of its own: its environments have. */
static void
resolve(const CbScopeNames *names, CbCaller *caller, CbScope *scope)
{
	MemoryContext context = CurrentMemoryContext;

	cb_caller_enter(caller);
	MemoryContextSwitchTo(context);
	cb_scope_resolve(scope, caller, names);
	if (scope->has_application && !scope->has_environment)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no environment is named"),
				 errhint("Pass environment => 'slug or id', or set canopy_bulk.environment.")));
}

static void
fill_values(const CbScope *scope, const char *status, TimestampTz now,
			Datum *values, char *nulls)
{
	values[0] = UUIDPGetDatum(&scope->account);
	values[1] = TimestampTzGetDatum(now);
	values[2] = UUIDPGetDatum(&scope->environment);
	values[3] = 0;
	if (status != NULL)
		values[3] = CStringGetTextDatum(status);
	nulls[0] = nulls[1] = ' ';
	nulls[2] = scope->has_environment ? ' ' : 'n';
	nulls[3] = status == NULL ? 'n' : ' ';
}

static void
count(const CbScope *scope, const char *status, TimestampTz now,
	  int64 *counts)
{
	Datum		values[4];
	char		nulls[4];
	bool		isnull;

	fill_values(scope, status, now, values, nulls);
	cb_statement_run(scope->has_environment ?
					 &count_in_environment : &count_in_account, values, nulls);
	for (int i = 0; i < NCOUNTS; i++)
		counts[i] = DatumGetInt64(cb_statement_value(0, i + 1, &isnull));
	cb_statement_free();
}

static void
list(const CbScope *scope, const CbInviteListing *listing, TimestampTz now,
	 Items *items)
{
	Datum		values[6];
	char		nulls[6];

	items->invites = MemoryContextAllocZero(items->context, sizeof(CbInvite) *
											listing->page.take);
	fill_values(scope, listing->status, now, values, nulls);
	values[4] = Int64GetDatum(listing->page.take);
	values[5] = Int64GetDatum(cb_page_offset(&listing->page));
	nulls[4] = nulls[5] = ' ';
	cb_statement_stream(scope->has_environment ?
						&list_in_environment : &list_in_account,
						values, nulls, false, read_item, items);
}

static void
read_item(void *arg, const Datum *values, const bool *nulls)
{
	Items	   *items = arg;
	MemoryContext old = MemoryContextSwitchTo(items->context);

	cb_invite_read(&items->invites[items->n++], values, nulls);
	MemoryContextSwitchTo(old);
}
