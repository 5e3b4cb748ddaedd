/*-------------------------------------------------------------------------
 *
 * import_sync.c
 *		Compares the directory with the file of an import.
 *
 * Every row of the file counts, whether it was imported or not: somebody whose row
 * is bad is not missing.  Whom the rows have just created is in the file.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/memutils.h"

#include "canopy_bulk.h"
#include "db/page.h"
#include "db/statement.h"
#include "db/stored.h"
#include "flow/import_sync.h"
#include "input/email.h"
#include "record/import_missing.h"
#include "rows/missing.h"

#define REFUSED_PERCENT		"max_missing_percent"
#define REFUSED_ADDRESS		"rows_without_address"

/* The directory beside the file. */
typedef struct Comparison
{
	int64		total;			/* active identities, or members */
	int64		missing;		/* of them */
	int			without_address;	/* rows */
} Comparison;

/* For take_outcome. */
typedef struct Deactivating
{
	CbImportMissing *missing;
} Deactivating;

static bool is_asked(const CbImport *import, const char *missing);
static void compare(const CbImportCall *call, Comparison *comparison);
static Datum read_addresses(const CbImport *import, int *without);
static bool read_address(const CbImport *import, const CbImportRow *row,
						 char *address);
static bool has_slipped(const CbImportRow *row);
static int	compare_addresses(const void *a, const void *b);
static bool exceeds_limit(const CbImport *import, const Comparison *comparison);
static const char *refusal(const CbImport *import, const Comparison *comparison);
static void begin(CbImportCall *call);
static bool deactivate(CbImportCall *call);
static void write_batch(CbImportCall *call, const pg_uuid_t *ids,
						CbImportMissing *missing, int n);
static void take_outcomes(void *arg, const CbBatch *batch);
static void write_one(CbJson *json, const CbImportMissing *one);

void
cb_import_sync_write(CbJson *json, const CbImportCall *call)
{
	static CbJsonShape keys = {6, {"mode", "count", "refused", "directory_count",
	"max_missing_percent", "rows_without_address"}};
	const CbImport *import = call->import;
	Comparison	comparison;

	if (is_asked(import, "ignore"))
	{
		cb_json_null(json);
		return;
	}
	compare(call, &comparison);
	cb_json_shape(json, &keys);
	cb_json_cstring(json, import->missing);
	cb_json_int(json, comparison.missing);
	cb_json_cstring(json, refusal(import, &comparison));
	cb_json_int(json, comparison.total);
	cb_json_int(json, import->max_missing_percent);
	cb_json_int(json, comparison.without_address);
}

void
cb_import_sync_check(const CbImportCall *call)
{
	const CbImport *import = call->import;
	Comparison	comparison;

	if (!is_asked(import, "deactivate"))
		return;
	compare(call, &comparison);
	if (exceeds_limit(import, &comparison))
		ereport(ERROR,
				(errcode(CB_ERRCODE_CONFLICT),
				 errmsg("the import would deactivate more than it may"),
				 errdetail("Missing in the file are %lld of %lld; %d percent may be. Nothing was written.",
						   (long long) comparison.missing,
						   (long long) comparison.total,
						   import->max_missing_percent),
				 errhint("canopy_bulk_import_missing() lists them. Open the import with a larger max_missing_percent if they shall all go.")));
}

bool
cb_import_sync_step(CbImportCall *call)
{
	if (is_asked(call->import, "ignore"))
		return false;
	if (call->import->missing_count < 0)
	{
		begin(call);
		return true;
	}
	return is_asked(call->import, "deactivate") &&
		call->import->missing_refused == NULL && deactivate(call);
}

void
cb_import_sync_sum(CbJson *json, const CbImport *import)
{
	static CbJsonShape keys = {4, {"mode", "count", "refused", "deactivated"}};

	if (is_asked(import, "ignore") || import->missing_count < 0)
	{
		cb_json_null(json);
		return;
	}
	cb_json_shape(json, &keys);
	cb_json_cstring(json, import->missing);
	cb_json_int(json, import->missing_count);
	cb_json_cstring(json, import->missing_refused);
	cb_json_int(json, cb_import_missing_deactivated(import));
}

