/*-------------------------------------------------------------------------
 *
 * source.h
 *		Where files may be fetched from: settings, as the fetch reads them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_SOURCE_H
#define CB_SOURCE_H

#include "input/fetch.h"
#include "utils/guc.h"

typedef struct CbSource
{
	CbHostList *hosts;
	CbNetworkList *networks;
} CbSource;

/*
 * The lists as the settings have them now; they are freed with the current memory
 * context.
 */
extern CbSource *cb_source_read(void);

/* For the settings: is it a list? */
extern bool cb_source_check_hosts(char **newval, void **extra, GucSource source);
extern bool cb_source_check_networks(char **newval, void **extra,
									 GucSource source);

#endif							/* CB_SOURCE_H */
