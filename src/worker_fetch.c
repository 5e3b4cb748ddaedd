/*-------------------------------------------------------------------------
 *
 * worker_fetch.c
 *		A worker fetches the file of a job.
 *
 *		fetch -> note what it is -> give it to the import
 *
 * While the network is waited for there is no transaction, no snapshot and no lock:
 * the transfer goes on in slices, and between them the worker does what a server's
 * process has to do.  Once in a second it says, in a transaction of its own, that it
 * is there, and hears whether the job shall stop.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/postmaster.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/pmsignal.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/source.h"
#include "settings.h"
#include "worker.h"

#define SLICE			100		/* milliseconds */
#define BEAT			500		/* milliseconds */
#define FETCH_TRIES		6
#define PAGE_MESSAGE \
	"not_csv: the URL leads to a web page. Give the URL of the file itself; a page that asks for a login is no file either."

static ErrorData *fetch_once(CbJobRun *run, int tries, int *delay);
static CbFetch *begin_fetch(const CbJobRun *run, MemoryContext context);
static void end_fetch(void *fetch);
static ErrorData *transfer(CbJobRun *run, CbFetch *fetch);
static ErrorData *beat_at(CbJobRun *run, TimestampTz *next);
static ErrorData *use(CbJobRun *run, const CbFetchResult *result);
static ErrorData *upload(CbJobRun *run);
static void take_file(CbJobRun *run, const CbFetchResult *result);
static ErrorData *wait_for(CbJobRun *run, long milliseconds);

ErrorData *
cb_worker_fetch(CbJobRun *run)
{
	ErrorData  *fault = NULL;
	int			delay = 0;

	for (int tries = 1; delay >= 0 && fault == NULL && !run->cancelled; tries++)
	{
		fault = fetch_once(run, tries, &delay);
		if (fault == NULL && delay > 0)
			fault = wait_for(run, delay);
	}
	return fault;
}

/* *delay: how long to wait before the next try; -1: there is none. */
static ErrorData *
fetch_once(CbJobRun *run, int tries, int *delay)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "canopy_bulk fetch",
												  ALLOCSET_DEFAULT_SIZES);
	CbFetch    *fetch = begin_fetch(run, context);
	ErrorData  *fault = transfer(run, fetch);
	uint32		random;

	*delay = -1;
	if (fault == NULL && !run->cancelled)
	{
		const CbFetchResult *result = cb_fetch_result(fetch);

		if (!pg_strong_random(&random, sizeof(random)))
			random = 0;
		if (result->retryable && tries < FETCH_TRIES)
			*delay = cb_fetch_retry_delay(tries, result->retry_after, random);
		else
			fault = use(run, result);
	}
	MemoryContextDelete(context);
	return fault;
}

/* All that the fetch points to lives in the context, and ends with it. */
static CbFetch *
begin_fetch(const CbJobRun *run, MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	CbSource   *source = cb_source_read();
	CbFetchRequest *request = palloc0(sizeof(CbFetchRequest));
	MemoryContextCallback *callback = palloc0(sizeof(MemoryContextCallback));
	CbFetchLimits limits = CB_FETCH_LIMITS_DEFAULT;

	request->url = run->job.url;
	request->hosts = source->hosts;
	request->networks = source->networks;
	if (cb_import_ca_file[0] != '\0')
		request->ca_file = pstrdup(cb_import_ca_file);
	request->wake_fd = postmaster_alive_fds[POSTMASTER_FD_WATCH];
	request->limits = limits;
	callback->func = end_fetch;
	callback->arg = cb_fetch_begin(request);
	if (callback->arg == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory")));
	MemoryContextRegisterResetCallback(context, callback);
	MemoryContextSwitchTo(old);
	return callback->arg;
}

static void
end_fetch(void *fetch)
{
	cb_fetch_end(fetch);
}

static ErrorData *
transfer(CbJobRun *run, CbFetch *fetch)
{
	TimestampTz next = GetCurrentTimestamp();
	ErrorData  *fault = NULL;

	while (fault == NULL && !run->cancelled && !cb_fetch_step(fetch, SLICE))
	{
		if (!PostmasterIsAlive())
			proc_exit(1);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		run->job.fetched_bytes = (int64) cb_fetch_progress(fetch).received;
		fault = beat_at(run, &next);
	}
	return fault;
}

/* Not before it is time. */
static ErrorData *
beat_at(CbJobRun *run, TimestampTz *next)
{
	TimestampTz now = GetCurrentTimestamp();

	if (now < *next)
		return NULL;
	*next = TimestampTzPlusMilliseconds(now, BEAT);
	return cb_worker_transact(run, cb_job_run_beat, "fetching the file");
}

/* The file, or the reason why there is none. */
static ErrorData *
use(CbJobRun *run, const CbFetchResult *result)
{
	const CbFetchProblemText *words = cb_fetch_problem_text(result->problem);
	ErrorData  *fault;

	if (result->problem != CB_FETCH_OK)
		run->message = psprintf("%s: %s. %s", words->code, words->message,
								words->help);
	else if (strcmp(result->media_type, "text/html") == 0)
		run->message = PAGE_MESSAGE;
	if (run->message != NULL)
		return cb_worker_transact(run, cb_job_run_fail, "ending the job");

	take_file(run, result);
	run->job.fetched_bytes = (int64) result->received;
	fault = cb_worker_transact(run, cb_job_run_beat, "noting the file");
	if (fault == NULL)
		fault = cb_worker_transact(run, cb_job_run_pin, "noting the file");
	if (fault == NULL && !CB_JOB_HAS_ENDED(&run->job) && !run->cancelled)
		fault = upload(run);
	return fault;
}

/* What the sender says of the encoding counts as long as the file can be read so. */
static ErrorData *
upload(CbJobRun *run)
{
	ErrorData  *fault = cb_worker_transact(run, cb_job_run_upload,
										   "reading the file");

	if (fault == NULL || run->is_lost || run->file.charset == NULL ||
		fault->sqlerrcode == ERRCODE_QUERY_CANCELED)
		return fault;
	run->file.charset = NULL;
	return cb_worker_transact(run, cb_job_run_upload, "reading the file");
}

static void
take_file(CbJobRun *run, const CbFetchResult *result)
{
	CbJobFile  *file = &run->file;
	const char *charset = result->charset;

	file->bytes = result->body;
	file->len = result->body_len;
	file->etag = result->etag[0] == '\0' ? NULL : result->etag;
	hex_decode(result->sha256, 2 * PG_SHA256_DIGEST_LENGTH,
			   (char *) file->sha256);

	/* Said by servers that do not know, and found out anyway. */
	file->charset = charset[0] == '\0' || strcmp(charset, "utf-8") == 0 ?
		NULL : charset;
}

/* Before the next try; a job that shall stop does not wait. */
static ErrorData *
wait_for(CbJobRun *run, long milliseconds)
{
	TimestampTz end = TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
												  milliseconds);
	TimestampTz next = GetCurrentTimestamp();
	ErrorData  *fault = NULL;

	while (fault == NULL && !run->cancelled && GetCurrentTimestamp() < end)
	{
		cb_worker_nap(Min(BEAT, TimestampDifferenceMilliseconds(GetCurrentTimestamp(), end) + 1));
		fault = beat_at(run, &next);
	}
	return fault;
}
