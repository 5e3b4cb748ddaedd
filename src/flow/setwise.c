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
#define CAREFUL_GROUP_ROWS	4
#define GROUPS_MAX			58	/* subtransactions; others are around the
								 * batch */

/* Rows that are written in one subtransaction. */
typedef struct Group
{
	CbBatch    *batch;
	CbRow	  **rows;
	ErrorData **faults;			/* of rows that raised; NULL for the others */
	int			nrows;
	int			current;		/* the row that is being written */
	bool		has_failed;		/* this group, or one before it */
	int			groups_left;	/* that may be opened, this one among them */
	bool		is_first_pass;
} Group;

static void write_set(CbBatch *batch, CbRow **rows, int nrows);
static int	without_rivals(CbBatch *batch, CbRow **rows, int nrows,
						   CbRow **chosen);
static bool try_set(Group *set);
static bool set_step(void *arg);
static int	pending_rows(CbRow **rows, int nrows);
static int	pass(Group *group, CbRow **rows, int nrows);
static int	group_size(const Group *group, int nrows);
static bool waits_outside(const Group *group, const CbRow *row);
static bool has_rival_behind(const CbRow *row, int which);
static bool is_in_group(const Group *group, const CbRow *row);
static void write_group(Group *group);
static ErrorData *keep_fault(const CbBatch *batch, const ErrorData *fault);
static void drop_row(Group *group);
static bool group_step(void *arg);
static bool settle(CbBatch *batch, CbRow *row);
static int	compare_indexes(const void *a, const void *b);
static void forget_verdicts(CbRow **rows, int nrows);

void
cb_setwise_write(CbBatch *batch, bool in_sets)
{
	Group		group = {batch};
	int			nrows;
	CbRow	  **rows;

	cb_rivals_link(batch);
	rows = cb_rowwise_sort(batch, &nrows);
	group.rows = palloc(sizeof(CbRow *) * (nrows + 1));
	group.faults = palloc(sizeof(ErrorData *) * (nrows + 1));
	if (in_sets)
		write_set(batch, rows, nrows);

	group.groups_left = batch->max_groups > 0 ? batch->max_groups : GROUPS_MAX;
	nrows = pending_rows(rows, nrows);
	for (group.is_first_pass = true; nrows > 0; group.is_first_pass = false)
		nrows = pass(&group, rows, nrows);
}

