/*-------------------------------------------------------------------------
 *
 * import_header.c
 *		Where the table of an uploaded file begins.
 *
 * Reports have a title above the table, directories the version of a template.  A
 * record of values is not taken for a header although one of them is called like a
 * field: it has an address.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "canopy_bulk.h"
#include "flow/import_header.h"
#include "flow/import_scan.h"

#define LOOK_BEHIND		10		/* records behind a header */
#define LOOKS			(CB_IMPORT_HEADER_LOOK + LOOK_BEHIND)
#define TEXT_MAX		80		/* bytes of what was passed */

/* A record, as far as it matters. */
typedef struct Look
{
	Size		number;			/* records of the file before it */
	int			line;
	Size		cell_count;
	Size		filled_count;
	bool		is_sound;
	bool		is_named;		/* it names a required field */
	char	   *text;
} Look;

static int	look_at_records(const CbImportFile *file, const CbImportMode *mode,
							CbCsvReader *reader, Look *looks);
static void look_at(const CbCsvRecord *record, const CbImportMode *mode,
					Look *look);
static bool names_required(const CbCsvRecord *record, const CbImportMode *mode);
static bool has_address(const CbCsvRecord *record);
static char *first_text(const CbCsvRecord *record);
static int	find(const Look *looks, int n);
static bool has_width(const Look *header, const Look *row);

void
cb_import_header_find(CbImportFile *file, const CbImportMode *mode,
					  CbCsvReader *reader, CbImportHeader *header)
{
	Look		looks[LOOKS];
	int			n = look_at_records(file, mode, reader, looks);
	int			found;

	if (n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("file has no header"),
				 errhint("Its first line names the columns; canopy_bulk_sample_csv() shows one.")));
	found = find(looks, n);
	memset(header, 0, sizeof(CbImportHeader));
	header->line = looks[found].line;
	header->npassed = found;
	for (int i = 0; i < found; i++)
	{
		header->lines[i] = looks[i].line;
		header->texts[i] = looks[i].text;
	}
	file->passed = looks[found].number;
}

/* Fills in the first records that are not empty; returns their number. */
static int
look_at_records(const CbImportFile *file, const CbImportMode *mode,
				CbCsvReader *reader, Look *looks)
{
	CbCsvRecord record;
	int			n = 0;

	cb_import_file_rewind(file, reader);
	while (n < LOOKS && cb_import_next_record(reader, &record))
	{
		Look	   *look = &looks[n];

		look->number = reader->record_count - 1;
		look_at(&record, n < CB_IMPORT_HEADER_LOOK ? mode : NULL, look);
		n++;
		/* as most files are */
		if (n == 2 && looks[0].is_named && has_width(&looks[0], &looks[1]))
			break;
	}
	return n;
}

/* Without a mode it is not to be the header. */
static void
look_at(const CbCsvRecord *record, const CbImportMode *mode, Look *look)
{
	look->line = (int) record->line;
	look->cell_count = record->cell_count;
	look->filled_count = record->filled_count;
	look->is_sound = record->problem == CB_CSV_OK;
	look->is_named = mode != NULL && look->is_sound &&
		names_required(record, mode) && !has_address(record);
	look->text = mode != NULL ? first_text(record) : NULL;
}

static bool
names_required(const CbCsvRecord *record, const CbImportMode *mode)
{
	int			n = (int) record->filled_count;
	CbMappingColumn *columns = palloc0(sizeof(CbMappingColumn) * n);
	CbMappingMissing missing;
	bool		named = false;

	for (int i = 0; i < n; i++)
	{
		columns[i].header = record->cells[i].ptr;
		columns[i].header_len = record->cells[i].len;
	}
	if (cb_mapping_match(mode->mapping, columns, n, &missing) == CB_MAPPING_OK)
	{
		for (int i = 0; i < n; i++)
			named |= columns[i].field != NULL && columns[i].field->required &&
				(columns[i].method == CB_MAPPING_EXACT ||
				 columns[i].method == CB_MAPPING_NORMALISED);
	}
	pfree(columns);
	return named;
}

static bool
has_address(const CbCsvRecord *record)
{
	for (Size i = 0; i < record->kept_count; i++)
	{
		if (record->cells[i].len > 0 &&
			memchr(record->cells[i].ptr, '@', record->cells[i].len) != NULL)
			return true;
	}
	return false;
}

static char *
first_text(const CbCsvRecord *record)
{
	for (Size i = 0; i < record->kept_count; i++)
	{
		const char *text = record->cells[i].ptr;
		Size		len = record->cells[i].len;

		cb_import_trim(&text, &len);
		if (len > 0)
			return pnstrdup(text, pg_mbcliplen(text, (int) len, TEXT_MAX));
	}
	return pstrdup("");
}

static int
find(const Look *looks, int n)
{
	for (int i = 0; i < n && i < CB_IMPORT_HEADER_LOOK; i++)
	{
		for (int j = i + 1; looks[i].is_named && j < n && j <= i + LOOK_BEHIND; j++)
		{
			if (has_width(&looks[i], &looks[j]))
				return i;
		}
	}
	return 0;
}

/* Empty cells at the end of either do not count. */
static bool
has_width(const Look *header, const Look *row)
{
	return row->cell_count == header->cell_count ||
		(row->filled_count <= header->filled_count &&
		 row->cell_count >= header->filled_count);
}
