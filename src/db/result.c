/*-------------------------------------------------------------------------
 *
 * result.c
 *		The columns of a statement's result: as they are declared, and as they are.
 *
 * Types are compared when a plan is made and when it begins to run, because the
 * server makes plans anew by itself.  In between it costs a comparison of two
 * numbers for each column.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type_d.h"
#include "lib/stringinfo.h"
#include "nodes/primnodes.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "canopy_bulk.h"
#include "db/result.h"


/* Where a column of the result comes from; table is NULL for an expression. */
typedef struct Origin
{
	const char *schema;
	const char *table;
	const char *column;
} Origin;

static void declare_column(CbResultColumn *column, const char *text, Size len);
static Oid	type_of(const char *name);
static bool is_laid_out_as(Oid found, Oid declared);
static void refuse_type(const CbResult *result, int i, Oid found,
						CachedPlanSource *source) pg_attribute_noreturn();
static void refuse_null(const CbResult *result, int i,
						CachedPlanSource *source) pg_attribute_noreturn();
static TargetEntry *find_entry(List *targets, int i);
static void find_origin(const CbResult *result, int i, CachedPlanSource *source,
						Origin *origin);

CbResult *
cb_result_declare(const char *declaration)
{
	MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);
	CbResult   *result = palloc0(sizeof(CbResult));
	int			most = 1;

	if (declaration == NULL)
		elog(ERROR, "columns of a result are not declared");
	for (const char *c = declaration; *c != '\0'; c++)
		most += *c == ',';
	result->columns = palloc0(sizeof(CbResultColumn) * most);
	result->required = palloc0(sizeof(int) * most);
	for (const char *c = declaration; *c != '\0';)
	{
		Size		len = strcspn(c, ",");
		int			i = result->ncolumns;

		if (strcmp(c, "...") == 0)
			result->is_open = true;
		else
		{
			declare_column(&result->columns[i], c, len);
			if (!result->columns[i].nullable)
				result->required[result->nrequired++] = i;
			result->ncolumns++;
		}
		c += len;
		c += strspn(c, ", ");
	}
	MemoryContextSwitchTo(old);
	return result;
}

static void
declare_column(CbResultColumn *column, const char *text, Size len)
{
	char	   *name = pnstrdup(text, len);
	char	   *type = strchr(name, ' ');

	if (type == NULL)
		elog(ERROR, "column of a result without a type: %s", name);
	*type++ = '\0';
	column->nullable = type[strlen(type) - 1] == '?';
	if (column->nullable)
		type[strlen(type) - 1] = '\0';
	column->name = name;
	column->type = type_of(type);
}

static Oid
type_of(const char *name)
{
	static const struct
	{
		const char *name;
		Oid			type;
	}			types[] = {
		{"bool", BOOLOID},
		{"bytea", BYTEAOID},
		{"int4", INT4OID},
		{"int4[]", INT4ARRAYOID},
		{"int8", INT8OID},
		{"jsonb", JSONBOID},
		{"text", TEXTOID},
		{"text[]", TEXTARRAYOID},
		{"timestamptz", TIMESTAMPTZOID},
		{"uuid", UUIDOID}
	};

	for (size_t i = 0; i < lengthof(types); i++)
	{
		if (strcmp(types[i].name, name) == 0)
			return types[i].type;
	}
	elog(ERROR, "unknown type of a result's column: %s", name);
}

void
cb_result_check_types(const CbResult *result, TupleDesc shape,
					  CachedPlanSource *source)
{
	if (shape == NULL || shape->natts < result->ncolumns ||
		(shape->natts > result->ncolumns && !result->is_open))
		elog(ERROR, "result has %d columns, declared are %d: %s",
			 shape == NULL ? 0 : shape->natts, result->ncolumns,
			 source->query_string);
	for (int i = 0; i < result->ncolumns; i++)
	{
		Oid			found = TupleDescAttr(shape, i)->atttypid;

		if (!is_laid_out_as(found, result->columns[i].type))
			refuse_type(result, i, found, source);
	}
}

/* A char(n) is laid out as text is, although a cast would cut its blanks off. */
static bool
is_laid_out_as(Oid found, Oid declared)
{
	return found == declared || IsBinaryCoercible(found, declared) ||
		(declared == TEXTOID && getBaseType(found) == BPCHAROID);
}

void
cb_result_check_row(const CbResult *result, const bool *nulls,
					CachedPlanSource *source)
{
	for (int i = 0; i < result->nrequired; i++)
	{
		if (nulls[result->required[i]])
			refuse_null(result, result->required[i], source);
	}
}

