/*-------------------------------------------------------------------------
 *
 * conversion.c
 *		Turns the bytes of a file into UTF-8.
 *
 * The server's own conversions do the work, those of pg_catalog whatever the
 * search_path says.  They are asked not to raise: their errors quote the bytes
 * of the file, and do not know the line.  They then end at the first byte that is
 * wrong, or in the middle of a character at the end of a piece; a piece is small
 * against the growth that the server allows for.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_conversion.h"
#include "catalog/pg_namespace.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"

#include "canopy_bulk.h"
#include "db/conversion.h"
#include "input/utf16.h"

#define PIECE			(64 * 1024) /* bytes converted at a time */
#define CHARACTER_MAX	4		/* bytes of the longest character we read */
#define REPLACEMENT		"\xEF\xBF\xBD"	/* U+FFFD */
#define REPLACEMENT_LEN	3		/* bytes */

static const char *convert(const char *bytes, Size len,
						   const CbEncoding *encoding, Size *out_len,
						   uint64 *wrong);
static const char *check_utf8(const char *bytes, Size len,
							  const CbEncoding *encoding, Size *out_len,
							  uint64 *wrong);
static const char *repair_utf8(const char *bytes, Size len, Size *out_len,
							   uint64 *wrong);
static char *convert_utf16(const char *bytes, Size len,
						   const CbEncoding *encoding, Size *out_len,
						   uint64 *wrong);
static const char *convert_by_server(const char *bytes, Size len,
									 const CbEncoding *encoding,
									 Size *out_len, uint64 *wrong);
static Size put_replacement(char *text, Size written, uint64 *wrong);
static const char *skip_mark(const char *text, Size *len);
static Oid	find_conversion(const CbEncoding *encoding, int *source);
static void refuse_nul(const char *bytes, Size len, const CbEncoding *encoding);
static void raise_bad(const char *text, Size at, const CbEncoding *encoding,
					  bool nul) pg_attribute_noreturn();
static uint64 line_at(const char *text, Size at);
static bool is_named(const CbEncoding *encoding, const char *name);

const char *
cb_conversion_to_utf8(const char *bytes, Size len, const CbEncoding *encoding,
					  Size *out_len)
{
	return convert(bytes, len, encoding, out_len, NULL);
}

const char *
cb_conversion_repair_to_utf8(const char *bytes, Size len,
							 const CbEncoding *encoding, Size *out_len,
							 uint64 *wrong)
{
	*wrong = 0;
	return convert(bytes, len, encoding, out_len, wrong);
}

/* With wrong NULL what is wrong is raised, else it is replaced and counted. */
static const char *
convert(const char *bytes, Size len, const CbEncoding *encoding, Size *out_len,
		uint64 *wrong)
{
	if (encoding->advice != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("encoding of the file cannot be read"),
				 errdetail("It is %s.", encoding->label),
				 errhint("%s", encoding->advice)));
	if (is_named(encoding, "UTF8"))
		return check_utf8(bytes, len, encoding, out_len, wrong);
	if (is_named(encoding, "UTF16") || is_named(encoding, "UTF16LE") ||
		is_named(encoding, "UTF16BE"))
		return convert_utf16(bytes, len, encoding, out_len, wrong);
	return convert_by_server(bytes, len, encoding, out_len, wrong);
}

static const char *
check_utf8(const char *bytes, Size len, const CbEncoding *encoding,
		   Size *out_len, uint64 *wrong)
{
	Size		good;
	bool		ascii;

	bytes = skip_mark(bytes, &len);
	if (wrong == NULL)
		refuse_nul(bytes, len, encoding);
	good = cb_utf8_span(bytes, len, &ascii);
	if (wrong != NULL &&
		(good < len || (len > 0 && memchr(bytes, '\0', len) != NULL)))
		return repair_utf8(bytes, len, out_len, wrong);
	if (good < len)
		raise_bad(bytes, good, encoding, false);
	*out_len = len;
	return bytes;
}

static const char *
repair_utf8(const char *bytes, Size len, Size *out_len, uint64 *wrong)
{
	char	   *text = palloc(len * REPLACEMENT_LEN);
	Size		written = 0;
	Size		at = 0;
	bool		ascii;

	while (at < len)
	{
		Size		good = cb_utf8_span(bytes + at, len - at, &ascii);
		const char *nul = memchr(bytes + at, '\0', good);

		CHECK_FOR_INTERRUPTS();
		if (nul != NULL)
			good = nul - (bytes + at);
		memcpy(text +written, bytes + at, good);
		written += good;
		at += good;
		if (at < len)
		{
			written = put_replacement(text, written, wrong);
			at++;
		}
	}
	*out_len = written;
	return text;
}

/* Puts the replacement behind what is written; returns what then is. */
static Size
put_replacement(char *text, Size written, uint64 *wrong)
{
	memcpy(text +written, REPLACEMENT, REPLACEMENT_LEN);
	(*wrong)++;
	return written + REPLACEMENT_LEN;
}

/*
 * "UTF16" is that of its mark; without one, what Windows writes.
 */
