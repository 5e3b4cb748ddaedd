/*-------------------------------------------------------------------------
 *
 * hash_scan.h
 *		Reads the parts of a password hash.  Needs no server.
 *
 * A function moves past what it has read and returns true, or returns false;
 * then the hash is not one, and where the scan stands does not matter.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_SECRET_HASH_SCAN_H
#define CB_SECRET_HASH_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The rest of a hash. */
typedef struct CbHashScan
{
	const char *at;
	const char *end;
} CbHashScan;

/* The spellings of base64 that hashes come in. */
typedef enum CbHashBase64
{
	CB_HASH_BASE64_PHC,			/* + and /, no padding */
	CB_HASH_BASE64_PASSLIB,		/* . and /, no padding */
	CB_HASH_BASE64_PADDED		/* + and /, padding as it has to be */
} CbHashBase64;

/* Bytes that were read, in an array of the caller's. */
typedef struct CbHashBytes
{
	uint8_t    *bytes;
	size_t		len;
} CbHashBytes;

extern bool cb_hash_take_word(CbHashScan *scan, const char *word);
extern bool cb_hash_take_number(CbHashScan *scan, uint32_t least,
								uint32_t most, uint32_t *number);
extern bool cb_hash_take_base64(CbHashScan *scan, CbHashBase64 spelling,
								size_t least, size_t most, CbHashBytes *out);
extern bool cb_hash_take_hex(CbHashScan *scan, size_t least, size_t most,
							 CbHashBytes *out);
extern bool cb_hash_take_raw(CbHashScan *scan, size_t least, size_t most,
							 CbHashBytes *out);
extern bool cb_hash_take_crypt64(CbHashScan *scan, size_t least, size_t most);

/* The value of a character of crypt's alphabet, or -1. */
extern int	cb_hash_crypt64_value(char c);

#endif							/* CB_SECRET_HASH_SCAN_H */
