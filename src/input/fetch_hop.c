/*-------------------------------------------------------------------------
 *
 * fetch_hop.c
 *		One request and its answer.
 *
 * The host is a stranger's, and so is what its name means.  Therefore:
 *
 *	- the socket decides: libcurl asks for one with the address that it is
 *	  about to connect to, and gets none for an address that is not allowed;
 *	- a hop has a new connection and a new look-up of its own;
 *	- neither environment nor files of the user change anything: no proxy, no
 *	  netrc, no cookies, no other protocol;
 *	- all is counted: time, header lines, bytes as received and as decoded.
 *
 * libcurl starts a thread to look up a name.  It must never run a handler of
 * the server's, so all signals are blocked where threads begin.
 *
 *-------------------------------------------------------------------------
 */
#include "input/fetch_hop.h"

#include <string.h>

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>

#include <openssl/ssl.h>

#if LIBCURL_VERSION_NUM < 0x075500
#error "libcurl 7.85 or later is needed"
#endif

#define HEAD_MAX		65536	/* bytes of header lines */

/* Where a context of TLS keeps its hop; -1: libcurl does not use OpenSSL. */
static int	hop_index = -1;

#define SET(option, value) \
	(curl_easy_setopt(hop->easy, (option), (value)) == CURLE_OK)

static bool init_library(void);
static bool uses_openssl(void);
static bool set_options(CbHop *hop);
static bool set_policy(CbHop *hop);
static void detach(CbHop *hop);
static CbFetchProblem judge_answer(CbHop *hop, CURLcode code);
static bool ends_early(const CbHop *hop);
static CbFetchProblem problem_of_code(CbHop *hop, CURLcode code);
static CURLcode watch_tls(CURL *easy, void *ssl_ctx, void *arg);
static void note_alert(const SSL *ssl, int where, int value);
static curl_socket_t open_socket(void *arg, curlsocktype purpose,
								 struct curl_sockaddr *address);
static size_t take_header(char *line, size_t size, size_t count, void *arg);
static bool end_head(CbHop *hop);
static size_t take_body(char *data, size_t size, size_t count, void *arg);

/*
 * Makes what all hops of a fetch share.  False: out of memory, or libcurl does
 * not work.  In either case to be closed with cb_hop_close.
 */
bool
cb_hop_open(CbHop *hop, const CbFetchRequest *request)
{
	memset(hop, 0, sizeof(*hop));
	hop->request = request;
	hop->expected = -1;
	cb_fetch_head_reset(&hop->head);
	if (!init_library())
		return false;
	hop->multi = curl_multi_init();
	hop->lines = curl_slist_append(NULL, "Accept-Encoding: gzip");
	return hop->multi != NULL && hop->lines != NULL;
}

/*
 * Sets out for a URL that was judged, with left_ms until the whole fetch must
 * be over.  The URL must stay as it is until the hop is over.
 */
bool
cb_hop_begin(CbHop *hop, CURLU *url, int64_t left_ms)
{
	int64_t		connect_ms = hop->request->limits.connect_ms;

	hop->found = CB_FETCH_OK;
	hop->answered = false;
	hop->has_tls = false;
	hop->closed = false;
	hop->status = 0;
	hop->refused = 0;
	hop->tried = 0;
	hop->head_bytes = 0;
	cb_fetch_head_reset(&hop->head);
	curl_easy_cleanup(hop->easy);
	hop->easy = curl_easy_init();
	hop->attached = hop->easy != NULL &&
		set_options(hop) && set_policy(hop) &&
		SET(CURLOPT_CURLU, url) &&
		SET(CURLOPT_TIMEOUT_MS, (long) left_ms) &&
		SET(CURLOPT_CONNECTTIMEOUT_MS,
			(long) (connect_ms < left_ms ? connect_ms : left_ms)) &&
		curl_multi_add_handle(hop->multi, hop->easy) == CURLM_OK;
	return hop->attached;
}

/*
 * Lets libcurl do what it can without waiting.  True when the hop is over;
 * what it came to is then in *problem, and CB_FETCH_OK only when the whole
 * body is there.
 */
bool
cb_hop_perform(CbHop *hop, CbFetchProblem *problem)
{
	sigset_t	all;
	sigset_t	before;
	int			running;
	int			left;
	CURLMcode	code;
	CURLMsg    *message;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	code = curl_multi_perform(hop->multi, &running);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	message = curl_multi_info_read(hop->multi, &left);
	if (code != CURLM_OK)
		*problem = CB_FETCH_FAILED;
	else if (message != NULL && message->msg == CURLMSG_DONE)
		*problem = judge_answer(hop, message->data.result);
	else
		return false;
	detach(hop);
	return true;
}

/*
 * Waits until there is something to perform, or the request's descriptor can
 * be read, for at most timeout_ms.
 */
void
cb_hop_wait(CbHop *hop, int timeout_ms)
{
	struct curl_waitfd wake = {0};

	wake.fd = hop->request->wake_fd;
	wake.events = CURL_WAIT_POLLIN;
	curl_multi_poll(hop->multi, &wake, wake.fd < 0 ? 0 : 1, timeout_ms, NULL);
}

