/*-------------------------------------------------------------------------
 *
 * sign_in.c
 *		The SQL-callable function that verifies a password.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "api/arguments.h"
#include "canopy_bulk.h"
#include "db/guard.h"
#include "flow/sign_in.h"

/* canopy_bulk_verify_password(email, password, account, application) */
CB_FUNCTION(canopy_bulk_verify_password)
{
	CbSignIn	shown;
	CbScopeNames names = {0};
	text	   *email;
	text	   *password;
	Jsonb	   *answer;

	cb_argument_require(fcinfo, 0, "email");
	cb_argument_require(fcinfo, 1, "password");
	email = PG_GETARG_TEXT_PP(0);
	password = PG_GETARG_TEXT_PP(1);
	shown.email = VARDATA_ANY(email);
	shown.email_len = VARSIZE_ANY_EXHDR(email);
	shown.password = VARDATA_ANY(password);
	shown.password_len = VARSIZE_ANY_EXHDR(password);
	names.account = cb_argument_text(fcinfo, 2);
	names.application = cb_argument_text(fcinfo, 3);
	answer = cb_sign_in(&shown, &names);
	PG_RETURN_JSONB_P(answer);
}
