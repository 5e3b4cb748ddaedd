/*-------------------------------------------------------------------------
 *
 * import_scan.c
 *		The first reading of an uploaded file: counts, samples, passwords.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"

#include "canopy_bulk.h"
#include "flow/import_scan.h"

#define SAMPLE_MAX		80		/* bytes of a sample */

static void begin_passwords(CbImportScan *scan);
static void scan_password(CbImportScan *scan, int row,
						  const CbCsvRecord *record);
static CbCode judge_password(const CbCsvCell *cell);
static bool is_blank(const CbCsvCell *cell);
static void take_samples(CbImportScan *scan, const CbImport *import,
						 const CbCsvRecord *record);
static bool is_ascii(const CbCsvCell *cell);
static bool has_sample(const CbImportScan *scan, const char *sample);
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
	cb_import_next_record(reader, &record);
	for (; cb_import_next_record(reader, &record); scan->nrows++)
	{
		CHECK_FOR_INTERRUPTS();
		if (scan->nrows >= CB_IMPORT_MAX_ROWS)
			continue;
		if (scan->password_column > 0)
			scan_password(scan, scan->nrows, &record);
		if (scan->nsamples < CB_IMPORT_SAMPLES)
			take_samples(scan, import, &record);
	}
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
	if (is_blank(cell))
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

static bool
is_blank(const CbCsvCell *cell)
{
	const char *text = cell->ptr;
	Size		len = cell->len;

	cb_import_trim(&text, &len);
	return len == 0;
}

/* Cells that tell whether the encoding was the right one. */
static void
take_samples(CbImportScan *scan, const CbImport *import,
			 const CbCsvRecord *record)
{
	for (int i = 0; i < import->ncolumns && i < (int) record->kept_count; i++)
	{
		const CbCsvCell *cell = &record->cells[i];
		char	   *sample;

		if (scan->nsamples == CB_IMPORT_SAMPLES)
			return;
		if (import->columns[i].secret || is_ascii(cell))
			continue;
		sample = pnstrdup(cell->ptr, pg_mbcliplen(cell->ptr, (int) cell->len,
												  SAMPLE_MAX));
		if (!has_sample(scan, sample))
			scan->samples[scan->nsamples++] = sample;
	}
}

static bool
is_ascii(const CbCsvCell *cell)
{
	for (size_t i = 0; i < cell->len; i++)
	{
		if (IS_HIGHBIT_SET(cell->ptr[i]))
			return false;
	}
	return true;
}

static bool
has_sample(const CbImportScan *scan, const char *sample)
{
	for (int i = 0; i < scan->nsamples; i++)
	{
		if (strcmp(scan->samples[i], sample) == 0)
			return true;
	}
	return false;
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
