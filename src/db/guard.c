/*-------------------------------------------------------------------------
 *
 * guard.c
 *		Keeps secrets out of error reports.
 *
 * The statement that called us may hold a password as a literal, the context of
 * a JSON error quotes the input, and the detail of an integrity error shows the
 * failing row.  The callback sees every error while it is being built, whoever
 * raises it, and hides these three.
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
	int			class = ERRCODE_TO_CATEGORY(geterrcode());

	(void) arg;
	errhidestmt(true);
	errhidecontext(true);
	if (class == ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION ||
		geterrcode() == ERRCODE_INVALID_TEXT_REPRESENTATION ||
		geterrcode() == ERRCODE_UNTRANSLATABLE_CHARACTER)
		errdetail("Row details withheld.");
}
