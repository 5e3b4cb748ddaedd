/*-------------------------------------------------------------------------
 *
 * import_columns.c
 *		Which column of an import is which field.
 *
 * At upload a column gets the field that the caller names, else the one that the
 * account chose for its header before, else the best match.  A column that may
 * hold passwords is found then, by its header or by name, since its cells are
 * hashed then and not kept: nothing can become a password later, and a password
 * can become nothing else.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "canopy_bulk.h"
#include "flow/import_cells.h"
#include "flow/import_columns.h"
#include "record/import_mapping.h"

#define PASSWORD		"password"
#define PASSWORD_HASH	"password_hash"
#define METADATA_PREFIX	"metadata."

static void name_secrets(const CbImportCall *call, CbImport *import,
						 CbMappingColumn *columns, char **named, int nnamed);
static bool has_password_header(const CbImportCall *call,
								CbMappingColumn *columns, int n);
static void recall(const CbImportCall *call, const CbImport *import,
				   CbMappingColumn *columns);
static CbMappingColumn *begin_columns(const CbImport *import,
									  const CbMappingCells *cells);
static CbMappingProblem match(const CbImportCall *call,
							  CbMappingColumn *columns, int n);
static void take_match(CbImport *import, const CbMappingColumn *columns);
static bool is_password_field(const char *field);
static int	find_column(const CbImport *import, const char *name, int len);
static int	position_of(const CbImport *import, const char *name);
static char *choose_field(const CbImportCall *call, const CbImport *import,
						  int column, const JsonbValue *value);
static void refuse_mapping(const char *message, const char *hint) pg_attribute_noreturn();

CbMappingColumn *
cb_import_columns_propose(const CbImportCall *call, CbImport *import,
						  char **named, int nnamed, const CbMappingCells *cells)
{
	CbMappingColumn *columns = begin_columns(import, cells);
	int			n = import->ncolumns;

	name_secrets(call, import, columns, named, nnamed);
	recall(call, import, columns);
	if (match(call, columns, n) != CB_MAPPING_OK)
	{
		/* What was chosen for two headers does not fit one file. */
		columns = begin_columns(import, cells);
		name_secrets(call, import, columns, named, nnamed);
		if (match(call, columns, n) != CB_MAPPING_OK)
			refuse_mapping("two columns cannot have one field",
						   "Name one column of passwords in secret_columns.");
	}
	if (cells != NULL)
		cb_import_header_check_match(call, import, columns);
	take_match(import, columns);
	return columns;
}

static CbMappingColumn *
begin_columns(const CbImport *import, const CbMappingCells *cells)
{
	CbMappingColumn *columns;

	columns = palloc0(sizeof(CbMappingColumn) * (import->ncolumns + 1));
	for (int i = 0; i < import->ncolumns; i++)
	{
		columns[i].header = import->columns[i].header;
		columns[i].header_len = strlen(import->columns[i].header);
		columns[i].cells = cells == NULL ? NULL : &cells[i];
	}
	return columns;
}

/*
 * The first column that the caller names has the passwords, or the hashes, unless
 * a header says of another that it has them.
 */
static void
name_secrets(const CbImportCall *call, CbImport *import,
			 CbMappingColumn *columns, char **named, int nnamed)
{
	bool		has_password;

	has_password = cb_import_mode_field(call->mode, PASSWORD) == NULL ||
		has_password_header(call, columns, import->ncolumns);
	for (int i = 0; i < nnamed; i++)
	{
		int			column = find_column(import, named[i], (int) strlen(named[i]));
		const char *target = has_password ? CB_MAPPING_IGNORE : PASSWORD;

		if (columns[column].field != NULL)
			target = columns[column].field->name;
		else if (cb_mapping_secret(columns[column].header,
								   columns[column].header_len) == CB_MAPPING_PASSWORD_HASH)
			target = PASSWORD_HASH;
		else
		{
			if (!has_password && cb_mapping_looks_hashed(columns[column].cells))
				target = PASSWORD_HASH;
			has_password = true;
		}
		cb_mapping_override(call->mode->mapping, &columns[column], target,
							strlen(target));
		import->columns[column].secret = true;
	}
}

