/*-------------------------------------------------------------------------
 *
 * import_file.c
 *		The bytes of an uploaded file as CSV text.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/cryptohash.h"
#include "utils/memutils.h"

#include "canopy_bulk.h"
#include "db/conversion.h"
#include "flow/import.h"
#include "flow/import_file.h"
#include "input/charset.h"
#include "input/csv_dialect.h"
#include "input/file_kind.h"
#include "secret/wipe.h"

static void check_size(const CbImportSource *source);
static void check_kind(const CbImportSource *source);
static void hash(const CbImportSource *source, uint8 *sha256);
static void choose_encoding(const CbImportSource *source, CbCharset *charset,
							CbImportFile *file);
static void check_text(Size len);
static void choose_dialect(const CbImportSource *source, CbImportFile *file);
static char delimiter_named(const char *name);

void
cb_import_file_open(const CbImportSource *source, CbImportFile *file)
{
	CbCharset	charset;
	Size		len;

	memset(file, 0, sizeof(CbImportFile));
	check_size(source);
	check_kind(source);
	hash(source, file->sha256);
	choose_encoding(source, &charset, file);
	len = cb_charset_text_len(source->bytes, source->len, charset.encoding);
	check_text(len);
	file->padding = source->len - len;
	file->text = cb_conversion_repair_to_utf8(source->bytes, len,
											  charset.encoding, &file->len,
											  &file->unreadable);
	if (file->text <source->bytes || file->text >source->bytes + source->len)
		cb_wipe_with_context(CurrentMemoryContext,
							 unconstify(char *, file->text), file->len);
	choose_dialect(source, file);
	file->room = palloc0(sizeof(CbCsvRoom));
	file->room->bytes = palloc(file->len + 1);
	cb_wipe_used_with_context(CurrentMemoryContext, file->room->bytes,
							  &file->room->most);
}

void
cb_import_file_rewind(const CbImportFile *file, CbCsvReader *reader)
{
	CbCsvRecord record;

	cb_csv_init(reader, file->text, file->len, &file->dialect, file->room);
	for (Size i = 0; i < file->passed; i++)
		cb_csv_next_record(reader, &record);
}

static void
check_size(const CbImportSource *source)
{
	if (source->len > CB_IMPORT_MAX_BYTES)
		ereport(ERROR,
				(errcode(CB_ERRCODE_TOO_LARGE),
				 errmsg("file is too large"),
				 errdetail("It has %zu bytes; at most %d are allowed.",
						   source->len, CB_IMPORT_MAX_BYTES),
				 errhint("Split it into several files.")));
	if (source->len == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("file is empty")));
}

static void
check_kind(const CbImportSource *source)
{
	CbFileKind	kind = cb_file_kind(source->bytes, source->len);

	if (kind != CB_FILE_TEXT)
		ereport(ERROR,
				(errcode(CB_ERRCODE_UNSUPPORTED_MEDIA),
				 errmsg("file is not a CSV file"),
				 errdetail("It is of kind %s.", cb_file_kind_name(kind)),
				 errhint("%s", cb_file_kind_advice(kind))));
}

static void
hash(const CbImportSource *source, uint8 *sha256)
{
	pg_cryptohash_ctx *context = pg_cryptohash_create(PG_SHA256);

	if (context == NULL || pg_cryptohash_init(context) < 0 ||
		pg_cryptohash_update(context, (const uint8 *) source->bytes,
							 source->len) < 0 ||
		pg_cryptohash_final(context, sha256, PG_SHA256_DIGEST_LENGTH) < 0)
		elog(ERROR, "could not compute a SHA-256");
	pg_cryptohash_free(context);
}

static void
choose_encoding(const CbImportSource *source, CbCharset *charset,
				CbImportFile *file)
{
	const char *named = source->is_text ? "UTF8" : source->encoding;

	if (named == NULL)
	{
		cb_charset_detect(source->bytes, source->len, charset);
		file->method = cb_charset_method_name(charset->method);
		file->confidence = charset->confidence;
		if (charset->alternative != NULL)
			file->alternative = charset->alternative->label;
	}
	else
	{
		charset->encoding = cb_charset_find(named);
		file->method = source->is_text ? "text" : "override";
		file->confidence = 100;
	}
	if (charset->encoding == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("encoding is not known"),
				 errhint("Name it as in UTF-8, Windows-1252, ISO-8859-15 or Shift_JIS, or leave it out.")));
	file->encoding = charset->encoding->label;
}

/* len is without the NULs at the end. */
static void
check_text(Size len)
{
	if (len == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("file is empty"),
				 errdetail("It has only NUL bytes."),
				 errhint("Export the file again: its contents were lost when it was written or copied.")));
}

static void
choose_dialect(const CbImportSource *source, CbImportFile *file)
{
	CbCsvGuess	guess;

	cb_csv_sniff(file->text, file->len, &guess);
	file->dialect = guess.dialect;
	if (source->delimiter != NULL)
		file->dialect.delimiter = delimiter_named(source->delimiter);
}

static char
delimiter_named(const char *name)
{
	static const char characters[] = {',', ';', '\t', '|', ':'};

	if (strlen(name) == 1 && cb_csv_is_delimiter(name[0]))
		return name[0];
	for (size_t i = 0; i < lengthof(characters); i++)
	{
		if (cb_csv_is_delimiter(characters[i]) &&
			pg_strcasecmp(cb_csv_delimiter_name(characters[i]), name) == 0)
			return characters[i];
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("delimiter is not one that we read"),
			 errhint("It is a comma, a semicolon or a tab.")));
}
