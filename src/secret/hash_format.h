/*-------------------------------------------------------------------------
 *
 * hash_format.h
 *		What password_hash.c and the families of formats share.  Needs no server.
 *
 * A family is a table of formats.  A format has both: how a hash is read, with
 * the bounds of its parameters, and how a password is compared with it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_SECRET_HASH_FORMAT_H
#define CB_SECRET_HASH_FORMAT_H

#include "secret/hash_scan.h"
#include "secret/password_hash.h"

#define CB_HASH_MEMORY_MAX	(UINT64_C(256) << 20)	/* bytes of one
													 * computation */

#define CB_HASH_SALT_MAX	64	/* bytes */
#define CB_HASH_TAG_MAX		128

typedef enum CbHashDigest
{
	CB_HASH_MD5,
	CB_HASH_SHA1,
	CB_HASH_SHA256,
	CB_HASH_SHA512
} CbHashDigest;

/* A hash that has been read; what its format does not have is zero. */
typedef struct CbHash
{
	char		string[CB_PASSWORD_HASH_MAX + 1];	/* as its library wants it */
	CbHashDigest digest;
	uint32_t	memory;			/* kilobytes */
	uint32_t	rounds;			/* or passes */
	uint32_t	n_log2;
	uint32_t	r;
	uint32_t	lanes;
	bool		salt_first;		/* before the password, else behind it */
	uint8_t		salt_bytes[CB_HASH_SALT_MAX * 2];
	uint8_t		tag_bytes[CB_HASH_TAG_MAX];
	uint8_t		key_bytes[CB_HASH_TAG_MAX];
	CbHashBytes salt;
	CbHashBytes tag;			/* what the password must lead to */
	CbHashBytes key;			/* Firebase's signer key, SCRAM's server key */
} CbHash;

typedef struct CbHashFormat
{
	const char *prefix;			/* NULL ends the table */

	/* From after the prefix to the end. */
	bool		(*parse) (CbHashScan *scan, CbHash *hash);

	/* password has a NUL behind its len bytes, and none within. */
	CbPasswordVerdict (*compare) (const CbHash *hash, const char *password,
								  size_t len);
	CbHashDigest digest;
	int			skip;			/* characters that are not the library's */
	bool		weak;			/* computed in no time */
} CbHashFormat;

/*
 * Compares what a password led to with what it must lead to, in a time that does
 * not depend on either, and wipes the first.
 */
extern CbPasswordVerdict cb_hash_conclude(void *made, const void *wanted,
										  size_t len);

/* Bytes of a digest. */
extern size_t cb_hash_digest_len(const CbHash *hash);

/* The digest's algorithm, of OpenSSL. */
extern const struct evp_md_st *cb_hash_digest_algorithm(const CbHash *hash);

extern const CbHashFormat cb_hash_argon2_formats[];
extern const CbHashFormat cb_hash_crypt_formats[];
extern const CbHashFormat cb_hash_scrypt_formats[];
extern const CbHashFormat cb_hash_pbkdf2_formats[];
extern const CbHashFormat cb_hash_digest_formats[];

#endif							/* CB_SECRET_HASH_FORMAT_H */
