/*-------------------------------------------------------------------------
 *
 * jwt_key.c
 *		The keys that tokens are verified with.
 *
 * A key has one algorithm, and only the form that goes with it is taken:
 *
 *		RS256			PEM or JWK: RSA, 2048 to 8192 bits, an exponent of 3 to 2^64
 *		ES256			PEM or JWK: P-256
 *		EdDSA			PEM or JWK: Ed25519, a point of the group of the base point
 *		HS256			JWK or base64url: 32 bytes or more
 *
 * PEM means a SubjectPublicKeyInfo ("PUBLIC KEY").  A private key is refused,
 * whatever its form: it has no business where tokens are only verified.  A
 * public key cannot be read as a secret, because neither PEM nor JSON is
 * base64url.
 *
 * The work is in two steps.  Reading needs memory of the server and may raise;
 * opening makes handles of OpenSSL and calls nothing of the server, so that
 * none is lost.  Whoever calls into OpenSSL clears its queue of errors: in this
 * process a TLS connection shares it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sodium.h>

#include "canopy_bulk.h"
#include "secret/base64url.h"
#include "secret/jwt_json.h"
#include "secret/jwt_key.h"

#define RSA_BITS_MIN	2048
#define RSA_BITS_MAX	8192
#define RSA_EXPONENT_BITS_MAX	64
#define P256_BYTES		32
#define P256_NAME		"prime256v1"
#define PEM_BEGIN		"-----BEGIN " PEM_STRING_PUBLIC "-----"
#define PEM_END			"-----END " PEM_STRING_PUBLIC "-----"
#define BLANKS			" \t\r\n"

/* A number of a JWK, as base64url. */
typedef struct Member
{
	const char *name;			/* NULL: there is none */
	Size		least;			/* bytes */
	Size		most;
} Member;

/* How an algorithm and its keys are written. */
typedef struct Format
{
	const char *algorithm;
	const char *type;			/* JWK's kty */
	const char *curve;			/* JWK's crv; NULL: there is none */
	Member		members[2];
} Format;

static const Format formats[] = {
	[CB_JWT_RS256] = {"RS256", "RSA", NULL,
	{{"n", RSA_BITS_MIN / 8, CB_JWT_KEY_PART_MAX}, {"e", 1, 8}}},
	[CB_JWT_ES256] = {"ES256", "EC", "P-256",
	{{"x", P256_BYTES, P256_BYTES}, {"y", P256_BYTES, P256_BYTES}}},
	[CB_JWT_EDDSA] = {"EdDSA", "OKP", "Ed25519", {{"x", 32, 32}}},
	[CB_JWT_HS256] = {"HS256", "oct", NULL,
	{{"k", 32, CB_JWT_KEY_PART_MAX}}},
};

static bool read_pem(CbJwtKey *key, const char *start, Size len);
static bool read_jwk(CbJwtKey *key, const char *start, Size len);
static bool is_meant_for(Jsonb *jwk, const Format *format);
static bool holds_verify(const JsonbValue *operations);
static bool read_part(CbJwtKeyPart *part, const Member *member,
					  const char *encoded, Size len);
static EVP_PKEY *open_pem(const char *pem, Size len);
static EVP_PKEY *decode_pem(BIO *bio);
static EVP_PKEY *open_rsa(const CbJwtKeyPart *n, const CbJwtKeyPart *e);
static EVP_PKEY *open_p256(const CbJwtKeyPart *x, const CbJwtKeyPart *y);
static EVP_PKEY *make_key(const char *type, OSSL_PARAM *params);
static bool is_of_algorithm(EVP_PKEY *pkey, CbJwtAlgorithm algorithm);
static bool is_sound_rsa(EVP_PKEY *pkey);
static bool is_sound_ec(EVP_PKEY *pkey);
static bool is_sound_ed25519(EVP_PKEY *pkey);

/*
 * Gives the algorithm of this name, spelled as in a token.  False when it is
 * none of ours.
 */
