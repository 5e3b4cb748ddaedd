/*-------------------------------------------------------------------------
 *
 * import.c
 *		The SQL-callable functions of imports, up to the preview.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "api/arguments.h"
#include "canopy_bulk.h"
#include "db/guard.h"
#include "db/http.h"
#include "db/uuid7.h"
#include "flow/import_preview.h"
#include "flow/import_steps.h"
#include "flow/import_upload.h"

static Datum upload(FunctionCallInfo fcinfo, bool is_text);
static pg_uuid_t import_of_request(void);

/* canopy_bulk_import_open(mode, account, application, environment, ...) */
CB_FUNCTION(canopy_bulk_import_open)
{
	CbImportOrder order = {0};
	Jsonb	   *answer;

	cb_argument_require(fcinfo, 0, "mode");
	order.mode = cb_argument_text(fcinfo, 0);
	order.names.account = cb_argument_text(fcinfo, 1);
	order.names.application = cb_argument_text(fcinfo, 2);
	order.names.environment = cb_argument_text(fcinfo, 3);
	order.on_conflict = cb_argument_text(fcinfo, 4);
	order.missing = cb_argument_text(fcinfo, 5);
	order.max_missing_percent = cb_argument_int(fcinfo, 6, -1);
	order.options = PG_ARGISNULL(7) ? NULL : PG_GETARG_JSONB_P(7);
	answer = cb_wizard_open(&order);
	PG_RETURN_JSONB_P(answer);
}

/* canopy_bulk_import_upload(id, file bytea, file_name, delimiter, ...) */
CB_FUNCTION(canopy_bulk_import_upload)
{
	Datum		answer;

	answer = upload(fcinfo, false);
	PG_RETURN_DATUM(answer);
}

/* canopy_bulk_import_upload_text(id, contents text, file_name, delimiter, ...) */
CB_FUNCTION(canopy_bulk_import_upload_text)
{
	Datum		answer;

	answer = upload(fcinfo, true);
	PG_RETURN_DATUM(answer);
}

/* canopy_bulk_import_upload_body(bytea), what else there is in headers */
CB_FUNCTION(canopy_bulk_import_upload_body)
{
	CbImportUpload upload = {0};
	bytea	   *file;
	char	   *secret_column;
	Jsonb	   *answer;

	cb_argument_require(fcinfo, 0, "file");
	file = PG_GETARG_BYTEA_PP(0);
	upload.id = import_of_request();
	upload.source.bytes = VARDATA_ANY(file);
	upload.source.len = VARSIZE_ANY_EXHDR(file);
	upload.source.encoding = cb_http_header("import-encoding");
	upload.source.delimiter = cb_http_header("import-delimiter");
	upload.file_name = cb_http_header("import-file-name");
	upload.account = cb_http_header("import-account");
	secret_column = cb_http_header("import-secret-column");
	upload.secret_columns = &secret_column;
	upload.nsecret_columns = secret_column == NULL ? 0 : 1;
	answer = cb_wizard_upload(&upload);
	PG_RETURN_JSONB_P(answer);
}

/* canopy_bulk_import_map(id, mapping, account) */
CB_FUNCTION(canopy_bulk_import_map)
{
	Jsonb	   *answer;

	cb_argument_require(fcinfo, 0, "id");
	answer = cb_wizard_map(PG_GETARG_UUID_P(0),
						   PG_ARGISNULL(1) ? NULL : PG_GETARG_JSONB_P(1),
						   cb_argument_text(fcinfo, 2));
	PG_RETURN_JSONB_P(answer);
}

/* canopy_bulk_import_preview(id, account) */
CB_FUNCTION(canopy_bulk_import_preview)
{
	Jsonb	   *answer;

	cb_argument_require(fcinfo, 0, "id");
	answer = cb_wizard_preview(PG_GETARG_UUID_P(0), cb_argument_text(fcinfo, 1));
	PG_RETURN_JSONB_P(answer);
}

/* canopy_bulk_import_rows(id, verdict, page, take, account) */
CB_FUNCTION(canopy_bulk_import_rows)
{
	Jsonb	   *answer;

	cb_argument_require(fcinfo, 0, "id");
	answer = cb_wizard_rows(PG_GETARG_UUID_P(0), cb_argument_text(fcinfo, 1),
							cb_argument_int(fcinfo, 2, 1), cb_argument_int(fcinfo, 3, 20),
							cb_argument_text(fcinfo, 4));
	PG_RETURN_JSONB_P(answer);
}

/* canopy_bulk_import_select(id, row_numbers, selected, account) */
CB_FUNCTION(canopy_bulk_import_select)
{
	Jsonb	   *answer;

	cb_argument_require(fcinfo, 0, "id");
	cb_argument_require(fcinfo, 2, "selected");
	answer = cb_wizard_select(PG_GETARG_UUID_P(0),
							  PG_ARGISNULL(1) ? NULL : PG_GETARG_ARRAYTYPE_P(1),
							  PG_GETARG_BOOL(2), cb_argument_text(fcinfo, 3));
	PG_RETURN_JSONB_P(answer);
}

/* canopy_bulk_import_info(id, account) */
CB_FUNCTION(canopy_bulk_import_info)
{
	Jsonb	   *answer;

	cb_argument_require(fcinfo, 0, "id");
	answer = cb_wizard_info(PG_GETARG_UUID_P(0), cb_argument_text(fcinfo, 1));
	PG_RETURN_JSONB_P(answer);
}

/* canopy_bulk_sample_csv(mode) */
CB_FUNCTION(canopy_bulk_sample_csv)
{
	text	   *sample;

	cb_argument_require(fcinfo, 0, "mode");
	sample = cstring_to_text(cb_wizard_sample(cb_argument_text(fcinfo, 0)));
	PG_RETURN_TEXT_P(sample);
}

/*
 * Arguments: id, the file, file_name, delimiter, secret_columns, account, and of
 * bytes also encoding.
 */
static Datum
upload(FunctionCallInfo fcinfo, bool is_text)
{
	CbImportUpload upload = {0};
	struct varlena *file;

	cb_argument_require(fcinfo, 0, "id");
	cb_argument_require(fcinfo, 1, is_text ? "contents" : "file");
	file = PG_GETARG_VARLENA_PP(1);
	upload.id = *PG_GETARG_UUID_P(0);
	upload.source.bytes = VARDATA_ANY(file);
	upload.source.len = VARSIZE_ANY_EXHDR(file);
	upload.source.is_text = is_text;
	upload.file_name = cb_argument_text(fcinfo, 2);
	upload.source.delimiter = cb_argument_text(fcinfo, 3);
	upload.secret_columns = cb_argument_texts(fcinfo, 4, &upload.nsecret_columns);
	upload.account = cb_argument_text(fcinfo, 5);
	if (!is_text)
		upload.source.encoding = cb_argument_text(fcinfo, 6);
	PG_RETURN_JSONB_P(cb_wizard_upload(&upload));
}

static pg_uuid_t
import_of_request(void)
{
	const char *id = cb_http_header("import-id");
	pg_uuid_t	import;

	if (id == NULL || !cb_uuid_parse(id, strlen(id), &import))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no import is named"),
				 errhint("Send its id in the header Import-Id.")));
	return import;
}
