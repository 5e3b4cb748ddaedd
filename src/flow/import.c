/*-------------------------------------------------------------------------
 *
 * import.c
 *		What the steps of an import share: a call begins, ends, and answers.
 *
 * A step reads the import without a lock, does what takes long, then locks it
 * and stores what it found, if the import is still what it was.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/cryptohash.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/uuid7.h"
#include "flow/import.h"

/* Room for what describes an import. */
#define DESCRIPTION_BYTES	2048

static void resolve_scope(CbImportCall *call);
static bool is_same_plan(const CbImport *a, const CbImport *b);
static bool is_same_time(const CbTime *a, const CbTime *b);
static void write_columns(CbJson *json, const CbImport *import);
static void write_missing(CbJson *json, const CbImport *import);
static void digest_text(pg_cryptohash_ctx *digest, const char *text);
static void digest_bytes(pg_cryptohash_ctx *digest, const void *bytes, Size len);
static Size blank_before(const char *text, Size len);
static Size blank_behind(const char *text, Size len);

void
cb_import_begin(CbImportCall *call, const pg_uuid_t *id, const char *account)
{
	MemoryContext context = CurrentMemoryContext;

	memset(call, 0, sizeof(CbImportCall));
	cb_caller_enter(&call->caller);
	MemoryContextSwitchTo(context);
	cb_scope_resolve_account(&call->scope, &call->caller, account);
	call->now = GetCurrentTimestamp();
	call->import = cb_import_read(&call->scope.account, id, false);
	call->mode = cb_import_mode_of(call->import);
	resolve_scope(call);
}

void
cb_import_end(CbImportCall *call)
{
	MemoryContext context = CurrentMemoryContext;

	cb_caller_leave(&call->caller);
	MemoryContextSwitchTo(context);
}

void
cb_import_lock(CbImportCall *call)
{
	const CbImport *before = call->import;
	bool		was_bound = call->scope.is_bound;

	cb_import_hold(call);
	if (!is_same_plan(call->import, before) || call->scope.is_bound != was_bound)
		ereport(ERROR,
				(errcode(CB_ERRCODE_CONFLICT),
				 errmsg("the import was changed by somebody else"),
				 errhint("Look at it with canopy_bulk_import_info(), and try again.")));
}

void
cb_import_hold(CbImportCall *call)
{
	call->import = cb_import_read(&call->scope.account, &call->import->id, true);
	if (call->is_bound_caller && !call->import->is_bound)
		cb_import_bind(call->import);
	call->scope.is_bound = call->import->is_bound;
}

/* Whoever is not allowed where the import belongs does not learn that it is there. */
static void
resolve_scope(CbImportCall *call)
{
	const CbImport *import = call->import;
	CbScopeNames names = {0};
	char		account[CB_UUID_TEXT_LEN + 1];
	char		application[CB_UUID_TEXT_LEN + 1] = "";
	char		environment[CB_UUID_TEXT_LEN + 1] = "";

	cb_uuid_format(&import->account, account);
	if (import->has_application)
		cb_uuid_format(&import->application, application);
	if (import->has_environment)
		cb_uuid_format(&import->environment, environment);
	names.account = account;
	names.application = application;
	names.environment = environment;
	if (!cb_scope_allows(&call->scope, &call->caller, application, environment))
		ereport(ERROR,
				(errcode(CB_ERRCODE_NOT_FOUND),
				 errmsg("import does not exist")));
	cb_scope_resolve(&call->scope, &call->caller, &names);
	call->is_bound_caller = call->scope.is_bound;
	call->scope.is_bound |= import->is_bound;
}

static bool
is_same_plan(const CbImport *a, const CbImport *b)
{
	if (a->status != b->status || a->ncolumns != b->ncolumns ||
		!is_same_time(&a->uploaded_at, &b->uploaded_at))
		return false;
	for (int i = 0; i < a->ncolumns; i++)
	{
		const char *left = a->columns[i].field;
		const char *right = b->columns[i].field;

		if ((left == NULL) != (right == NULL) ||
			(left != NULL && strcmp(left, right) != 0))
			return false;
	}
	return true;
}