bool
cb_jwt_key_find_algorithm(const char *name, Size len,
						  CbJwtAlgorithm *algorithm)
{
	for (size_t i = 0; i < lengthof(formats); i++)
	{
		if (strlen(formats[i].algorithm) == len &&
			memcmp(formats[i].algorithm, name, len) == 0)
		{
			*algorithm = (CbJwtAlgorithm) i;
			return true;
		}
	}
	return false;
}

/*
 * Can tokens of the algorithm be verified with this key?  For when a key is
 * stored: it looks closer than every single verification does.  Raises only
 * when memory is out.
 */
bool
cb_jwt_key_is_valid(const char *algorithm, const char *key_text)
{
	CbJwtAlgorithm number;
	CbJwtKey	key;
	bool		valid;

	if (!cb_jwt_key_find_algorithm(algorithm, strlen(algorithm), &number))
		return false;
	valid = cb_jwt_key_read(&key, number, key_text);
	if (valid && number != CB_JWT_HS256)
	{
		EVP_PKEY   *pkey = cb_jwt_key_open(&key);
		EVP_PKEY_CTX *context = pkey == NULL ? NULL :
		EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);

		valid = context != NULL && EVP_PKEY_public_check(context) == 1;
		EVP_PKEY_CTX_free(context);
		EVP_PKEY_free(pkey);
		ERR_clear_error();
	}
	explicit_bzero(&key, sizeof(key));
	return valid;
}

/*
 * Reads the text of a key, which must outlive it; blanks around it do not
 * count.  False when this is no form that a key of the algorithm has.  Raises
 * only when memory is out.
 */
bool
cb_jwt_key_read(CbJwtKey *key, CbJwtAlgorithm algorithm, const char *key_text)
{
	const char *start = key_text + strspn(key_text, BLANKS);
	Size		len = strlen(start);

	memset(key, 0, sizeof(CbJwtKey));
	key->algorithm = algorithm;
	while (len > 0 && strchr(BLANKS, start[len - 1]) != NULL)
		len--;
	if (len > CB_JWT_KEY_MAX)
		return false;
	if (start[0] == '{')
		return read_jwk(key, start, len);
	if (algorithm != CB_JWT_HS256)
		return read_pem(key, start, len);
	return read_part(&key->parts[0], &formats[algorithm].members[0],
					 start, len);
}

/*
 * Makes a public key for OpenSSL, or returns NULL when it is none of its
 * algorithm, or too weak for it.  The caller frees it, and clears OpenSSL's
 * errors.  Raises nothing.
 */
EVP_PKEY *
cb_jwt_key_open(const CbJwtKey *key)
{
	EVP_PKEY   *pkey = NULL;

	if (key->pem != NULL)
		pkey = open_pem(key->pem, key->pem_len);
	else if (key->algorithm == CB_JWT_RS256)
		pkey = open_rsa(&key->parts[0], &key->parts[1]);
	else if (key->algorithm == CB_JWT_ES256)
		pkey = open_p256(&key->parts[0], &key->parts[1]);
	else if (key->algorithm == CB_JWT_EDDSA)
		pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
										   key->parts[0].bytes,
										   key->parts[0].len);

	if (pkey != NULL && !is_of_algorithm(pkey, key->algorithm))
	{
		EVP_PKEY_free(pkey);
		pkey = NULL;
	}
	return pkey;
}

/*
 * Takes one PEM block and nothing else; what is in it is for open_pem.
 */
static bool
read_pem(CbJwtKey *key, const char *start, Size len)
{
	const char *end;

	if (strncmp(start, PEM_BEGIN, strlen(PEM_BEGIN)) != 0)
		return false;
	end = strstr(start, PEM_END);
	key->pem = start;
	key->pem_len = len;
	return end != NULL && end + strlen(PEM_END) == start + len;
}

