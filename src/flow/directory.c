/*-------------------------------------------------------------------------
 *
 * directory.c
 *		Creates the directory and carries it forward.
 *
 * Each version of the directory has a step: plain DDL, kept as the body of a
 * function of the extension that is read and never called.  canopy.migration
 * lists the versions whose steps have been applied.  The schema's owner runs
 * every step, so that the tables and what hangs on them have that role's rights
 * and not the caller's.
 *
 * Rules the code relies on:
 * - Two setups of one database wait for each other on the catalog entry of the
 *	 calling function: the only object that both have before there is a schema.
 * - The function of a step is found by its name in the schema of the calling
 *	 function, and must be a member of the same extension: others may be able to
 *	 create functions in that schema.
 * - An existing schema is accepted only from the role that was named or is the
 *	 default.  What it contains proves nothing, since its owner can plant it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "commands/extension.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "tcop/dest.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "canopy_bulk.h"
#include "db/owner.h"
#include "db/statement.h"
#include "db/stored.h"
#include "flow/directory.h"

#define DEFAULT_OWNER	"canopy_owner"
#define STEP_FUNCTION	"_canopy_bulk_directory_%d"

enum
{
	CREATE_OWNER,
	READ_VERSION,
	RECORD_STEP
};

static CbStatement statements[] = {
	[CREATE_OWNER] = {
		"CREATE ROLE " DEFAULT_OWNER " NOLOGIN",
		0, {0}, SPI_OK_UTILITY, false, NULL
	},
	[READ_VERSION] = {
		"SELECT COALESCE(pg_catalog.max(version), 0) FROM canopy.migration",
		0, {0}, SPI_OK_SELECT, true,.returns = "version int4"
	},
	[RECORD_STEP] = {
		"INSERT INTO canopy.migration (version) VALUES ($1)",
		1, {INT4OID}, SPI_OK_INSERT, false, NULL
	},
};

static void check_request(void);
static Oid	choose_owner(Oid named);
static Oid	default_owner(void);
static void check_owner(Oid owner);
static void ensure_schema(Oid owner);
static void check_schema_owner(Oid schema, Oid owner);
static void create_schema(Oid owner);
static int	carry_forward(Oid function);
static int	current_version(void);
static void apply_step(Oid function, int version);
static char *read_step(Oid function, int version);

int
cb_directory_setup(Oid function, Oid owner)
{
	CbOutside	outside;
	int			reached;

	check_request();
	LockDatabaseObject(ProcedureRelationId, function, 0, ShareUpdateExclusiveLock);
	owner = choose_owner(owner);
	ensure_schema(owner);

	cb_owner_enter(&outside, owner);
	cb_statement_connect();
	reached = carry_forward(function);
	cb_statement_finish();
	cb_owner_leave(&outside);
	return reached;
}

/* Raises what has nothing to do with the roles and the schema at hand. */
static void
check_request(void)
{
	if (GetDatabaseEncoding() != PG_UTF8)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot keep a directory in a database with this encoding"),
				 errdetail("The encoding of the database is %s.",
						   GetDatabaseEncodingName()),
				 errhint("Create the database with ENCODING 'UTF8'.")));
	if (creating_extension)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("cannot set up the directory from an extension script"),
				 errdetail("Its tables would be dropped with that extension."),
				 errhint("Run: SELECT canopy_bulk_setup();")));
}

/* Returns the role that shall own the directory; creates the default one. */
static Oid
choose_owner(Oid named)
{
	Oid			owner = OidIsValid(named) ? named : default_owner();

	check_owner(owner);
	return owner;
}

static Oid
default_owner(void)
{
	Oid			owner;

	if (!superuser())
		return GetUserId();

	owner = get_role_oid(DEFAULT_OWNER, true);
	if (OidIsValid(owner))
		return owner;
	cb_statement_connect();
	cb_statement_run(&statements[CREATE_OWNER], NULL, NULL);
	cb_statement_finish();
	return get_role_oid(DEFAULT_OWNER, false);
}

static void
check_owner(Oid owner)
{
	if (!SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(owner)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("role with OID %u does not exist", owner)));
	if (superuser_arg(owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("the owner of the directory must not be a superuser"),
				 errdetail("Role \"%s\" is a superuser.",
						   GetUserNameFromId(owner, false)),
				 errhint("Name an ordinary role: SELECT canopy_bulk_setup(owner => 'role');")));
	if (!is_member_of_role(GetUserId(), owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to set up the directory for another role"),
				 errdetail("You are not a member of role \"%s\".",
						   GetUserNameFromId(owner, false))));
}

