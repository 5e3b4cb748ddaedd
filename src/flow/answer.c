/*-------------------------------------------------------------------------
 *
 * answer.c
 *		What a batch answers: the envelope and its HTTP status.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "flow/answer.h"
#include "rows/fields.h"

#define BYTES_PER_ROW	640		/* a guess that saves growing */

static Jsonb *write_body(const CbBatch *batch);
static int	status_of(const CbBatch *batch, bool rolled_back);

CbAnswer
cb_answer_batch(const CbBatch *batch, bool rolled_back, MemoryContext context)
{
	CbAnswer	answer = {NULL, status_of(batch, rolled_back)};
	MemoryContext old = MemoryContextSwitchTo(context);

	answer.body = write_body(batch);
	MemoryContextSwitchTo(old);
	return answer;
}

CbAnswer
cb_answer_code(CbCode code)
{
	CbAnswer	answer = {NULL, cb_codes[code].status};

	answer.error = cb_codes[code].name;
	answer.message = cb_codes[code].message;
	return answer;
}

static Jsonb *
write_body(const CbBatch *batch)
{
	CbJson	   *json = cb_json_create((Size) batch->nrows * BYTES_PER_ROW);
	CbSummary	summary = {batch->nrows, 0, 0};

	cb_envelope_begin(json, batch->nrows);
	for (int i = 0; i < batch->nrows; i++)
	{
		const CbRow *row = batch->rows[i];

		if (row->outcome == CB_FAILED)
		{
			summary.failed++;
			cb_envelope_error_begin(json, row->index, &row->problem);
			cb_row_echo(batch, row, false, json);
			cb_envelope_result_end(json);
		}
		else
		{
			summary.succeeded++;
			cb_envelope_success_begin(json, row->index,
									  row->outcome == CB_CREATED ? 201 : 200);
			batch->kind->encode(batch, row, json);
			cb_envelope_result_end(json);
		}
	}
	cb_envelope_end(json, &summary);
	return cb_json_finish(json);
}

static int
status_of(const CbBatch *batch, bool rolled_back)
{
	if (rolled_back)
		return CB_STATUS_ROLLED_BACK;
	for (int i = 0; i < batch->nrows; i++)
	{
		if (batch->rows[i]->outcome == CB_FAILED)
			return CB_STATUS_MULTI;
	}
	return CB_STATUS_OK;
}
