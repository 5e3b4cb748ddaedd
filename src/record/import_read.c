/*-------------------------------------------------------------------------
 *
 * import_read.c
 *		The row of canopy.import, read.
 *
 * Who runs an import locks its row again and again, a batch after the other; so
 * that somebody else has a turn, there is a queue in front.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/queue.h"
#include "db/statement.h"
#include "db/stored.h"
#include "input/mapping.h"
#include "record/import.h"

#define EQ " OPERATOR(pg_catalog.=) "
#define THIS_IMPORT " WHERE account_id" EQ "$1 AND id" EQ "$2"

#define COLUMNS \
	"application_id, environment_id, mode, status, on_conflict, missing," \
	" max_missing_percent, batch_size, options, is_bound, file_name, source_url_label," \
	" file_sha256, file_size, encoding, encoding_method, encoding_confidence," \
	" delimiter, header, fields, secret_columns, row_count, valid_count," \
	" warning_count, error_count, selected_count, plan_digest, next_row," \
	" succeeded_count, failed_count, skipped_count, cancel_requested_at," \
	" attempt, holder, actor_id, actor_type, role_name, correlation_id," \
	" error_message, lease_until, heartbeat_at, created_at, uploaded_at," \
	" previewed_at, submitted_at, started_at, finished_at, undone_at," \
	" missing_count, missing_refused"
#define RESULT \
	"application_id uuid?, environment_id uuid?, mode text, status text," \
	" on_conflict text, missing text, max_missing_percent int4," \
	" batch_size int4, options jsonb, is_bound bool, file_name text?," \
	" source_url_label text?, file_sha256 bytea?, file_size int4?," \
	" encoding text?, encoding_method text?, encoding_confidence int4?," \
	" delimiter text?, header text[]?, fields text[]?," \
	" secret_columns int4[]?, row_count int4, valid_count int4," \
	" warning_count int4, error_count int4, selected_count int4," \
	" plan_digest bytea?, next_row int4, succeeded_count int4," \
	" failed_count int4, skipped_count int4," \
	" cancel_requested_at timestamptz?, attempt int4, holder text?," \
	" actor_id text?, actor_type text?, role_name text?," \
	" correlation_id uuid?, error_message text?, lease_until timestamptz?," \
	" heartbeat_at timestamptz?, created_at timestamptz," \
	" uploaded_at timestamptz?, previewed_at timestamptz?," \
	" submitted_at timestamptz?, started_at timestamptz?," \
	" finished_at timestamptz?, undone_at timestamptz?," \
	" missing_count int4?, missing_refused text?"

/* Parameters: account, id. */
static CbStatement find_import = {
	"SELECT " COLUMNS " FROM canopy.import" THIS_IMPORT,
	2, {UUIDOID, UUIDOID}, SPI_OK_SELECT,
	.returns = RESULT
};

static CbStatement lock_import = {
	"SELECT " COLUMNS " FROM canopy.import" THIS_IMPORT " FOR UPDATE",
	2, {UUIDOID, UUIDOID}, SPI_OK_SELECT,
	.returns = RESULT
};

/* A column of the last result, and the next. */
typedef struct Cursor
{
	int			column;
} Cursor;

static void read_what_it_is(CbImport *import, Cursor *cursor);
static void read_file(CbImport *import, Cursor *cursor);
static void read_columns(CbImport *import, Cursor *cursor);
static void read_progress(CbImport *import, Cursor *cursor);
static CbImportStatus read_status(const char *name);
static char *next_text(Cursor *cursor);
static char *next_word(Cursor *cursor, const char *const *words, int n,
					   const char *column);
static int	next_count(Cursor *cursor, int least, int most, const char *column);
static int	next_int(Cursor *cursor);
static bool next_bool(Cursor *cursor);
static Jsonb *next_json(Cursor *cursor);
static ArrayType *next_array(Cursor *cursor);
static bool next_uuid(Cursor *cursor, pg_uuid_t *uuid);
static bool next_hash(Cursor *cursor, uint8 *hash);
static CbTime next_time(Cursor *cursor);

