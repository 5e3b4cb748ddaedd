/*-------------------------------------------------------------------------
 *
 * report.h
 *		The audit entry that sums up a batch or an import.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_REPORT_H
#define CB_REPORT_H

#include "flow/answer.h"

#define CB_REPORT_IMPORT_ACTION	"identity.bulk_import"

/* Writes the one audit entry of a batch whose verdicts are known. */
extern void cb_report_batch(const CbBatch *batch, bool rolled_back);

/* What a client says of a wizard run that it made; counts are rows. */
typedef struct CbImportEvent
{
	const char *mode;			/* create, invite or account_create */
	int			total;
	int			succeeded;
	int			failed;
	int			skipped;
} CbImportEvent;

/*
 * Checks the event and writes its one audit entry, marked as reported by the
 * client; with a key that was used it writes none.  Raises 22023 when the mode is
 * unknown, a count is negative or total is not succeeded + failed.
 */
extern CbAnswer cb_report_import_event(const CbImportEvent *event,
									   const CbScopeNames *names,
									   const char *idempotency_key);

#endif							/* CB_REPORT_H */
