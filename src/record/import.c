/*-------------------------------------------------------------------------
 *
 * import.c
 *		The row of canopy.import.
 *
 * Whoever works on a running import has taken it: its number, attempt, stands in
 * the row, and every statement that reports progress asks for that number.  Who
 * was thought dead and is not finds another number there and stores nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/process.h"
#include "db/statement.h"
#include "record/import.h"

#define EQ " OPERATOR(pg_catalog.=) "
#define THIS_IMPORT " WHERE account_id" EQ "$1 AND id" EQ "$2"

/*
 * Parameters: account, id, application, environment, mode, on_conflict, missing,
 * max_missing_percent, batch_size, actor_id, actor_type, correlation_id, time,
 * options, is_bound.
 */
static CbStatement insert_import = {
	"INSERT INTO canopy.import (account_id, id, application_id,"
	" environment_id, mode, on_conflict, missing, max_missing_percent,"
	" batch_size, actor_id, actor_type, correlation_id, created_at, options,"
	" is_bound)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
	15, {UUIDOID, UUIDOID, UUIDOID, UUIDOID, TEXTOID, TEXTOID, TEXTOID, INT4OID,
	INT4OID, TEXTOID, TEXTOID, UUIDOID, TIMESTAMPTZOID, JSONBOID, BOOLOID},
	SPI_OK_INSERT
};

/* Parameters: account, id. */
static CbStatement bind_import = {
	"UPDATE canopy.import SET is_bound = true" THIS_IMPORT,
	2, {UUIDOID, UUIDOID}, SPI_OK_UPDATE
};

/* Parameters: account. */
static CbStatement count_open = {
	"SELECT pg_catalog.count(*) FROM canopy.import WHERE account_id" EQ "$1"
	" AND status IN ('open', 'uploaded', 'mapped', 'previewed', 'running')",
	1, {UUIDOID}, SPI_OK_SELECT, true,
	.returns = "n int8"
};

/*
 * Parameters: account, id, status, file_name, source_url_label, file_sha256,
 * file_size, encoding, encoding_method, encoding_confidence, delimiter, header,
 * fields, secret_columns, row_count, time.
 */
static CbStatement save_upload = {
	"UPDATE canopy.import SET status = $3, file_name = $4,"
	" source_url_label = $5, file_sha256 = $6, file_size = $7, encoding = $8,"
	" encoding_method = $9, encoding_confidence = $10, delimiter = $11,"
	" header = $12, fields = $13, secret_columns = $14, row_count = $15,"
	" uploaded_at = $16, selected_count = $15, valid_count = 0,"
	" warning_count = 0, error_count = 0, plan_digest = NULL,"
	" previewed_at = NULL" THIS_IMPORT,
	16, {UUIDOID, UUIDOID, TEXTOID, TEXTOID, TEXTOID, BYTEAOID, INT4OID, TEXTOID,
		TEXTOID, INT4OID, TEXTOID, TEXTARRAYOID, TEXTARRAYOID, INT4ARRAYOID,
	INT4OID, TIMESTAMPTZOID}, SPI_OK_UPDATE
};

/* Parameters: account, id, status, fields. */
static CbStatement save_mapping = {
	"UPDATE canopy.import SET status = $3, fields = $4, plan_digest = NULL"
	THIS_IMPORT,
	4, {UUIDOID, UUIDOID, TEXTOID, TEXTARRAYOID}, SPI_OK_UPDATE
};

/*
 * Parameters: account, id, status, valid_count, warning_count, error_count,
 * selected_count, plan_digest, previewed_at.
 */
static CbStatement save_preview = {
	"UPDATE canopy.import SET status = $3, valid_count = $4,"
	" warning_count = $5, error_count = $6, selected_count = $7,"
	" plan_digest = $8, previewed_at = $9" THIS_IMPORT,
	9, {UUIDOID, UUIDOID, TEXTOID, INT4OID, INT4OID, INT4OID, INT4OID, BYTEAOID,
	TIMESTAMPTZOID}, SPI_OK_UPDATE
};

