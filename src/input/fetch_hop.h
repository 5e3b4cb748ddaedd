/*-------------------------------------------------------------------------
 *
 * fetch_hop.h
 *		One request and its answer. For the files of the fetch; needs no server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INPUT_FETCH_HOP_H
#define CB_INPUT_FETCH_HOP_H

#include <curl/curl.h>

#include "input/fetch.h"
#include "input/fetch_body.h"

typedef struct CbHop
{
	const CbFetchRequest *request;
	CURLM	   *multi;
	CURL	   *easy;
	struct curl_slist *lines;	/* header lines that we send */
	bool		attached;		/* easy is in multi */
	CbFetchProblem found;		/* what a callback ended the transfer for */
	bool		answered;		/* a status other than 200, and its headers */
	bool		has_tls;		/* that tells us its alerts */
	bool		closed;			/* one of them was the end */
	int			status;			/* HTTP's; 0: no answer yet */
	int			refused;		/* addresses that were not allowed */
	int			tried;			/* addresses that were */
	size_t		head_bytes;
	CbFetchHead head;
	int64_t		expected;		/* bytes of body; -1: not said */
	CbBody		body;
} CbHop;

extern bool cb_hop_open(CbHop *hop, const CbFetchRequest *request);
extern bool cb_hop_begin(CbHop *hop, CURLU *url, int64_t left_ms);
extern bool cb_hop_perform(CbHop *hop, CbFetchProblem *problem);
extern void cb_hop_wait(CbHop *hop, int timeout_ms);
extern void cb_hop_close(CbHop *hop);

#endif							/* CB_INPUT_FETCH_HOP_H */
