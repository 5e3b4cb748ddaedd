/*-------------------------------------------------------------------------
 *
 * route.h
 *		The table of routes.
 *
 * A feature adds lines to the table in routes.c and a function that serves them;
 * rest.c serves what is there and openapi.c describes it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_ROUTE_H
#define CB_ROUTE_H

#include "utils/uuid.h"

#include "flow/answer.h"
#include "flow/query.h"
#include "flow/request.h"

/* What a path names beside account, application and environment. */
typedef struct CbRoutePath
{
	const char *id;				/* NULL: not in the path */
	const char *application_id; /* NULL: not in the path */
} CbRoutePath;

struct CbRoute;

/* A request that has found its route. */
typedef struct CbRouteCall
{
	const struct CbRoute *route;
	CbRequest	request;		/* names and options; no rows yet */
	CbRoutePath path;
	CbQuery		query;			/* what the route takes, each once */
	Jsonb	   *body;			/* NULL where the route takes none, or where
								 * it may be missing and is */
	const char *raw;			/* where the route takes any bytes */
	Size		raw_len;		/* bytes */
	const char *content_type;	/* of raw; NULL: not said */
} CbRouteCall;

/* Answers a request whose route and scope are right; id may be that of its path. */
typedef Jsonb *(*CbRouteStep) (CbRouteCall *call, const pg_uuid_t *id);

typedef enum CbRouteBody
{
	CB_ROUTE_NO_BODY,
	CB_ROUTE_JSON,
	CB_ROUTE_JSON_OR_NONE,
	CB_ROUTE_BYTES
} CbRouteBody;

typedef struct CbRoute
{
	const char *method;

	/*
	 * {account}, {application}, {environment}, {id} and {application_id}
	 * stand for a segment.  A path that names no account takes it, and all
	 * below it, from the credential.
	 */
	const char *pattern;
	const char *operation;		/* operationId */
	const char *summary;
	CbRouteBody body;
	const char *body_schema;	/* of components.schemas */
	const char *query;			/* keys of cb_parameters, with blanks between;
								 * "" takes none */
	int			status;			/* of success */
	const char *answer_schema;	/* of components.schemas, or a media type;
								 * NULL: no body */
	bool		is_public;		/* no credential is asked for */
	CbAnswer	(*serve) (CbRouteCall *call);

	/* Of routes that are served by a step of an import, or of a job. */
	CbRouteStep step;
	const char *action;			/* that an idempotency key is for; NULL: the
								 * route takes no key */
} CbRoute;

extern const CbRoute cb_routes[];
extern const int cb_nroutes;

/*
 * The route of a method and a path, without its query.  Fills in what the path
 * names, decoded.  NULL when there is none; *allowed then lists the methods that
 * the path has, or is NULL when there is no such path.
 */
extern const CbRoute *cb_route_find(const char *method, const char *path,
									CbRouteCall *call, const char **allowed);

/* The document that describes the routes: OpenAPI 3.1. */
extern Jsonb *cb_openapi_describe(void);

#endif							/* CB_ROUTE_H */
