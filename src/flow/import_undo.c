/*-------------------------------------------------------------------------
 *
 * import_undo.c
 *		The last step of an import: to undo it.
 *
 *		read rows -> gather items -> lock and judge -> reverse -> store -> audit
 *
 * Several rows may have written one thing: it is one item, that is reversed as a
 * whole or kept.  Items are reversed all at once.  When something of the user's
 * objects (a table of his refers to an identity, a trigger raises) they are
 * reversed in chunks, and in a chunk that fails the culprits are looked for in
 * subtransactions that are undone: so each chunk leaves at most one behind, and
 * what refers to each other goes together.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/constraints.h"
#include "db/subxact.h"
#include "db/uuid7.h"
#include "flow/import_undo.h"
#include "record/audit.h"
#include "record/import_undo.h"
#include "rows/undo.h"

#define CHUNK_ITEMS		200
#define GROUP_ITEMS		16
#define ROWS_SHOWN		200
#define ACTION			"identity.bulk_import_undo"

/* For the hook of a batch. */
typedef struct Remembering
{
	const CbUndoKind *kind;
	Jsonb	  **before;
	MemoryContext context;
} Remembering;

/* Rows that became of an item, by outcome. */
typedef struct Tally
{
	int			counts[CB_UNDO_ERROR + 1];
} Tally;

typedef struct Undoing
{
	CbImportCall call;
	bool		dry_run;
	const CbUndoKind *kind;
	CbImportUndoRow *rows;		/* by number */
	int			nrows;
	CbUndoItem *items;			/* by id */
	int			nitems;
	CbUndoItem **owners;		/* the item of each row */
	MemoryContext scratch;		/* of an attempt */

	/* of an attempt */
	CbUndoItem **chosen;
	int			nchosen;
	bool		keeps;
	const char *sqlstate;		/* why it failed */
} Undoing;

static void learn(void *arg, const CbBatch *batch);
static void begin(Undoing *undoing, const pg_uuid_t *id, const char *account);
static void gather_items(Undoing *undoing);
static int	compare_rows(const void *a, const void *b);
static bool undo_step(void *arg);
static void reverse_all(Undoing *undoing, CbUndoItem **items, int n);
static void reverse_chunk(Undoing *undoing, CbUndoItem **items, int n);
static void find_culprits(Undoing *undoing, CbUndoItem **items, int n);
static int	drop_settled(CbUndoItem **items, int n);
static void settle_all(CbUndoItem **items, int n, CbUndoOutcome outcome,
					   const char *reason);
static bool attempt(Undoing *undoing, CbUndoItem **items, int n, bool keeps);
static bool attempt_step(void *arg);
static Tally settle_rows(Undoing *undoing);
static void write_entry(const Undoing *undoing, const Tally *tally);
static Jsonb *answer(const Undoing *undoing, const Tally *tally);
static void write_rows(CbJson *json, const Undoing *undoing);
static void write_row(CbJson *json, const CbImportUndoRow *row);

static const char *const words[] = {
	[CB_UNDO_PENDING] = NULL,
	[CB_UNDO_REVERSED] = "reversed",
	[CB_UNDO_KEPT] = "kept",
	[CB_UNDO_ERROR] = "error"
};

Jsonb **
cb_import_remember(const CbImportCall *call, int nrows, CbBatchInside *inside)
{
	Remembering *remembering = palloc(sizeof(Remembering));

	remembering->kind = call->mode->undo;
	remembering->before = palloc0(sizeof(Jsonb *) * (nrows + 1));
	remembering->context = CurrentMemoryContext;
	inside->remembers = true;
	inside->learn = learn;
	inside->arg = remembering;
	return remembering->before;
}

static void
learn(void *arg, const CbBatch *batch)
{
	const Remembering *remembering = arg;
	MemoryContext old = MemoryContextSwitchTo(remembering->context);

	remembering->kind->remember(batch, remembering->before);
	MemoryContextSwitchTo(old);
}

Jsonb *
cb_wizard_undo(const pg_uuid_t *id, bool dry_run, const char *account)
{
	MemoryContext callers = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(callers, "canopy_bulk undo",
												  ALLOCSET_DEFAULT_SIZES);
	Undoing		undoing;
	Tally		tally;
	Jsonb	   *result;

	MemoryContextSwitchTo(context);
	memset(&undoing, 0, sizeof(undoing));
	undoing.dry_run = dry_run;
	undoing.scratch = AllocSetContextCreate(context, "canopy_bulk undo attempt",
											ALLOCSET_DEFAULT_SIZES);
	begin(&undoing, id, account);
	if (dry_run)
		cb_subxact_try(undo_step, &undoing, NULL);
	else
		undo_step(&undoing);
	tally = settle_rows(&undoing);
	if (!dry_run)
	{
		cb_import_undo_save(undoing.call.import, undoing.rows, undoing.nrows);
		write_entry(&undoing, &tally);
		cb_import_undo_finish(undoing.call.import, undoing.call.now);
	}
	result = answer(&undoing, &tally);

	cb_import_end(&undoing.call);
	MemoryContextSwitchTo(callers);
	result = DatumGetJsonbPCopy(JsonbPGetDatum(result));
	MemoryContextDelete(context);
	return result;
}

