/*-------------------------------------------------------------------------
 *
 * host.c
 *		Names of hosts, and the list of those a fetch may ask.
 *
 * Names are compared in their canonical form, those of the list too: A-labels
 * in lower case without a final dot, or an address as inet_ntop writes it.
 * An entry names one port: the default one, unless it says another.
 *
 * Nothing here needs a server: a fuzzer can call it.
 *
 *-------------------------------------------------------------------------
 */
#include "input/host.h"

#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <strings.h>

#include "input/domain.h"
#include "input/entries.h"

#define PORT_HTTP		80
#define PORT_HTTPS		443
#define PORT_MAX		65535

/* One entry of the list. */
typedef struct CbHost
{
	char		name[CB_HOST_MAX + 1];	/* canonical; of a suffix without "*." */
	bool		is_suffix;
	bool		is_plain;		/* plain http is allowed */
	int			port;			/* 0: the default one */
} CbHost;

struct CbHostList
{
	size_t		count;
	CbHost		hosts[];
};

static bool canonicalise_ipv6(const char *in, size_t len, char *out);
static bool canonicalise_ipv4(const char *in, size_t len, char *out);
static bool parse_entry(const char *entry, size_t len, CbHost *host);
static bool take_prefix(const char **entry, size_t *len, const char *prefix);
static bool split_port(const char *entry, size_t *len, int *port);
static bool names_host(const CbHost *entry, const char *host);

/*
 * Writes the canonical form of a host (len bytes, no NUL needed) to out, which
 * has room for CB_HOST_MAX + 1 bytes: a domain, an IPv4 address of four
 * decimal numbers, or an IPv6 address in brackets.  False when it is none of
 * these; then out is the empty string.
 */
bool
cb_host_canonicalise(const char *in, size_t len, char *out)
{
	out[0] = '\0';
	if (len > 0 && in[0] == '[')
		return canonicalise_ipv6(in, len, out);
	if (len > 0 && in[len - 1] == '.')
		len--;
	return canonicalise_ipv4(in, len, out) ||
		cb_domain_canonicalise(in, len, out, CB_HOST_MAX) == CB_DOMAIN_OK;
}

/*
 * Reads a list of hosts.  The result is to be freed with cb_host_list_free.
 *
 * NULL when an entry is malformed, with its offset in *bad, or out of memory,
 * with the length of the list in *bad.
 */
CbHostList *
cb_host_list(const char *list, size_t *bad)
{
	size_t		count = cb_entries_count(list);
	CbHostList *hosts = malloc(sizeof(CbHostList) + count * sizeof(CbHost));
	const char *entry = list;
	size_t		len;

	if (hosts == NULL)
	{
		*bad = strlen(list);
		return NULL;
	}
	hosts->count = 0;
	while ((entry = cb_entries_next(entry, &len)) != NULL)
	{
		if (!parse_entry(entry, len, &hosts->hosts[hosts->count]))
		{
			*bad = (size_t) (entry - list);
			free(hosts);
			return NULL;
		}
		hosts->count++;
		entry += len;
	}
	return hosts;
}

bool
cb_host_list_is_empty(const CbHostList *hosts)
{
	return hosts == NULL || hosts->count == 0;
}

void
cb_host_list_free(CbHostList *hosts)
{
	free(hosts);
}

/*
 * May this host, in its canonical form, be asked at this port, with plain http
 * or with https?  When not, the verdict is the one of the entry that came
 * closest.
 */
CbHostVerdict
cb_host_judge(const CbHostList *hosts, const char *host, int port, bool plain)
{
	CbHostVerdict verdict = CB_HOST_UNLISTED;
	size_t		i;

	for (i = 0; hosts != NULL && i < hosts->count; i++)
	{
		const CbHost *entry = &hosts->hosts[i];
		int			wanted = entry->port;

		if (!names_host(entry, host))
			continue;
		if (plain && !entry->is_plain)
		{
			verdict = CB_HOST_PLAIN;
			continue;
		}
		if (wanted == 0)
			wanted = plain ? PORT_HTTP : PORT_HTTPS;
		if (port == wanted)
			return CB_HOST_ALLOWED;
		if (verdict == CB_HOST_UNLISTED)
			verdict = CB_HOST_PORT;
	}
	return verdict;
}

static bool
canonicalise_ipv6(const char *in, size_t len, char *out)
{
	char		address[INET6_ADDRSTRLEN];
	unsigned char bytes[16];

	if (len < 3 || in[len - 1] != ']' || len - 2 >= sizeof(address))
		return false;
	memcpy(address, in + 1, len - 2);
	address[len - 2] = '\0';
	if (memchr(address, '\0', len - 2) != NULL ||
		inet_pton(AF_INET6, address, bytes) != 1 ||
		inet_ntop(AF_INET6, bytes, out + 1, INET6_ADDRSTRLEN) == NULL)
		return false;
	out[0] = '[';
	strcat(out, "]");
	return true;
}

static bool
canonicalise_ipv4(const char *in, size_t len, char *out)
{
	char		address[INET_ADDRSTRLEN];
	unsigned char bytes[4];

	if (len == 0 || len >= sizeof(address) || memchr(in, '\0', len) != NULL)
		return false;
	memcpy(address, in, len);
	address[len] = '\0';
	return inet_pton(AF_INET, address, bytes) == 1 &&
		inet_ntop(AF_INET, bytes, out, INET_ADDRSTRLEN) != NULL;
}

static bool
parse_entry(const char *entry, size_t len, CbHost *host)
{
	char		address[CB_HOST_MAX + 1];

	memset(host, 0, sizeof(*host));
	host->is_plain = take_prefix(&entry, &len, "http://");
	if (!host->is_plain)
		take_prefix(&entry, &len, "https://");
	host->is_suffix = take_prefix(&entry, &len, "*.");
	if (!split_port(entry, &len, &host->port) ||
		!cb_host_canonicalise(entry, len, host->name))
		return false;
	/* An address has no names below it. */
	return !host->is_suffix ||
		(host->name[0] != '[' &&
		 !canonicalise_ipv4(host->name, strlen(host->name), address));
}

static bool
take_prefix(const char **entry, size_t *len, const char *prefix)
{
	size_t		n = strlen(prefix);

	if (*len < n || strncasecmp(*entry, prefix, n) != 0)
		return false;
	*entry += n;
	*len -= n;
	return true;
}

/*
 * Takes ":port" from the end of an entry.  False when what is behind the colon
 * is no port.
 */
static bool
split_port(const char *entry, size_t *len, int *port)
{
	size_t		start = *len;
	size_t		i;

	while (start > 0 && entry[start - 1] >= '0' && entry[start - 1] <= '9')
		start--;
	if (start == 0 || entry[start - 1] != ':')
		return true;
	if (start == *len || *len - start > 5)
		return false;
	*port = 0;
	for (i = start; i < *len; i++)
		*port = *port * 10 + (entry[i] - '0');
	*len = start - 1;
	return *port > 0 && *port <= PORT_MAX;
}

static bool
names_host(const CbHost *entry, const char *host)
{
	size_t		entry_len = strlen(entry->name);
	size_t		len = strlen(host);

	if (!entry->is_suffix)
		return strcmp(entry->name, host) == 0;
	return len > entry_len + 1 && host[len - entry_len - 1] == '.' &&
		strcmp(host + len - entry_len, entry->name) == 0;
}