/* Has a column the passwords by its header?  Leaves only those a field. */
static bool
has_password_header(const CbImportCall *call, CbMappingColumn *columns, int n)
{
	bool		found = false;

	match(call, columns, n);
	for (int i = 0; i < n; i++)
	{
		if (columns[i].field != NULL && !is_password_field(columns[i].field->name))
			columns[i].field = NULL;
		found |= columns[i].field != NULL;
	}
	return found;
}

static void
recall(const CbImportCall *call, const CbImport *import,
	   CbMappingColumn *columns)
{
	const char **headers = palloc(sizeof(char *) * (import->ncolumns + 1));
	const char **targets = palloc(sizeof(char *) * (import->ncolumns + 1));

	for (int i = 0; i < import->ncolumns; i++)
		headers[i] = import->columns[i].header;
	cb_import_mapping_read(import, headers, targets, import->ncolumns);
	for (int i = 0; i < import->ncolumns; i++)
	{
		if (targets[i] != NULL && !columns[i].overridden &&
			!is_password_field(targets[i]))
			cb_mapping_override(call->mode->mapping, &columns[i], targets[i],
								strlen(targets[i]));
	}
}

/* Returns CB_MAPPING_OK or CB_MAPPING_TWICE. */
static CbMappingProblem
match(const CbImportCall *call, CbMappingColumn *columns, int n)
{
	CbMappingMissing missing;
	CbMappingProblem problem = cb_mapping_match(call->mode->mapping, columns, n,
												&missing);

	if (problem == CB_MAPPING_TOO_MANY)
		ereport(ERROR,
				(errcode(CB_ERRCODE_TOO_LARGE),
				 errmsg("file has too many columns"),
				 errdetail("It has %d columns; at most %d are allowed.",
						   n, CB_MAPPING_COLUMNS_MAX)));
	if (problem == CB_MAPPING_LIBRARY_FAILED)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("could not read the headers of a file"),
				 errdetail("ICU failed.")));
	return problem;
}

/* A column whose header says secret has a field for secrets, or none. */
static void
take_match(CbImport *import, const CbMappingColumn *columns)
{
	for (int i = 0; i < import->ncolumns; i++)
	{
		CbImportColumn *column = &import->columns[i];
		const CbMappingColumn *found = &columns[i];

		column->secret = column->secret ||
			cb_mapping_secret(found->header, found->header_len) != CB_MAPPING_PUBLIC;
		column->field = NULL;
		if (found->field == NULL)
			continue;
		if (is_password_field(found->field->name))
			column->secret = true;
		else if (column->secret)
			continue;
		column->field = found->key == NULL ? pstrdup(found->field->name) :
			psprintf(METADATA_PREFIX "%.*s", (int) found->key_len, found->key);
	}
}

static bool
is_password_field(const char *field)
{
	return strcmp(field, PASSWORD) == 0 || strcmp(field, PASSWORD_HASH) == 0;
}

