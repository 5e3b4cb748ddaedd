/*-------------------------------------------------------------------------
 *
 * http.h
 *		The request that a call serves, where PostgREST or the like passed one.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_HTTP_H
#define CB_HTTP_H

#include "utils/jsonb.h"

/*
 * The JSON object in a setting of the request.  NULL when it is not set, or
 * empty; *malformed when it is set to anything else.
 */
extern Jsonb *cb_http_object(const char *setting, bool *malformed);

/* A header of the request; its name in lower case.  NULL: not sent. */
extern char *cb_http_header(const char *name);

/*
 * Set the answer's status and add a header to it, for the rest of the
 * transaction.  They do nothing when the call serves no request.
 */
extern void cb_http_set_status(int status);
extern void cb_http_add_header(const char *name, const char *value);

#endif							/* CB_HTTP_H */
