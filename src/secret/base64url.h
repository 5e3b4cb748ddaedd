/*-------------------------------------------------------------------------
 *
 * base64url.h
 *		base64url as tokens and keys write it.  Needs no server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_SECRET_BASE64URL_H
#define CB_SECRET_BASE64URL_H

#include <stdbool.h>
#include <stddef.h>

extern bool cb_base64url_decode(const char *encoded, size_t len,
								unsigned char *bytes, size_t room,
								size_t *bytes_len);

#endif							/* CB_SECRET_BASE64URL_H */
