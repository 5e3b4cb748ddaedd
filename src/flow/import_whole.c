/*-------------------------------------------------------------------------
 *
 * import_whole.c
 *		An import in one go.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/uuid.h"

#include "canopy_bulk.h"
#include "db/uuid7.h"
#include "flow/import_preview.h"
#include "flow/import_whole.h"
#include "record/import_result.h"

#define MAPPING_HINT \
	"Name their columns, as in mapping => '{\"Header\": \"field\"}'."

static void take_id(CbImportWhole *whole, Jsonb *opened);
static void require_columns(const CbImportWhole *whole);
static void write_errors(CbJson *json, const CbImportSums *sums);
static int	compare_keys(const void *a, const void *b);

void
cb_import_whole_prepare(CbImportWhole *whole)
{
	take_id(whole, cb_wizard_open(&whole->order));
	whole->upload.account = whole->order.names.account;
	cb_wizard_upload(&whole->upload);
	if (whole->mapping != NULL)
		cb_wizard_map(&whole->upload.id, whole->mapping, whole->upload.account);
	require_columns(whole);
	cb_wizard_preview(&whole->upload.id, whole->upload.account);
}

void
cb_import_whole_check(const CbImportWhole *whole)
{
	CbImportCall call;
	char		id[CB_UUID_TEXT_LEN + 1];

	cb_import_begin(&call, &whole->upload.id, whole->upload.account);
	cb_uuid_format(&call.import->id, id);
	if (whole->max_failed >= 0 && call.import->error_count > whole->max_failed)
		ereport(ERROR,
				(errcode(CB_ERRCODE_UNPROCESSABLE),
				 errmsg("more rows of the import are bad than may be"),
				 errdetail("%d of %d rows are bad; none was written.",
						   call.import->error_count, call.import->row_count),
				 errhint("canopy_bulk_import_rows('%s', 'error') shows them.", id)));
	cb_import_end(&call);
}

Jsonb *
cb_import_whole_summary(const pg_uuid_t *id, const char *account)
{
	static CbJsonShape keys = {8, {"id", "rows", "errors", "failed", "status",
	"created", "skipped", "updated"}};
	CbImportCall call;
	CbImportSums sums;
	CbJson	   *json = cb_json_create(512);
	Jsonb	   *summary;

	cb_import_begin(&call, id, account);
	cb_import_rows_sum(call.import, &sums);
	cb_json_shape(json, &keys);
	cb_json_uuid(json, &call.import->id);
	cb_json_int(json, call.import->row_count);
	write_errors(json, &sums);
	cb_json_int(json, sums.failed);
	cb_json_cstring(json, cb_import_status_name(call.import->status));
	cb_json_int(json, sums.created);
	cb_json_int(json, sums.skipped);
	cb_json_int(json, sums.updated);
	summary = cb_json_finish(json);
	cb_import_end(&call);
	return summary;
}

static void
take_id(CbImportWhole *whole, Jsonb *opened)
{
	JsonbValue	value;

	if (getKeyJsonValueFromContainer(&opened->root, "id", 2, &value) == NULL ||
		!cb_uuid_parse(value.val.string.val, value.val.string.len,
					   &whole->upload.id))
		elog(ERROR, "an import has no id");
}

static void
require_columns(const CbImportWhole *whole)
{
	const CbMappingField *missing[CB_MAPPING_FIELDS_MAX];
	CbImportCall call;
	StringInfoData names;
	int			n;

	cb_import_begin(&call, &whole->upload.id, whole->upload.account);
	n = cb_import_missing(call.import, missing);
	initStringInfo(&names);
	for (int i = 0; i < n; i++)
		appendStringInfo(&names, "%s%s", i > 0 ? ", " : "", missing[i]->name);
	if (n > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("required fields have no column in the file"),
				 errdetail("Without a column: %s.", names.data),
				 errhint(MAPPING_HINT)));
	cb_import_end(&call);
}

static void
write_errors(CbJson *json, const CbImportSums *sums)
{
	const char **keys = palloc(sizeof(char *) * (sums->nerrors + 1));
	CbImportErrorSum *errors = sums->errors;

	qsort(errors, sums->nerrors, sizeof(CbImportErrorSum), compare_keys);
	for (int i = 0; i < sums->nerrors; i++)
		keys[i] = errors[i].code;
	cb_json_object(json, keys, sums->nerrors);
	for (int i = 0; i < sums->nerrors; i++)
		cb_json_int(json, errors[i].count);
}

/* The order of keys in a jsonb object. */
static int
compare_keys(const void *a, const void *b)
{
	const char *left = ((const CbImportErrorSum *) a)->code;
	const char *right = ((const CbImportErrorSum *) b)->code;
	int			difference = (int) strlen(left) - (int) strlen(right);

	return difference != 0 ? difference : strcmp(left, right);
}
