/*-------------------------------------------------------------------------
 *
 * jwt.c
 *		JSON Web Tokens with a signature: reading and verifying them.
 *
 *		base64url(header) . base64url(claims) . base64url(signature)
 *		\____________ what is signed _______/
 *
 * A token is read whole before it is verified, because its header names the key
 * (kid); until then it is a stranger's text.  Three rules keep it from choosing
 * how it is judged: the algorithms are an allow-list, the algorithm of the key
 * decides and the token's must be the same, and a header that asks for anything
 * else (crit, another typ) is refused.  Keys that a header carries or points to
 * (jwk, jku, x5c, x5u) are never looked at.
 *
 * There is one spelling of each token: base64url without padding, blanks, or
 * bits that stand for nothing.  Whether the claims are true (exp, aud, iss) is
 * the caller's business.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/hmac.h>

#include "canopy_bulk.h"
#include "secret/base64url.h"
#include "secret/jwt.h"
#include "secret/jwt_json.h"

#define P256_BYTES		32		/* of each number of an ES256 signature */
#define ECDSA_DER_MAX	72		/* bytes of such a signature as DER */

/* One of the three parts, in the token. */
typedef struct Part
{
	const char *start;
	Size		len;
} Part;

static bool split(const char *token, Size len, Part *parts);
static uint8 *decode(const Part *part, Size *len);
static Jsonb *decode_object(const Part *part);
static bool read_header(Jsonb *header, CbJwt *jwt);
static bool is_token_type(const JsonbValue *type);
static bool verify_signature(const CbJwt *jwt, const CbJwtKey *key);
static bool verify_mac(const CbJwt *jwt, const CbJwtKeyPart *secret);
static int	write_ecdsa(const CbJwt *jwt, uint8 *der);

/*
 * Takes a token of len bytes apart; what jwt gets lives in the current memory
 * context and in the token.  False when it is malformed, longer than
 * CB_JWT_MAX, of an algorithm that is not ours, or not a token of claims.
 *
 * Needs a transaction.  Raises only when memory is out.
 */
bool
cb_jwt_read(const char *token, Size len, CbJwt *jwt)
{
	Part		parts[3];
	Jsonb	   *header;

	memset(jwt, 0, sizeof(CbJwt));
	if (len > CB_JWT_MAX || !split(token, len, parts))
		return false;
	jwt->signed_text = token;
	jwt->signed_len = (Size) (parts[2].start - 1 - token);
	jwt->signature = decode(&parts[2], &jwt->signature_len);
	if (jwt->signature == NULL)
		return false;

	header = decode_object(&parts[0]);
	if (header == NULL || !read_header(header, jwt))
		return false;
	jwt->claims = decode_object(&parts[1]);
	return jwt->claims != NULL;
}

/*
 * Did the owner of this key sign the token?  False as well when the key is of
 * another algorithm than the token, or no good.  Fails closed: OpenSSL without
 * memory is a false too.
 *
 * Needs a transaction.  Raises only when memory is out.
 */
bool
cb_jwt_verify(const CbJwt *jwt, CbJwtAlgorithm key_algorithm,
			  const char *key_text)
{
	CbJwtKey	key;
	bool		verified = false;

	if (jwt->algorithm != key_algorithm)
		return false;
	if (cb_jwt_key_read(&key, key_algorithm, key_text))
	{
		verified = key_algorithm == CB_JWT_HS256 ?
			verify_mac(jwt, &key.parts[0]) : verify_signature(jwt, &key);
		ERR_clear_error();
	}
	explicit_bzero(&key, sizeof(key));
	return verified;
}

/*
 * Finds the three parts; none is empty.
 */
static bool
split(const char *token, Size len, Part *parts)
{
	const char *end = token + len;
	const char *at = token;

	for (int i = 0; i < 3; i++)
	{
		const char *dot = memchr(at, '.', (size_t) (end - at));

		if ((dot == NULL) != (i == 2))
			return false;
		parts[i].start = at;
		parts[i].len = (Size) ((dot == NULL ? end : dot) - at);
		if (parts[i].len == 0)
			return false;
		at += parts[i].len + 1;
	}
	return true;
}

/*
 * Returns the bytes of a part, or NULL when it is not base64url in its one true
 * spelling.
 */
static uint8 *
decode(const Part *part, Size *len)
{
	uint8	   *bytes = palloc(part->len);

	if (!cb_base64url_decode(part->start, part->len, bytes, part->len, len))
		return NULL;
	return bytes;
}

