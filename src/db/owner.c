/*-------------------------------------------------------------------------
 *
 * owner.c
 *		The owner of the directory, and running as it.
 *
 * The owner is an ordinary role and is not trusted with anybody's rights.  It can add
 * triggers, policies, defaults and constraints to the tables, replace a table by a view
 * and edit any row.  All of that code runs between enter and leave, as the owner, in a
 * security-restricted operation, as index functions do in ANALYZE:
 *
 * - SET ROLE and SET SESSION AUTHORIZATION raise an error.
 * - Work cannot be deferred to the commit, when the caller would run it.
 * - No temporary table, prepared statement, cursor WITH HOLD or LISTEN stays behind.
 * - No other object comes into the temporary schema, where the caller might take it for
 *   its own.  The server sees to that for tables and, of late, types; a hook here does
 *   for all.
 * - Settings are what they were, also those that were set for the session.
 *
 * A superuser among the roles of the caller makes no difference to any of this: the
 * session's role, the current role and each role that either may become count alike.
 * Only for the owner itself, connected and calling, there is nothing to protect.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/objectaccess.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_namespace.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "canopy_bulk.h"
#include "db/owner.h"
#include "db/xact.h"

/* The time from enter to leave; the item says nothing more. */
static const CbXactKind stays = {NULL, NULL};

static object_access_hook_type next_hook;

static void begin_stay(void);
static void pin_settings(void);
static bool is_owners_own(const CbOutside *outside, Oid owner);
static void refuse_temporary(ObjectAccessType access, Oid class, Oid object,
							 int part, void *arg);
static bool is_temporary(Oid class, Oid object);

void
cb_owner_register(void)
{
	next_hook = object_access_hook;
	object_access_hook = refuse_temporary;
}

Oid
cb_owner_find(void)
{
	Oid			schema;
	HeapTuple	tuple;
	Oid			owner;

	schema = get_namespace_oid(CB_DIRECTORY_SCHEMA, true);
	if (!OidIsValid(schema) ||
		!OidIsValid(get_relname_relid("migration", schema)))
		cb_owner_ask_for_setup("There is no schema canopy with the tables of the directory.");

	tuple = SearchSysCache1(NAMESPACEOID, ObjectIdGetDatum(schema));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for schema %u", schema);
	owner = ((Form_pg_namespace) GETSTRUCT(tuple))->nspowner;
	ReleaseSysCache(tuple);

	if (superuser_arg(owner))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("schema canopy belongs to a superuser"),
				 errhint("Give the schema and its tables to an ordinary role.")));
	return owner;
}

void
cb_owner_enter(CbOutside *outside, Oid owner)
{
	int			security;

	GetUserIdAndSecContext(&outside->role, &outside->security);
	outside->believed = cb_claims_believed();
	outside->stay = cb_xact_top(&stays);
	begin_stay();
	outside->nest_level = NewGUCNestLevel();
	pin_settings();
	security = outside->security | SECURITY_LOCAL_USERID_CHANGE;
	if (!is_owners_own(outside, owner))
		security |= SECURITY_RESTRICTED_OPERATION;
	SetUserIdAndSecContext(owner, security);
}

void
cb_owner_leave(const CbOutside *outside)
{
	SetUserIdAndSecContext(outside->role, outside->security);
	AtEOXact_GUC(false, outside->nest_level);
	cb_claims_believe_again(outside->believed);
	cb_xact_pop_to(&stays, outside->stay);
}

static void
begin_stay(void)
{
	cb_xact_push(&stays, MemoryContextAlloc(cb_xact_context(), 1));
}

/* No name of ours is looked up anywhere but in pg_catalog. */
static void
pin_settings(void)
{
	set_config_option("search_path", "pg_catalog, pg_temp",
					  PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
					  true, 0, false);
}

/*
 * The role that was authenticated counts as well: after SET SESSION AUTHORIZATION a
 * superuser is one again at any time.
 */
static bool
is_owners_own(const CbOutside *outside, Oid owner)
{
	return outside->role == owner && GetSessionUserId() == owner &&
		GetAuthenticatedUserId() == owner;
}

/* The object has just been made, by whatever command. */
static void
refuse_temporary(ObjectAccessType access, Oid class, Oid object, int part,
				 void *arg)
{
	if (next_hook != NULL)
		next_hook(access, class, object, part, arg);
	if (access == OAT_POST_CREATE && InSecurityRestrictedOperation() &&
		cb_xact_top(&stays) != NULL && is_temporary(class, object))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("cannot create a temporary object within security-restricted operation")));
}

/* Is it in a temporary schema?  No snapshot of the command's sees it yet. */
static bool
is_temporary(Oid class, Oid object)
{
	Relation	catalog;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	Oid			schema = InvalidOid;
	bool		isnull;

	if (!is_objectclass_supported(class) ||
		get_object_attnum_namespace(class) == InvalidAttrNumber)
		return false;
	catalog = table_open(class, AccessShareLock);
	ScanKeyInit(&key, get_object_attnum_oid(class), BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(object));
	scan = systable_beginscan(catalog, get_object_oid_index(class), true,
							  SnapshotSelf, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		schema = DatumGetObjectId(heap_getattr(tuple,
											   get_object_attnum_namespace(class),
											   RelationGetDescr(catalog), &isnull));
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return isAnyTempNamespace(schema);
}

void
cb_owner_ask_for_setup(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the directory has not been set up"),
			 errdetail("%s", detail),
			 errhint("Run: SELECT canopy_bulk_setup();")));
}
