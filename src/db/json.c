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
 * nothing is moved or built twice.  The size of an object that is put member by member
 * is known when it ends: its values are then moved behind its sorted keys.  An entry holds its child's length, and each
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
	int			first;			/* member of an object that is being put; -1:
								 * the container was announced */
	const char *key;			/* of the container, in its parent */
	int			key_len;
} Frame;

/* A member of an object that is being put. */
typedef struct Member
{
	const char *key;
	int			key_len;
	uint32		type;
	Size		start;			/* of the value's first byte, without padding */
	Size		end;
} Member;

struct CbJson
{
	StringInfoData out;			/* begins with the varlena header */
	Frame	   *frames;
	int			depth;
	int			capacity;
	Member	   *members;		/* of all objects that are being put */
	int			nmembers;
	int			room;			/* for so many members */
	const char *key;			/* of the value to come; NULL: not said */
	int			key_len;
	StringInfoData values;		/* of an object that ends, while they are
								 * moved */
};

/* Codes, counts and most indexes, each made once. */
#define SMALL_NUMBERS	1024

static Numeric small_numbers[SMALL_NUMBERS];

static void fill_shape(CbJsonShape *shape);
static Numeric small_number(int value);
static void open_container(CbJson *json, uint32 header, int nchildren);
static Frame *push_frame(CbJson *json);
static void add_member(CbJson *json, uint32 type, Size start);
static void sort_members(Member *members, int n);
static int	compare_keys(const Member *a, const Member *b);
static uint32 entry_of(int child, uint32 type, Size offset, Size len);
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
	json->room = 64;
	json->members = palloc(json->room * sizeof(Member));
	json->nmembers = 0;
	json->key = NULL;
	initStringInfo(&json->values);
	return json;
}

void
cb_json_object_begin(CbJson *json)
{
	Frame	   *frame = push_frame(json);

	align(json);
	frame->data = json->out.len;
	frame->first = json->nmembers;
	frame->key = json->key;
	frame->key_len = json->key_len;
	json->key = NULL;
}

/*
 * The values, which stand where the object begins, are taken out; then come the
 * header, the entries, the keys and the values again, in the order of the keys.
 */
void
cb_json_object_end(CbJson *json)
{
	Frame	   *frame = &json->frames[json->depth - 1];
	Member	   *members = json->members + frame->first;
	int			n = json->nmembers - frame->first;
	Size		data = frame->data + sizeof(uint32) + 2 * n * sizeof(JEntry);
	Size		keys_len = 0;
	Size		len;
	Size		at;
	uint32		header = JB_FOBJECT | n;
	JEntry	   *entries;

	if (json->depth == 0 || frame->first < 0 || json->key != NULL)
		elog(ERROR, "no JSON object ends here");
	sort_members(members, n);
	len = json->out.len - frame->data;
	if ((Size) json->values.maxlen <= len)
		enlargeStringInfo(&json->values, (int) len);
	memcpy(json->values.data, json->out.data + frame->data, len);
	for (int i = 0; i < n; i++)
		keys_len += members[i].key_len;
	/* a value may need three bytes of padding */
	enlargeStringInfo(&json->out, (int) (data - frame->data + keys_len + 3 * n));

	/* the object begins at a multiple of four bytes, and so do its entries */
	entries = (JEntry *) (json->out.data + frame->data + sizeof(uint32));
	memcpy(json->out.data + frame->data, &header, sizeof(header));
	at = data;
	for (int i = 0; i < n; i++)
	{
		if (i > 0 && compare_keys(&members[i - 1], &members[i]) == 0)
			elog(ERROR, "a JSON object has two keys %s", members[i].key);
		memcpy(json->out.data + at, members[i].key, members[i].key_len);
		at += members[i].key_len;
		entries[i] = entry_of(i, JENTRY_ISSTRING, at - data, members[i].key_len);
	}
	for (int i = 0; i < n; i++)
	{
		Size		start = at;

		if (members[i].type == JENTRY_ISNUMERIC || members[i].type == JENTRY_ISCONTAINER)
		{
			while (at != INTALIGN(at))
				json->out.data[at++] = '\0';
		}
		len = members[i].end - members[i].start;
		memcpy(json->out.data + at, json->values.data + members[i].start - frame->data,
			   len);
		at += len;
		entries[n + i] = entry_of(n + i, members[i].type, at - data, at - start);
	}
	json->out.len = (int) at;
	json->out.data[at] = '\0';
	json->nmembers = frame->first;
	json->key = frame->key;
	json->key_len = frame->key_len;
	json->depth--;
	if (json->depth > 0)
	{
		fill_entry(json, JENTRY_ISCONTAINER, frame->start);
		close_full(json);
	}
}

