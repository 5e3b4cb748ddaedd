/*-------------------------------------------------------------------------
 *
 * csv_start.c
 *		What may stand before the first line of a CSV file.
 *
 * Nothing here needs a server: a fuzzer can call it.
 *
 *-------------------------------------------------------------------------
 */
#include "input/csv.h"

#include <string.h>

/*
 * Whether cells can be delimited by c: a tab or an ASCII punctuation mark
 * that has no other meaning in a CSV file.
 */
bool
cb_csv_is_delimiter(char c)
{
	if (c == '\t')
		return true;
	if (c <= ' ' || c > '~' || strchr("\"'#\\", c) != NULL)
		return false;
	return !((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
			 (c >= 'a' && c <= 'z'));
}

/*
 * Behind a UTF-8 byte order mark at bytes, or bytes.
 */
const char *
cb_csv_skip_mark(const char *bytes, const char *end)
{
	if (end - bytes >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0)
		return bytes + 3;
	return bytes;
}

/*
 * Behind a line "sep=;" at bytes, with its delimiter; or bytes, and a NUL.
 */
const char *
cb_csv_skip_sep_line(const char *bytes, const char *end, char *delimiter)
{
	*delimiter = '\0';
	if (end - bytes < 5 ||
		(bytes[0] | 0x20) != 's' || (bytes[1] | 0x20) != 'e' ||
		(bytes[2] | 0x20) != 'p' || bytes[3] != '=' ||
		!cb_csv_is_delimiter(bytes[4]))
		return bytes;
	if (end - bytes > 5 && bytes[5] != '\r' && bytes[5] != '\n')
		return bytes;
	*delimiter = bytes[4];
	bytes += 5;
	if (bytes < end && *bytes == '\r')
		bytes++;
	if (bytes < end && *bytes == '\n')
		bytes++;
	return bytes;
}
