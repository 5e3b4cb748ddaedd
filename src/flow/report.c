/*-------------------------------------------------------------------------
 *
 * report.c
 *		The audit entry that sums up a batch or an import.
 *
 * An entry has counts and error codes.  It names no address and no secret, and
 * of a batch no row: who wants to know those asks the directory, which has
 * rights of its own.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "flow/report.h"
#include "record/audit.h"
#include "record/idempotency.h"

/* How often each code and outcome occurs in a batch. */
typedef struct Tally
{
	int			codes[CB_NCODES];
	int			outcomes[CB_FAILED + 1];
} Tally;

static void count(const CbBatch *batch, Tally *tally);
static Jsonb *describe_batch(const CbBatch *batch, bool rolled_back,
							 const Tally *tally);
static const pg_uuid_t *single_identity(const CbBatch *batch);
static void write_histogram(CbJson *json, const Tally *tally);
static int	compare_names(const void *a, const void *b);
static void fill_event_key(CbIdempotency *once, const char *key,
						   const CbImportEvent *event, const CbScope *scope);
static void write_event(const CbImportEvent *event, const CbCaller *caller,
						const CbScope *scope);
static void check_event(const CbImportEvent *event, const CbScope *scope);
static Jsonb *describe_event(const CbImportEvent *event);

void
cb_report_batch(const CbBatch *batch, bool rolled_back)
{
	Tally		tally;
	CbAudit		audit = {0};
	bool		all_failed;

	count(batch, &tally);
	all_failed = tally.outcomes[CB_FAILED] == batch->nrows;
	audit.action = batch->action;
	audit.resource_type = batch->kind->resource_type;
	audit.category = batch->kind->category;
	audit.outcome = all_failed ? "failure" : "success";
	audit.severity = "info";
	audit.metadata = describe_batch(batch, rolled_back, &tally);
	audit.at = batch->now;
	cb_audit_write_about(&audit, strcmp(audit.resource_type, "identity") == 0 ?
						 single_identity(batch) : NULL,
						 &batch->caller, &batch->scope);
}

CbAnswer
cb_report_import_event(const CbImportEvent *event, const CbScopeNames *names,
					   const char *idempotency_key)
{
	CbAnswer	answer = {NULL, CB_STATUS_NO_CONTENT, false};
	CbReplay	first = {NULL, CB_STATUS_NO_CONTENT};
	CbIdempotency once;
	CbCaller	caller;
	CbScope		scope;

	cb_caller_enter(&caller);
	cb_scope_resolve(&scope, &caller, names);
	check_event(event, &scope);
	if (idempotency_key != NULL)
	{
		fill_event_key(&once, idempotency_key, event, &scope);
		answer.replayed = !cb_idempotency_claim(&once, &first);
	}
	if (!answer.replayed)
	{
		write_event(event, &caller, &scope);
		if (idempotency_key != NULL)
			cb_idempotency_store(&once, &first);
	}
	cb_caller_leave(&caller);
	return answer;
}

static void
fill_event_key(CbIdempotency *once, const char *key,
			   const CbImportEvent *event, const CbScope *scope)
{
	cb_idempotency_begin(once, key, CB_REPORT_IMPORT_ACTION, scope,
						 GetCurrentTimestamp());
	cb_idempotency_fingerprint(once, describe_event(event));
}

static void
write_event(const CbImportEvent *event, const CbCaller *caller,
			const CbScope *scope)
{
	CbAudit		audit = {0};

	audit.action = CB_REPORT_IMPORT_ACTION;
	audit.resource_type = "identity";
	audit.category = "identity";
	audit.outcome = event->succeeded == 0 && event->failed > 0 ?
		"failure" : "success";
	audit.severity = "info";
	audit.metadata = describe_event(event);
	audit.at = GetCurrentTimestamp();
	cb_audit_write(&audit, caller, scope);
}

static void
count(const CbBatch *batch, Tally *tally)
{
	memset(tally, 0, sizeof(Tally));
	for (int i = 0; i < batch->nrows; i++)
	{
		tally->codes[batch->rows[i]->problem.code]++;
		tally->outcomes[batch->rows[i]->outcome]++;
	}
}

