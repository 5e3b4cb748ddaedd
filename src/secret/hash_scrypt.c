/*-------------------------------------------------------------------------
 *
 * hash_scrypt.c
 *		scrypt, plain and as Firebase uses it, computed by OpenSSL.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include <openssl/evp.h>

#include "secret/hash_format.h"

#define BLOCK_TIME		500		/* nanoseconds, of 128 bytes in a lane */
#define MEMORY_MAX		(UINT64_C(1024) * CB_PASSWORD_HASH_MEMORY_MAX)	/* bytes */
#define N_LOG2_MAX		31
#define R_MAX			32
#define LANES_MAX		16
#define SALT_MIN		8		/* bytes */
#define TAG_MIN			16
#define TAG_MAX			64
#define AES_KEY_LEN		32

static bool parse_phc(CbHashScan *scan, CbHash *hash);
static bool parse_django(CbHashScan *scan, CbHash *hash);
static bool parse_supabase(CbHashScan *scan, CbHash *hash);
static bool parse_kratos(CbHashScan *scan, CbHash *hash);
static bool take_costs(CbHashScan *scan, const char *n, CbHash *hash);
static bool take_number_of_n(CbHashScan *scan, CbHash *hash);
static bool take_cost(CbHash *hash);
static bool take_padded(CbHashScan *scan, size_t least, size_t most,
						CbHashBytes *out);
static void join_separator(CbHash *hash, const CbHashBytes *separator);
static CbPasswordVerdict compare_scrypt(const CbHash *hash,
										const char *password, size_t len);
static CbPasswordVerdict compare_firebase(const CbHash *hash,
										  const char *password, size_t len);
static bool compute(const CbHash *hash, const char *password, size_t len,
					unsigned char *out, size_t out_len);
static bool encrypt(const unsigned char *key, const CbHashBytes *in,
					unsigned char *out);

const CbHashFormat cb_hash_scrypt_formats[] = {
	{"$scrypt$", parse_phc, compare_scrypt},
	{"scrypt$", parse_django, compare_scrypt},
	/* Firebase's, as Supabase and as Kratos write it */
	{"$fbscrypt$", parse_supabase, compare_firebase},
	{"$firescrypt$", parse_kratos, compare_firebase},
	{NULL}
};

/*
 * A PHC string: ln=16,r=8,p=1$salt$tag.
 */
static bool
parse_phc(CbHashScan *scan, CbHash *hash)
{
	return take_costs(scan, "ln=", hash) &&
		cb_hash_take_word(scan, "$") &&
		cb_hash_take_base64(scan, CB_HASH_BASE64_PHC, SALT_MIN,
							CB_HASH_SALT_MAX, &hash->salt) &&
		cb_hash_take_word(scan, "$") &&
		cb_hash_take_base64(scan, CB_HASH_BASE64_PHC, TAG_MIN, TAG_MAX,
							&hash->tag);
}

/*
 * Django's: salt$16384$8$5$tag, where the salt is text and the tag has 64 bytes.
 */
static bool
parse_django(CbHashScan *scan, CbHash *hash)
{
	return cb_hash_take_raw(scan, SALT_MIN, CB_HASH_SALT_MAX, &hash->salt) &&
		cb_hash_take_word(scan, "$") && take_number_of_n(scan, hash) &&
		cb_hash_take_word(scan, "$") &&
		cb_hash_take_number(scan, 1, R_MAX, &hash->r) &&
		cb_hash_take_word(scan, "$") &&
		cb_hash_take_number(scan, 1, LANES_MAX, &hash->lanes) &&
		take_cost(hash) && cb_hash_take_word(scan, "$") &&
		take_padded(scan, TAG_MAX, TAG_MAX, &hash->tag);
}

/*
 * v=1,n=14,r=8,p=1,ss=separator,sk=signer key$salt$tag.
 */
static bool
parse_supabase(CbHashScan *scan, CbHash *hash)
{
	uint8_t		bytes[CB_HASH_SALT_MAX];
	CbHashBytes separator = {bytes, 0};

	if (!(cb_hash_take_word(scan, "v=1,") && take_costs(scan, "n=", hash) &&
		  cb_hash_take_word(scan, ",ss=") &&
		  take_padded(scan, 1, CB_HASH_SALT_MAX, &separator) &&
		  cb_hash_take_word(scan, ",sk=") &&
		  take_padded(scan, TAG_MIN, TAG_MAX, &hash->key) &&
		  cb_hash_take_word(scan, "$") &&
		  take_padded(scan, SALT_MIN, CB_HASH_SALT_MAX, &hash->salt) &&
		  cb_hash_take_word(scan, "$") &&
		  take_padded(scan, hash->key.len, hash->key.len, &hash->tag)))
		return false;
	join_separator(hash, &separator);
	return true;
}

/*
 * ln=14,r=8,p=1$salt$tag$separator$signer key.
 */