/* Parameters: account, id, status, role_name, time. */
static CbStatement save_submission = {
	"UPDATE canopy.import SET status = $3, role_name = $4, submitted_at = $5,"
	" lease_until = NULL, cancel_requested_at = NULL" THIS_IMPORT,
	5, {UUIDOID, UUIDOID, TEXTOID, TEXTOID, TIMESTAMPTZOID}, SPI_OK_UPDATE
};

/* Parameters: account, id, time, end of the lease, holder, whether it is free. */
static CbStatement take_import = {
	"UPDATE canopy.import SET attempt = attempt OPERATOR(pg_catalog.+) 1,"
	" status = 'running', error_message = NULL, finished_at = NULL,"
	" heartbeat_at = $3, lease_until = $4, holder = $5,"
	" started_at = coalesce(started_at, $3)"
	THIS_IMPORT " AND status IN ('running', 'failed')"
	" AND ($6 OR lease_until IS NULL OR lease_until OPERATOR(pg_catalog.<) $3)"
	" RETURNING attempt, started_at",
	6, {UUIDOID, UUIDOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID, BOOLOID},
	SPI_OK_UPDATE_RETURNING,
	.returns = "attempt int4, started_at timestamptz"
};

/*
 * Parameters: account, id, attempt, time, end of the lease, next_row,
 * succeeded_count, failed_count, skipped_count.
 */
static CbStatement advance_import = {
	"UPDATE canopy.import SET heartbeat_at = $4, lease_until = $5,"
	" next_row = $6, succeeded_count = $7, failed_count = $8,"
	" skipped_count = $9"
	THIS_IMPORT " AND attempt" EQ "$3 AND status" EQ "'running'"
	" RETURNING cancel_requested_at IS NOT NULL",
	9, {UUIDOID, UUIDOID, INT4OID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT4OID,
	INT4OID, INT4OID, INT4OID}, SPI_OK_UPDATE_RETURNING,
	.returns = "is_cancelled bool"
};

/*
 * Parameters: account, id, attempt, time, status, error_message, next_row,
 * succeeded_count, failed_count, skipped_count.
 */
static CbStatement finish_import = {
	"UPDATE canopy.import SET status = $5, error_message = $6,"
	" next_row = $7, succeeded_count = $8, failed_count = $9,"
	" skipped_count = $10, finished_at = $4, lease_until = NULL"
	THIS_IMPORT " AND attempt" EQ "$3 AND status" EQ "'running'",
	10, {UUIDOID, UUIDOID, INT4OID, TIMESTAMPTZOID, TEXTOID, TEXTOID, INT4OID,
	INT4OID, INT4OID, INT4OID}, SPI_OK_UPDATE
};

/* Parameters: account, id. */
static CbStatement forget_file = {
	"UPDATE canopy.import SET header = '{}', fields = '{}', secret_columns = '{}'"
	THIS_IMPORT,
	2, {UUIDOID, UUIDOID}, SPI_OK_UPDATE
};

/* Parameters: account, id, missing_count, missing_refused. */
static CbStatement save_missing = {
	"UPDATE canopy.import SET missing_count = $3, missing_refused = $4" THIS_IMPORT,
	4, {UUIDOID, UUIDOID, INT4OID, TEXTOID}, SPI_OK_UPDATE
};

/* Parameters: account, id, time. */
static CbStatement ask_cancel = {
	"UPDATE canopy.import"
	" SET cancel_requested_at = coalesce(cancel_requested_at, $3)"
	THIS_IMPORT " AND status" EQ "'running'",
	3, {UUIDOID, UUIDOID, TIMESTAMPTZOID}, SPI_OK_UPDATE
};

