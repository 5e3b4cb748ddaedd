/*-------------------------------------------------------------------------
 *
 * purge.h
 *		Deletes what has expired.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_PURGE_H
#define CB_PURGE_H

/*
 * Deletes at most so many expired idempotency keys of the whole account and returns
 * how many.  Raises 22023 when most is not positive, and what cb_accounts_resolve()
 * raises.
 */
extern int64 cb_purge_keys(const char *account, int most);

#endif							/* CB_PURGE_H */
