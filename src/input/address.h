/*-------------------------------------------------------------------------
 *
 * address.h
 *		Which addresses of the network a fetch may connect to. Needs no server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INPUT_ADDRESS_H
#define CB_INPUT_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include <sys/socket.h>

/* Networks that are allowed although they are not public: "10.1.0.0/16, ::1". */
typedef struct CbNetworkList CbNetworkList;

typedef enum CbAddressVerdict
{
	CB_ADDRESS_PUBLIC,
	CB_ADDRESS_EXCEPTED,		/* not public, but in the list of networks */
	CB_ADDRESS_SPECIAL,			/* private, loopback, link-local, multicast
								 * ... */
	CB_ADDRESS_OWN,				/* of an interface of this machine */
	CB_ADDRESS_UNKNOWN			/* neither IPv4 nor IPv6, or nothing to tell
								 * by */
} CbAddressVerdict;

extern CbNetworkList *cb_address_networks(const char *list, size_t *bad);
extern void cb_address_networks_free(CbNetworkList *networks);
extern CbAddressVerdict cb_address_judge(const struct sockaddr *address,
										 size_t len,
										 const CbNetworkList *networks);

#endif							/* CB_INPUT_ADDRESS_H */
