/*-------------------------------------------------------------------------
 *
 * constraints.c
 *		Deferred constraints, brought forward.
 *
 * The directory's own constraints are never deferrable, but users may add some
 * that are.  Checked at commit, one of these would overturn verdicts that have
 * been given; made immediate before the first row, it speaks while the row's
 * subtransaction is open.  Only constraints of the tables that are written are
 * touched: others that the caller has deferred are the caller's business.
 *
 * A constraint that is made immediate runs what was deferred before, now, as the owner
 * of the directory; and a name stands for every constraint of its schema that has it.
 * A caller that has a table in that schema could so have a trigger of its own run as
 * the owner.  Therefore the call ends when something waits at a table that is not the
 * owner's.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "canopy_bulk.h"
#include "db/constraints.h"
#include "db/stored.h"

static void force(const char *const *tables, bool with_references);
static List *add_deferrable(List *names, Oid table, bool with_references);
static List *add_name(List *names, Oid constraint, Oid table,
					  bool with_references);
static void check_pending(const List *names);
static void check_name(Relation constraints, const RangeVar *name);
static void check_partitions(Relation constraints, Oid parent);
static void check_found(Relation constraints, Oid index, int nkeys, ScanKey keys);
static void check_table(Oid table);
static Oid	owner_of(Oid table);

void
cb_constraints_force(const char *const *tables)
{
	force(tables, false);
}

void
cb_constraints_force_with_references(const char *const *tables)
{
	force(tables, true);
}

static void
force(const char *const *tables, bool with_references)
{
	List	   *names = NIL;
	ConstraintsSetStmt *statement;

	for (int i = 0; tables[i] != NULL; i++)
		names = add_deferrable(names, cb_stored_table(tables[i]), with_references);
	if (names == NIL)
		return;

	check_pending(names);
	statement = makeNode(ConstraintsSetStmt);
	statement->constraints = names;
	statement->deferred = false;
	AfterTriggerSetState(statement);
}

static List *
add_deferrable(List *names, Oid table, bool with_references)
{
	Relation	relation = table_open(table, AccessShareLock);
	TriggerDesc *triggers = relation->trigdesc;

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		Trigger    *trigger = &triggers->triggers[i];

		if (trigger->tgdeferrable && OidIsValid(trigger->tgconstraint))
			names = add_name(names, trigger->tgconstraint, table,
							 with_references);
	}
	table_close(relation, NoLock);
	return names;
}

/* Adds the constraint's qualified name, if it is one that is asked for. */
static List *
add_name(List *names, Oid constraint, Oid table, bool with_references)
{
	HeapTuple	tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(constraint));
	Form_pg_constraint form;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for constraint %u", constraint);
	form = (Form_pg_constraint) GETSTRUCT(tuple);
	if (form->conrelid == table ||
		(with_references && form->confrelid == table))
		names = lappend(names,
						makeRangeVar(get_namespace_name(form->connamespace),
									 pstrdup(NameStr(form->conname)), -1));
	ReleaseSysCache(tuple);
	return names;
}

/* Raises 55006 when the constraints of these names would run another role's code. */
static void
check_pending(const List *names)
{
	Relation	constraints = table_open(ConstraintRelationId, AccessShareLock);
	ListCell   *cell;

	foreach(cell, names)
		check_name(constraints, lfirst(cell));
	table_close(constraints, AccessShareLock);
}

static void
check_name(Relation constraints, const RangeVar *name)
{
	ScanKeyData keys[2];

	ScanKeyInit(&keys[0], Anum_pg_constraint_conname, BTEqualStrategyNumber,
				F_NAMEEQ, CStringGetDatum(name->relname));
	ScanKeyInit(&keys[1], Anum_pg_constraint_connamespace, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(get_namespace_oid(name->schemaname, false)));
	check_found(constraints, ConstraintNameNspIndexId, 2, keys);
}

/* The constraints of partitions follow that of their table, whatever their name. */
static void
check_partitions(Relation constraints, Oid parent)
{
	ScanKeyData key;

	ScanKeyInit(&key, Anum_pg_constraint_conparentid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(parent));
	check_found(constraints, ConstraintParentIndexId, 1, &key);
}

static void
check_found(Relation constraints, Oid index, int nkeys, ScanKey keys)
{
	SysScanDesc scan = systable_beginscan(constraints, index, true, NULL, nkeys, keys);
	HeapTuple	tuple;

	check_stack_depth();
	while ((tuple = systable_getnext(scan)) != NULL)
	{
		Form_pg_constraint form = (Form_pg_constraint) GETSTRUCT(tuple);

		if (OidIsValid(form->conrelid))
			check_table(form->conrelid);
		check_partitions(constraints, form->oid);
	}
	systable_endscan(scan);
}

static void
check_table(Oid table)
{
	if (AfterTriggerPendingOnRel(table) &&
		owner_of(table) != GetUserId())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("deferred triggers of the transaction must run before the call"),
				 errdetail("Table \"%s\" has some, and one of its constraints is named like one of the directory's.",
						   get_rel_name(table)),
				 errhint("Run: SET CONSTRAINTS ALL IMMEDIATE;")));
}

static Oid
owner_of(Oid table)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", table);
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}
