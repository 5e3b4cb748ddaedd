/*-------------------------------------------------------------------------
 *
 * fetch.h
 *		A file behind a URL, fetched in steps. Needs no server.
 *
 * The caller drives the transfer and stays free to stop at any time:
 *
 *		fetch = cb_fetch_begin(&request);
 *		while (!cb_fetch_step(fetch, 100))
 *			... cb_fetch_progress(fetch), interrupts ...
 *		result = cb_fetch_result(fetch);
 *		... copy what is to stay ...
 *		cb_fetch_end(fetch);
 *
 * In a process of the server, a worker and never a client's backend:
 *
 *	- A step returns after at most timeout_ms, sooner when something came.  A
 *	  signal that comes while it waits ends the wait, one that comes just
 *	  before does not: with steps of 100 ms and ResetLatch() and
 *	  CHECK_FOR_INTERRUPTS() between them, nothing waits longer than that.
 *	  A latch has no descriptor to hand over; the postmaster's death has:
 *	  wake_fd = postmaster_alive_fds[POSTMASTER_FD_WATCH].
 *	- Nothing here raises or touches a PostgreSQL allocation, so the caller
 *	  may raise between steps, if a callback of its memory context calls
 *	  cb_fetch_end.  That takes no time, even while a name is looked up.
 *	- Signal handlers may only set flags, as die() does and bgworker_die()
 *	  does not: they run while libcurl waits.  SIGPIPE must be ignored, which
 *	  it is in the server's processes.  Names are looked up on a thread that
 *	  has all signals blocked.
 *	- No transaction, snapshot or lock should be held.
 *
 * cb_fetch_check and cb_fetch_shown_url only parse; they start no thread, open
 * nothing, and may be called anywhere.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INPUT_FETCH_H
#define CB_INPUT_FETCH_H

#include "input/address.h"
#include "input/fetch_head.h"
#include "input/fetch_problem.h"
#include "input/host.h"

#define CB_FETCH_REDIRECTS_MAX	3

typedef struct CbFetchLimits
{
	int			connect_ms;		/* to look up, connect and shake hands, per
								 * hop */
	int			total_ms;		/* for all hops together */
	int			floor_bytes;	/* fewer per second than this ... */
	int			floor_s;		/* ... for so many seconds is too slow */
	size_t		max_bytes;		/* of a body, as received and as decoded */
} CbFetchLimits;

#define CB_FETCH_LIMITS_DEFAULT \
	{5000, 30000, 1024, 10, (size_t) 10 * 1024 * 1024}

/* All that it points to must stay until cb_fetch_end. */
typedef struct CbFetchRequest
{
	const char *url;
	const CbHostList *hosts;	/* NULL or empty: nothing may be fetched */
	const CbNetworkList *networks;	/* exceptions; NULL: none */
	const char *ca_file;		/* PEM, instead of the system's; NULL: those */
	int			wake_fd;		/* ends a step's wait when readable; -1: none */
	CbFetchLimits limits;
} CbFetchRequest;

typedef struct CbFetchProgress
{
	size_t		received;		/* bytes of body, before decompression */
	size_t		decoded;		/* bytes of body */
	int64_t		expected;		/* bytes to receive; -1: not said */
	int			redirects;		/* that were followed */
} CbFetchProgress;

/* Lives until cb_fetch_end. */
typedef struct CbFetchResult
{
	CbFetchProblem problem;
	bool		retryable;		/* ask cb_fetch_retry_delay how long to wait */
	int			status;			/* HTTP's, of the last answer; 0: there was
								 * none */
	int			redirects;		/* that were followed */
	int64_t		retry_after;	/* seconds that the host asked for; -1: none */
	const char *body;			/* decoded; NULL unless the problem is OK */
	size_t		body_len;		/* bytes */
	size_t		received;		/* bytes, before decompression */
	char		sha256[65];		/* of the body, in hex; "" unless OK */
	const char *etag;			/* "" where the answer has none */
	const char *media_type;		/* a hint: text/csv; "" likewise */
	const char *charset;		/* a hint: utf-8; "" likewise */
	char		shown_url[CB_FETCH_URL_MAX + 1];	/* of the last hop,
													 * without its query */
} CbFetchResult;

typedef struct CbFetch CbFetch;

extern CbFetch *cb_fetch_begin(const CbFetchRequest *request);
extern bool cb_fetch_step(CbFetch *fetch, int timeout_ms);
extern CbFetchProgress cb_fetch_progress(const CbFetch *fetch);
extern const CbFetchResult *cb_fetch_result(const CbFetch *fetch);
extern void cb_fetch_end(CbFetch *fetch);

extern CbFetchProblem cb_fetch_check(const char *url, const CbHostList *hosts);
extern void cb_fetch_shown_url(const char *url, char *out);

#endif							/* CB_INPUT_FETCH_H */
