/*-------------------------------------------------------------------------
 *
 * query.h
 *		The query of a URL.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_QUERY_H
#define CB_QUERY_H

#include "flow/request.h"

/*
 * Reads environment, dry_run, max_failed and on_conflict into the request.
 * Raises 22023 for any other name, a name that comes twice and a value that makes
 * no sense.
 */
extern void cb_query_read(const char *query, CbRequest *request);

#endif							/* CB_QUERY_H */
