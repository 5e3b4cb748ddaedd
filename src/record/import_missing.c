/*-------------------------------------------------------------------------
 *
 * import_missing.c
 *		Who is in the directory and not in the file of an import.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "canopy_bulk.h"
#include "db/statement.h"
#include "record/import_missing.h"

#define EQ " OPERATOR(pg_catalog.=) "
#define OF_IMPORT " x.account_id" EQ "$1 AND x.import_id" EQ "$2"

/* Parameters: account, addresses, and of an application that. */
#define MEMBERS \
	" FROM canopy.app_membership m" \
	" JOIN canopy.identity i ON i.account_id" EQ "$1 AND i.id" EQ "m.identity_id" \
	" LEFT JOIN pg_catalog.unnest($2) AS u (email) ON u.email" EQ "i.email" \
	" WHERE m.account_id" EQ "$1 AND m.application_id" EQ "$3" \
	" AND m.status" EQ "'active'"
#define IDENTITIES \
	" FROM canopy.identity i" \
	" LEFT JOIN pg_catalog.unnest($2) AS u (email) ON u.email" EQ "i.email" \
	" WHERE i.account_id" EQ "$1 AND i.is_active AND $3 IS NULL"
#define DIRECTORY_TYPES	UUIDOID, TEXTARRAYOID, UUIDOID

#define COUNT \
	"SELECT pg_catalog.count(*)," \
	" pg_catalog.count(*) FILTER (WHERE u.email IS NULL)"
#define COUNT_RESULT	"total int8, missing int8"

static CbStatement count_members = {
	COUNT MEMBERS, 3, {DIRECTORY_TYPES}, SPI_OK_SELECT,
	.returns = COUNT_RESULT
};

static CbStatement count_identities = {
	COUNT IDENTITIES, 3, {DIRECTORY_TYPES}, SPI_OK_SELECT,
	.returns = COUNT_RESULT
};

/* Parameters of both: those, then the import. */
#define INSERT \
	"INSERT INTO canopy.import_missing (account_id, import_id, identity_id)" \
	" SELECT $1, $4, i.id"

static CbStatement insert_members = {
	INSERT MEMBERS " AND u.email IS NULL",
	4, {DIRECTORY_TYPES, UUIDOID}, SPI_OK_INSERT
};

static CbStatement insert_identities = {
	INSERT IDENTITIES " AND u.email IS NULL",
	4, {DIRECTORY_TYPES, UUIDOID}, SPI_OK_INSERT
};

/* Parameters of both: those, then how many to leave out and to take. */
#define PAGE \
	"SELECT i.id AS identity_id, i.email, NULL::pg_catalog.text, NULL::pg_catalog.text," \
	" NULL::pg_catalog.text, NULL::pg_catalog.text"
#define PAGE_RESULT \
	"identity_id uuid, email text?, outcome text?, error_code text?," \
	" undo_outcome text?, undo_reason text?"

static CbStatement page_members = {
	PAGE MEMBERS " AND u.email IS NULL ORDER BY i.email OFFSET $4 LIMIT $5",
	5, {DIRECTORY_TYPES, INT8OID, INT8OID}, SPI_OK_SELECT,
	.returns = PAGE_RESULT
};

static CbStatement page_identities = {
	PAGE IDENTITIES " AND u.email IS NULL ORDER BY i.email OFFSET $4 LIMIT $5",
	5, {DIRECTORY_TYPES, INT8OID, INT8OID}, SPI_OK_SELECT,
	.returns = PAGE_RESULT
};

#define NOTED \
	"SELECT x.identity_id, i.email, x.outcome, x.error_code, x.undo_outcome," \
	" x.undo_reason FROM canopy.import_missing x" \
	" LEFT JOIN canopy.identity i ON i.account_id" EQ "$1 AND i.id" EQ "x.identity_id" \
	" WHERE" OF_IMPORT

/* Parameters: account, import, how many to leave out and to take. */
static CbStatement page_noted = {
	NOTED " ORDER BY i.email, x.identity_id OFFSET $3 LIMIT $4",
	4, {UUIDOID, UUIDOID, INT8OID, INT8OID}, SPI_OK_SELECT,
	.returns = PAGE_RESULT
};

/* Parameters: account, import, how many. */
static CbStatement next_noted = {
	NOTED " AND x.outcome IS NULL ORDER BY x.identity_id LIMIT $3",
	3, {UUIDOID, UUIDOID, INT8OID}, SPI_OK_SELECT,
	.returns = PAGE_RESULT
};

/* Parameters: account, import. */
static CbStatement count_noted = {
	"SELECT pg_catalog.count(*),"
	" pg_catalog.count(*) FILTER (WHERE x.outcome" EQ "'deactivated')"
	" FROM canopy.import_missing x WHERE" OF_IMPORT,
	2, {UUIDOID, UUIDOID}, SPI_OK_SELECT,
	.returns = "total int8, deactivated int8"
};

