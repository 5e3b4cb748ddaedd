/*-------------------------------------------------------------------------
 *
 * body.c
 *		The members of a request's JSON body.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "canopy_bulk.h"
#include "db/document.h"
#include "flow/body.h"

static int	int_of(const JsonbValue *value, const char *key, const char *rule);

void
cb_http_body_check(Jsonb *body, const char *const *keys, int n)
{
	JsonbValue	value;
	StringInfoData names;
	int			nfound = 0;

	if (JB_ROOT_IS_OBJECT(body))
	{
		for (int i = 0; i < n; i++)
		{
			if (getKeyJsonValueFromContainer(&body->root, keys[i],
											 (int) strlen(keys[i]), &value) != NULL)
				nfound++;
		}
		if (nfound == (int) JB_ROOT_COUNT(body))
			return;
	}
	initStringInfo(&names);
	for (int i = 0; i < n; i++)
		appendStringInfo(&names, "%s%s", i > 0 ? ", " : "", keys[i]);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid body of the request"),
			 errdetail(JB_ROOT_IS_OBJECT(body) ?
					   "It has a key that the route does not take." :
					   "It is not a JSON object."),
			 errhint("The keys are: %s.", names.data)));
}

bool
cb_http_body_member(Jsonb *body, const char *key, JsonbValue *value)
{
	return JB_ROOT_IS_OBJECT(body) &&
		getKeyJsonValueFromContainer(&body->root, key, (int) strlen(key),
									 value) != NULL &&
		value->type != jbvNull;
}

char *
cb_http_body_text(Jsonb *body, const char *key)
{
	JsonbValue	value;

	if (!cb_http_body_member(body, key, &value))
		return NULL;
	if (value.type != jbvString)
		cb_http_body_refuse(key, "a string");
	return pnstrdup(value.val.string.val, value.val.string.len);
}

char *
cb_http_body_require_text(Jsonb *body, const char *key)
{
	char	   *text = cb_http_body_text(body, key);

	if (text == NULL)
		cb_http_body_refuse(key, "a string, and is required");
	return text;
}

bool
cb_http_body_bool(Jsonb *body, const char *key, bool absent)
{
	JsonbValue	value;

	if (!cb_http_body_member(body, key, &value))
		return absent;
	if (value.type != jbvBool)
		cb_http_body_refuse(key, "true or false");
	return value.val.boolean;
}

int
cb_http_body_int(Jsonb *body, const char *key, int absent)
{
	JsonbValue	value;

	if (!cb_http_body_member(body, key, &value))
		return absent;
	return int_of(&value, key, "an integer");
}

ArrayType *
cb_http_body_ints(Jsonb *body, const char *key)
{
	static const char rule[] = "an array of integers";
	JsonbContainer *container;
	JsonbValue	list;
	Datum	   *numbers;
	int			n;

	if (!cb_http_body_member(body, key, &list))
		return NULL;
	if (list.type != jbvBinary || !JsonContainerIsArray(list.val.binary.data) ||
		JsonContainerIsScalar(list.val.binary.data))
		cb_http_body_refuse(key, rule);
	container = list.val.binary.data;
	n = JsonContainerSize(container);
	numbers = palloc(sizeof(Datum) * (n + 1));
	for (int i = 0; i < n; i++)
		numbers[i] = Int32GetDatum(int_of(getIthJsonbValueFromContainer(container, i),
										  key, rule));
	return construct_array(numbers, n, INT4OID, sizeof(int32), true, TYPALIGN_INT);
}

void
cb_http_body_refuse(const char *key, const char *rule)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid body of the request"),
			 errdetail("Its key \"%s\" must be %s.", key, rule),
			 errhint("GET /openapi.json has the schema of each body.")));
}

static int
int_of(const JsonbValue *value, const char *key, const char *rule)
{
	int			number;

	if (!cb_document_int(value, &number))
		cb_http_body_refuse(key, rule);
	return number;
}
