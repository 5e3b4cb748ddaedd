/*-------------------------------------------------------------------------
 *
 * import_cells.c
 *		What the columns of an uploaded file look like, and whether it has a header.
 *
 * A header is proposed a field by its name and by its cells: input/mapping.h.  And
 * a first record that is no header must not become one, because headers are kept
 * in the clear: its cells would be a person's address, name and password.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"

#include "canopy_bulk.h"
#include "db/uuid7.h"
#include "flow/import_cells.h"
#include "flow/import_scan.h"
#include "input/email.h"
#include "input/instant.h"
#include "input/truth.h"
#include "rows/invite_store.h"
#include "rows/learner.h"
#include "secret/password_hash.h"

#define ROWS_MAX		200		/* that are looked at */
#define TRUTH_MAX		32		/* bytes of yes and no */
#define HEADERS_MIN		2		/* that speak of a field, where none is
								 * required */
#define DELIMITERS		",;\t|:"

#define IS_VALUE_DETAIL "A cell of its first record is an address, an id or a hash."

static void look_at(CbMappingCells *cells, uint32 *hashes, const CbCsvCell *cell);
static void look_at_word(CbMappingCells *cells, const char *word, Size len);
static bool is_intent(const char *word, Size len);
static int	count_distinct(uint32 *hashes, int n);
static int	compare_hashes(const void *a, const void *b);
static bool is_value(const char *word, Size len);
static const char *next_piece(const char **header, Size *len);
static bool speak_of_fields(const CbMappingColumn *columns, int n);
static bool is_required(const CbMappingField *field);
static void refuse_header(const char *detail) pg_attribute_noreturn();

CbMappingCells *
cb_import_cells(const CbImportFile *file, const CbImport *import,
				CbCsvReader *reader)
{
	int			n = import->ncolumns;
	CbMappingCells *cells = palloc0(sizeof(CbMappingCells) * (n + 1));
	uint32	   *hashes = palloc(sizeof(uint32) * ROWS_MAX * (n + 1));
	CbCsvRecord record;

	int			nrows = 0;

	cb_import_file_rewind(file, reader);
	cb_import_next_record(reader, &record);
	for (; nrows < ROWS_MAX && cb_import_next_record(reader, &record); nrows++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < n && i < (int) record.kept_count; i++)
			look_at(&cells[i], &hashes[i * ROWS_MAX], &record.cells[i]);
	}
	for (int i = 0; i < n; i++)
		cells[i].distinct = count_distinct(&hashes[i * ROWS_MAX], cells[i].filled);
	pfree(hashes);
	return nrows == 0 ? NULL : cells;
}

static void
look_at(CbMappingCells *cells, uint32 *hashes, const CbCsvCell *cell)
{
	const char *word = cell->ptr;
	Size		len = cell->len;
	bool		letters = false;
	bool		digits = false;

	cb_import_trim(&word, &len);
	if (len == 0)
		return;
	hashes[cells->filled++] = hash_bytes((const unsigned char *) word, (int) len);
	for (Size i = 0; i < len; i++)
	{
		unsigned char c = (unsigned char) word[i];

		letters |= IS_HIGHBIT_SET(c) || isalpha(c);
		digits |= isdigit(c) != 0;
	}
	cells->with_letters += letters;
	cells->with_digits += digits;
	cells->objects += word[0] == '{' && word[len - 1] == '}';

	look_at_word(cells, word, len);
}

static void
look_at_word(CbMappingCells *cells, const char *word, Size len)
{
	char		email[CB_EMAIL_MAX + 1];
	pg_uuid_t	uuid;
	int64		instant;

	if (memchr(word, '@', len) != NULL)
	{
		cells->at_signs++;
		cells->emails += cb_email_canonicalise(word, len, email) == CB_EMAIL_OK;
	}
	if (len <= TRUTH_MAX && cb_truth_read(word, len) != CB_TRUTH_UNKNOWN)
	{
		cells->truths++;
		cells->flags += !isdigit((unsigned char) word[0]);
	}
	cells->uuids += cb_uuid_parse(word, (int) len, &uuid);
	cells->instants += cb_instant_parse(word, len, &instant);
	cells->statuses += cb_enrolment_status(word, len) != NULL;
	cells->intents += is_intent(word, len);
	cells->hashes += cb_password_looks_hashed(word, len);
}