static Jsonb *
decode_object(const Part *part)
{
	Size		len;
	uint8	   *bytes = decode(part, &len);

	return bytes == NULL ? NULL : cb_jwt_json_object((char *) bytes, len);
}

/*
 * Takes algorithm and kid from the header.  False when we must not go on.
 */
static bool
read_header(Jsonb *header, CbJwt *jwt)
{
	JsonbValue	value;

	if (!cb_jwt_json_find(header, "alg", &value) || value.type != jbvString ||
		!cb_jwt_key_find_algorithm(value.val.string.val,
								   (Size) value.val.string.len,
								   &jwt->algorithm))
		return false;
	if (cb_jwt_json_find(header, "crit", &value))
		return false;			/* we understand no extension */
	if (cb_jwt_json_find(header, "typ", &value) && !is_token_type(&value))
		return false;
	if (cb_jwt_json_find(header, "kid", &value))
	{
		if (value.type != jbvString)
			return false;
		jwt->kid = pnstrdup(value.val.string.val, value.val.string.len);
	}
	return true;
}

/*
 * Case does not matter in a media type.  Among others this refuses logout+jwt
 * and dpop+jwt, whose signatures are good and which grant nothing.
 */
static bool
is_token_type(const JsonbValue *type)
{
	static const char *const names[] = {
		"jwt", "at+jwt", "application/jwt", "application/at+jwt"
	};

	if (type->type != jbvString)
		return false;
	for (size_t i = 0; i < lengthof(names); i++)
	{
		if ((Size) type->val.string.len == strlen(names[i]) &&
			pg_strncasecmp(type->val.string.val, names[i],
						   strlen(names[i])) == 0)
			return true;
	}
	return false;
}

static bool
verify_signature(const CbJwt *jwt, const CbJwtKey *key)
{
	uint8		der[ECDSA_DER_MAX];
	const uint8 *signature = jwt->signature;
	Size		len = jwt->signature_len;
	const EVP_MD *digest;
	EVP_PKEY   *pkey;
	EVP_MD_CTX *context;
	bool		verified;

	if (jwt->algorithm == CB_JWT_ES256)
	{
		int			der_len = write_ecdsa(jwt, der);

		if (der_len <= 0)
			return false;
		signature = der;
		len = (Size) der_len;
	}
	digest = jwt->algorithm == CB_JWT_EDDSA ? NULL : EVP_sha256();

	pkey = cb_jwt_key_open(key);
	context = EVP_MD_CTX_new();
	verified = pkey != NULL && context != NULL &&
		EVP_DigestVerifyInit(context, NULL, digest, NULL, pkey) == 1 &&
		EVP_DigestVerify(context, signature, len,
						 (const uint8 *) jwt->signed_text,
						 jwt->signed_len) == 1;
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(pkey);
	return verified;
}

/*
 * HMAC, compared in a time that does not depend on where it differs.
 */
static bool
verify_mac(const CbJwt *jwt, const CbJwtKeyPart *secret)
{
	uint8		mac[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	bool		verified;

	verified = HMAC(EVP_sha256(), secret->bytes, (int) secret->len,
					(const uint8 *) jwt->signed_text, jwt->signed_len,
					mac, &len) != NULL &&
		jwt->signature_len == len &&
		CRYPTO_memcmp(mac, jwt->signature, len) == 0;
	explicit_bzero(mac, sizeof(mac));
	return verified;
}

/*
 * Writes an ES256 signature, which is r and s of 32 bytes each, as DER, the one
 * form that OpenSSL verifies.  Returns its bytes, or a number below one.
 */
static int
write_ecdsa(const CbJwt *jwt, uint8 *der)
{
	ECDSA_SIG  *pair;
	BIGNUM	   *r;
	BIGNUM	   *s;
	int			len = 0;

	if (jwt->signature_len != 2 * P256_BYTES)
		return 0;
	pair = ECDSA_SIG_new();
	r = BN_bin2bn(jwt->signature, P256_BYTES, NULL);
	s = BN_bin2bn(jwt->signature + P256_BYTES, P256_BYTES, NULL);
	if (pair != NULL && r != NULL && s != NULL &&
		ECDSA_SIG_set0(pair, r, s) == 1)
	{
		r = s = NULL;			/* they belong to the pair now */
		len = i2d_ECDSA_SIG(pair, &der);
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(pair);
	return len;
}
