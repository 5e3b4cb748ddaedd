/*-------------------------------------------------------------------------
 *
 * import_row.c
 *		The rows of canopy.import_row.
 *
 * An array of arrays cannot be a parameter that unnest takes apart as rows, so
 * the cells of a row travel as one text and string_to_array cuts it.  A row that
 * is written is the import's, whose own row is locked: the foreign key holds, and
 * where the table has no other triggers none is fired.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/cryptohash.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "canopy_bulk.h"
#include "db/statement.h"
#include "db/stored.h"
#include "db/triggers.h"
#include "record/import_row.h"

#define EQ " OPERATOR(pg_catalog.=) "
#define OF_IMPORT " account_id" EQ "$1 AND import_id" EQ "$2"

/*
 * Parameters: account, import, number of the row before the first, separator;
 * arrays of line numbers, cells, hashes, issues.
 */
static CbStatement insert_rows = {
	"INSERT INTO canopy.import_row (account_id, import_id, row_number,"
	" line_number, cells, password_hash, upload_issues)"
	" SELECT $1, $2, $3 OPERATOR(pg_catalog.+) u.n::pg_catalog.int4, u.line,"
	" pg_catalog.string_to_array(u.cells, $4, ''), u.hash, u.issues"
	" FROM ROWS FROM (pg_catalog.unnest($5), pg_catalog.unnest($6),"
	" pg_catalog.unnest($7), pg_catalog.unnest($8))"
	" WITH ORDINALITY AS u (line, cells, hash, issues, n)",
	8, {UUIDOID, UUIDOID, INT4OID, TEXTOID, INT4ARRAYOID, TEXTARRAYOID,
	TEXTARRAYOID, JSONBARRAYOID}, SPI_OK_INSERT
};

/* Parameters: account, import. */
static CbStatement delete_rows = {
	"DELETE FROM canopy.import_row WHERE" OF_IMPORT,
	2, {UUIDOID, UUIDOID}, SPI_OK_DELETE
};

/* Parameters: account, import. */
static CbStatement forget_cells = {
	"UPDATE canopy.import_row SET cells = '{}', password_hash = NULL WHERE" OF_IMPORT,
	2, {UUIDOID, UUIDOID}, SPI_OK_UPDATE
};

/* Parameters: account, import, first and last row number. */
#define ROW_COLUMNS \
	"row_number, line_number, selected, verdict, plan, outcome, cells," \
	" password_hash, upload_issues, issues"
#define ROW_RESULT \
	"row_number int4, line_number int4, selected bool, verdict text?," \
	" plan text?, outcome text?, cells text[], password_hash text?," \
	" upload_issues jsonb?, issues jsonb?"

static CbStatement read_rows = {
	"SELECT " ROW_COLUMNS " FROM canopy.import_row"
	" WHERE" OF_IMPORT " AND row_number OPERATOR(pg_catalog.>=) $3"
	" AND row_number OPERATOR(pg_catalog.<=) $4"
	" ORDER BY row_number",
	4, {UUIDOID, UUIDOID, INT4OID, INT4OID}, SPI_OK_SELECT,
	.returns = ROW_RESULT
};

/* Parameters: account, import, verdict or null, rows to skip, rows to take. */
static CbStatement page_rows = {
	"SELECT " ROW_COLUMNS " FROM canopy.import_row"
	" WHERE" OF_IMPORT " AND ($3 IS NULL OR verdict" EQ "$3)"
	" ORDER BY row_number OFFSET $4 LIMIT $5",
	5, {UUIDOID, UUIDOID, TEXTOID, INT8OID, INT8OID}, SPI_OK_SELECT,
	.returns = ROW_RESULT
};

/* Parameters: account, import, verdict or null. */
static CbStatement count_rows = {
	"SELECT pg_catalog.count(*) FROM canopy.import_row"
	" WHERE" OF_IMPORT " AND ($3 IS NULL OR verdict" EQ "$3)",
	3, {UUIDOID, UUIDOID, TEXTOID}, SPI_OK_SELECT,
	.returns = "n int8"
};