static bool
is_intent(const char *word, Size len)
{
	const char *const intents[] = {cb_intent_activate, cb_intent_password_reset};

	for (size_t i = 0; i < lengthof(intents); i++)
	{
		if (strlen(intents[i]) == len && memcmp(word, intents[i], len) == 0)
			return true;
	}
	return false;
}

static int
count_distinct(uint32 *hashes, int n)
{
	int			distinct = 0;

	qsort(hashes, n, sizeof(uint32), compare_hashes);
	for (int i = 0; i < n; i++)
		distinct += i == 0 || hashes[i] != hashes[i - 1];
	return distinct;
}

static int
compare_hashes(const void *a, const void *b)
{
	uint32		left = *(const uint32 *) a;
	uint32		right = *(const uint32 *) b;

	return (left > right) - (left < right);
}

void
cb_import_header_check(const CbImport *import)
{
	for (int i = 0; i < import->ncolumns; i++)
	{
		const char *header = import->columns[i].header;
		const char *piece;
		Size		len;

		if (is_value(header, strlen(header)))
			refuse_header(IS_VALUE_DETAIL);
		while ((piece = next_piece(&header, &len)) != NULL)
		{
			if (is_value(piece, len))
				refuse_header(IS_VALUE_DETAIL);
		}
	}
}

/* An address, an id, or the hash of a password. */
static bool
is_value(const char *word, Size len)
{
	const char *at = len < 3 ? NULL : memchr(word + 1, '@', len - 2);
	pg_uuid_t	uuid;

	return (at != NULL && memchr(word, ' ', len) == NULL) ||
		cb_password_looks_hashed(word, len) ||
		cb_uuid_parse(word, (int) len, &uuid);
}

/*
 * The next piece of a header that is cut at every delimiter: it may be a whole line
 * that was read with another one.  Moves header behind it; NULL at the end.
 */
static const char *
next_piece(const char **header, Size *len)
{
	const char *piece = *header + strspn(*header, DELIMITERS);
	Size		whole = strcspn(piece, DELIMITERS);

	*header = piece + whole;
	*len = whole;
	cb_import_trim(&piece, len);
	return whole == 0 ? NULL : piece;
}

void
cb_import_header_check_match(const CbImportCall *call, const CbImport *import,
							 const CbMappingColumn *columns)
{
	CbMappingColumn *pieces;
	CbMappingMissing missing;
	int			n = 0;

	if (speak_of_fields(columns, import->ncolumns))
		return;
	pieces = palloc0(sizeof(CbMappingColumn) * CB_MAPPING_COLUMNS_MAX);
	for (int i = 0; i < import->ncolumns; i++)
	{
		const char *header = import->columns[i].header;
		const char *piece;
		Size		len;

		while (n < CB_MAPPING_COLUMNS_MAX &&
			   (piece = next_piece(&header, &len)) != NULL)
		{
			pieces[n].header = piece;
			pieces[n++].header_len = len;
		}
	}
	if (cb_mapping_match(call->mode->mapping, pieces, n, &missing) != CB_MAPPING_OK ||
		!speak_of_fields(pieces, n))
		refuse_header("Its first record names none of the fields that are required.");
}

/* Is one of a required field, or are two of any, or did the caller name one? */
static bool
speak_of_fields(const CbMappingColumn *columns, int n)
{
	int			named = 0;

	for (int i = 0; i < n; i++)
	{
		if (columns[i].overridden || is_required(columns[i].field) ||
			is_required(columns[i].closest))
			return true;
		named += columns[i].reason != CB_MAPPING_NO_HEADER;
	}
	return named >= HEADERS_MIN;
}

static bool
is_required(const CbMappingField *field)
{
	return field != NULL && field->required;
}

static void
refuse_header(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg(CB_IMPORT_NO_HEADER),
			 errdetail("%s", detail),
			 errhint("Put a line above the records that names the columns, such as email, first_name and last_name; canopy_bulk_sample_csv() shows one.")));
}
