/*-------------------------------------------------------------------------
 *
 * import_json.c
 *		The cells of a row as the JSON that its kind reads.
 *
 * The columns that have a field are put into jsonb's order of keys once for a
 * batch; what a row has of them is then written in one pass.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "canopy_bulk.h"
#include "db/document.h"
#include "db/stored.h"
#include "flow/import_json.h"
#include "input/cell.h"
#include "input/truth.h"

#define METADATA		"metadata"
#define METADATA_PREFIX	"metadata."
#define PASSWORD		"password"
#define PASSWORD_HASH	"password_hash"

/* A key of the object, and the column it comes from. */
typedef struct Source
{
	const char *key;
	int			len;			/* bytes */
	int			column;			/* from 1; 0: see below */
	bool		required;
	CbImportType type;
} Source;

typedef struct Plan
{
	const CbImport *import;
	Source	   *sources;		/* in jsonb's order; metadata once, if at all */
	int			nsources;
	Source	   *members;		/* columns that are keys of metadata, likewise */
	int			nmembers;
	int			metadata;		/* column that is all of it; 0: none */
	bool		has_password;	/* a column has passwords, or hashes */
} Plan;

/* A value of a row that is about to be written. */
typedef struct Value
{
	JsonbValue	key;
	CbText text;				/* of CB_IMPORT_TEXT */
	bool		truth;			/* of CB_IMPORT_BOOLEAN */
	Jsonb	   *object;			/* of CB_IMPORT_METADATA */
	CbImportType type;
} Value;

static void make_plan(const CbImportCall *call, Plan *plan);
static void add_source(Plan *plan, const char *key, int column,
					   CbImportType type);
static int	compare_sources(const void *a, const void *b);
static void write_row(const Plan *plan, const CbImportRow *row,
					  CbImportFlaw **flaws, CbJson *json);
static bool take_value(const Plan *plan, const Source *source,
					   const CbImportRow *row, CbImportFlaw **flaws,
					   Value *value);
static bool take_cell(const CbImportRow *row, int column, bool required,
					  CbText *text);
static bool is_spreadsheet_error(const CbText *text);
static Jsonb *take_metadata(const Plan *plan, const CbImportRow *row,
							CbImportFlaw **flaws);
static Jsonb *take_members(const Plan *plan, const CbImportRow *row);
static void write_value(CbJson *json, const Value *value);
static void read_flaws(const Plan *plan, const Jsonb *stored,
					   CbImportFlaw **flaws);
static int	stored_column(const JsonbValue *flaw);
static CbCode stored_code(const JsonbValue *flaw);

void
cb_import_json_make(const CbImportCall *call, CbImportBatch *batch)
{
	Plan		plan = {call->import};
	CbJson	   *json = cb_json_create((Size) (batch->nrows + 1) * 256);
	JsonbIterator *iterator;
	JsonbValue	value;
	int			n = 0;

	make_plan(call, &plan);
	batch->flaws = palloc0(sizeof(CbImportFlaw *) * (batch->nrows + 1));
	batch->inputs = palloc(sizeof(JsonbValue) * (batch->nrows + 1));
	cb_json_array(json, batch->nrows);
	for (int i = 0; i < batch->nrows; i++)
		write_row(&plan, &batch->rows[i], &batch->flaws[i], json);
	iterator = JsonbIteratorInit(&cb_json_finish(json)->root);
	JsonbIteratorNext(&iterator, &value, true);
	while (JsonbIteratorNext(&iterator, &value, true) == WJB_ELEM)
		batch->inputs[n++] = value;
}

static void
make_plan(const CbImportCall *call, Plan *plan)
{
	const CbImport *import = call->import;

	plan->sources = palloc(sizeof(Source) * (import->ncolumns + 2));
	plan->members = palloc(sizeof(Source) * (import->ncolumns + 1));
	for (int i = 0; i < import->ncolumns; i++)
	{
		const char *field = import->columns[i].field;

		if (field == NULL)
			continue;
		if (strcmp(field, PASSWORD) == 0 || strcmp(field, PASSWORD_HASH) == 0)
			plan->has_password = true;
		else if (strcmp(field, METADATA) == 0)
			plan->metadata = i + 1;
		else if (cb_import_type(field) == CB_IMPORT_METADATA)
		{
			Source	   *member = &plan->members[plan->nmembers++];

			member->key = field + strlen(METADATA_PREFIX);
			member->len = (int) strlen(member->key);
			member->column = i + 1;
		}
		else
			add_source(plan, field, i + 1, cb_import_type(field));
	}
	if (plan->has_password)
		add_source(plan, PASSWORD_HASH, 0, CB_IMPORT_TEXT);
	if (plan->metadata > 0 || plan->nmembers > 0)
		add_source(plan, METADATA, 0, CB_IMPORT_METADATA);
	qsort(plan->sources, plan->nsources, sizeof(Source), compare_sources);
	qsort(plan->members, plan->nmembers, sizeof(Source), compare_sources);
}

