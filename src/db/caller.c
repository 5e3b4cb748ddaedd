/*-------------------------------------------------------------------------
 *
 * caller.c
 *		Who calls, and the switch to the owner of the directory.
 *
 * A caller needs EXECUTE on the function and nothing on the tables: statements
 * run as the owner of schema canopy, switched to here as foreign-key checks do.
 * That owner is an ordinary role.  A directory that belongs to a superuser is
 * refused, because then a trigger on it would run as superuser for us.
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
#include "db/caller.h"
#include "db/statement.h"
#include "settings.h"

static CbStatement directory_version = {
	"SELECT pg_catalog.max(version) FROM canopy.migration",
	0, {0}, SPI_OK_SELECT, false,
	.returns = "version int4?"
};

static Oid	find_owner(void);
static void pin_settings(void);
static void switch_to(Oid owner, const CbCaller *caller);
static void check_version(void);
static void ask_for_setup(const char *detail) pg_attribute_noreturn();

void
cb_caller_enter(CbCaller *caller)
{
	cb_claims_read(&caller->claims);
	cb_caller_enter_unknown(caller);
	if (caller->claims.present)
	{
		caller->actor_id = caller->claims.subject;
		caller->actor_type = caller->claims.principal_type;
	}
}

void
cb_caller_enter_unknown(CbCaller *caller)
{
	Oid			owner = find_owner();

	cb_settings_check();
	GetUserIdAndSecContext(&caller->role, &caller->security);
	caller->actor_id = GetUserNameFromId(caller->role, false);
	caller->actor_type = "database_role";
	caller->nest_level = NewGUCNestLevel();
	pin_settings();
	switch_to(owner, caller);
	cb_statement_connect();
	check_version();
}

void
cb_caller_leave(CbCaller *caller)
{
	cb_statement_finish();
	SetUserIdAndSecContext(caller->role, caller->security);
	AtEOXact_GUC(true, caller->nest_level);
}

static Oid
find_owner(void)
{
	Oid			schema;
	HeapTuple	tuple;
	Oid			owner;

	schema = get_namespace_oid(CB_DIRECTORY_SCHEMA, true);
	if (!OidIsValid(schema) ||
		!OidIsValid(get_relname_relid("migration", schema)))
		ask_for_setup("There is no schema canopy with the tables of the directory.");

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

/* No name of ours is looked up anywhere but in pg_catalog. */
static void
pin_settings(void)
{
	set_config_option("search_path", "pg_catalog, pg_temp",
					  PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
					  true, 0, false);
}

/*
 * As the owner nobody can take another role.  What a superuser's call would
 * leave to be done at commit, as superuser again, is refused altogether.
 */
static void
switch_to(Oid owner, const CbCaller *caller)
{
	int			security = caller->security | SECURITY_LOCAL_USERID_CHANGE;

	if (superuser_arg(caller->role))
		security |= SECURITY_RESTRICTED_OPERATION;
	SetUserIdAndSecContext(owner, security);
}

static void
check_version(void)
{
	bool		isnull;
	int			version;

	cb_statement_run(&directory_version, NULL, NULL);
	version = DatumGetInt32(cb_statement_value(0, 1, &isnull));
	cb_statement_free();
	if (isnull || version < CB_DIRECTORY_VERSION)
		ask_for_setup("The tables of the directory are of an older version.");
}

static void
ask_for_setup(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the directory has not been set up"),
			 errdetail("%s", detail),
			 errhint("Run: SELECT canopy_bulk_setup();")));
}