/*
 * Ends a hop wherever it stands, and frees all but the hop itself.
 */
void
cb_hop_close(CbHop *hop)
{
	detach(hop);
	curl_easy_cleanup(hop->easy);
	curl_multi_cleanup(hop->multi);
	curl_slist_free_all(hop->lines);
	cb_body_end(&hop->body);
}

/*
 * Once per process.
 */
static bool
init_library(void)
{
	static bool is_ready = false;

	if (is_ready)
		return true;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return false;
	if (uses_openssl())
		hop_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	is_ready = true;
	return true;
}

/*
 * Whether the context of TLS that libcurl hands out is one of OpenSSL's.
 */
static bool
uses_openssl(void)
{
	const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);

	return info->ssl_version != NULL &&
		strncmp(info->ssl_version, "OpenSSL/", 8) == 0;
}

/*
 * What the request asks for, and where the answer goes.
 */
static bool
set_options(CbHop *hop)
{
	const CbFetchLimits *limits = &hop->request->limits;
	const char *ca_file = hop->request->ca_file;

	return SET(CURLOPT_HTTPHEADER, hop->lines) &&
		SET(CURLOPT_USERAGENT, "canopy_bulk") &&
		(ca_file == NULL ||
		 (SET(CURLOPT_CAINFO, ca_file) && SET(CURLOPT_CAPATH, NULL))) &&
		SET(CURLOPT_LOW_SPEED_LIMIT, (long) limits->floor_bytes) &&
		SET(CURLOPT_LOW_SPEED_TIME, (long) limits->floor_s) &&
		SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t) limits->max_bytes) &&
		SET(CURLOPT_OPENSOCKETFUNCTION, open_socket) &&
		SET(CURLOPT_OPENSOCKETDATA, hop) &&
		SET(CURLOPT_HEADERFUNCTION, take_header) &&
		SET(CURLOPT_HEADERDATA, hop) &&
		SET(CURLOPT_WRITEFUNCTION, take_body) &&
		SET(CURLOPT_WRITEDATA, hop);
}

/*
 * What libcurl may do, some of it by default; here it is said.
 */
static bool
set_policy(CbHop *hop)
{
#if LIBCURL_VERSION_NUM >= 0x075700
	if (!SET(CURLOPT_QUICK_EXIT, 1L))	/* wait for no look-up at the end */
		return false;
#endif
	return SET(CURLOPT_PROTOCOLS_STR, "https,http") &&
		SET(CURLOPT_REDIR_PROTOCOLS_STR, "https,http") &&
		SET(CURLOPT_FOLLOWLOCATION, 0L) &&
		SET(CURLOPT_PROXY, "") &&
		SET(CURLOPT_NOPROXY, "*") &&
		SET(CURLOPT_NETRC, (long) CURL_NETRC_IGNORED) &&
		SET(CURLOPT_COOKIEFILE, NULL) &&
		SET(CURLOPT_UNRESTRICTED_AUTH, 0L) &&
		SET(CURLOPT_SSL_VERIFYPEER, 1L) &&
		SET(CURLOPT_SSL_VERIFYHOST, 2L) &&
		SET(CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2) &&
		(hop_index < 0 ||
		 (SET(CURLOPT_SSL_CTX_FUNCTION, watch_tls) &&
		  SET(CURLOPT_SSL_CTX_DATA, hop))) &&
		SET(CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1) &&
		SET(CURLOPT_HTTP09_ALLOWED, 0L) &&
		SET(CURLOPT_HTTP_CONTENT_DECODING, 0L) &&
		SET(CURLOPT_FRESH_CONNECT, 1L) &&
		SET(CURLOPT_FORBID_REUSE, 1L) &&
		SET(CURLOPT_DNS_CACHE_TIMEOUT, 0L) &&
		SET(CURLOPT_NOSIGNAL, 1L);
}

static void
detach(CbHop *hop)
{
	if (hop->attached)
		curl_multi_remove_handle(hop->multi, hop->easy);
	hop->attached = false;
}

static CbFetchProblem
judge_answer(CbHop *hop, CURLcode code)
{
	if (hop->found != CB_FETCH_OK)
		return hop->found;
	if (hop->answered)
		return cb_fetch_problem_of_status(hop->status);
	if (code != CURLE_OK)
		return problem_of_code(hop, code);
	if (hop->status != 200)
		return CB_FETCH_NOT_HTTP;
	if (ends_early(hop))
		return CB_FETCH_BROKEN;
	if (!cb_body_is_whole(&hop->body))
		return CB_FETCH_ENCODING;
	return CB_FETCH_OK;
}

/*
 * A body without a length ends with the connection, and TLS says whether that
 * was meant; libcurl would let it pass when it was not.
 */
static bool
ends_early(const CbHop *hop)
{
	return hop->has_tls && !hop->closed &&
		!hop->head.is_chunked && hop->head.length[0] == '\0';
}

