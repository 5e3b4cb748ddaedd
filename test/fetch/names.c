/*
 * names.c
 *	  Which addresses, hosts and URLs may be fetched: tables; TAP.
 */
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "input/fetch.h"
#include "tap.h"

/* ---- addresses ---- */

static CbAddressVerdict
judge(const char *address, const CbNetworkList *networks)
{
	struct sockaddr_in6 in6;
	struct sockaddr_in in4;

	memset(&in6, 0, sizeof(in6));
	memset(&in4, 0, sizeof(in4));
	in6.sin6_family = AF_INET6;
	in4.sin_family = AF_INET;
	if (inet_pton(AF_INET6, address, &in6.sin6_addr) == 1)
		return cb_address_judge((struct sockaddr *) &in6, sizeof(in6), networks);
	if (inet_pton(AF_INET, address, &in4.sin_addr) == 1)
		return cb_address_judge((struct sockaddr *) &in4, sizeof(in4), networks);
	abort();
}

static void
test_addresses(void)
{
	/* The first and the last of each network, and what is next to it. */
	static const char *const refused[] = {
		"0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255",
		"100.64.0.0", "100.127.255.255", "127.0.0.0", "127.0.0.1",
		"127.255.255.255", "169.254.0.0", "169.254.169.254",
		"169.254.255.255", "172.16.0.0", "172.31.255.255", "192.0.0.0",
		"192.0.0.255", "192.0.2.0", "192.0.2.255", "192.88.99.1",
		"192.168.0.0", "192.168.255.255", "198.18.0.0", "198.19.255.255",
		"198.51.100.0", "198.51.100.255", "203.0.113.0", "203.0.113.255",
		"224.0.0.0", "239.255.255.255", "240.0.0.0", "255.255.255.254",
		"255.255.255.255",
		"::", "::1", "::2", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1",
		"::ffff:8.8.8.8", "::ffff:0:8.8.8.8", "64:ff9b::7f00:1",
		"64:ff9b::808:808", "64:ff9b:1::1", "64:ff9b:1:ffff::1", "100::1",
		"1fff:ffff::1", "2001::", "2001::1", "2001:0:4136:e378::1",
		"2001:1ff:ffff::1", "2001:db8::1", "2001:db8:ffff::1", "2002::1",
		"2002:7f00:1::", "2002:808:808::1", "3fff::1", "3fff:fff::1",
		"4000::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fdff::1",
		"fe80::1", "febf::1", "fec0::1", "ff00::1", "ff02::1", "ffff::1"
	};
	static const char *const allowed[] = {
		"1.0.0.0", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255",
		"100.128.0.0", "126.255.255.255", "128.0.0.0", "169.253.255.255",
		"169.255.0.0", "172.15.255.255", "172.32.0.0", "191.255.255.255",
		"192.0.1.0", "192.0.3.0", "192.167.255.255", "192.169.0.0",
		"198.17.255.255", "198.20.0.0", "198.51.99.255", "198.51.101.0",
		"203.0.112.255", "203.0.114.0", "223.255.255.255",
		"2000::1", "2001:200::1", "2001:db7:ffff::1", "2001:db9::1",
		"2001:4860:4860::8888", "2003::1", "2606:4700::1", "3ffe:ffff::1",
		"3fff:1000::1"
	};
	struct sockaddr_storage other;
	size_t		i;

	for (i = 0; i < sizeof(refused) / sizeof(char *); i++)
		ok(judge(refused[i], NULL) == CB_ADDRESS_SPECIAL,
		   "an address that is not public is refused", refused[i]);
	for (i = 0; i < sizeof(allowed) / sizeof(char *); i++)
		ok(judge(allowed[i], NULL) == CB_ADDRESS_PUBLIC,
		   "a public address is allowed", allowed[i]);
	memset(&other, 0, sizeof(other));
	other.ss_family = AF_UNIX;
	ok(cb_address_judge((struct sockaddr *) &other, sizeof(other),
						NULL) == CB_ADDRESS_UNKNOWN,
	   "what is no address of the Internet is refused", "AF_UNIX");
	other.ss_family = AF_INET6;
	ok(cb_address_judge((struct sockaddr *) &other, sizeof(struct sockaddr_in),
						NULL) == CB_ADDRESS_UNKNOWN,
	   "what is too short for its family is refused", "AF_INET6");
}