Jsonb *
cb_wizard_missing(const pg_uuid_t *id, int page, int take, const char *account)
{
	CbPage		place = {page, take};
	CbImportCall call;
	CbImportMissing *missing;
	CbJson	   *json = cb_json_create(8192);
	Jsonb	   *answer;
	int64		total;
	int			without;
	int			n;

	cb_page_check(&place);
	cb_import_begin(&call, id, account);
	cb_import_require(call.import, ~CB_IMPORT_IN(CB_IMPORT_OPEN),
					  "Upload its file with canopy_bulk_import_upload() first.");
	if (call.import->missing_count >= 0 && is_asked(call.import, "deactivate") &&
		call.import->missing_refused == NULL)
		n = cb_import_missing_page_noted(call.import, cb_page_offset(&place), take,
										 &missing, &total);
	else
		n = cb_import_missing_page(call.import,
								   read_addresses(call.import, &without),
								   cb_page_offset(&place), take, &missing, &total);
	cb_page_begin(json, n);
	for (int i = 0; i < n; i++)
		write_one(json, &missing[i]);
	cb_page_end(json, &place, total);
	answer = cb_json_finish(json);
	cb_import_end(&call);
	return answer;
}

static bool
is_asked(const CbImport *import, const char *missing)
{
	return strcmp(import->missing, missing) == 0;
}

static void
compare(const CbImportCall *call, Comparison *comparison)
{
	cb_import_missing_count(call->import,
							read_addresses(call->import,
										   &comparison->without_address),
							&comparison->total, &comparison->missing);
}

/* The addresses of the file, each once, as a text[]; and how many rows have none. */
static Datum
read_addresses(const CbImport *import, int *without)
{
	MemoryContext callers = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(callers, "canopy_bulk addresses",
												  ALLOCSET_DEFAULT_SIZES);
	char	  **addresses = palloc(sizeof(char *) * (import->row_count + 1));
	Datum	   *values = palloc(sizeof(Datum) * (import->row_count + 1));
	CbImportRow *rows;
	int			nrows;
	int			n = 0;
	int			nvalues = 0;

	MemoryContextSwitchTo(context);
	nrows = cb_import_rows_read(import, 1, import->row_count, &rows);
	MemoryContextSwitchTo(callers);
	for (int i = 0; i < nrows; i++)
	{
		char		address[CB_EMAIL_MAX + 1];

		if (read_address(import, &rows[i], address))
			addresses[n++] = pstrdup(address);
	}
	*without = nrows - n;
	MemoryContextDelete(context);
	qsort(addresses, n, sizeof(char *), compare_addresses);
	for (int i = 0; i < n; i++)
	{
		if (i == 0 || strcmp(addresses[i - 1], addresses[i]) != 0)
			values[nvalues++] = CStringGetTextDatum(addresses[i]);
	}
	return cb_statement_array(values, NULL, nvalues, TEXTOID);
}

static bool
read_address(const CbImport *import, const CbImportRow *row, char *address)
{
	int			column = cb_import_column_of(import, "email");
	CbText		cell;

	return column > 0 && !has_slipped(row) &&
		cb_import_cell(row, column, &cell) &&
		cb_email_canonicalise(cell.val, cell.len, address) == CB_EMAIL_OK;
}

/* Is what stands in a column perhaps the cell of another? */
static bool
has_slipped(const CbImportRow *row)
{
	JsonbIterator *iterator;
	JsonbValue	entry;

	if (row->upload_issues == NULL)
		return false;
	iterator = JsonbIteratorInit(&row->upload_issues->root);
	JsonbIteratorNext(&iterator, &entry, true);
	while (JsonbIteratorNext(&iterator, &entry, true) == WJB_ELEM)
	{
		static const CbCode codes[] = {CB_RAGGED_ROW, CB_CELL_MALFORMED};
		const JsonbValue *code = entry.type != jbvBinary ? NULL :
		cb_stored_member(entry.val.binary.data, "code");

		if (code == NULL || code->type != jbvString)
			continue;
		for (size_t i = 0; i < lengthof(codes); i++)
		{
			const char *name = cb_codes[codes[i]].name;

			if (code->val.string.len == (int) strlen(name) &&
				memcmp(code->val.string.val, name, strlen(name)) == 0)
				return true;
		}
	}
	return false;
}

