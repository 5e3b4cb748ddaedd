/*-------------------------------------------------------------------------
 *
 * credential.c
 *		What a caller shows to prove who it is.
 *
 * A token is believed when one of the keys in canopy.token_key made its
 * signature with the key's own algorithm: what the token says of its algorithm
 * chooses among keys and is trusted for nothing else.  Every refusal of a token
 * reads the same, whatever was wrong with it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "canopy_bulk.h"
#include "db/statement.h"
#include "record/api_key.h"
#include "record/credential.h"
#include "secret/jwt.h"
#include "settings.h"

#define EQ " OPERATOR(pg_catalog.=) "

/* Parameters: kid, algorithm.  A token without a kid may be of any key. */
static CbStatement find_keys = {
	"SELECT key FROM canopy.token_key"
	" WHERE is_active AND algorithm" EQ "$2"
	" AND ($1 IS NULL OR kid" EQ "$1)"
	" ORDER BY kid LIMIT 8",
	2, {TEXTOID, TEXTOID}, SPI_OK_SELECT,
	.returns = "key text"
};

/* As canopy.token_key has them. */
static const char *const algorithms[] = {
	[CB_JWT_RS256] = "RS256",
	[CB_JWT_ES256] = "ES256",
	[CB_JWT_EDDSA] = "EdDSA",
	[CB_JWT_HS256] = "HS256"
};

static bool is_signed(const CbJwt *token);
static bool is_of_issuer(Jsonb *claims);
static bool is_for_audience(Jsonb *claims);
static bool is_text(const JsonbValue *value, const char *text);

void
cb_credential_check(const char *token_or_key, CbClaims *claims)
{
	CbJwt		token;

	if (strncmp(token_or_key, "cnpy_", 5) == 0)
	{
		cb_api_key_check(token_or_key, CB_SCOPE_IDENTITY_MANAGE, claims);
		return;
	}
	if (!cb_jwt_read(token_or_key, strlen(token_or_key), &token) ||
		!is_signed(&token) ||
		!is_of_issuer(token.claims) || !is_for_audience(token.claims))
		cb_claims_refuse("It does not prove who calls.");
	cb_claims_parse(claims, token.claims);
}

static bool
is_signed(const CbJwt *token)
{
	Datum		values[2];
	char		nulls[2] = {token->kid == NULL ? 'n' : ' ', ' '};
	uint64		nkeys;
	bool		isnull;
	bool		found = false;

	if (token->kid != NULL)
		values[0] = CStringGetTextDatum(token->kid);
	values[1] = CStringGetTextDatum(algorithms[token->algorithm]);
	nkeys = cb_statement_run(&find_keys, values, nulls);
	for (uint64 i = 0; i < nkeys && !found; i++)
		found = cb_jwt_verify(token, token->algorithm,
							  TextDatumGetCString(cb_statement_value(i, 1, &isnull)));
	cb_statement_free();
	return found;
}

static bool
is_of_issuer(Jsonb *claims)
{
	JsonbValue	value;

	return cb_token_issuer[0] == '\0' ||
		(getKeyJsonValueFromContainer(&claims->root, "iss", 3, &value) != NULL &&
		 is_text(&value, cb_token_issuer));
}

/* The claim is a string, or an array of which one is enough. */
static bool
is_for_audience(Jsonb *claims)
{
	JsonbValue	value;
	JsonbContainer *list;

	if (cb_token_audience[0] == '\0')
		return true;
	if (getKeyJsonValueFromContainer(&claims->root, "aud", 3, &value) == NULL)
		return false;
	if (value.type != jbvBinary)
		return is_text(&value, cb_token_audience);
	list = value.val.binary.data;
	for (uint32 i = 0; JsonContainerIsArray(list) && i < JsonContainerSize(list); i++)
	{
		if (is_text(getIthJsonbValueFromContainer(list, i), cb_token_audience))
			return true;
	}
	return false;
}

static bool
is_text(const JsonbValue *value, const char *text)
{
	return value->type == jbvString &&
		(size_t) value->val.string.len == strlen(text) &&
		memcmp(value->val.string.val, text, value->val.string.len) == 0;
}
