/*-------------------------------------------------------------------------
 *
 * file_kind.c
 *		Recognises files that are no CSV.
 *
 * People upload the workbook instead of its export.  A file is recognised by its
 * first bytes; what is inside a zip file, by the names of its members, which
 * stand in plain text before each.  No text that could be a CSV is taken for
 * something else: HTML, XML and JSON only when they begin as nothing else does.
 *
 * Nothing here needs a server: a fuzzer can call it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE				/* memmem */
#endif
#include "input/file_kind.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "input/utf16.h"

#define ZIP_LOOK		65536	/* bytes of a zip file that are searched */
#define CONTROLS_LOOK	4096	/* bytes searched for what no text has */

typedef struct Magic
{
	const char *bytes;
	size_t		len;
	CbFileKind	kind;
} Magic;

#define MAGIC(bytes, kind)	{bytes, sizeof(bytes) - 1, kind}

static const Magic magics[] = {
	MAGIC("PK\003\004", CB_FILE_ZIP),
	MAGIC("PK\005\006", CB_FILE_ZIP),
	MAGIC("PK\007\010", CB_FILE_ZIP),
	MAGIC("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", CB_FILE_XLS),
	MAGIC("\x09\x08\x10\x00\x00\x06\x05\x00", CB_FILE_XLS),
	MAGIC("\x1F\x8B", CB_FILE_GZIP),
	MAGIC("BZh", CB_FILE_COMPRESSED),
	MAGIC("\xFD" "7zXZ\0", CB_FILE_COMPRESSED),
	MAGIC("\x28\xB5\x2F\xFD", CB_FILE_COMPRESSED),
	MAGIC("7z\xBC\xAF\x27\x1C", CB_FILE_COMPRESSED),
	MAGIC("Rar!\x1A\x07", CB_FILE_COMPRESSED),
	MAGIC("%PDF-", CB_FILE_PDF),
	MAGIC("{\\rtf", CB_FILE_RTF),
	MAGIC("\x89PNG\r\n\x1A\n", CB_FILE_IMAGE),
	MAGIC("\xFF\xD8\xFF", CB_FILE_IMAGE),
	MAGIC("GIF87a", CB_FILE_IMAGE),
	MAGIC("GIF89a", CB_FILE_IMAGE),
	MAGIC("II*\0", CB_FILE_IMAGE),
	MAGIC("MM\0*", CB_FILE_IMAGE),
	MAGIC("\x7F" "ELF", CB_FILE_BINARY),
	MAGIC("MZ\x90\0", CB_FILE_BINARY),
	MAGIC("SQLite format 3\0", CB_FILE_BINARY),
	MAGIC("PAR1", CB_FILE_BINARY),
	MAGIC("OggS", CB_FILE_BINARY),
	MAGIC("ID3\003", CB_FILE_BINARY),
	MAGIC("ID3\004", CB_FILE_BINARY),
};

static CbFileKind kind_of_zip(const char *bytes, size_t len);
static CbFileKind kind_of_markup(const char *bytes, size_t len);
static bool begins(const char *bytes, size_t len, const char *word);
static bool begins_json(const char *bytes, size_t len);
static bool is_binary(const char *bytes, size_t len);

