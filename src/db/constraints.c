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
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_constraint.h"
#include "commands/trigger.h"
#include "nodes/makefuncs.h"
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
