/*-------------------------------------------------------------------------
 *
 * json.h
 *		Writes a jsonb value as bytes, in one pass.
 *
 * The members of an object are put by name, in any order; a key whose value is
 * optional is simply not put:
 *
 *		cb_json_object_begin(json);
 *		cb_json_put_uuid(json, "id", &id);
 *		cb_json_put_text(json, "email", email);			NULL: a null
 *		cb_json_key(json, "roles");						the next value is its
 *		cb_json_array(json, 2);							closed after two elements
 *		cb_json_text(json, "admin");
 *		cb_json_text(json, "viewer");
 *		cb_json_object_end(json);
 *
 * The keys of an object differ, and live until it ends.  Containers of the older form
 * are announced with their size and closed by themselves:
 *
 *		static const char *const keys[] = {"id", "email"};
 *
 *		cb_json_object(json, keys, 2);
 *		cb_json_string(json, id, 36);			value of "id"
 *		cb_json_null(json);						value of "email"; the object ends
 *
 * The keys of an object stand in jsonb's order: shorter first, then by bytes.
 * An object whose keys are only known at run time is announced with
 * cb_json_object_begin() and its keys.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_JSON_H
#define CB_JSON_H

#include "utils/jsonb.h"

typedef struct CbJson CbJson;

/* The keys of an object that is written again and again; a static variable. */
#define CB_JSON_SHAPE_KEYS	20

typedef struct CbJsonShape
{
	int			nkeys;
	const char *keys[CB_JSON_SHAPE_KEYS];

	/* Filled on first use: the keys' entries, and their bytes. */
	JEntry		entries[CB_JSON_SHAPE_KEYS];
	char	   *bytes;
	int			len;
} CbJsonShape;

/* A writer in the current memory context; hint is the size expected, in bytes. */
extern CbJson *cb_json_create(Size hint);

extern void cb_json_object(CbJson *json, const char *const *keys, int nkeys);
extern void cb_json_shape(CbJson *json, CbJsonShape *shape);
extern void cb_json_object_of(CbJson *json, const JsonbValue *keys, int nkeys);
extern void cb_json_array(CbJson *json, int nelements);

extern void cb_json_object_begin(CbJson *json);
extern void cb_json_object_end(CbJson *json);

/* Names the next value. */
extern void cb_json_key_of(CbJson *json, const char *key, int len);

extern void cb_json_null(CbJson *json);
extern void cb_json_bool(CbJson *json, bool value);
extern void cb_json_int(CbJson *json, int64 value);
extern void cb_json_string(CbJson *json, const char *utf8, Size len);
extern void cb_json_cstring(CbJson *json, const char *utf8);	/* NULL: a null */

/* The whole of a value, or a null for NULL. */
extern void cb_json_json(CbJson *json, const Jsonb *value);

/* Copies a scalar, or a container that stays as it is. */
extern void cb_json_value(CbJson *json, const JsonbValue *value);
extern void cb_json_container(CbJson *json, const JsonbContainer *container,
							  Size len);

/* The whole value; every container that was announced has been filled. */
extern Jsonb *cb_json_finish(CbJson *json);

/* Inline, so that the length of a constant key is one. */
static inline void
cb_json_key(CbJson *json, const char *key)
{
	cb_json_key_of(json, key, (int) strlen(key));
}

static inline void
cb_json_put_null(CbJson *json, const char *key)
{
	cb_json_key(json, key);
	cb_json_null(json);
}

static inline void
cb_json_put_bool(CbJson *json, const char *key, bool value)
{
	cb_json_key(json, key);
	cb_json_bool(json, value);
}

static inline void
cb_json_put_int(CbJson *json, const char *key, int64 value)
{
	cb_json_key(json, key);
	cb_json_int(json, value);
}

/* NULL: a null. */
static inline void
cb_json_put_text(CbJson *json, const char *key, const char *utf8)
{
	cb_json_key(json, key);
	cb_json_cstring(json, utf8);
}

static inline void
cb_json_put_text_of(CbJson *json, const char *key, const char *utf8, Size len)
{
	cb_json_key(json, key);
	if (utf8 == NULL)
		cb_json_null(json);
	else
		cb_json_string(json, utf8, len);
}

static inline void
cb_json_put_json(CbJson *json, const char *key, const Jsonb *value)
{
	cb_json_key(json, key);
	cb_json_json(json, value);
}

#endif							/* CB_JSON_H */
