/*-------------------------------------------------------------------------
 *
 * import_csv.c
 *		The results of an import, as a CSV file.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "canopy_bulk.h"
#include "db/uuid7.h"
#include "flow/import_csv.h"
#include "input/csv.h"
#include "input/csv_write.h"

#define ROWS_AT_A_TIME	500
#define ERROR_CODE		"error_code"
#define ERROR_MESSAGE	"error_message"

/* A file that is being written. */
typedef struct Writing
{
	const CbImportCall *call;
	const CbImport *import;
	StringInfo	file;
	char		delimiter;
	bool		all;			/* every record, or those to be sent again */
	bool		first;			/* of the record */
} Writing;

static bool wants_all(const char *which);
static void write_header(Writing *writing);
static void write_rows(Writing *writing);
static void write_row(Writing *writing, const CbImportRowResult *result);
static bool has_cells(const Writing *writing, const CbImportRowResult *result);
static void write_comment(Writing *writing, const CbImportRowResult *result);
static void write_uploaded(Writing *writing, const CbImportRowResult *result);
static bool is_our_column(const CbImportColumn *column);
static void write_number(Writing *writing, int number);
static void write_text(Writing *writing, const char *text);
static void write_cell(Writing *writing, const char *cell, Size len);
static void end_record(Writing *writing);

void
cb_import_csv(const pg_uuid_t *id, const char *account, const char *which,
			  bool byte_order_mark, StringInfo file)
{
	CbImportCall call;
	Writing		writing = {&call, NULL, file, ',', wants_all(which), true};

	cb_import_begin(&call, id, account);
	cb_import_require(call.import,
					  CB_IMPORT_ENDED | CB_IMPORT_IN(CB_IMPORT_PREVIEWED),
					  "Results are there when the import has ended, or was previewed.");
	writing.import = call.import;
	if (call.import->delimiter != NULL &&
		cb_csv_is_delimiter(call.import->delimiter[0]))
		writing.delimiter = call.import->delimiter[0];
	if (byte_order_mark)
		appendStringInfoString(file, CB_CSV_BYTE_ORDER_MARK);
	write_header(&writing);
	write_rows(&writing);
	cb_import_end(&call);
}

const char *
cb_import_csv_disposition(const char *which)
{
	return which[0] == 'a' ? "attachment; filename=\"import.csv\"" :
		"attachment; filename=\"import_failed.csv\"";
}

static bool
wants_all(const char *which)
{
	if (strcmp(which, "all") != 0 && strcmp(which, "failed") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid choice of results"),
				 errhint("It is all or failed.")));
	return which[0] == 'a';
}

static void
write_header(Writing *writing)
{
	if (writing->all)
	{
		write_text(writing, "row_number");
		write_text(writing, "line_number");
	}
	for (int i = 0; i < writing->import->ncolumns; i++)
	{
		if (!is_our_column(&writing->import->columns[i]))
			write_text(writing, writing->import->columns[i].header);
	}
	if (writing->all)
	{
		write_text(writing, "outcome");
		write_text(writing, "skip_reason");
		write_text(writing, "code");
		write_text(writing, "id");
	}
	write_text(writing, ERROR_CODE);
	write_text(writing, ERROR_MESSAGE);
	end_record(writing);
}

static void
write_rows(Writing *writing)
{
	MemoryContext rows = AllocSetContextCreate(CurrentMemoryContext,
											   "canopy_bulk results",
											   ALLOCSET_DEFAULT_SIZES);
	int			last = 0;
	int			n;

	do
	{
		CbImportRowResult *results;
		MemoryContext old = MemoryContextSwitchTo(rows);

		n = cb_import_results_read(writing->import,
								   writing->all ? CB_IMPORT_ALL_RESULTS :
								   CB_IMPORT_UNDONE_RESULTS,
								   last, ROWS_AT_A_TIME, &results);
		cb_import_results_hide(writing->call, results, n);
		for (int i = 0; i < n; i++)
			write_row(writing, &results[i]);
		if (n > 0)
			last = results[n - 1].number;
		MemoryContextSwitchTo(old);
		MemoryContextReset(rows);
	} while (n == ROWS_AT_A_TIME);
	MemoryContextDelete(rows);
}