static CbFetchProblem
problem_of_code(CbHop *hop, CURLcode code)
{
	curl_off_t	began = 0;		/* us until the request could be sent */

	curl_easy_getinfo(hop->easy, CURLINFO_PRETRANSFER_TIME_T, &began);
	switch (code)
	{
		case CURLE_COULDNT_RESOLVE_HOST:
		case CURLE_COULDNT_CONNECT:
			if (hop->refused > 0 && hop->tried == 0)
				return CB_FETCH_ADDRESS;
			return CB_FETCH_UNREACHABLE;
		case CURLE_OPERATION_TIMEDOUT:
			return began == 0 ? CB_FETCH_UNREACHABLE : CB_FETCH_SLOW;
		case CURLE_SSL_CONNECT_ERROR:
			return CB_FETCH_HANDSHAKE;
		case CURLE_PEER_FAILED_VERIFICATION:
			return CB_FETCH_CERTIFICATE;
		case CURLE_GOT_NOTHING:
		case CURLE_SEND_ERROR:
		case CURLE_RECV_ERROR:
		case CURLE_PARTIAL_FILE:
			return CB_FETCH_BROKEN;
		case CURLE_FILESIZE_EXCEEDED:
			return CB_FETCH_TOO_LARGE;
		case CURLE_BAD_CONTENT_ENCODING:
			return CB_FETCH_ENCODING;
		case CURLE_UNSUPPORTED_PROTOCOL:
		case CURLE_WEIRD_SERVER_REPLY:
#if LIBCURL_VERSION_NUM >= 0x080600
		case CURLE_TOO_LARGE:
#endif
			return CB_FETCH_NOT_HTTP;
		case CURLE_OUT_OF_MEMORY:
			/* Older ones say so of a header line that has no end, too. */
			return began > 0 && hop->status == 0 ? CB_FETCH_NOT_HTTP :
				CB_FETCH_FAILED;
		default:
			return CB_FETCH_FAILED;
	}
}

/*
 * Has this connection's TLS tell us its alerts.
 */
static CURLcode
watch_tls(CURL *easy, void *ssl_ctx, void *arg)
{
	CbHop	   *hop = arg;

	if (SSL_CTX_set_ex_data(ssl_ctx, hop_index, arg) != 1)
		return CURLE_OUT_OF_MEMORY;
	SSL_CTX_set_info_callback(ssl_ctx, note_alert);
	hop->has_tls = true;
	return CURLE_OK;
}

/*
 * Notes that the host said that it is at its end.
 */
static void
note_alert(const SSL *ssl, int where, int value)
{
	CbHop	   *hop = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), hop_index);

	if (where == SSL_CB_READ_ALERT && (value & 0xff) == SSL_AD_CLOSE_NOTIFY)
		hop->closed = true;
}

/*
 * Gives libcurl a socket for this address, or none.
 */
static curl_socket_t
open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	CbHop	   *hop = arg;
	CbAddressVerdict verdict;
	int			fd;

	verdict = cb_address_judge(&address->addr, address->addrlen,
							   hop->request->networks);
	if (purpose != CURLSOCKTYPE_IPCXN ||
		(verdict != CB_ADDRESS_PUBLIC && verdict != CB_ADDRESS_EXCEPTED))
	{
		hop->refused++;
		return CURL_SOCKET_BAD;
	}
	hop->tried++;
	fd = socket(address->family, address->socktype, address->protocol);
	if (fd < 0)
		return CURL_SOCKET_BAD;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	return fd;
}

/*
 * Counts a header line.  What follows the headers of anything but a 200 is not
 * wanted, so the transfer ends there.  Lines that follow the body are not
 * looked at.
 */
static size_t
take_header(char *line, size_t size, size_t count, void *arg)
{
	CbHop	   *hop = arg;
	size_t		len = size * count;

	hop->head_bytes += len;
	if (hop->head_bytes > HEAD_MAX)
	{
		hop->found = CB_FETCH_NOT_HTTP;
		return 0;
	}
	if (hop->status == 200)
		return len;
	if (line[0] == '\r' || line[0] == '\n')
		return end_head(hop) ? len : 0;
	return len;
}

/*
 * All headers are there.  Is the body wanted?
 */
static bool
end_head(CbHop *hop)
{
	long		status = 0;
	curl_off_t	expected = -1;

	curl_easy_getinfo(hop->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(hop->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T,
					  &expected);
	if (status >= 100 && status < 200)
		return true;
	cb_fetch_head_take(&hop->head, hop->easy);
	hop->status = (int) status;
	hop->expected = expected;
	hop->answered = status != 200;
	if (hop->answered)
		return false;
	if (hop->head.bad_length)
		hop->found = CB_FETCH_NOT_HTTP;
	else if (hop->head.bad_encoding)
		hop->found = CB_FETCH_ENCODING;
	else
		hop->found = cb_body_begin(&hop->body, hop->head.is_gzip,
								   hop->request->limits.max_bytes);
	return hop->found == CB_FETCH_OK;
}

static size_t
take_body(char *data, size_t size, size_t count, void *arg)
{
	CbHop	   *hop = arg;

	hop->found = hop->status != 200 ? CB_FETCH_NOT_HTTP :
		cb_body_add(&hop->body, data, size * count);
	return hop->found == CB_FETCH_OK ? size * count : 0;
}