static int
compare_addresses(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

static bool
exceeds_limit(const CbImport *import, const Comparison *comparison)
{
	return comparison->missing * 100 >
		comparison->total * import->max_missing_percent;
}

/* Why nobody is deactivated; NULL: nothing speaks against it, or nobody asked. */
static const char *
refusal(const CbImport *import, const Comparison *comparison)
{
	if (!is_asked(import, "deactivate"))
		return NULL;
	if (exceeds_limit(import, comparison))
		return REFUSED_PERCENT;
	return comparison->without_address > 0 ? REFUSED_ADDRESS : NULL;
}

static void
begin(CbImportCall *call)
{
	CbImport   *import = call->import;
	Comparison	comparison;

	compare(call, &comparison);
	import->missing_count = (int) Min(comparison.missing, PG_INT32_MAX);
	import->missing_refused = unconstify(char *, refusal(import, &comparison));
	cb_import_save_missing(import);
	if (is_asked(import, "deactivate") && import->missing_refused == NULL)
		cb_import_missing_insert(import, read_addresses(import,
														&comparison.without_address));
}

static bool
deactivate(CbImportCall *call)
{
	CbImportMissing *missing;
	int			n = cb_import_missing_next(call->import, call->import->batch_size,
										   &missing);
	pg_uuid_t  *ids = palloc(sizeof(pg_uuid_t) * (n + 1));
	Jsonb	  **before = palloc0(sizeof(Jsonb *) * (n + 1));

	if (n == 0)
		return false;
	for (int i = 0; i < n; i++)
		ids[i] = missing[i].identity;
	cb_missing_look(&call->scope, ids, n, before);
	write_batch(call, ids, missing, n);
	cb_missing_leave(&call->scope, ids, n, before);
	for (int i = 0; i < n; i++)
	{
		if (strcmp(missing[i].outcome, "deactivated") == 0)
			missing[i].before = before[i];
	}
	cb_import_missing_save(call->import, missing, n);
	return true;
}

static void
write_batch(CbImportCall *call, const pg_uuid_t *ids, CbImportMissing *missing,
			int n)
{
	Deactivating deactivating = {missing};
	CbBatchInside inside = {0};
	CbRequest	request = {0};

	request.rows = palloc(sizeof(JsonbValue) * n);
	for (int i = 0; i < n; i++)
		request.rows[i] = cb_missing_input(&call->scope, &ids[i]);
	request.nrows = n;
	request.max_failed = -1;
	request.on_conflict = call->scope.has_application ?
		CB_ON_CONFLICT_SKIP : CB_ON_CONFLICT_ERROR;
	inside.caller = &call->caller;
	inside.scope = &call->scope;
	inside.learn = take_outcomes;
	inside.arg = &deactivating;
	cb_batch_run_inside(cb_missing_kind(&call->scope), &request, &inside);
}

static void
take_outcomes(void *arg, const CbBatch *batch)
{
	const Deactivating *deactivating = arg;

	for (int i = 0; i < batch->nrows; i++)
	{
		const CbRow *row = batch->rows[i];
		CbImportMissing *one = &deactivating->missing[i];

		one->outcome = row->outcome == CB_FAILED ? "failed" :
			row->outcome == CB_SKIPPED ? "skipped" : "deactivated";
		if (row->outcome == CB_FAILED)
			one->error_code = cb_codes[row->problem.code].name;
	}
}

static void
write_one(CbJson *json, const CbImportMissing *one)
{
	static CbJsonShape keys = {6, {"email", "outcome", "error_code", "identity_id",
	"undo_reason", "undo_outcome"}};

	cb_json_shape(json, &keys);
	cb_json_cstring(json, one->email);
	cb_json_cstring(json, one->outcome);
	cb_json_cstring(json, one->error_code);
	cb_json_uuid(json, &one->identity);
	cb_json_cstring(json, one->undo_reason);
	cb_json_cstring(json, one->undo_outcome);
}
