/*-------------------------------------------------------------------------
 *
 * jwt_key.h
 *		The keys that tokens are verified with.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_SECRET_JWT_KEY_H
#define CB_SECRET_JWT_KEY_H

#include <openssl/evp.h>

#define CB_JWT_KEY_MAX			16384	/* bytes of its text */
#define CB_JWT_KEY_PART_MAX		1024	/* bytes of one number of it */

typedef enum CbJwtAlgorithm
{
	CB_JWT_RS256,
	CB_JWT_ES256,
	CB_JWT_EDDSA,				/* over Ed25519 only */
	CB_JWT_HS256
} CbJwtAlgorithm;

typedef struct CbJwtKeyPart
{
	uint8		bytes[CB_JWT_KEY_PART_MAX];
	Size		len;
} CbJwtKeyPart;

/* A key that has been read.  Wipe it after use: it may hold a secret. */
typedef struct CbJwtKey
{
	CbJwtAlgorithm algorithm;
	const char *pem;			/* in the text of the key; NULL: in parts */
	Size		pem_len;
	CbJwtKeyPart parts[2];		/* n and e, x and y, x, or the secret */
} CbJwtKey;

extern bool cb_jwt_key_find_algorithm(const char *name, Size len,
									  CbJwtAlgorithm *algorithm);
extern bool cb_jwt_key_is_valid(const char *algorithm, const char *key_text);
extern bool cb_jwt_key_read(CbJwtKey *key, CbJwtAlgorithm algorithm,
							const char *key_text);
extern EVP_PKEY *cb_jwt_key_open(const CbJwtKey *key);

#endif							/* CB_SECRET_JWT_KEY_H */
