/*-------------------------------------------------------------------------
 *
 * import_upload.c
 *		The second step of an import: its file.
 *
 *		open file -> header -> cells -> columns -> scan -> hash -> lock -> store rows
 *
 * The first records are looked at, and then all are read twice.  Scanning counts them and collects the passwords,
 * which then are hashed before anything is locked; storing turns the records into
 * rows without the cells of secret columns.  So no password ever is in a
 * statement, and the memory that is needed is that of the file and a chunk.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/memutils.h"

#include "canopy_bulk.h"
#include "flow/import_cells.h"
#include "flow/import_columns.h"
#include "flow/import_header.h"
#include "flow/import_scan.h"
#include "flow/import_store.h"
#include "flow/import_upload.h"
#include "input/csv_write.h"

#define SUBMITTED_HINT \
	"An import that has been submitted keeps its file. Open another one."

static void read_header(const CbImportFile *file, CbImport *import,
						CbCsvReader *reader);
static void refuse_file(const char *message, const char *hint) pg_attribute_noreturn();
static void take_file(const CbImportUpload *upload, const CbImportFile *file,
					  CbImport *import);
static Jsonb *describe(const CbImport *import, const CbImportFile *file,
					   const CbImportHeader *header, const CbImportScan *scan,
					   const CbMappingColumn *columns,
					   const CbImportStored *stored);
static void write_passed(CbJson *json, const CbImportHeader *header);
static void write_columns(CbJson *json, const CbImport *import,
						  const CbMappingColumn *columns);

Jsonb *
cb_wizard_upload(const CbImportUpload *upload)
{
	MemoryContext callers = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(callers, "canopy_bulk import",
												  ALLOCSET_DEFAULT_SIZES);
	CbImportCall call;
	CbImportFile file;
	CbImportHeader header;
	CbCsvReader *reader;
	CbImportScan scan;
	CbImportStored stored;
	CbImport   *import;
	CbMappingColumn *columns;
	Jsonb	   *answer;

	MemoryContextSwitchTo(context);
	cb_import_begin(&call, &upload->id, upload->account);
	cb_import_require(call.import, CB_IMPORT_BEFORE_SUBMIT, SUBMITTED_HINT);
	reader = palloc(sizeof(CbCsvReader));
	cb_import_file_open(&upload->source, &file);
	import = palloc(sizeof(CbImport));
	*import = *call.import;
	cb_import_header_find(&file, call.mode, reader, &header);
	read_header(&file, import, reader);
	columns = cb_import_columns_propose(&call, import, upload->secret_columns,
										upload->nsecret_columns,
										cb_import_cells(&file, import, reader));
	cb_import_scan(&file, import, reader, &scan);

	cb_import_lock(&call);
	take_file(upload, &file, import);
	import->row_count = scan.nrows;
	import->status = cb_import_columns_status(import);
	cb_import_rows_delete(import);
	cb_import_store(&file, import, reader, &scan, &stored);
	cb_import_save_upload(import, call.now);
	answer = describe(import, &file, &header, &scan, columns, &stored);

	cb_import_end(&call);
	MemoryContextSwitchTo(callers);
	answer = DatumGetJsonbPCopy(JsonbPGetDatum(answer));
	MemoryContextDelete(context);
	return answer;
}

static void
read_header(const CbImportFile *file, CbImport *import, CbCsvReader *reader)
{
	CbCsvRecord record;

	cb_import_file_rewind(file, reader);
	cb_import_next_record(reader, &record);
	if (record.problem != CB_CSV_OK)
		refuse_file("header of the file cannot be read",
					"Look for a quote that is not closed, and for too many columns.");
	import->ncolumns = (int) record.filled_count;
	import->columns = palloc0(sizeof(CbImportColumn) * import->ncolumns);
	for (int i = 0; i < import->ncolumns; i++)
	{
		const char *header = record.cells[i].ptr;
		Size		len = record.cells[i].len;
		char	   *plain;

		cb_import_trim(&header, &len);
		plain = palloc(len + 1);
		plain[cb_csv_undefuse(header, len, plain)] = '\0';
		import->columns[i].header = plain;
	}
	cb_import_header_check(import);
}

static void
refuse_file(const char *message, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s", message),
			 errhint("%s", hint)));
}

static void
take_file(const CbImportUpload *upload, const CbImportFile *file,
		  CbImport *import)
{
	char		delimiter[2] = {file->dialect.delimiter, '\0'};

	import->file_name = upload->file_name == NULL ? NULL :
		pstrdup(upload->file_name);
	import->url_label = upload->url_label == NULL ? NULL :
		pstrdup(upload->url_label);
	memcpy(import->sha256, file->sha256, sizeof(import->sha256));
	import->file_size = (int) upload->source.len;
	import->encoding = pstrdup(file->encoding);
	import->encoding_method = pstrdup(file->method);
	import->encoding_confidence = file->confidence;
	import->delimiter = pstrdup(delimiter);
}

static Jsonb *
describe(const CbImport *import, const CbImportFile *file,
		 const CbImportHeader *header, const CbImportScan *scan,
		 const CbMappingColumn *columns, const CbImportStored *stored)
{
	static CbJsonShape keys = {12, {"id", "status", "columns", "missing",
			"preview", "encoding", "warnings", "delimiter", "row_count", "header_line",
	"passed_over", "comment_count"}};
	static CbJsonShape encoding = {6, {"name", "method", "samples", "confidence",
	"alternative", "unreadable_count"}};
	const CbMappingField *missing[CB_MAPPING_FIELDS_MAX];
	int			nmissing = cb_import_missing(import, missing);
	CbJson	   *json = cb_json_create(4096);

	cb_json_shape(json, &keys);
	cb_json_uuid(json, &import->id);
	cb_json_cstring(json, cb_import_status_name(import->status));
	write_columns(json, import, columns);
	cb_json_array(json, nmissing);
	for (int i = 0; i < nmissing; i++)
		cb_json_cstring(json, missing[i]->name);
	cb_json_array(json, stored->nfirst);
	for (int i = 0; i < stored->nfirst; i++)
		cb_import_write_texts(json, stored->first[i], import->ncolumns);
	cb_json_shape(json, &encoding);
	cb_json_cstring(json, import->encoding);
	cb_json_cstring(json, import->encoding_method);
	cb_import_write_texts(json, scan->samples.texts, scan->samples.n);
	cb_json_int(json, import->encoding_confidence);
	cb_json_cstring(json, file->alternative);
	cb_json_int(json, (int64) file->unreadable);
	cb_import_write_notices(json, import, &scan->samples, file->padding);
	cb_json_cstring(json, import->delimiter);
	cb_json_int(json, import->row_count);
	cb_json_int(json, header->line);
	write_passed(json, header);
	cb_json_int(json, scan->ncomments);
	return cb_json_finish(json);
}

static void
write_passed(CbJson *json, const CbImportHeader *header)
{
	static CbJsonShape keys = {2, {"line", "text"}};

	cb_json_array(json, header->npassed);
	for (int i = 0; i < header->npassed; i++)
	{
		cb_json_shape(json, &keys);
		cb_json_int(json, header->lines[i]);
		cb_json_cstring(json, header->texts[i]);
	}
}

static void
write_columns(CbJson *json, const CbImport *import,
			  const CbMappingColumn *columns)
{
	static CbJsonShape keys = {7, {"field", "header", "reason", "secret",
	"closest", "position", "confidence"}};

	cb_json_array(json, import->ncolumns);
	for (int i = 0; i < import->ncolumns; i++)
	{
		const CbImportColumn *column = &import->columns[i];

		cb_json_shape(json, &keys);
		cb_json_cstring(json, column->field);
		cb_json_cstring(json, column->header);
		cb_json_cstring(json, column->field != NULL ? NULL :
						cb_mapping_reason_name(columns[i].reason));
		cb_json_bool(json, column->secret);
		cb_json_cstring(json, column->field != NULL || columns[i].closest == NULL ?
						NULL : columns[i].closest->name);
		cb_json_int(json, i + 1);
		cb_json_int(json, column->field == NULL ? 0 : columns[i].confidence);
	}
}