/* Creates schema canopy, or raises 42501 if it is there and not the owner's. */
static void
ensure_schema(Oid owner)
{
	Oid			schema = get_namespace_oid(CB_DIRECTORY_SCHEMA, true);

	if (OidIsValid(schema))
		check_schema_owner(schema, owner);
	else
		create_schema(owner);
}

static void
check_schema_owner(Oid schema, Oid owner)
{
	HeapTuple	tuple = SearchSysCache1(NAMESPACEOID, ObjectIdGetDatum(schema));
	Oid			holder;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for schema %u", schema);
	holder = ((Form_pg_namespace) GETSTRUCT(tuple))->nspowner;
	ReleaseSysCache(tuple);

	if (holder != owner)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("schema \"%s\" belongs to another role", CB_DIRECTORY_SCHEMA),
				 errdetail("Its owner is \"%s\", the directory's owner would be \"%s\".",
						   GetUserNameFromId(holder, false),
						   GetUserNameFromId(owner, false)),
				 superuser_arg(holder) ?
				 errhint("Give the schema to an ordinary role with ALTER SCHEMA, and name that role.") :
				 errhint("If its owner is to be trusted with the directory, name it: "
						 "SELECT canopy_bulk_setup(owner => 'role');")));
}

/*
 * As a parse tree, since the owner is a variable and SQL text never is.  The
 * command checks the caller's rights, and hooks and event triggers see it.
 */
static void
create_schema(Oid owner)
{
	RoleSpec   *role = makeNode(RoleSpec);
	CreateSchemaStmt *create = makeNode(CreateSchemaStmt);
	PlannedStmt *command = makeNode(PlannedStmt);

	role->roletype = ROLESPEC_CSTRING;
	role->rolename = GetUserNameFromId(owner, false);
	role->location = -1;
	create->schemaname = pstrdup(CB_DIRECTORY_SCHEMA);
	create->authrole = role;
	command->commandType = CMD_UTILITY;
	command->utilityStmt = (Node *) create;
	command->stmt_location = -1;

	ProcessUtility(command, "CREATE SCHEMA " CB_DIRECTORY_SCHEMA, false,
				   PROCESS_UTILITY_QUERY, NULL, NULL, None_Receiver, NULL);
	CommandCounterIncrement();
}

/* Applies, as the owner, the steps that are missing; returns the version reached. */
static int
carry_forward(Oid function)
{
	int			reached = current_version();

	if (reached > CB_DIRECTORY_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the directory is newer than the library"),
				 errdetail("The directory is at version %d, the library knows %d.",
						   reached, CB_DIRECTORY_VERSION),
				 errhint("Install the release of canopy_bulk that made it, or a later one.")));

	while (reached < CB_DIRECTORY_VERSION)
		apply_step(function, ++reached);
	return reached;
}

/* 0 before the first step, which makes the table that lists the versions. */
static int
current_version(void)
{
	Oid			schema = get_namespace_oid(CB_DIRECTORY_SCHEMA, false);
	bool		isnull;
	int			version;

	if (!OidIsValid(get_relname_relid("migration", schema)))
		return 0;
	cb_statement_run(&statements[READ_VERSION], NULL, NULL);
	version = cb_stored_int(DatumGetInt32(cb_statement_value(0, 1, &isnull)), 0,
							PG_INT32_MAX, "migration.version");
	cb_statement_free();
	return version;
}

static void
apply_step(Oid function, int version)
{
	Datum		value = Int32GetDatum(version);

	cb_statement_run_script(read_step(function, version));
	cb_statement_run(&statements[RECORD_STEP], &value, NULL);
}

/* The statements that bring the directory to the version from the one before. */
static char *
read_step(Oid function, int version)
{
	oidvector  *no_arguments = buildoidvector(NULL, 0);
	Oid			extension = getExtensionOfObject(ProcedureRelationId, function);
	HeapTuple	step;
	Datum		script;
	bool		isnull;
	char	   *body;

	step = SearchSysCache3(PROCNAMEARGSNSP,
						   CStringGetDatum(psprintf(STEP_FUNCTION, version)),
						   PointerGetDatum(no_arguments),
						   ObjectIdGetDatum(get_func_namespace(function)));
	if (!HeapTupleIsValid(step) || !OidIsValid(extension) ||
		getExtensionOfObject(ProcedureRelationId,
							 ((Form_pg_proc) GETSTRUCT(step))->oid) != extension)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the extension is older than the library"),
				 errdetail("It has no step to version %d of the directory.", version),
				 errhint("Run: ALTER EXTENSION canopy_bulk UPDATE;")));
	script = SysCacheGetAttr(PROCNAMEARGSNSP, step, Anum_pg_proc_prosrc, &isnull);
	Assert(!isnull);
	body = TextDatumGetCString(script);
	ReleaseSysCache(step);
	return body;
}
