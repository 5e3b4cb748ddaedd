/*-------------------------------------------------------------------------
 *
 * audit_read.c
 *		Reads the audit log.
 *
 * An entry is about an identity when its metadata name it: what was done to one
 * row does that, what was done to a batch does not.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/envelope.h"
#include "db/statement.h"
#include "db/uuid7.h"
#include "record/audit_read.h"

#define EQ " OPERATOR(pg_catalog.=) "

/*
 * Parameters: account, identity as text, text to look for or null; and of a page
 * how many to take, and after how many.
 */
#define OF_IDENTITY \
	" FROM canopy.audit_log" \
	" WHERE account_id" EQ "$1" \
	" AND (metadata OPERATOR(pg_catalog.->>) 'identity_id')" EQ "$2" \
	" AND ($3 IS NULL" \
	" OR pg_catalog.strpos(action, pg_catalog.lower($3)) OPERATOR(pg_catalog.>) 0" \
	" OR pg_catalog.strpos(pg_catalog.lower(actor_label), pg_catalog.lower($3))" \
	" OPERATOR(pg_catalog.>) 0)"
#define PAGE_RESULT \
	"id uuid, account_id uuid, application_id uuid?, environment_id uuid?," \
	" correlation_id uuid?, actor_id text?, actor_type text," \
	" actor_label text?, action text, resource_type text, resource_id text?," \
	" resource_label text?, outcome text, category text, severity text," \
	" metadata jsonb, created_at timestamptz, customer_visible bool," \
	" identity_visible bool"
#define PAGE(sort_order) \
	{"SELECT id, account_id, application_id, environment_id, correlation_id," \
	" actor_id, actor_type, actor_label, action, resource_type, resource_id," \
	" resource_label, outcome, category, severity, metadata, created_at," \
	" customer_visible, identity_visible" OF_IDENTITY \
	" ORDER BY " sort_order " LIMIT $4 OFFSET $5", \
	5, {UUIDOID, TEXTOID, TEXTOID, INT8OID, INT8OID}, SPI_OK_SELECT, \
	.returns = PAGE_RESULT}

static CbStatement count_entries = {
	"SELECT pg_catalog.count(*)" OF_IDENTITY,
	3, {UUIDOID, TEXTOID, TEXTOID}, SPI_OK_SELECT,
	.returns = "n int8"
};

static CbStatement pages[CB_AUDIT_NSORTS][2] = {
	[CB_AUDIT_BY_CREATED_AT] = {
		PAGE("created_at, id"), PAGE("created_at DESC, id DESC")
	},
	[CB_AUDIT_BY_ACTION] = {
		PAGE("action, created_at, id"),
		PAGE("action DESC, created_at DESC, id DESC")
	}
};

/* Columns of a page, from 1. */
enum
{
	ID = 1, ACCOUNT, APPLICATION, ENVIRONMENT, CORRELATION,
	ACTOR_ID, ACTOR_TYPE, ACTOR_LABEL, ACTION, RESOURCE_TYPE, RESOURCE_ID,
	RESOURCE_LABEL, OUTCOME, CATEGORY, SEVERITY, METADATA, CREATED_AT,
	CUSTOMER_VISIBLE, IDENTITY_VISIBLE
};

static void encode_entry(uint64 row, CbJson *json);
static void write_text(CbJson *json, uint64 row, int column);
static void write_uuid(CbJson *json, uint64 row, int column);

Jsonb *
cb_audit_list(const CbScope *scope, const CbPage *page,
			  const pg_uuid_t *identity)
{
	char		id[CB_UUID_TEXT_LEN + 1];
	CbJson	   *json = cb_json_create(page->take * 640);
	Datum		values[5];
	char		nulls[5] = {' ', ' ', page->q == NULL ? 'n' : ' ', ' ', ' '};
	int64		count;
	int			n;
	bool		isnull;

	cb_uuid_format(identity, id);
	values[0] = UUIDPGetDatum(&scope->account);
	values[1] = CStringGetTextDatum(id);
	values[2] = page->q == NULL ? (Datum) 0 : CStringGetTextDatum(page->q);
	values[3] = Int64GetDatum(page->take);
	values[4] = Int64GetDatum(cb_page_offset(page));
	cb_statement_run(&count_entries, values, nulls);
	count = DatumGetInt64(cb_statement_value(0, 1, &isnull));
	cb_statement_free();

	n = (int) cb_statement_run(&pages[page->sort][page->descending], values, nulls);
	cb_page_begin(json, n);
	for (int i = 0; i < n; i++)
		encode_entry(i, json);
	cb_statement_free();
	cb_page_end(json, page, count);
	return cb_json_finish(json);
}

static void
encode_entry(uint64 row, CbJson *json)
{
	static CbJsonShape keys = {19, {"id", "action", "outcome", "actor_id", "category", "metadata",
			"severity", "account_id", "actor_type", "created_at", "actor_label",
			"resource_id", "resource_type", "application_id", "correlation_id",
	"environment_id", "resource_label", "customer_visible", "identity_visible"}};
	bool		isnull;
	Jsonb	   *metadata = DatumGetJsonbP(cb_statement_value(row, METADATA, &isnull));

	cb_json_shape(json, &keys);
	write_uuid(json, row, ID);
	write_text(json, row, ACTION);
	write_text(json, row, OUTCOME);
	write_text(json, row, ACTOR_ID);
	write_text(json, row, CATEGORY);
	cb_json_container(json, &metadata->root, VARSIZE(metadata) - VARHDRSZ);
	write_text(json, row, SEVERITY);
	write_uuid(json, row, ACCOUNT);
	write_text(json, row, ACTOR_TYPE);
	cb_json_timestamp(json, DatumGetTimestampTz(cb_statement_value(row, CREATED_AT, &isnull)));
	write_text(json, row, ACTOR_LABEL);
	write_text(json, row, RESOURCE_ID);
	write_text(json, row, RESOURCE_TYPE);
	write_uuid(json, row, APPLICATION);
	write_uuid(json, row, CORRELATION);
	write_uuid(json, row, ENVIRONMENT);
	write_text(json, row, RESOURCE_LABEL);
	cb_json_bool(json, DatumGetBool(cb_statement_value(row, CUSTOMER_VISIBLE, &isnull)));
	cb_json_bool(json, DatumGetBool(cb_statement_value(row, IDENTITY_VISIBLE, &isnull)));
}

static void
write_text(CbJson *json, uint64 row, int column)
{
	bool		isnull;
	Datum		value = cb_statement_value(row, column, &isnull);

	if (isnull)
		cb_json_null(json);
	else
		cb_json_cstring(json, TextDatumGetCString(value));
}

static void
write_uuid(CbJson *json, uint64 row, int column)
{
	bool		isnull;
	Datum		value = cb_statement_value(row, column, &isnull);

	if (isnull)
		cb_json_null(json);
	else
		cb_json_uuid(json, DatumGetUUIDP(value));
}
