/*-------------------------------------------------------------------------
 *
 * import_batch.c
 *		Rows of an import, from stored cells through their kind to verdicts.
 *
 * A batch is a range of row numbers, whatever is selected of it: so a preview
 * and a submit write the same rows together.  A row becomes the JSON object that
 * a caller of the bulk function would have sent; what was wrong when the file was
 * read is added to its problems once the kind has decoded it, so that a person
 * sees all of them at once.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "flow/import.h"
#include "flow/import_json.h"

/* For judge and learn. */
typedef struct Writing
{
	const CbImport *import;
	const CbImportBatch *batch;
	const CbBatchInside *callers;
	CbImportVerdict *verdicts;
	MemoryContext context;		/* of the verdicts */
	bool		learnt;
} Writing;

static bool takes_part(const CbImportRow *row, CbImportPurpose purpose);
static void judge(void *arg, CbRow *row);
static bool have_slipped(const CbImportFlaw *flaws);
static void learn(void *arg, const CbBatch *batch);
static void take_verdict(const Writing *writing, const CbBatch *batch, int i);
static void take_notes(const Writing *writing, int i, const CbProblem *problem);
static int	column_of_issue(const Writing *writing, int i, const CbIssue *issue);

int
cb_import_batch_count(const CbImport *import)
{
	return (import->row_count + import->batch_size - 1) / import->batch_size;
}

CbImportBatch *
cb_import_batch_read(const CbImportCall *call, int number,
					 CbImportPurpose purpose)
{
	const CbImport *import = call->import;
	CbImportBatch *batch = palloc0(sizeof(CbImportBatch));
	int			first = (number - 1) * import->batch_size + 1;
	int			n;

	batch->number = number;
	n = cb_import_rows_read(import, first, first + import->batch_size - 1,
							&batch->rows);
	for (int i = 0; i < n; i++)
	{
		if (takes_part(&batch->rows[i], purpose))
			batch->rows[batch->nrows++] = batch->rows[i];
	}
	cb_import_json_make(call, batch);
	return batch;
}

/* Somebody deselected a row when it is not selected although it is good. */
static bool
takes_part(const CbImportRow *row, CbImportPurpose purpose)
{
	if (row->selected || purpose == CB_IMPORT_SUBMIT)
		return row->selected;
	return row->verdict == NULL || strcmp(row->verdict, "error") == 0;
}

bool
cb_import_batch_write(const CbImportCall *call, CbImportBatch *batch,
					  const char *key, CbBatchInside *inside,
					  CbImportVerdict *verdicts)
{
	Writing		writing = {call->import, batch, inside, verdicts,
	CurrentMemoryContext};
	CbBatchInside hooks = *inside;
	CbRequest	request;

	memset(&request, 0, sizeof(request));
	memset(verdicts, 0, sizeof(CbImportVerdict) * batch->nrows);
	request.rows = batch->inputs;
	request.nrows = batch->nrows;
	request.on_conflict = cb_request_on_conflict(call->import->on_conflict);
	if (call->mode->read_options != NULL)
		request.options = call->mode->read_options(call->import->options);
	request.max_failed = -1;
	request.idempotency_key = key;
	hooks.caller = &call->caller;
	hooks.scope = &call->scope;
	hooks.function = "import";
	hooks.judge = judge;
	hooks.learn = learn;
	hooks.arg = &writing;
	cb_batch_run_inside(call->mode->kind, &request, &hooks);
	return writing.learnt;
}

/*
 * Adds what was wrong with the row before it was JSON.  When its cells have
 * slipped, nothing else is worth saying.
 */
static void
judge(void *arg, CbRow *row)
{
	const Writing *writing = arg;
	CbImportFlaw *flaws = writing->batch->flaws[row->index];

	if (have_slipped(flaws))
	{
		MemoryContext context = row->problem.context;

		cb_problem_init(&row->problem);
		row->problem.context = context;
	}
	for (CbImportFlaw *flaw = flaws; flaw != NULL; flaw = flaw->next)
		flaw->issue = cb_problem_add(&row->problem, flaw->code,
									 flaw->field == NULL ? "" : flaw->field,
									 flaw->field == NULL ? 0 : (int) strlen(flaw->field));
}

