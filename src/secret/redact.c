/*-------------------------------------------------------------------------
 *
 * redact.c
 *		A JSON value without its secrets.
 *
 * A failed row is echoed to its sender, stored for replays and exported, and a
 * password must be in none of these.  Only fields are repeated: what is under any
 * other key is unknown, whatever the key is called.  A field that takes an object
 * has keys of the caller's own, which are judged by their names, as the headers of
 * a file are; one that takes a scalar has none, so that an object in its place is
 * empty.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "canopy_bulk.h"
#include "input/secret_word.h"
#include "secret/redact.h"

static void write_object(CbJson *json, JsonbContainer *object);
static void write_array(CbJson *json, JsonbContainer *array, bool with_keys);
static void write_any(CbJson *json, const JsonbValue *value, bool with_keys);
static bool names_secret(const JsonbValue *key);

void
cb_redact(CbJson *json, const JsonbValue *value, CbRedactLookup lookup,
		  const void *arg, bool keep_names)
{
	JsonbIterator *iterator;
	JsonbValue *keys;
	JsonbValue *values;
	CbRedactKey *kinds;
	int			size;
	int			nkeys = 0;
	JsonbValue	key;

	if (value->type != jbvBinary ||
		!JsonContainerIsObject(value->val.binary.data))
	{
		cb_json_null(json);
		return;
	}
	size = JsonContainerSize(value->val.binary.data);
	keys = palloc(sizeof(JsonbValue) * (size + 1));
	values = palloc(sizeof(JsonbValue) * (size + 1));
	kinds = palloc(sizeof(CbRedactKey) * (size + 1));
	iterator = JsonbIteratorInit(value->val.binary.data);
	JsonbIteratorNext(&iterator, &key, true);
	while (JsonbIteratorNext(&iterator, &key, true) == WJB_KEY)
	{
		keys[nkeys] = key;
		JsonbIteratorNext(&iterator, &values[nkeys], true);
		kinds[nkeys] = lookup(arg, key.val.string.val, key.val.string.len);
		if (kinds[nkeys] == CB_REDACT_UNKNOWN ? keep_names : !names_secret(&key))
			nkeys++;
	}
	cb_json_object_of(json, keys, nkeys);
	for (int i = 0; i < nkeys; i++)
	{
		if (kinds[i] == CB_REDACT_UNKNOWN)
			cb_json_null(json);
		else
			write_any(json, &values[i], kinds[i] == CB_REDACT_OBJECT);
	}
	pfree(keys);
	pfree(values);
	pfree(kinds);
}

/* An object whose keys are the caller's own. */
static void
write_object(CbJson *json, JsonbContainer *object)
{
	int			size = JsonContainerSize(object);
	JsonbValue *keys = palloc(sizeof(JsonbValue) * (size + 1));
	JsonbValue *values = palloc(sizeof(JsonbValue) * (size + 1));
	JsonbIterator *iterator = JsonbIteratorInit(object);
	JsonbValue	key;
	int			nkeys = 0;

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
		write_any(json, &values[i], true);
	pfree(keys);
	pfree(values);
}

static void
write_array(CbJson *json, JsonbContainer *array, bool with_keys)
{
	JsonbIterator *iterator = JsonbIteratorInit(array);
	JsonbValue	element;

	cb_json_array(json, JsonContainerSize(array));
	JsonbIteratorNext(&iterator, &element, true);
	while (JsonbIteratorNext(&iterator, &element, true) == WJB_ELEM)
		write_any(json, &element, with_keys);
}

static void
write_any(CbJson *json, const JsonbValue *value, bool with_keys)
{
	check_stack_depth();
	if (value->type != jbvBinary)
		cb_json_value(json, value);
	else if (!JsonContainerIsObject(value->val.binary.data))
		write_array(json, value->val.binary.data, with_keys);
	else if (with_keys)
		write_object(json, value->val.binary.data);
	else
		cb_json_object_of(json, NULL, 0);
}

static bool
names_secret(const JsonbValue *key)
{
	return cb_secret_word(key->val.string.val,
						  (size_t) key->val.string.len) != CB_SECRET_NO;
}