static const char *const status_names[] = {
	[CB_IMPORT_OPEN] = "open",
	[CB_IMPORT_UPLOADED] = "uploaded",
	[CB_IMPORT_MAPPED] = "mapped",
	[CB_IMPORT_PREVIEWED] = "previewed",
	[CB_IMPORT_RUNNING] = "running",
	[CB_IMPORT_COMPLETED] = "completed",
	[CB_IMPORT_CANCELLED] = "cancelled",
	[CB_IMPORT_FAILED] = "failed",
	[CB_IMPORT_UNDONE] = "undone"
};

static void begin_values(const CbImport *import, Datum *values, char *nulls,
						 int n);
static void set_text(Datum *values, char *nulls, int i, const char *text);
static void set_uuid(Datum *values, char *nulls, int i, bool given,
					 const pg_uuid_t *uuid);
static Datum bytes_of(const uint8 *hash);
static void set_columns(const CbImport *import, Datum *values, char *nulls,
						int fields, int header, int secrets);
static void update(CbStatement *statement, Datum *values, const char *nulls);
const char *
cb_import_status_name(CbImportStatus status)
{
	return status_names[status];
}

void
cb_import_insert(const CbImport *import, TimestampTz now)
{
	Datum		values[15];
	char		nulls[15];

	begin_values(import, values, nulls, lengthof(values));
	set_uuid(values, nulls, 2, import->has_application, &import->application);
	set_uuid(values, nulls, 3, import->has_environment, &import->environment);
	set_text(values, nulls, 4, import->mode);
	set_text(values, nulls, 5, import->on_conflict);
	set_text(values, nulls, 6, import->missing);
	values[7] = Int32GetDatum(import->max_missing_percent);
	values[8] = Int32GetDatum(import->batch_size);
	set_text(values, nulls, 9, import->actor_id);
	set_text(values, nulls, 10, import->actor_type);
	set_uuid(values, nulls, 11, true, &import->correlation_id);
	values[12] = TimestampTzGetDatum(now);
	values[13] = JsonbPGetDatum(import->options);
	values[14] = BoolGetDatum(import->is_bound);
	update(&insert_import, values, nulls);
}

int64
cb_import_count_open(const pg_uuid_t *account)
{
	Datum		values[1];
	bool		isnull;
	int64		count;

	values[0] = UUIDPGetDatum(account);
	cb_statement_run(&count_open, values, NULL);
	count = DatumGetInt64(cb_statement_value(0, 1, &isnull));
	cb_statement_free();
	return count;
}

void
cb_import_bind(CbImport *import)
{
	Datum		values[2];
	char		nulls[2];

	begin_values(import, values, nulls, lengthof(values));
	update(&bind_import, values, nulls);
	import->is_bound = true;
}

void
cb_import_require(const CbImport *import, int statuses, const char *hint)
{
	if ((statuses & CB_IMPORT_IN(import->status)) != 0)
		return;
	ereport(ERROR,
			(errcode(CB_ERRCODE_CONFLICT),
			 errmsg("the import is in another state"),
			 errdetail("Its status is %s.", status_names[import->status]),
			 errhint("%s", hint)));
}

void
cb_import_save_upload(const CbImport *import, TimestampTz now)
{
	Datum		values[16];
	char		nulls[16];

	begin_values(import, values, nulls, lengthof(values));
	set_text(values, nulls, 2, status_names[import->status]);
	set_text(values, nulls, 3, import->file_name);
	set_text(values, nulls, 4, import->url_label);
	values[5] = bytes_of(import->sha256);
	values[6] = Int32GetDatum(import->file_size);
	set_text(values, nulls, 7, import->encoding);
	set_text(values, nulls, 8, import->encoding_method);
	values[9] = Int32GetDatum(import->encoding_confidence);
	set_text(values, nulls, 10, import->delimiter);
	set_columns(import, values, nulls, 12, 11, 13);
	values[14] = Int32GetDatum(import->row_count);
	values[15] = TimestampTzGetDatum(now);
	update(&save_upload, values, nulls);
}

