/*-------------------------------------------------------------------------
 *
 * fetch.c
 *		A file behind a URL, fetched in steps.
 *
 *		begin -> URL judged -> hop -> answer -> result
 *		             ^                   |
 *		             +---- redirect -----+
 *
 * Redirects are followed here and not by libcurl, so that every hop's URL is
 * judged as the first one's is.  fetch_hop.c judges the addresses.
 *
 *-------------------------------------------------------------------------
 */
#include "input/fetch.h"

#include <stdio.h>
#include <stdlib.h>

#include <time.h>

#include <openssl/evp.h>

#include "input/fetch_hop.h"
#include "input/fetch_url.h"

struct CbFetch
{
	CbFetchRequest request;
	CURLU	   *url;			/* of this hop */
	CbHop		hop;
	bool		begun;
	bool		done;
	int64_t		deadline;		/* ms of the monotonic clock */
	int			redirects;		/* that were followed */
	CbFetchResult result;
};

static void begin_first_hop(CbFetch *fetch);
static void begin_hop(CbFetch *fetch);
static void end_hop(CbFetch *fetch, CbFetchProblem problem);
static bool is_redirect(int status);
static CbFetchProblem follow(CbFetch *fetch);
static void finish(CbFetch *fetch, CbFetchProblem problem);
static bool digest_body(CbFetch *fetch);
static int64_t now_ms(void);

/*
 * Begins to fetch.  Whatever is wrong with the request is found by the first
 * step.  NULL: out of memory, or libcurl does not work.  To be ended with
 * cb_fetch_end.
 */
CbFetch *
cb_fetch_begin(const CbFetchRequest *request)
{
	CbFetch    *fetch = calloc(1, sizeof(CbFetch));

	if (fetch == NULL)
		return NULL;
	fetch->request = *request;
	fetch->deadline = now_ms() + request->limits.total_ms;
	fetch->url = curl_url();
	if (!cb_hop_open(&fetch->hop, &fetch->request) || fetch->url == NULL)
	{
		cb_fetch_end(fetch);
		return NULL;
	}
	return fetch;
}

/*
 * Goes on, and then waits for at most timeout_ms for more.  True when the
 * result is there.
 */
bool
cb_fetch_step(CbFetch *fetch, int timeout_ms)
{
	CbFetchProblem problem;

	if (!fetch->begun)
		begin_first_hop(fetch);
	if (!fetch->done && cb_hop_perform(&fetch->hop, &problem))
		end_hop(fetch, problem);
	if (!fetch->done)
		cb_hop_wait(&fetch->hop, timeout_ms);
	return fetch->done;
}

/*
 * How far it has come.
 */
CbFetchProgress
cb_fetch_progress(const CbFetch *fetch)
{
	CbFetchProgress progress;

	progress.received = fetch->hop.body.received;
	progress.decoded = fetch->hop.body.len;
	progress.expected = fetch->hop.expected;
	progress.redirects = fetch->redirects;
	return progress;
}

/*
 * What came of it; NULL until a step returned true.
 */
const CbFetchResult *
cb_fetch_result(const CbFetch *fetch)
{
	return fetch->done ? &fetch->result : NULL;
}

/*
 * Ends a fetch wherever it stands; its connection is closed.  NULL is no
 * mistake.
 */
void
cb_fetch_end(CbFetch *fetch)
{
	if (fetch == NULL)
		return;
	cb_hop_close(&fetch->hop);
	curl_url_cleanup(fetch->url);
	free(fetch);
}

static void
begin_first_hop(CbFetch *fetch)
{
	CbFetchProblem problem;

	fetch->begun = true;
	problem = cb_fetch_url_parse(fetch->url, fetch->request.url);
	if (problem == CB_FETCH_OK)
		begin_hop(fetch);
	else
		finish(fetch, problem);
}

/*
 * Judges the URL of this hop, and sets out for it.
 */
static void
begin_hop(CbFetch *fetch)
{
	int64_t		left = fetch->deadline - now_ms();
	CbFetchProblem problem;

	cb_fetch_url_show(fetch->url, fetch->result.shown_url);
	problem = cb_fetch_url_judge(fetch->url, fetch->request.hosts);
	if (problem == CB_FETCH_OK && left <= 0)
		problem = CB_FETCH_SLOW;
	if (problem == CB_FETCH_OK && !cb_hop_begin(&fetch->hop, fetch->url, left))
		problem = CB_FETCH_FAILED;
	if (problem != CB_FETCH_OK)
		finish(fetch, problem);
}

static void
end_hop(CbFetch *fetch, CbFetchProblem problem)
{
	if (problem != CB_FETCH_STATUS || !is_redirect(fetch->hop.status))
	{
		finish(fetch, problem);
		return;
	}
	problem = follow(fetch);
	if (problem == CB_FETCH_OK)
		begin_hop(fetch);
	else
		finish(fetch, problem);
}

static bool
is_redirect(int status)
{
	return status == 301 || status == 302 || status == 303 ||
		status == 307 || status == 308;
}

/*
 * Moves the URL to where the answer points, for begin_hop to judge.
 */
static CbFetchProblem
follow(CbFetch *fetch)
{
	const CbFetchHead *head = &fetch->hop.head;
	CbFetchProblem problem;

	if (fetch->redirects >= CB_FETCH_REDIRECTS_MAX ||
		head->bad_location || head->location[0] == '\0')
		return CB_FETCH_REDIRECTS;
	problem = cb_fetch_url_parse(fetch->url, head->location);
	if (problem == CB_FETCH_URL_INVALID)
		return CB_FETCH_REDIRECTS;
	if (problem == CB_FETCH_OK)
		fetch->redirects++;
	return problem;
}

static void
finish(CbFetch *fetch, CbFetchProblem problem)
{
	CbFetchResult *result = &fetch->result;
	const CbHop *hop = &fetch->hop;

	if (problem == CB_FETCH_OK && !digest_body(fetch))
		problem = CB_FETCH_FAILED;
	result->problem = problem;
	result->retryable = cb_fetch_problem_text(problem)->retryable;
	result->status = hop->status;
	result->redirects = fetch->redirects;
	result->retry_after =
		problem == CB_FETCH_BUSY ? hop->head.retry_after : -1;
	result->received = hop->body.received;
	result->etag = hop->head.etag;
	result->media_type = hop->head.media_type;
	result->charset = hop->head.charset;
	if (problem == CB_FETCH_OK)
	{
		result->body = hop->body.data == NULL ? "" : hop->body.data;
		result->body_len = hop->body.len;
	}
	fetch->done = true;
}

/*
 * Notes the SHA-256 of the body.  False when OpenSSL cannot work.
 */
static bool
digest_body(CbFetch *fetch)
{
	const CbHop *hop = &fetch->hop;
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len;
	unsigned int i;

	if (EVP_Digest(hop->body.data == NULL ? "" : hop->body.data, hop->body.len,
				   digest, &len, EVP_sha256(), NULL) != 1)
		return false;
	for (i = 0; i < len; i++)
		sprintf(fetch->result.sha256 + 2 * i, "%02x", digest[i]);
	return true;
}

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
