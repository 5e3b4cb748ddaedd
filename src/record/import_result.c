/*-------------------------------------------------------------------------
 *
 * import_result.c
 *		What became of the rows of an import, all together.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "db/statement.h"
#include "record/import_result.h"

#define EQ " OPERATOR(pg_catalog.=) "

/* Parameters: account, import, first and last number, selected rows too. */
static CbStatement skip_rows = {
	"UPDATE canopy.import_row SET outcome = 'skipped',"
	" skip_reason = CASE WHEN selected THEN 'cancelled' ELSE 'deselected' END"
	" WHERE account_id" EQ "$1 AND import_id" EQ "$2"
	" AND row_number OPERATOR(pg_catalog.>=) $3"
	" AND row_number OPERATOR(pg_catalog.<=) $4"
	" AND outcome IS NULL AND ($5 OR NOT selected)",
	5, {UUIDOID, UUIDOID, INT4OID, INT4OID, BOOLOID}, SPI_OK_UPDATE
};

/* Parameters: account, import. */
static CbStatement count_rows = {
	"SELECT pg_catalog.count(*) FILTER (WHERE outcome IN ('created', 'updated')"
	" OR skip_reason" EQ "'exists'),"
	" pg_catalog.count(*) FILTER (WHERE outcome" EQ "'failed'),"
	" pg_catalog.count(*) FILTER (WHERE skip_reason IN ('deselected', 'cancelled')),"
	" pg_catalog.count(*) FILTER (WHERE outcome IS NULL)"
	" FROM canopy.import_row"
	" WHERE account_id" EQ "$1 AND import_id" EQ "$2",
	2, {UUIDOID, UUIDOID}, SPI_OK_SELECT
};

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
