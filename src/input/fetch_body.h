/*-------------------------------------------------------------------------
 *
 * fetch_body.h
 *		The body of an answer, gathered up to a bound. Needs no server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INPUT_FETCH_BODY_H
#define CB_INPUT_FETCH_BODY_H

#include <stdbool.h>
#include <stddef.h>

#include "input/fetch_problem.h"
#include "input/gunzip.h"

/* All zeros: nothing came yet. */
typedef struct CbBody
{
	size_t		max;			/* bytes, as received and as decoded */
	CbGunzip   *gunzip;			/* NULL: it comes as it is */
	CbFetchProblem found;		/* by what takes the decompressed bytes */
	size_t		received;		/* bytes, before decompression */
	char	   *data;			/* decoded; NULL: nothing came */
	size_t		len;			/* bytes */
	size_t		room;			/* bytes */
} CbBody;

extern CbFetchProblem cb_body_begin(CbBody *body, bool is_gzip, size_t max);
extern CbFetchProblem cb_body_add(CbBody *body, const char *data, size_t len);
extern bool cb_body_is_whole(const CbBody *body);
extern void cb_body_end(CbBody *body);

#endif							/* CB_INPUT_FETCH_BODY_H */
