/*-------------------------------------------------------------------------
 *
 * import_store.c
 *		The second reading of an uploaded file: its records become rows.
 *
 * Rows are stored in chunks, each in memory of its own that is given back.  The
 * cells of a row become one text with a separator that no cell has; a control
 * character will do for nearly every file.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "canopy_bulk.h"
#include "db/uuid7.h"
#include "flow/import_json.h"
#include "flow/import_store.h"
#include "input/csv_write.h"

#define CHUNK_ROWS		500
#define CHUNK_BYTES		(512 * 1024)	/* of cells, at which a chunk ends */
#define CELL_BYTES		(128 * 1024)	/* of a cell that is kept: four times
										 * what a spreadsheet holds */
#define FIRST_BYTES		200		/* of a cell that the answer shows */
#define SEPARATOR		"\x1F"
#define UNREADABLE		"\xEF\xBF\xBD"	/* what a wrong byte was turned into */

typedef struct Storing
{
	const CbImport *import;
	const CbImportScan *scan;
	CbImportStored *stored;
	MemoryContext chunk_context;
	CbImportChunk chunk;
	Size		chunk_bytes;
	char	   *separator;
	Size		separator_len;
} Storing;

static char *choose_separator(const CbImportFile *file);
static void begin_chunk(Storing *storing, int first);
static void end_chunk(Storing *storing);
static void add_row(Storing *storing, const CbCsvRecord *record);
static text *join_cells(const Storing *storing, const CbCsvRecord *record);
static int	width_of(const Storing *storing, const CbCsvRecord *record);
static bool keeps_cell(const Storing *storing, const CbCsvRecord *record,
					   int column);
static bool is_ragged(const Storing *storing, const CbCsvRecord *record);
static bool is_usual_width(const Storing *storing, const CbCsvRecord *record);
static bool is_malformed(const CbCsvRecord *record);
static bool has_secrets(const CbImport *import);
static const char *find_hash(const Storing *storing, int row,
							 const CbCsvRecord *record);
static const char *imported_hash(const Storing *storing,
								 const CbCsvRecord *record);
static Jsonb *find_flaws(const Storing *storing, int row,
						 const CbCsvRecord *record);
static void find_reading_flaws(const Storing *storing,
							   const CbCsvRecord *record,
							   CbImportFlaw **flaws);
static void keep_first(Storing *storing, const CbCsvRecord *record);

void
cb_import_store(const CbImportFile *file, const CbImport *import,
				CbCsvReader *reader, const CbImportScan *scan,
				CbImportStored *stored)
{
	Storing		storing = {import, scan, stored};
	CbCsvRecord record;
	int			row = 0;

	memset(stored, 0, sizeof(CbImportStored));
	storing.separator = choose_separator(file);
	storing.separator_len = strlen(storing.separator);
	storing.chunk_context = AllocSetContextCreate(CurrentMemoryContext,
												  "canopy_bulk chunk",
												  ALLOCSET_DEFAULT_SIZES);
	cb_import_file_rewind(file, reader);
	cb_import_next_record(reader, &record);
	begin_chunk(&storing, 1);
	for (; cb_import_next_record(reader, &record); row++)
	{
		CHECK_FOR_INTERRUPTS();
		if (row < CB_IMPORT_FIRST_ROWS)
			keep_first(&storing, &record);
		add_row(&storing, &record);
		if (storing.chunk.n == CHUNK_ROWS || storing.chunk_bytes >= CHUNK_BYTES)
		{
			end_chunk(&storing);
			begin_chunk(&storing, row + 2);
		}
	}
	end_chunk(&storing);
	MemoryContextDelete(storing.chunk_context);
}

static char *
choose_separator(const CbImportFile *file)
{
	char		id[CB_UUID_TEXT_LEN + 1];
	pg_uuid_t	uuid;

	if (memchr(file->text, SEPARATOR[0], file->len) == NULL)
		return pstrdup(SEPARATOR);
	cb_uuid7_make(&uuid);
	cb_uuid_format(&uuid, id);
	return psprintf(SEPARATOR "%s" SEPARATOR, id);
}

