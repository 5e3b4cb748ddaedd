/*-------------------------------------------------------------------------
 *
 * import_sample.c
 *		A sample file of a mode: what its columns are, and an example.
 *
 * The file imports as it stands: its comments are dropped, and the cells of
 * columns that need ids of the directory are left empty.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "canopy_bulk.h"
#include "flow/import_steps.h"
#include "input/csv_write.h"

#define LINE_END	"\r\n"

/* What two people of the example have; other fields are left empty. */
static const struct
{
	const char *field;
	const char *values[2];
}			examples[] = {
	{"email", {"ada@example.com", "grace@example.com"}},
	{"first_name", {"Ada", "Grace"}},
	{"last_name", {"Lovelace", "Hopper"}},
	{"firstName", {"Ada", "Grace"}},
	{"lastName", {"Lovelace", "Hopper"}},
	{"metadata", {"{\"department\": \"Research\"}", ""}},
	{"send_email", {"yes", "no"}},
	{"sendInvite", {"yes", "no"}},
};

static void append_note(StringInfo file, const CbMappingField *field);
static void append_cell(StringInfo file, bool first, const char *value);
static const char *example_of(const char *field, int person);

char *
cb_wizard_sample(const char *mode_name)
{
	const CbImportMode *mode = cb_import_mode(mode_name);
	const CbMappingField *fields[CB_MAPPING_FIELDS_MAX];
	int			n = cb_mapping_fields(mode->mapping, fields);
	StringInfoData file;

	initStringInfo(&file);
	appendStringInfo(&file, "# %s" LINE_END, mode->summary);
	appendStringInfoString(&file, "# Lines that begin with # are left out. Empty cells are not sent." LINE_END);
	for (int i = 0; i < n; i++)
		append_note(&file, fields[i]);
	for (int i = 0; i < n; i++)
		append_cell(&file, i == 0, fields[i]->name);
	appendStringInfoString(&file, LINE_END);
	for (int person = 0; person < 2; person++)
	{
		for (int i = 0; i < n; i++)
			append_cell(&file, i == 0, example_of(fields[i]->name, person));
		appendStringInfoString(&file, LINE_END);
	}
	return file.data;
}

static void
append_note(StringInfo file, const CbMappingField *field)
{
	appendStringInfo(file, "# %s (%s): %s" LINE_END, field->name,
					 field->required ? "required" : "optional", field->note);
}

static void
append_cell(StringInfo file, bool first, const char *value)
{
	Size		len = strlen(value);

	enlargeStringInfo(file, (int) CB_CSV_CELL_ROOM(len));
	file->len += (int) cb_csv_write_cell(',', first, value, len,
										 file->data + file->len);
	file->data[file->len] = '\0';
}

static const char *
example_of(const char *field, int person)
{
	for (size_t i = 0; i < lengthof(examples); i++)
	{
		if (strcmp(examples[i].field, field) == 0)
			return examples[i].values[person];
	}
	return "";
}
