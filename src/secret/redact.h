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

/*
 * Writes the object without every key, at any depth, that looks like one of a
 * secret.  What is not an object becomes null: nothing in it tells a secret from
 * the rest.
 */
extern void cb_redact(CbJson *json, const JsonbValue *value);

#endif							/* CB_REDACT_H */
