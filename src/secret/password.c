/*-------------------------------------------------------------------------
 *
 * password.c
 *		Plaintext passwords: the check, and the batch that hashes them.
 *
 * The caller points at a password inside a document it was given; what we keep
 * of it is a copy in memory of libsodium, which is locked, left out of core
 * files and wiped when it is freed.  A callback of the batch's memory context
 * frees it, whatever ends the call.  Nothing here goes into palloc'd memory but
 * the numbers of a batch.
 *
 *		create -> add* -> breached* -> drop* -> hash -> phc* -> destroy
 *
 * A password is hashed in Unicode normal form C, so whoever verifies one must
 * bring it into that form too.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <sodium.h>

#include "fmgr.h"
#include "utils/memutils.h"

#include "canopy_bulk.h"
#include "input/text.h"
#include "secret/breach.h"
#include "secret/hash_pool.h"
#include "secret/password.h"
#include "secret/password_hash.h"

/* A code point has at most four bytes. */
#define PASSWORD_BYTES	(CB_PASSWORD_MAX * 4)

/* One password in normal form C, in the shape of a datum of type text. */
typedef union SecretText
{
	int32		alignment;
	char		bytes[VARHDRSZ + PASSWORD_BYTES + 1];
} SecretText;

struct CbPasswordBatch
{
	MemoryContext context;
	int			capacity;		/* slots */
	int			count;			/* slots in use */
	SecretText *texts;			/* of libsodium; wiped when freed */
	CbHashJob  *jobs;			/* of libsodium; they point into texts */
	bool		breach_resolved;
	CbBreach	breach;
	MemoryContextCallback callback;
};

static CbPasswordProblem normalise(const char *utf8, size_t len, char *out,
								   size_t *out_len);
static void *allocate_secret(int count, size_t size);
static void forget_secrets(void *arg);
static CbHashJob *job_of(const CbPasswordBatch *batch, int slot);

/*
 * Says whether a password may be used at all.  Raises only when memory is out.
 */
CbPasswordProblem
cb_password_check(const char *utf8, size_t len)
{
	char		copy[PASSWORD_BYTES + 1];
	size_t		copy_len;
	CbPasswordProblem problem;

	if (cb_password_looks_hashed(utf8, len))
		return CB_PASSWORD_HASHED;
	problem = normalise(utf8, len, copy, &copy_len);
	explicit_bzero(copy, sizeof(copy));
	return problem;
}

/*
 * Makes a batch for up to capacity passwords.  It lives in context, and its
 * plaintext is gone when that is reset.
 */
CbPasswordBatch *
cb_passwords_create(MemoryContext context, int capacity)
{
	CbPasswordBatch *batch;

	if (sodium_init() < 0)
		elog(ERROR, "could not initialise libsodium");

	batch = MemoryContextAllocZero(context, sizeof(CbPasswordBatch));
	batch->context = context;
	batch->capacity = capacity;
	batch->callback.func = forget_secrets;
	batch->callback.arg = batch;
	MemoryContextRegisterResetCallback(context, &batch->callback);
	batch->texts = allocate_secret(capacity, sizeof(SecretText));
	batch->jobs = allocate_secret(capacity, sizeof(CbHashJob));
	return batch;
}

/*
 * Takes a copy of a password that cb_password_check found good and returns its
 * slot.
 */
int
cb_passwords_add(CbPasswordBatch *batch, const char *utf8, size_t len)
{
	SecretText *copy;
	CbHashJob  *job;

	if (batch->texts == NULL || batch->count >= batch->capacity)
		elog(ERROR, "no room in the batch of passwords");
	copy = &batch->texts[batch->count];
	job = &batch->jobs[batch->count];
	if (normalise(utf8, len, VARDATA(copy->bytes),
				  &job->length) != CB_PASSWORD_GOOD)
		elog(ERROR, "a password was added unchecked");
	SET_VARSIZE(copy->bytes, VARHDRSZ + job->length);
	job->password = VARDATA(copy->bytes);
	return batch->count++;
}

