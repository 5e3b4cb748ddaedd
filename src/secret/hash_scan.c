/*-------------------------------------------------------------------------
 *
 * hash_scan.c
 *		Reads the parts of a password hash.
 *
 * Strict to the last bit: each value has one spelling, so that what is read is
 * what its library would read.
 *
 *-------------------------------------------------------------------------
 */
#include "secret/hash_scan.h"

#include <string.h>

static size_t count_base64(const CbHashScan *scan, char sixty_two);
static void decode_base64(const char *in, size_t len, char sixty_two,
						  uint8_t *out);
static int	base64_value(char c, char sixty_two);
static int	hex_value(char c);

/*
 * Moves past word if it is what comes next.
 */
bool
cb_hash_take_word(CbHashScan *scan, const char *word)
{
	size_t		len = strlen(word);

	if ((size_t) (scan->end - scan->at) < len ||
		memcmp(scan->at, word, len) != 0)
		return false;
	scan->at += len;
	return true;
}

/*
 * Moves past a decimal number within bounds, written the one way it can be:
 * digits, and no zero in front.
 */
bool
cb_hash_take_number(CbHashScan *scan, uint32_t least, uint32_t most,
					uint32_t *number)
{
	uint64_t	n = 0;

	if (scan->at == scan->end || *scan->at == '0')
		return false;
	while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9')
	{
		n = n * 10 + (uint64_t) (*scan->at - '0');
		if (n > most)
			return false;
		scan->at++;
	}
	*number = (uint32_t) n;
	return n >= least;
}

/*
 * Moves past base64 that stands for least to most bytes, and writes these to
 * out, which has room for most.  The one true spelling only: the last bits,
 * which stand for nothing, are zero.
 */
bool
cb_hash_take_base64(CbHashScan *scan, CbHashBase64 spelling, size_t least,
					size_t most, CbHashBytes *out)
{
	char		sixty_two = spelling == CB_HASH_BASE64_PASSLIB ? '.' : '+';
	size_t		len = count_base64(scan, sixty_two);
	int			last;

	out->len = len * 3 / 4;
	if (len % 4 == 1 || out->len < least || out->len > most)
		return false;
	last = len == 0 ? 0 : base64_value(scan->at[len - 1], sixty_two);
	if ((len % 4 == 2 && (last & 0x0f) != 0) ||
		(len % 4 == 3 && (last & 0x03) != 0))
		return false;
	decode_base64(scan->at, len, sixty_two, out->bytes);
	scan->at += len;
	if (spelling != CB_HASH_BASE64_PADDED || len % 4 == 0)
		return true;
	return cb_hash_take_word(scan, len % 4 == 2 ? "==" : "=");
}

/*
 * Moves past least to most bytes as pairs of hexadecimal digits, in either
 * case, and writes them to out.
 */
bool
cb_hash_take_hex(CbHashScan *scan, size_t least, size_t most,
				 CbHashBytes *out)
{
	out->len = 0;
	while (scan->end - scan->at >= 2 && hex_value(scan->at[0]) >= 0 &&
		   hex_value(scan->at[1]) >= 0)
	{
		if (out->len == most)
			return false;
		out->bytes[out->len++] = (uint8_t)
			(hex_value(scan->at[0]) * 16 + hex_value(scan->at[1]));
		scan->at += 2;
	}
	return out->len >= least;
}

/*
 * Moves past least to most visible characters of ASCII other than the dollar
 * sign, and copies them to out.
 */
bool
cb_hash_take_raw(CbHashScan *scan, size_t least, size_t most,
				 CbHashBytes *out)
{
	out->len = 0;
	while (scan->at < scan->end && *scan->at > ' ' && *scan->at <= '~' &&
		   *scan->at != '$')
	{
		if (out->len == most)
			return false;
		out->bytes[out->len++] = (uint8_t) *scan->at++;
	}
	return out->len >= least;
}

/*
 * Moves past least to most characters of crypt's own alphabet.
 */
bool
cb_hash_take_crypt64(CbHashScan *scan, size_t least, size_t most)
{
	size_t		len = 0;

	while (scan->at < scan->end && cb_hash_crypt64_value(*scan->at) >= 0)
	{
		scan->at++;
		len++;
	}
	return len >= least && len <= most;
}

int
cb_hash_crypt64_value(char c)
{
	if (c == '.' || c == '/')
		return c - '.';
	if (c >= '0' && c <= '9')
		return c - '0' + 2;
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 12;
	return c >= 'a' && c <= 'z' ? c - 'a' + 38 : -1;
}

static size_t
count_base64(const CbHashScan *scan, char sixty_two)
{
	const char *c = scan->at;

	while (c < scan->end && base64_value(*c, sixty_two) >= 0)
		c++;
	return (size_t) (c - scan->at);
}

static void
decode_base64(const char *in, size_t len, char sixty_two, uint8_t *out)
{
	uint32_t	bits = 0;
	int			nbits = 0;

	for (size_t i = 0; i < len; i++)
	{
		bits = (bits << 6) | (uint32_t) base64_value(in[i], sixty_two);
		nbits += 6;
		if (nbits >= 8)
		{
			nbits -= 8;
			*out++ = (uint8_t) (bits >> nbits);
			bits &= (1u << nbits) - 1;
		}
	}
}

/*
 * The value of a character of base64, or -1.
 */
static int
base64_value(char c, char sixty_two)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == sixty_two)
		return 62;
	return c == '/' ? 63 : -1;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}
