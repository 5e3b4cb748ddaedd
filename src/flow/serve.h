/*-------------------------------------------------------------------------
 *
 * serve.h
 *		What serves the routes, by topic.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_SERVE_H
#define CB_SERVE_H

#include "flow/route.h"

/* serve_bulk.c */
extern CbAnswer cb_serve_bulk_create(CbRouteCall *call);
extern CbAnswer cb_serve_bulk_attach(CbRouteCall *call);
extern CbAnswer cb_serve_import_event(CbRouteCall *call);

/*
 * single.c: runs the row as a batch of one and unwraps its verdict: the data and
 * the code of a success, the error of a failure.  The body of the call is the row.
 */
extern CbAnswer cb_serve_single(const CbRowKind *kind, CbRouteCall *call);

#endif							/* CB_SERVE_H */