/*
 * Parameters: account, import; arrays of number, verdict, plan, resource, issues.
 * The array of numbers is also a condition of its own, which uses the key.
 */
static CbStatement save_findings = {
	"UPDATE canopy.import_row AS r SET verdict = u.verdict, plan = u.plan,"
	" resource_id = u.resource, issues = u.issues,"
	" selected = u.verdict OPERATOR(pg_catalog.<>) 'error'"
	" FROM ROWS FROM (pg_catalog.unnest($3), pg_catalog.unnest($4),"
	" pg_catalog.unnest($5), pg_catalog.unnest($6), pg_catalog.unnest($7))"
	" AS u (number, verdict, plan, resource, issues)"
	" WHERE r.account_id" EQ "$1 AND r.import_id" EQ "$2"
	" AND r.row_number" EQ "u.number",
	7, {UUIDOID, UUIDOID, INT4ARRAYOID, TEXTARRAYOID, TEXTARRAYOID,
	UUIDARRAYOID, JSONBARRAYOID}, SPI_OK_UPDATE
};

/*
 * Parameters: account, import; arrays of number, outcome, code, skip_reason,
 * error_code, error_message, resource, before; the first and the last number,
 * without which every row of the import would be read.
 */
static CbStatement save_results = {
	"UPDATE canopy.import_row AS r SET outcome = u.outcome, code = u.code,"
	" skip_reason = u.skip_reason, error_code = u.error_code,"
	" error_message = u.error_message, resource_id = u.resource,"
	" before = u.before"
	" FROM ROWS FROM (pg_catalog.unnest($3), pg_catalog.unnest($4),"
	" pg_catalog.unnest($5), pg_catalog.unnest($6), pg_catalog.unnest($7),"
	" pg_catalog.unnest($8), pg_catalog.unnest($9), pg_catalog.unnest($10))"
	" AS u (number, outcome, code, skip_reason, error_code, error_message,"
	" resource, before)"
	" WHERE r.account_id" EQ "$1 AND r.import_id" EQ "$2"
	" AND r.row_number" EQ "u.number"
	" AND r.row_number OPERATOR(pg_catalog.>=) $11"
	" AND r.row_number OPERATOR(pg_catalog.<=) $12",
	12, {UUIDOID, UUIDOID, INT4ARRAYOID, TEXTARRAYOID, INT4ARRAYOID,
		TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, UUIDARRAYOID, JSONBARRAYOID,
	INT4OID, INT4OID},
	SPI_OK_UPDATE
};

/* Parameters: account, import, row numbers, selected. */
static CbStatement select_rows = {
	"UPDATE canopy.import_row SET selected = $4"
	" WHERE" OF_IMPORT
	" AND ($3 IS NULL OR row_number" EQ "ANY ($3))"
	" AND verdict OPERATOR(pg_catalog.<>) 'error'",
	4, {UUIDOID, UUIDOID, INT4ARRAYOID, BOOLOID}, SPI_OK_UPDATE
};

/* Parameters: account, import. */
static CbStatement read_plan = {
	"SELECT row_number, selected, verdict, plan, resource_id"
	" FROM canopy.import_row WHERE" OF_IMPORT " ORDER BY row_number",
	2, {UUIDOID, UUIDOID}, SPI_OK_SELECT,
	.returns = "row_number int4, selected bool, verdict text?, plan text?, resource_id uuid?"
};

/* For the readers. */
typedef struct Reading
{
	CbImportRow *rows;
	int			n;
	int			capacity;
	MemoryContext context;
} Reading;

typedef struct Digesting
{
	pg_cryptohash_ctx *digest;
	CbImportTally *tally;
} Digesting;

/* Columns of parameters for n rows. */
typedef struct Column
{
	Datum	   *values;
	bool	   *nulls;
} Column;

