/*-------------------------------------------------------------------------
 *
 * password.h
 *		Plaintext passwords: the check, and the batch that hashes them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_SECRET_PASSWORD_H
#define CB_SECRET_PASSWORD_H

#include "utils/uuid.h"

#define CB_PASSWORD_MIN		8	/* code points, in normal form C */
#define CB_PASSWORD_MAX		64	/* code points, in normal form C */

typedef enum CbPasswordProblem
{
	CB_PASSWORD_GOOD,
	CB_PASSWORD_SHORT,
	CB_PASSWORD_LONG,
	CB_PASSWORD_HASHED,			/* has the form of a hash */
	CB_PASSWORD_MALFORMED		/* not UTF-8, or holds a NUL */
} CbPasswordProblem;

/* The passwords of one batch; their plaintext never is in palloc'd memory. */
typedef struct CbPasswordBatch CbPasswordBatch;

extern CbPasswordProblem cb_password_check(const char *utf8, size_t len);

extern CbPasswordBatch *cb_passwords_create(MemoryContext context,
											int capacity);
extern int	cb_passwords_add(CbPasswordBatch *batch,
							 const char *utf8, size_t len);
extern bool cb_passwords_breached(CbPasswordBatch *batch, int slot);
extern void cb_passwords_drop(CbPasswordBatch *batch, int slot);
extern void cb_passwords_hash(CbPasswordBatch *batch, const pg_uuid_t *account);
extern const char *cb_passwords_phc(const CbPasswordBatch *batch, int slot);
extern void cb_passwords_destroy(CbPasswordBatch *batch);

#endif							/* CB_SECRET_PASSWORD_H */