static bool
read_jwk(CbJwtKey *key, const char *start, Size len)
{
	const Format *format = &formats[key->algorithm];
	Jsonb	   *jwk = cb_jwt_json_object(start, len);

	if (jwk == NULL || !is_meant_for(jwk, format))
		return false;
	for (size_t i = 0; i < lengthof(format->members); i++)
	{
		const Member *member = &format->members[i];
		JsonbValue	value;

		if (member->name != NULL &&
			(!cb_jwt_json_find(jwk, member->name, &value) ||
			 value.type != jbvString ||
			 !read_part(&key->parts[i], member, value.val.string.val,
						(Size) value.val.string.len)))
			return false;
	}
	return true;
}

/*
 * Is the JWK a public key, or a secret, for signatures of this format?
 */
static bool
is_meant_for(Jsonb *jwk, const Format *format)
{
	JsonbValue	value;

	if (!cb_jwt_json_find(jwk, "kty", &value) ||
		!cb_jwt_json_equals(&value, format->type))
		return false;
	if (format->curve != NULL &&
		(!cb_jwt_json_find(jwk, "crv", &value) ||
		 !cb_jwt_json_equals(&value, format->curve)))
		return false;
	if (cb_jwt_json_find(jwk, "d", &value))
		return false;			/* a private key */
	if (cb_jwt_json_find(jwk, "alg", &value) &&
		!cb_jwt_json_equals(&value, format->algorithm))
		return false;
	if (cb_jwt_json_find(jwk, "use", &value) &&
		!cb_jwt_json_equals(&value, "sig"))
		return false;
	return !cb_jwt_json_find(jwk, "key_ops", &value) || holds_verify(&value);
}

static bool
holds_verify(const JsonbValue *operations)
{
	JsonbContainer *list;

	if (operations->type != jbvBinary ||
		!JsonContainerIsArray(operations->val.binary.data))
		return false;
	list = operations->val.binary.data;
	for (uint32 i = 0; i < JsonContainerSize(list); i++)
	{
		if (cb_jwt_json_equals(getIthJsonbValueFromContainer(list, i),
							   "verify"))
			return true;
	}
	return false;
}

/*
 * Decodes base64url without padding, in its one true spelling.
 */
static bool
read_part(CbJwtKeyPart *part, const Member *member, const char *encoded, Size len)
{
	return cb_base64url_decode(encoded, len, part->bytes, sizeof(part->bytes),
							   &part->len) &&
		part->len >= member->least && part->len <= member->most;
}

static EVP_PKEY *
open_pem(const char *pem, Size len)
{
	BIO		   *bio = BIO_new_mem_buf(pem, (int) len);
	EVP_PKEY   *pkey = bio == NULL ? NULL : decode_pem(bio);

	BIO_free(bio);
	return pkey;
}

/*
 * PEM_read_bio_PUBKEY would ask the terminal for the passphrase of an encrypted
 * block; this never does.
 */
static EVP_PKEY *
decode_pem(BIO *bio)
{
	char	   *name;
	char	   *header;
	unsigned char *der;
	const unsigned char *at;
	long		len;
	EVP_PKEY   *pkey = NULL;

	if (PEM_read_bio(bio, &name, &header, &der, &len) != 1)
		return NULL;
	at = der;
	if (strcmp(name, PEM_STRING_PUBLIC) == 0 && header[0] == '\0')
		pkey = d2i_PUBKEY(NULL, &at, len);
	if (pkey != NULL && at != der + len)
	{
		EVP_PKEY_free(pkey);
		pkey = NULL;
	}
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(der);
	return pkey;
}