CbFileKind
cb_file_kind(const char *bytes, size_t len)
{
	size_t		i;

	for (i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
	{
		const Magic *magic = &magics[i];

		if (len < magic->len || memcmp(bytes, magic->bytes, magic->len) != 0)
			continue;
		return magic->kind == CB_FILE_ZIP ? kind_of_zip(bytes, len) : magic->kind;
	}
	if (len >= 12 && memcmp(bytes, "RIFF", 4) == 0 &&
		memcmp(bytes + 8, "WEBP", 4) == 0)
		return CB_FILE_IMAGE;
	if (len >= 12 && memcmp(bytes + 4, "ftyp", 4) == 0)
		return CB_FILE_BINARY;
	return is_binary(bytes, len) ? CB_FILE_BINARY : kind_of_markup(bytes, len);
}

const char *
cb_file_kind_name(CbFileKind kind)
{
	static const char *const names[] = {
		[CB_FILE_TEXT] = "text",
		[CB_FILE_XLSX] = "xlsx",
		[CB_FILE_XLS] = "xls",
		[CB_FILE_ODS] = "ods",
		[CB_FILE_NUMBERS] = "numbers",
		[CB_FILE_ZIP] = "zip",
		[CB_FILE_GZIP] = "gzip",
		[CB_FILE_COMPRESSED] = "compressed",
		[CB_FILE_PDF] = "pdf",
		[CB_FILE_RTF] = "rtf",
		[CB_FILE_HTML] = "html",
		[CB_FILE_XML] = "xml",
		[CB_FILE_JSON] = "json",
		[CB_FILE_IMAGE] = "image",
		[CB_FILE_BINARY] = "binary",
	};

	return names[kind];
}

const char *
cb_file_kind_advice(CbFileKind kind)
{
#define UNPACK	"Unpack the file and upload the CSV file that is in it."
	static const char *const sentences[] = {
		[CB_FILE_TEXT] = NULL,
		[CB_FILE_XLSX] = "This is an Excel workbook: in Excel, choose File, "
		"Save As, \"CSV UTF-8 (comma delimited)\", and upload that file.",
		[CB_FILE_XLS] = "This is a workbook of an old Excel: open it, choose "
		"File, Save As, \"CSV UTF-8 (comma delimited)\", and upload that file.",
		[CB_FILE_ODS] = "This is an OpenDocument file: in LibreOffice Calc, "
		"choose File, Save As, \"Text CSV\" with the character set UTF-8, and "
		"upload that file.",
		[CB_FILE_NUMBERS] = "This is a Numbers document: choose File, Export To, "
		"\"CSV\" with the encoding Unicode (UTF-8), and upload that file.",
		[CB_FILE_ZIP] = UNPACK,
		[CB_FILE_GZIP] = UNPACK,
		[CB_FILE_COMPRESSED] = UNPACK,
		[CB_FILE_PDF] = "This is a PDF document: export the table as CSV from "
		"the program that made it.",
		[CB_FILE_RTF] = "This is a formatted document: save the table as CSV "
		"from a spreadsheet program.",
		[CB_FILE_HTML] = "This is a web page, perhaps one that asks to sign in, "
		"or a report that is only named .xls or .csv: open it in a spreadsheet "
		"program and save it as CSV UTF-8.",
		[CB_FILE_XML] = "This is an XML file: open it in a spreadsheet program "
		"and save it as CSV UTF-8.",
		[CB_FILE_JSON] = "This is JSON: pass it to canopy_bulk_create() or "
		"canopy_bulk_invite(), or convert it to CSV.",
		[CB_FILE_IMAGE] = "This is an image: upload a CSV file.",
		[CB_FILE_BINARY] = "This is no text: upload a CSV file.",
	};

	return sentences[kind];
}

static CbFileKind
kind_of_zip(const char *bytes, size_t len)
{
	static const struct
	{
		const char *member;
		CbFileKind	kind;
	}			members[] = {
		{"mimetypeapplication/vnd.oasis.opendocument", CB_FILE_ODS},
		{"Index/Document.iwa", CB_FILE_NUMBERS},
		{"Index/Tables/", CB_FILE_NUMBERS},
		{"xl/", CB_FILE_XLSX},
	};
	const char *end = bytes + len;
	size_t		i;

	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++)
	{
		const char *member = members[i].member;
		size_t		look = len < ZIP_LOOK ? len : ZIP_LOOK;

		/* Members stand at the beginning, their list at the end. */
		if (memmem(bytes, look, member, strlen(member)) != NULL ||
			memmem(end - look, look, member, strlen(member)) != NULL)
			return members[i].kind;
	}
	return CB_FILE_ZIP;
}

static CbFileKind
kind_of_markup(const char *bytes, size_t len)
{
	if (begins(bytes, len, "\xEF\xBB\xBF"))
	{
		bytes += 3;
		len -= 3;
	}
	while (len > 0 && strchr(" \t\r\n", *bytes) != NULL && *bytes != '\0')
	{
		bytes++;
		len--;
	}
	if (begins(bytes, len, "<!doctype html") || begins(bytes, len, "<html") ||
		begins(bytes, len, "<head") || begins(bytes, len, "<table"))
		return CB_FILE_HTML;
	if (begins(bytes, len, "<?xml"))
		return CB_FILE_XML;
	return begins_json(bytes, len) ? CB_FILE_JSON : CB_FILE_TEXT;
}

static bool
begins(const char *bytes, size_t len, const char *word)
{
	size_t		n = strlen(word);

	return len >= n && strncasecmp(bytes, word, n) == 0;
}

/*
 * An object's first key, or an array's first object: no header begins so.
 */
static bool
begins_json(const char *bytes, size_t len)
{
	size_t		i = 1;

	if (len == 0 || (bytes[0] != '{' && bytes[0] != '['))
		return false;
	while (i < len && (bytes[i] == ' ' || bytes[i] == '\t' ||
					   bytes[i] == '\r' || bytes[i] == '\n'))
		i++;
	return i < len && bytes[i] == (bytes[0] == '{' ? '"' : '{');
}

/*
 * Has the beginning control characters that no text has, in number?  A NUL is
 * none of them, as one in a text is told with its line.  In UTF-16 they are the
 * halves of letters; but hardly any other bytes pass for that.
 */
static bool
is_binary(const char *bytes, size_t len)
{
	size_t		look = len < CONTROLS_LOOK ? len : CONTROLS_LOOK;
	size_t		controls = 0;
	size_t		bad;
	size_t		i;

	for (i = 0; i < look; i++)
	{
		unsigned char c = (unsigned char) bytes[i];

		controls += (c > 0 && c < '\t') || (c >= 0x0E && c < ' ' && c != 0x1B);
	}
	if (look < 32 || controls <= look / 20)
		return false;
	(void) cb_utf16_to_utf8(bytes, look, false, NULL, &bad);
	if (look - bad < 4)
		return false;
	(void) cb_utf16_to_utf8(bytes, look, true, NULL, &bad);
	return look - bad >= 4;
}
