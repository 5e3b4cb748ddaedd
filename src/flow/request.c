/*-------------------------------------------------------------------------
 *
 * request.c
 *		What a caller asks of a batch.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "flow/request.h"
#include "settings.h"

static void take_list(CbRequest *request, Jsonb *json, JsonbContainer *list);
static JsonbContainer *find_member(Jsonb *json, const char *list_key, int nkeys);
static void refuse_shape(const char *list_key) pg_attribute_noreturn();

void
cb_request_take_json(CbRequest *request, const char *list_key, Jsonb *json)
{
	bool		is_list = JB_ROOT_IS_ARRAY(json) && !JB_ROOT_IS_SCALAR(json);

	take_list(request, json,
			  is_list ? &json->root : find_member(json, list_key, 1));
}

void
cb_request_take_member(CbRequest *request, const char *list_key, Jsonb *json,
					   int nkeys)
{
	take_list(request, json, find_member(json, list_key, nkeys));
}

void
cb_request_check_count(int nrows)
{
	if (nrows > cb_max_rows)
		ereport(ERROR,
				(errcode(CB_ERRCODE_TOO_LARGE),
				 errmsg("batch has too many rows"),
				 errdetail("It has %d rows; at most %d are allowed.",
						   nrows, cb_max_rows),
				 errhint("Send the rows in several batches.")));
}

CbOnConflict
cb_request_on_conflict(const char *word)
{
	static const char *const words[] = {
		[CB_ON_CONFLICT_ERROR] = "error",
		[CB_ON_CONFLICT_SKIP] = "skip",
		[CB_ON_CONFLICT_UPDATE] = "update"
	};

	for (size_t i = 0; i < lengthof(words); i++)
	{
		if (strcmp(word, words[i]) == 0)
			return (CbOnConflict) i;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid value of on_conflict"),
			 errhint("It is error, skip or update.")));
}

static void
take_list(CbRequest *request, Jsonb *json, JsonbContainer *list)
{
	JsonbIterator *iterator;
	JsonbValue	value;
	int			n = 0;

	if (VARSIZE(json) > CB_BATCH_MAX_BYTES)
		ereport(ERROR,
				(errcode(CB_ERRCODE_TOO_LARGE),
				 errmsg("batch is too large"),
				 errdetail("It has %zu bytes; at most %d are allowed.",
						   (Size) VARSIZE(json), CB_BATCH_MAX_BYTES),
				 errhint("Send the rows in several batches.")));
	request->nrows = (int) JsonContainerSize(list);
	cb_request_check_count(request->nrows);
	request->rows = palloc(sizeof(JsonbValue) * (request->nrows + 1));

	iterator = JsonbIteratorInit(list);
	JsonbIteratorNext(&iterator, &value, true);
	while (JsonbIteratorNext(&iterator, &value, true) == WJB_ELEM)
		request->rows[n++] = value;
}

static JsonbContainer *
find_member(Jsonb *json, const char *list_key, int nkeys)
{
	JsonbValue	value;

	if (!JB_ROOT_IS_OBJECT(json) || (int) JB_ROOT_COUNT(json) != nkeys ||
		getKeyJsonValueFromContainer(&json->root, list_key,
									 (int) strlen(list_key), &value) == NULL ||
		value.type != jbvBinary ||
		!JsonContainerIsArray(value.val.binary.data))
		refuse_shape(list_key);
	return value.val.binary.data;
}

static void
refuse_shape(const char *list_key)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("request is not a list of rows"),
			 errhint("Pass a JSON array, or an object with the one key \"%s\" that has one.",
					 list_key)));
}
