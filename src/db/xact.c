/*-------------------------------------------------------------------------
 *
 * xact.c
 *		What the library remembers until a transaction ends.
 *
 * All state of the library that a transaction owns is in one list here, in the order
 * in which it was pushed: the claims that are bound (claims.c), the times in which the
 * code runs as the directory's owner (owner.c), the processes to cancel (process.c) and
 * the workers to start (launch.c) at commit.  An item has the number of its transaction
 * level.  The server's callbacks for transactions and subtransactions end items.  A
 * memory context's reset callback could not: it runs when other contexts, which it
 * points to, are freed already, and not in the order of the levels.
 *
 * The mutable variables of the library, and how long what they hold is good
 * (test/style/globals compares this list with the object files):
 *
 *		entries				the list above: until the transaction ends
 *
 *		cb_*, row_error_sqlstates
 *							settings: the server keeps them, and restores them at the
 *							end of transactions and of GUC nest levels
 *		forced_by_client	whether the connection's options are refused: as long as
 *							the process, set when the library is loaded
 *
 *		CbStatement			plan, last_call, blocks: as long as the process; the server
 *							invalidates the plan when a table or a policy changes.  A
 *							plan is noted here only after SPI has put it where no
 *							transaction frees it
 *		calls				number of connections to SPI: as long as the process
 *		CbJsonShape			bytes, entries: as long as the process, in TopMemoryContext;
 *							bytes is set last, so that an error leaves nothing half made
 *		small_numbers		the same
 *		last_time, text, len	the text of the last time that was written: as long as
 *							the process; last_time is set last
 *		last_millisecond, last_counter
 *							of the last UUID: as long as the process
 *		aliases, naliases, known, tables
 *							words of headers, from malloc(): as long as the process
 *		handle				of ICU: as long as the process
 *		is_ready, hop_index	of libcurl and OpenSSL: as long as the process
 *		next_hook			that was there before ours: as long as the process
 *
 *		empty_object		never changed
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "nodes/pg_list.h"
#include "utils/memutils.h"

#include "canopy_bulk.h"
#include "db/xact.h"

typedef struct Entry
{
	const CbXactKind *kind;
	int			level;			/* of the transaction that owns it; 1: the
								 * whole */
	void	   *item;			/* the first of its memory context */
} Entry;

static List *entries;			/* in TopTransactionContext */

static void at_end(XactEvent event, void *arg);
static void at_end_of_sub(SubXactEvent event, SubTransactionId mine,
						  SubTransactionId parent, void *arg);
static void run_hooks(XactEvent event);
static void release_level(int level);
static void drop_level(int level);
static void drop_last(void);

void
cb_xact_register(void)
{
	RegisterXactCallback(at_end, NULL);
	RegisterSubXactCallback(at_end_of_sub, NULL);
}

MemoryContext
cb_xact_context(void)
{
	return AllocSetContextCreate(TopTransactionContext,
								 "canopy_bulk transaction state",
								 ALLOCSET_SMALL_SIZES);
}

void
cb_xact_push(const CbXactKind *kind, void *item)
{
	MemoryContext old = MemoryContextSwitchTo(TopTransactionContext);
	Entry	   *entry = palloc(sizeof(Entry));

	entry->kind = kind;
	entry->level = GetCurrentTransactionNestLevel();
	entry->item = item;
	entries = lappend(entries, entry);
	MemoryContextSwitchTo(old);
}

void *
cb_xact_top(const CbXactKind *kind)
{
	for (int i = list_length(entries) - 1; i >= 0; i--)
	{
		Entry	   *entry = list_nth(entries, i);

		if (entry->kind == kind)
			return entry->item;
	}
	return NULL;
}

void
cb_xact_pop_to(const CbXactKind *kind, const void *item)
{
	int			keep = -1;

	for (int i = 0; i < list_length(entries); i++)
	{
		Entry	   *entry = list_nth(entries, i);

		if (entry->kind == kind && entry->item == item)
			keep = i;
	}
	if (item != NULL && keep < 0)
		elog(ERROR, "state of the transaction is gone before its end");
	for (int i = list_length(entries) - 1; i > keep; i--)
	{
		Entry	   *entry = list_nth(entries, i);

		if (entry->kind != kind)
			continue;
		entries = list_delete_nth_cell(entries, i);
		MemoryContextDelete(GetMemoryChunkContext(entry->item));
		pfree(entry);
	}
}

/* The memory goes with TopTransactionContext, right after this. */
static void
at_end(XactEvent event, void *arg)
{
	(void) arg;
	if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_COMMIT)
		run_hooks(event);
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT ||
		event == XACT_EVENT_PREPARE || event == XACT_EVENT_PARALLEL_COMMIT ||
		event == XACT_EVENT_PARALLEL_ABORT)
		entries = NIL;
}

static void
run_hooks(XactEvent event)
{
	ListCell   *cell;

	foreach(cell, entries)
	{
		Entry	   *entry = lfirst(cell);

		if (event == XACT_EVENT_PRE_COMMIT && entry->kind->before_commit != NULL)
			entry->kind->before_commit(entry->item);
		if (event == XACT_EVENT_COMMIT && entry->kind->after_commit != NULL)
			entry->kind->after_commit(entry->item);
	}
}

/* The level that ends is still the current one. */
static void
at_end_of_sub(SubXactEvent event, SubTransactionId mine,
			  SubTransactionId parent, void *arg)
{
	(void) mine;
	(void) parent;
	(void) arg;
	if (event == SUBXACT_EVENT_COMMIT_SUB)
		release_level(GetCurrentTransactionNestLevel());
	else if (event == SUBXACT_EVENT_ABORT_SUB)
		drop_level(GetCurrentTransactionNestLevel());
}

static void
release_level(int level)
{
	for (int i = list_length(entries) - 1; i >= 0; i--)
	{
		Entry	   *entry = list_nth(entries, i);

		if (entry->level < level)
			break;
		entry->level = level - 1;
	}
}

static void
drop_level(int level)
{
	while (entries != NIL && ((Entry *) llast(entries))->level >= level)
		drop_last();
}

static void
drop_last(void)
{
	Entry	   *entry = llast(entries);

	entries = list_delete_last(entries);
	MemoryContextDelete(GetMemoryChunkContext(entry->item));
	pfree(entry);
}