CbImport *
cb_import_read(const pg_uuid_t *account, const pg_uuid_t *id, bool lock)
{
	CbImport   *import;
	Datum		values[2];
	Cursor		cursor = {1};

	if (lock)
		cb_queue_up(account, id);
	values[0] = UUIDPGetDatum(account);
	values[1] = UUIDPGetDatum(id);
	if (cb_statement_run(lock ? &lock_import : &find_import, values, NULL) != 1)
		ereport(ERROR,
				(errcode(CB_ERRCODE_NOT_FOUND),
				 errmsg("import does not exist")));
	import = palloc0(sizeof(CbImport));
	import->account = *account;
	import->id = *id;
	read_what_it_is(import, &cursor);
	read_file(import, &cursor);
	read_columns(import, &cursor);
	read_progress(import, &cursor);
	cb_statement_free();
	return import;
}

/* The readers below follow COLUMNS. */
static void
read_what_it_is(CbImport *import, Cursor *cursor)
{
	static const char *const conflicts[] = {"error", "skip", "update"};
	static const char *const missing[] = {"ignore", "report", "deactivate"};

	import->has_application = next_uuid(cursor, &import->application);
	import->has_environment = next_uuid(cursor, &import->environment);
	import->mode = next_text(cursor);
	import->status = read_status(next_text(cursor));
	import->on_conflict = next_word(cursor, conflicts, lengthof(conflicts),
									"import.on_conflict");
	import->missing = next_word(cursor, missing, lengthof(missing),
								"import.missing");
	import->max_missing_percent = next_count(cursor, 0, 100,
											 "import.max_missing_percent");
	import->batch_size = next_count(cursor, 1, CB_IMPORT_MAX_ROWS,
									"import.batch_size");
	import->options = cb_stored_object(next_json(cursor), "import.options");
	import->is_bound = next_bool(cursor);
}

static void
read_file(CbImport *import, Cursor *cursor)
{
	import->file_name = next_text(cursor);
	import->url_label = next_text(cursor);
	next_hash(cursor, import->sha256);
	import->file_size = next_count(cursor, 0, PG_INT32_MAX, "import.file_size");
	import->encoding = next_text(cursor);
	import->encoding_method = next_text(cursor);
	import->encoding_confidence = next_int(cursor);
	import->delimiter = next_text(cursor);
}

static void
read_columns(CbImport *import, Cursor *cursor)
{
	ArrayType  *header = next_array(cursor);
	ArrayType  *fields = next_array(cursor);
	ArrayType  *secrets = next_array(cursor);
	Datum	   *values;
	bool	   *nulls;
	int			n;

	if (header == NULL && fields == NULL && secrets == NULL)
		return;
	if (header == NULL || fields == NULL || secrets == NULL)
		cb_stored_refuse(header == NULL ? "import.header" :
						 fields == NULL ? "import.fields" : "import.secret_columns");
	import->ncolumns = cb_stored_int(cb_stored_texts(header, &values, NULL, "import.header"),
									 0, CB_MAPPING_COLUMNS_MAX, "import.header");
	import->columns = palloc0(sizeof(CbImportColumn) * (import->ncolumns + 1));
	for (int i = 0; i < import->ncolumns; i++)
		import->columns[i].header = TextDatumGetCString(values[i]);
	n = cb_stored_texts(fields, &values, &nulls, "import.fields");
	for (int i = 0; i < Min(n, import->ncolumns); i++)
		import->columns[i].field = nulls[i] ? NULL :
			TextDatumGetCString(values[i]);
	n = cb_stored_ints(secrets, &values, "import.secret_columns");
	for (int i = 0; i < n; i++)
	{
		int			column = DatumGetInt32(values[i]);

		if (column >= 1 && column <= import->ncolumns)
			import->columns[column - 1].secret = true;
	}
}