static void read_row(void *arg, const Datum *values, const bool *nulls);
static const char *copy_text(Datum value, bool isnull);
static Jsonb *copy_json(Datum value, bool isnull);
static void make_columns(Column *columns, int ncolumns, int nrows);
static void put_text(Column *column, int row, const char *text);
static void put_json(Column *column, int row, Jsonb *json);
static void update(CbStatement *statement, Datum *values, int nrows);
static void digest_row(void *arg, const Datum *values, const bool *nulls);
static uint8 first_letter(Datum word, bool isnull);
static void count_row(CbImportTally *tally, bool selected, uint8 verdict,
					  uint8 plan);

int
cb_import_rows_read(const CbImport *import, int first, int last,
					CbImportRow **rows)
{
	Reading		reading = {NULL, 0, Max(last - first + 1, 1),
	CurrentMemoryContext};
	Datum		values[4];

	reading.rows = palloc0(sizeof(CbImportRow) * reading.capacity);
	values[0] = UUIDPGetDatum(&import->account);
	values[1] = UUIDPGetDatum(&import->id);
	values[2] = Int32GetDatum(first);
	values[3] = Int32GetDatum(last);
	cb_statement_stream(&read_rows, values, NULL, false, read_row, &reading);
	*rows = reading.rows;
	return reading.n;
}

void
cb_import_rows_insert(const CbImport *import, const CbImportChunk *chunk)
{
	static const char *const tables[] = {"import_row", NULL};
	Datum		values[8];

	values[0] = UUIDPGetDatum(&import->account);
	values[1] = UUIDPGetDatum(&import->id);
	values[2] = Int32GetDatum(chunk->first - 1);
	values[3] = chunk->separator;
	values[4] = cb_statement_array(chunk->lines, NULL, chunk->n, INT4OID);
	values[5] = cb_statement_array(chunk->cells, NULL, chunk->n, TEXTOID);
	values[6] = cb_statement_array(chunk->hashes, chunk->hash_nulls, chunk->n,
								   TEXTOID);
	values[7] = cb_statement_array(chunk->issues, chunk->issue_nulls, chunk->n,
								   JSONBOID);
	cb_statement_stream(&insert_rows, values, NULL,
						cb_triggers_are_foreign_keys(tables), read_row, NULL);
}

void
cb_import_rows_delete(const CbImport *import)
{
	Datum		values[2];

	values[0] = UUIDPGetDatum(&import->account);
	values[1] = UUIDPGetDatum(&import->id);
	cb_statement_run(&delete_rows, values, NULL);
}

void
cb_import_rows_forget(const CbImport *import)
{
	Datum		values[2];

	values[0] = UUIDPGetDatum(&import->account);
	values[1] = UUIDPGetDatum(&import->id);
	cb_statement_run(&forget_cells, values, NULL);
}

void
cb_import_rows_save_findings(const CbImport *import,
							 const CbImportFinding *findings, int n)
{
	Column		columns[5];
	Datum		values[7];

	make_columns(columns, lengthof(columns), n);
	for (int i = 0; i < n; i++)
	{
		const CbImportFinding *finding = &findings[i];

		columns[0].values[i] = Int32GetDatum(finding->number);
		put_text(&columns[1], i, finding->verdict);
		put_text(&columns[2], i, finding->plan);
		columns[3].values[i] = UUIDPGetDatum(&finding->resource);
		columns[3].nulls[i] = !finding->has_resource;
		put_json(&columns[4], i, finding->issues);
	}
	values[0] = UUIDPGetDatum(&import->account);
	values[1] = UUIDPGetDatum(&import->id);
	values[2] = cb_statement_array(columns[0].values, NULL, n, INT4OID);
	values[3] = cb_statement_array(columns[1].values, NULL, n, TEXTOID);
	values[4] = cb_statement_array(columns[2].values, columns[2].nulls, n, TEXTOID);
	values[5] = cb_statement_array(columns[3].values, columns[3].nulls, n, UUIDOID);
	values[6] = cb_statement_array(columns[4].values, columns[4].nulls, n, JSONBOID);
	update(&save_findings, values, n);
}