static char *
convert_utf16(const char *bytes, Size len, const CbEncoding *encoding,
			  Size *out_len, uint64 *wrong)
{
	bool		big_end_mark = len >= 2 && memcmp(bytes, "\xFE\xFF", 2) == 0;
	bool		little_end_mark = len >= 2 && memcmp(bytes, "\xFF\xFE", 2) == 0;
	bool		big_endian = is_named(encoding, "UTF16BE");
	Size		bad;
	char	   *text;

	if (is_named(encoding, "UTF16"))
		big_endian = big_end_mark;
	if (big_endian ? big_end_mark : little_end_mark)
	{
		bytes += 2;
		len -= 2;
	}
	text = palloc(CB_UTF16_GROWTH(len) + CHARACTER_MAX);

	*out_len = cb_utf16_to_utf8(bytes, len, big_endian, text, &bad);
	while (bad < len)
	{
		Size		at = Min(bad + 2, len);
		Size		more;

		if (wrong == NULL)
			raise_bad(text, *out_len, encoding,
					  bad + 2 <= len && bytes[bad] == '\0' && bytes[bad + 1] == '\0');
		*out_len = put_replacement(text, *out_len, wrong);
		*out_len += cb_utf16_to_utf8(bytes + at, len - at, big_endian,
									 text +*out_len, &more);
		bad = at + more;
	}
	return text;
}

static const char *
convert_by_server(const char *bytes, Size len, const CbEncoding *encoding,
				  Size *out_len, uint64 *wrong)
{
	int			source;
	Oid			conversion = find_conversion(encoding, &source);
	Size		room = len + len / 2 + PIECE * MAX_CONVERSION_GROWTH + 1;
	char	   *text = palloc(room);
	Size		written = 0;
	Size		at = 0;

	if (wrong == NULL)
		refuse_nul(bytes, len, encoding);
	while (at < len)
	{
		int			piece = (int) Min(len - at, PIECE);
		int			done;

		CHECK_FOR_INTERRUPTS();
		if (room - written < (Size) piece * MAX_CONVERSION_GROWTH + 1 + REPLACEMENT_LEN)
		{
			room += room / 2 + (Size) piece * MAX_CONVERSION_GROWTH + REPLACEMENT_LEN;
			text = repalloc(text, room);
		}
		done = pg_do_encoding_conversion_buf(conversion, source, PG_UTF8,
											 (unsigned char *) unconstify(char *, bytes) + at,
											 piece,
											 (unsigned char *) text +written,
											 piece * MAX_CONVERSION_GROWTH + 1,
											 true);
		written += strlen(text +written);
		at += done;
		if (done == piece ||
			(done >= piece - CHARACTER_MAX && at + (piece - done) < len))
			continue;
		if (wrong == NULL)
			raise_bad(bytes, at, encoding, false);
		written = put_replacement(text, written, wrong);
		at++;
	}
	*out_len = written;
	return skip_mark(text, out_len);
}

/*
 * The text behind its byte order mark, if it has one.
 */
static const char *
skip_mark(const char *text, Size *len)
{
	if (*len < 3 || memcmp(text, "\xEF\xBB\xBF", 3) != 0)
		return text;

	*len -= 3;
	return text +3;
}

static Oid
find_conversion(const CbEncoding *encoding, int *source)
{
	Oid			conversion = InvalidOid;

	*source = pg_char_to_encoding(encoding->name);
	if (*source >= 0)
		conversion = FindDefaultConversion(PG_CATALOG_NAMESPACE, *source, PG_UTF8);
	if (!OidIsValid(conversion))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("encoding of the file cannot be read"),
				 errdetail("This server has no conversion from %s.", encoding->label),
				 errhint("Save the file as CSV UTF-8.")));
	return conversion;
}

static void
refuse_nul(const char *bytes, Size len, const CbEncoding *encoding)
{
	const char *nul = len == 0 ? NULL : memchr(bytes, '\0', len);

	if (nul != NULL)
		raise_bad(bytes, nul - bytes, encoding, true);
}

/*
 * Raises the error of the byte that stands at an offset of the text.
 */
static void
raise_bad(const char *text, Size at, const CbEncoding *encoding, bool nul)
{
	uint64		line = line_at(text, at);

	if (nul)
		ereport(ERROR,
				(errcode(ERRCODE_CHARACTER_NOT_IN_REPERTOIRE),
				 errmsg("file has a character that cannot be stored"),
				 errdetail("Line " UINT64_FORMAT " has a NUL; the encoding was taken to be %s.",
						   line, encoding->label),
				 errhint("Export the file again, or name its encoding.")));
	ereport(ERROR,
			(errcode(ERRCODE_CHARACTER_NOT_IN_REPERTOIRE),
			 errmsg("file is not in the encoding it was taken to be in"),
			 errdetail("Line " UINT64_FORMAT " has a byte that %s does not have.",
					   line, encoding->label),
			 errhint("Save the file as CSV UTF-8, or name its encoding.")));
}

/*
 * The line, from 1, of an offset in a text whose line ends are ASCII.
 */
static uint64
line_at(const char *text, Size at)
{
	uint64		line = 1;

	for (Size i = 0; i < at; i++)
	{
		if (text[i] == '\n' || (text[i] == '\r' && (i + 1 == at || text[i + 1] != '\n')))
			line++;
	}
	return line;
}

static bool
is_named(const CbEncoding *encoding, const char *name)
{
	return strcmp(encoding->name, name) == 0;
}
