/*-------------------------------------------------------------------------
 *
 * fields.c
 *		Reads the fields of a row that is a JSON object.
 *
 * Issues come in the order of the kind's table of fields, whatever the order in
 * which they were sent; keys that are no field come last.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/varlena.h"

#include "canopy_bulk.h"
#include "db/uuid7.h"
#include "input/email.h"
#include "input/instant.h"
#include "input/text.h"
#include "rows/fields.h"
#include "secret/password_hash.h"
#include "secret/redact.h"

#define KEY_MAX_LEN		64		/* bytes of a key that is worth comparing */
#define NAME_MAX_LEN	255		/* characters */
#define LOCALE_MAX_LEN	35		/* bytes; BCP 47, section 4.4.1 */

static void report_unknown_keys(CbRow *row, const CbField *fields);
static const CbField *find_field(const CbField *fields, const char *name,
								 int len);
static bool is_known(const CbField *fields, const JsonbValue *key);
static bool names_are_values(const CbField *fields, JsonbContainer *object);
static bool looks_like_value(const char *name, int len);
static CbRedactKey look_up(const void *arg, const char *name, int len);
static const char *closest_field(const CbField *fields, const char *name,
								 int len);
static bool has_control_characters(const CbText *text);

void
cb_fields_read(CbRow *row, const CbField *fields)
{
	JsonbContainer *object;

	if (row->input.type != jbvBinary ||
		!JsonContainerIsObject(row->input.val.binary.data))
	{
		row->problem.code = CB_INVALID_ROW;
		return;
	}
	object = row->input.val.binary.data;

	for (const CbField *field = fields; field->name != NULL; field++)
	{
		JsonbValue	value;

		if (getKeyJsonValueFromContainer(object, field->name,
										 (int) strlen(field->name),
										 &value) != NULL &&
			value.type != jbvNull)
			field->read(row, field, &value, (char *) row + field->offset);
		else if (field->required)
			cb_field_issue(row, CB_REQUIRED, field->name);
	}
	report_unknown_keys(row, fields);
}

CbIssue *
cb_field_issue(CbRow *row, CbCode code, const char *field)
{
	return cb_problem_add(&row->problem, code, field, (int) strlen(field));
}

bool
cb_field_text(CbRow *row, const char *field, const JsonbValue *value,
			  CbText *text)
{
	if (value->type != jbvString)
	{
		cb_field_issue(row, CB_INVALID_TYPE, field);
		return false;
	}
	text	  ->val = value->val.string.val;
	text	  ->len = value->val.string.len;

	return true;
}

bool
cb_field_plain_text(CbRow *row, const char *field, const JsonbValue *value,
					int max, CbCode code, CbText *text)
{
	if (!cb_field_text(row, field, value, text))
		return false;
	if (pg_mbstrlen_with_len(text->val, text->len) > max)
		cb_field_issue(row, CB_TOO_LONG, field);
	else if (has_control_characters(text))
		cb_field_issue(row, code, field);
	else
		return true;
	return false;
}

bool
cb_field_uuid(CbRow *row, const char *field, const JsonbValue *value,
			  pg_uuid_t *uuid)
{
	if (value->type == jbvString &&
		cb_uuid_parse(value->val.string.val, value->val.string.len, uuid))
		return true;
	cb_field_issue(row, CB_UUID_INVALID, field);
	return false;
}

void
cb_field_read_uuid(CbRow *row, const CbField *field, const JsonbValue *value,
				   void *target)
{
	CbUuid	   *uuid = target;

	uuid->given = cb_field_uuid(row, field->name, value, &uuid->id);
}