static void
begin_chunk(Storing *storing, int first)
{
	MemoryContext old = MemoryContextSwitchTo(storing->chunk_context);
	CbImportChunk *chunk = &storing->chunk;

	memset(chunk, 0, sizeof(CbImportChunk));
	chunk->first = first;
	chunk->lines = palloc(sizeof(Datum) * CHUNK_ROWS);
	chunk->cells = palloc(sizeof(Datum) * CHUNK_ROWS);
	chunk->hashes = palloc0(sizeof(Datum) * CHUNK_ROWS);
	chunk->hash_nulls = palloc(sizeof(bool) * CHUNK_ROWS);
	chunk->issues = palloc0(sizeof(Datum) * CHUNK_ROWS);
	chunk->issue_nulls = palloc(sizeof(bool) * CHUNK_ROWS);
	chunk->separator = CStringGetTextDatum(storing->separator);
	storing->chunk_bytes = 0;
	MemoryContextSwitchTo(old);
}

static void
end_chunk(Storing *storing)
{
	MemoryContext old = MemoryContextSwitchTo(storing->chunk_context);

	if (storing->chunk.n > 0)
		cb_import_rows_insert(storing->import, &storing->chunk);
	MemoryContextSwitchTo(old);
	MemoryContextReset(storing->chunk_context);
}

static void
add_row(Storing *storing, const CbCsvRecord *record)
{
	MemoryContext old = MemoryContextSwitchTo(storing->chunk_context);
	CbImportChunk *chunk = &storing->chunk;
	int			i = chunk->n++;
	int			row = chunk->first + i - 1;
	text	   *cells = join_cells(storing, record);
	const char *hash = find_hash(storing, row, record);
	Jsonb	   *flaws = find_flaws(storing, row, record);

	chunk->lines[i] = Int32GetDatum((int32) record->line);
	chunk->cells[i] = PointerGetDatum(cells);
	chunk->hash_nulls[i] = hash == NULL;
	if (hash != NULL)
		chunk->hashes[i] = CStringGetTextDatum(hash);
	chunk->issue_nulls[i] = flaws == NULL;
	chunk->issues[i] = JsonbPGetDatum(flaws);
	storing->chunk_bytes += VARSIZE(cells);
	MemoryContextSwitchTo(old);
}

/* A cell that is missing, or of a secret column, is empty. */
static text *
join_cells(const Storing *storing, const CbCsvRecord *record)
{
	int			width = width_of(storing, record);
	text	   *cells = palloc(VARHDRSZ + CB_CSV_DEFUSE_ROOM(record->len) +
							   width * storing->separator_len);
	char	   *end = VARDATA(cells);

	for (int i = 0; i < width; i++)
	{
		if (i > 0)
		{
			memcpy(end, storing->separator, storing->separator_len);
			end += storing->separator_len;
		}
		if (keeps_cell(storing, record, i))
			end += cb_csv_undefuse(record->cells[i].ptr, record->cells[i].len,
								   end);
	}
	SET_VARSIZE(cells, end - (char *) cells);
	return cells;
}

/* Cells that the header does not know are kept, so that they can be given back. */
static int
width_of(const Storing *storing, const CbCsvRecord *record)
{
	int			filled = (int) Min(record->filled_count, record->kept_count);

	return Max(filled, storing->import->ncolumns);
}

/* Where cells have slipped, a password may stand in any of them. */
static bool
keeps_cell(const Storing *storing, const CbCsvRecord *record, int column)
{
	const CbImport *import = storing->import;

	if (column >= (int) record->kept_count)
		return false;
	if (column < import->ncolumns && import->columns[column].secret)
		return false;
	if (record->cells[column].len > CELL_BYTES)
		return false;
	return !(is_ragged(storing, record) || is_malformed(record)) ||
		!has_secrets(import);
}

static bool
is_ragged(const Storing *storing, const CbCsvRecord *record)
{
	size_t		ncolumns = (size_t) storing->import->ncolumns;

	return record->cell_count < ncolumns || record->filled_count > ncolumns ||
		record->problem == CB_CSV_TOO_MANY_CELLS ||
		(record->cell_count > ncolumns && !is_usual_width(storing, record));
}