void
cb_result_check_tuple(const CbResult *result, HeapTuple tuple, TupleDesc shape,
					  CachedPlanSource *source)
{
	if (!HeapTupleHasNulls(tuple) &&
		HeapTupleHeaderGetNatts(tuple->t_data) >= result->ncolumns)
		return;
	for (int i = 0; i < result->nrequired; i++)
	{
		if (heap_attisnull(tuple, result->required[i] + 1, shape))
			refuse_null(result, result->required[i], source);
	}
}

void
cb_result_check_names(const CbResult *result, CachedPlanSource *source)
{
	List	   *targets = CachedPlanGetTargetList(source, NULL);

	for (int i = 0; i < result->ncolumns; i++)
	{
		const TargetEntry *entry = find_entry(targets, i);

		if (entry != NULL && OidIsValid(entry->resorigtbl) &&
			strcmp(entry->resname, result->columns[i].name) != 0)
			elog(ERROR, "result has a column %s, declared is %s: %s",
				 entry->resname, result->columns[i].name, source->query_string);
	}
}

static void
refuse_type(const CbResult *result, int i, Oid found, CachedPlanSource *source)
{
	const char *declared = format_type_be(result->columns[i].type);
	Origin		origin;

	find_origin(result, i, source, &origin);
	if (origin.table == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg(CB_ALTERED_MESSAGE),
				 errdetail("Expression %s of a statement on %s has type %s instead of %s.",
						   origin.column, cb_result_tables(source->query_string),
						   format_type_be(found), declared),
				 errhint("Give the columns that it refers to their types back.")));
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg(CB_ALTERED_MESSAGE),
			 errdetail("Column %s of table %s.%s has type %s instead of %s.",
					   origin.column, origin.schema, origin.table,
					   format_type_be(found), declared),
			 errhint("Give it its type back: ALTER TABLE %s.%s ALTER COLUMN %s TYPE %s",
					 origin.schema, origin.table, origin.column, declared)));
}

static void
refuse_null(const CbResult *result, int i, CachedPlanSource *source)
{
	Origin		origin;

	find_origin(result, i, source, &origin);
	if (origin.table == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("a table of the directory has a null where none may be"),
				 errdetail("Expression %s of a statement on %s is null.",
						   origin.column, cb_result_tables(source->query_string)),
				 errhint("Give the columns that it refers to a value in each row, and make them NOT NULL again.")));
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("a table of the directory has a null where none may be"),
			 errdetail("Column %s of table %s.%s is null.",
					   origin.column, origin.schema, origin.table),
			 errhint("Give it a value in each row, then: ALTER TABLE %s.%s ALTER COLUMN %s SET NOT NULL",
					 origin.schema, origin.table, origin.column)));
}

static void
find_origin(const CbResult *result, int i, CachedPlanSource *source,
			Origin *origin)
{
	const TargetEntry *entry = find_entry(CachedPlanGetTargetList(source, NULL), i);

	memset(origin, 0, sizeof(Origin));
	origin->column = result->columns[i].name;
	if (entry == NULL || !OidIsValid(entry->resorigtbl))
		return;
	origin->table = get_rel_name(entry->resorigtbl);
	if (origin->table == NULL)
		return;
	origin->table = quote_identifier(origin->table);
	origin->schema = quote_identifier(get_namespace_name(get_rel_namespace(entry->resorigtbl)));
	origin->column = quote_identifier(get_attname(entry->resorigtbl,
												  entry->resorigcol, false));
}

/* NULL when the statement is none that gives rows any more. */
static TargetEntry *
find_entry(List *targets, int i)
{
	ListCell   *cell;

	foreach(cell, targets)
	{
		TargetEntry *entry = lfirst_node(TargetEntry, cell);

		if (entry->resno == i + 1 && !entry->resjunk)
			return entry;
	}
	return NULL;
}

const char *
cb_result_tables(const char *sql)
{
	static const char prefix[] = CB_DIRECTORY_SCHEMA ".";
	StringInfoData names;

	initStringInfo(&names);
	for (const char *c = strstr(sql, prefix); c != NULL; c = strstr(c + 1, prefix))
	{
		Size		len = strlen(prefix) + strspn(c + strlen(prefix),
												  "abcdefghijklmnopqrstuvwxyz_");
		char	   *name = psprintf("%.*s, ", (int) len, c);

		if (strstr(names.data, name) == NULL)
			appendStringInfoString(&names, name);
	}
	if (names.len > 0)
		names.data[names.len - 2] = '\0';
	return names.data;
}
