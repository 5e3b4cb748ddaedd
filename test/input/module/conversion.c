/*-------------------------------------------------------------------------
 *
 * conversion.c
 *		The conversion of files as a function of SQL, for the tests alone.
 *
 * Load the library first.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "db/conversion.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(convert_file);

/* (bytes, name of an encoding): the text */
Datum
convert_file(PG_FUNCTION_ARGS)
{
	bytea	   *file = PG_GETARG_BYTEA_PP(0);
	const CbEncoding *encoding = cb_charset_find(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	Size		len;
	const char *converted;

	if (encoding == NULL)
		elog(ERROR, "no such encoding");
	converted = cb_conversion_to_utf8(VARDATA_ANY(file), VARSIZE_ANY_EXHDR(file),
									  encoding, &len);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(converted, (int) len));
}
