/*-------------------------------------------------------------------------
 *
 * redact.h
 *		A JSON value without its secrets.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_REDACT_H
#define CB_REDACT_H

#include "db/json.h"

/* What the value under a key may be. */
typedef enum CbRedactKey
{
	CB_REDACT_UNKNOWN,			/* the key is no field */
	CB_REDACT_SCALAR,
	CB_REDACT_OBJECT			/* with keys of the caller's own */
} CbRedactKey;

typedef CbRedactKey (*CbRedactLookup) (const void *arg, const char *key,
									   int len);

/*
 * Writes an object for its sender, for a replay, or into an export: without keys
 * that are no field, whose values nobody knows, and without those of secrets, at
 * any depth.  With keep_names a key that is no field stays, with null for a value.
 * What is not an object becomes null: nothing in it tells a secret from the rest.
 */
extern void cb_redact(CbJson *json, const JsonbValue *value,
					  CbRedactLookup lookup, const void *arg, bool keep_names);

#endif							/* CB_REDACT_H */