static bool
have_slipped(const CbImportFlaw *flaws)
{
	for (const CbImportFlaw *flaw = flaws; flaw != NULL; flaw = flaw->next)
	{
		if (flaw->code == CB_RAGGED_ROW || flaw->code == CB_CELL_MALFORMED)
			return true;
	}
	return false;
}

static void
learn(void *arg, const CbBatch *batch)
{
	Writing    *writing = arg;
	MemoryContext old = MemoryContextSwitchTo(writing->context);

	for (int i = 0; i < batch->nrows; i++)
		take_verdict(writing, batch, i);
	MemoryContextSwitchTo(old);
	writing->learnt = true;
	if (writing->callers->learn != NULL)
		writing->callers->learn(writing->callers->arg, batch);
}

static void
take_verdict(const Writing *writing, const CbBatch *batch, int i)
{
	CbImportVerdict *verdict = &writing->verdicts[i];
	const CbRow *row = batch->rows[i];

	verdict->outcome = row->outcome;
	verdict->code = row->problem.code;
	verdict->sqlstate = row->problem.sqlstate;
	if (row->outcome == CB_FAILED)
		take_notes(writing, i, &row->problem);
	else if (batch->kind->resource != NULL)
	{
		verdict->has_resource = true;
		verdict->resource = *batch->kind->resource(row);
	}
}

/* What has no issue has a code at least. */
static void
take_notes(const Writing *writing, int i, const CbProblem *problem)
{
	CbImportVerdict *verdict = &writing->verdicts[i];
	CbImportNote *note;

	for (const CbIssue *issue = problem->issues; issue != NULL;
		 issue = issue->next)
	{
		const char *field = issue->field_len == 0 ? NULL :
		pnstrdup(issue->field, issue->field_len);

		note = cb_import_note(verdict, cb_codes[issue->code].name,
							  cb_issue_message(issue), field,
							  column_of_issue(writing, i, issue));
		note->closest = issue->closest;
		note->bound = issue->bound;
		if (problem->first_index >= 0)
			note->first_row = writing->batch->rows[problem->first_index].number;
	}
	if (verdict->notes == NULL)
		cb_import_note(verdict, cb_codes[problem->code].name,
					   cb_codes[problem->code].message, NULL, 0);
}

static int
column_of_issue(const Writing *writing, int i, const CbIssue *issue)
{
	for (const CbImportFlaw *flaw = writing->batch->flaws[i]; flaw != NULL;
		 flaw = flaw->next)
	{
		if (flaw->issue == issue)
			return flaw->column;
	}
	if (issue->field_len == 0)
		return 0;
	return cb_import_column_of(writing->import,
							   pnstrdup(issue->field, issue->field_len));
}

CbImportNote *
cb_import_note(CbImportVerdict *verdict, const char *code, const char *message,
			   const char *field, int column)
{
	CbImportNote *note = palloc0(sizeof(CbImportNote));
	CbImportNote **last = &verdict->notes;

	while (*last != NULL)
		last = &(*last)->next;
	*last = note;
	note->code = code;
	note->message = message;
	note->field = field;
	note->column = column;
	return note;
}

Jsonb *
cb_import_notes_json(const CbImportNote *notes)
{
	static CbJsonShape keys = {8, {"code", "bound", "field", "column", "closest",
	"message", "severity", "first_row"}};
	CbJson	   *json;
	int			n = 0;

	if (notes == NULL)
		return NULL;
	for (const CbImportNote *note = notes; note != NULL; note = note->next)
		n++;
	json = cb_json_create((Size) n * 256);
	cb_json_array(json, n);
	for (const CbImportNote *note = notes; note != NULL; note = note->next)
	{
		cb_json_shape(json, &keys);
		cb_json_cstring(json, note->code);
		cb_json_cstring(json, note->bound);
		cb_json_cstring(json, note->field);
		note->column == 0 ? cb_json_null(json) : cb_json_int(json, note->column);
		cb_json_cstring(json, note->closest);
		cb_json_cstring(json, note->message);
		cb_json_cstring(json, note->is_warning ? "warning" : "error");
		note->first_row == 0 ? cb_json_null(json) : cb_json_int(json, note->first_row);
	}
	return cb_json_finish(json);
}
