/*-------------------------------------------------------------------------
 *
 * import_reverse.c
 *		Reverses what an import wrote, as far as the database lets it.
 *
 * Items are reversed all at once.  When something of the user's objects (a table
 * of his refers to an identity, a trigger raises) they are reversed in chunks, and
 * in a chunk that fails the culprits are looked for in subtransactions that are
 * undone: so each chunk leaves at most one behind, and what refers to each other
 * goes together.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "canopy_bulk.h"
#include "db/subxact.h"
#include "flow/import_reverse.h"

#define CHUNK_ITEMS		200
#define GROUP_ITEMS		16

typedef struct Reversing
{
	const CbUndoKind *kind;
	const CbScope *scope;
	TimestampTz now;
	MemoryContext scratch;		/* of an attempt */

	/* of an attempt */
	CbUndoItem **items;
	int			nitems;
	bool		keeps;
	const char *sqlstate;		/* why it failed */
} Reversing;

static void reverse_chunk(Reversing *reversing, CbUndoItem **items, int n);
static void find_culprits(Reversing *reversing, CbUndoItem **items, int n);
static int	drop_settled(CbUndoItem **items, int n);
static void settle_reversed(CbUndoItem **items, int n);
static void settle_failed(CbUndoItem **items, int n, const char *sqlstate);
static bool attempt(Reversing *reversing, CbUndoItem **items, int n, bool keeps);
static bool attempt_step(void *arg);

void
cb_import_reverse(const CbUndoKind *kind, const CbScope *scope,
				  TimestampTz now, CbUndoItem *items, int n)
{
	Reversing	reversing = {kind, scope, now};
	CbUndoItem **pending = palloc(sizeof(CbUndoItem *) * (n + 1));

	reversing.scratch = AllocSetContextCreate(CurrentMemoryContext,
											  "canopy_bulk undo attempt",
											  ALLOCSET_DEFAULT_SIZES);
	for (int i = 0; i < n; i++)
		pending[i] = &items[i];
	n = drop_settled(pending, n);
	if (n > CHUNK_ITEMS && attempt(&reversing, pending, n, true))
		settle_reversed(pending, n);
	else
	{
		for (int i = 0; i < n; i += CHUNK_ITEMS)
			reverse_chunk(&reversing, pending + i, Min(CHUNK_ITEMS, n - i));
	}
	MemoryContextDelete(reversing.scratch);
}

/* What fails only together with others is given up together with them. */
static void
reverse_chunk(Reversing *reversing, CbUndoItem **items, int n)
{
	while (n > 0 && !attempt(reversing, items, n, true))
	{
		const char *sqlstate = reversing->sqlstate;
		int			nleft;

		for (int i = 0; i < n; i += GROUP_ITEMS)
			find_culprits(reversing, items + i, Min(GROUP_ITEMS, n - i));
		nleft = drop_settled(items, n);
		if (nleft == n)
		{
			settle_failed(items, n, sqlstate);
			return;
		}
		n = nleft;
	}
	settle_reversed(items, n);
}

static void
find_culprits(Reversing *reversing, CbUndoItem **items, int n)
{
	if (attempt(reversing, items, n, false))
		return;
	for (int i = 0; i < n; i++)
	{
		if (!attempt(reversing, items + i, 1, false))
			cb_undo_settle(items[i], CB_UNDO_ERROR, reversing->sqlstate);
	}
}

/* Moves what is pending to the front and returns how many they are. */
static int
drop_settled(CbUndoItem **items, int n)
{
	int			nleft = 0;

	for (int i = 0; i < n; i++)
	{
		if (items[i]->outcome == CB_UNDO_PENDING)
			items[nleft++] = items[i];
	}
	return nleft;
}

/* What the judge found that cannot be reversed stays the reason. */
static void
settle_reversed(CbUndoItem **items, int n)
{
	for (int i = 0; i < n; i++)
		items[i]->outcome = CB_UNDO_REVERSED;
}

static void
settle_failed(CbUndoItem **items, int n, const char *sqlstate)
{
	for (int i = 0; i < n; i++)
		cb_undo_settle(items[i], CB_UNDO_ERROR, sqlstate);
}

/* False, and sqlstate, when they cannot be reversed together. */
static bool
attempt(Reversing *reversing, CbUndoItem **items, int n, bool keeps)
{
	MemoryContext old;
	ErrorData  *fault;

	CHECK_FOR_INTERRUPTS();
	reversing->items = items;
	reversing->nitems = n;
	reversing->keeps = keeps;
	old = MemoryContextSwitchTo(reversing->scratch);
	cb_subxact_try(attempt_step, reversing, &fault);
	MemoryContextSwitchTo(old);
	if (fault != NULL)
		reversing->sqlstate = pstrdup(unpack_sql_state(fault->sqlerrcode));
	MemoryContextReset(reversing->scratch);
	return fault == NULL;
}

static bool
attempt_step(void *arg)
{
	Reversing  *reversing = arg;

	reversing->kind->reverse(reversing->scope, reversing->now, reversing->items,
							 reversing->nitems);
	return reversing->keeps;
}
