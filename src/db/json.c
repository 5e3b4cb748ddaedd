/*-------------------------------------------------------------------------
 *
 * json.c
 *		Writes a jsonb value as bytes, in one pass.
 *
 * A jsonb container is
 *
 *		header | one JEntry per child | the children's bytes
 *
 * where an object has its keys' entries and bytes before those of its values.
 * Because the number of children is known when a container is announced, room
 * for the entries is left and each is filled in when its child is complete;
 * nothing is moved or built twice.  An entry holds its child's length, and each
 * 32nd the end of the child counted from the first child's byte.  Numbers and
 * containers are aligned to four bytes, and the padding counts as theirs.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "canopy_bulk.h"
#include "db/json.h"

/* A container that is not yet full. */
typedef struct Frame
{
	Size		start;			/* of its first byte, or the padding before it */
	Size		entries;		/* of its first JEntry */
	Size		data;			/* of its first child */
	int			next;			/* child to come */
	int			nchildren;
} Frame;

struct CbJson
{
	StringInfoData out;			/* begins with the varlena header */
	Frame	   *frames;
	int			depth;
	int			capacity;
};

/* Codes, counts and most indexes, each made once. */
#define SMALL_NUMBERS	1024

static Numeric small_numbers[SMALL_NUMBERS];

static void fill_shape(CbJsonShape *shape);
static Numeric small_number(int value);
static void open_container(CbJson *json, uint32 header, int nchildren);
static void fill_entry(CbJson *json, uint32 type, Size start);
static void close_full(CbJson *json);
static void align(CbJson *json);

CbJson *
cb_json_create(Size hint)
{
	CbJson	   *json = palloc(sizeof(CbJson));

	initStringInfo(&json->out);
	enlargeStringInfo(&json->out, (int) Min(hint, MaxAllocSize / 2));
	appendStringInfoSpaces(&json->out, VARHDRSZ);
	json->capacity = 16;
	json->frames = palloc(json->capacity * sizeof(Frame));
	json->depth = 0;
	return json;
}

void
cb_json_object(CbJson *json, const char *const *keys, int nkeys)
{
	open_container(json, JB_FOBJECT | nkeys, 2 * nkeys);
	for (int i = 0; i < nkeys; i++)
	{
		Size		start = json->out.len;

		Assert(i == 0 || strlen(keys[i - 1]) < strlen(keys[i]) ||
			   (strlen(keys[i - 1]) == strlen(keys[i]) &&
				strcmp(keys[i - 1], keys[i]) < 0));
		appendBinaryStringInfo(&json->out, keys[i], strlen(keys[i]));
		fill_entry(json, JENTRY_ISSTRING, start);
	}
	close_full(json);
}

/* The same with keys whose entries and bytes are copied as they are. */
void
cb_json_shape(CbJson *json, CbJsonShape *shape)
{
	Frame	   *frame;

	if (shape->bytes == NULL)
		fill_shape(shape);
	open_container(json, JB_FOBJECT | shape->nkeys, 2 * shape->nkeys);
	frame = &json->frames[json->depth - 1];
	memcpy(json->out.data + frame->entries, shape->entries,
		   shape->nkeys * sizeof(JEntry));
	frame->next = shape->nkeys;
	appendBinaryStringInfo(&json->out, shape->bytes, shape->len);
	close_full(json);
}

/* The same with keys that come from another jsonb value, already in order. */
void
cb_json_object_of(CbJson *json, const JsonbValue *keys, int nkeys)
{
	open_container(json, JB_FOBJECT | nkeys, 2 * nkeys);
	for (int i = 0; i < nkeys; i++)
	{
		Size		start = json->out.len;

		appendBinaryStringInfo(&json->out, keys[i].val.string.val,
							   keys[i].val.string.len);
		fill_entry(json, JENTRY_ISSTRING, start);
	}
	close_full(json);
}

void
cb_json_array(CbJson *json, int nelements)
{
	open_container(json, JB_FARRAY | nelements, nelements);
	close_full(json);
}

void
cb_json_null(CbJson *json)
{
	fill_entry(json, JENTRY_ISNULL, json->out.len);
	close_full(json);
}

void
cb_json_bool(CbJson *json, bool value)
{
	fill_entry(json, value ? JENTRY_ISBOOL_TRUE : JENTRY_ISBOOL_FALSE,
			   json->out.len);
	close_full(json);
}

void
cb_json_int(CbJson *json, int64 value)
{
	JsonbValue	number;

	number.type = jbvNumeric;
	if (value >= 0 && value < SMALL_NUMBERS)
	{
		number.val.numeric = small_number((int) value);
		cb_json_value(json, &number);
		return;
	}
	number.val.numeric = int64_to_numeric(value);
	cb_json_value(json, &number);
	pfree(number.val.numeric);
}

void
cb_json_string(CbJson *json, const char *utf8, Size len)
{
	Size		start = json->out.len;

	appendBinaryStringInfo(&json->out, utf8, len);
	fill_entry(json, JENTRY_ISSTRING, start);
	close_full(json);
}

