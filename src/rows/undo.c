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
#include "db/uuid7.h"
#include "rows/undo.h"

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

CbUndoItem *
cb_undo_find(CbUndoItem *items, int n, const pg_uuid_t *id)
{
	return bsearch(id, items, n, sizeof(CbUndoItem), cb_uuid_compare);
}

char *
cb_undo_text(const Jsonb *before, const char *key)
{
	JsonbValue	value;

	if (getKeyJsonValueFromContainer(unconstify(JsonbContainer *, &before->root),
									 key, (int) strlen(key), &value) == NULL ||
		value.type != jbvString)
		return NULL;
	return pnstrdup(value.val.string.val, value.val.string.len);
}

void
cb_undo_run(CbStatement *statement, Datum *values, int expected)
{
	if (cb_statement_run(statement, values, NULL) != (uint64) expected)
		ereport(ERROR,
				(errcode(ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION),
				 errmsg("rows were not reversed"),
				 errhint("Look for a trigger or rule.")));
	cb_statement_free();
}
