/*-------------------------------------------------------------------------
 *
 * import_result.c
 *		What became of the rows of an import, all together.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "canopy_bulk.h"
#include "db/statement.h"
#include "db/stored.h"
#include "record/import_result.h"

#define EQ " OPERATOR(pg_catalog.=) "
#define FIRST_ISSUE \
	" (issues OPERATOR(pg_catalog.->) 0) OPERATOR(pg_catalog.->>) "

/* With the field that is meant in front of it, unless it names that. */
#define FIRST_MESSAGE \
	" pg_catalog.concat(CASE WHEN NOT pg_catalog.starts_with(" \
	FIRST_ISSUE "'message', (" FIRST_ISSUE "'field') OPERATOR(pg_catalog.||) ' ')" \
	" THEN (" FIRST_ISSUE "'field') OPERATOR(pg_catalog.||) ': ' END," \
	FIRST_ISSUE "'message')"
#define IS_BAD	"outcome IS NULL AND verdict" EQ "'error'"
#define RESULT_COLUMNS \
	"row_number, line_number, outcome, skip_reason," \
	" CASE WHEN " IS_BAD " THEN" FIRST_ISSUE "'code' ELSE error_code END," \
	" CASE WHEN " IS_BAD " THEN" FIRST_MESSAGE " ELSE error_message END," \
	" code, resource_id, cells," \
	" CASE WHEN " IS_BAD " THEN verdict WHEN verdict IS NOT NULL THEN plan END"

#define RESULT \
	"row_number int4, line_number int4, outcome text?, skip_reason text?," \
	" error_code text?, error_message text?, code int4?, resource_id uuid?," \
	" cells text[], plan text?"

/* Rows of a CbImportResultChoice, parameter 3. */
#define CHOSEN \
	" WHERE account_id" EQ "$1 AND import_id" EQ "$2" \
	" AND CASE $3 WHEN 0 THEN true" \
	" WHEN 1 THEN outcome" EQ "'created'" \
	" WHEN 2 THEN outcome" EQ "'updated'" \
	" WHEN 3 THEN outcome" EQ "'skipped'" \
	" WHEN 4 THEN outcome" EQ "'failed'" \
	" ELSE outcome" EQ "'failed' OR skip_reason" EQ "'cancelled'" \
	" OR error_code IS NOT NULL OR " IS_BAD " END"

/* Parameters: account, import, choice, last number, how many. */
static CbStatement read_results = {
	"SELECT " RESULT_COLUMNS " FROM canopy.import_row" CHOSEN
	" AND row_number OPERATOR(pg_catalog.>) $4"
	" ORDER BY row_number LIMIT $5",
	5, {UUIDOID, UUIDOID, INT4OID, INT4OID, INT8OID}, SPI_OK_SELECT,
	.returns = RESULT
};

/* Parameters: account, import, choice, how many to leave out and to take. */
static CbStatement page_results = {
	"SELECT " RESULT_COLUMNS " FROM canopy.import_row" CHOSEN
	" ORDER BY row_number OFFSET $4 LIMIT $5",
	5, {UUIDOID, UUIDOID, INT4OID, INT8OID, INT8OID}, SPI_OK_SELECT,
	.returns = RESULT
};

/* Parameters: account, import, choice. */
static CbStatement count_results = {
	"SELECT pg_catalog.count(*) FROM canopy.import_row" CHOSEN,
	3, {UUIDOID, UUIDOID, INT4OID}, SPI_OK_SELECT,
	.returns = "n int8"
};