void
cb_json_cstring(CbJson *json, const char *utf8)
{
	if (utf8 == NULL)
		cb_json_null(json);
	else
		cb_json_string(json, utf8, strlen(utf8));
}

void
cb_json_value(CbJson *json, const JsonbValue *value)
{
	Size		start;

	switch (value->type)
	{
		case jbvNull:
			cb_json_null(json);
			break;
		case jbvBool:
			cb_json_bool(json, value->val.boolean);
			break;
		case jbvString:
			cb_json_string(json, value->val.string.val, value->val.string.len);
			break;
		case jbvNumeric:
			start = json->out.len;
			align(json);
			appendBinaryStringInfo(&json->out,
								   (char *) value->val.numeric,
								   VARSIZE_ANY(value->val.numeric));
			fill_entry(json, JENTRY_ISNUMERIC, start);
			close_full(json);
			break;
		case jbvBinary:
			cb_json_container(json, value->val.binary.data,
							  value->val.binary.len);
			break;
		default:
			elog(ERROR, "unexpected kind of JSON value: %d", value->type);
	}
}

void
cb_json_container(CbJson *json, const JsonbContainer *container, Size len)
{
	Size		start = json->out.len;

	if (JsonContainerIsScalar(container))
	{
		cb_json_value(json, getIthJsonbValueFromContainer(unconstify(JsonbContainer *, container), 0));
		return;
	}
	align(json);
	appendBinaryStringInfo(&json->out, (const char *) container, len);
	fill_entry(json, JENTRY_ISCONTAINER, start);
	close_full(json);
}

Jsonb *
cb_json_finish(CbJson *json)
{
	if (json->depth != 0)
		elog(ERROR, "a JSON container is not full");
	SET_VARSIZE(json->out.data, json->out.len);
	return (Jsonb *) json->out.data;
}

static void
fill_shape(CbJsonShape *shape)
{
	char		bytes[CB_JSON_SHAPE_KEYS * NAMEDATALEN];

	shape->len = 0;
	for (int i = 0; i < shape->nkeys; i++)
	{
		int			len = (int) strlen(shape->keys[i]);

		Assert(len < NAMEDATALEN);
		memcpy(bytes + shape->len, shape->keys[i], len);
		shape->len += len;
		shape->entries[i] = JENTRY_ISSTRING |
			(i == 0 ? JENTRY_HAS_OFF | (JEntry) shape->len : (JEntry) len);
	}
	shape->bytes = MemoryContextAlloc(TopMemoryContext, shape->len + 1);
	memcpy(shape->bytes, bytes, shape->len);
}

static Numeric
small_number(int value)
{
	if (small_numbers[value] == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);

		small_numbers[value] = int64_to_numeric(value);
		MemoryContextSwitchTo(old);
	}
	return small_numbers[value];
}

/* Writes a container's header and leaves room for its entries. */
static void
open_container(CbJson *json, uint32 header, int nchildren)
{
	Size		start = json->out.len;
	Size		room = sizeof(uint32) + (Size) nchildren * sizeof(JEntry);
	Frame	   *frame;

	if (json->depth == json->capacity)
	{
		json->capacity *= 2;
		json->frames = repalloc(json->frames, json->capacity * sizeof(Frame));
	}
	align(json);
	enlargeStringInfo(&json->out, (int) room);
	memcpy(json->out.data + json->out.len, &header, sizeof(header));

	frame = &json->frames[json->depth++];
	frame->start = start;
	frame->entries = json->out.len + sizeof(uint32);
	frame->data = json->out.len + room;
	frame->next = 0;
	frame->nchildren = nchildren;
	json->out.len += (int) room;
}

/* Fills in the entry of the child whose bytes begin at start and end here. */
static void
fill_entry(CbJson *json, uint32 type, Size start)
{
	Frame	   *frame;
	JEntry		entry;
	Size		end = json->out.len;

	if (json->depth == 0)
		elog(ERROR, "a JSON value stands outside a container");
	frame = &json->frames[json->depth - 1];
	if (end - frame->data > JENTRY_OFFLENMASK)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the answer is larger than a jsonb value can be")));
	if (frame->next % JB_OFFSET_STRIDE == 0)
		entry = type | JENTRY_HAS_OFF | (JEntry) (end - frame->data);
	else
		entry = type | (JEntry) (end - start);
	memcpy(json->out.data + frame->entries + frame->next * sizeof(JEntry),
		   &entry, sizeof(entry));
	frame->next++;
}

/*
 * A full container, and an empty one is full at once, is a child that is
 * complete: it may fill its own parent.
 */
static void
close_full(CbJson *json)
{
	while (json->depth > 0)
	{
		Frame		frame = json->frames[json->depth - 1];

		if (frame.next < frame.nchildren)
			return;
		json->depth--;
		if (json->depth > 0)
			fill_entry(json, JENTRY_ISCONTAINER, frame.start);
	}
}

static void
align(CbJson *json)
{
	int			padding = INTALIGN(json->out.len) - json->out.len;

	while (padding-- > 0)
		appendStringInfoCharMacro(&json->out, '\0');
}
