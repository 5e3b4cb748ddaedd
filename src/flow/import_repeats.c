/*-------------------------------------------------------------------------
 *
 * import_repeats.c
 *		Which row of a file another one repeats.
 *
 * A row that fails because its key is taken may repeat an earlier row of the
 * file, which is good to know.  Within a batch the batch itself knows; here are
 * the keys of the batches before.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/hsearch.h"

#include "canopy_bulk.h"
#include "flow/import_repeats.h"

/* A key that a row has got; two keys with one hash are not told apart. */
typedef struct Entry
{
	uint64		hash;			/* of which key it is, and its bytes */
	int			number;			/* of the row */
} Entry;

struct CbImportRepeats
{
	const CbRowKind *kind;
	const CbImportBatch *batch;
	HTAB	   *keys;
	int		   *first;			/* of each row of the batch: the row that it
								 * repeats; 0: none */
	MemoryContext context;
};

static void learn_row(CbImportRepeats *repeats, const CbRow *row);
static bool hash_key(const CbImportRepeats *repeats, const CbRow *row, int which,
					 uint64 *hash);

CbImportRepeats *
cb_import_repeats_create(const CbRowKind *kind)
{
	CbImportRepeats *repeats = palloc0(sizeof(CbImportRepeats));
	HASHCTL		control = {0};

	control.keysize = sizeof(uint64);
	control.entrysize = sizeof(Entry);
	control.hcxt = CurrentMemoryContext;
	repeats->kind = kind;
	repeats->keys = hash_create("canopy_bulk repeats", 1024, &control,
								HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	repeats->context = CurrentMemoryContext;
	return repeats;
}

void
cb_import_repeats_begin(CbImportRepeats *repeats, const CbImportBatch *batch)
{
	repeats->batch = batch;
	repeats->first = palloc0(sizeof(int) * (batch->nrows + 1));
}

void
cb_import_repeats_learn(void *arg, const CbBatch *batch)
{
	CbImportRepeats *repeats = arg;

	for (int i = 0; i < batch->nrows; i++)
		learn_row(repeats, batch->rows[i]);
}

static void
learn_row(CbImportRepeats *repeats, const CbRow *row)
{
	for (int which = 0; which < repeats->kind->nkeys; which++)
	{
		uint64		hash;
		Entry	   *entry;
		bool		found;

		if (row->outcome == CB_FAILED &&
			row->problem.code != repeats->kind->key_codes[which])
			continue;
		if (!hash_key(repeats, row, which, &hash))
			continue;
		entry = hash_search(repeats->keys, &hash,
							row->outcome == CB_FAILED ? HASH_FIND : HASH_ENTER,
							&found);
		if (row->outcome == CB_FAILED)
			repeats->first[row->index] = found ? entry->number : 0;
		else if (!found)
			entry->number = repeats->batch->rows[row->index].number;
	}
}

/* False when the row has no such key. */
static bool
hash_key(const CbImportRepeats *repeats, const CbRow *row, int which,
		 uint64 *hash)
{
	Size		len;
	const char *key = repeats->kind->key(row, which, &len);

	if (key != NULL)
		*hash = hash_bytes_extended((const unsigned char *) key, (int) len,
									(uint64) which + 1);
	return key != NULL;
}

void
cb_import_repeats_name(const CbImportRepeats *repeats, int i,
					   CbImportVerdict *verdict)
{
	for (CbImportNote *note = verdict->notes; note != NULL; note = note->next)
	{
		if (note->first_row == 0)
			note->first_row = repeats->first[i];
	}
}