static void
add_source(Plan *plan, const char *key, int column, CbImportType type)
{
	Source	   *source = &plan->sources[plan->nsources++];

	source->key = key;
	source->len = (int) strlen(key);
	source->column = column;
	source->required = column > 0 && cb_import_requires(plan->import, key);
	source->type = type;
}

/* The order of keys in a jsonb object. */
static int
compare_sources(const void *a, const void *b)
{
	const Source *left = a;
	const Source *right = b;

	if (left->len != right->len)
		return left->len - right->len;
	return memcmp(left->key, right->key, left->len);
}

static void
write_row(const Plan *plan, const CbImportRow *row, CbImportFlaw **flaws,
		  CbJson *json)
{
	Value	   *values = palloc(sizeof(Value) * (plan->nsources + 1));
	JsonbValue *keys = palloc(sizeof(JsonbValue) * (plan->nsources + 1));
	int			n = 0;

	read_flaws(plan, row->upload_issues, flaws);
	for (int i = 0; i < plan->nsources; i++)
	{
		if (!take_value(plan, &plan->sources[i], row, flaws, &values[n]))
			continue;
		keys[n].type = jbvString;
		keys[n].val.string.val = unconstify(char *, plan->sources[i].key);
		keys[n].val.string.len = plan->sources[i].len;
		n++;
	}
	cb_json_object_of(json, keys, n);
	for (int i = 0; i < n; i++)
		write_value(json, &values[i]);
	pfree(values);
	pfree(keys);
}

/* False when there is nothing to send. */
static bool
take_value(const Plan *plan, const Source *source, const CbImportRow *row,
		   CbImportFlaw **flaws, Value *value)
{
	value->type = source->type;
	if (source->type == CB_IMPORT_METADATA)
	{
		value->object = take_metadata(plan, row, flaws);
		return value->object != NULL;
	}
	if (source->column == 0)
	{
		value->text.val = row->password_hash;
		value->text.len = row->password_hash == NULL ? 0 :
			(int) strlen(row->password_hash);
		return row->password_hash != NULL;
	}
	if (!take_cell(row, source->column, source->required, &value->text))
		return false;
	if (source->required && is_spreadsheet_error(&value->text))
		cb_import_flaw(flaws, CB_SPREADSHEET_ERROR, source->column, source->key);
	if (source->type == CB_IMPORT_BOOLEAN)
	{
		CbTruth		truth = cb_truth_read(value->text.val, value->text.len);

		if (truth == CB_TRUTH_UNKNOWN)
			cb_import_flaw(flaws, CB_INVALID_VALUE, source->column, source->key);
		value->truth = truth == CB_TRUTH_YES;
		return truth != CB_TRUTH_UNKNOWN;
	}
	return true;
}

/*
 * A cell that has a value.  What a program writes for NULL, or for a formula that
 * failed, is none; a person may be called NULL.
 */
static bool
take_cell(const CbImportRow *row, int column, bool required, CbText *text)
{
	if (!cb_import_cell(row, column, text))
		return false;
	switch (cb_cell_kind(text->val, (Size) text->len))
	{
		case CB_CELL_NULL:
			return required && is_spreadsheet_error(text);
		case CB_CELL_NULL_WORD:
		case CB_CELL_ERROR:
			return required;
		case CB_CELL_VALUE:
		case CB_CELL_DASH:
		case CB_CELL_SCIENTIFIC:
			break;
	}
	return true;
}

/* #N/A is one too, although it also says that there is nothing. */
static bool
is_spreadsheet_error(const CbText *text)
{
	CbCellKind	kind = cb_cell_kind(text->val, (Size) text->len);

	return kind == CB_CELL_ERROR ||
		(kind == CB_CELL_NULL && text->val[0] == '#');
}

/* The object of the one column, with the keys that have columns of their own. */
static Jsonb *
take_metadata(const Plan *plan, const CbImportRow *row, CbImportFlaw **flaws)
{
	Jsonb	   *members = take_members(plan, row);
	Jsonb	   *object;
	CbText text;

	if (plan->metadata == 0 || !take_cell(row, plan->metadata, false, &text))
		return members;
	object = cb_document_try(text.val, text.len);
	if (object == NULL || !JB_ROOT_IS_OBJECT(object))
	{
		cb_import_flaw(flaws, CB_METADATA_INVALID, plan->metadata, METADATA);
		return members;
	}
	if (members == NULL)
		return object;
	return DatumGetJsonbP(DirectFunctionCall2(jsonb_concat,
											  JsonbPGetDatum(object),
											  JsonbPGetDatum(members)));
}