void
cb_field_read_email(CbRow *row, const CbField *field, const JsonbValue *value,
					void *target)
{
	CbText		sent;

	if (!cb_field_text(row, field->name, value, &sent))
		return;
	switch (cb_email_canonicalise(sent.val, sent.len, target))
	{
		case CB_EMAIL_OK:
			break;
		case CB_EMAIL_EMPTY:
			cb_field_issue(row, CB_REQUIRED, field->name);
			break;
		case CB_EMAIL_TOO_LONG:
			cb_field_issue(row, CB_TOO_LONG, field->name);
			break;
		case CB_EMAIL_SYNTAX:
		case CB_EMAIL_DOMAIN:
			cb_field_issue(row, CB_EMAIL_INVALID, field->name);
			break;
		case CB_EMAIL_LIBRARY_FAILED:
			ereport(ERROR,
					(errcode(ERRCODE_OUT_OF_MEMORY),
					 errmsg("could not read a domain name"),
					 errdetail("ICU failed.")));
	}
}

void
cb_field_read_name(CbRow *row, const CbField *field, const JsonbValue *value,
				   void *target)
{
	if (cb_field_plain_text(row, field->name, value, NAME_MAX_LEN,
							CB_INVALID_VALUE, target) &&
		cb_text_is_blank(target))
		cb_field_issue(row, CB_REQUIRED, field->name);
}

bool
cb_field_was_sent(const CbRow *row, const char *field)
{
	JsonbValue	value;

	return getKeyJsonValueFromContainer(row->input.val.binary.data, field,
										(int) strlen(field), &value) != NULL &&
		value.type != jbvNull;
}

void
cb_field_read_time(CbRow *row, const CbField *field, const JsonbValue *value,
				   void *target)
{
	CbTime	   *time = target;
	CbText		sent;

	if (!cb_field_text(row, field->name, value, &sent))
		return;
	time->given = cb_instant_parse(sent.val, sent.len, &time->at);
	if (!time->given)
		cb_field_issue(row, CB_INVALID_VALUE, field->name);
}

void
cb_field_echo_id(const CbRow *row, CbJson *json)
{
	if (row->input.type == jbvBinary)
		cb_json_null(json);
	else
		cb_json_value(json, &row->input);
}

bool
cb_text_is_blank(const CbText *text)
{
	return !cb_text_is_visible(text->val, (size_t) text->len);
}

bool
cb_text_is_language_tag(const CbText *tag)
{
	int			subtag = 0;		/* characters so far */
	bool		in_language = true;

	if (tag->len > LOCALE_MAX_LEN)
		return false;
	for (int i = 0; i < tag->len; i++)
	{
		char		c = pg_ascii_tolower((unsigned char) tag->val[i]);

		if (c == '-')
		{
			if (subtag == 0 || (in_language && subtag == 1))
				return false;
			in_language = false;
			subtag = 0;
		}
		else if ((c >= 'a' && c <= 'z') ||
				 (!in_language && c >= '0' && c <= '9'))
			subtag++;
		else
			return false;
		if (subtag > 8)
			return false;
	}
	return subtag > (in_language ? 1 : 0);
}

CbText
cb_text_copy(Datum value, bool isnull)
{
	CbText		copy = {NULL, 0};
	text	   *datum;

	if (isnull)
		return copy;
	datum = DatumGetTextPCopy(value);
	copy.val = VARDATA_ANY(datum);
	copy.len = (int) VARSIZE_ANY_EXHDR(datum);
	return copy;
}

void
cb_json_put_field(CbJson *json, const char *key, const CbText *value)
{
	cb_json_key(json, key);
	cb_text_write(json, value);
}

void
cb_text_write(CbJson *json, const CbText *value)
{
	if (value->val == NULL)
		cb_json_null(json);
	else
		cb_json_string(json, value->val, value->len);
}

void
cb_uuid_write(CbJson *json, const CbUuid *value)
{
	if (value->given)
		cb_json_uuid(json, &value->id);
	else
		cb_json_null(json);
}

Datum
cb_text_datum(const CbText *text)
{
	return PointerGetDatum(cstring_to_text_with_len(text->val, text->len));
}

