/*-------------------------------------------------------------------------
 *
 * hash_format.h
 *		What password_hash.c and the families of formats share.  Needs no server.
 *
 * A family is a table of formats.  A format has both: how a hash is read, with
 * what it costs to compute, and how a password is compared with it.
 *
 * What a unit of work takes was measured for each format, with a password of 256
 * bytes, on a core of an AMD EPYC of the fourth generation at 2.6 GHz, without its
 * instructions for SHA, and rounded up by a fifth or so.  A processor of another kind
 * takes longer or less; what is taken does not depend on it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_SECRET_HASH_FORMAT_H
#define CB_SECRET_HASH_FORMAT_H

#include "secret/hash_scan.h"
#include "secret/password_hash.h"

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
	CbPasswordHashCost cost;
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
 * The time that so many units of work take, in microseconds, when each takes so many
 * nanoseconds.
 */
extern uint64_t cb_hash_time(uint64_t units, uint32_t nanoseconds);

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

/* Of argon2 with so many kilobytes and passes. */
extern CbPasswordHashCost cb_hash_argon2_cost(uint32_t memory, uint32_t passes);

extern const CbHashFormat cb_hash_argon2_formats[];
extern const CbHashFormat cb_hash_crypt_formats[];
extern const CbHashFormat cb_hash_scrypt_formats[];
extern const CbHashFormat cb_hash_pbkdf2_formats[];
extern const CbHashFormat cb_hash_digest_formats[];

#endif							/* CB_SECRET_HASH_FORMAT_H */
