/*
 * fetch.c
 *	  Fuzzes what a fetch reads of strangers: hosts, URLs, header lines, gzip,
 *	  addresses, and the two lists of its settings.
 *
 * Build: src/input/fetch*.c src/input/host.c src/input/domain.c src/input/address.c src/input/entries.c src/input/gunzip.c -lcurl -lz -lssl -lcrypto -licuuc
 * Run: -max_len=2200
 *
 * The first byte chooses.  Besides never touching memory that is not ours, it
 * must hold that a canonical host is the canonical form of itself; that a URL
 * as it is shown is printable ASCII without query, fragment and user, and is
 * shown as itself; that what is kept of a header is printable; that an address
 * with an IPv4 address inside is never public; and that a body stays within its
 * bound.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <netinet/in.h>

#include "input/fetch.h"
#include "input/fetch_body.h"

#define BODY_MAX	100000

int			LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(int holds)
{
	if (!holds)
		abort();
}

static void
must_be_printable(const char *word)
{
	for (; *word != '\0'; word++)
		must(*word > ' ' && *word <= '~');
}

static void
fuzz_host(const char *text, size_t len)
{
	char		first[CB_HOST_MAX + 1];
	char		second[CB_HOST_MAX + 1];

	if (!cb_host_canonicalise(text, len, first))
	{
		must(first[0] == '\0');
		return;
	}
	must_be_printable(first);
	must(strpbrk(first, "@/?#%\\ ") == NULL);
	must(cb_host_canonicalise(first, strlen(first), second));
	must(strcmp(first, second) == 0);
}

static void
fuzz_lists(const char *text)
{
	size_t		bad = SIZE_MAX;
	CbHostList *hosts = cb_host_list(text, &bad);
	CbNetworkList *networks;

	must(hosts != NULL || bad < strlen(text));
	cb_host_judge(hosts, "a.example", 443, false);
	cb_host_list_free(hosts);
	bad = SIZE_MAX;
	networks = cb_address_networks(text, &bad);
	must(networks != NULL || bad < strlen(text));
	cb_address_networks_free(networks);
}

static void
fuzz_url(const char *text)
{
	static CbHostList *hosts = NULL;
	char		first[CB_FETCH_URL_MAX + 1];
	char		second[CB_FETCH_URL_MAX + 1];
	size_t		bad;

	if (hosts == NULL)
		hosts = cb_host_list("*.example http://a.test:8080 127.0.0.1", &bad);
	cb_fetch_check(text, hosts);
	cb_fetch_shown_url(text, first);
	must_be_printable(first);
	must(strpbrk(first, "?#") == NULL);
	if (strlen(first) == CB_FETCH_URL_MAX)
		return;
	cb_fetch_shown_url(first, second);
	must(strcmp(first, second) == 0);
}

static void
fuzz_head(const char *text)
{
	CbFetchHead head;

	cb_fetch_head_reset(&head);
	cb_fetch_head_take_type(&head, text);
	must_be_printable(head.media_type);
	must_be_printable(head.charset);
}

static void
fuzz_address(const char *bytes, size_t len)
{
	struct sockaddr_in6 in6;
	struct sockaddr_in in4;

	memset(&in6, 0, sizeof(in6));
	memset(&in4, 0, sizeof(in4));
	in6.sin6_family = AF_INET6;
	in4.sin_family = AF_INET;
	memcpy(&in6.sin6_addr, bytes, len < 16 ? len : 16);
	memcpy(&in4.sin_addr, bytes, len < 4 ? len : 4);
	cb_address_judge((struct sockaddr *) &in4, sizeof(in4), NULL);
	cb_address_judge((struct sockaddr *) &in6, len, NULL);
	if (cb_address_judge((struct sockaddr *) &in6, sizeof(in6), NULL) == CB_ADDRESS_PUBLIC)
		must((in6.sin6_addr.s6_addr[0] & 0xe0) == 0x20 &&
			 memcmp(in6.sin6_addr.s6_addr, "\x20\x02", 2) != 0 &&
			 memcmp(in6.sin6_addr.s6_addr, "\x20\x01\0\0", 4) != 0);
}

static void
fuzz_body(const char *bytes, size_t len, size_t piece)
{
	CbBody		body;
	CbFetchProblem problem;

	memset(&body, 0, sizeof(body));
	problem = cb_body_begin(&body, true, BODY_MAX);
	while (len > 0 && problem == CB_FETCH_OK)
	{
		size_t		n = len < piece ? len : piece;

		problem = cb_body_add(&body, bytes, n);
		bytes += n;
		len -= n;
	}
	must(body.len <= BODY_MAX && body.room <= BODY_MAX);
	cb_body_end(&body);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *text;

	if (size == 0)
		return 0;
	text = malloc(size);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	switch (data[0] % 6)
	{
		case 0:
			fuzz_host(text, size - 1);
			break;
		case 1:
			fuzz_lists(text);
			break;
		case 2:
			fuzz_url(text);
			break;
		case 3:
			fuzz_head(text);
			break;
		case 4:
			fuzz_address(text, size - 1);
			break;
		case 5:
			fuzz_body(text, size - 1, (size_t) data[0] + 1);
			break;
	}
	free(text);
	return 0;
}