void
cb_import_rows_save_results(const CbImport *import,
							const CbImportResult *results, int n)
{
	static const Oid types[] = {
		INT4OID, TEXTOID, INT4OID, TEXTOID, TEXTOID, TEXTOID, UUIDOID, JSONBOID
	};
	Column		columns[lengthof(types)];
	Datum		values[4 + lengthof(types)];

	make_columns(columns, lengthof(columns), n);
	for (int i = 0; i < n; i++)
	{
		const CbImportResult *result = &results[i];

		columns[0].values[i] = Int32GetDatum(result->number);
		put_text(&columns[1], i, result->outcome);
		columns[2].values[i] = Int32GetDatum(result->code);
		columns[2].nulls[i] = result->code == 0;
		put_text(&columns[3], i, result->skip_reason);
		put_text(&columns[4], i, result->error_code);
		put_text(&columns[5], i, result->error_message);
		columns[6].values[i] = UUIDPGetDatum(&result->resource);
		columns[6].nulls[i] = !result->has_resource;
		put_json(&columns[7], i, result->before);
	}
	values[0] = UUIDPGetDatum(&import->account);
	values[1] = UUIDPGetDatum(&import->id);
	for (size_t i = 0; i < lengthof(types); i++)
		values[2 + i] = cb_statement_array(columns[i].values, columns[i].nulls,
										   n, types[i]);
	values[2 + lengthof(types)] = Int32GetDatum(results[0].number);
	values[3 + lengthof(types)] = Int32GetDatum(results[n - 1].number);
	update(&save_results, values, n);
}

int
cb_import_rows_select(const CbImport *import, ArrayType *numbers, bool selected)
{
	Datum		values[4];

	values[0] = UUIDPGetDatum(&import->account);
	values[1] = UUIDPGetDatum(&import->id);
	values[2] = PointerGetDatum(numbers);
	values[3] = BoolGetDatum(selected);
	return (int) cb_statement_run(&select_rows, values,
								  numbers == NULL ? "  n " : NULL);
}

void
cb_import_rows_digest(const CbImport *import, pg_cryptohash_ctx *digest,
					  CbImportTally *tally)
{
	Digesting	digesting = {digest, tally};
	Datum		values[2];

	memset(tally, 0, sizeof(CbImportTally));
	values[0] = UUIDPGetDatum(&import->account);
	values[1] = UUIDPGetDatum(&import->id);
	cb_statement_stream(&read_plan, values, NULL, false, digest_row, &digesting);
}

int
cb_import_rows_page(const CbImport *import, const char *verdict, int64 skip,
					int take, CbImportRow **rows, int *total)
{
	Reading		reading = {NULL, 0, take, CurrentMemoryContext};
	Datum		values[5];
	const char *nulls = verdict == NULL ? "  n  " : NULL;
	bool		isnull;

	values[0] = UUIDPGetDatum(&import->account);
	values[1] = UUIDPGetDatum(&import->id);
	values[2] = verdict == NULL ? (Datum) 0 : CStringGetTextDatum(verdict);
	values[3] = Int64GetDatum(skip);
	values[4] = Int64GetDatum(take);
	cb_statement_run(&count_rows, values, nulls);
	*total = (int) DatumGetInt64(cb_statement_value(0, 1, &isnull));
	cb_statement_free();
	reading.rows = palloc0(sizeof(CbImportRow) * (take + 1));
	cb_statement_stream(&page_rows, values, nulls, false, read_row, &reading);
	*rows = reading.rows;
	return reading.n;
}

