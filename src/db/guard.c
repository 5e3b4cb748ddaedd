/*-------------------------------------------------------------------------
 *
 * guard.c
 *		Keeps secrets out of error reports.
 *
 * The statement that called us may hold a password as a literal, the context of
 * a JSON error quotes the input, the detail of an integrity error shows the failing
 * row, and that of a deadlock the statements of both sides.  The callback sees
 * every error while it is being built, whoever raises it, and hides these.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "db/guard.h"

static void hide_secrets(void *arg);

void
cb_guard_push(CbGuard *guard)
{
	guard->callback.callback = hide_secrets;
	guard->callback.arg = NULL;
	guard->callback.previous = error_context_stack;
	error_context_stack = &guard->callback;
}

void
cb_guard_pop(CbGuard *guard)
{
	error_context_stack = guard->callback.previous;
}

static void
hide_secrets(void *arg)
{
	int			sqlstate = geterrcode();

	(void) arg;
	errhidestmt(true);
	errhidecontext(true);
	if (ERRCODE_TO_CATEGORY(sqlstate) == ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION)
		errdetail("Row details withheld.");
	if (sqlstate == ERRCODE_T_R_DEADLOCK_DETECTED)
		errdetail_log("Statements withheld.");
}
