/*-------------------------------------------------------------------------
 *
 * import_results.c
 *		The results of an import, as pages.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "db/page.h"
#include "db/uuid7.h"
#include "flow/import_csv.h"
#include "rows/access.h"
#include "rows/invite.h"

static CbImportResultChoice choice_of(const char *outcome);
static void write_result(CbJson *json, const CbImportRowResult *result);

Jsonb *
cb_import_results(const pg_uuid_t *id, const char *account,
				  const char *outcome, int page, int take)
{
	CbPage		place = {page, take};
	CbImportCall call;
	CbImportRowResult *results;
	CbJson	   *json = cb_json_create(8192);
	Jsonb	   *answer;
	int			total;
	int			n;

	cb_page_check(&place);
	cb_import_begin(&call, id, account);
	cb_import_require(call.import, CB_IMPORT_SUBMITTED,
					  "Submit it first; until then canopy_bulk_import_rows() shows its rows.");
	n = cb_import_results_page(call.import, choice_of(outcome),
							   cb_page_offset(&place), take, &results, &total);
	cb_import_results_hide(&call, results, n);
	cb_page_begin(json, n);
	for (int i = 0; i < n; i++)
		write_result(json, &results[i]);
	cb_page_end(json, &place, total);
	answer = cb_json_finish(json);
	cb_import_end(&call);
	return answer;
}

void
cb_import_results_hide(const CbImportCall *call, CbImportRowResult *results, int n)
{
	pg_uuid_t  *ids = palloc(sizeof(pg_uuid_t) * (n + 1));
	CbStandings standings;
	int			nids = 0;

	if (!call->is_bound_caller || call->mode->kind == &cb_invite_kind)
		return;
	for (int i = 0; i < n; i++)
	{
		if (results[i].has_resource)
			ids[nids++] = results[i].resource;
	}
	cb_access_look(&standings, &call->scope, ids, nids, CB_ACCESS_READ);
	for (int i = 0; i < n; i++)
	{
		if (results[i].has_resource &&
			cb_access_check(&standings, &results[i].resource,
							CB_ACCESS_MEMBER) != CB_OK)
			results[i].has_resource = false;
	}
}

static CbImportResultChoice
choice_of(const char *outcome)
{
	static const struct
	{
		const char *word;
		CbImportResultChoice choice;
	}			words[] = {
		{"created", CB_IMPORT_CREATED_RESULTS},
		{"updated", CB_IMPORT_UPDATED_RESULTS},
		{"skipped", CB_IMPORT_SKIPPED_RESULTS},
		{"failed", CB_IMPORT_FAILED_RESULTS}
	};

	if (outcome == NULL)
		return CB_IMPORT_ALL_RESULTS;
	for (size_t i = 0; i < lengthof(words); i++)
	{
		if (strcmp(words[i].word, outcome) == 0)
			return words[i].choice;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid outcome of a row"),
			 errhint("It is created, updated, skipped or failed.")));
}

static void
write_result(CbJson *json, const CbImportRowResult *result)
{
	static CbJsonShape keys = {9, {"id", "code", "cells", "outcome", "error_code",
	"row_number", "line_number", "skip_reason", "error_message"}};

	cb_json_shape(json, &keys);
	if (result->has_resource)
		cb_json_uuid(json, &result->resource);
	else
		cb_json_null(json);
	if (result->code == 0)
		cb_json_null(json);
	else
		cb_json_int(json, result->code);
	cb_json_array(json, result->ncells);
	for (int i = 0; i < result->ncells; i++)
	{
		if (result->nulls[i])
			cb_json_null(json);
		else
			cb_json_string(json, VARDATA_ANY(DatumGetPointer(result->cells[i])),
						   VARSIZE_ANY_EXHDR(DatumGetPointer(result->cells[i])));
	}
	cb_json_cstring(json, result->outcome);
	cb_json_cstring(json, result->error_code);
	cb_json_int(json, result->number);
	cb_json_int(json, result->line);
	cb_json_cstring(json, result->skip_reason);
	cb_json_cstring(json, result->error_message);
}
