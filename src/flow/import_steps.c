/*-------------------------------------------------------------------------
 *
 * import_steps.c
 *		The short steps of an import: open, map, select.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/queue.h"
#include "db/slot.h"
#include "db/uuid7.h"
#include "flow/import_columns.h"
#include "flow/import_steps.h"
#include "settings.h"

#define DEFAULT_MISSING_PERCENT		10

#define NO_FILE_HINT \
	"Upload a file with canopy_bulk_import_upload() first; a submitted import keeps its mapping."
#define NO_PREVIEW_HINT \
	"Preview the import with canopy_bulk_import_preview() first; a submitted import keeps its rows."

static void fill_order(CbImport *import, const CbImportOrder *order,
					   const CbImportMode *mode);
static const char *check_missing(const char *missing, const CbImportMode *mode);
static int	check_percent(int percent);
static void take_scope(CbImport *import, const CbImportCall *call);
static void take_room(const pg_uuid_t *account);

Jsonb *
cb_wizard_open(const CbImportOrder *order)
{
	MemoryContext context = CurrentMemoryContext;
	CbScopeNames names = order->names;
	CbImportCall call;
	CbImport	import = {0};
	Jsonb	   *answer;

	memset(&call, 0, sizeof(call));
	call.mode = cb_import_mode(order->mode);
	fill_order(&import, order, call.mode);
	if (!call.mode->has_application && !call.mode->may_have_application)
	{
		if (names.application != NULL && names.application[0] != '\0')
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("mode and application of the import do not agree"),
					 errhint("Mode %s has no application.", call.mode->name)));
		names.application = "";
		names.environment = "";
	}
	names.needs_application = call.mode->has_application;
	names.needs_environment = call.mode->needs_environment;

	cb_caller_enter(&call.caller);
	MemoryContextSwitchTo(context);
	cb_scope_resolve(&call.scope, &call.caller, &names);
	call.now = GetCurrentTimestamp();
	import.options = cb_import_mode_options(call.mode, &call.scope, order->options);
	take_scope(&import, &call);
	import.is_bound = call.scope.is_bound || order->is_bound;
	take_room(&import.account);
	cb_import_insert(&import, call.now);
	answer = cb_import_describe(cb_import_read(&import.account, &import.id, false));
	cb_import_end(&call);
	return answer;
}

static void
fill_order(CbImport *import, const CbImportOrder *order,
		   const CbImportMode *mode)
{
	const char *on_conflict = order->on_conflict == NULL ? "error" :
	order->on_conflict;
	const char *missing = order->missing == NULL ? "ignore" : order->missing;

	cb_request_on_conflict(on_conflict);
	import->mode = pstrdup(mode->name);
	import->on_conflict = pstrdup(mode->always_updates ? "update" : on_conflict);
	import->missing = pstrdup(check_missing(missing, mode));
	import->max_missing_percent = check_percent(order->max_missing_percent);
	import->batch_size = Min(CB_IMPORT_BATCH_ROWS, cb_max_rows);
}

static const char *
check_missing(const char *missing, const CbImportMode *mode)
{
	if (strcmp(missing, "ignore") != 0 && strcmp(missing, "report") != 0 &&
		strcmp(missing, "deactivate") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value of missing"),
				 errhint("It is ignore, report or deactivate.")));
	if (mode->is_partial && strcmp(missing, "ignore") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("mode of the import and missing do not agree"),
				 errhint("A file of mode %s is not the whole directory: missing is ignore.",
						 mode->name)));
	return missing;
}

static int
check_percent(int percent)
{
	if (percent == -1)
		return DEFAULT_MISSING_PERCENT;
	if (percent < 0 || percent > 100)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value of max_missing_percent"),
				 errhint("It is 0 to 100.")));
	return percent;
}

static void
take_scope(CbImport *import, const CbImportCall *call)
{
	import->account = call->scope.account;
	import->has_application = call->scope.has_application;
	import->application = call->scope.application;
	import->has_environment = call->scope.has_environment;
	import->environment = call->scope.environment;
	import->actor_id = call->caller.actor_id;
	import->actor_type = call->caller.actor_type;
	cb_uuid7_make(&import->id);
	cb_uuid7_make(&import->correlation_id);
}

/*
 * Imports that other transactions have opened and not committed cannot be seen, but
 * each of them has a place.  One that is committed at this moment may count twice.
 */
static void
take_room(const pg_uuid_t *account)
{
	int64		nopen;

	cb_queue_enter(CB_QUEUE_OPENING, account);
	nopen = cb_slot_take_place(account, cb_max_open_imports);
	nopen += cb_import_count_open(account);
	cb_queue_leave(CB_QUEUE_OPENING, account);
	if (nopen >= cb_max_open_imports)
		ereport(ERROR,
				(errcode(CB_ERRCODE_TOO_MANY),
				 errmsg("too many imports of the account are open"),
				 errdetail("There are " INT64_FORMAT ", and canopy_bulk.max_open_imports is %d.",
						   nopen, cb_max_open_imports),
				 errhint("Run or cancel those that canopy_bulk_imports() lists and that have not ended.")));
}

Jsonb *
cb_wizard_map(const pg_uuid_t *id, Jsonb *mapping, const char *account)
{
	CbImportCall call;
	Jsonb	   *answer;

	cb_import_begin(&call, id, account);
	cb_import_lock(&call);
	cb_import_require(call.import, CB_IMPORT_WITH_FILE, NO_FILE_HINT);
	if (mapping != NULL)
	{
		cb_import_columns_change(&call, call.import, mapping);
		call.import->status = cb_import_columns_status(call.import);
		call.import->has_digest = false;
		cb_import_save_mapping(call.import);
	}
	answer = cb_import_describe(call.import);
	cb_import_end(&call);
	return answer;
}

Jsonb *
cb_wizard_select(const pg_uuid_t *id, ArrayType *numbers, bool selected,
				 const char *account)
{
	static CbJsonShape keys = {5, {"id", "rows", "status", "statistics",
	"plan_digest"}};
	CbImportCall call;
	CbImportTally tally;
	CbJson	   *json = cb_json_create(1024);
	Jsonb	   *answer;
	int			nrows;

	cb_import_begin(&call, id, account);
	cb_import_lock(&call);
	cb_import_require(call.import, CB_IMPORT_IN(CB_IMPORT_PREVIEWED),
					  NO_PREVIEW_HINT);
	nrows = cb_import_rows_select(call.import, numbers, selected);
	cb_import_count(call.import, &tally);
	cb_import_save_preview(call.import, call.import->previewed_at.at);
	cb_json_shape(json, &keys);
	cb_json_uuid(json, &call.import->id);
	cb_json_int(json, nrows);
	cb_json_cstring(json, cb_import_status_name(call.import->status));
	cb_import_write_tally(json, call.import, &tally);
	cb_import_write_digest(json, call.import);
	answer = cb_json_finish(json);
	cb_import_end(&call);
	return answer;
}