/* Leaves every row pending when the set raises. */
static void
write_set(CbBatch *batch, CbRow **rows, int nrows)
{
	CbRow	  **chosen = palloc(sizeof(CbRow *) * (nrows + 1));
	Group		set = {batch, chosen};
	MemoryContext old = MemoryContextSwitchTo(batch->row_context);
	bool		was_confident = batch->confident;
	bool		done;

	set.nrows = without_rivals(batch, rows, nrows, chosen);
	done = try_set(&set);
	batch->confident = false;
	if (!done && was_confident)
		try_set(&set);
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

/* False when the set raises; its rows then have no verdict. */
static bool
try_set(Group *set)
{
	ErrorData  *fault;

	if (set->nrows == 0 || cb_subxact_try(set_step, set, &fault))
		return true;
	forget_verdicts(set->rows, set->nrows);
	return false;
}

static bool
set_step(void *arg)
{
	Group	   *set = arg;

	return set->batch->kind->write_set(set->batch, set->rows, set->nrows);
}

/* Moves the rows without a verdict to the front and returns how many they are. */
static int
pending_rows(CbRow **rows, int nrows)
{
	int			n = 0;

	for (int i = 0; i < nrows; i++)
	{
		if (rows[i]->outcome == CB_PENDING)
			rows[n++] = rows[i];
	}
	return n;
}

/*
 * Writes the rows in groups and returns how many are left; they are moved to the
 * front, in their order.  A row that waits for one that is not in its group stays
 * behind for the next pass, as it does in the row strategy.
 */
static int
pass(Group *group, CbRow **rows, int nrows)
{
	int			nleft = 0;

	/* In the order of the input no row waits for one behind it. */
	if (group->groups_left == 1)
		qsort(rows, nrows, sizeof(CbRow *), compare_indexes);
	for (int i = 0; i < nrows; i++)
	{
		if (waits_outside(group, rows[i]))
			rows[nleft++] = rows[i];
		else
			group->rows[group->nrows++] = rows[i];
		if (group->nrows >= group_size(group, nrows - i + nleft))
			write_group(group);
	}
	write_group(group);
	return nleft;
}

/*
 * Small groups once a row has failed, since others may and each costs what was
 * written of its group; larger ones where there would be too many.  The last
 * group takes all that is left.
 */
static int
group_size(const Group *group, int nrows)
{
	int			size = group->has_failed ? CAREFUL_GROUP_ROWS : GROUP_ROWS;
	int			groups = group->groups_left - 1;

	return groups == 0 ? nrows + group->nrows + 1 :
		Max(size, (nrows + groups - 1) / groups);
}

static bool
waits_outside(const Group *group, const CbRow *row)
{
	for (int i = 0; i < group->batch->kind->nkeys; i++)
	{
		const CbRow *rival = cb_rivals_of(row, i);

		if (group->is_first_pass && has_rival_behind(row, i))
			return true;
		if (rival != NULL && rival->outcome == CB_PENDING &&
			!is_in_group(group, rival))
			return true;
	}
	return false;
}

/*
 * The set may have settled a rival that stands behind the row.  The row strategy
 * would not have come to it yet, and would make the row wait.
 */
static bool
has_rival_behind(const CbRow *row, int which)
{
	for (const CbRow *rival = row->rival[which]; rival != NULL;
		 rival = rival->rival[which])
	{
		if (rival->place > row->place)
			return true;
		if (rival->outcome != CB_FAILED)
			return false;
	}
	return false;
}

static bool
is_in_group(const Group *group, const CbRow *row)
{
	for (int i = group->nrows - 1; i >= 0; i--)
	{
		if (group->rows[i] == row)
			return true;
	}
	return false;
}

/*
 * Each row of the group, which is then emptied, has its verdict.  A row that raised stays where
 * it is with its fault, to be blamed among the rows before it when the group is
 * begun again.
 */
static void
write_group(Group *group)
{
	CbBatch    *batch = group->batch;
	MemoryContext old;
	ErrorData  *fault;

	if (group->nrows == 0)
		return;
	old = MemoryContextSwitchTo(batch->row_context);
	memset(group->faults, 0, sizeof(ErrorData *) * group->nrows);
	while (group->nrows > 0 && !cb_subxact_try(group_step, group, &fault))
	{
		group->has_failed = true;
		if (fault != NULL)
			group->faults[group->current] = keep_fault(batch, fault);
		else
			drop_row(group);
		forget_verdicts(group->rows, group->current);
		MemoryContextReset(batch->row_context);
	}
	group->nrows = 0;
	group->groups_left--;
	MemoryContextSwitchTo(old);
	MemoryContextReset(batch->row_context);
}

/* What blame needs of an error, until the batch ends. */
static ErrorData *
keep_fault(const CbBatch *batch, const ErrorData *fault)
{
	ErrorData  *kept = MemoryContextAllocZero(batch->context, sizeof(ErrorData));

	kept->elevel = fault->elevel;
	kept->sqlerrcode = fault->sqlerrcode;
	if (fault->constraint_name != NULL)
		kept->constraint_name = MemoryContextStrdup(batch->context,
													fault->constraint_name);
	return kept;
}

/* The row that is being written has its verdict. */
static void
drop_row(Group *group)
{
	int			behind = --group->nrows - group->current;
	CbRow	  **row = &group->rows[group->current];
	ErrorData **fault = &group->faults[group->current];

	(*row)->outcome = CB_FAILED;
	memmove(row, row + 1, sizeof(*row) * behind);
	memmove(fault, fault + 1, sizeof(*fault) * behind);
}

static bool
group_step(void *arg)
{
	Group	   *group = arg;

	for (group->current = 0; group->current < group->nrows; group->current++)
	{
		CbRow	   *row = group->rows[group->current];
		ErrorData  *fault = group->faults[group->current];

		CHECK_FOR_INTERRUPTS();
		if (fault != NULL)
		{
			cb_rowwise_blame(group->batch, row, fault);
			row->outcome = CB_FAILED;
		}
		else if (!settle(group->batch, row))
			return false;
	}
	return true;
}

/* False when the row has failed and what it wrote is to be undone. */
static bool
settle(CbBatch *batch, CbRow *row)
{
	int			which = 0;
	const CbRow *rival = cb_rivals_find(batch, row, &which);

	if (rival != NULL)
	{
		Assert(rival->outcome != CB_PENDING);
		cb_rivals_yield(batch, row, rival, which);
		return true;
	}
	batch->kind->write_one(batch, row);
	return cb_row_is_good(row);
}

static int
compare_indexes(const void *a, const void *b)
{
	return (*(CbRow *const *) a)->index - (*(CbRow *const *) b)->index;
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
