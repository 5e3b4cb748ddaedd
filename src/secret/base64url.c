/*-------------------------------------------------------------------------
 *
 * base64url.c
 *		base64url as tokens and keys write it.
 *
 * libsodium decodes, in a time that does not depend on the bytes, and refuses
 * padding, blanks, and last bits that stand for nothing.  But where char has a
 * sign, it reads every byte above 127 as an underscore; so those are refused
 * before it sees them.
 *
 *-------------------------------------------------------------------------
 */
#include "secret/base64url.h"

#include <sodium.h>

/*
 * Decodes len characters into at most room bytes.  False when they do not fit,
 * or are not the one true spelling of any bytes.
 */
bool
cb_base64url_decode(const char *encoded, size_t len,
					unsigned char *bytes, size_t room, size_t *bytes_len)
{
	for (size_t i = 0; i < len; i++)
	{
		if ((unsigned char) encoded[i] > 127)
			return false;
	}
	return sodium_base642bin(bytes, room, encoded, len, NULL, bytes_len, NULL,
							 sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0;
}
