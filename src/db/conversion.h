/*-------------------------------------------------------------------------
 *
 * conversion.h
 *		Turns the bytes of a file into UTF-8.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_CONVERSION_H
#define CB_CONVERSION_H

#include "input/charset.h"

/*
 * The text of len bytes in an encoding that cb_charset_detect() or
 * cb_charset_find() gave, as valid UTF-8 without NULs, its length in *out_len.
 * A byte order mark of that encoding at the beginning is left out.
 *
 * The result points into bytes when these are UTF-8 already; otherwise it is
 * in the current memory context.  No final NUL.
 *
 * Raises 22023 for an encoding that cannot be read (HINT: its advice), and 22021
 * for the first byte that is wrong or NUL, with its line (from 1) and the
 * encoding as DETAIL.  No error, and no line of the log, quotes the text.
 */
extern const char *cb_conversion_to_utf8(const char *bytes, Size len,
										 const CbEncoding *encoding,
										 Size *out_len);

/*
 * The same, but what is wrong, or NUL, becomes U+FFFD instead of an error, and
 * *wrong counts it.
 */
extern const char *cb_conversion_repair_to_utf8(const char *bytes, Size len,
												const CbEncoding *encoding,
												Size *out_len, uint64 *wrong);

#endif							/* CB_CONVERSION_H */
