/*
 * mapping.c
 *	  Fuzzes cb_mapping_match, cb_mapping_override, cb_mapping_secret and the
 *	  warnings.
 *
 * Build: src/input/mapping.c src/input/mapping_field.c src/input/mapping_fit.c src/input/header.c src/input/header_alias.c src/input/header_likeness.c src/input/header_match.c src/input/fold.c src/input/secret_word.c src/input/distance.c src/input/warning.c src/input/mail_domain.c -licuuc
 * Run: -max_len=1024
 *
 * The first byte chooses the mode; the rest is lines, each a header, or a target
 * and "==" and a header.  Besides never touching memory that is not ours, it must
 * hold that
 *
 *	- no field has two columns, but keys of the metadata;
 *	- who has lost its field names one who has it;
 *	- a required field is missing or has a column;
 *	- a column without a field says why;
 *	- a secret goes to a field for secrets or nowhere;
 *	- a mapping said again as overrides is the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "input/mapping.h"
#include "input/warning.h"

#define COLUMNS_MAX		40

int			LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(int holds)
{
	if (!holds)
		abort();
}

static int
is_named(const CbMappingField *field, const char *name)
{
	return strcmp(field->name, name) == 0;
}

static const char *
find(const char *bytes, size_t len, const char *mark)
{
	return memmem(bytes, len, mark, strlen(mark));
}

/* Of a column in two nothing is known; what is said of the others is made up. */
static const CbMappingCells *
make_cells(CbMappingCells *cells, size_t len)
{
	int			filled = (int) (len % 7);

	if (len % 2 == 0)
		return NULL;
	memset(cells, 0, sizeof(*cells));
	cells->filled = filled;
	cells->distinct = len % 3 == 0 ? filled : filled > 0;
	cells->emails = cells->at_signs = len % 5 == 0 ? filled : 0;
	cells->hashes = len % 11 == 0 ? filled : 0;
	cells->with_letters = filled;
	return cells;
}

static int
take_columns(CbMappingMode mode, const char *bytes, size_t size, CbMappingColumn *columns)
{
	static CbMappingCells cells[COLUMNS_MAX];
	int			n = 0;

	while (size > 0 && n < COLUMNS_MAX)
	{
		const char *newline = memchr(bytes, '\n', size);
		size_t		len = newline == NULL ? size : (size_t) (newline - bytes);
		const char *equals = find(bytes, len, "==");

		memset(&columns[n], 0, sizeof(columns[n]));
		columns[n].header = equals == NULL ? bytes : equals + 2;
		columns[n].header_len = len - (size_t) (columns[n].header - bytes);
		columns[n].cells = make_cells(&cells[n], len);
		if (equals != NULL)
			(void) cb_mapping_override(mode, &columns[n], bytes, (size_t) (equals - bytes));
		n++;
		len += newline != NULL;
		bytes += len;
		size -= len;
	}
	return n;
}

static void
check_column(const CbMappingColumn *columns, int n, int i)
{
	const CbMappingColumn *column = &columns[i];
	CbMappingSecret secret = cb_mapping_secret(column->header, column->header_len);
	int			j;

	must(column->confidence >= 0 && column->confidence <= 100);
	must((column->method == CB_MAPPING_IGNORED) <= (column->field == NULL));
	must(column->lost_to >= 0 && column->lost_to <= n);
	must(strlen(cb_mapping_method_name(column->method)) > 0);
	must((column->reason == CB_MAPPING_HAS_FIELD) == (column->field != NULL));
	must((cb_mapping_reason_name(column->reason) == NULL) == (column->field != NULL));
	if (column->lost_to > 0)
		must(column->field == NULL && columns[column->lost_to - 1].field != NULL);
	if (column->field == NULL)
		return;
	must((secret == CB_MAPPING_PASSWORD) ==
		 cb_mapping_is_secret_header(column->header, column->header_len));
	if (secret != CB_MAPPING_PUBLIC)
		must(is_named(column->field, "password") || is_named(column->field, "password_hash"));
	for (j = 0; j < i; j++)
		must(columns[j].field != column->field || is_named(column->field, "metadata"));
}

static void
check_missing(CbMappingMode mode, const CbMappingColumn *columns, int n, const CbMappingMissing *missing)
{
	const CbMappingField *fields[CB_MAPPING_FIELDS_MAX];
	int			nfields = cb_mapping_fields(mode, fields);
	int			required = 0;
	int			has = 0;
	int			i;

	must(nfields <= CB_MAPPING_FIELDS_MAX);
	for (i = 0; i < nfields; i++)
		required += fields[i]->required;
	for (i = 0; i < n; i++)
		has += columns[i].field != NULL && columns[i].field->required;
	must(has + missing->n == required);
}

/* The same columns, each told where it went. */
static void
check_said_again(CbMappingMode mode, const CbMappingColumn *columns, int n)
{
	CbMappingColumn again[COLUMNS_MAX];
	CbMappingMissing missing;
	int			i;

	for (i = 0; i < n; i++)
	{
		const char *target = columns[i].field == NULL ? CB_MAPPING_IGNORE : columns[i].field->name;

		memset(&again[i], 0, sizeof(again[i]));
		again[i].header = columns[i].header;
		again[i].header_len = columns[i].header_len;
		if (columns[i].key_len == 0)
			must(cb_mapping_override(mode, &again[i], target, strlen(target)));
		else
			again[i] = columns[i];
	}
	must(cb_mapping_match(mode, again, n, &missing) == CB_MAPPING_OK);
	for (i = 0; i < n; i++)
		must(again[i].field == columns[i].field);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *) data;
	CbMappingColumn columns[COLUMNS_MAX];
	CbMappingMissing missing;
	CbMappingMode mode;
	const char *meant;
	int			n;
	int			i;

	if (size == 0)
		return 0;
	mode = (CbMappingMode) (data[0] % 4);
	must(strlen(cb_warning_code(cb_warning_name(bytes + 1, size - 1))) > 0);
	must((cb_warning_email(bytes + 1, size - 1, &meant) == CB_WARNING_DOMAIN_TYPO) == (meant != NULL));

	n = take_columns(mode, bytes + 1, size - 1, columns);
	if (cb_mapping_match(mode, columns, n, &missing) != CB_MAPPING_OK)
		return 0;
	for (i = 0; i < n; i++)
		check_column(columns, n, i);
	check_missing(mode, columns, n, &missing);
	check_said_again(mode, columns, n);
	return 0;
}
