/*-------------------------------------------------------------------------
 *
 * host.h
 *		Names of hosts, and the list of those a fetch may ask. Needs no server.
 *
 * The list is what the setting canopy_bulk.import_allowed_hosts says: entries
 * between commas or white space, each
 *
 *		files.example.com			https on port 443
 *		*.example.com				any name below example.com, not itself
 *		files.example.com:8443		https on port 8443, and on no other
 *		http://files.example.com	http on port 80 also
 *		192.0.2.7   [2001:db8::7]	an address, which is judged like any other
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INPUT_HOST_H
#define CB_INPUT_HOST_H

#include <stdbool.h>
#include <stddef.h>

#define CB_HOST_MAX		253		/* bytes of a canonical name, without the NUL */

typedef struct CbHostList CbHostList;

typedef enum CbHostVerdict
{
	CB_HOST_ALLOWED,
	CB_HOST_UNLISTED,			/* the list does not name the host */
	CB_HOST_PORT,				/* it does, but with other ports */
	CB_HOST_PLAIN				/* it does, but not for plain http */
} CbHostVerdict;

extern bool cb_host_canonicalise(const char *in, size_t len, char *out);
extern CbHostList *cb_host_list(const char *list, size_t *bad);
extern bool cb_host_list_is_empty(const CbHostList *hosts);
extern void cb_host_list_free(CbHostList *hosts);
extern CbHostVerdict cb_host_judge(const CbHostList *hosts, const char *host,
								   int port, bool plain);

#endif							/* CB_INPUT_HOST_H */