static void
read_progress(CbImport *import, Cursor *cursor)
{
	const int	most = CB_IMPORT_MAX_ROWS;
	bool		isnull;

	import->row_count = next_count(cursor, 0, most, "import.row_count");
	import->valid_count = next_count(cursor, 0, most, "import.valid_count");
	import->warning_count = next_count(cursor, 0, most, "import.warning_count");
	import->error_count = next_count(cursor, 0, most, "import.error_count");
	import->selected_count = next_count(cursor, 0, most, "import.selected_count");
	import->has_digest = next_hash(cursor, import->digest);
	import->next_row = next_count(cursor, 1, 2 * most + 1, "import.next_row");
	import->succeeded_count = next_count(cursor, 0, most, "import.succeeded_count");
	import->failed_count = next_count(cursor, 0, most, "import.failed_count");
	import->skipped_count = next_count(cursor, 0, most, "import.skipped_count");
	import->cancel_requested = next_time(cursor).given;
	import->attempt = next_int(cursor);
	import->holder = next_text(cursor);
	import->actor_id = next_text(cursor);
	import->actor_type = next_text(cursor);
	import->role_name = next_text(cursor);
	next_uuid(cursor, &import->correlation_id);
	import->error_message = next_text(cursor);
	import->lease_until = next_time(cursor);
	import->heartbeat_at = next_time(cursor);
	import->created_at = next_time(cursor);
	import->uploaded_at = next_time(cursor);
	import->previewed_at = next_time(cursor);
	import->submitted_at = next_time(cursor);
	import->started_at = next_time(cursor);
	import->finished_at = next_time(cursor);
	import->undone_at = next_time(cursor);
	cb_statement_value(0, cursor->column, &isnull);
	import->missing_count = next_count(cursor, 0, PG_INT32_MAX,
									   "import.missing_count");
	if (isnull)
		import->missing_count = -1;
	import->missing_refused = next_text(cursor);
}

static CbImportStatus
read_status(const char *name)
{
	for (CbImportStatus i = CB_IMPORT_OPEN; i <= CB_IMPORT_UNDONE; i++)
	{
		if (strcmp(name, cb_import_status_name(i)) == 0)
			return i;
	}
	cb_stored_refuse("import.status");
}

static char *
next_text(Cursor *cursor)
{
	bool		isnull;
	Datum		value = cb_statement_value(0, cursor->column++, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

static char *
next_word(Cursor *cursor, const char *const *words, int n, const char *column)
{
	char	   *word = next_text(cursor);

	cb_stored_word(word, words, n, column);
	return word;
}

/* A number within bounds; one that is null is 0. */
static int
next_count(Cursor *cursor, int least, int most, const char *column)
{
	bool		isnull;
	Datum		value = cb_statement_value(0, cursor->column++, &isnull);

	return isnull ? 0 : cb_stored_int(DatumGetInt32(value), least, most, column);
}

static int
next_int(Cursor *cursor)
{
	bool		isnull;
	Datum		value = cb_statement_value(0, cursor->column++, &isnull);

	return isnull ? 0 : DatumGetInt32(value);
}

/* What is not known is bound. */
static bool
next_bool(Cursor *cursor)
{
	bool		isnull;
	Datum		value = cb_statement_value(0, cursor->column++, &isnull);

	return isnull || DatumGetBool(value);
}

static Jsonb *
next_json(Cursor *cursor)
{
	bool		isnull;
	Datum		value = cb_statement_value(0, cursor->column++, &isnull);

	return isnull ? NULL : DatumGetJsonbPCopy(value);
}

static ArrayType *
next_array(Cursor *cursor)
{
	bool		isnull;
	Datum		value = cb_statement_value(0, cursor->column++, &isnull);

	return isnull ? NULL : DatumGetArrayTypeP(value);
}

static bool
next_uuid(Cursor *cursor, pg_uuid_t *uuid)
{
	bool		isnull;
	Datum		value = cb_statement_value(0, cursor->column++, &isnull);

	if (!isnull)
		*uuid = *DatumGetUUIDP(value);
	return !isnull;
}

static bool
next_hash(Cursor *cursor, uint8 *hash)
{
	bool		isnull;
	Datum		value = cb_statement_value(0, cursor->column++, &isnull);
	bytea	   *bytes = isnull ? NULL : DatumGetByteaPP(value);

	if (isnull || VARSIZE_ANY_EXHDR(bytes) != PG_SHA256_DIGEST_LENGTH)
		return false;
	memcpy(hash, VARDATA_ANY(bytes), PG_SHA256_DIGEST_LENGTH);
	return true;
}

static CbTime
next_time(Cursor *cursor)
{
	bool		isnull;
	Datum		value = cb_statement_value(0, cursor->column++, &isnull);

	return cb_time_read(value, isnull);
}
