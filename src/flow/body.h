/*-------------------------------------------------------------------------
 *
 * body.h
 *		The members of a request's JSON body.
 *
 * All raise 22023 when the body is not as the route declares it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_FLOW_BODY_H
#define CB_FLOW_BODY_H

#include "utils/array.h"
#include "utils/jsonb.h"

/* The body is an object with none but these keys; n of them. */
extern void cb_http_body_check(Jsonb *body, const char *const *keys, int n);

/* False when it is absent or null. */
extern bool cb_http_body_member(Jsonb *body, const char *key, JsonbValue *value);

/* NULL when it is absent or null; else a copy. */
extern char *cb_http_body_text(Jsonb *body, const char *key);
extern char *cb_http_body_require_text(Jsonb *body, const char *key);

/* What stands for one that is absent or null. */
extern bool cb_http_body_bool(Jsonb *body, const char *key, bool absent);
extern int	cb_http_body_int(Jsonb *body, const char *key, int absent);

/* NULL when it is absent or null. */
extern ArrayType *cb_http_body_ints(Jsonb *body, const char *key);

extern void cb_http_body_refuse(const char *key, const char *rule) pg_attribute_noreturn();

#endif							/* CB_FLOW_BODY_H */