static void
begin(Undoing *undoing, const pg_uuid_t *id, const char *account)
{
	CbImportCall *call = &undoing->call;

	cb_import_begin(call, id, account);
	call->import = cb_import_read(&call->scope.account, id, true);
	cb_import_require(call->import, CB_IMPORT_ENDED,
					  "Cancel it with canopy_bulk_import_cancel() first, or let it end.");
	undoing->kind = call->mode->undo;
	undoing->nrows = cb_import_undo_read(call->import, &undoing->rows);
	if (call->import->status == CB_IMPORT_UNDONE && undoing->nrows == 0)
		cb_import_require(call->import, 0,
						  "It has been undone, and no row is left that could not be.");
	gather_items(undoing);
}

/* Rows of one thing become one item, in the order of their numbers. */
static void
gather_items(Undoing *undoing)
{
	int			n = undoing->nrows;
	CbImportUndoRow **rows = palloc(sizeof(CbImportUndoRow *) * (n + 1));
	Jsonb	  **before = palloc(sizeof(Jsonb *) * (n + 1));

	undoing->items = palloc0(sizeof(CbUndoItem) * (n + 1));
	undoing->owners = palloc(sizeof(CbUndoItem *) * (n + 1));
	for (int i = 0; i < n; i++)
		rows[i] = &undoing->rows[i];
	qsort(rows, n, sizeof(CbImportUndoRow *), compare_rows);
	for (int i = 0; i < n; i++)
	{
		CbUndoItem *item = &undoing->items[undoing->nitems];

		if (i > 0 && cb_uuid_compare(&rows[i - 1]->resource, &rows[i]->resource) == 0)
			item--;
		else
		{
			undoing->nitems++;
			item->id = rows[i]->resource;
			item->before = &before[i];
		}
		before[i] = rows[i]->before;
		item->nbefore++;
		item->created |= rows[i]->created;
		undoing->owners[rows[i] - undoing->rows] = item;
	}
}

static int
compare_rows(const void *a, const void *b)
{
	const CbImportUndoRow *left = *(CbImportUndoRow *const *) a;
	const CbImportUndoRow *right = *(CbImportUndoRow *const *) b;
	int			order = cb_uuid_compare(&left->resource, &right->resource);

	return order != 0 ? order : left->number - right->number;
}

static bool
undo_step(void *arg)
{
	Undoing    *undoing = arg;
	CbUndoItem **items = palloc(sizeof(CbUndoItem *) * (undoing->nitems + 1));

	cb_constraints_force_with_references(undoing->kind->tables);
	undoing->kind->judge(&undoing->call.scope, undoing->items, undoing->nitems);
	for (int i = 0; i < undoing->nitems; i++)
		items[i] = &undoing->items[i];
	reverse_all(undoing, items, drop_settled(items, undoing->nitems));
	return !undoing->dry_run;
}

static void
reverse_all(Undoing *undoing, CbUndoItem **items, int n)
{
	if (n > CHUNK_ITEMS && attempt(undoing, items, n, true))
	{
		settle_all(items, n, CB_UNDO_REVERSED, NULL);
		return;
	}
	for (int i = 0; i < n; i += CHUNK_ITEMS)
		reverse_chunk(undoing, items + i, Min(CHUNK_ITEMS, n - i));
}

/* What fails only together with others is given up together with them. */
static void
reverse_chunk(Undoing *undoing, CbUndoItem **items, int n)
{
	while (n > 0 && !attempt(undoing, items, n, true))
	{
		const char *sqlstate = undoing->sqlstate;
		int			nleft;

		for (int i = 0; i < n; i += GROUP_ITEMS)
			find_culprits(undoing, items + i, Min(GROUP_ITEMS, n - i));
		nleft = drop_settled(items, n);
		if (nleft == n)
		{
			settle_all(items, n, CB_UNDO_ERROR, sqlstate);
			return;
		}
		n = nleft;
	}
	settle_all(items, n, CB_UNDO_REVERSED, NULL);
}

