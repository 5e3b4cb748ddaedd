/*-------------------------------------------------------------------------
 *
 * rowwise.c
 *		The row strategy: a subtransaction for each row.
 *
 * The plain loop, and the reference for what a verdict is.  Rows are written in
 * the one order that every batch uses, so that batches that overlap wait for
 * each other in a line and never in a circle.  A row with an earlier rival for
 * one of its keys waits for that rival's verdict; only a rival that is refused
 * by the database makes it be written out of order.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "canopy_bulk.h"
#include "db/subxact.h"
#include "flow/rivals.h"
#include "flow/rowwise.h"

typedef struct Step
{
	CbBatch    *batch;
	CbRow	   *row;
} Step;

static int	compare_rows(const void *a, const void *b, void *batch);
static bool settle(CbBatch *batch, CbRow *row);
static void write_row(CbBatch *batch, CbRow *row);
static bool write_step(void *arg);

void
cb_rowwise_write(CbBatch *batch)
{
	int			nwaiting;
	CbRow	  **waiting;

	cb_rivals_link(batch);
	waiting = cb_rowwise_sort(batch, &nwaiting);
	while (nwaiting > 0)
	{
		int			nleft = 0;

		for (int i = 0; i < nwaiting; i++)
		{
			CHECK_FOR_INTERRUPTS();
			if (!settle(batch, waiting[i]))
				waiting[nleft++] = waiting[i];
		}
		nwaiting = nleft;
	}
}

CbRow **
cb_rowwise_sort(const CbBatch *batch, int *nrows)
{
	CbRow	  **rows = palloc(sizeof(CbRow *) * (batch->nrows + 1));

	*nrows = 0;
	for (int i = 0; i < batch->nrows; i++)
	{
		if (cb_row_is_good(batch->rows[i]))
			rows[(*nrows)++] = batch->rows[i];
	}
	qsort_arg(rows, *nrows, sizeof(CbRow *), compare_rows,
			  unconstify(CbBatch *, batch));
	for (int i = 0; i < *nrows; i++)
		rows[i]->place = i;
	return rows;
}

void
cb_rowwise_blame(CbBatch *batch, CbRow *row, const ErrorData *fault)
{
	if (fault == NULL)
		return;
	if (batch->kind->blame != NULL)
		batch->kind->blame(batch, row, fault);
	if (!cb_row_is_good(row))
		return;

	/* What has no name was refused by something of the user's. */
	row->problem.code = CB_REJECTED;
	row->problem.sqlstate = fault->sqlerrcode;
	if (fault->constraint_name != NULL)
		row->problem.constraint = MemoryContextStrdup(batch->context,
													  fault->constraint_name);
}

static int
compare_rows(const void *a, const void *b, void *batch)
{
	const CbRow *left = *(CbRow *const *) a;
	const CbRow *right = *(CbRow *const *) b;
	int			order = ((const CbBatch *) batch)->kind->compare(left, right);

	return order != 0 ? order : left->index - right->index;
}

/* Gives the row its verdict; false when it has to wait for a rival's. */
static bool
settle(CbBatch *batch, CbRow *row)
{
	int			which = 0;
	CbRow	   *rival = cb_rivals_find(batch, row, &which);

	if (rival == NULL)
	{
		write_row(batch, row);
		return true;
	}
	if (rival->outcome == CB_PENDING)
		return false;

	cb_rivals_yield(batch, row, rival, which);
	return true;
}

static void
write_row(CbBatch *batch, CbRow *row)
{
	Step		step = {batch, row};
	MemoryContext old = MemoryContextSwitchTo(batch->row_context);
	ErrorData  *fault;

	cb_subxact_try(write_step, &step, &fault);
	cb_rowwise_blame(batch, row, fault);
	if (!cb_row_is_good(row))
		row->outcome = CB_FAILED;
	MemoryContextSwitchTo(old);
	MemoryContextReset(batch->row_context);
}

static bool
write_step(void *arg)
{
	Step	   *step = arg;

	step->batch->kind->write_one(step->batch, step->row);
	return cb_row_is_good(step->row);
}