/* Parameters: account, import, first and last number, selected rows too. */
static CbStatement skip_rows = {
	"UPDATE canopy.import_row SET outcome = 'skipped',"
	" skip_reason = CASE WHEN selected THEN 'cancelled' ELSE 'deselected' END,"
	" error_code = CASE WHEN verdict" EQ "'error' THEN" FIRST_ISSUE "'code' END,"
	" error_message = CASE WHEN verdict" EQ "'error' THEN" FIRST_MESSAGE " END"
	" WHERE account_id" EQ "$1 AND import_id" EQ "$2"
	" AND row_number OPERATOR(pg_catalog.>=) $3"
	" AND row_number OPERATOR(pg_catalog.<=) $4"
	" AND outcome IS NULL AND ($5 OR NOT selected)",
	5, {UUIDOID, UUIDOID, INT4OID, INT4OID, BOOLOID}, SPI_OK_UPDATE
};

/* Parameters: account, import. */
static CbStatement count_rows = {
	"SELECT pg_catalog.count(*) FILTER (WHERE outcome" EQ "ANY ('{created,updated}')"
	" OR skip_reason" EQ "'exists'),"
	" pg_catalog.count(*) FILTER (WHERE outcome" EQ "'failed'),"
	" pg_catalog.count(*) FILTER (WHERE skip_reason" EQ "ANY ('{deselected,cancelled}')),"
	" pg_catalog.count(*) FILTER (WHERE outcome IS NULL)"
	" FROM canopy.import_row"
	" WHERE account_id" EQ "$1 AND import_id" EQ "$2",
	2, {UUIDOID, UUIDOID}, SPI_OK_SELECT,
	.returns = "succeeded int8, failed int8, skipped int8, without int8"
};

/* Of a row: its error, with what it has become or is to become. */
#define ERROR_OF \
	"coalesce(error_code, CASE WHEN outcome IS NULL AND verdict" EQ "'error'" \
	" THEN" FIRST_ISSUE "'code' END)"
#define BECOMES(outcome, plan_word) \
	" pg_catalog.count(*) FILTER (WHERE " ERROR_OF " IS NULL AND" \
	" CASE WHEN outcome IS NULL THEN plan" EQ plan_word \
	" ELSE outcome" EQ outcome " END)"

/* Parameters: account, import. */
static CbStatement sum_rows = {
	"SELECT " ERROR_OF ", pg_catalog.count(*),"
	BECOMES("'created'", "'create'") "," BECOMES("'updated'", "'update'")
	" FROM canopy.import_row"
	" WHERE account_id" EQ "$1 AND import_id" EQ "$2 GROUP BY 1",
	2, {UUIDOID, UUIDOID}, SPI_OK_SELECT,
	.returns = "error_code text?, n int8, created int8, updated int8"
};

/* For read_result. */
typedef struct Reading
{
	CbImportRowResult *results;
	int			n;
	MemoryContext context;
} Reading;

static void begin_values(const CbImport *import, CbImportResultChoice choice,
						 Datum *values);
static void read_result(void *arg, const Datum *values, const bool *nulls);
static const char *copy_text(Datum value, bool isnull);

int
cb_import_results_read(const CbImport *import, CbImportResultChoice choice,
					   int last, int take, CbImportRowResult **results)
{
	Reading		reading = {palloc0(sizeof(CbImportRowResult) * take), 0,
	CurrentMemoryContext};
	Datum		values[5];

	begin_values(import, choice, values);
	values[3] = Int32GetDatum(last);
	values[4] = Int64GetDatum(take);
	cb_statement_stream(&read_results, values, NULL, false, read_result, &reading);
	*results = reading.results;
	return reading.n;
}

int
cb_import_results_page(const CbImport *import, CbImportResultChoice choice,
					   int64 skip, int take, CbImportRowResult **results,
					   int *total)
{
	Reading		reading = {palloc0(sizeof(CbImportRowResult) * take), 0,
	CurrentMemoryContext};
	Datum		values[5];
	bool		isnull;

	begin_values(import, choice, values);
	values[3] = Int64GetDatum(skip);
	values[4] = Int64GetDatum(take);
	cb_statement_stream(&page_results, values, NULL, false, read_result, &reading);
	*results = reading.results;
	cb_statement_run(&count_results, values, NULL);
	*total = (int) DatumGetInt64(cb_statement_value(0, 1, &isnull));
	cb_statement_free();
	return reading.n;
}

