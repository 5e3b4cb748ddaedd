/*-------------------------------------------------------------------------
 *
 * rivals.c
 *		Rows of a batch that want the same key.
 *
 * The first row in the order of the input that is written gets the key, in
 * whatever order rows are written.  A row is therefore linked to its rivals
 * before it, and waits until what became of all of them is known.  A verdict may
 * be taken back when a group is undone, so that links are followed and never
 * changed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "flow/rivals.h"
#include "rows/fields.h"

typedef struct Entry
{
	const char *key;
	Size		len;
	CbRow	   *row;
} Entry;

static int	compare_entries(const void *a, const void *b);
static int	compare_keys(const Entry *a, const Entry *b);

void
cb_rivals_link(CbBatch *batch)
{
	Entry	   *entries = palloc(sizeof(Entry) * (batch->nrows + 1));

	for (int which = 0; which < batch->kind->nkeys; which++)
	{
		int			n = 0;

		for (int i = 0; i < batch->nrows; i++)
		{
			Entry	   *entry = &entries[n];

			if (!cb_row_is_good(batch->rows[i]))
				continue;
			entry->row = batch->rows[i];
			entry->key = batch->kind->key(entry->row, which, &entry->len);
			if (entry->key != NULL)
				n++;
		}
		qsort(entries, n, sizeof(Entry), compare_entries);
		for (int i = 1; i < n; i++)
		{
			if (compare_keys(&entries[i - 1], &entries[i]) == 0)
				entries[i].row->rival[which] = entries[i - 1].row;
		}
	}
	pfree(entries);
}

CbRow *
cb_rivals_find(const CbBatch *batch, const CbRow *row, int *which)
{
	CbRow	   *winner = NULL;

	for (int i = 0; i < batch->kind->nkeys; i++)
	{
		CbRow	   *rival = cb_rivals_of(row, i);

		if (rival == NULL)
			continue;
		if (rival->outcome == CB_PENDING)
			return rival;
		if (winner == NULL)
		{
			winner = rival;
			*which = i;
		}
	}
	return winner;
}

CbRow *
cb_rivals_of(const CbRow *row, int which)
{
	CbRow	   *rival = row->rival[which];

	while (rival != NULL && rival->outcome == CB_FAILED)
		rival = rival->rival[which];
	return rival;
}

void
cb_rivals_yield(const CbBatch *batch, CbRow *row, const CbRow *rival, int which)
{
	cb_field_issue(row, batch->kind->key_codes[which],
				   batch->kind->key_fields[which]);
	row->problem.first_index = rival->index;
	row->outcome = CB_FAILED;
}

static int
compare_entries(const void *a, const void *b)
{
	const Entry *left = a;
	const Entry *right = b;
	int			order = compare_keys(left, right);

	return order != 0 ? order : left->row->index - right->row->index;
}

static int
compare_keys(const Entry *a, const Entry *b)
{
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return memcmp(a->key, b->key, a->len);
}
