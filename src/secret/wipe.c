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
	const Size *used;
} Wiping;

static void wipe(void *arg);

void
cb_wipe_with_context(MemoryContext context, void *bytes, Size len)
{
	Size	   *used = MemoryContextAlloc(context, sizeof(Size));

	*used = len;
	cb_wipe_used_with_context(context, bytes, used);
}

void
cb_wipe_used_with_context(MemoryContext context, void *bytes, const Size *used)
{
	Wiping	   *wiping = MemoryContextAlloc(context, sizeof(Wiping));

	wiping->bytes = bytes;
	wiping->used = used;
	wiping->callback.func = wipe;
	wiping->callback.arg = wiping;
	MemoryContextRegisterResetCallback(context, &wiping->callback);
}

static void
wipe(void *arg)
{
	const Wiping *wiping = arg;

	explicit_bzero(wiping->bytes, *wiping->used);
}