static void
find_culprits(Undoing *undoing, CbUndoItem **items, int n)
{
	if (attempt(undoing, items, n, false))
		return;
	for (int i = 0; i < n; i++)
	{
		if (!attempt(undoing, items + i, 1, false))
			cb_undo_settle(items[i], CB_UNDO_ERROR, undoing->sqlstate);
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

static void
settle_all(CbUndoItem **items, int n, CbUndoOutcome outcome, const char *reason)
{
	for (int i = 0; i < n; i++)
		cb_undo_settle(items[i], outcome, reason);
}

/* False, and sqlstate, when they cannot be reversed together. */
static bool
attempt(Undoing *undoing, CbUndoItem **items, int n, bool keeps)
{
	MemoryContext old;
	ErrorData  *fault;

	CHECK_FOR_INTERRUPTS();
	undoing->chosen = items;
	undoing->nchosen = n;
	undoing->keeps = keeps;
	old = MemoryContextSwitchTo(undoing->scratch);
	cb_subxact_try(attempt_step, undoing, &fault);
	MemoryContextSwitchTo(old);
	if (fault != NULL)
		undoing->sqlstate = pstrdup(unpack_sql_state(fault->sqlerrcode));
	MemoryContextReset(undoing->scratch);
	return fault == NULL;
}

static bool
attempt_step(void *arg)
{
	Undoing    *undoing = arg;

	undoing->kind->reverse(&undoing->call.scope, undoing->call.now,
						   undoing->chosen, undoing->nchosen);
	return undoing->keeps;
}

static Tally
settle_rows(Undoing *undoing)
{
	Tally		tally = {{0}};

	for (int i = 0; i < undoing->nrows; i++)
	{
		const CbUndoItem *item = undoing->owners[i];

		undoing->rows[i].outcome = words[item->outcome];
		undoing->rows[i].reason = item->reason;
		tally.counts[item->outcome]++;
	}
	return tally;
}

static void
write_entry(const Undoing *undoing, const Tally *tally)
{
	static CbJsonShape keys = {7, {"kept", "mode", "error", "reversed", "import_id",
	"duration_ms", "status_before"}};
	const CbImport *import = undoing->call.import;
	CbJson	   *json = cb_json_create(512);
	CbAudit		audit;

	cb_json_shape(json, &keys);
	cb_json_int(json, tally->counts[CB_UNDO_KEPT]);
	cb_json_cstring(json, import->mode);
	cb_json_int(json, tally->counts[CB_UNDO_ERROR]);
	cb_json_int(json, tally->counts[CB_UNDO_REVERSED]);
	cb_json_uuid(json, &import->id);
	cb_json_int(json, (GetCurrentTimestamp() - undoing->call.now) / 1000);
	cb_json_cstring(json, cb_import_status_name(import->status));
	memset(&audit, 0, sizeof(audit));
	audit.action = ACTION;
	audit.resource_type = "import";
	audit.category = "identity";
	audit.outcome = tally->counts[CB_UNDO_REVERSED] == 0 &&
		tally->counts[CB_UNDO_ERROR] > 0 ? "failure" : "success";
	audit.severity = "notice";
	audit.metadata = cb_json_finish(json);
	audit.at = undoing->call.now;
	cb_audit_write(&audit, &undoing->call.caller, &undoing->call.scope);
}

static Jsonb *
answer(const Undoing *undoing, const Tally *tally)
{
	static CbJsonShape keys = {5, {"id", "rows", "status", "dry_run", "summary"}};
	static CbJsonShape summary = {4, {"kept", "error", "total", "reversed"}};
	const CbImport *import = undoing->call.import;
	CbJson	   *json = cb_json_create(32 * 1024);

	cb_json_shape(json, &keys);
	cb_json_uuid(json, &import->id);
	write_rows(json, undoing);
	cb_json_cstring(json, cb_import_status_name(import->status));
	cb_json_bool(json, undoing->dry_run);
	cb_json_shape(json, &summary);
	cb_json_int(json, tally->counts[CB_UNDO_KEPT]);
	cb_json_int(json, tally->counts[CB_UNDO_ERROR]);
	cb_json_int(json, undoing->nrows);
	cb_json_int(json, tally->counts[CB_UNDO_REVERSED]);
	return cb_json_finish(json);
}

/* First the rows that somebody may want to look at. */
static void
write_rows(CbJson *json, const Undoing *undoing)
{
	int			nshown = Min(undoing->nrows, ROWS_SHOWN);
	int			n = 0;

	cb_json_array(json, nshown);
	for (int pass = 0; pass < 2; pass++)
	{
		for (int i = 0; i < undoing->nrows && n < nshown; i++)
		{
			bool		reversed = undoing->owners[i]->outcome == CB_UNDO_REVERSED;

			if (reversed != (pass == 1))
				continue;
			write_row(json, &undoing->rows[i]);
			n++;
		}
	}
}

static void
write_row(CbJson *json, const CbImportUndoRow *row)
{
	static CbJsonShape keys = {4, {"id", "reason", "outcome", "row_number"}};

	cb_json_shape(json, &keys);
	cb_json_uuid(json, &row->resource);
	if (row->reason == NULL)
		cb_json_null(json);
	else
		cb_json_cstring(json, row->reason);
	cb_json_cstring(json, row->outcome);
	cb_json_int(json, row->number);
}
