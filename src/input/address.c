/*-------------------------------------------------------------------------
 *
 * address.c
 *		Which addresses of the network a fetch may connect to.
 *
 * What decides is the address of the socket, never the name: a name may mean
 * another address a moment later.  Therefore:
 *
 *	- IPv4 is allowed but for the networks that IANA lists as not global;
 *	- IPv6 is allowed in 2000::/3 only, less what is special in there: what
 *	  carries an IPv4 address inside (mapped, compatible, NAT64, 6to4, Teredo)
 *	  is refused as a whole, whatever that address is;
 *	- an address of an interface of this machine is refused, public or not;
 *	- a list of networks, which the caller must give, overrides all of it.
 *
 * Nothing here needs a server: a fuzzer can call it.
 *
 *-------------------------------------------------------------------------
 */
#include "input/address.h"

#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include "input/entries.h"

#define ADDRESS_MAX		16		/* bytes of an address */
#define NETWORK_TEXT	49		/* bytes of "address/bits", without the NUL */

/* An address, or with fewer bits a network. */
typedef struct CbNetwork
{
	int			family;
	unsigned char bytes[ADDRESS_MAX];
	int			bits;			/* that count */
} CbNetwork;

struct CbNetworkList
{
	size_t		count;
	CbNetwork	networks[];
};

/* What is not public in IPv4, and in 2000::/3. */
static const char *const special_networks[] = {
	"0.0.0.0/8",				/* this network */
	"10.0.0.0/8",				/* private */
	"100.64.0.0/10",			/* shared by a carrier's customers */
	"127.0.0.0/8",				/* loopback */
	"169.254.0.0/16",			/* link-local, and metadata of clouds */
	"172.16.0.0/12",			/* private */
	"192.0.0.0/24",				/* protocol assignments */
	"192.0.2.0/24",				/* documentation */
	"192.31.196.0/24",			/* AS112 */
	"192.52.193.0/24",			/* AMT */
	"192.88.99.0/24",			/* 6to4 relays */
	"192.168.0.0/16",			/* private */
	"192.175.48.0/24",			/* AS112 */
	"198.18.0.0/15",			/* benchmarks */
	"198.51.100.0/24",			/* documentation */
	"203.0.113.0/24",			/* documentation */
	"224.0.0.0/4",				/* multicast */
	"240.0.0.0/4",				/* reserved, and broadcast */
	"2001::/23",				/* Teredo, ORCHID and other assignments */
	"2001:db8::/32",			/* documentation */
	"2002::/16",				/* 6to4 */
	"2620:4f:8000::/48",		/* AS112 */
	"3fff::/20"					/* documentation */
};

static const char public_ipv6[] = "2000::/3";

static bool parse_network(const char *entry, size_t len, CbNetwork *network);
static bool parse_bits(const char *bits, int *value, int most);
static bool read_address(const struct sockaddr *address, size_t len,
						 CbNetwork *out);
static bool is_special(const CbNetwork *address);
static bool is_within(const CbNetwork *address, const CbNetwork *network);
static CbAddressVerdict judge_interfaces(const CbNetwork *address);

/*
 * Reads a list of networks, between commas or white space: an address, or an
 * address and its bits ("10.1.0.0/16").  The result is to be freed with
 * cb_address_networks_free.
 *
 * NULL when an entry is malformed, with its offset in *bad, or out of memory,
 * with the length of the list in *bad.
 */
CbNetworkList *
cb_address_networks(const char *list, size_t *bad)
{
	size_t		count = cb_entries_count(list);
	CbNetworkList *networks;
	const char *entry = list;
	size_t		len;

	networks = malloc(sizeof(CbNetworkList) + count * sizeof(CbNetwork));
	if (networks == NULL)
	{
		*bad = strlen(list);
		return NULL;
	}
	networks->count = 0;
	while ((entry = cb_entries_next(entry, &len)) != NULL)
	{
		if (!parse_network(entry, len, &networks->networks[networks->count]))
		{
			*bad = (size_t) (entry - list);
			free(networks);
			return NULL;
		}
		networks->count++;
		entry += len;
	}
	return networks;
}

void
cb_address_networks_free(CbNetworkList *networks)
{
	free(networks);
}

/*
 * Judges the address of a socket, len bytes of it, with networks as exceptions
 * (NULL: none).  Only PUBLIC and EXCEPTED may be connected to.
 */
CbAddressVerdict
cb_address_judge(const struct sockaddr *address, size_t len,
				 const CbNetworkList *networks)
{
	CbNetwork	peer;
	size_t		i;

	if (!read_address(address, len, &peer))
		return CB_ADDRESS_UNKNOWN;
	for (i = 0; networks != NULL && i < networks->count; i++)
	{
		if (is_within(&peer, &networks->networks[i]))
			return CB_ADDRESS_EXCEPTED;
	}
	if (is_special(&peer))
		return CB_ADDRESS_SPECIAL;
	return judge_interfaces(&peer);
}

