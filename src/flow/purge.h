/*-------------------------------------------------------------------------
 *
 * purge.h
 *		Deletes what has expired.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_PURGE_H
#define CB_PURGE_H

#include "db/scope.h"

/*
 * Deletes at most so many expired idempotency keys of the account and returns how
 * many.  Raises 22023 when most is not positive.
 */
extern int64 cb_purge_keys(const CbScopeNames *names, int most);

#endif							/* CB_PURGE_H */