void
cb_json_key_of(CbJson *json, const char *key, int len)
{
	json->key = key;
	json->key_len = len;
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
cb_json_json(CbJson *json, const Jsonb *value)
{
	JsonbValue	scalar;

	if (value == NULL)
		cb_json_null(json);
	else if (JB_ROOT_IS_SCALAR(value))
	{
		JsonbExtractScalar(unconstify(JsonbContainer *, &value->root), &scalar);
		cb_json_value(json, &scalar);
	}
	else
		cb_json_container(json, &value->root, VARSIZE(value) - VARHDRSZ);
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
	Size		room = sizeof(uint32) + (Size) nchildren * sizeof(JEntry);
	Frame	   *frame = push_frame(json);

	align(json);
	enlargeStringInfo(&json->out, (int) room);
	memcpy(json->out.data + json->out.len, &header, sizeof(header));
	frame->entries = json->out.len + sizeof(uint32);
	frame->data = json->out.len + room;
	frame->next = 0;
	frame->nchildren = nchildren;
	frame->first = -1;
	frame->key = json->key;
	frame->key_len = json->key_len;
	json->key = NULL;
	json->out.len += (int) room;
}

static Frame *
push_frame(CbJson *json)
{
	if (json->depth == json->capacity)
	{
		json->capacity *= 2;
		json->frames = repalloc(json->frames, json->capacity * sizeof(Frame));
	}
	json->frames[json->depth].start = json->out.len;
	return &json->frames[json->depth++];
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
	if (frame->first >= 0)
	{
		add_member(json, type, start);
		return;
	}
	entry = entry_of(frame->next, type, end - frame->data, end - start);
	memcpy(json->out.data + frame->entries + frame->next * sizeof(JEntry),
		   &entry, sizeof(entry));
	frame->next++;
}

/* The value of the key that was said last begins at start, and ends here. */
static void
add_member(CbJson *json, uint32 type, Size start)
{
	Member	   *member;

	if (json->key == NULL)
		elog(ERROR, "a value in a JSON object has no key");
	if (json->nmembers == json->room)
	{
		json->room *= 2;
		json->members = repalloc(json->members, json->room * sizeof(Member));
	}
	member = &json->members[json->nmembers++];
	member->key = json->key;
	member->key_len = json->key_len;
	member->type = type;
	member->start = type == JENTRY_ISNUMERIC || type == JENTRY_ISCONTAINER ?
		INTALIGN(start) : start;
	member->end = json->out.len;
	json->key = NULL;
}

/* In jsonb's order: shorter keys first, then by bytes. */
static void
sort_members(Member *members, int n)
{
	for (int i = 1; i < n; i++)
	{
		Member		member = members[i];
		int			at = i;

		for (; at > 0 && compare_keys(&member, &members[at - 1]) < 0; at--)
			members[at] = members[at - 1];
		members[at] = member;
	}
}

static int
compare_keys(const Member *a, const Member *b)
{
	return a->key_len != b->key_len ? a->key_len - b->key_len :
		memcmp(a->key, b->key, a->key_len);
}

/*
 * The entry of a child, by its place in the container: its length, or where it ends as
 * counted from the first child's first byte.
 */
static uint32
entry_of(int child, uint32 type, Size offset, Size len)
{
	if (offset > JENTRY_OFFLENMASK)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the answer is larger than a jsonb value can be")));
	return child % JB_OFFSET_STRIDE == 0 ?
		type | JENTRY_HAS_OFF | (JEntry) offset : type | (JEntry) len;
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

		if (frame.first >= 0 || frame.next < frame.nchildren)
			return;
		json->depth--;
		json->key = frame.key;
		json->key_len = frame.key_len;
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
