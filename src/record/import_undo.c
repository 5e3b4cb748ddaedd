/*-------------------------------------------------------------------------
 *
 * import_undo.c
 *		What undoing an import reads and stores.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/statement.h"
#include "record/import_undo.h"

#define EQ " OPERATOR(pg_catalog.=) "
#define OF_IMPORT " account_id" EQ "$1 AND import_id" EQ "$2"

/* Parameters: account, import, whether it has been undone. */
static CbStatement read_rows = {
	"SELECT row_number, outcome" EQ "'created', resource_id, before"
	" FROM canopy.import_row WHERE" OF_IMPORT
	" AND outcome" EQ "ANY ('{created,updated}'::pg_catalog.text[])"
	" AND (NOT $3 OR undo_outcome" EQ "'error')"
	" ORDER BY row_number",
	3, {UUIDOID, UUIDOID, BOOLOID}, SPI_OK_SELECT,
	.returns = "row_number int4, created bool, resource_id uuid?, before jsonb?"
};

/* Parameters: account, import; arrays of number, outcome, reason. */
static CbStatement save_rows = {
	"UPDATE canopy.import_row AS r SET undo_outcome = u.outcome,"
	" undo_reason = u.reason"
	" FROM ROWS FROM (pg_catalog.unnest($3), pg_catalog.unnest($4),"
	" pg_catalog.unnest($5)) AS u (number, outcome, reason)"
	" WHERE r.account_id" EQ "$1 AND r.import_id" EQ "$2"
	" AND r.row_number" EQ "u.number",
	5, {UUIDOID, UUIDOID, INT4ARRAYOID, TEXTARRAYOID, TEXTARRAYOID},
	SPI_OK_UPDATE
};

/* Parameters: account, id, time. */
static CbStatement finish = {
	"UPDATE canopy.import SET status = 'undone', undone_at = $3,"
	" lease_until = NULL WHERE account_id" EQ "$1 AND id" EQ "$2",
	3, {UUIDOID, UUIDOID, TIMESTAMPTZOID}, SPI_OK_UPDATE
};

/* For read_row. */
typedef struct Reading
{
	CbImportUndoRow *rows;
	int			n;
	int			room;
	MemoryContext context;
} Reading;

static void read_row(void *arg, const Datum *values, const bool *nulls);
static void update(CbStatement *statement, Datum *values, int nrows);

int
cb_import_undo_read(const CbImport *import, CbImportUndoRow **rows)
{
	Reading		reading = {NULL, 0, import->row_count + 1, CurrentMemoryContext};
	Datum		values[3];

	reading.rows = palloc(sizeof(CbImportUndoRow) * reading.room);
	values[0] = UUIDPGetDatum(&import->account);
	values[1] = UUIDPGetDatum(&import->id);
	values[2] = BoolGetDatum(import->status == CB_IMPORT_UNDONE);
	cb_statement_stream(&read_rows, values, NULL, false, read_row, &reading);
	*rows = reading.rows;
	return reading.n;
}

void
cb_import_undo_save(const CbImport *import, const CbImportUndoRow *rows, int n)
{
	Datum	   *numbers = palloc(sizeof(Datum) * (n + 1));
	Datum	   *outcomes = palloc(sizeof(Datum) * (n + 1));
	Datum	   *reasons = palloc0(sizeof(Datum) * (n + 1));
	bool	   *nulls = palloc(sizeof(bool) * (n + 1));
	Datum		values[5];

	for (int i = 0; i < n; i++)
	{
		numbers[i] = Int32GetDatum(rows[i].number);
		outcomes[i] = CStringGetTextDatum(rows[i].outcome);
		nulls[i] = rows[i].reason == NULL;
		if (!nulls[i])
			reasons[i] = CStringGetTextDatum(rows[i].reason);
	}
	values[0] = UUIDPGetDatum(&import->account);
	values[1] = UUIDPGetDatum(&import->id);
	values[2] = cb_statement_array(numbers, NULL, n, INT4OID);
	values[3] = cb_statement_array(outcomes, NULL, n, TEXTOID);
	values[4] = cb_statement_array(reasons, nulls, n, TEXTOID);
	update(&save_rows, values, n);
}

void
cb_import_undo_finish(CbImport *import, TimestampTz now)
{
	Datum		values[3];

	values[0] = UUIDPGetDatum(&import->account);
	values[1] = UUIDPGetDatum(&import->id);
	values[2] = TimestampTzGetDatum(now);
	update(&finish, values, 1);
	import->status = CB_IMPORT_UNDONE;
}

static void
read_row(void *arg, const Datum *values, const bool *nulls)
{
	Reading    *reading = arg;
	MemoryContext old = MemoryContextSwitchTo(reading->context);
	CbImportUndoRow *row;

	if (reading->n == reading->room)
	{
		reading->room *= 2;
		reading->rows = repalloc(reading->rows,
								 sizeof(CbImportUndoRow) * reading->room);
	}
	row = &reading->rows[reading->n++];
	memset(row, 0, sizeof(CbImportUndoRow));
	row->number = DatumGetInt32(values[0]);
	row->created = DatumGetBool(values[1]);
	if (!nulls[2])
		row->resource = *DatumGetUUIDP(values[2]);
	row->before = nulls[3] ? NULL : DatumGetJsonbPCopy(values[3]);
	MemoryContextSwitchTo(old);
}

static void
update(CbStatement *statement, Datum *values, int nrows)
{
	if (cb_statement_run(statement, values, NULL) != (uint64) nrows)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("what was undone was not stored"),
				 errhint("Look for a trigger or rule on canopy.import and canopy.import_row.")));
}
