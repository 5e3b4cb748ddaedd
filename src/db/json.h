/*-------------------------------------------------------------------------
 *
 * json.h
 *		Writes a jsonb value as bytes, in one pass.
 *
 * Containers are announced with their size and closed by themselves:
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

extern void cb_json_null(CbJson *json);
extern void cb_json_bool(CbJson *json, bool value);
extern void cb_json_int(CbJson *json, int64 value);
extern void cb_json_string(CbJson *json, const char *utf8, Size len);
extern void cb_json_cstring(CbJson *json, const char *utf8);	/* NULL: a null */

/* Copies a scalar, or a container that stays as it is. */
extern void cb_json_value(CbJson *json, const JsonbValue *value);
extern void cb_json_container(CbJson *json, const JsonbContainer *container,
							  Size len);

/* The whole value; every container that was announced has been filled. */
extern Jsonb *cb_json_finish(CbJson *json);

#endif							/* CB_JSON_H */
