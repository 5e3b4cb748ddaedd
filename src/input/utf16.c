/*-------------------------------------------------------------------------
 *
 * utf16.c
 *		UTF-16 as UTF-8, and where UTF-8 ends being UTF-8.
 *
 * The server has no conversion for UTF-16.  Surrogates must come in pairs, here
 * as in UTF-8, where there must be none: what passes is text for the server.
 *
 * Nothing here needs a server: a fuzzer can call it.
 *
 *-------------------------------------------------------------------------
 */
#include "input/utf16.h"

#include <stdint.h>
#include <string.h>

#include <unicode/utf16.h>
#include <unicode/utf8.h>

static uint32_t unit_at(const char *in, bool big_endian);

size_t
cb_utf16_to_utf8(const char *in, size_t len, bool big_endian,
				 char *out, size_t *bad)
{
	size_t		written = 0;
	size_t		at = 0;

	while (at + 2 <= len)
	{
		uint32_t	c = unit_at(in + at, big_endian);
		size_t		width = 2;

		if (c == 0)
			break;
		if (U16_IS_SURROGATE(c))
		{
			uint32_t	trail;

			if (!U16_IS_SURROGATE_LEAD(c) || at + 4 > len)
				break;
			trail = unit_at(in + at + 2, big_endian);
			if (!U16_IS_TRAIL(trail))
				break;
			c = (uint32_t) U16_GET_SUPPLEMENTARY(c, trail);
			width = 4;
		}
		if (out != NULL)
			U8_APPEND_UNSAFE(out, written, c);
		at += width;
	}
	*bad = at;
	return written;
}

static uint32_t
unit_at(const char *in, bool big_endian)
{
	uint32_t	first = (unsigned char) in[0];
	uint32_t	second = (unsigned char) in[1];

	return big_endian ? first << 8 | second : second << 8 | first;
}

size_t
cb_utf8_span(const char *in, size_t len, bool *ascii)
{
	size_t		at = 0;

	*ascii = true;
	while (at < len)
	{
		uint64_t	eight;
		int32_t		i = 0;
		int32_t		left = (int32_t) (len - at < 4 ? len - at : 4);
		UChar32		c;

		if (at + 8 <= len)
		{
			memcpy(&eight, in + at, 8);
			if ((eight & UINT64_C(0x8080808080808080)) == 0)
			{
				at += 8;
				continue;
			}
		}
		U8_NEXT(in + at, i, left, c);
		if (c < 0)
			break;
		if (c >= 0x80)
			*ascii = false;
		at += (size_t) i;
	}
	return at;
}