/* Parameters: account, import; arrays of identity, outcome, error_code, before. */
static CbStatement save_outcomes = {
	"UPDATE canopy.import_missing AS x SET outcome = u.outcome,"
	" error_code = u.error_code, before = u.before"
	" FROM ROWS FROM (pg_catalog.unnest($3), pg_catalog.unnest($4),"
	" pg_catalog.unnest($5), pg_catalog.unnest($6))"
	" AS u (identity, outcome, error_code, before)"
	" WHERE" OF_IMPORT " AND x.identity_id" EQ "u.identity",
	6, {UUIDOID, UUIDOID, UUIDARRAYOID, TEXTARRAYOID, TEXTARRAYOID,
	JSONBARRAYOID}, SPI_OK_UPDATE
};

/* Parameters: account, import, whether it has been undone. */
static CbStatement read_undo = {
	"SELECT x.identity_id, x.before FROM canopy.import_missing x WHERE" OF_IMPORT
	" AND x.outcome" EQ "'deactivated'"
	" AND (NOT $3 OR x.undo_outcome" EQ "'error')",
	3, {UUIDOID, UUIDOID, BOOLOID}, SPI_OK_SELECT,
	.returns = "identity_id uuid, before jsonb?"
};

/* Parameters: account, import; arrays of identity, outcome, reason. */
static CbStatement save_undo = {
	"UPDATE canopy.import_missing AS x SET undo_outcome = u.outcome,"
	" undo_reason = u.reason"
	" FROM ROWS FROM (pg_catalog.unnest($3), pg_catalog.unnest($4),"
	" pg_catalog.unnest($5)) AS u (identity, outcome, reason)"
	" WHERE" OF_IMPORT " AND x.identity_id" EQ "u.identity",
	5, {UUIDOID, UUIDOID, UUIDARRAYOID, TEXTARRAYOID, TEXTARRAYOID},
	SPI_OK_UPDATE
};

/* An array of texts, some of which are null. */
typedef struct Texts
{
	Datum	   *values;
	bool	   *nulls;
} Texts;

static char *begin_directory(const CbImport *import, Datum addresses,
							 Datum *values);
static void begin_noted(const CbImport *import, Datum *values);
static int64 count(CbStatement *statement, Datum *values, const char *nulls,
				   int column);
static int	read_page(CbStatement *statement, Datum *values, const char *nulls,
					  CbImportMissing **missing);
static const char *read_text(uint64 row, int column);
static Texts make_texts(int n);
static void put_text(Texts *texts, int i, const char *text);
static void update(CbStatement *statement, Datum *values, int nrows);

void
cb_import_missing_count(const CbImport *import, Datum addresses, int64 *total,
						int64 *missing)
{
	CbStatement *statement = import->has_application ?
	&count_members : &count_identities;
	Datum		values[5];
	const char *nulls = begin_directory(import, addresses, values);

	*total = count(statement, values, nulls, 1);
	*missing = count(statement, values, nulls, 2);
}

void
cb_import_missing_insert(const CbImport *import, Datum addresses)
{
	Datum		values[5];
	const char *nulls = begin_directory(import, addresses, values);

	values[3] = UUIDPGetDatum(&import->id);
	cb_statement_run(import->has_application ? &insert_members : &insert_identities,
					 values, nulls);
}

int
cb_import_missing_next(const CbImport *import, int take,
					   CbImportMissing **missing)
{
	Datum		values[3];

	begin_noted(import, values);
	values[2] = Int64GetDatum(take);
	return read_page(&next_noted, values, NULL, missing);
}

void
cb_import_missing_save(const CbImport *import, const CbImportMissing *missing,
					   int n)
{
	Datum	   *identities = palloc(sizeof(Datum) * (n + 1));
	Texts		outcomes = make_texts(n);
	Texts		codes = make_texts(n);
	Texts		before = make_texts(n);
	Datum		values[6];

	begin_noted(import, values);
	for (int i = 0; i < n; i++)
	{
		identities[i] = UUIDPGetDatum(&missing[i].identity);
		put_text(&outcomes, i, missing[i].outcome);
		put_text(&codes, i, missing[i].error_code);
		before.nulls[i] = missing[i].before == NULL;
		before.values[i] = JsonbPGetDatum(missing[i].before);
	}
	values[2] = cb_statement_array(identities, NULL, n, UUIDOID);
	values[3] = cb_statement_array(outcomes.values, outcomes.nulls, n, TEXTOID);
	values[4] = cb_statement_array(codes.values, codes.nulls, n, TEXTOID);
	values[5] = cb_statement_array(before.values, before.nulls, n, JSONBOID);
	update(&save_outcomes, values, n);
}

int
cb_import_missing_deactivated(const CbImport *import)
{
	Datum		values[2];

	begin_noted(import, values);
	return (int) count(&count_noted, values, NULL, 2);
}

