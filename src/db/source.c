/*-------------------------------------------------------------------------
 *
 * source.c
 *		Where files may be fetched from: settings, as the fetch reads them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "canopy_bulk.h"
#include "db/source.h"
#include "settings.h"

static void free_lists(void *arg);
static bool refuse(size_t position, const char *hint);

CbSource *
cb_source_read(void)
{
	CbSource   *source = palloc0(sizeof(CbSource));
	MemoryContextCallback *callback = palloc0(sizeof(MemoryContextCallback));
	size_t		bad;

	callback->func = free_lists;
	callback->arg = source;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, callback);
	source->hosts = cb_host_list(cb_import_allowed_hosts, &bad);
	source->networks = cb_address_networks(cb_import_allowed_networks, &bad);
	if (source->hosts == NULL || source->networks == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory")));
	return source;
}

bool
cb_source_check_hosts(char **newval, void **extra, GucSource source)
{
	size_t		bad;
	CbHostList *hosts = cb_host_list(*newval, &bad);

	if (hosts == NULL)
		return refuse(bad, "An entry is a name, *.name, or an address; with :port, or http:// in front of it.");
	cb_host_list_free(hosts);
	return true;
}

bool
cb_source_check_networks(char **newval, void **extra, GucSource source)
{
	size_t		bad;
	CbNetworkList *networks = cb_address_networks(*newval, &bad);

	if (networks == NULL)
		return refuse(bad, "An entry is an address, or a network such as 10.20.0.0/16.");
	cb_address_networks_free(networks);
	return true;
}

static void
free_lists(void *arg)
{
	CbSource   *source = arg;

	cb_host_list_free(source->hosts);
	cb_address_networks_free(source->networks);
}

static bool
refuse(size_t position, const char *hint)
{
	GUC_check_errdetail("What begins at character %zu cannot be read.",
						position + 1);
	GUC_check_errhint("%s", hint);
	return false;
}
