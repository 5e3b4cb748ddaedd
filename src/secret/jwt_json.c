/*-------------------------------------------------------------------------
 *
 * jwt_json.c
 *		JSON objects that a stranger wrote: parts of a token, and keys.
 *
 * What is refused here may be a token or a secret, so the parser's error is
 * caught and its words are dropped.  Its stack overflow would not be: the nesting
 * is bounded before the parser sees the text.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "db/document.h"
#include "db/subxact.h"
#include "secret/jwt_json.h"

#define NESTING_MAX		32		/* containers inside each other */

/* For parse_step. */
typedef struct Parsing
{
	const char *utf8;
	Size		len;
	Jsonb	   *value;
} Parsing;

static bool parse_step(void *arg);

/*
 * Returns the object that len bytes of JSON stand for, in the current memory
 * context, or NULL when they stand for none: not UTF-8, malformed, nested too
 * deep, outside of what jsonb can hold, or another kind of value.  A key that
 * is there twice counts with its last value.
 *
 * Needs a transaction.  Raises only what is no fault of the text.
 */
Jsonb *
cb_jwt_json_object(const char *utf8, Size len)
{
	Parsing		parsing = {utf8, len, NULL};
	ErrorData  *fault;

	if (!cb_document_is_flat(utf8, len, NESTING_MAX))
		return NULL;
	cb_subxact_try(parse_step, &parsing, &fault);
	if (fault != NULL || !JB_ROOT_IS_OBJECT(parsing.value))
		return NULL;
	return parsing.value;
}

/*
 * Gives the value of a key; it points into object.  False when the object has
 * no such key.
 */
bool
cb_jwt_json_find(Jsonb *object, const char *key, JsonbValue *value)
{
	return getKeyJsonValueFromContainer(&object->root, key, (int) strlen(key),
										value) != NULL;
}

/*
 * Is the value this string, byte for byte?
 */
bool
cb_jwt_json_equals(const JsonbValue *value, const char *word)
{
	return value->type == jbvString &&
		(Size) value->val.string.len == strlen(word) &&
		memcmp(value->val.string.val, word, strlen(word)) == 0;
}

static bool
parse_step(void *arg)
{
	Parsing    *parsing = arg;

	parsing->value = cb_document_parse(parsing->utf8, parsing->len);
	return true;
}
