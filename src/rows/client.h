/*-------------------------------------------------------------------------
 *
 * client.h
 *		OAuth clients that invites lead to.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_CLIENT_H
#define CB_CLIENT_H

#include "utils/uuid.h"

typedef struct CbClient
{
	pg_uuid_t	id;				/* first: a list is searched by it */
	pg_uuid_t	environment;
	const char *redirect_url;	/* where invites go; NULL: the page we have */
	bool		is_usable;		/* active, and leads somewhere */
} CbClient;

/*
 * Finds clients of the account by their ids.  Returns them sorted by id, in the
 * current memory context, and sets *nfound.
 */
extern CbClient *cb_clients_find(const pg_uuid_t *account,
								 const pg_uuid_t *ids, int n, int *nfound);

#endif							/* CB_CLIENT_H */