void
cb_import_columns_change(const CbImportCall *call, CbImport *import,
						 Jsonb *mapping)
{
	const char **headers = palloc(sizeof(char *) * (import->ncolumns + 1));
	const char **fields = palloc(sizeof(char *) * (import->ncolumns + 1));
	bool	   *chosen = palloc0(sizeof(bool) * (import->ncolumns + 1));
	JsonbIterator *iterator;
	JsonbValue	key;
	JsonbValue	value;
	int			n = 0;

	if (!JB_ROOT_IS_OBJECT(mapping))
		refuse_mapping("mapping is not an object",
					   "Pass an object of headers, each with the name of a field, or null.");
	iterator = JsonbIteratorInit(&mapping->root);
	JsonbIteratorNext(&iterator, &key, true);
	while (JsonbIteratorNext(&iterator, &key, true) == WJB_KEY)
	{
		int			i;

		JsonbIteratorNext(&iterator, &value, true);
		i = find_column(import, key.val.string.val, key.val.string.len);
		import->columns[i].field = choose_field(call, import, i, &value);
		chosen[i] = true;
	}
	for (int i = 0; i < import->ncolumns; i++)
	{
		const char *field = import->columns[i].field;

		for (int j = 0; field != NULL && j < i; j++)
		{
			if (import->columns[j].field == NULL ||
				strcmp(import->columns[j].field, field) != 0)
				continue;
			if (chosen[i] == chosen[j])
				refuse_mapping("two columns cannot have one field",
							   "Map one of them to null.");
			import->columns[chosen[i] ? j : i].field = NULL;
			break;
		}
	}
	for (int i = 0; i < import->ncolumns; i++)
	{
		if (!chosen[i])
			continue;
		headers[n] = import->columns[i].header;
		fields[n++] = import->columns[i].field;
	}
	cb_import_mapping_save(import, headers, fields, n, call->now);
}

/* The column with that header, else with that position. */
static int
find_column(const CbImport *import, const char *name, int len)
{
	char	   *wanted = pnstrdup(name, len);
	int			found = -1;

	for (int i = 0; i < import->ncolumns; i++)
	{
		if (strcmp(import->columns[i].header, wanted) != 0)
			continue;
		if (found >= 0)
			refuse_mapping("several columns have the same header",
						   "Name a column by its position, from 1.");
		found = i;
	}
	if (found < 0)
		found = position_of(import, wanted) - 1;
	if (found < 0)
		refuse_mapping("the file has no such column",
					   "Name columns by their headers as in the file, or by their positions, from 1.");
	return found;
}

/* 0 when the text is no position. */
static int
position_of(const CbImport *import, const char *name)
{
	int			position = 0;

	for (const char *c = name; *c != '\0'; c++)
	{
		if (*c < '0' || *c > '9' || position > import->ncolumns)
			return 0;
		position = position * 10 + (*c - '0');
	}
	return position <= import->ncolumns ? position : 0;
}

/* The field that the caller wants a column to have; NULL: none. */
static char *
choose_field(const CbImportCall *call, const CbImport *import, int column,
			 const JsonbValue *value)
{
	const CbImportColumn *before = &import->columns[column];
	CbMappingColumn target = {before->header, strlen(before->header)};
	char	   *field;

	if (value->type == jbvNull)
		return NULL;
	if (value->type != jbvString)
		refuse_mapping("a field is named by a string", "Pass null to ignore a column.");
	field = pnstrdup(value->val.string.val, value->val.string.len);
	if (strcmp(field, CB_MAPPING_IGNORE) == 0)
		return NULL;
	if (before->field != NULL && strcmp(before->field, field) == 0)
		return field;
	if (before->secret)
		refuse_mapping("the cells of a secret column are not kept",
					   "Upload the file again; a column that holds no secret needs another header.");
	if (!cb_mapping_override(call->mode->mapping, &target, field, strlen(field)))
		refuse_mapping("the mode of the import has no such field",
					   "canopy_bulk_sample_csv() shows its fields.");
	if (is_password_field(field))
		refuse_mapping("a column cannot become a secret after the upload",
					   "Upload the file again, and name the column in secret_columns.");
	return field;
}

CbImportStatus
cb_import_columns_status(const CbImport *import)
{
	const CbMappingField *missing[CB_MAPPING_FIELDS_MAX];

	return cb_import_missing(import, missing) == 0 ?
		CB_IMPORT_MAPPED : CB_IMPORT_UPLOADED;
}

static void
refuse_mapping(const char *message, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s", message),
			 errhint("%s", hint)));
}
