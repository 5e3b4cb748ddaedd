/*-------------------------------------------------------------------------
 *
 * subxact.c
 *		A step inside a (sub)transaction, and where errors are caught.
 *
 * The protocol is that of the procedural languages.  Memory context and
 * resource owner are put back by hand, because the subtransaction leaves its
 * own behind; the error is copied before the rollback into a context that
 * outlives it.  An error that is raised again is rolled back here first: a
 * handler above us rolls back one level only, and it must find its own.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

#include "canopy_bulk.h"
#include "db/owner.h"
#include "db/subxact.h"
#include "errors.h"

static ErrorData *run_transaction(CbStep step, void *arg, bool as_owner);

bool
cb_subxact_try(CbStep step, void *arg, ErrorData **fault)
{
	return cb_subxact_catch(step, arg, cb_error_is_rows_fault, fault);
}

bool
cb_subxact_catch(CbStep step, void *arg, CbChoice is_caught, ErrorData **fault)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile failure = NULL;
	volatile bool keep = false;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		keep = step(arg);
		if (keep)
			ReleaseCurrentSubTransaction();
		else
			RollbackAndReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		failure = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		keep = false;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;

	if (failure != NULL && (fault == NULL || !is_caught(failure)))
		ReThrowError(failure);
	if (fault != NULL)
		*fault = failure;
	return keep;
}

ErrorData *
cb_transaction_run(CbStep step, void *arg)
{
	return run_transaction(step, arg, false);
}

ErrorData *
cb_transaction_run_as_owner(CbStep step, void *arg)
{
	return run_transaction(step, arg, true);
}

/*
 * An abort makes the process what it was before the transaction, a commit does not:
 * and the server wants that done before the next transaction.
 */
static ErrorData *
run_transaction(CbStep step, void *arg, bool as_owner)
{
	MemoryContext context = CurrentMemoryContext;
	ErrorData  *volatile failure = NULL;
	Oid			role;
	int			security;

	GetUserIdAndSecContext(&role, &security);
	PG_TRY();
	{
		CbOutside	outside;
		bool		keep;

		StartTransactionCommand();
		if (as_owner)
			cb_owner_enter(&outside, cb_owner_find());
		PushActiveSnapshot(GetTransactionSnapshot());
		MemoryContextSwitchTo(context);
		keep = step(arg);
		PopActiveSnapshot();
		if (keep)
			CommitTransactionCommand();
		else
			AbortCurrentTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		failure = CopyErrorData();
		FlushErrorState();
		AbortCurrentTransaction();
	}
	PG_END_TRY();
	SetUserIdAndSecContext(role, security);
	MemoryContextSwitchTo(context);
	return failure;
}

int
cb_step_sqlstate(CbStep step, void *arg)
{
	volatile int sqlstate = 0;

	PG_TRY();
	{
		step(arg);
	}
	PG_CATCH();
	{
		sqlstate = geterrcode();
		FlushErrorState();
	}
	PG_END_TRY();
	return sqlstate;
}