static bool
is_same_time(const CbTime *a, const CbTime *b)
{
	return a->given == b->given && (!a->given || a->at == b->at);
}

Jsonb *
cb_import_describe(const CbImport *import)
{
	static CbJsonShape keys = {16, {"id", "mode", "status", "columns",
			"missing", "encoding", "delimiter", "file_name", "file_size",
			"row_count", "batch_size", "created_at", "statistics",
	"on_conflict", "plan_digest", "error_message"}};
	static CbJsonShape encoding = {3, {"name", "method", "confidence"}};
	static CbJsonShape statistics = {7, {"error", "valid", "failed", "skipped",
	"warning", "selected", "succeeded"}};
	CbJson	   *json = cb_json_create(DESCRIPTION_BYTES);

	cb_json_shape(json, &keys);
	cb_json_uuid(json, &import->id);
	cb_json_cstring(json, import->mode);
	cb_json_cstring(json, cb_import_status_name(import->status));
	write_columns(json, import);
	write_missing(json, import);
	cb_json_shape(json, &encoding);
	cb_json_cstring(json, import->encoding);
	cb_json_cstring(json, import->encoding_method);
	cb_json_int(json, import->encoding_confidence);
	cb_json_cstring(json, import->delimiter);
	cb_json_cstring(json, import->file_name);
	cb_json_int(json, import->file_size);
	cb_json_int(json, import->row_count);
	cb_json_int(json, import->batch_size);
	cb_json_time(json, &import->created_at);
	cb_json_shape(json, &statistics);
	cb_json_int(json, import->error_count);
	cb_json_int(json, import->valid_count);
	cb_json_int(json, import->failed_count);
	cb_json_int(json, import->skipped_count);
	cb_json_int(json, import->warning_count);
	cb_json_int(json, import->selected_count);
	cb_json_int(json, import->succeeded_count);
	cb_json_cstring(json, import->on_conflict);
	cb_import_write_digest(json, import);
	cb_json_cstring(json, import->error_message);
	return cb_json_finish(json);
}

static void
write_columns(CbJson *json, const CbImport *import)
{
	static CbJsonShape keys = {4, {"field", "header", "secret", "position"}};

	cb_json_array(json, import->ncolumns);
	for (int i = 0; i < import->ncolumns; i++)
	{
		cb_json_shape(json, &keys);
		cb_json_cstring(json, import->columns[i].field);
		cb_json_cstring(json, import->columns[i].header);
		cb_json_bool(json, import->columns[i].secret);
		cb_json_int(json, i + 1);
	}
}

/* The required fields that no column has. */
static void
write_missing(CbJson *json, const CbImport *import)
{
	const CbMappingField *missing[CB_MAPPING_FIELDS_MAX];
	int			n = cb_import_missing(import, missing);

	cb_json_array(json, n);
	for (int i = 0; i < n; i++)
		cb_json_cstring(json, missing[i]->name);
}

bool
cb_import_requires(const CbImport *import, const char *field)
{
	const CbMappingField *fields[CB_MAPPING_FIELDS_MAX];
	int			n = cb_mapping_fields(cb_import_mode_of(import)->mapping, fields);

	for (int i = 0; i < n; i++)
	{
		if (strcmp(fields[i]->name, field) == 0)
			return fields[i]->required;
	}
	return false;
}

int
cb_import_missing(const CbImport *import, const CbMappingField **missing)
{
	const CbImportMode *mode = cb_import_mode_of(import);
	const CbMappingField *fields[CB_MAPPING_FIELDS_MAX];
	int			nfields = cb_mapping_fields(mode->mapping, fields);
	int			n = 0;

	for (int i = 0; i < nfields; i++)
	{
		if (fields[i]->required && cb_import_column_of(import, fields[i]->name) == 0)
			missing[n++] = fields[i];
	}
	return n;
}

void
cb_import_write_digest(CbJson *json, const CbImport *import)
{
	char		hex[PG_SHA256_DIGEST_LENGTH * 2];

	if (!import->has_digest)
	{
		cb_json_null(json);
		return;
	}
	hex_encode((const char *) import->digest, PG_SHA256_DIGEST_LENGTH, hex);
	cb_json_string(json, hex, sizeof(hex));
}