static void
read_row(void *arg, const Datum *values, const bool *nulls)
{
	Reading    *reading = arg;
	MemoryContext old = MemoryContextSwitchTo(reading->context);
	CbImportRow *row = &reading->rows[reading->n];
	ArrayType  *cells;

	if (reading->n++ >= reading->capacity)
		cb_stored_refuse("import_row.row_number");
	cells = DatumGetArrayTypePCopy(values[6]);
	row->number = DatumGetInt32(values[0]);
	row->line = DatumGetInt32(values[1]);
	row->selected = DatumGetBool(values[2]);
	row->verdict = copy_text(values[3], nulls[3]);
	row->plan = copy_text(values[4], nulls[4]);
	row->outcome = copy_text(values[5], nulls[5]);
	row->ncells = cb_stored_texts(cells, &row->cells, &row->nulls,
								  "import_row.cells");
	row->password_hash = unconstify(char *, copy_text(values[7], nulls[7]));
	row->upload_issues = copy_json(values[8], nulls[8]);
	row->issues = copy_json(values[9], nulls[9]);
	MemoryContextSwitchTo(old);
}

static const char *
copy_text(Datum value, bool isnull)
{
	return isnull ? NULL : TextDatumGetCString(value);
}

static Jsonb *
copy_json(Datum value, bool isnull)
{
	return isnull ? NULL : DatumGetJsonbPCopy(value);
}

static void
make_columns(Column *columns, int ncolumns, int nrows)
{
	for (int i = 0; i < ncolumns; i++)
	{
		columns[i].values = palloc0(sizeof(Datum) * (nrows + 1));
		columns[i].nulls = palloc0(sizeof(bool) * (nrows + 1));
	}
}

static void
put_text(Column *column, int row, const char *text)
{
	column->nulls[row] = text == NULL;

	if (text !=NULL)
		column->values[row] = CStringGetTextDatum(text);
}

static void
put_json(Column *column, int row, Jsonb *json)
{
	column->nulls[row] = json == NULL;
	column->values[row] = JsonbPGetDatum(json);
}

static void
update(CbStatement *statement, Datum *values, int nrows)
{
	if (cb_statement_run(statement, values, NULL) != (uint64) nrows)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("rows of the import were not stored"),
				 errhint("Look for a trigger or rule on canopy.import_row.")));
}

/* A number, a letter for each of the words, and 16 bytes when there is an id. */
static void
digest_row(void *arg, const Datum *values, const bool *nulls)
{
	Digesting  *digesting = arg;
	uint8		bytes[7 + UUID_LEN];
	uint32		number = (uint32) DatumGetInt32(values[0]);
	bool		selected = DatumGetBool(values[1]);
	Size		len = 7;

	for (int i = 0; i < 4; i++)
		bytes[i] = (uint8) (number >> (24 - 8 * i));
	bytes[4] = selected ? 's' : '-';
	bytes[5] = first_letter(values[2], nulls[2]);
	bytes[6] = first_letter(values[3], nulls[3]);
	if (!nulls[4])
	{
		memcpy(bytes + len, DatumGetUUIDP(values[4])->data, UUID_LEN);
		len += UUID_LEN;
	}
	if (pg_cryptohash_update(digesting->digest, bytes, len) < 0)
		elog(ERROR, "could not compute a SHA-256");
	count_row(digesting->tally, selected, bytes[5], bytes[6]);
}

static uint8
first_letter(Datum word, bool isnull)
{
	text	   *letters = isnull ? NULL : DatumGetTextPP(word);

	return isnull || VARSIZE_ANY_EXHDR(letters) == 0 ?
		'-' : (uint8) *VARDATA_ANY(letters);
}

/* Verdict and plan by their first letters. */
static void
count_row(CbImportTally *tally, bool selected, uint8 verdict, uint8 plan)
{
	tally->valid += verdict == 'v';
	tally->warnings += verdict == 'w';
	tally->errors += verdict == 'e';
	if (!selected)
		return;
	tally->selected++;
	tally->creates += plan == 'c';
	tally->updates += plan == 'u';
	tally->skips += plan == 's';
}
