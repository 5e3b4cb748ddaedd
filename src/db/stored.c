/*-------------------------------------------------------------------------
 *
 * stored.c
 *		What the tables of the directory hold, whoever has written it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type_d.h"
#include "utils/lsyscache.h"

#include "canopy_bulk.h"
#include "db/stored.h"

static void refuse_nulls(const bool *nulls, int n, const char *column);

void
cb_stored_refuse(const char *column)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("a table of the directory has a value that cannot be used"),
			 errdetail("It is in canopy.%s.", column),
			 errhint("Correct it, and restore the constraints that the table was made with.")));
}

Oid
cb_stored_table(const char *name)
{
	Oid			table = get_relname_relid(name,
										  get_namespace_oid(CB_DIRECTORY_SCHEMA, false));

	if (!OidIsValid(table))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("a table of the directory is missing"),
				 errdetail("There is no canopy.%s.", name),
				 errhint("Restore it, or rename it back.")));
	return table;
}

int
cb_stored_int(int value, int least, int most, const char *column)
{
	if (value < least || value > most)
		cb_stored_refuse(column);
	return value;
}

int
cb_stored_word(const char *word, const char *const *words, int n,
			   const char *column)
{
	for (int i = 0; i < n; i++)
	{
		if (strcmp(word, words[i]) == 0)
			return i;
	}
	cb_stored_refuse(column);
}

Jsonb *
cb_stored_object(Jsonb *value, const char *column)
{
	if (!JB_ROOT_IS_OBJECT(value))
		cb_stored_refuse(column);
	return value;
}

int
cb_stored_texts(ArrayType *array, Datum **values, bool **nulls,
				const char *column)
{
	bool	   *found;
	int			n;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, values, &found, &n);
	if (nulls != NULL)
		*nulls = found;
	else
		refuse_nulls(found, n, column);
	return n;
}

int
cb_stored_ints(ArrayType *array, Datum **values, const char *column)
{
	bool	   *found;
	int			n;

	deconstruct_array(array, INT4OID, sizeof(int32), true, TYPALIGN_INT, values,
					  &found, &n);
	refuse_nulls(found, n, column);
	return n;
}

static void
refuse_nulls(const bool *nulls, int n, const char *column)
{
	for (int i = 0; i < n; i++)
	{
		if (nulls[i])
			cb_stored_refuse(column);
	}
}

JsonbValue *
cb_stored_member(const JsonbContainer *object, const char *key)
{
	if (!JsonContainerIsObject(object))
		return NULL;
	return getKeyJsonValueFromContainer(unconstify(JsonbContainer *, object), key,
										(int) strlen(key), NULL);
}