int
cb_import_missing_page(const CbImport *import, Datum addresses, int64 skip,
					   int take, CbImportMissing **missing, int64 *total)
{
	int64		directory;
	Datum		values[5];
	const char *nulls = begin_directory(import, addresses, values);

	cb_import_missing_count(import, addresses, &directory, total);
	values[3] = Int64GetDatum(skip);
	values[4] = Int64GetDatum(take);
	return read_page(import->has_application ? &page_members : &page_identities,
					 values, nulls, missing);
}

int
cb_import_missing_page_noted(const CbImport *import, int64 skip, int take,
							 CbImportMissing **missing, int64 *total)
{
	Datum		values[4];

	begin_noted(import, values);
	*total = count(&count_noted, values, NULL, 1);
	values[2] = Int64GetDatum(skip);
	values[3] = Int64GetDatum(take);
	return read_page(&page_noted, values, NULL, missing);
}

int
cb_import_missing_undo_read(const CbImport *import, CbImportUndoRow **rows)
{
	MemoryContext context = CurrentMemoryContext;
	Datum		values[3];
	bool		isnull;
	int			n;

	begin_noted(import, values);
	values[2] = BoolGetDatum(import->status == CB_IMPORT_UNDONE);
	n = (int) cb_statement_run(&read_undo, values, NULL);
	*rows = MemoryContextAllocZero(context, sizeof(CbImportUndoRow) * (n + 1));
	for (int i = 0; i < n; i++)
	{
		Datum		before;

		(*rows)[i].resource = *DatumGetUUIDP(cb_statement_value(i, 1, &isnull));
		before = cb_statement_value(i, 2, &isnull);
		(*rows)[i].before = isnull ? NULL : DatumGetJsonbPCopy(before);
	}
	cb_statement_free();
	return n;
}

void
cb_import_missing_undo_save(const CbImport *import, const CbImportUndoRow *rows,
							int n)
{
	Datum	   *identities = palloc(sizeof(Datum) * (n + 1));
	Texts		outcomes = make_texts(n);
	Texts		reasons = make_texts(n);
	Datum		values[5];

	begin_noted(import, values);
	for (int i = 0; i < n; i++)
	{
		identities[i] = UUIDPGetDatum(&rows[i].resource);
		put_text(&outcomes, i, rows[i].outcome);
		put_text(&reasons, i, rows[i].reason);
	}
	values[2] = cb_statement_array(identities, NULL, n, UUIDOID);
	values[3] = cb_statement_array(outcomes.values, outcomes.nulls, n, TEXTOID);
	values[4] = cb_statement_array(reasons.values, reasons.nulls, n, TEXTOID);
	update(&save_undo, values, n);
}

/* Fills the first three values and returns which are null, of five. */
static char *
begin_directory(const CbImport *import, Datum addresses, Datum *values)
{
	values[0] = UUIDPGetDatum(&import->account);
	values[1] = addresses;
	values[2] = UUIDPGetDatum(&import->application);
	return pstrdup(import->has_application ? "     " : "  n  ");
}

static void
begin_noted(const CbImport *import, Datum *values)
{
	values[0] = UUIDPGetDatum(&import->account);
	values[1] = UUIDPGetDatum(&import->id);
}

static int64
count(CbStatement *statement, Datum *values, const char *nulls, int column)
{
	bool		isnull;
	int64		n;

	cb_statement_run(statement, values, nulls);
	n = DatumGetInt64(cb_statement_value(0, column, &isnull));
	cb_statement_free();
	return n;
}

static int
read_page(CbStatement *statement, Datum *values, const char *nulls,
		  CbImportMissing **missing)
{
	int			n = (int) cb_statement_run(statement, values, nulls);
	bool		isnull;

	*missing = palloc0(sizeof(CbImportMissing) * (n + 1));
	for (int i = 0; i < n; i++)
	{
		CbImportMissing *one = &(*missing)[i];

		one->identity = *DatumGetUUIDP(cb_statement_value(i, 1, &isnull));
		one->email = read_text(i, 2);
		one->outcome = read_text(i, 3);
		one->error_code = read_text(i, 4);
		one->undo_outcome = read_text(i, 5);
		one->undo_reason = read_text(i, 6);
	}
	cb_statement_free();
	return n;
}

static const char *
read_text(uint64 row, int column)
{
	bool		isnull;
	Datum		value = cb_statement_value(row, column, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

static Texts
make_texts(int n)
{
	Texts		texts = {palloc0(sizeof(Datum) * (n + 1)),
	palloc0(sizeof(bool) * (n + 1))};

	return texts;
}

static void
put_text(Texts *texts, int i, const char *text)
{
	texts->nulls[i] = text == NULL;

	if (text !=NULL)
		texts->values[i] = CStringGetTextDatum(text);
}

static void
update(CbStatement *statement, Datum *values, int nrows)
{
	if (cb_statement_run(statement, values, NULL) != (uint64) nrows)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("who is missing in the file was not stored"),
				 errhint("Look for a trigger or rule on canopy.import_missing.")));
}
