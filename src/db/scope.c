/*-------------------------------------------------------------------------
 *
 * scope.c
 *		The account, application and environment that a call works on.
 *
 * A name is a slug or an id.  The three statements of each level have the same
 * shape, so that one function asks them all: by id where the name reads as a
 * UUID, else by slug.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "canopy_bulk.h"
#include "db/scope.h"
#include "db/statement.h"
#include "db/uuid7.h"
#include "errors.h"
#include "settings.h"

#define EQ " OPERATOR(pg_catalog.=) "

#define FOUND_RESULT	"id uuid, slug text, name text"

/* Parameters: the id or slug, then the ids of the levels above. */
static CbStatement account_by_id = {
	"SELECT id, slug, name FROM canopy.account"
	" WHERE id" EQ "$1",
	1, {UUIDOID}, SPI_OK_SELECT,
	.returns = FOUND_RESULT
};

static CbStatement account_by_slug = {
	"SELECT id, slug, name FROM canopy.account"
	" WHERE slug" EQ "$1",
	1, {TEXTOID}, SPI_OK_SELECT,
	.returns = FOUND_RESULT
};

static CbStatement application_by_id = {
	"SELECT id, slug, name FROM canopy.application"
	" WHERE id" EQ "$1 AND account_id" EQ "$2",
	2, {UUIDOID, UUIDOID}, SPI_OK_SELECT,
	.returns = FOUND_RESULT
};

static CbStatement application_by_slug = {
	"SELECT id, slug, name FROM canopy.application"
	" WHERE slug" EQ "$1 AND account_id" EQ "$2",
	2, {TEXTOID, UUIDOID}, SPI_OK_SELECT,
	.returns = FOUND_RESULT
};

static CbStatement environment_by_id = {
	"SELECT id, slug, name FROM canopy.environment"
	" WHERE id" EQ "$1 AND account_id" EQ "$2 AND application_id" EQ "$3",
	3, {UUIDOID, UUIDOID, UUIDOID}, SPI_OK_SELECT,
	.returns = FOUND_RESULT
};

static CbStatement environment_by_slug = {
	"SELECT id, slug, name FROM canopy.environment"
	" WHERE slug" EQ "$1 AND account_id" EQ "$2 AND application_id" EQ "$3",
	3, {TEXTOID, UUIDOID, UUIDOID}, SPI_OK_SELECT,
	.returns = FOUND_RESULT
};

/* Parameters: the id, and for an application its account. */
static CbStatement lock_account = {
	"SELECT 1 FROM canopy.account WHERE id" EQ "$1 FOR KEY SHARE",
	1, {UUIDOID}, SPI_OK_SELECT,
	.returns = "one int4"
};

static CbStatement lock_application = {
	"SELECT 1 FROM canopy.application"
	" WHERE id" EQ "$1 AND account_id" EQ "$2 FOR KEY SHARE",
	2, {UUIDOID, UUIDOID}, SPI_OK_SELECT,
	.returns = "one int4"
};

/* One level that was looked up. */
typedef struct Found
{
	bool		exists;
	pg_uuid_t	id;
	char		id_text[CB_UUID_TEXT_LEN + 1];
	char	   *slug;
	char	   *name;
} Found;

static void begin_scope(CbScope *scope, const CbClaims *claims);
static void require_tier(const CbScope *scope, const CbScopeNames *names);
static void resolve_account(CbScope *scope, const CbCaller *caller,
							const char *name);
static void resolve_application(CbScope *scope, const CbCaller *caller,
								const char *name);
static void resolve_environment(CbScope *scope, const CbCaller *caller,
								const char *name);
static const char *choose(const char *argument, const char *setting,
						  const char *claim);
static void look_up(Found *found, const char *name, CbStatement *by_id,
					CbStatement *by_slug, const pg_uuid_t *above1,
					const pg_uuid_t *above2);
static bool claim_allows(const char *claim, const char *name,
						 const Found *found);
static void refuse_scope(const char *message) pg_attribute_noreturn();
static void not_found(const char *message) pg_attribute_noreturn();

void
cb_scope_resolve(CbScope *scope, const CbCaller *caller,
				 const CbScopeNames *names)
{
	const CbClaims *claims = &caller->claims;
	const char *application = choose(names->application, cb_application,
									 claims->application);
	const char *environment = choose(names->environment, cb_environment,
									 claims->environment);

	begin_scope(scope, claims);
	resolve_account(scope, caller,
					choose(names->account, cb_account,
						   claims->naccounts == 1 ? claims->accounts[0] : NULL));
	if (application != NULL)
		resolve_application(scope, caller, application);
	else if (claims->application != NULL)
		refuse_scope("token is not authorized for the whole account");
	if (environment != NULL && scope->has_application)
		resolve_environment(scope, caller, environment);
	else if (claims->environment != NULL)
		refuse_scope(scope->has_application ?
					 "token is not authorized for the whole application" :
					 "token is not authorized for the whole account");
	else if (names->environment != NULL && environment != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an environment needs an application"),
				 errhint("Name the application that the environment belongs to.")));
	require_tier(scope, names);
}

void
cb_scope_resolve_account(CbScope *scope, const CbCaller *caller,
						 const char *account)
{
	const CbClaims *claims = &caller->claims;

	begin_scope(scope, claims);
	resolve_account(scope, caller,
					choose(account, cb_account,
						   claims->naccounts == 1 ? claims->accounts[0] : NULL));
}

