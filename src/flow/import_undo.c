/*-------------------------------------------------------------------------
 *
 * import_undo.c
 *		The last step of an import: to undo it.
 *
 *		read rows -> gather items -> lock and judge -> reverse -> store -> audit
 *
 * Several rows may have written one thing: it is one item, that is reversed as a
 * whole or kept.  Whom the import deactivated because the file did not have him is
 * an item of another kind.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/constraints.h"
#include "db/subxact.h"
#include "db/uuid7.h"
#include "flow/import_reverse.h"
#include "flow/import_undo.h"
#include "record/audit.h"
#include "record/import_missing.h"
#include "rows/missing.h"
#include "rows/parents.h"

#define ROWS_SHOWN		200
#define ACTION			"identity.bulk_import_undo"

/* For the hook of a batch. */
typedef struct Remembering
{
	const CbUndoKind *kind;
	Jsonb	  **before;
	MemoryContext context;
} Remembering;

/* Rows by outcome. */
typedef struct Tally
{
	int			counts[CB_UNDO_ERROR + 1];
} Tally;

/* What is undone by one kind. */
typedef struct Part
{
	const CbUndoKind *kind;
	CbImportUndoRow *rows;
	int			nrows;
	CbUndoItem *items;			/* by id */
	int			nitems;
	CbUndoItem **owners;		/* the item of each row */
	Tally		tally;
} Part;

typedef struct Undoing
{
	CbImportCall call;
	bool		dry_run;
	Part		rows;
	Part		missing;
} Undoing;

static void learn(void *arg, const CbBatch *batch);
static void begin(Undoing *undoing, const pg_uuid_t *id, const char *account);
static void gather_items(Part *part);
static int	compare_rows(const void *a, const void *b);
static bool undo_step(void *arg);
static void lock_identities(const Undoing *undoing);
static void undo_part(const Undoing *undoing, Part *part);
static void settle_rows(Part *part);
static void store(Undoing *undoing);
static void write_entry(const Undoing *undoing);
static Jsonb *answer(const Undoing *undoing);
static void write_tally(CbJson *json, const Part *part);
static void write_rows(CbJson *json, const Undoing *undoing);
static int	write_some(CbJson *json, const Part *part, bool reversed, int most);
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

	remembering->before = palloc0(sizeof(Jsonb *) * (nrows + 1));
	remembering->kind = call->mode->undo;
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
	Jsonb	   *result;

	MemoryContextSwitchTo(context);
	memset(&undoing, 0, sizeof(undoing));
	undoing.dry_run = dry_run;
	begin(&undoing, id, account);
	if (dry_run)
		cb_subxact_try(undo_step, &undoing, NULL);
	else
		undo_step(&undoing);
	settle_rows(&undoing.rows);
	settle_rows(&undoing.missing);
	if (!dry_run)
		store(&undoing);
	result = answer(&undoing);

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
	Part	   *rows = &undoing->rows;
	Part	   *missing = &undoing->missing;

	cb_import_begin(call, id, account);
	cb_import_hold(call);
	cb_import_require(call->import, CB_IMPORT_ENDED,
					  "Cancel it with canopy_bulk_import_cancel() first, or let it end.");
	rows->kind = call->mode->undo;
	rows->nrows = cb_import_undo_read(call->import, &rows->rows);
	missing->kind = &cb_missing_undo;
	missing->nrows = cb_import_missing_undo_read(call->import, &missing->rows);
	if (call->import->status == CB_IMPORT_UNDONE &&
		rows->nrows == 0 && missing->nrows == 0)
		cb_import_require(call->import, 0,
						  "It has been undone, and no row is left that could not be.");
	gather_items(rows);
	gather_items(missing);
}