static bool
parse_kratos(CbHashScan *scan, CbHash *hash)
{
	uint8_t		bytes[CB_HASH_SALT_MAX];
	CbHashBytes separator = {bytes, 0};

	if (!(take_costs(scan, "ln=", hash) && cb_hash_take_word(scan, "$") &&
		  take_padded(scan, SALT_MIN, CB_HASH_SALT_MAX, &hash->salt) &&
		  cb_hash_take_word(scan, "$") &&
		  take_padded(scan, TAG_MIN, TAG_MAX, &hash->tag) &&
		  cb_hash_take_word(scan, "$") &&
		  take_padded(scan, 1, CB_HASH_SALT_MAX, &separator) &&
		  cb_hash_take_word(scan, "$") &&
		  take_padded(scan, hash->tag.len, hash->tag.len, &hash->key)))
		return false;
	join_separator(hash, &separator);
	return true;
}

/*
 * Reads the three costs, the first of which is log2 of N.
 */
static bool
take_costs(CbHashScan *scan, const char *n, CbHash *hash)
{
	return cb_hash_take_word(scan, n) &&
		cb_hash_take_number(scan, 1, N_LOG2_MAX, &hash->n_log2) &&
		cb_hash_take_word(scan, ",r=") &&
		cb_hash_take_number(scan, 1, R_MAX, &hash->r) &&
		cb_hash_take_word(scan, ",p=") &&
		cb_hash_take_number(scan, 1, LANES_MAX, &hash->lanes) &&
		take_cost(hash);
}

/*
 * Reads N itself, which is a power of two.
 */
static bool
take_number_of_n(CbHashScan *scan, CbHash *hash)
{
	uint32_t	n;

	if (!cb_hash_take_number(scan, 2, UINT32_C(1) << N_LOG2_MAX, &n) ||
		(n & (n - 1)) != 0)
		return false;
	while ((UINT32_C(1) << hash->n_log2) < n)
		hash->n_log2++;
	return true;
}

/*
 * Says what the costs come to; false when they break a rule of scrypt.
 */
static bool
take_cost(CbHash *hash)
{
	uint64_t	blocks = ((uint64_t) hash->r) << hash->n_log2;

	hash->cost.memory = (blocks + 7) / 8;
	hash->cost.time = cb_hash_time(blocks * hash->lanes, BLOCK_TIME);
	return hash->n_log2 < 16 * hash->r;
}

static bool
take_padded(CbHashScan *scan, size_t least, size_t most, CbHashBytes *out)
{
	return cb_hash_take_base64(scan, CB_HASH_BASE64_PADDED, least, most, out);
}

/*
 * To scrypt, Firebase's separator is the end of the salt.
 */
static void
join_separator(CbHash *hash, const CbHashBytes *separator)
{
	memcpy(hash->salt.bytes + hash->salt.len, separator->bytes,
		   separator->len);
	hash->salt.len += separator->len;
}

static CbPasswordVerdict
compare_scrypt(const CbHash *hash, const char *password, size_t len)
{
	unsigned char made[TAG_MAX];

	if (!compute(hash, password, len, made, hash->tag.len))
		return CB_PASSWORD_FAILED;
	return cb_hash_conclude(made, hash->tag.bytes, hash->tag.len);
}

/*
 * Firebase encrypts the project's signer key with what scrypt gives.
 */
static CbPasswordVerdict
compare_firebase(const CbHash *hash, const char *password, size_t len)
{
	unsigned char key[AES_KEY_LEN];
	unsigned char made[TAG_MAX];
	bool		done;

	done = compute(hash, password, len, key, sizeof(key)) &&
		encrypt(key, &hash->key, made);
	explicit_bzero(key, sizeof(key));
	if (!done)
		return CB_PASSWORD_FAILED;
	return cb_hash_conclude(made, hash->tag.bytes, hash->tag.len);
}

static bool
compute(const CbHash *hash, const char *password, size_t len,
		unsigned char *out, size_t out_len)
{
	return EVP_PBE_scrypt(password, len, hash->salt.bytes, hash->salt.len,
						  UINT64_C(1) << hash->n_log2, hash->r, hash->lanes,
						  MEMORY_MAX * 2, out, out_len) == 1;
}

/*
 * AES-256-CTR from a counter of zero; out has the length of in.
 */
static bool
encrypt(const unsigned char *key, const CbHashBytes *in, unsigned char *out)
{
	static const unsigned char zero[16];
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int			out_len;
	bool		done;

	done = context != NULL &&
		EVP_EncryptInit_ex(context, EVP_aes_256_ctr(), NULL, key, zero) == 1 &&
		EVP_EncryptUpdate(context, out, &out_len,
						  in->bytes, (int) in->len) == 1;
	EVP_CIPHER_CTX_free(context);
	return done;
}
