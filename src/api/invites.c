/*-------------------------------------------------------------------------
 *
 * invites.c
 *		The SQL-callable functions of invites.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "api/arguments.h"
#include "canopy_bulk.h"
#include "db/guard.h"
#include "db/http.h"
#include "flow/invite.h"
#include "record/idempotency.h"
#include "rows/invite.h"

static CbInviteChange change_from(FunctionCallInfo fcinfo);
static CbScopeNames names_from(FunctionCallInfo fcinfo, int first);
static CbText name_argument(FunctionCallInfo fcinfo, int i);

/* canopy_bulk_invite(invites, account, application, environment, ...) */
CB_FUNCTION(canopy_bulk_invite)
{
	CbRequest	request = {0};
	Datum		answer;

	cb_argument_require(fcinfo, 0, "invites");
	request.names = names_from(fcinfo, 1);
	cb_argument_limits(&request, fcinfo, 4);
	cb_argument_on_conflict(&request, fcinfo, 6);
	cb_argument_key(&request, fcinfo, 7);
	cb_request_take_json(&request, cb_invite_kind.list_key, PG_GETARG_JSONB_P(0));
	answer = cb_run_and_respond(&cb_invite_kind, &request);
	PG_RETURN_DATUM(answer);
}

/* canopy_bulk_invite_info(token) */
CB_FUNCTION(canopy_bulk_invite_info)
{
	Jsonb	   *info;

	cb_argument_require(fcinfo, 0, "token");
	info = cb_invite_info(cb_argument_text(fcinfo, 0));
	PG_RETURN_JSONB_P(info);
}

/* canopy_bulk_invite_accept(token, password, first_name, last_name) */
CB_FUNCTION(canopy_bulk_invite_accept)
{
	CbAcceptance sent = {0};
	CbAnswer	answer;
	text	   *password;

	cb_argument_require(fcinfo, 0, "token");
	cb_argument_require(fcinfo, 1, "password");
	sent.token = cb_argument_text(fcinfo, 0);
	password = PG_GETARG_TEXT_PP(1);
	sent.password = VARDATA_ANY(password);
	sent.password_len = VARSIZE_ANY_EXHDR(password);
	sent.first_name = name_argument(fcinfo, 2);
	sent.last_name = name_argument(fcinfo, 3);
	answer = cb_invite_accept(&sent);
	if (answer.error != NULL)
		cb_http_set_status(answer.status);
	PG_RETURN_JSONB_P(answer.body);
}

/* canopy_bulk_invite_resend(id, account, application, environment, idempotency_key) */
CB_FUNCTION(canopy_bulk_invite_resend)
{
	CbInviteChange change;
	CbAnswer	answer;

	change = change_from(fcinfo);
	answer = cb_invite_resend(&change);
	cb_respond(answer);
	PG_RETURN_JSONB_P(answer.body);
}

/* canopy_bulk_invite_revoke(id, account, application, environment, idempotency_key) */
CB_FUNCTION(canopy_bulk_invite_revoke)
{
	CbInviteChange change;

	change = change_from(fcinfo);
	cb_respond(cb_invite_revoke(&change));
	PG_RETURN_VOID();
}

/* canopy_bulk_invites(account, application, environment, status, page, take) */
CB_FUNCTION(canopy_bulk_invites)
{
	CbInviteListing listing = {{0}};
	Jsonb	   *answer;

	listing.names = names_from(fcinfo, 0);
	listing.status = cb_argument_text(fcinfo, 3);
	listing.page.page = PG_ARGISNULL(4) ? 1 : PG_GETARG_INT32(4);
	listing.page.take = PG_ARGISNULL(5) ? CB_PAGE_TAKE : PG_GETARG_INT32(5);
	answer = cb_invite_list(&listing);
	PG_RETURN_JSONB_P(answer);
}

/* canopy_bulk_invite_summary(account, application, environment) */
CB_FUNCTION(canopy_bulk_invite_summary)
{
	CbScopeNames names;
	Jsonb	   *answer;

	names = names_from(fcinfo, 0);
	answer = cb_invite_summarise(&names);
	PG_RETURN_JSONB_P(answer);
}

static CbInviteChange
change_from(FunctionCallInfo fcinfo)
{
	CbInviteChange change = {{0}};

	cb_argument_require(fcinfo, 0, "id");
	change.id = *PG_GETARG_UUID_P(0);
	change.names = names_from(fcinfo, 1);
	change.idempotency_key = cb_idempotency_key(cb_argument_text(fcinfo, 4));
	return change;
}

/* account, application, environment. */
static CbScopeNames
names_from(FunctionCallInfo fcinfo, int first)
{
	CbScopeNames names = {0};

	names.account = cb_argument_text(fcinfo, first);
	names.application = cb_argument_text(fcinfo, first + 1);
	names.environment = cb_argument_text(fcinfo, first + 2);
	return names;
}

static CbText
name_argument(FunctionCallInfo fcinfo, int i)
{
	CbText		name = {NULL, 0};

	if (!PG_ARGISNULL(i))
	{
		name.val = cb_argument_text(fcinfo, i);
		name.len = (int) strlen(name.val);
	}
	return name;
}