static void
begin_values(const CbImport *import, CbImportResultChoice choice, Datum *values)
{
	values[0] = UUIDPGetDatum(&import->account);
	values[1] = UUIDPGetDatum(&import->id);
	values[2] = Int32GetDatum((int) choice);
}

static void
read_result(void *arg, const Datum *values, const bool *nulls)
{
	Reading    *reading = arg;
	MemoryContext old = MemoryContextSwitchTo(reading->context);
	CbImportRowResult *result = &reading->results[reading->n++];

	result->number = DatumGetInt32(values[0]);
	result->line = DatumGetInt32(values[1]);
	result->outcome = copy_text(values[2], nulls[2]);
	result->skip_reason = copy_text(values[3], nulls[3]);
	result->error_code = copy_text(values[4], nulls[4]);
	result->error_message = copy_text(values[5], nulls[5]);
	result->code = nulls[6] ? 0 : DatumGetInt32(values[6]);
	result->has_resource = !nulls[7];
	if (!nulls[7])
		result->resource = *DatumGetUUIDP(values[7]);
	result->ncells = cb_stored_texts(DatumGetArrayTypePCopy(values[8]),
									 &result->cells, &result->nulls,
									 "import_row.cells");
	result->plan = copy_text(values[9], nulls[9]);
	MemoryContextSwitchTo(old);
}

static const char *
copy_text(Datum value, bool isnull)
{
	return isnull ? NULL : TextDatumGetCString(value);
}

int
cb_import_rows_skip(const CbImport *import, int first, int last, bool cancelled)
{
	Datum		values[5];

	values[0] = UUIDPGetDatum(&import->account);
	values[1] = UUIDPGetDatum(&import->id);
	values[2] = Int32GetDatum(first);
	values[3] = Int32GetDatum(last);
	values[4] = BoolGetDatum(cancelled);
	return (int) cb_statement_run(&skip_rows, values, NULL);
}

void
cb_import_rows_count(const CbImport *import, CbImportOutcomes *outcomes)
{
	int		   *counts[] = {
		&outcomes->succeeded, &outcomes->failed, &outcomes->skipped,
		&outcomes->without
	};
	Datum		values[2];
	bool		isnull;

	values[0] = UUIDPGetDatum(&import->account);
	values[1] = UUIDPGetDatum(&import->id);
	cb_statement_run(&count_rows, values, NULL);
	for (size_t i = 0; i < lengthof(counts); i++)
		*counts[i] = (int) DatumGetInt64(cb_statement_value(0, (int) i + 1, &isnull));
	cb_statement_free();
}

void
cb_import_rows_sum(const CbImport *import, CbImportSums *sums)
{
	Datum		values[2];
	bool		isnull;
	int			n;

	memset(sums, 0, sizeof(CbImportSums));
	values[0] = UUIDPGetDatum(&import->account);
	values[1] = UUIDPGetDatum(&import->id);
	n = (int) cb_statement_run(&sum_rows, values, NULL);
	sums->errors = palloc(sizeof(CbImportErrorSum) * (n + 1));
	for (int i = 0; i < n; i++)
	{
		Datum		code = cb_statement_value(i, 1, &isnull);
		bool		good = isnull;
		int			count = (int) DatumGetInt64(cb_statement_value(i, 2, &isnull));

		sums->created += (int) DatumGetInt64(cb_statement_value(i, 3, &isnull));
		sums->updated += (int) DatumGetInt64(cb_statement_value(i, 4, &isnull));
		if (good)
			sums->skipped = count - sums->created - sums->updated;
		else
		{
			sums->errors[sums->nerrors].code = TextDatumGetCString(code);
			sums->errors[sums->nerrors++].count = count;
			sums->failed += count;
		}
	}
	cb_statement_free();
}
