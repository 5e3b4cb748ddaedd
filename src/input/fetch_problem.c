/*-------------------------------------------------------------------------
 *
 * fetch_problem.c
 *		What can go wrong with a fetch, and when to try again.
 *
 * The sentences are constants: they go to whoever may see a job, and a URL can
 * be a secret.  They do not tell a closed port from a silent one, so that a
 * job is no tool to look around with.
 *
 * Nothing here needs a server: a fuzzer can call it.
 *
 *-------------------------------------------------------------------------
 */
#include "input/fetch_problem.h"

#include <stddef.h>

#define DELAY_FIRST		1000	/* ms before the second attempt */
#define DELAY_DOUBLINGS	6
#define DELAY_MAX		60000	/* ms, unless the host asks for more */
#define DELAY_SPREAD	1000	/* ms added to what a host asks for, at most */

/* In the order of CbFetchProblem. */
static const CbFetchProblemText texts[CB_FETCH_PROBLEMS] = {
	{"ok", "the file was fetched", "There is nothing to do.", false},
	{"fetch_off", "imports from a URL are switched off",
	"A superuser names the hosts that may be asked in canopy_bulk.import_allowed_hosts.", false},
	{"url_invalid", "the URL is malformed",
	"Give a whole URL of at most 2048 bytes, such as https://files.example.com/people.csv.", false},
	{"url_credentials", "the URL contains a user name or password",
	"Use a URL that needs none, such as a signed one.", false},
	{"url_scheme_not_allowed", "the scheme of the URL is not allowed",
	"Use https. Plain http is for the hosts that canopy_bulk.import_allowed_hosts lists as http://host.", false},
	{"host_not_allowed", "the host of the URL is not allowed",
	"Ask a superuser to add the host to canopy_bulk.import_allowed_hosts.", false},
	{"port_not_allowed", "the port of the URL is not allowed for its host",
	"Use the default port, or ask a superuser to list the host as host:port in canopy_bulk.import_allowed_hosts.", false},
	{"address_not_allowed", "the host has no public address",
	"Its address is private, reserved or of this server. A superuser can list its network in canopy_bulk.import_allowed_networks.", false},
	{"redirect_invalid", "the host redirects too often or to nowhere",
	"Give the URL that the redirects end at; at most 3 are followed.", false},
	{"host_unreachable", "could not connect to the host",
	"Check the name of the host, and that it can be reached from the database server.", true},
	{"tls_failed", "could not agree on TLS with the host",
	"The host must offer TLS 1.2 or later.", true},
	{"certificate_invalid", "the certificate of the host is not valid",
	"It must be current, name the host, and come from an authority that the database server trusts.", false},
	{"connection_broken", "the connection ended before the file was whole",
	"Try again; when it stays so, the host ends its answers too early or announces a wrong length.", true},
	{"fetch_too_slow", "the host took too long",
	"The file must come within 30 seconds and without long pauses. Prepare it before the import, or upload it.", false},
	{"file_too_large", "the file is too large",
	"At most 10 MB are imported, decompressed. Split the file.", false},
	{"encoding_not_supported", "the compression of the file cannot be read",
	"Send the file as it is, or with a whole gzip as its Content-Encoding.", false},
	{"answer_invalid", "the answer of the host is not valid HTTP",
	"Check that the URL leads to a web server, and to the right port of it.", false},
	{"fetch_forbidden", "the host does not give the file out",
	"It asks for a login, or a signed URL has expired. Make a new URL that needs no login.", false},
	{"file_not_found", "the host has no such file",
	"Check the path of the URL.", false},
	{"host_busy", "the host could not answer now",
	"It is overloaded or in trouble. Repeat the job later.", true},
	{"status_unexpected", "the host answered with an unexpected status",
	"The URL must lead to the file itself, with status 200.", false},
	{"fetch_failed", "could not fetch the file",
	"The database server lacked memory or could not use libcurl; its administrator should look into the log.", false}
};

/*
 * The words for a problem; constant.
 */
const CbFetchProblemText *
cb_fetch_problem_text(CbFetchProblem problem)
{
	return &texts[problem];
}

/*
 * What a final status says.  Redirects are unexpected here: they were followed
 * where they could be.
 */
CbFetchProblem
cb_fetch_problem_of_status(int status)
{
	switch (status)
	{
		case 200:
			return CB_FETCH_OK;
		case 401:
		case 403:
		case 407:
			return CB_FETCH_FORBIDDEN;
		case 404:
		case 410:
			return CB_FETCH_NOT_FOUND;
		case 429:
		case 500:
		case 502:
		case 503:
		case 504:
			return CB_FETCH_BUSY;
		default:
			return CB_FETCH_STATUS;
	}
}

/*
 * How long to wait, in ms, after attempt (from 1) failed: twice as long as
 * before, less a random part of up to a half, so that jobs that failed
 * together do not come back together.  Never less than the seconds that the
 * host asked for (-1: it did not), up to CB_FETCH_RETRY_AFTER_MAX.
 */
int
cb_fetch_retry_delay(int attempt, int64_t retry_after, uint32_t random)
{
	int			doublings = attempt < 1 ? 0 : attempt - 1;
	int			delay = DELAY_MAX;
	int			asked;

	if (doublings < DELAY_DOUBLINGS)
		delay = DELAY_FIRST << doublings;
	delay -= (int) (random % (uint32_t) (delay / 2 + 1));
	if (retry_after < 0)
		return delay;
	if (retry_after > CB_FETCH_RETRY_AFTER_MAX)
		retry_after = CB_FETCH_RETRY_AFTER_MAX;
	asked = (int) retry_after * 1000 + (int) (random % (DELAY_SPREAD + 1));
	return asked > delay ? asked : delay;
}
