/*-------------------------------------------------------------------------
 *
 * caller.c
 *		The caller, and the time in which its call runs as the directory's owner.
 *
 * A caller needs EXECUTE on the function and nothing on the tables: statements
 * run as the owner of schema canopy (owner.c).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "canopy_bulk.h"
#include "db/caller.h"
#include "db/statement.h"
#include "settings.h"

static CbStatement directory_version = {
	"SELECT pg_catalog.max(version) FROM canopy.migration",
	0, {0}, SPI_OK_SELECT, false,
	.returns = "version int4?"
};

static void begin_call(CbCaller *caller);
static void check_version(void);

void
cb_caller_enter(CbCaller *caller)
{
	/* Settings say what is a claim, too. */
	cb_settings_check();
	cb_claims_read(&caller->claims);
	begin_call(caller);
	if (caller->claims.present)
	{
		caller->actor_id = caller->claims.subject;
		caller->actor_type = caller->claims.principal_type;
	}
}

void
cb_caller_enter_unknown(CbCaller *caller)
{
	cb_settings_check();
	memset(&caller->claims, 0, sizeof(CbClaims));
	begin_call(caller);
}

void
cb_caller_leave(CbCaller *caller)
{
	cb_statement_finish();
	cb_owner_leave(&caller->outside);
}

static void
begin_call(CbCaller *caller)
{
	Oid			owner = cb_owner_find();

	caller->actor_id = GetUserNameFromId(GetUserId(), false);
	caller->actor_type = "database_role";
	cb_owner_enter(&caller->outside, owner);
	cb_statement_connect();
	check_version();
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
		cb_owner_ask_for_setup("The tables of the directory are of an older version.");
}
