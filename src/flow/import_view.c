/*-------------------------------------------------------------------------
 *
 * import_view.c
 *		What there is to see of an import: itself, and pages of its rows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "db/page.h"
#include "flow/import_steps.h"

static void check_verdict(const char *verdict);
static void write_row(CbJson *json, const CbImportRow *row);
static void write_json(CbJson *json, const Jsonb *value);

Jsonb *
cb_wizard_info(const pg_uuid_t *id, const char *account)
{
	CbImportCall call;
	Jsonb	   *answer;

	cb_import_begin(&call, id, account);
	answer = cb_import_describe(call.import);
	cb_import_end(&call);
	return answer;
}

Jsonb *
cb_wizard_rows(const pg_uuid_t *id, const char *verdict, int page, int take,
			   const char *account)
{
	CbPage		place = {page, take};
	CbImportCall call;
	CbImportRow *rows;
	CbJson	   *json = cb_json_create(8192);
	Jsonb	   *answer;
	int			total;
	int			n;

	cb_page_check(&place);
	check_verdict(verdict);
	cb_import_begin(&call, id, account);
	n = cb_import_rows_page(call.import, verdict, cb_page_offset(&place), take, &rows,
							&total);
	cb_page_begin(json, n);
	for (int i = 0; i < n; i++)
		write_row(json, &rows[i]);
	cb_page_end(json, &place, total);
	answer = cb_json_finish(json);
	cb_import_end(&call);
	return answer;
}

static void
check_verdict(const char *verdict)
{
	if (verdict != NULL && strcmp(verdict, "valid") != 0 &&
		strcmp(verdict, "warning") != 0 && strcmp(verdict, "error") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value of verdict"),
				 errhint("It is valid, warning or error.")));
}

static void
write_row(CbJson *json, const CbImportRow *row)
{
	static CbJsonShape keys = {8, {"plan", "cells", "issues", "outcome", "verdict",
	"selected", "row_number", "line_number"}};

	cb_json_shape(json, &keys);
	cb_json_cstring(json, row->plan);
	cb_json_array(json, row->ncells);
	for (int i = 0; i < row->ncells; i++)
	{
		if (row->nulls[i])
			cb_json_null(json);
		else
			cb_json_string(json, VARDATA_ANY(DatumGetPointer(row->cells[i])),
						   VARSIZE_ANY_EXHDR(DatumGetPointer(row->cells[i])));
	}
	write_json(json, row->issues);
	cb_json_cstring(json, row->outcome);
	cb_json_cstring(json, row->verdict);
	cb_json_bool(json, row->selected);
	cb_json_int(json, row->number);
	cb_json_int(json, row->line);
}

static void
write_json(CbJson *json, const Jsonb *value)
{
	if (value == NULL)
		cb_json_array(json, 0);
	else
		cb_json_container(json, &value->root, VARSIZE(value) - VARHDRSZ);
}
