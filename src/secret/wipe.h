/*-------------------------------------------------------------------------
 *
 * wipe.h
 *		Memory that held a secret.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_SECRET_WIPE_H
#define CB_SECRET_WIPE_H

/*
 * From now on the bytes are overwritten when the context is reset or deleted,
 * whatever ends the call.  They must live as long as the context.
 */
extern void cb_wipe_with_context(MemoryContext context, void *bytes, Size len);

/* So many as *used then says: what was never touched stays so. */
extern void cb_wipe_used_with_context(MemoryContext context, void *bytes,
									  const Size *used);

#endif							/* CB_SECRET_WIPE_H */