/*
 * An address with bits set behind those that count is refused: it is most
 * often a slip, and then allows more than was meant.
 */
static bool
parse_network(const char *entry, size_t len, CbNetwork *network)
{
	char		text_form[NETWORK_TEXT + 1];
	char	   *slash;
	CbNetwork	whole;
	int			most;
	int			i;

	if (len > NETWORK_TEXT)
		return false;
	memcpy(text_form, entry, len);
	text_form[len] = '\0';
	slash = strchr(text_form, '/');
	if (slash != NULL)
		*slash = '\0';

	memset(network, 0, sizeof(*network));
	network->family = strchr(text_form, ':') != NULL ? AF_INET6 : AF_INET;
	if (inet_pton(network->family, text_form, network->bytes) != 1)
		return false;
	most = network->family == AF_INET6 ? 128 : 32;
	network->bits = most;
	if (slash != NULL && !parse_bits(slash + 1, &network->bits, most))
		return false;

	whole = *network;
	for (i = network->bits; i < most; i++)
		whole.bytes[i / 8] &= (unsigned char) ~(0x80 >> (i % 8));
	return memcmp(whole.bytes, network->bytes, ADDRESS_MAX) == 0;
}

static bool
parse_bits(const char *bits, int *value, int most)
{
	if (*bits == '\0' || strlen(bits) > 3)
		return false;
	for (*value = 0; *bits != '\0'; bits++)
	{
		if (*bits < '0' || *bits > '9')
			return false;
		*value = *value * 10 + (*bits - '0');
	}
	return *value <= most;
}

static bool
read_address(const struct sockaddr *address, size_t len, CbNetwork *out)
{
	memset(out, 0, sizeof(*out));
	if (len < sizeof(struct sockaddr))
		return false;
	out->family = address->sa_family;
	if (out->family == AF_INET && len >= sizeof(struct sockaddr_in))
	{
		struct sockaddr_in in4;

		memcpy(&in4, address, sizeof(in4));
		memcpy(out->bytes, &in4.sin_addr, sizeof(in4.sin_addr));
		out->bits = 32;
		return true;
	}
	if (out->family == AF_INET6 && len >= sizeof(struct sockaddr_in6))
	{
		struct sockaddr_in6 in6;

		memcpy(&in6, address, sizeof(in6));
		memcpy(out->bytes, &in6.sin6_addr, sizeof(in6.sin6_addr));
		out->bits = 128;
		return true;
	}
	return false;
}

static bool
is_special(const CbNetwork *address)
{
	CbNetwork	network;
	size_t		i;

	if (address->family == AF_INET6 &&
		(!parse_network(public_ipv6, strlen(public_ipv6), &network) ||
		 !is_within(address, &network)))
		return true;
	for (i = 0; i < sizeof(special_networks) / sizeof(char *); i++)
	{
		const char *special = special_networks[i];

		/* An entry that cannot be read would allow: it refuses instead. */
		if (!parse_network(special, strlen(special), &network) ||
			is_within(address, &network))
			return true;
	}
	return false;
}

static bool
is_within(const CbNetwork *address, const CbNetwork *network)
{
	int			whole = network->bits / 8;
	int			rest = network->bits % 8;
	int			mask = 0xff00 >> rest;

	if (address->family != network->family)
		return false;
	return memcmp(address->bytes, network->bytes, (size_t) whole) == 0 &&
		(rest == 0 ||
		 ((address->bytes[whole] ^ network->bytes[whole]) & mask & 0xff) == 0);
}

/*
 * Is a public address one of this machine's own?  When the interfaces cannot
 * be listed, it might be.
 */
static CbAddressVerdict
judge_interfaces(const CbNetwork *address)
{
	CbAddressVerdict verdict = CB_ADDRESS_PUBLIC;
	struct ifaddrs *interfaces;
	struct ifaddrs *interface;

	if (getifaddrs(&interfaces) != 0)
		return CB_ADDRESS_UNKNOWN;
	for (interface = interfaces; interface != NULL;
		 interface = interface->ifa_next)
	{
		const struct sockaddr *own = interface->ifa_addr;
		CbNetwork	network;
		size_t		len;

		if (own == NULL)
			continue;
		len = own->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) :
			sizeof(struct sockaddr_in);
		if (read_address(own, len, &network) && is_within(address, &network))
			verdict = CB_ADDRESS_OWN;
	}
	freeifaddrs(interfaces);
	return verdict;
}