/* NULL when none of the columns has a value. */
static Jsonb *
take_members(const Plan *plan, const CbImportRow *row)
{
	JsonbValue *keys;
	CbText	   *texts;
	CbJson	   *json;
	int			n = 0;

	if (plan->nmembers == 0)
		return NULL;
	keys = palloc(sizeof(JsonbValue) * plan->nmembers);
	texts = palloc(sizeof(CbText) * plan->nmembers);
	for (int i = 0; i < plan->nmembers; i++)
	{
		const Source *member = &plan->members[i];

		if (!take_cell(row, member->column, false, &texts[n]))
			continue;
		keys[n].type = jbvString;
		keys[n].val.string.val = unconstify(char *, member->key);
		keys[n].val.string.len = member->len;
		n++;
	}
	if (n == 0)
		return NULL;
	json = cb_json_create(256);
	cb_json_object_of(json, keys, n);
	for (int i = 0; i < n; i++)
		cb_json_string(json, texts[i].val, texts[i].len);
	return cb_json_finish(json);
}

static void
write_value(CbJson *json, const Value *value)
{
	switch (value->type)
	{
		case CB_IMPORT_TEXT:
			cb_json_string(json, value->text.val, value->text.len);
			break;
		case CB_IMPORT_BOOLEAN:
			cb_json_bool(json, value->truth);
			break;
		case CB_IMPORT_METADATA:
			cb_json_container(json, &value->object->root,
							  VARSIZE(value->object) - VARHDRSZ);
			break;
	}
}

void
cb_import_flaw(CbImportFlaw **flaws, CbCode code, int column, const char *field)
{
	CbImportFlaw *flaw = palloc0(sizeof(CbImportFlaw));

	while (*flaws != NULL)
		flaws = &(*flaws)->next;
	*flaws = flaw;
	flaw->code = code;
	flaw->column = column;
	flaw->field = field;
}

Jsonb *
cb_import_flaws_json(const CbImportFlaw *flaws)
{
	static CbJsonShape keys = {2, {"code", "column"}};
	CbJson	   *json;
	int			n = 0;

	if (flaws == NULL)
		return NULL;
	for (const CbImportFlaw *flaw = flaws; flaw != NULL; flaw = flaw->next)
		n++;
	json = cb_json_create((Size) n * 64);
	cb_json_array(json, n);
	for (const CbImportFlaw *flaw = flaws; flaw != NULL; flaw = flaw->next)
	{
		cb_json_shape(json, &keys);
		cb_json_cstring(json, cb_codes[flaw->code].name);
		cb_json_int(json, flaw->column);
	}
	return cb_json_finish(json);
}

/* A secret column that has been ignored since has no flaws. */
static void
read_flaws(const Plan *plan, const Jsonb *stored, CbImportFlaw **flaws)
{
	JsonbIterator *iterator;
	JsonbValue	entry;

	if (stored == NULL)
		return;
	iterator = JsonbIteratorInit(unconstify(JsonbContainer *, &stored->root));
	JsonbIteratorNext(&iterator, &entry, true);
	while (JsonbIteratorNext(&iterator, &entry, true) == WJB_ELEM)
	{
		int			number = stored_column(&entry);
		const CbImportColumn *source = NULL;

		if (number >= 1 && number <= plan->import->ncolumns)
			source = &plan->import->columns[number - 1];
		if (source == NULL || !source->secret || source->field != NULL)
			cb_import_flaw(flaws, stored_code(&entry), number,
						   source == NULL ? NULL : source->field);
	}
}

/* The column that a flaw is in; 0: none, or none that there can be. */
static int
stored_column(const JsonbValue *flaw)
{
	const JsonbValue *column = flaw->type != jbvBinary ? NULL :
	cb_stored_member(flaw->val.binary.data, "column");
	int			number;

	return column != NULL && cb_document_int(column, &number) ? number : 0;
}

static CbCode
stored_code(const JsonbValue *flaw)
{
	const JsonbValue *name = flaw->type != jbvBinary ? NULL :
	cb_stored_member(flaw->val.binary.data, "code");

	if (name == NULL || name->type != jbvString)
		return CB_INVALID_VALUE;
	for (int code = CB_OK + 1; code < CB_NCODES; code++)
	{
		if ((int) strlen(cb_codes[code].name) == name->val.string.len &&
			memcmp(cb_codes[code].name, name->val.string.val,
				   name->val.string.len) == 0)
			return (CbCode) code;
	}
	return CB_INVALID_VALUE;
}
