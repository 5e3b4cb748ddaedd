/*-------------------------------------------------------------------------
 *
 * wipe.c
 *		Memory that held a secret, overwritten before it is given back.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "canopy_bulk.h"
#include "secret/wipe.h"

typedef struct Wiping
{
	MemoryContextCallback callback;
	void	   *bytes;
	Size		len;
} Wiping;

static void wipe(void *arg);

void
cb_wipe_with_context(MemoryContext context, void *bytes, Size len)
{
	Wiping	   *wiping = MemoryContextAlloc(context, sizeof(Wiping));

	wiping->bytes = bytes;
	wiping->len = len;
	wiping->callback.func = wipe;
	wiping->callback.arg = wiping;
	MemoryContextRegisterResetCallback(context, &wiping->callback);
}

static void
wipe(void *arg)
{
	const Wiping *wiping = arg;

	explicit_bzero(wiping->bytes, wiping->len);
}