void
cb_import_save_mapping(const CbImport *import)
{
	Datum		values[4];
	char		nulls[4];

	begin_values(import, values, nulls, lengthof(values));
	set_text(values, nulls, 2, status_names[import->status]);
	set_columns(import, values, nulls, 3, -1, -1);
	update(&save_mapping, values, nulls);
}

void
cb_import_save_preview(const CbImport *import, TimestampTz now)
{
	Datum		values[9];
	char		nulls[9];

	begin_values(import, values, nulls, lengthof(values));
	set_text(values, nulls, 2, status_names[import->status]);
	values[3] = Int32GetDatum(import->valid_count);
	values[4] = Int32GetDatum(import->warning_count);
	values[5] = Int32GetDatum(import->error_count);
	values[6] = Int32GetDatum(import->selected_count);
	values[7] = bytes_of(import->digest);
	values[8] = TimestampTzGetDatum(now);
	update(&save_preview, values, nulls);
}

void
cb_import_save_submission(const CbImport *import, TimestampTz now)
{
	Datum		values[5];
	char		nulls[5];

	begin_values(import, values, nulls, lengthof(values));
	set_text(values, nulls, 2, status_names[import->status]);
	set_text(values, nulls, 3, import->role_name);
	values[4] = TimestampTzGetDatum(now);
	update(&save_submission, values, nulls);
}

bool
cb_import_take(CbImport *import, TimestampTz now, TimestampTz lease_until)
{
	Datum		values[6];
	char		nulls[6];
	char	   *process = cb_process_name();
	bool		isnull;
	bool		taken;

	begin_values(import, values, nulls, lengthof(values));
	values[2] = TimestampTzGetDatum(now);
	values[3] = TimestampTzGetDatum(lease_until);
	values[4] = CStringGetTextDatum(process);
	values[5] = BoolGetDatum(import->holder != NULL &&
							 (strcmp(import->holder, process) == 0 ||
							  cb_process_is_gone(import->holder)));
	taken = cb_statement_run(&take_import, values, nulls) == 1;
	if (taken)
	{
		import->status = CB_IMPORT_RUNNING;
		import->holder = process;
		import->attempt = DatumGetInt32(cb_statement_value(0, 1, &isnull));
		import->started_at = cb_time_read(cb_statement_value(0, 2, &isnull), false);
	}
	cb_statement_free();
	return taken;
}

bool
cb_import_advance(const CbImport *import, TimestampTz now,
				  TimestampTz lease_until, bool *cancelled)
{
	Datum		values[9];
	char		nulls[9];
	bool		isnull;
	bool		is_ours;

	begin_values(import, values, nulls, lengthof(values));
	values[2] = Int32GetDatum(import->attempt);
	values[3] = TimestampTzGetDatum(now);
	values[4] = TimestampTzGetDatum(lease_until);
	values[5] = Int32GetDatum(import->next_row);
	values[6] = Int32GetDatum(import->succeeded_count);
	values[7] = Int32GetDatum(import->failed_count);
	values[8] = Int32GetDatum(import->skipped_count);
	is_ours = cb_statement_run(&advance_import, values, nulls) == 1;
	if (is_ours)
		*cancelled = DatumGetBool(cb_statement_value(0, 1, &isnull));
	cb_statement_free();
	return is_ours;
}

bool
cb_import_finish(const CbImport *import, CbImportStatus status,
				 const char *error_message, TimestampTz now)
{
	Datum		values[10];
	char		nulls[10];

	begin_values(import, values, nulls, lengthof(values));
	values[2] = Int32GetDatum(import->attempt);
	values[3] = TimestampTzGetDatum(now);
	set_text(values, nulls, 4, status_names[status]);
	set_text(values, nulls, 5, error_message);
	values[6] = Int32GetDatum(import->next_row);
	values[7] = Int32GetDatum(import->succeeded_count);
	values[8] = Int32GetDatum(import->failed_count);
	values[9] = Int32GetDatum(import->skipped_count);
	return cb_statement_run(&finish_import, values, nulls) == 1;
}

