/*-------------------------------------------------------------------------
 *
 * triggers.c
 *		What happens besides when rows are written to a table.
 *
 * Users may add triggers, policies, rules, partitions and foreign keys to the
 * directory's tables.  What is found is believed for one batch: the locks that
 * reading it took keep it as it is until the transaction ends.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "utils/array.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/syscache.h"

#include "canopy_bulk.h"
#include "db/triggers.h"

/* Says what it finds at a table, or NULL. */
typedef const char *(*Finder) (Relation relation);

static List *open_tables(const char *const *tables);
static void close_tables(List *relations);
static const char *find_first(const char *const *tables, Finder find);
static const char *find_obstacle(Relation relation);
static const char *find_deferrable_key(Relation relation);
static bool only_foreign_keys(Relation relation);
static bool is_our_foreign_key(Oid constraint, Oid schema);
static bool is_our_table(Oid table, Oid schema);
static bool are_our_columns(Oid table, HeapTuple constraint);
static bool is_one_of(const char *name, const char *const *names, size_t n);

const char *
cb_triggers_forbid_sets(const char *const *tables)
{
	return find_first(tables, find_obstacle);
}

const char *
cb_triggers_prevent_sets(const char *const *tables)
{
	return find_first(tables, find_deferrable_key);
}

bool
cb_triggers_are_foreign_keys(const char *const *tables)
{
	List	   *relations = open_tables(tables);
	bool		only = true;
	ListCell   *cell;

	foreach(cell, relations)
	{
		if (!only_foreign_keys(lfirst(cell)))
			only = false;
	}
	close_tables(relations);
	return only;
}

/* The tables and their partitions, opened. */
static List *
open_tables(const char *const *tables)
{
	Oid			schema = get_namespace_oid(CB_DIRECTORY_SCHEMA, false);
	List	   *relations = NIL;

	for (int i = 0; tables[i] != NULL; i++)
	{
		Oid			table = get_relname_relid(tables[i], schema);
		List	   *all = list_make1_oid(table);
		ListCell   *cell;

		if (has_subclass(table))
			all = find_all_inheritors(table, RowExclusiveLock, NULL);
		foreach(cell, all)
			relations = lappend(relations,
								table_open(lfirst_oid(cell), RowExclusiveLock));
	}
	return relations;
}

static void
close_tables(List *relations)
{
	ListCell   *cell;

	foreach(cell, relations)
		table_close(lfirst(cell), NoLock);
	list_free(relations);
}

static const char *
find_first(const char *const *tables, Finder find)
{
	List	   *relations = open_tables(tables);
	const char *found = NULL;
	ListCell   *cell;

	foreach(cell, relations)
	{
		if (found == NULL)
			found = find(lfirst(cell));
	}
	close_tables(relations);
	return found;
}

static const char *
find_deferrable_key(Relation relation)
{
	List	   *indexes = RelationGetIndexList(relation);
	const char *found = NULL;
	ListCell   *cell;

	foreach(cell, indexes)
	{
		Relation	index = index_open(lfirst_oid(cell), AccessShareLock);

		if (!index->rd_index->indimmediate)
			found = "a table has a deferrable key";
		index_close(index, NoLock);
	}
	list_free(indexes);
	return found;
}

static const char *
find_obstacle(Relation relation)
{
	TriggerDesc *triggers = relation->trigdesc;

	if (check_enable_rls(RelationGetRelid(relation), InvalidOid, true) == RLS_ENABLED)
		return "row security binds the owner of the tables";
	if (relation->rd_rules != NULL)
		return "a table has a rule";
	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		if (!triggers->triggers[i].tgisinternal &&
			triggers->triggers[i].tgenabled != TRIGGER_DISABLED)
			return "a table has a trigger";
	}
	return NULL;
}

static bool
only_foreign_keys(Relation relation)
{
	TriggerDesc *triggers = relation->trigdesc;
	Oid			schema = RelationGetNamespace(relation);

	if (relation->rd_rel->relkind != RELKIND_RELATION ||
		relation->rd_rel->relispartition)
		return false;
	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		const Trigger *trigger = &triggers->triggers[i];

		switch (trigger->tgfoid)
		{
			case F_RI_FKEY_CHECK_INS:
			case F_RI_FKEY_CHECK_UPD:
				if (!is_our_foreign_key(trigger->tgconstraint, schema))
					return false;
				break;
			case F_RI_FKEY_NOACTION_DEL:
			case F_RI_FKEY_RESTRICT_DEL:
			case F_RI_FKEY_CASCADE_DEL:
			case F_RI_FKEY_NOACTION_UPD:
			case F_RI_FKEY_RESTRICT_UPD:
			case F_RI_FKEY_CASCADE_UPD:
				/* On the side of the parent: no parent's key is changed. */
				break;
			default:
				return false;
		}
	}
	return true;
}

/* A key of the columns we fill, on a table whose rows we lock. */
static bool
is_our_foreign_key(Oid constraint, Oid schema)
{
	HeapTuple	tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(constraint));
	Form_pg_constraint form;
	bool		ours;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_constraint) GETSTRUCT(tuple);
	ours = is_our_table(form->confrelid, schema) &&
		are_our_columns(form->conrelid, tuple);
	ReleaseSysCache(tuple);
	return ours;
}

static bool
is_our_table(Oid table, Oid schema)
{
	static const char *const parents[] = {
		"account", "application", "identity", "app_membership", "role", "node"
	};

	return get_rel_namespace(table) == schema &&
		is_one_of(get_rel_name(table), parents, lengthof(parents));
}

static bool
are_our_columns(Oid table, HeapTuple constraint)
{
	static const char *const columns[] = {
		"account_id", "application_id", "identity_id", "role_id", "node_id"
	};
	bool		isnull;
	Datum		value = SysCacheGetAttr(CONSTROID, constraint,
										Anum_pg_constraint_conkey, &isnull);
	ArrayType  *keys;

	if (isnull)
		return false;
	keys = DatumGetArrayTypeP(value);
	for (int i = 0; i < ARR_DIMS(keys)[0]; i++)
	{
		AttrNumber	column = ((AttrNumber *) ARR_DATA_PTR(keys))[i];

		if (!is_one_of(get_attname(table, column, false), columns,
					   lengthof(columns)))
			return false;
	}
	return true;
}

static bool
is_one_of(const char *name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
	{
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}