static Jsonb *
describe_batch(const CbBatch *batch, bool rolled_back, const Tally *tally)
{
	static const char *const keys[] = {
		"total", "errors", "failed", "created", "skipped", "updated",
		"succeeded", "max_failed", "on_conflict", "rolled_back"
	};
	static const char *const single_keys[] = {
		"total", "errors", "failed", "created", "skipped", "updated",
		"succeeded", "max_failed", "identity_id", "on_conflict", "rolled_back"
	};
	const pg_uuid_t *identity = single_identity(batch);
	static const char *const modes[] = {
		[CB_ON_CONFLICT_ERROR] = "error",
		[CB_ON_CONFLICT_SKIP] = "skip",
		[CB_ON_CONFLICT_UPDATE] = "update"
	};
	CbJson	   *json = cb_json_create(512);

	if (identity == NULL)
		cb_json_object(json, keys, lengthof(keys));
	else
		cb_json_object(json, single_keys, lengthof(single_keys));
	cb_json_int(json, batch->nrows);
	write_histogram(json, tally);
	cb_json_int(json, tally->outcomes[CB_FAILED]);
	cb_json_int(json, tally->outcomes[CB_CREATED]);
	cb_json_int(json, tally->outcomes[CB_SKIPPED]);
	cb_json_int(json, tally->outcomes[CB_UPDATED]);
	cb_json_int(json, batch->nrows - tally->outcomes[CB_FAILED]);
	if (batch->max_failed >= 0)
		cb_json_int(json, batch->max_failed);
	else
		cb_json_null(json);
	if (identity != NULL)
		cb_json_uuid(json, identity);
	cb_json_cstring(json, modes[batch->on_conflict]);
	cb_json_bool(json, rolled_back);
	return cb_json_finish(json);
}

/* Who the row of a request for one row is about; NULL when nobody is known. */
static const pg_uuid_t *
single_identity(const CbBatch *batch)
{
	if (!batch->is_single || batch->kind->identity == NULL)
		return NULL;
	return batch->kind->identity(batch->rows[0]);
}

/* An object of the error codes that occur, each with its count. */
static void
write_histogram(CbJson *json, const Tally *tally)
{
	const CbCodeInfo *found[CB_NCODES];
	const char *keys[CB_NCODES];
	int			n = 0;

	for (int code = CB_OK + 1; code < CB_NCODES; code++)
	{
		if (tally->codes[code] > 0)
			found[n++] = &cb_codes[code];
	}
	qsort(found, n, sizeof(found[0]), compare_names);
	for (int i = 0; i < n; i++)
		keys[i] = found[i]->name;
	cb_json_object(json, keys, n);
	for (int i = 0; i < n; i++)
		cb_json_int(json, tally->codes[found[i] - cb_codes]);
}

/* The order of keys in a jsonb object. */
static int
compare_names(const void *a, const void *b)
{
	const char *left = (*(const CbCodeInfo *const *) a)->name;
	const char *right = (*(const CbCodeInfo *const *) b)->name;
	int			difference = (int) strlen(left) - (int) strlen(right);

	return difference != 0 ? difference : strcmp(left, right);
}

static void
check_event(const CbImportEvent *event, const CbScope *scope)
{
	bool		for_account = strcmp(event->mode, "account_create") == 0;

	if (!for_account && strcmp(event->mode, "create") != 0 &&
		strcmp(event->mode, "invite") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid mode of an import"),
				 errhint("It is create, invite or account_create.")));
	if (for_account == scope->has_application)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("mode and application of the import do not agree"),
				 errhint("Modes create and invite need an application; account_create has none.")));
	if (event->total < 0 || event->succeeded < 0 || event->failed < 0 ||
		event->skipped < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("counts of an import cannot be negative")));
	if ((int64) event->total != (int64) event->succeeded + event->failed)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("counts of the import do not add up"),
				 errdetail("total is %d, succeeded is %d, failed is %d.",
						   event->total, event->succeeded, event->failed),
				 errhint("total is succeeded + failed; skipped rows are not part of it.")));
}

static Jsonb *
describe_event(const CbImportEvent *event)
{
	static const char *const keys[] = {
		"mode", "total", "failed", "skipped", "succeeded", "reported_by"
	};
	CbJson	   *json = cb_json_create(256);

	cb_json_object(json, keys, lengthof(keys));
	cb_json_cstring(json, event->mode);
	cb_json_int(json, event->total);
	cb_json_int(json, event->failed);
	cb_json_int(json, event->skipped);
	cb_json_int(json, event->succeeded);
	cb_json_cstring(json, "client");
	return cb_json_finish(json);
}