static void
report_unknown_keys(CbRow *row, const CbField *fields)
{
	JsonbContainer *object = row->input.val.binary.data;
	JsonbIterator *iterator = JsonbIteratorInit(object);
	bool		may_name = false;
	JsonbValue	key;
	JsonbValue	value;

	JsonbIteratorNext(&iterator, &key, true);
	while (JsonbIteratorNext(&iterator, &key, true) == WJB_KEY)
	{
		const char *name = key.val.string.val;
		int			len = key.val.string.len;

		JsonbIteratorNext(&iterator, &value, true);
		if (is_known(fields, &key))
			continue;
		if (!may_name && names_are_values(fields, object))
		{
			cb_problem_add(&row->problem, CB_UNKNOWN_FIELD, "", 0);
			return;
		}
		may_name = true;
		cb_problem_add(&row->problem, CB_UNKNOWN_FIELD, name, len)->closest =
			closest_field(fields, name, len);
	}
}

static bool
is_known(const CbField *fields, const JsonbValue *key)
{
	return find_field(fields, key->val.string.val, key->val.string.len) != NULL;
}

/*
 * Is one of the keys that are no field a value, so that the others may be too?
 * Programs that take the first record of a file for its header send such rows.
 */
static bool
names_are_values(const CbField *fields, JsonbContainer *object)
{
	JsonbIterator *iterator = JsonbIteratorInit(object);
	bool		found = false;
	JsonbValue	key;
	JsonbValue	value;

	JsonbIteratorNext(&iterator, &key, true);
	while (JsonbIteratorNext(&iterator, &key, true) == WJB_KEY)
	{
		JsonbIteratorNext(&iterator, &value, true);
		found |= !is_known(fields, &key) &&
			looks_like_value(key.val.string.val, key.val.string.len);
	}
	return found;
}

/* An address, or the hash of a password. */
static bool
looks_like_value(const char *name, int len)
{
	const char *at = len < 3 ? NULL : memchr(name + 1, '@', len - 2);

	return (at != NULL && memchr(name, ' ', len) == NULL) ||
		cb_password_looks_hashed(name, len);
}

void
cb_row_echo(const CbBatch *batch, const CbRow *row, bool for_fingerprint,
			CbJson *json)
{
	const CbField *fields;

	if (batch->kind->fields == NULL)
	{
		batch->kind->echo(row, json);
		return;
	}
	fields = batch->kind->fields(batch);
	if (for_fingerprint && row->input.type == jbvBinary &&
		JsonContainerIsObject(row->input.val.binary.data) &&
		names_are_values(fields, row->input.val.binary.data))
		for_fingerprint = false;
	cb_redact(json, &row->input, look_up, fields, for_fingerprint);
}

static CbRedactKey
look_up(const void *arg, const char *name, int len)
{
	const CbField *field = find_field(arg, name, len);

	if (field == NULL)
		return CB_REDACT_UNKNOWN;
	return field->is_object ? CB_REDACT_OBJECT : CB_REDACT_SCALAR;
}

static const CbField *
find_field(const CbField *fields, const char *name, int len)
{
	for (const CbField *field = fields; field->name != NULL; field++)
	{
		if (strlen(field->name) == (size_t) len &&
			memcmp(field->name, name, len) == 0)
			return field;
	}
	return NULL;
}

/* The field whose name differs least; NULL when none is near. */
static const char *
closest_field(const CbField *fields, const char *name, int len)
{
	const char *closest = NULL;
	int			least = Min(len / 2, 4) + 1;

	if (len > KEY_MAX_LEN)
		return NULL;
	for (const CbField *field = fields; field->name != NULL; field++)
	{
		int			distance = varstr_levenshtein_less_equal(name, len,
															 field->name,
															 (int) strlen(field->name),
															 1, 1, 1, least, true);

		if (distance < least)
		{
			least = distance;
			closest = field->name;
		}
	}
	return closest;
}

/* C0, DEL and C1 (U+0080 to U+009F, in UTF-8 0xC2 and a byte below 0xA0). */
static bool
has_control_characters(const CbText *text)
{
	for (int i = 0; i < text->len; i++)
	{
		unsigned char byte = (unsigned char) text->val[i];

		if (byte < 0x20 || byte == 0x7F ||
			(byte == 0xC2 && i + 1 < text->len &&
			 (unsigned char) text->val[i + 1] < 0xA0))
			return true;
	}
	return false;
}
