/*-------------------------------------------------------------------------
 *
 * setwise.c
 *		The set strategy: all rows at once, then in groups.
 *
 * Every session's snapshot pays for a transaction with more than 64 open
 * subtransactions, so that a batch may not have one for each row.  All rows
 * without a rival are written as a set, in one.  Where that raises, and for what
 * it leaves, rows are written one after the other in groups that share one:
 * when a row fails, its group is undone and begun again without it.  A row thus
 * always meets the same rows before it that the row strategy would have kept,
 * and a group leaves one open subtransaction, whatever fails in it.
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
#include "flow/setwise.h"

#define GROUP_ROWS			16
#define OPEN_SUBXACTS_MAX	60	/* groups; others are open around the batch */

typedef struct Group
{
	CbBatch    *batch;
	CbRow	  **rows;
	int			nrows;
	int			current;		/* the row that is being written */
} Group;

static int	group_size(int nrows);
static void write_set(CbBatch *batch, CbRow **rows, int nrows);
static int	without_rivals(CbBatch *batch, CbRow **rows, int nrows,
						   CbRow **chosen);
static bool set_step(void *arg);
static int	pass(CbBatch *batch, CbRow **rows, int nrows, int size);
static void write_group(Group *group);
static bool group_step(void *arg);
static void forget_verdicts(CbRow **rows, int nrows);

void
cb_setwise_write(CbBatch *batch, bool in_sets)
{
	int			nrows;
	CbRow	  **rows;
	int			size;

	cb_rivals_link(batch);
	rows = cb_rowwise_sort(batch, &nrows);
	size = group_size(nrows);
	if (in_sets)
		write_set(batch, rows, nrows);
	while (nrows > 0)
		nrows = pass(batch, rows, nrows, size);
}

/* Groups are larger only where a batch is so large that they were too many. */
static int
group_size(int nrows)
{
	return Max(GROUP_ROWS, (nrows + OPEN_SUBXACTS_MAX - 1) / OPEN_SUBXACTS_MAX);
}

/* Leaves every row pending when the set raises. */
static void
write_set(CbBatch *batch, CbRow **rows, int nrows)
{
	CbRow	  **chosen = palloc(sizeof(CbRow *) * (nrows + 1));
	Group		set = {batch, chosen, 0, 0};
	MemoryContext old = MemoryContextSwitchTo(batch->row_context);
	ErrorData  *fault;

	set.nrows = without_rivals(batch, rows, nrows, chosen);
	if (set.nrows > 0 && !cb_subxact_try(set_step, &set, &fault))
		forget_verdicts(chosen, set.nrows);
	for (int i = 0; i < set.nrows; i++)
	{
		if (!cb_row_is_good(chosen[i]))
			chosen[i]->outcome = CB_FAILED;
	}
	MemoryContextSwitchTo(old);
	MemoryContextReset(batch->row_context);
}

static int
without_rivals(CbBatch *batch, CbRow **rows, int nrows, CbRow **chosen)
{
	int			n = 0;
	int			which;

	for (int i = 0; i < nrows; i++)
	{
		if (cb_rivals_find(batch, rows[i], &which) == NULL)
			chosen[n++] = rows[i];
	}
	return n;
}

static bool
set_step(void *arg)
{
	Group	   *set = arg;

	return set->batch->kind->write_set(set->batch, set->rows, set->nrows);
}

/*
 * Gives verdicts to the rows that wait for no rival's, and returns how many are
 * left; they are moved to the front.
 */
static int
pass(CbBatch *batch, CbRow **rows, int nrows, int size)
{
	CbRow	  **members = palloc(sizeof(CbRow *) * size);
	Group		group = {batch, members, 0, 0};
	int			nleft = 0;

	for (int i = 0; i < nrows; i++)
	{
		int			which;
		CbRow	   *rival;

		if (rows[i]->outcome != CB_PENDING)
			continue;
		rival = cb_rivals_find(batch, rows[i], &which);
		if (rival == NULL)
			members[group.nrows++] = rows[i];
		else if (rival->outcome == CB_PENDING)
			rows[nleft++] = rows[i];
		else
			cb_rivals_yield(batch, rows[i], rival, which);
		if (group.nrows == size)
			write_group(&group);
	}
	write_group(&group);
	pfree(members);
	return nleft;
}

/* Empties the group: each of its rows has its verdict afterwards. */
static void
write_group(Group *group)
{
	CbBatch    *batch = group->batch;
	MemoryContext old = MemoryContextSwitchTo(batch->row_context);
	ErrorData  *fault;

	while (group->nrows > 0 && !cb_subxact_try(group_step, group, &fault))
	{
		CbRow	   *row = group->rows[group->current];

		cb_rowwise_blame(batch, row, fault);
		row->outcome = CB_FAILED;
		group->nrows--;
		memmove(&group->rows[group->current], &group->rows[group->current + 1],
				sizeof(CbRow *) * (group->nrows - group->current));
		forget_verdicts(group->rows, group->current);
		MemoryContextReset(batch->row_context);
	}
	group->nrows = 0;
	MemoryContextSwitchTo(old);
	MemoryContextReset(batch->row_context);
}

static bool
group_step(void *arg)
{
	Group	   *group = arg;

	for (group->current = 0; group->current < group->nrows; group->current++)
	{
		CbRow	   *row = group->rows[group->current];

		CHECK_FOR_INTERRUPTS();
		group->batch->kind->write_one(group->batch, row);
		if (!cb_row_is_good(row))
			return false;
	}
	return true;
}

static void
forget_verdicts(CbRow **rows, int nrows)
{
	for (int i = 0; i < nrows; i++)
	{
		MemoryContext context = rows[i]->problem.context;

		cb_problem_init(&rows[i]->problem);
		rows[i]->problem.context = context;
		rows[i]->outcome = CB_PENDING;
	}
}