/*
 * An empty cell more than the header has may mean that the cells before it have
 * slipped, unless the header ends so too, or most rows do.
 */
static bool
is_usual_width(const Storing *storing, const CbCsvRecord *record)
{
	const CbImportScan *scan = storing->scan;

	return record->cell_count == (size_t) scan->header_width ||
		scan->widths[record->cell_count] > scan->widths[storing->import->ncolumns];
}

static bool
is_malformed(const CbCsvRecord *record)
{
	return record->problem == CB_CSV_TEXT_AFTER_QUOTE ||
		record->problem == CB_CSV_UNTERMINATED_QUOTE;
}

static bool
has_secrets(const CbImport *import)
{
	for (int i = 0; i < import->ncolumns; i++)
	{
		if (import->columns[i].secret)
			return true;
	}
	return false;
}

static const char *
find_hash(const Storing *storing, int row, const CbCsvRecord *record)
{
	const CbImportScan *scan = storing->scan;

	if (scan->row_passwords != NULL && scan->row_passwords[row].slot >= 0)
		return cb_passwords_phc(scan->passwords, scan->row_passwords[row].slot);
	return imported_hash(storing, record);
}

/* The hash in the file; NULL: none. */
static const char *
imported_hash(const Storing *storing, const CbCsvRecord *record)
{
	int			column = storing->scan->hash_column;
	const char *hash;
	Size		len;

	if (column == 0 || (size_t) column > record->kept_count)
		return NULL;
	if (cb_import_is_blank(&record->cells[column - 1]))
		return NULL;
	hash = record->cells[column - 1].ptr;
	len = record->cells[column - 1].len;
	cb_import_trim(&hash, &len);
	return pnstrdup(hash, len);
}

static Jsonb *
find_flaws(const Storing *storing, int row, const CbCsvRecord *record)
{
	const CbImportScan *scan = storing->scan;
	CbImportFlaw *flaws = NULL;

	find_reading_flaws(storing, record, &flaws);
	if (scan->row_passwords != NULL)
	{
		const CbImportPassword *password = &scan->row_passwords[row];

		if (password->problem != CB_OK)
			cb_import_flaw(&flaws, password->problem, scan->password_column, NULL);
		if (password->slot >= 0 && imported_hash(storing, record) != NULL)
			cb_import_flaw(&flaws, CB_INVALID_VALUE, scan->hash_column, NULL);
	}
	return cb_import_flaws_json(flaws);
}

static void
find_reading_flaws(const Storing *storing, const CbCsvRecord *record,
				   CbImportFlaw **flaws)
{
	int			ncolumns = storing->import->ncolumns;

	if (is_ragged(storing, record))
		cb_import_flaw(flaws, CB_RAGGED_ROW, 0, NULL);
	if (is_malformed(record))
		cb_import_flaw(flaws, CB_CELL_MALFORMED,
					   (int) record->problem_cell + 1, NULL);
	for (int i = 0; i < ncolumns && i < (int) record->kept_count; i++)
	{
		const CbCsvCell *cell = &record->cells[i];

		if (cell->len > CELL_BYTES)
			cb_import_flaw(flaws, CB_TOO_LONG, i + 1, NULL);
		else if (cell->len >= strlen(UNREADABLE) &&
				 memmem(cell->ptr, cell->len, UNREADABLE, strlen(UNREADABLE)) != NULL)
			cb_import_flaw(flaws, CB_CELL_UNREADABLE, i + 1, NULL);
	}
}

static void
keep_first(Storing *storing, const CbCsvRecord *record)
{
	int			ncolumns = storing->import->ncolumns;
	char	  **cells = palloc0(sizeof(char *) * (ncolumns + 1));

	for (int i = 0; i < ncolumns && i < (int) record->kept_count; i++)
	{
		const CbCsvCell *cell = &record->cells[i];

		if (cell->len > 0 && keeps_cell(storing, record, i))
			cells[i] = pnstrdup(cell->ptr, pg_mbcliplen(cell->ptr, (int) cell->len,
														FIRST_BYTES));
	}
	storing->stored->first[storing->stored->nfirst++] = cells;
}
