/*-------------------------------------------------------------------------
 *
 * fetch_url.h
 *		The URL of a hop. For the files of the fetch; needs no server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INPUT_FETCH_URL_H
#define CB_INPUT_FETCH_URL_H

#include <curl/curl.h>

#include "input/fetch_problem.h"
#include "input/host.h"

extern CbFetchProblem cb_fetch_url_parse(CURLU *url, const char *input);
extern CbFetchProblem cb_fetch_url_judge(CURLU *url, const CbHostList *hosts);
extern void cb_fetch_url_show(CURLU *url, char *out);

#endif							/* CB_INPUT_FETCH_URL_H */
