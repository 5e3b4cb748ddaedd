/*-------------------------------------------------------------------------
 *
 * rest.h
 *		The REST surface: a request in, an answer out.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_REST_H
#define CB_REST_H

#include "utils/jsonb.h"

#define CB_REST_MAX_HEADERS		4

typedef struct CbRestRequest
{
	const char *method;
	const char *path;			/* with its query, as it was sent */
	Jsonb	   *headers;		/* an object; names in any case */
	const char *body;
	Size		body_len;		/* bytes */
} CbRestRequest;

typedef struct CbRestHeader
{
	const char *name;
	const char *value;
} CbRestHeader;

typedef struct CbRestResponse
{
	int			status;
	CbRestHeader headers[CB_REST_MAX_HEADERS];
	int			nheaders;
	Jsonb	   *body;			/* NULL: none, or raw */
	const char *raw;			/* NULL: none, or body */
	Size		raw_len;		/* bytes */
} CbRestResponse;

/*
 * Serves the request.  What is the client's fault becomes an answer; raises only
 * what concerns the server, and what a client should try again.
 */
extern void cb_rest_serve(const CbRestRequest *request,
						  CbRestResponse *response);

#endif							/* CB_REST_H */
