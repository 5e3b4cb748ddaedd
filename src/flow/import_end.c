/*-------------------------------------------------------------------------
 *
 * import_end.c
 *		The end of an import, and its audit entry.
 *
 * The entry has the same action as the one that a client asks for who ran a
 * wizard of its own; this one's counts are not told but counted.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/async.h"
#include "utils/builtins.h"

#include "canopy_bulk.h"
#include "db/uuid7.h"
#include "flow/import_end.h"
#include "flow/import_sync.h"
#include "flow/report.h"
#include "record/audit.h"
#include "record/import_result.h"

#define CHANNEL		"canopy_bulk_import"

static void check_counts(const CbImport *import);
static void write_entry(const CbImportCall *call);
static Jsonb *describe(const CbImportCall *call);
static void write_mapping(CbJson *json, const CbImport *import);
static void write_hash(CbJson *json, const CbImport *import);

void
cb_import_end_run(CbImportCall *call)
{
	CbImport   *import = call->import;
	bool		cancelled = import->next_row <= import->row_count ||
	import->row_count == 0;

	if (cancelled)
		import->skipped_count += cb_import_rows_skip(import, import->next_row,
													 import->row_count, true);
	import->next_row = import->row_count + 1;
	check_counts(import);
	import->status = cancelled ? CB_IMPORT_CANCELLED : CB_IMPORT_COMPLETED;
	if (!cb_import_finish(import, import->status, NULL, call->now))
		cb_import_refuse();
	write_entry(call);
}

void
cb_import_notify(const CbImport *import)
{
	char		id[CB_UUID_TEXT_LEN + 1];

	cb_uuid_format(&import->id, id);
	Async_Notify(CHANNEL, id);
}

/* What was counted on the way must be what the rows say. */
static void
check_counts(const CbImport *import)
{
	CbImportOutcomes rows;

	cb_import_rows_count(import, &rows);
	if (rows.succeeded != import->succeeded_count ||
		rows.failed != import->failed_count ||
		rows.skipped != import->skipped_count || rows.without != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("the counts of an import are not those of its rows"),
				 errdetail("Counted were %d, %d and %d rows that succeeded, failed and were skipped; there are %d, %d and %d, and %d without an outcome.",
						   import->succeeded_count, import->failed_count,
						   import->skipped_count, rows.succeeded, rows.failed,
						   rows.skipped, rows.without)));
}

static void
write_entry(const CbImportCall *call)
{
	const CbImport *import = call->import;
	CbAudit		audit;

	memset(&audit, 0, sizeof(audit));
	audit.action = CB_REPORT_IMPORT_ACTION;
	audit.resource_type = "import";
	audit.category = "identity";
	audit.outcome = import->succeeded_count == 0 && import->failed_count > 0 ?
		"failure" : "success";
	audit.severity = "info";
	audit.metadata = describe(call);
	audit.at = call->now;
	cb_audit_write(&audit, &call->caller, &call->scope);
}

static Jsonb *
describe(const CbImportCall *call)
{
	static CbJsonShape keys = {14, {"mode", "total", "failed", "sha256",
			"status", "mapping", "missing", "skipped", "file_name", "import_id",
	"succeeded", "duration_ms", "on_conflict", "reported_by_client"}};
	const CbImport *import = call->import;
	CbJson	   *json = cb_json_create(1024);

	cb_json_shape(json, &keys);
	cb_json_cstring(json, import->mode);
	cb_json_int(json, import->succeeded_count + import->failed_count);
	cb_json_int(json, import->failed_count);
	write_hash(json, import);
	cb_json_cstring(json, cb_import_status_name(import->status));
	write_mapping(json, import);
	cb_import_sync_sum(json, import);
	cb_json_int(json, import->skipped_count);
	cb_json_cstring(json, import->file_name);
	cb_json_uuid(json, &import->id);
	cb_json_int(json, import->succeeded_count);
	cb_json_int(json, cb_time_elapsed(import->started_at.at, call->now));
	cb_json_cstring(json, import->on_conflict);
	cb_json_bool(json, false);
	return cb_json_finish(json);
}

/* The columns that are read, each with its field. */
static void
write_mapping(CbJson *json, const CbImport *import)
{
	const CbImportColumn **columns = palloc(sizeof(CbImportColumn *) *
											(import->ncolumns + 1));
	static const char *const keys[] = {"field", "column", "header"};
	int			n = 0;

	for (int i = 0; i < import->ncolumns; i++)
	{
		if (import->columns[i].field != NULL)
			columns[n++] = &import->columns[i];
	}
	cb_json_array(json, n);
	for (int i = 0; i < n; i++)
	{
		cb_json_object(json, keys, lengthof(keys));
		cb_json_cstring(json, columns[i]->field);
		cb_json_int(json, columns[i] - import->columns + 1);
		cb_json_cstring(json, columns[i]->header);
	}
}

/* Null for an import that was cancelled before it had a file. */
static void
write_hash(CbJson *json, const CbImport *import)
{
	char		hex[2 * PG_SHA256_DIGEST_LENGTH + 1];

	if (!import->uploaded_at.given)
	{
		cb_json_null(json);
		return;
	}
	hex_encode((const char *) import->sha256, PG_SHA256_DIGEST_LENGTH, hex);
	hex[2 * PG_SHA256_DIGEST_LENGTH] = '\0';
	cb_json_cstring(json, hex);
}
