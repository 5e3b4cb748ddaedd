/*-------------------------------------------------------------------------
 *
 * password_verify.h
 *		Does a password belong to a stored hash?
 *
 * For whoever signs in, and for whoever has to show a password once more:
 *
 *		if (!cb_password_verify(hash, password, len, account))
 *			refuse, and count it;
 *		if (cb_password_is_outdated(hash))
 *			store cb_password_rehash(password, len, account) in its place;
 *
 * Each computation waits for a slot of the server, runs on a thread and takes from
 * tens of milliseconds to a few seconds.  Hold no lock meanwhile; the call can be
 * cancelled.  Both raise what cb_hash_pool_run() raises.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_SECRET_PASSWORD_VERIFY_H
#define CB_SECRET_PASSWORD_VERIFY_H

#include "utils/uuid.h"

#include "secret/password_hash.h"

/*
 * True when it is the password of the hash, in the bytes that were given or in
 * normal form C.  password points at len bytes of the server's encoding, UTF-8,
 * and needs no NUL; no copy of it outlives the call.  Any length may be given: an
 * empty password, and one of more than CB_PASSWORD_BYTES_MAX bytes, is nobody's.
 *
 * hash is of identity.password_hash, and NULL where there is none: this answers
 * false, at the cost of an argon2id hash of today's settings.  A hash that takes
 * no time to compute costs as much on top when the password is wrong.
 */
extern bool cb_password_verify(const char *hash, const char *password,
							   size_t len, const pg_uuid_t *account);

/*
 * Can an identity be given this hash?  The bounds are canopy_bulk.max_hash_memory and
 * canopy_bulk.max_hash_time, and never below what our own hashes cost.
 */
extern CbPasswordHashFit cb_password_hash_judge(const char *hash, size_t len);

/*
 * True unless it is argon2id of at least the memory and work of today's, and could be
 * given to an identity today.
 */
extern bool cb_password_is_outdated(const char *hash);

/*
 * A new argon2id hash of a password that was found right, in the current memory
 * context.  It may break the rules for new passwords: it was good elsewhere.
 */
extern char *cb_password_rehash(const char *password, size_t len,
								const pg_uuid_t *account);

#endif							/* CB_SECRET_PASSWORD_VERIFY_H */