static void
test_networks(void)
{
	static const char *const bad[] = {
		"x", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x",
		"10.0.0.1/8", "10.0.0", "010.0.0.0/8", "::1/129", "::1/64",
		"fe80::1%lo", "10.0.0.0/8/8", "/8", "10.0.0.0 /8", "[::1]",
		"10.0.0.0/0008",
		"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"
	};
	static const struct
	{
		const char *list;
		const char *address;
		bool		excepted;
	}			rows[] = {
		{"10.0.0.0/8", "10.1.2.3", true},
		{"10.0.0.0/8", "11.1.2.3", false},
		{"127.0.0.2", "127.0.0.2", true},
		{"127.0.0.2", "127.0.0.1", false},
		{"127.0.0.2/31", "127.0.0.3", true},
		{"127.0.0.2/31", "127.0.0.4", false},
		{"0.0.0.0/0", "127.0.0.1", true},
		{"0.0.0.0/0", "::ffff:127.0.0.1", false},
		{"0.0.0.0/0", "::1", false},
		{"::1", "::1", true},
		{"::/0", "fe80::1", true},
		{"::/0", "127.0.0.1", false},
		{"fd00:1234::/33", "fd00:1234:7fff::1", true},
		{"fd00:1234::/33", "fd00:1234:8000::1", false},
		{" 10.0.0.0/8 ,\t192.168.0.0/16 ", "192.168.3.4", true},
		{"", "10.0.0.1", false},
		{" , ,", "10.0.0.1", false}
	};
	CbNetworkList *networks;
	size_t		offset = 0;
	size_t		i;

	for (i = 0; i < sizeof(bad) / sizeof(char *); i++)
		ok(cb_address_networks(bad[i], &offset) == NULL,
		   "a malformed network is refused", bad[i]);
	ok(cb_address_networks("10.0.0.0/8, 10.0.0.1/8", &offset) == NULL &&
	   offset == 12, "the offset of a malformed network is told", "12");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
	{
		networks = cb_address_networks(rows[i].list, &offset);
		ok(networks != NULL &&
		   (judge(rows[i].address, networks) == CB_ADDRESS_EXCEPTED) ==
		   rows[i].excepted, rows[i].list, rows[i].address);
		cb_address_networks_free(networks);
	}
}

/* ---- hosts ---- */

static void
test_host_names(void)
{
	/* in, and what becomes of it; NULL: refused */
	static const char *const rows[][2] = {
		{"Example.COM", "example.com"}, {"example.com.", "example.com"},
		{"example.com..", NULL}, {".example.com", NULL}, {".", NULL},
		{"", NULL}, {"localhost", "localhost"},
		{"m\xc3\xbcnchen.example", "xn--mnchen-3ya.example"},
		{"XN--MNCHEN-3YA.example", "xn--mnchen-3ya.example"},
		{"xn--a.example", NULL},
		{"g\xd0\xbe\xd0\xbe" "d.test", "xn--gd-fmca.test"},
		{"\xef\xbc\x91.example", "1.example"},
		{"stra\xc3\x9f" "e.example", "xn--strae-oqa.example"},
		{"a\xe2\x80\x8b" "b.example", NULL}, {"a\xe2\x80\xae.example", NULL},
		{"a\xff.example", NULL}, {"a b.example", NULL}, {"a/b", NULL},
		{"a@b", NULL}, {"a%2eb", NULL}, {"-a.example", NULL},
		{"127.0.0.1", "127.0.0.1"}, {"127.0.0.1.", "127.0.0.1"},
		{"127.1", NULL}, {"0x7f.1", NULL}, {"127.0.0.0x1", NULL},
		{"0x7f000001", NULL}, {"2130706433", NULL}, {"127.0.0.01", NULL},
		{"1.2.3.4.5", NULL}, {"256.1.1.1", NULL}, {"1.2.3.4.example", "1.2.3.4.example"},
		{"127\xe3\x80\x82" "0\xe3\x80\x82" "0\xe3\x80\x82" "1", NULL},
		{"[::1]", "[::1]"}, {"[0:0:0:0:0:0:0:1]", "[::1]"},
		{"[::FFFF:127.0.0.1]", "[::ffff:127.0.0.1]"}, {"[::1", NULL},
		{"::1", NULL}, {"[]", NULL}, {"[fe80::1%25lo]", NULL},
		{"[127.0.0.1]", NULL}
	};
	char		out[CB_HOST_MAX + 1];
	size_t		i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
	{
		bool		is_host = cb_host_canonicalise(rows[i][0],
												   strlen(rows[i][0]), out);

		ok(rows[i][1] == NULL ? !is_host && out[0] == '\0' :
		   is_host && strcmp(out, rows[i][1]) == 0,
		   "the canonical form of a host", rows[i][0]);
	}
}

