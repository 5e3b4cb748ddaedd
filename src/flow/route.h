/*-------------------------------------------------------------------------
 *
 * route.h
 *		The table of routes.
 *
 * A feature adds a line to the table in route.c; rest.c serves what is there and
 * openapi.c describes it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_ROUTE_H
#define CB_ROUTE_H

#include "flow/answer.h"
#include "flow/request.h"

/* A request that has found its route. */
typedef struct CbRouteCall
{
	CbRequest	request;		/* names and options; no rows yet */
	Jsonb	   *body;			/* NULL where the route takes none */
} CbRouteCall;

typedef struct CbRoute
{
	const char *method;
	const char *pattern;		/* {account} and {application} stand for a
								 * segment */
	const char *operation;		/* operationId */
	const char *summary;
	const char *body_schema;	/* of components.schemas; NULL: takes no body */
	const char *answer_schema;	/* of components.schemas; NULL: 204 */
	const char *on_conflict;	/* of components.parameters; NULL: takes no
								 * options of a batch */
	bool		is_public;		/* no credential is asked for */
	CbAnswer	(*serve) (CbRouteCall *call);
} CbRoute;

extern const CbRoute cb_routes[];
extern const int cb_nroutes;

/*
 * The route of a method and a path, without its query.  Fills in the names that
 * the path has, decoded.  NULL when there is none; *allowed then lists the methods
 * that the path has, or is NULL when there is no such path.
 */
extern const CbRoute *cb_route_find(const char *method, const char *path,
									CbScopeNames *names, const char **allowed);

/* The document that describes the routes: OpenAPI 3.1. */
extern Jsonb *cb_openapi_describe(void);

#endif							/* CB_ROUTE_H */
