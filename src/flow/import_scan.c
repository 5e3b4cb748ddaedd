/*-------------------------------------------------------------------------
 *
 * import_scan.c
 *		The first reading of an uploaded file: counts, samples, passwords.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "canopy_bulk.h"
#include "flow/import_scan.h"
#include "input/cell.h"

static void begin_passwords(CbImportScan *scan);
static void scan_password(CbImportScan *scan, int row,
						  const CbCsvRecord *record);
static CbCode judge_password(const CbCsvCell *cell);
static void take_samples(CbImportScan *scan, const CbImport *import,
						 const CbCsvRecord *record);
static void check_count(int nrows);

void
cb_import_scan(const CbImportFile *file, const CbImport *import,
			   CbCsvReader *reader, CbImportScan *scan)
{
	CbCsvRecord record;

	memset(scan, 0, sizeof(CbImportScan));
	scan->password_column = cb_import_column_of(import, "password");
	scan->hash_column = cb_import_column_of(import, "password_hash");
	if (scan->password_column > 0)
		begin_passwords(scan);
	cb_import_file_rewind(file, reader);
	scan->widths = palloc0(sizeof(int) * (CB_CSV_CELLS_MAX + 1));
	cb_import_next_record(reader, &record);
	scan->header_width = (int) record.cell_count;
	for (; cb_import_next_record(reader, &record); scan->nrows++)
	{
		CHECK_FOR_INTERRUPTS();
		if (scan->nrows >= CB_IMPORT_MAX_ROWS)
			continue;
		if (record.cell_count <= CB_CSV_CELLS_MAX)
			scan->widths[record.cell_count]++;
		if (scan->password_column > 0)
			scan_password(scan, scan->nrows, &record);
		if (scan->samples.n < CB_IMPORT_SAMPLES)
			take_samples(scan, import, &record);
	}
	for (int i = 0; i < import->ncolumns; i++)
		cb_import_sample(&scan->samples, import->columns[i].header,
						 strlen(import->columns[i].header));
	scan->ncomments = (int) reader->comment_count;
	check_count(scan->nrows);
	if (scan->passwords != NULL)
		cb_passwords_hash(scan->passwords, &import->account);
}

bool
cb_import_next_record(CbCsvReader *reader, CbCsvRecord *record)
{
	do
	{
		if (!cb_csv_next_record(reader, record))
			return false;
	} while (record->filled_count == 0);
	return true;
}

static void
begin_passwords(CbImportScan *scan)
{
	scan->row_passwords = palloc(sizeof(CbImportPassword) * CB_IMPORT_MAX_ROWS);
	scan->passwords = cb_passwords_create(CurrentMemoryContext,
										  CB_IMPORT_MAX_ROWS);
}

/* A password is taken as it stands, blanks and all. */
static void
scan_password(CbImportScan *scan, int row, const CbCsvRecord *record)
{
	CbImportPassword *password = &scan->row_passwords[row];
	const CbCsvCell *cell;

	password->slot = -1;
	password->problem = CB_OK;
	if ((size_t) scan->password_column > record->kept_count)
		return;
	cell = &record->cells[scan->password_column - 1];
	if (cb_import_is_blank(cell))
		return;
	password->problem = judge_password(cell);
	if (password->problem != CB_OK)
		return;
	password->slot = cb_passwords_add(scan->passwords, cell->ptr, cell->len);
	if (cb_passwords_breached(scan->passwords, password->slot))
	{
		cb_passwords_drop(scan->passwords, password->slot);
		password->slot = -1;
		password->problem = CB_PASSWORD_BREACHED;
	}
}

static CbCode
judge_password(const CbCsvCell *cell)
{
	switch (cb_password_check(cell->ptr, cell->len))
	{
		case CB_PASSWORD_GOOD:
			return CB_OK;
		case CB_PASSWORD_SHORT:
			return CB_PASSWORD_TOO_SHORT;
		case CB_PASSWORD_LONG:
			return CB_PASSWORD_TOO_LONG;
		case CB_PASSWORD_HASHED:
			return CB_PASSWORD_LOOKS_HASHED;
		case CB_PASSWORD_MALFORMED:
			break;
	}
	return CB_INVALID_VALUE;
}

bool
cb_import_is_blank(const CbCsvCell *cell)
{
	CbCellKind	kind;

	const char *text = cell->ptr;
	Size		len = cell->len;

	cb_import_trim(&text, &len);
	kind = cb_cell_kind(text, len);
	return len == 0 || kind == CB_CELL_NULL || kind == CB_CELL_NULL_WORD;
}

/* Cells that tell whether the encoding was the right one. */
static void
take_samples(CbImportScan *scan, const CbImport *import,
			 const CbCsvRecord *record)
{
	for (int i = 0; i < import->ncolumns && i < (int) record->kept_count; i++)
	{
		if (!import->columns[i].secret)
			cb_import_sample(&scan->samples, record->cells[i].ptr,
							 record->cells[i].len);
	}
}

static void
check_count(int nrows)
{
	if (nrows == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("file has no rows"),
				 errhint("There is nothing below its header but comments and blank lines.")));
	if (nrows > CB_IMPORT_MAX_ROWS)
		ereport(ERROR,
				(errcode(CB_ERRCODE_TOO_LARGE),
				 errmsg("file has too many rows"),
				 errdetail("It has %d rows; at most %d are allowed.",
						   nrows, CB_IMPORT_MAX_ROWS),
				 errhint("Split it into several files.")));
}