/* Rows of one thing become one item, in the order of their numbers. */
static void
gather_items(Part *part)
{
	int			n = part->nrows;
	CbImportUndoRow **rows = palloc(sizeof(CbImportUndoRow *) * (n + 1));
	Jsonb	  **before = palloc(sizeof(Jsonb *) * (n + 1));

	part->items = palloc0(sizeof(CbUndoItem) * (n + 1));
	part->owners = palloc(sizeof(CbUndoItem *) * (n + 1));
	for (int i = 0; i < n; i++)
		rows[i] = &part->rows[i];
	qsort(rows, n, sizeof(CbImportUndoRow *), compare_rows);
	for (int i = 0; i < n; i++)
	{
		CbUndoItem *item = &part->items[part->nitems];

		if (i > 0 && cb_uuid_compare(&rows[i - 1]->resource, &rows[i]->resource) == 0)
			item--;
		else
		{
			part->nitems++;
			item->id = rows[i]->resource;
			item->before = &before[i];
		}
		before[i] = rows[i]->before;
		item->nbefore++;
		item->created |= rows[i]->created;
		part->owners[rows[i] - part->rows] = item;
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

	cb_constraints_force_with_references(undoing->rows.kind->tables);
	if (undoing->missing.nitems > 0)
	{
		cb_constraints_force_with_references(undoing->missing.kind->tables);
		lock_identities(undoing);
	}
	undo_part(undoing, &undoing->rows);
	undo_part(undoing, &undoing->missing);
	return !undoing->dry_run;
}

/* Of both parts together, since each by itself would be in order, and both not. */
static void
lock_identities(const Undoing *undoing)
{
	const Part *const parts[] = {&undoing->rows, &undoing->missing};
	CbParents	identities;

	cb_parents_init(&identities, undoing->rows.nitems + undoing->missing.nitems);
	for (size_t i = 0; i < lengthof(parts); i++)
	{
		for (int j = 0; j < parts[i]->nitems; j++)
			cb_parents_want(&identities, &parts[i]->items[j].id);
	}
	cb_parents_lock_identities_to_write(&identities, &undoing->call.scope);
}

static void
undo_part(const Undoing *undoing, Part *part)
{
	if (part->nitems == 0)
		return;
	part->kind->judge(&undoing->call.scope, part->items, part->nitems);
	cb_import_reverse(part->kind, &undoing->call.scope, undoing->call.now,
					  part->items, part->nitems);
}

static void
settle_rows(Part *part)
{
	for (int i = 0; i < part->nrows; i++)
	{
		const CbUndoItem *item = part->owners[i];

		part->rows[i].outcome = words[item->outcome];
		part->rows[i].reason = item->reason;
		part->tally.counts[item->outcome]++;
	}
}

static void
store(Undoing *undoing)
{
	CbImport   *import = undoing->call.import;

	cb_import_undo_save(import, undoing->rows.rows, undoing->rows.nrows);
	cb_import_missing_undo_save(import, undoing->missing.rows,
								undoing->missing.nrows);
	write_entry(undoing);
	cb_import_undo_finish(import, undoing->call.now);
}

static void
write_entry(const Undoing *undoing)
{
	static CbJsonShape keys = {6, {"mode", "rows", "missing", "import_id",
	"duration_ms", "status_before"}};
	const CbImport *import = undoing->call.import;
	const Tally *tally = &undoing->rows.tally;
	CbJson	   *json = cb_json_create(512);
	CbAudit		audit;

	cb_json_shape(json, &keys);
	cb_json_cstring(json, import->mode);
	write_tally(json, &undoing->rows);
	write_tally(json, &undoing->missing);
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
answer(const Undoing *undoing)
{
	static CbJsonShape keys = {6, {"id", "rows", "status", "dry_run", "missing",
	"summary"}};
	const CbImport *import = undoing->call.import;
	CbJson	   *json = cb_json_create(32 * 1024);

	cb_json_shape(json, &keys);
	cb_json_uuid(json, &import->id);
	write_rows(json, undoing);
	cb_json_cstring(json, cb_import_status_name(import->status));
	cb_json_bool(json, undoing->dry_run);
	write_tally(json, &undoing->missing);
	write_tally(json, &undoing->rows);
	return cb_json_finish(json);
}

static void
write_tally(CbJson *json, const Part *part)
{
	static CbJsonShape keys = {4, {"kept", "error", "total", "reversed"}};

	cb_json_shape(json, &keys);
	cb_json_int(json, part->tally.counts[CB_UNDO_KEPT]);
	cb_json_int(json, part->tally.counts[CB_UNDO_ERROR]);
	cb_json_int(json, part->nrows);
	cb_json_int(json, part->tally.counts[CB_UNDO_REVERSED]);
}

/* First what somebody may want to look at. */
static void
write_rows(CbJson *json, const Undoing *undoing)
{
	int			left = Min(undoing->rows.nrows + undoing->missing.nrows, ROWS_SHOWN);

	cb_json_array(json, left);
	left -= write_some(json, &undoing->rows, false, left);
	left -= write_some(json, &undoing->missing, false, left);
	left -= write_some(json, &undoing->rows, true, left);
	write_some(json, &undoing->missing, true, left);
}

/* Returns how many were written: those that were reversed, or the others. */
static int
write_some(CbJson *json, const Part *part, bool reversed, int most)
{
	int			n = 0;

	for (int i = 0; i < part->nrows && n < most; i++)
	{
		if ((part->owners[i]->outcome == CB_UNDO_REVERSED) != reversed)
			continue;
		write_row(json, &part->rows[i]);
		n++;
	}
	return n;
}

/* Who was deactivated has no row. */
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
	if (row->number == 0)
		cb_json_null(json);
	else
		cb_json_int(json, row->number);
}
