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
 * serve_assignments.c: where every row is good, those that change assignments
 * answer as the product does, 204 and 200 {message}; else with the envelope.
 */
extern CbAnswer cb_serve_bulk_assign(CbRouteCall *call);
extern CbAnswer cb_serve_bulk_unassign(CbRouteCall *call);
extern CbAnswer cb_serve_bulk_change_role(CbRouteCall *call);

/*
 * single.c: runs the row as a batch of one and unwraps its verdict: the data and
 * the code of a success, the error of a failure.  The body of the call is the row.
 */
extern CbAnswer cb_serve_single(const CbRowKind *kind, CbRouteCall *call);

#endif							/* CB_SERVE_H */
