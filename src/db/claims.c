/*-------------------------------------------------------------------------
 *
 * claims.c
 *		What the request's token says of its bearer.
 *
 * PostgREST verifies the token and leaves its claims in a setting.  Anyone who
 * can run SQL can set that setting, so claims are no proof of anything: they
 * only narrow what a caller may do.  A claim that is there but makes no sense
 * closes the door; it is never read as if it were absent.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <time.h>

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"

#include "canopy_bulk.h"
#include "db/claims.h"
#include "db/subxact.h"
#include "errors.h"
#include "settings.h"

/* For parse_step. */
typedef struct Parsing
{
	const char *json;
	Jsonb	   *value;
} Parsing;

static Jsonb *parse(const char *json);
static bool parse_step(void *arg);
static JsonbValue *find(Jsonb *claims, const char *name);
static char *read_text(Jsonb *claims, const char *name);
static void read_accounts(Jsonb *json, CbClaims *claims);
static void check_times(Jsonb *claims);
static double seconds_of(JsonbValue *claim);
static char *copy_text(const JsonbValue *value);
static void refuse_token(const char *detail) pg_attribute_noreturn();

void
cb_claims_read(CbClaims *claims)
{
	const char *setting = GetConfigOption("request.jwt.claims", true, false);
	Jsonb	   *json;

	memset(claims, 0, sizeof(CbClaims));
	if (setting == NULL || setting[0] == '\0')
	{
		if (cb_require_claims)
			refuse_token("The call has no claims, and canopy_bulk.require_claims is on.");
		return;
	}

	json = parse(setting);
	check_times(json);
	claims->present = true;
	claims->subject = read_text(json, "sub");
	claims->principal_type = read_text(json, "principal_type");
	claims->application = read_text(json, "application");
	claims->environment = read_text(json, "environment");
	if (claims->principal_type == NULL ||
		!cb_settings_is_admin(claims->principal_type,
							  (int) strlen(claims->principal_type)))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("token is not authorized for this function"),
				 errdetail("Its claim principal_type is not one of canopy_bulk.admin_principals.")));
	read_accounts(json, claims);
}

bool
cb_claims_allow_account(const CbClaims *claims, const char *id, const char *slug)
{
	if (!claims->present)
		return true;
	for (int i = 0; i < claims->naccounts; i++)
	{
		if ((id != NULL && pg_strcasecmp(claims->accounts[i], id) == 0) ||
			(slug != NULL && strcmp(claims->accounts[i], slug) == 0))
			return true;
	}
	return false;
}

/* The claims as an object; a subtransaction catches what the parser raises. */
static Jsonb *
parse(const char *json)
{
	Parsing		parsing = {json, NULL};
	ErrorData  *fault;

	cb_subxact_try(parse_step, &parsing, &fault);
	if (fault != NULL || !JB_ROOT_IS_OBJECT(parsing.value))
		refuse_token("The claims are not a JSON object.");
	return parsing.value;
}

static bool
parse_step(void *arg)
{
	Parsing    *parsing = arg;

	parsing->value = DatumGetJsonbP(DirectFunctionCall1(jsonb_in,
														CStringGetDatum(parsing->json)));
	return true;
}

/* NULL when the claim is absent or JSON null. */
static JsonbValue *
find(Jsonb *claims, const char *name)
{
	JsonbValue *value = getKeyJsonValueFromContainer(&claims->root, name,
													 (int) strlen(name), NULL);

	return value == NULL || value->type == jbvNull ? NULL : value;
}

static char *
read_text(Jsonb *claims, const char *name)
{
	JsonbValue *value = find(claims, name);

	if (value == NULL)
		return NULL;
	if (value->type != jbvString || value->val.string.len == 0)
		refuse_token("A claim that names something is not a string, or is empty.");
	return copy_text(value);
}

/* The claim account is a string or an array of strings. */
static void
read_accounts(Jsonb *json, CbClaims *claims)
{
	JsonbValue *value = find(json, "account");
	JsonbContainer *list;

	if (value != NULL && value->type == jbvString && value->val.string.len > 0)
	{
		claims->accounts = palloc(sizeof(char *));
		claims->accounts[claims->naccounts++] = copy_text(value);
		return;
	}
	if (value != NULL && value->type == jbvBinary &&
		JsonContainerIsArray(value->val.binary.data))
	{
		list = value->val.binary.data;
		claims->accounts = palloc(sizeof(char *) * (JsonContainerSize(list) + 1));
		for (uint32 i = 0; i < JsonContainerSize(list); i++)
		{
			JsonbValue *item = getIthJsonbValueFromContainer(list, i);

			if (item->type == jbvString && item->val.string.len > 0)
				claims->accounts[claims->naccounts++] = copy_text(item);
		}
	}
	if (claims->naccounts == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("token is not authorized for any account"),
				 errdetail("Its claim account names no account.")));
}

static void
check_times(Jsonb *claims)
{
	double		now = (double) time(NULL);
	JsonbValue *expires = find(claims, "exp");
	JsonbValue *begins = find(claims, "nbf");

	if (expires != NULL && !(seconds_of(expires) > now))
		refuse_token("The token has expired.");
	if (begins != NULL && !(seconds_of(begins) <= now))
		refuse_token("The token is not valid yet.");
}

static double
seconds_of(JsonbValue *claim)
{
	if (claim->type != jbvNumeric)
		refuse_token("A claim that is a time is not a number.");
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
											  NumericGetDatum(claim->val.numeric)));
}

static char *
copy_text(const JsonbValue *value)
{
	return pnstrdup(value->val.string.val, value->val.string.len);
}

static void
refuse_token(const char *detail)
{
	ereport(ERROR,
			(errcode(CB_ERRCODE_UNAUTHENTICATED),
			 errmsg("invalid or expired token"),
			 errdetail("%s", detail)));
}