static void
write_row(Writing *writing, const CbImportRowResult *result)
{
	if (!writing->all && !has_cells(writing, result))
	{
		write_comment(writing, result);
		return;
	}
	if (writing->all)
	{
		write_number(writing, result->number);
		write_number(writing, result->line);
	}
	write_uploaded(writing, result);
	if (writing->all)
	{
		char		id[CB_UUID_TEXT_LEN + 1] = "";

		if (result->has_resource)
			cb_uuid_format(&result->resource, id);
		write_text(writing, result->outcome == NULL ? result->plan :
				   result->outcome);
		write_text(writing, result->skip_reason);
		if (result->code == 0)
			write_text(writing, NULL);
		else
			write_number(writing, result->code);
		write_text(writing, id);
	}
	write_text(writing, result->error_code);
	write_text(writing, result->error_message);
	end_record(writing);
}

/* Has a row a cell that was kept? */
static bool
has_cells(const Writing *writing, const CbImportRowResult *result)
{
	for (int i = 0; i < writing->import->ncolumns && i < result->ncells; i++)
	{
		if (!result->nulls[i] && !is_our_column(&writing->import->columns[i]))
			return true;
	}
	return false;
}

/*
 * A row of which nothing was kept, because a secret may have slipped into any of its
 * cells, cannot be sent again as it is: a comment tells where it is.
 */
static void
write_comment(Writing *writing, const CbImportRowResult *result)
{
	appendStringInfo(writing->file, "# Line %d of the file is left out, because its cells are not kept.%s%s",
					 result->line, result->error_message == NULL ? "" : " ",
					 result->error_message == NULL ? "" : result->error_message);
	end_record(writing);
}

/* What a ragged record has behind the last column is left out. */
static void
write_uploaded(Writing *writing, const CbImportRowResult *result)
{
	int			ncolumns = writing->import->ncolumns;

	for (int i = 0; i < ncolumns; i++)
	{
		if (is_our_column(&writing->import->columns[i]))
			continue;
		if (i >= result->ncells || result->nulls[i])
			write_text(writing, NULL);
		else
			write_cell(writing, VARDATA_ANY(DatumGetPointer(result->cells[i])),
					   VARSIZE_ANY_EXHDR(DatumGetPointer(result->cells[i])));
	}
}

/* A file of ours that was uploaded again has the columns that we add. */
static bool
is_our_column(const CbImportColumn *column)
{
	return column->field == NULL &&
		(strcmp(column->header, ERROR_CODE) == 0 ||
		 strcmp(column->header, ERROR_MESSAGE) == 0);
}

static void
write_number(Writing *writing, int number)
{
	char		digits[12];

	pg_ltoa(number, digits);
	write_text(writing, digits);
}

/* NULL is an empty cell. */
static void
write_text(Writing *writing, const char *text)
{
	write_cell(writing, text == NULL ? "" : text, text == NULL ? 0 : strlen(text));
}

static void
write_cell(Writing *writing, const char *cell, Size len)
{
	StringInfo	file = writing->file;

	enlargeStringInfo(file, (int) CB_CSV_CELL_ROOM(len));
	file->len += cb_csv_write_cell(writing->delimiter, writing->first, cell, len,
								   file->data + file->len);
	file->data[file->len] = '\0';
	writing->first = false;
}

static void
end_record(Writing *writing)
{
	StringInfo	file = writing->file;

	enlargeStringInfo(file, CB_CSV_END_ROOM);
	file->len += cb_csv_write_end(file->data + file->len);
	file->data[file->len] = '\0';
	writing->first = true;
}
