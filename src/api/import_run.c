/*-------------------------------------------------------------------------
 *
 * import_run.c
 *		The SQL-callable functions that run an import.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/latch.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"
#include "utils/wait_event.h"

#include "api/arguments.h"
#include "canopy_bulk.h"
#include "db/guard.h"
#include "db/subxact.h"
#include "db/transaction.h"
#include "flow/import_run.h"

PG_FUNCTION_INFO_V1(cb_import_run);

/* A step on its way. */
typedef struct Stepping
{
	CbImportRun run;
	CbImportRunState state;
} Stepping;

static bool take_step(void *arg);
static bool is_error(const ErrorData *fault);
static void give_up(const CbImportRun *run, ErrorData *fault) pg_attribute_noreturn();
static void nap(long milliseconds);

/* canopy_bulk_import_run(id, digest, account) */
Datum
cb_import_run(PG_FUNCTION_ARGS)
{
	CbGuard		guard;
	Stepping	stepping;
	const char *account = cb_argument_text(fcinfo, 2);
	const uint8 *digest;
	int			tries = 0;

	cb_guard_push(&guard);
	cb_argument_require(fcinfo, 0, "id");
	digest = PG_ARGISNULL(1) ? NULL : (const uint8 *) VARDATA_ANY(PG_GETARG_BYTEA_PP(1));
	cb_transactions_begin(fcinfo);
	cb_import_run_submit(PG_GETARG_UUID_P(0), account, digest,
						 PG_ARGISNULL(1) ? 0 : VARSIZE_ANY_EXHDR(PG_GETARG_BYTEA_PP(1)));
	cb_import_run_begin(&stepping.run, PG_GETARG_UUID_P(0), account);
	cb_transaction_commit();

	do
	{
		ErrorData  *fault;
		int			delay;

		CHECK_FOR_INTERRUPTS();
		cb_subxact_catch(take_step, &stepping, is_error, &fault);
		if (fault == NULL)
		{
			cb_transaction_commit();
			tries = 0;
			continue;
		}
		cb_transaction_rollback();
		delay = cb_import_run_delay(fault->sqlerrcode, ++tries);
		if (delay < 0)
			give_up(&stepping.run, fault);
		stepping.state = CB_IMPORT_RUN_MORE;
		nap(delay);
	} while (stepping.state == CB_IMPORT_RUN_MORE);

	if (stepping.state == CB_IMPORT_RUN_LOST)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the import was taken over by somebody else")));
	cb_transactions_end();
	cb_guard_pop(&guard);
	PG_RETURN_VOID();
}

/* A procedure has no snapshot of its own once it has ended a transaction. */
static bool
take_step(void *arg)
{
	Stepping   *stepping = arg;

	PushActiveSnapshot(GetTransactionSnapshot());
	stepping->state = cb_import_run_step(&stepping->run);
	PopActiveSnapshot();
	return true;
}

/* Nothing is swallowed: what is not tried again is raised again. */
static bool
is_error(const ErrorData *fault)
{
	return fault->elevel == ERROR;
}

/* Tells the import, and then whoever called. */
static void
give_up(const CbImportRun *run, ErrorData *fault)
{
	PushActiveSnapshot(GetTransactionSnapshot());
	if (fault->sqlerrcode == ERRCODE_QUERY_CANCELED)
		cb_import_run_release(run);
	else
		cb_import_run_fail(run, fault->sqlerrcode);
	PopActiveSnapshot();
	cb_transaction_commit();
	ReThrowError(fault);
}

static void
nap(long milliseconds)
{
	TimestampTz end = TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
												  milliseconds);

	while ((milliseconds = TimestampDifferenceMilliseconds(GetCurrentTimestamp(),
														   end)) > 0)
	{
		WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
				  milliseconds, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
}
