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
 * - Settings are what they were, also those that were set for the session.
 *
 * A superuser among the roles of the caller makes no difference to any of this: the
 * session's role, the current role and each role that either may become count alike.
 * Only for the owner itself, connected and calling, there is nothing to protect.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_namespace.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "canopy_bulk.h"
#include "db/owner.h"

static void pin_settings(void);
static bool is_owners_own(const CbOutside *outside, Oid owner);

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

void
cb_owner_ask_for_setup(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the directory has not been set up"),
			 errdetail("%s", detail),
			 errhint("Run: SELECT canopy_bulk_setup();")));
}
