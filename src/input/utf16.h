/*-------------------------------------------------------------------------
 *
 * utf16.h
 *		UTF-16 as UTF-8, and where UTF-8 ends being UTF-8. Needs no server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INPUT_UTF16_H
#define CB_INPUT_UTF16_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of UTF-8 that len bytes of UTF-16 can become at most. */
#define CB_UTF16_GROWTH(len)	((len) / 2 * 3)

/*
 * Writes len bytes of UTF-16 to out as UTF-8 and gives its length: all of it,
 * or what stands before the first bad unit (half a pair, half a unit, or NUL),
 * whose offset is in *bad; otherwise *bad is len.  With out NULL it only looks.
 */
extern size_t cb_utf16_to_utf8(const char *in, size_t len, bool big_endian,
							   char *out, size_t *bad);

/*
 * How many bytes of in are UTF-8 before the first that is not; NUL is.  Sets
 * *ascii to whether these are ASCII only.
 */
extern size_t cb_utf8_span(const char *in, size_t len, bool *ascii);

#endif							/* CB_INPUT_UTF16_H */