void
cb_import_save_missing(const CbImport *import)
{
	Datum		values[4];
	char		nulls[4];

	begin_values(import, values, nulls, lengthof(values));
	values[2] = Int32GetDatum(import->missing_count);
	set_text(values, nulls, 3, import->missing_refused);
	update(&save_missing, values, nulls);
}

void
cb_import_forget_file(const CbImport *import)
{
	Datum		values[2];
	char		nulls[2];

	begin_values(import, values, nulls, lengthof(values));
	update(&forget_file, values, nulls);
}

bool
cb_import_ask_cancel(const CbImport *import, TimestampTz now)
{
	Datum		values[3];
	char		nulls[3];

	begin_values(import, values, nulls, lengthof(values));
	values[2] = TimestampTzGetDatum(now);
	return cb_statement_run(&ask_cancel, values, nulls) == 1;
}

/* Account and id; none of the n values is null until set_text says so. */
static void
begin_values(const CbImport *import, Datum *values, char *nulls, int n)
{
	memset(nulls, ' ', n);
	values[0] = UUIDPGetDatum(&import->account);
	values[1] = UUIDPGetDatum(&import->id);
}

static void
set_text(Datum *values, char *nulls, int i, const char *text)
{
	values[i] = (Datum) 0;
	nulls[i] = text == NULL ? 'n' : ' ';

	if (text !=NULL)
		values[i] = CStringGetTextDatum(text);
}

static void
set_uuid(Datum *values, char *nulls, int i, bool given, const pg_uuid_t *uuid)
{
	values[i] = UUIDPGetDatum(uuid);
	nulls[i] = given ? ' ' : 'n';
}

static Datum
bytes_of(const uint8 *hash)
{
	bytea	   *bytes = palloc(VARHDRSZ + PG_SHA256_DIGEST_LENGTH);

	SET_VARSIZE(bytes, VARHDRSZ + PG_SHA256_DIGEST_LENGTH);
	memcpy(VARDATA(bytes), hash, PG_SHA256_DIGEST_LENGTH);
	return PointerGetDatum(bytes);
}

/* The arrays of fields, headers and secret columns; an index of -1: not wanted. */
static void
set_columns(const CbImport *import, Datum *values, char *nulls, int fields,
			int header, int secrets)
{
	int			n = import->ncolumns;
	Datum	   *texts = palloc(sizeof(Datum) * (n + 1));
	bool	   *missing = palloc0(sizeof(bool) * (n + 1));
	Datum	   *numbers = palloc(sizeof(Datum) * (n + 1));
	int			nsecrets = 0;

	for (int i = 0; i < n; i++)
	{
		missing[i] = import->columns[i].field == NULL;
		texts[i] = missing[i] ? (Datum) 0 :
			CStringGetTextDatum(import->columns[i].field);
		if (import->columns[i].secret)
			numbers[nsecrets++] = Int32GetDatum(i + 1);
	}
	values[fields] = cb_statement_array(texts, missing, n, TEXTOID);
	if (header >= 0)
	{
		for (int i = 0; i < n; i++)
			texts[i] = CStringGetTextDatum(import->columns[i].header);
		values[header] = cb_statement_array(texts, NULL, n, TEXTOID);
	}
	if (secrets >= 0)
		values[secrets] = cb_statement_array(numbers, NULL, nsecrets, INT4OID);
}

static void
update(CbStatement *statement, Datum *values, const char *nulls)
{
	if (cb_statement_run(statement, values, nulls) != 1)
		cb_import_refuse();
}

void
cb_import_refuse(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the import was not stored"),
			 errhint("Look for a trigger or rule on canopy.import.")));
}
