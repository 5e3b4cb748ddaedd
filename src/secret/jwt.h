/*-------------------------------------------------------------------------
 *
 * jwt.h
 *		JSON Web Tokens with a signature (RFC 7515, 7518, 7519, 8037).
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_SECRET_JWT_H
#define CB_SECRET_JWT_H

#include "utils/jsonb.h"

#include "secret/jwt_key.h"

#define CB_JWT_MAX		8192	/* bytes of a token */

/* A token that has been read.  Believe nothing in it that is not verified. */
typedef struct CbJwt
{
	CbJwtAlgorithm algorithm;
	const char *kid;			/* NULL: none */
	Jsonb	   *claims;			/* an object */
	const char *signed_text;	/* in the token it was read from */
	Size		signed_len;
	const uint8 *signature;
	Size		signature_len;
} CbJwt;

extern bool cb_jwt_read(const char *token, Size len, CbJwt *jwt);
extern bool cb_jwt_verify(const CbJwt *jwt, CbJwtAlgorithm key_algorithm,
						  const char *key_text);

#endif							/* CB_SECRET_JWT_H */
