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
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/syscache.h"

#include "canopy_bulk.h"
#include "db/stored.h"
#include "db/triggers.h"

/* Says what it finds at a table, or NULL. */
typedef const char *(*Finder) (Relation relation);

static List *open_tables(const char *const *tables);
static void close_tables(List *relations);
static const char *find_first(const char *const *tables, Finder find);
static const char *find_obstacle(Relation relation);
static const char *find_sequence(Relation relation);
static bool is_our_key(Relation index);
static bool only_foreign_keys(Relation relation);
static bool is_our_foreign_key(Oid constraint, Oid schema);
static void append_columns(StringInfo text, Oid table, HeapTuple constraint,
						   AttrNumber attribute);
static bool has_our_types(Relation relation);
static bool is_one_of(const char *name, const char *const *names, size_t n);

const char *
cb_triggers_forbid_sets(const char *const *tables)
{
	return find_first(tables, find_obstacle);
}

const char *
cb_triggers_prevent_sets(const char *const *tables)
{
	return find_first(tables, find_sequence);
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
	List	   *relations = NIL;

	for (int i = 0; tables[i] != NULL; i++)
	{
		Oid			table = cb_stored_table(tables[i]);
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

/* Something for which it matters that rows are written one after the other. */
static const char *
find_sequence(Relation relation)
{
	List	   *indexes = RelationGetIndexList(relation);
	const char *found = NULL;
	ListCell   *cell;

	if (relation->trigdesc != NULL && relation->trigdesc->trig_insert_before_row)
		found = "a table has a trigger that fires before each row";
	foreach(cell, indexes)
	{
		Relation	index = index_open(lfirst_oid(cell), AccessShareLock);

		if ((index->rd_index->indisunique || index->rd_index->indisexclusion) &&
			!is_our_key(index))
			found = "a table has a unique key of the user's";
		index_close(index, NoLock);
	}
	list_free(indexes);
	return found;
}

static bool
is_our_key(Relation index)
{
	static const char *const keys[] = {
		"account_id id", "account_id email", "account_id external_id",
		"account_id identity_id",
		"account_id identity_id application_id",
		"account_id identity_id role_id node_id",
		"account_id identity_id learning_item_id",
		"account_id email pending_for", "account_id token_hash"
	};
	Form_pg_index form = index->rd_index;
	StringInfoData columns;

	if (!form->indimmediate || form->indisexclusion ||
		RelationGetIndexPredicate(index) != NIL ||
		RelationGetIndexExpressions(index) != NIL)
		return false;
	initStringInfo(&columns);
	for (int i = 0; i < form->indnkeyatts; i++)
		appendStringInfo(&columns, i == 0 ? "%s" : " %s",
						 get_attname(form->indrelid, form->indkey.values[i], false));
	return is_one_of(columns.data, keys, lengthof(keys));
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
		relation->rd_rel->relispartition || !has_our_types(relation))
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

/* Names the columns and the parent of the key as the directory made them. */
static bool
is_our_foreign_key(Oid constraint, Oid schema)
{
	static const char *const keys[] = {
		"account_id = account id",
		"account_id application_id = application account_id id",
		"account_id identity_id = identity account_id id",
		"account_id identity_id application_id = app_membership account_id identity_id application_id",
		"account_id role_id = role account_id id",
		"account_id application_id node_id = node account_id application_id id",
		"account_id learning_item_id = learning_item account_id id",
		"account_id portal_client_id = portal_client account_id id",
		"account_id invite_id = identity_invite account_id id"
	};
	HeapTuple	tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(constraint));
	Form_pg_constraint form;
	StringInfoData key;
	bool		ours;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_constraint) GETSTRUCT(tuple);
	initStringInfo(&key);
	append_columns(&key, form->conrelid, tuple, Anum_pg_constraint_conkey);
	appendStringInfo(&key, "= %s ", get_rel_name(form->confrelid));
	append_columns(&key, form->confrelid, tuple, Anum_pg_constraint_confkey);
	key.data[key.len - 1] = '\0';
	ours = get_rel_namespace(form->confrelid) == schema &&
		is_one_of(key.data, keys, lengthof(keys));
	ReleaseSysCache(tuple);
	return ours;
}

/* Each with a blank behind it. */
static void
append_columns(StringInfo text, Oid table, HeapTuple constraint,
			   AttrNumber attribute)
{
	bool		isnull;
	Datum		value = SysCacheGetAttr(CONSTROID, constraint, attribute, &isnull);
	ArrayType  *columns = isnull ? NULL : DatumGetArrayTypeP(value);

	for (int i = 0; columns != NULL && i < ARR_DIMS(columns)[0]; i++)
		appendStringInfo(text, "%s ",
						 get_attname(table, ((AttrNumber *) ARR_DATA_PTR(columns))[i],
									 false));
}

/* Columns that we fill keep what they are given. */
static bool
has_our_types(Relation relation)
{
	static const char *const texts[] = {
		"email", "first_name", "last_name", "external_id", "password_hash",
		"avatar_url", "status"
	};
	static const char *const times[] = {
		"created_at", "updated_at", "password_changed_at", "activated_at"
	};
	TupleDesc	shape = RelationGetDescr(relation);

	for (int i = 0; i < shape->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(shape, i);
		const char *name = NameStr(column->attname);

		if (column->attisdropped)
			continue;
		if (is_one_of(name, texts, lengthof(texts)) &&
			(column->atttypid != TEXTOID || column->atttypmod != -1))
			return false;
		if (is_one_of(name, times, lengthof(times)) &&
			(column->atttypid != TIMESTAMPTZOID || column->atttypmod != -1))
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
