/*-------------------------------------------------------------------------
 *
 * learner_options.c
 *		What all learners of a call get, as it is asked for.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "canopy_bulk.h"
#include "db/uuid7.h"
#include "rows/learner_options.h"

#define ROLE_MAX_LEN	255		/* characters */

/* In the order of CbLearningKind. */
static const char *const list_keys[CB_LEARNING_KINDS] = {
	"bundle_ids", "course_ids", "learning_path_ids", "license_ids"
};

static void read_option(CbLearnerOptions *options, const JsonbValue *key,
						JsonbValue *value);
static bool is_key(const JsonbValue *key, const char *name);
static void read_list(CbLearnerOptions *options, int kind, JsonbValue *value);
static pg_uuid_t read_id(const JsonbValue *value);
static const char *read_text(const JsonbValue *value);
static const char *without_blank(const char *value);
static void check_length(const char *value, int max);
static void refuse(void) pg_attribute_noreturn();

void
cb_learner_options_finish(CbLearnerOptions *options)
{
	int			total = 0;

	for (int kind = 0; kind < CB_LEARNING_KINDS; kind++)
	{
		pg_uuid_t  *ids = options->items[kind];
		int			n = 0;

		if (options->nitems[kind] > 1)
			qsort(ids, options->nitems[kind], sizeof(pg_uuid_t), cb_uuid_compare);
		for (int i = 0; i < options->nitems[kind]; i++)
		{
			if (n == 0 || cb_uuid_compare(&ids[n - 1], &ids[i]) != 0)
				ids[n++] = ids[i];
		}
		options->nitems[kind] = n;
		total += n;
	}
	if (total > CB_LEARNER_MAX_ITEMS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("too many items to enrol in"),
				 errdetail("There are %d; at most %d are allowed.", total,
						   CB_LEARNER_MAX_ITEMS)));
	options->role = without_blank(options->role);
	options->message = without_blank(options->message);
	check_length(options->role, ROLE_MAX_LEN);
	check_length(options->message, CB_LEARNER_MAX_MESSAGE);
}

const void *
cb_learner_options_of(const Jsonb *json)
{
	CbLearnerOptions *options = palloc0(sizeof(CbLearnerOptions));
	JsonbIterator *iterator;
	JsonbValue	key;
	JsonbValue	value;

	if (json == NULL)
		return options;
	if (!JB_ROOT_IS_OBJECT(json))
		refuse();
	iterator = JsonbIteratorInit(unconstify(JsonbContainer *, &json->root));
	JsonbIteratorNext(&iterator, &key, true);
	while (JsonbIteratorNext(&iterator, &key, true) == WJB_KEY)
	{
		JsonbIteratorNext(&iterator, &value, true);
		read_option(options, &key, &value);
	}
	cb_learner_options_finish(options);
	return options;
}

Jsonb *
cb_learner_options_store(const void *options)
{
	CbJson	   *json = cb_json_create(1024);

	cb_learner_options_write(options, json);
	return cb_json_finish(json);
}

void
cb_learner_options_write(const CbLearnerOptions *options, CbJson *json)
{
	static CbJsonShape keys = {7, {"role", "client_id", "bundle_ids", "course_ids",
	"license_ids", "invite_message", "learning_path_ids"}};
	static const CbLearningKind order[] = {
		CB_LEARNING_BUNDLE, CB_LEARNING_COURSE, CB_LEARNING_LICENSE, CB_LEARNING_PATH
	};

	cb_json_shape(json, &keys);
	cb_json_cstring(json, options->role);
	options->client.given ? cb_json_uuid(json, &options->client.id) : cb_json_null(json);
	for (size_t i = 0; i < lengthof(order); i++)
	{
		CbLearningKind kind = order[i];

		if (kind == CB_LEARNING_PATH)
			cb_json_cstring(json, options->message);
		cb_json_array(json, options->nitems[kind]);
		for (int j = 0; j < options->nitems[kind]; j++)
			cb_json_uuid(json, &options->items[kind][j]);
	}
}

static void
read_option(CbLearnerOptions *options, const JsonbValue *key, JsonbValue *value)
{
	for (int kind = 0; kind < CB_LEARNING_KINDS; kind++)
	{
		if (is_key(key, list_keys[kind]))
		{
			read_list(options, kind, value);
			return;
		}
	}
	if (is_key(key, "client_id"))
	{
		options->client.given = value->type != jbvNull;
		if (options->client.given)
			options->client.id = read_id(value);
	}
	else if (is_key(key, "role"))
		options->role = read_text(value);
	else if (is_key(key, "invite_message"))
		options->message = read_text(value);
	else
		refuse();
}

static bool
is_key(const JsonbValue *key, const char *name)
{
	return key->val.string.len == (int) strlen(name) &&
		memcmp(key->val.string.val, name, key->val.string.len) == 0;
}

/* An array, or a single id, which is how the API's own example sends it. */
static void
read_list(CbLearnerOptions *options, int kind, JsonbValue *value)
{
	JsonbIterator *iterator;
	JsonbValue	element;
	int			n = 0;

	if (value->type == jbvNull)
		return;
	if (value->type == jbvString)
	{
		options->items[kind] = palloc(sizeof(pg_uuid_t));
		options->items[kind][0] = read_id(value);
		options->nitems[kind] = 1;
		return;
	}
	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
		refuse();
	options->items[kind] = palloc(sizeof(pg_uuid_t) *
								  (JsonContainerSize(value->val.binary.data) + 1));
	iterator = JsonbIteratorInit(value->val.binary.data);
	JsonbIteratorNext(&iterator, &element, true);
	while (JsonbIteratorNext(&iterator, &element, true) == WJB_ELEM)
		options->items[kind][n++] = read_id(&element);
	options->nitems[kind] = n;
}

static pg_uuid_t
read_id(const JsonbValue *value)
{
	pg_uuid_t	id;

	if (value->type != jbvString ||
		!cb_uuid_parse(value->val.string.val, value->val.string.len, &id))
		refuse();
	return id;
}

static const char *
read_text(const JsonbValue *value)
{
	if (value->type == jbvNull)
		return NULL;
	if (value->type != jbvString)
		refuse();
	return pnstrdup(value->val.string.val, value->val.string.len);
}

/* A text of blanks says nothing. */
static const char *
without_blank(const char *value)
{
	return value == NULL || value[strspn(value, " \t\r\n")] == '\0' ? NULL : value;
}

static void
check_length(const char *value, int max)
{
	if (value == NULL || pg_mbstrlen(value) <= max)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("an option of learners is too long"),
			 errdetail("It has %d characters; at most %d are allowed.",
					   pg_mbstrlen(value), max)));
}

static void
refuse(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid options of learners"),
			 errhint("They are an object with bundle_ids, course_ids, learning_path_ids and license_ids (arrays of UUIDs), client_id (a UUID), role and invite_message (texts), each optional.")));
}
