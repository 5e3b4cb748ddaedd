/*-------------------------------------------------------------------------
 *
 * jwt_json.h
 *		JSON objects that a stranger wrote: parts of a token, and keys.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_SECRET_JWT_JSON_H
#define CB_SECRET_JWT_JSON_H

#include "utils/jsonb.h"

extern Jsonb *cb_jwt_json_object(const char *utf8, Size len);
extern bool cb_jwt_json_find(Jsonb *object, const char *key,
							 JsonbValue *value);
extern bool cb_jwt_json_equals(const JsonbValue *value, const char *word);

#endif							/* CB_SECRET_JWT_JSON_H */
