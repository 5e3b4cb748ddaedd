/*-------------------------------------------------------------------------
 *
 * fetch_problem.h
 *		What can go wrong with a fetch, and when to try again. Needs no server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INPUT_FETCH_PROBLEM_H
#define CB_INPUT_FETCH_PROBLEM_H

#include <stdbool.h>
#include <stdint.h>

typedef enum CbFetchProblem
{
	CB_FETCH_OK,
	CB_FETCH_OFF,				/* the list of hosts is empty */
	CB_FETCH_URL_INVALID,
	CB_FETCH_URL_CREDENTIALS,	/* a user or password in the URL */
	CB_FETCH_SCHEME,			/* neither https, nor http where it may be */
	CB_FETCH_HOST,				/* not in the list */
	CB_FETCH_PORT,				/* not with the host in the list */
	CB_FETCH_ADDRESS,			/* no address of the host is allowed */
	CB_FETCH_REDIRECTS,			/* too many, or to nowhere */
	CB_FETCH_UNREACHABLE,		/* no name, or no connection */
	CB_FETCH_HANDSHAKE,			/* a connection, but no TLS */
	CB_FETCH_CERTIFICATE,		/* TLS, but not of the host that was asked */
	CB_FETCH_BROKEN,			/* it ended before the body was whole */
	CB_FETCH_SLOW,				/* too little, or not all in time */
	CB_FETCH_TOO_LARGE,			/* as received or as decoded */
	CB_FETCH_ENCODING,			/* compressed as we did not ask, or badly */
	CB_FETCH_NOT_HTTP,			/* an answer that is no HTTP, or all headers */
	CB_FETCH_FORBIDDEN,			/* 401, 403, 407 */
	CB_FETCH_NOT_FOUND,			/* 404, 410 */
	CB_FETCH_BUSY,				/* 429, 500, 502, 503, 504 */
	CB_FETCH_STATUS,			/* any other status but 200 */
	CB_FETCH_FAILED				/* out of memory, or libcurl could not work */
} CbFetchProblem;

#define CB_FETCH_PROBLEMS	(CB_FETCH_FAILED + 1)

/* All of it constant: never a part of the URL or of an answer. */
typedef struct CbFetchProblemText
{
	const char *code;			/* a stable snake_case word */
	const char *message;		/* one line, lower case, no period */
	const char *help;			/* a full sentence: the way out */
	bool		retryable;		/* may go well when tried again */
} CbFetchProblemText;

#define CB_FETCH_RETRY_AFTER_MAX	300 /* seconds; more than that is cut */

extern const CbFetchProblemText *cb_fetch_problem_text(CbFetchProblem problem);
extern CbFetchProblem cb_fetch_problem_of_status(int status);
extern int	cb_fetch_retry_delay(int attempt, int64_t retry_after,
								 uint32_t random);

#endif							/* CB_INPUT_FETCH_PROBLEM_H */
