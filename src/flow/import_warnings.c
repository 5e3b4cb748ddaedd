/*-------------------------------------------------------------------------
 *
 * import_warnings.c
 *		What looks wrong in a row that would be written.
 *
 * None of it stops a row: a mistyped domain may exist, and a name in capitals is
 * a name.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "flow/import_warnings.h"
#include "input/cell.h"
#include "input/email.h"
#include "input/warning.h"

#define EXISTS_CODE		"already_exists"
#define EXISTS_MESSAGE	"The address exists already; the row will be skipped."

static void warn_of_email(const CbImport *import, const CbImportRow *row,
						  CbImportVerdict *verdict);
static void warn_of_names(const CbImport *import, const CbImportRow *row,
						  CbImportVerdict *verdict);
static void warn_of_cells(const CbImport *import, const CbImportRow *row,
						  CbImportVerdict *verdict);
static void warn_of_cell(const CbImport *import, CbImportVerdict *verdict,
						 const CbText *cell, const char *field, int column);
static CbImportNote *add_warning(CbImportVerdict *verdict, CbWarning warning,
								 const char *field, int column);

void
cb_import_warn(const CbImport *import, const CbImportRow *row,
			   CbImportVerdict *verdict)
{
	if (verdict->outcome == CB_SKIPPED)
	{
		CbImportNote *note = cb_import_note(verdict, EXISTS_CODE, EXISTS_MESSAGE,
											"email",
											cb_import_column_of(import, "email"));

		note->is_warning = true;
		return;
	}
	warn_of_email(import, row, verdict);
	warn_of_names(import, row, verdict);
	warn_of_cells(import, row, verdict);
}

static void
warn_of_email(const CbImport *import, const CbImportRow *row,
			  CbImportVerdict *verdict)
{
	int			column = cb_import_column_of(import, "email");
	char		email[CB_EMAIL_MAX + 1];
	const char *meant;
	CbText		cell;
	CbWarning	warning;

	if (column == 0 || !cb_import_cell(row, column, &cell) ||
		cb_email_canonicalise(cell.val, cell.len, email) != CB_EMAIL_OK)
		return;
	warning = cb_warning_email(email, strlen(email), &meant);
	if (warning != CB_WARNING_NONE)
		add_warning(verdict, warning, "email", column)->closest = meant;
}

static void
warn_of_names(const CbImport *import, const CbImportRow *row,
			  CbImportVerdict *verdict)
{
	static const char *const fields[] = {
		"first_name", "last_name", "firstName", "lastName"
	};

	for (size_t i = 0; i < lengthof(fields); i++)
	{
		int			column = cb_import_column_of(import, fields[i]);
		CbText		cell;
		CbWarning	warning;

		if (column == 0 || !cb_import_cell(row, column, &cell))
			continue;
		warning = cb_warning_name(cell.val, cell.len);
		if (warning != CB_WARNING_NONE)
			add_warning(verdict, warning, fields[i], column);
	}
}

static void
warn_of_cells(const CbImport *import, const CbImportRow *row,
			  CbImportVerdict *verdict)
{
	for (int i = 0; i < import->ncolumns; i++)
	{
		const char *field = import->columns[i].field;
		CbText		cell;

		if (field != NULL && cb_import_cell(row, i + 1, &cell))
			warn_of_cell(import, verdict, &cell, field, i + 1);
	}
}

static void
warn_of_cell(const CbImport *import, CbImportVerdict *verdict, const CbText *cell,
			 const char *field, int column)
{
	const char *code;
	const char *message;

	switch (cb_cell_kind(cell->val, (Size) cell->len))
	{
		case CB_CELL_ERROR:
			code = "spreadsheet_error";
			message = "The cell has the error of a spreadsheet's formula; it is taken as empty.";
			break;
		case CB_CELL_NULL_WORD:
			if (!cb_import_requires(import, field))
				return;
			/* fall through */
		case CB_CELL_DASH:
			code = "null_marker";
			message = "The cell seems to say that there is no value; it is taken as it is.";
			break;
		default:
			return;
	}
	cb_import_note(verdict, code, message, field, column)->is_warning = true;
}

static CbImportNote *
add_warning(CbImportVerdict *verdict, CbWarning warning, const char *field,
			int column)
{
	CbImportNote *note = cb_import_note(verdict, cb_warning_code(warning),
										cb_warning_message(warning), field,
										column);

	note->is_warning = true;
	return note;
}
