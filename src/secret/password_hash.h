/*-------------------------------------------------------------------------
 *
 * password_hash.h
 *		Which password hashes of other systems we take.  Needs no server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_SECRET_PASSWORD_HASH_H
#define CB_SECRET_PASSWORD_HASH_H

#include <stdbool.h>
#include <stddef.h>

#define CB_PASSWORD_HASH_MAX	512 /* bytes */

/* What a hash was made with, and so who can verify it. */
typedef enum CbPasswordHashKind
{
	CB_PASSWORD_HASH_NONE,		/* not a hash that we take */
	CB_PASSWORD_HASH_ARGON2,	/* libsodium */
	CB_PASSWORD_HASH_CRYPT,		/* libxcrypt: bcrypt, SHA-crypt, yescrypt */
	CB_PASSWORD_HASH_SCRYPT,	/* OpenSSL */
	CB_PASSWORD_HASH_PBKDF2		/* OpenSSL */
} CbPasswordHashKind;

extern CbPasswordHashKind cb_password_hash_kind(const char *hash, size_t len);
extern bool cb_password_hash_supported(const char *hash, size_t len);

#endif							/* CB_SECRET_PASSWORD_HASH_H */
