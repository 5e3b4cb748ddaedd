/*-------------------------------------------------------------------------
 *
 * claims.c
 *		What the request's token says of its bearer.
 *
 * PostgREST verifies the token and leaves its claims in a setting.  Anyone who
 * can run SQL can set that setting, so claims are no proof of anything: they
 * only narrow what a caller may do.  The claims of a token that we have verified
 * ourselves bind the transaction level: they are kept in C (xact.c), where no SQL
 * reaches them.  A claim that is there but makes no sense is rejected; it is never
 * read as if it were absent.
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
#include "db/http.h"
#include "db/xact.h"
#include "errors.h"
#include "input/email.h"
#include "settings.h"

/* The claims of tokens that were verified; the last ones count. */
static const CbXactKind bindings = {NULL, NULL};

static CbClaims *copy_claims(const CbClaims *claims);
static JsonbValue *find(Jsonb *claims, const char *name);
static char *read_text(Jsonb *claims, const char *name);
static char *read_email(Jsonb *claims);
static void read_accounts(Jsonb *json, CbClaims *claims);
static void check_times(Jsonb *claims);
static double seconds_of(JsonbValue *claim);
static char *copy_text(const JsonbValue *value);
static char *copy_string(const char *text);

void
cb_claims_read(CbClaims *claims)
{
	const CbClaims *believed = cb_claims_believed();
	bool		malformed;
	Jsonb	   *json;

	if (believed != NULL)
	{
		*claims = *copy_claims(believed);
		return;
	}
	memset(claims, 0, sizeof(CbClaims));
	json = cb_http_object("request.jwt.claims", &malformed);
	if (malformed)
		cb_claims_refuse("The claims are not a JSON object.");
	if (json != NULL)
		cb_claims_parse(claims, json);
	else if (cb_require_claims)
		cb_claims_refuse("The call has no claims, and canopy_bulk.require_claims is on.");
}

void
cb_claims_parse(CbClaims *claims, Jsonb *json)
{
	memset(claims, 0, sizeof(CbClaims));
	check_times(json);
	claims->present = true;
	claims->subject = read_text(json, cb_claim_subject);
	claims->principal_type = read_text(json, cb_claim_principal_type);
	claims->email = read_email(json);
	claims->application = read_text(json, cb_claim_application);
	claims->environment = read_text(json, cb_claim_environment);
	cb_claims_require_admin(claims->principal_type);
	read_accounts(json, claims);
}

void
cb_claims_require_admin(const char *principal_type)
{
	if (principal_type == NULL ||
		!cb_settings_is_admin(principal_type, (int) strlen(principal_type)))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("token is not authorized for this function"),
				 errdetail("The kind of its principal is not one of canopy_bulk.admin_principals.")));
}

const CbClaims *
cb_claims_believed(void)
{
	return cb_xact_top(&bindings);
}

void
cb_claims_believe(const CbClaims *claims)
{
	MemoryContext old = MemoryContextSwitchTo(cb_xact_context());
	CbClaims   *copy = copy_claims(claims);

	copy->present = true;
	cb_xact_push(&bindings, copy);
	MemoryContextSwitchTo(old);
}

void
cb_claims_believe_again(const CbClaims *before)
{
	cb_xact_pop_to(&bindings, before);
}

bool
cb_claims_are_there(void)
{
	const char *setting = GetConfigOption("request.jwt.claims", true, false);

	return cb_claims_believed() != NULL || (setting != NULL && setting[0] != '\0');
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

/* All of it, in the current memory context. */
static CbClaims *
copy_claims(const CbClaims *claims)
{
	CbClaims   *copy = palloc(sizeof(CbClaims));

	*copy = *claims;
	copy->subject = copy_string(claims->subject);
	copy->principal_type = copy_string(claims->principal_type);
	copy->email = copy_string(claims->email);
	copy->application = copy_string(claims->application);
	copy->environment = copy_string(claims->environment);
	copy->accounts = palloc(sizeof(char *) * (claims->naccounts + 1));
	for (int i = 0; i < claims->naccounts; i++)
		copy->accounts[i] = copy_string(claims->accounts[i]);
	return copy;
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
		cb_claims_refuse("A claim that names something is not a string, or is empty.");
	return copy_text(value);
}

/* It only says whom to answer to, so that what is no address is none. */
static char *
read_email(Jsonb *claims)
{
	JsonbValue *value = find(claims, "email");
	char		email[CB_EMAIL_MAX + 1];

	if (value == NULL || value->type != jbvString ||
		cb_email_canonicalise(value->val.string.val, value->val.string.len,
							  email) != CB_EMAIL_OK)
		return NULL;
	return pstrdup(email);
}

/* The claim account is a string or an array of strings. */
static void
read_accounts(Jsonb *json, CbClaims *claims)
{
	JsonbValue *value = find(json, cb_claim_account);
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
		cb_claims_refuse("The token has expired.");
	if (begins != NULL && !(seconds_of(begins) <= now))
		cb_claims_refuse("The token is not valid yet.");
}

static double
seconds_of(JsonbValue *claim)
{
	if (claim->type != jbvNumeric)
		cb_claims_refuse("A claim that is a time is not a number.");
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
											  NumericGetDatum(claim->val.numeric)));
}

static char *
copy_text(const JsonbValue *value)
{
	return pnstrdup(value->val.string.val, value->val.string.len);
}

void
cb_claims_refuse(const char *detail)
{
	ereport(ERROR,
			(errcode(CB_ERRCODE_UNAUTHENTICATED),
			 errmsg("invalid or expired token"),
			 errdetail("%s", detail)));
}

static char *
copy_string(const char *text)
{
	return text == NULL ? NULL : pstrdup(text);
}