bool
cb_scope_allows(const CbScope *scope, const CbCaller *caller,
				const char *application, const char *environment)
{
	const CbClaims *claims = &caller->claims;
	Found		found;
	pg_uuid_t	id;

	if (claims->application != NULL)
	{
		look_up(&found, application, &application_by_id, &application_by_slug,
				&scope->account, NULL);
		if (!found.exists || !claim_allows(claims->application, application, &found))
			return false;
	}
	if (claims->environment == NULL)
		return true;
	if (!cb_uuid_parse(application, strlen(application), &id))
		return false;
	look_up(&found, environment, &environment_by_id, &environment_by_slug,
			&scope->account, &id);
	return found.exists && claim_allows(claims->environment, environment, &found);
}

void
cb_scope_lock(const CbScope *scope)
{
	Datum		values[2];

	values[0] = UUIDPGetDatum(&scope->account);
	if (cb_statement_run(&lock_account, values, NULL) == 0)
		not_found("account does not exist");
	cb_statement_free();
	if (!scope->has_application)
		return;
	values[0] = UUIDPGetDatum(&scope->application);
	values[1] = UUIDPGetDatum(&scope->account);
	if (cb_statement_run(&lock_application, values, NULL) == 0)
		not_found("application does not exist");
	cb_statement_free();
}

static void
begin_scope(CbScope *scope, const CbClaims *claims)
{
	memset(scope, 0, sizeof(CbScope));
	scope->is_bound = claims->application != NULL || claims->environment != NULL;
}

static void
require_tier(const CbScope *scope, const CbScopeNames *names)
{
	if ((names->needs_application || names->needs_environment) &&
		!scope->has_application)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no application is named"),
				 errhint("Pass application => 'slug or id', or set canopy_bulk.application.")));
	if (names->needs_environment && !scope->has_environment)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no environment is named"),
				 errhint("Pass environment => 'slug or id', or set canopy_bulk.environment.")));
}

static void
resolve_account(CbScope *scope, const CbCaller *caller, const char *name)
{
	Found		found;
	pg_uuid_t	id;
	bool		allowed;

	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no account is named"),
				 errhint("Pass account => 'slug or id', or set canopy_bulk.account.")));
	look_up(&found, name, &account_by_id, &account_by_slug, NULL, NULL);
	if (found.exists)
		allowed = cb_claims_allow_account(&caller->claims, found.id_text,
										  found.slug);
	else
		allowed = cb_claims_allow_account(&caller->claims,
										  cb_uuid_parse(name, strlen(name), &id) ? name : NULL,
										  name);
	if (!allowed)
		refuse_scope("token is not authorized for this account");
	if (!found.exists)
		not_found("account does not exist");
	scope->account = found.id;
	scope->account_name = found.name;
}

static void
resolve_application(CbScope *scope, const CbCaller *caller, const char *name)
{
	Found		found;

	look_up(&found, name, &application_by_id, &application_by_slug,
			&scope->account, NULL);
	if (!claim_allows(caller->claims.application, name, &found))
		refuse_scope("token is not authorized for this application");
	if (!found.exists)
		not_found("application does not exist");
	scope->has_application = true;
	scope->application = found.id;
	scope->application_slug = found.slug;
	scope->application_name = found.name;
}

static void
resolve_environment(CbScope *scope, const CbCaller *caller, const char *name)
{
	Found		found;

	look_up(&found, name, &environment_by_id, &environment_by_slug,
			&scope->account, &scope->application);
	if (!claim_allows(caller->claims.environment, name, &found))
		refuse_scope("token is not authorized for this environment");
	if (!found.exists)
		not_found("environment does not exist");
	scope->has_environment = true;
	scope->environment = found.id;
}

/* The first that is given; an empty argument says: none. */
static const char *
choose(const char *argument, const char *setting, const char *claim)
{
	if (argument != NULL)
		return argument[0] != '\0' ? argument : NULL;
	if (setting[0] != '\0')
		return setting;
	return claim;
}

static void
look_up(Found *found, const char *name, CbStatement *by_id,
		CbStatement *by_slug, const pg_uuid_t *above1, const pg_uuid_t *above2)
{
	pg_uuid_t	id;
	bool		is_id = cb_uuid_parse(name, strlen(name), &id);
	Datum		values[3];
	bool		isnull;

	values[0] = is_id ? UUIDPGetDatum(&id) : CStringGetTextDatum(name);
	values[1] = UUIDPGetDatum(above1);
	values[2] = UUIDPGetDatum(above2);
	memset(found, 0, sizeof(Found));
	if (cb_statement_run(is_id ? by_id : by_slug, values, NULL) == 1)
	{
		found->exists = true;
		found->id = *DatumGetUUIDP(cb_statement_value(0, 1, &isnull));
		cb_uuid_format(&found->id, found->id_text);
		found->slug = TextDatumGetCString(cb_statement_value(0, 2, &isnull));
		found->name = TextDatumGetCString(cb_statement_value(0, 3, &isnull));
	}
	cb_statement_free();
}

/* Claims bound to an application or environment allow no other. */
static bool
claim_allows(const char *claim, const char *name, const Found *found)
{
	if (claim == NULL)
		return true;
	if (!found->exists)
		return strcmp(claim, name) == 0;
	return pg_strcasecmp(claim, found->id_text) == 0 ||
		strcmp(claim, found->slug) == 0;
}

static void
refuse_scope(const char *message)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("%s", message)));
}

static void
not_found(const char *message)
{
	ereport(ERROR,
			(errcode(CB_ERRCODE_NOT_FOUND),
			 errmsg("%s", message)));
}
