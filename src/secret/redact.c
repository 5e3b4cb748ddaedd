/*-------------------------------------------------------------------------
 *
 * redact.c
 *		A JSON value without its secrets.
 *
 * A failed row is echoed to its sender, stored for replays and exported, and a
 * password must be in none of these.  A key is judged by its name, and the
 * judgement errs on the side of leaving out: a misspelt "pasword" holds a
 * password too.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/varlena.h"

#include "canopy_bulk.h"
#include "secret/redact.h"

/* Longer names are compared only by the parts below, not by their spelling. */
#define SPELLED_MAX		16		/* bytes */
#define MISSPELT_BY		3		/* letters */

static void write_object(CbJson *json, JsonbContainer *object);
static void write_array(CbJson *json, JsonbContainer *array);
static void write_any(CbJson *json, const JsonbValue *value);
static bool names_secret(const JsonbValue *key);

void
cb_redact(CbJson *json, const JsonbValue *value)
{
	if (value->type == jbvBinary &&
		JsonContainerIsObject(value->val.binary.data))
		write_object(json, value->val.binary.data);
	else
		cb_json_null(json);
}

static void
write_object(CbJson *json, JsonbContainer *object)
{
	int			size = JsonContainerSize(object);
	JsonbValue *keys = palloc(sizeof(JsonbValue) * (size + 1));
	JsonbValue *values = palloc(sizeof(JsonbValue) * (size + 1));
	JsonbIterator *iterator = JsonbIteratorInit(object);
	JsonbValue	key;
	int			nkeys = 0;

	check_stack_depth();
	JsonbIteratorNext(&iterator, &key, true);
	while (JsonbIteratorNext(&iterator, &key, true) == WJB_KEY)
	{
		keys[nkeys] = key;
		JsonbIteratorNext(&iterator, &values[nkeys], true);
		if (!names_secret(&key))
			nkeys++;
	}
	cb_json_object_of(json, keys, nkeys);
	for (int i = 0; i < nkeys; i++)
		write_any(json, &values[i]);
	pfree(keys);
	pfree(values);
}

static void
write_array(CbJson *json, JsonbContainer *array)
{
	JsonbIterator *iterator = JsonbIteratorInit(array);
	JsonbValue	element;

	check_stack_depth();
	cb_json_array(json, JsonContainerSize(array));
	JsonbIteratorNext(&iterator, &element, true);
	while (JsonbIteratorNext(&iterator, &element, true) == WJB_ELEM)
		write_any(json, &element);
}

static void
write_any(CbJson *json, const JsonbValue *value)
{
	if (value->type != jbvBinary)
		cb_json_value(json, value);
	else if (JsonContainerIsObject(value->val.binary.data))
		write_object(json, value->val.binary.data);
	else
		write_array(json, value->val.binary.data);
}

static bool
names_secret(const JsonbValue *key)
{
	static const char *const parts[] = {
		"pass", "pwd", "secret", "token", "hash", "credential", "apikey",
		"api_key", "private"
	};
	int			len = key->val.string.len;
	char	   *name = pnstrdup(key->val.string.val, len);
	bool		secret = false;

	for (int i = 0; i < len; i++)
		name[i] = pg_ascii_tolower((unsigned char) name[i]);
	for (size_t i = 0; i < lengthof(parts) && !secret; i++)
		secret = strstr(name, parts[i]) != NULL;
	if (!secret && len <= SPELLED_MAX)
		secret = varstr_levenshtein_less_equal(name, len, "password", 8,
											   1, 1, 1, MISSPELT_BY, true) <= MISSPELT_BY;
	pfree(name);
	return secret;
}
