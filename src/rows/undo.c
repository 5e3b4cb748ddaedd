/*-------------------------------------------------------------------------
 *
 * undo.c
 *		What the kinds of rows that can be undone share.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "db/statement.h"
#include "db/stored.h"
#include "db/uuid7.h"
#include "rows/undo.h"

static void refuse(void) pg_attribute_noreturn();

Datum
cb_undo_ids(const CbUndoItem *items, int n)
{
	Datum	   *ids = palloc(sizeof(Datum) * (n + 1));

	for (int i = 0; i < n; i++)
		ids[i] = UUIDPGetDatum(&items[i].id);
	return cb_statement_array(ids, NULL, n, UUIDOID);
}

Datum
cb_undo_chosen_ids(CbUndoItem **items, int n)
{
	Datum	   *ids = palloc(sizeof(Datum) * (n + 1));

	for (int i = 0; i < n; i++)
		ids[i] = UUIDPGetDatum(&items[i]->id);
	return cb_statement_array(ids, NULL, n, UUIDOID);
}

Datum
cb_undo_before(CbUndoItem **items, int n, Datum *ids)
{
	Datum	   *before;
	Datum	   *owners;
	int			nbefore = 0;

	for (int i = 0; i < n; i++)
		nbefore += items[i]->nbefore;
	before = palloc(sizeof(Datum) * (nbefore + 1));
	owners = palloc(sizeof(Datum) * (nbefore + 1));
	nbefore = 0;
	for (int i = 0; i < n; i++)
	{
		for (int j = 0; j < items[i]->nbefore; j++)
		{
			owners[nbefore] = UUIDPGetDatum(&items[i]->id);
			before[nbefore++] = JsonbPGetDatum(items[i]->before[j]);
		}
	}
	if (ids != NULL)
		*ids = cb_statement_array(owners, NULL, nbefore, UUIDOID);
	return cb_statement_array(before, NULL, nbefore, JSONBOID);
}

CbUndoItem *
cb_undo_find(CbUndoItem *items, int n, const pg_uuid_t *id)
{
	return bsearch(id, items, n, sizeof(CbUndoItem), cb_uuid_compare);
}

char *
cb_undo_text(const Jsonb *before, const char *key)
{
	const JsonbValue *value = cb_stored_member(&before->root, key);

	if (value == NULL || value->type != jbvString)
		return NULL;
	return pnstrdup(value->val.string.val, value->val.string.len);
}

void
cb_undo_write(CbJson *json, const Jsonb *value)
{
	if (value == NULL)
		cb_json_null(json);
	else
		cb_json_container(json, &value->root, VARSIZE(value) - VARHDRSZ);
}

void
cb_undo_run(CbStatement *statement, Datum *values, int expected)
{
	if (cb_statement_run(statement, values, NULL) != (uint64) expected)
		refuse();
	cb_statement_free();
}

void
cb_undo_run_all(CbStatement *statement, Datum *values)
{
	int64		expected;
	int64		written;
	bool		isnull;

	cb_statement_run(statement, values, NULL);
	expected = DatumGetInt64(cb_statement_value(0, 1, &isnull));
	written = DatumGetInt64(cb_statement_value(0, 2, &isnull));
	if (written != expected)
		refuse();
	cb_statement_free();
}

static void
refuse(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION),
			 errmsg("rows were not reversed"),
			 errhint("Look for a trigger or rule.")));
}