static void
test_host_lists(void)
{
	static const char *const bad[] = {
		"*", "*.", "**.example", "a.*.example", "*example", "host:", "host:0",
		"host:65536", "host:-1", "host:https", "ftp://host", "http:host",
		"http://", "host/path", "user@host", "host?x", "*.127.0.0.1",
		"*.[::1]", "::1", "[::1", "*.1", "host#x", "host:80:80", "host.."
	};
	static const struct
	{
		const char *list;
		const char *host;
		int			port;
		bool		plain;
		CbHostVerdict verdict;
	}			rows[] = {
		{"a.test", "a.test", 443, false, CB_HOST_ALLOWED},
		{"a.test", "a.test", 80, true, CB_HOST_PLAIN},
		{"a.test", "a.test", 80, false, CB_HOST_PORT},
		{"a.test", "a.test", 8443, false, CB_HOST_PORT},
		{"a.test", "b.a.test", 443, false, CB_HOST_UNLISTED},
		{"a.test", "xa.test", 443, false, CB_HOST_UNLISTED},
		{"A.Test.", "a.test", 443, false, CB_HOST_ALLOWED},
		{"https://a.test", "a.test", 443, false, CB_HOST_ALLOWED},
		{"https://a.test", "a.test", 80, true, CB_HOST_PLAIN},
		{"http://a.test", "a.test", 80, true, CB_HOST_ALLOWED},
		{"http://a.test", "a.test", 443, false, CB_HOST_ALLOWED},
		{"http://a.test", "a.test", 443, true, CB_HOST_PORT},
		{"HTTP://a.test", "a.test", 80, true, CB_HOST_ALLOWED},
		{"a.test:8443", "a.test", 8443, false, CB_HOST_ALLOWED},
		{"a.test:8443", "a.test", 443, false, CB_HOST_PORT},
		{"a.test:8443, a.test", "a.test", 443, false, CB_HOST_ALLOWED},
		{"http://a.test:8080", "a.test", 8080, true, CB_HOST_ALLOWED},
		{"http://a.test:8080", "a.test", 80, true, CB_HOST_PORT},
		{"*.test", "a.test", 443, false, CB_HOST_ALLOWED},
		{"*.test", "b.a.test", 443, false, CB_HOST_ALLOWED},
		{"*.test", "test", 443, false, CB_HOST_UNLISTED},
		{"*.test", "atest", 443, false, CB_HOST_UNLISTED},
		{"*.a.test:444", "b.a.test", 444, false, CB_HOST_ALLOWED},
		{"http://*.a.test", "b.a.test", 80, true, CB_HOST_ALLOWED},
		{"*.m\xc3\xbcnchen.test", "a.xn--mnchen-3ya.test", 443, false, CB_HOST_ALLOWED},
		{"127.0.0.1", "127.0.0.1", 443, false, CB_HOST_ALLOWED},
		{"[0::1]:8443", "[::1]", 8443, false, CB_HOST_ALLOWED},
		{"[0::1]", "[::1]", 443, false, CB_HOST_ALLOWED},
		{"b.test\t c.test,a.test", "a.test", 443, false, CB_HOST_ALLOWED},
		{"", "a.test", 443, false, CB_HOST_UNLISTED}
	};
	CbHostList *hosts;
	size_t		offset = 0;
	size_t		i;

	for (i = 0; i < sizeof(bad) / sizeof(char *); i++)
		ok(cb_host_list(bad[i], &offset) == NULL,
		   "a malformed host is refused", bad[i]);
	ok(cb_host_list("a.test, b.test *", &offset) == NULL && offset == 15,
	   "the offset of a malformed host is told", "15");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
	{
		hosts = cb_host_list(rows[i].list, &offset);
		ok(hosts != NULL &&
		   cb_host_judge(hosts, rows[i].host, rows[i].port, rows[i].plain) ==
		   rows[i].verdict, rows[i].list, rows[i].host);
		cb_host_list_free(hosts);
	}
}

