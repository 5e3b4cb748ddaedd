/*-------------------------------------------------------------------------
 *
 * sign_in.c
 *		The SQL-callable function that verifies a password.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "canopy_bulk.h"
#include "db/guard.h"
#include "flow/sign_in.h"

PG_FUNCTION_INFO_V1(cb_verify_password);

static const char *text_argument(FunctionCallInfo fcinfo, int i);
static void require_argument(FunctionCallInfo fcinfo, int i, const char *name);

/* canopy_bulk_verify_password(email, password, account, application) */
Datum
cb_verify_password(PG_FUNCTION_ARGS)
{
	CbGuard		guard;
	CbSignIn	shown;
	CbScopeNames names = {0};
	text	   *email;
	text	   *password;
	Jsonb	   *answer;

	cb_guard_push(&guard);
	require_argument(fcinfo, 0, "email");
	require_argument(fcinfo, 1, "password");
	email = PG_GETARG_TEXT_PP(0);
	password = PG_GETARG_TEXT_PP(1);
	shown.email = VARDATA_ANY(email);
	shown.email_len = VARSIZE_ANY_EXHDR(email);
	shown.password = VARDATA_ANY(password);
	shown.password_len = VARSIZE_ANY_EXHDR(password);
	names.account = text_argument(fcinfo, 2);
	names.application = text_argument(fcinfo, 3);
	answer = cb_sign_in(&shown, &names);
	cb_guard_pop(&guard);
	PG_RETURN_JSONB_P(answer);
}

/* NULL for SQL NULL. */
static const char *
text_argument(FunctionCallInfo fcinfo, int i)
{
	return PG_ARGISNULL(i) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(i));
}

static void
require_argument(FunctionCallInfo fcinfo, int i, const char *name)
{
	if (PG_ARGISNULL(i))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" cannot be null", name)));
}
