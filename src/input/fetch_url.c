/*-------------------------------------------------------------------------
 *
 * fetch_url.c
 *		The URL of a hop: parsed, judged, shown.
 *
 * libcurl's parser is the only one, so that what is judged here is what it
 * fetches: decimal, octal, hexadecimal and short IPv4 addresses are addresses
 * when the host is looked at, and a host is canonical from then on.
 *
 *-------------------------------------------------------------------------
 */
#include "input/fetch_url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "input/fetch.h"

#define PARSE_FLAGS		(CURLU_DISALLOW_USER | CURLU_URLENCODE)

static bool canonicalise_host(CURLU *url, char *host);

/*
 * Would the first hop of this URL be allowed, as far as the URL itself can
 * tell?
 */
CbFetchProblem
cb_fetch_check(const char *url, const CbHostList *hosts)
{
	CURLU	   *parsed = curl_url();
	CbFetchProblem problem;

	if (parsed == NULL)
		return CB_FETCH_FAILED;
	problem = cb_fetch_url_parse(parsed, url);
	if (problem == CB_FETCH_OK)
		problem = cb_fetch_url_judge(parsed, hosts);
	curl_url_cleanup(parsed);
	return problem;
}

/*
 * Writes a URL to out, which has room for CB_FETCH_URL_MAX + 1 bytes, as it may
 * be shown: ASCII, without user, password, query and fragment.  The empty
 * string when it is malformed.
 */
void
cb_fetch_shown_url(const char *url, char *out)
{
	CURLU	   *parsed = curl_url();

	out[0] = '\0';
	if (parsed != NULL && strlen(url) <= CB_FETCH_URL_MAX &&
		curl_url_set(parsed, CURLUPART_URL, url, CURLU_URLENCODE) == CURLUE_OK)
		cb_fetch_url_show(parsed, out);
	curl_url_cleanup(parsed);
}

/*
 * Parses input into url: an absolute URL, or one relative to what url is.
 */
CbFetchProblem
cb_fetch_url_parse(CURLU *url, const char *input)
{
	if (strlen(input) > CB_FETCH_URL_MAX)
		return CB_FETCH_URL_INVALID;
	switch (curl_url_set(url, CURLUPART_URL, input, PARSE_FLAGS))
	{
		case CURLUE_OK:
			return CB_FETCH_OK;
		case CURLUE_USER_NOT_ALLOWED:
			return CB_FETCH_URL_CREDENTIALS;
		case CURLUE_UNSUPPORTED_SCHEME:
			return CB_FETCH_SCHEME;
		case CURLUE_OUT_OF_MEMORY:
			return CB_FETCH_FAILED;
		default:
			return CB_FETCH_URL_INVALID;
	}
}

/*
 * May this URL be fetched?  Its host becomes canonical on the way.
 */
CbFetchProblem
cb_fetch_url_judge(CURLU *url, const CbHostList *hosts)
{
	char		host[CB_HOST_MAX + 1];
	char	   *scheme = NULL;
	char	   *port = NULL;
	bool		plain;
	bool		is_web;
	int			number;

	if (cb_host_list_is_empty(hosts))
		return CB_FETCH_OFF;
	if (curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK)
		return CB_FETCH_URL_INVALID;
	plain = strcmp(scheme, "http") == 0;
	is_web = plain || strcmp(scheme, "https") == 0;
	curl_free(scheme);
	if (!is_web)
		return CB_FETCH_SCHEME;
	if (!canonicalise_host(url, host) ||
		curl_url_get(url, CURLUPART_PORT, &port,
					 CURLU_DEFAULT_PORT) != CURLUE_OK)
		return CB_FETCH_URL_INVALID;
	number = atoi(port);
	curl_free(port);
	switch (cb_host_judge(hosts, host, number, plain))
	{
		case CB_HOST_ALLOWED:
			return CB_FETCH_OK;
		case CB_HOST_PORT:
			return CB_FETCH_PORT;
		case CB_HOST_PLAIN:
			return CB_FETCH_SCHEME;
		case CB_HOST_UNLISTED:
			break;
	}
	return CB_FETCH_HOST;
}

/*
 * Writes url to out as cb_fetch_shown_url does.
 */
void
cb_fetch_url_show(CURLU *url, char *out)
{
	CURLU	   *shown = curl_url_dup(url);
	char		host[CB_HOST_MAX + 1];
	char	   *whole = NULL;

	out[0] = '\0';
	if (shown != NULL && canonicalise_host(shown, host) &&
		curl_url_set(shown, CURLUPART_USER, NULL, 0) == CURLUE_OK &&
		curl_url_set(shown, CURLUPART_PASSWORD, NULL, 0) == CURLUE_OK &&
		curl_url_set(shown, CURLUPART_OPTIONS, NULL, 0) == CURLUE_OK &&
		curl_url_set(shown, CURLUPART_QUERY, NULL, 0) == CURLUE_OK &&
		curl_url_set(shown, CURLUPART_FRAGMENT, NULL, 0) == CURLUE_OK &&
		curl_url_get(shown, CURLUPART_URL, &whole, 0) == CURLUE_OK)
		snprintf(out, CB_FETCH_URL_MAX + 1, "%s", whole);
	curl_free(whole);
	curl_url_cleanup(shown);
}

/*
 * Replaces the host of url by its canonical form, which goes to host too.
 * False when there is none; a zone of an address is none of a stranger's
 * business either.
 */
static bool
canonicalise_host(CURLU *url, char *host)
{
	char	   *part = NULL;
	bool		is_host;

	if (curl_url_get(url, CURLUPART_ZONEID, &part, 0) == CURLUE_OK)
	{
		curl_free(part);
		return false;
	}
	if (curl_url_get(url, CURLUPART_HOST, &part, 0) != CURLUE_OK)
		return false;
	is_host = cb_host_canonicalise(part, strlen(part), host);
	curl_free(part);
	return is_host &&
		curl_url_set(url, CURLUPART_HOST, host, 0) == CURLUE_OK;
}
