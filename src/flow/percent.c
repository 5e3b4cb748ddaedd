/*-------------------------------------------------------------------------
 *
 * percent.c
 *		Percent signs in the parts of a URL (RFC 3986, section 2.1).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "canopy_bulk.h"
#include "flow/percent.h"

static int	hex_value(char c);

char *
cb_percent_decode(const char *part, size_t len)
{
	char	   *decoded = palloc(len + 1);
	int			n = 0;

	for (size_t i = 0; i < len; i++)
	{
		if (part[i] != '%')
		{
			decoded[n++] = part[i];
			continue;
		}
		if (i + 2 >= len || hex_value(part[i + 1]) < 0 ||
			hex_value(part[i + 2]) < 0)
			return NULL;
		decoded[n++] = (char) (hex_value(part[i + 1]) << 4 |
							   hex_value(part[i + 2]));
		i += 2;
	}
	decoded[n] = '\0';
	return pg_verify_mbstr(PG_UTF8, decoded, n, true) ? decoded : NULL;
}

static int
hex_value(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *digit = strchr(digits, pg_ascii_tolower((unsigned char) c));

	return c == '\0' || digit == NULL ? -1 : (int) (digit - digits);
}