/* ---- URLs ---- */

static void
test_shown_urls(void)
{
	static const char *const rows[][2] = {
		{"https://a.test/x.csv?sig=secret#part", "https://a.test/x.csv"},
		{"https://user:secret@a.test/x", "https://a.test/x"},
		{"HTTPS://A.Test./", "https://a.test/"},
		{"https://a.test:8443/x?", "https://a.test:8443/x"},
		{"https://a.test?secret", "https://a.test/"},
		{"https://a.test/%0d%0aX?secret", "https://a.test/%0d%0aX"},
		{"https://a.test/\xc3\xa4 b", "https://a.test/%c3%a4%20b"},
		{"https://m\xc3\xbcnchen.test/", "https://xn--mnchen-3ya.test/"},
		{"http://2130706433/?x", "http://127.0.0.1/"},
		{"secret", ""}, {"", ""}, {"file:///etc/secret", ""},
		{"https://a.test/\x1b[2J?x", ""}
	};
	char		out[CB_FETCH_URL_MAX + 1];
	size_t		i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
	{
		cb_fetch_shown_url(rows[i][0], out);
		ok(strcmp(out, rows[i][1]) == 0, "a URL as it may be shown", out);
	}
}

static void
test_checks(void)
{
	static const struct
	{
		const char *url;
		CbFetchProblem problem;
	}			rows[] = {
		{"https://a.test/x", CB_FETCH_OK},
		{"https://A.TEST./x#y", CB_FETCH_OK},
		{"http://plain.test/", CB_FETCH_OK},
		{"http://a.test/x", CB_FETCH_SCHEME},
		{"ftp://a.test/x", CB_FETCH_SCHEME},
		{"file:///etc/passwd", CB_FETCH_SCHEME},
		{"canopy://a.test/", CB_FETCH_SCHEME},
		{"https://b.test/", CB_FETCH_HOST},
		{"https://a.test:444/", CB_FETCH_PORT},
		{"https://u@a.test/", CB_FETCH_URL_CREDENTIALS},
		{"https://u:p@a.test/", CB_FETCH_URL_CREDENTIALS},
		{"https://:p@a.test/", CB_FETCH_URL_CREDENTIALS},
		{"a.test/x", CB_FETCH_URL_INVALID},
		{"", CB_FETCH_URL_INVALID},
		{"https://", CB_FETCH_URL_INVALID},
		{"https://a.test:99999/", CB_FETCH_URL_INVALID}
	};
	char		long_url[CB_FETCH_URL_MAX + 2];
	CbHostList *hosts;
	size_t		bad;
	size_t		i;

	hosts = cb_host_list("a.test http://plain.test", &bad);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ok(cb_fetch_check(rows[i].url, hosts) == rows[i].problem,
		   cb_fetch_problem_text(rows[i].problem)->code, rows[i].url);
	memset(long_url, 'x', sizeof(long_url));
	memcpy(long_url, "https://a.test/", 15);
	long_url[CB_FETCH_URL_MAX + 1] = '\0';
	ok(cb_fetch_check(long_url, hosts) == CB_FETCH_URL_INVALID,
	   "a URL that is too long is malformed", "2049 bytes");
	long_url[CB_FETCH_URL_MAX] = '\0';
	ok(cb_fetch_check(long_url, hosts) == CB_FETCH_OK,
	   "a URL may be as long as this", "2048 bytes");
	cb_host_list_free(hosts);
	ok(cb_fetch_check("https://a.test/", NULL) == CB_FETCH_OFF,
	   "without a list nothing is fetched", "NULL");
}

int
main(void)
{
	test_addresses();
	test_networks();
	test_host_names();
	test_host_lists();
	test_shown_urls();
	test_checks();
	return done();
}