/*
 * Does the function named by canopy_bulk.breach_check know this password?
 * False when none is named.  The function is looked up once per batch.
 *
 * Raises what cb_breach_resolve and cb_breach_found raise.
 */
bool
cb_passwords_breached(CbPasswordBatch *batch, int slot)
{
	CbHashJob  *job = job_of(batch, slot);

	if (!batch->breach_resolved)
	{
		cb_breach_resolve(&batch->breach, batch->context);
		batch->breach_resolved = true;
	}
	if (job->password == NULL)
		elog(ERROR, "a password was checked after it was dropped");
	return cb_breach_found(&batch->breach,
						   PointerGetDatum(batch->texts[slot].bytes));
}

/*
 * Forgets a password that shall not be hashed: its row has failed.
 */
void
cb_passwords_drop(CbPasswordBatch *batch, int slot)
{
	job_of(batch, slot)->password = NULL;
	explicit_bzero(&batch->texts[slot], sizeof(SecretText));
}

/*
 * Hashes all passwords that have no hash yet, for an account, and wipes them.  Takes
 * tens of milliseconds for each; can be cancelled between two.  Hold no lock.
 */
void
cb_passwords_hash(CbPasswordBatch *batch, const pg_uuid_t *account)
{
	cb_hash_pool_run(batch->jobs, batch->count, account);
	for (int slot = 0; slot < batch->count; slot++)
		cb_passwords_drop(batch, slot);
}

/*
 * Gives the PHC string of a password, valid until the batch is destroyed.
 */
const char *
cb_passwords_phc(const CbPasswordBatch *batch, int slot)
{
	CbHashJob  *job = job_of(batch, slot);

	if (job->phc[0] == '\0')
		elog(ERROR, "a password has no hash yet");
	return job->phc;
}

/*
 * Wipes and frees what the batch holds; the batch itself goes with its memory
 * context, where its callback is still registered.
 */
void
cb_passwords_destroy(CbPasswordBatch *batch)
{
	forget_secrets(batch);
}

/*
 * Writes the normal form C of a password to out, which has PASSWORD_BYTES + 1
 * bytes.  Unless it is good, out is wiped or is for the caller to wipe.
 */
static CbPasswordProblem
normalise(const char *utf8, size_t len, char *out, size_t *out_len)
{
	size_t		points;

	switch (cb_text_nfc(utf8, len, out, PASSWORD_BYTES + 1, out_len, &points))
	{
		case CB_TEXT_OK:
			break;
		case CB_TEXT_INVALID:
			return CB_PASSWORD_MALFORMED;
		case CB_TEXT_TOO_LONG:
			return CB_PASSWORD_LONG;
		case CB_TEXT_LIBRARY_FAILED:
			ereport(ERROR,
					(errcode(ERRCODE_OUT_OF_MEMORY),
					 errmsg("could not normalise a password"),
					 errdetail("The ICU library did not work.")));
	}
	if (points < CB_PASSWORD_MIN)
		return CB_PASSWORD_SHORT;
	if (points > CB_PASSWORD_MAX)
		return CB_PASSWORD_LONG;
	return CB_PASSWORD_GOOD;
}

/*
 * Allocates zeroed memory that libsodium guards.
 */
static void *
allocate_secret(int count, size_t size)
{
	void	   *memory = sodium_allocarray((size_t) Max(count, 1), size);

	if (memory == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory"),
				 errdetail("Failed on memory for %d passwords.", count)));
	memset(memory, 0, (size_t) Max(count, 1) * size);
	return memory;
}

/*
 * Wipes and frees the plaintext; a callback, so it may run a second time.
 */
static void
forget_secrets(void *arg)
{
	CbPasswordBatch *batch = arg;

	/* sodium_free wipes, and takes NULL. */
	sodium_free(batch->texts);
	sodium_free(batch->jobs);
	batch->texts = NULL;
	batch->jobs = NULL;
	batch->count = 0;
}

static CbHashJob *
job_of(const CbPasswordBatch *batch, int slot)
{
	if (slot < 0 || slot >= batch->count)
		elog(ERROR, "no such password: slot %d of %d", slot, batch->count);
	return &batch->jobs[slot];
}