static EVP_PKEY *
open_rsa(const CbJwtKeyPart *n, const CbJwtKeyPart *e)
{
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	BIGNUM	   *modulus = BN_bin2bn(n->bytes, (int) n->len, NULL);
	BIGNUM	   *exponent = BN_bin2bn(e->bytes, (int) e->len, NULL);
	OSSL_PARAM *params = NULL;
	EVP_PKEY   *pkey = NULL;

	if (builder != NULL && modulus != NULL && exponent != NULL &&
		OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) &&
		OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent))
		params = OSSL_PARAM_BLD_to_param(builder);
	if (params != NULL)
		pkey = make_key("RSA", params);

	OSSL_PARAM_free(params);
	BN_free(exponent);
	BN_free(modulus);
	OSSL_PARAM_BLD_free(builder);
	return pkey;
}

static EVP_PKEY *
open_p256(const CbJwtKeyPart *x, const CbJwtKeyPart *y)
{
	uint8		point[1 + 2 * P256_BYTES] = {POINT_CONVERSION_UNCOMPRESSED};
	char		curve[] = P256_NAME;
	OSSL_PARAM	params[3];

	memcpy(point + 1, x->bytes, P256_BYTES);
	memcpy(point + 1 + P256_BYTES, y->bytes, P256_BYTES);
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
												 curve, 0);
	params[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY,
												  point, sizeof(point));
	params[2] = OSSL_PARAM_construct_end();
	return make_key("EC", params);
}

static EVP_PKEY *
make_key(const char *type, OSSL_PARAM *params)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY   *pkey = NULL;

	if (context != NULL && EVP_PKEY_fromdata_init(context) == 1 &&
		EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(context);
	return pkey;
}

static bool
is_of_algorithm(EVP_PKEY *pkey, CbJwtAlgorithm algorithm)
{
	switch (algorithm)
	{
		case CB_JWT_RS256:
			return EVP_PKEY_is_a(pkey, "RSA") && is_sound_rsa(pkey);
		case CB_JWT_ES256:
			return EVP_PKEY_is_a(pkey, "EC") && is_sound_ec(pkey);
		case CB_JWT_EDDSA:
			return EVP_PKEY_is_a(pkey, "ED25519") && is_sound_ed25519(pkey);
		case CB_JWT_HS256:
			break;
	}
	return false;
}

/*
 * With an exponent of one, every message would be its own signature; one of
 * thousands of bits costs as much time as a private key.
 */
static bool
is_sound_rsa(EVP_PKEY *pkey)
{
	BIGNUM	   *modulus = NULL;
	BIGNUM	   *exponent = NULL;
	bool		sound;

	sound = EVP_PKEY_get_bits(pkey) >= RSA_BITS_MIN &&
		EVP_PKEY_get_bits(pkey) <= RSA_BITS_MAX &&
		EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &modulus) == 1 &&
		EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1 &&
		BN_is_odd(modulus) && BN_is_odd(exponent) && !BN_is_one(exponent) &&
		BN_num_bits(exponent) <= RSA_EXPONENT_BITS_MAX;
	BN_free(exponent);
	BN_free(modulus);
	return sound;
}

/*
 * On P-256, and not its point at infinity, which would verify what anybody
 * signs.
 */
static bool
is_sound_ec(EVP_PKEY *pkey)
{
	char		curve[32];
	EVP_PKEY_CTX *context;
	bool		sound;

	if (EVP_PKEY_get_group_name(pkey, curve, sizeof(curve), NULL) != 1 ||
		strcmp(curve, P256_NAME) != 0)
		return false;
	context = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	sound = context != NULL && EVP_PKEY_public_check_quick(context) == 1;
	EVP_PKEY_CTX_free(context);
	return sound;
}

/*
 * A point whose order divides eight verifies signatures that nobody made; OpenSSL
 * takes any 32 bytes.  A key is a multiple of the base point, in its one encoding.
 */
static bool
is_sound_ed25519(EVP_PKEY *pkey)
{
	unsigned char point[crypto_core_ed25519_BYTES];
	size_t		len = sizeof(point);

	return EVP_PKEY_get_raw_public_key(pkey, point, &len) == 1 &&
		len == sizeof(point) && crypto_core_ed25519_is_valid_point(point) == 1;
}