void
cb_import_write_tally(CbJson *json, const CbImport *import,
					  const CbImportTally *tally)
{
	static CbJsonShape keys = {8, {"skip", "error", "total", "valid", "create",
	"update", "warning", "selected"}};

	cb_json_shape(json, &keys);
	cb_json_int(json, tally->skips);
	cb_json_int(json, tally->errors);
	cb_json_int(json, import->row_count);
	cb_json_int(json, tally->valid);
	cb_json_int(json, tally->creates);
	cb_json_int(json, tally->updates);
	cb_json_int(json, tally->warnings);
	cb_json_int(json, tally->selected);
}

void
cb_import_count(CbImport *import, CbImportTally *tally)
{
	pg_cryptohash_ctx *digest = pg_cryptohash_create(PG_SHA256);

	if (digest == NULL || pg_cryptohash_init(digest) < 0)
		elog(ERROR, "could not begin a SHA-256");
	digest_bytes(digest, import->sha256, sizeof(import->sha256));
	digest_text(digest, import->mode);
	digest_text(digest, import->on_conflict);
	digest_text(digest, import->missing);
	digest_bytes(digest, &import->max_missing_percent, sizeof(int));
	digest_bytes(digest, &import->application, UUID_LEN);
	digest_bytes(digest, &import->environment, UUID_LEN);
	digest_bytes(digest, import->options, VARSIZE(import->options));
	for (int i = 0; i < import->ncolumns; i++)
		digest_text(digest, import->columns[i].field);
	cb_import_rows_digest(import, digest, tally);
	if (pg_cryptohash_final(digest, import->digest, sizeof(import->digest)) < 0)
		elog(ERROR, "could not compute a SHA-256");
	pg_cryptohash_free(digest);
	import->has_digest = true;
	import->valid_count = tally->valid;
	import->warning_count = tally->warnings;
	import->error_count = tally->errors;
	import->selected_count = tally->selected;
}

/* With the byte behind its end, so that two texts are not one. */
static void
digest_text(pg_cryptohash_ctx *digest, const char *text)
{
	digest_bytes(digest, text == NULL ? "" : text,
				 text == NULL ? 1 : strlen(text) + 1);
}

static void
digest_bytes(pg_cryptohash_ctx *digest, const void *bytes, Size len)
{
	if (pg_cryptohash_update(digest, bytes, len) < 0)
		elog(ERROR, "could not compute a SHA-256");
}

int
cb_import_column_of(const CbImport *import, const char *field)
{
	for (int i = 0; i < import->ncolumns; i++)
	{
		if (import->columns[i].field != NULL &&
			strcmp(import->columns[i].field, field) == 0)
			return i + 1;
	}
	return 0;
}

bool
cb_import_cell(const CbImportRow *row, int column, CbText *text)
{
	Size		len;

	if (column > row->ncells || row->nulls[column - 1])
		return false;
	text	  ->val = VARDATA_ANY(DatumGetPointer(row->cells[column - 1]));

	len = VARSIZE_ANY_EXHDR(DatumGetPointer(row->cells[column - 1]));
	cb_import_trim(&text->val, &len);
	text	  ->len = (int) len;

	return len > 0;
}

void
cb_import_trim(const char **text, Size *len)
{
	Size		blank;

	while ((blank = blank_before(*text, *len)) > 0)
	{
		*text +=blank;
		*len -= blank;
	}
	while ((blank = blank_behind(*text, *len)) > 0)
		*len -= blank;
}

/* A blank, a tab, a line break, a no-break space or a byte order mark. */
static Size
blank_before(const char *text, Size len)
{
	if (len >= 1 && strchr(" \t\r\n\v\f", text[0]) != NULL && text[0] != '\0')
		return 1;
	if (len >= 2 && memcmp(text, "\xc2\xa0", 2) == 0)
		return 2;
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		return 3;
	return 0;
}

static Size
blank_behind(const char *text, Size len)
{
	for (Size n = 1; n <= 3 && n <= len; n++)
	{
		if (blank_before(text +len - n, n) == n)
			return n;
	}
	return 0;
}
