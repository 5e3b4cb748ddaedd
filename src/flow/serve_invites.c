/*-------------------------------------------------------------------------
 *
 * serve_invites.c
 *		Serves invites over HTTP.
 *
 * Below an application an invite is one of its environments', which the path
 * names, or the credential; at the account's tier it is the account's.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "db/uuid7.h"
#include "flow/batch.h"
#include "flow/invite.h"
#include "flow/serve.h"
#include "rows/invite.h"

static void name_environment(CbRouteCall *call);
static CbInviteChange change_of(CbRouteCall *call);
static CbText text_of(const CbRouteCall *call, const char *name, bool required);
static char *token_of(const CbRouteCall *call);

CbAnswer
cb_serve_bulk_invite(CbRouteCall *call)
{
	name_environment(call);
	cb_request_take_json(&call->request, cb_invite_kind.list_key, call->body);
	return cb_batch_run(&cb_invite_kind, &call->request);
}

CbAnswer
cb_serve_invite(CbRouteCall *call)
{
	name_environment(call);
	call->request.single_action = "identity_invite.create";
	return cb_serve_single(&cb_invite_kind, call);
}

CbAnswer
cb_serve_invite_list(CbRouteCall *call)
{
	CbAnswer	answer = {NULL, CB_STATUS_OK};
	CbInviteListing listing;

	name_environment(call);
	listing.names = call->request.names;
	listing.status = cb_query_value(&call->query, "status");
	listing.page.page = cb_query_number(&call->query, "page", 1, 1, 1000000);
	listing.page.take = cb_query_number(&call->query, "take", CB_PAGE_TAKE, 1,
										CB_PAGE_MOST);
	answer.body = cb_invite_list(&listing);
	return answer;
}

CbAnswer
cb_serve_invite_summary(CbRouteCall *call)
{
	CbAnswer	answer = {NULL, CB_STATUS_OK};

	name_environment(call);
	answer.body = cb_invite_summarise(&call->request.names);
	return answer;
}

CbAnswer
cb_serve_invite_resend(CbRouteCall *call)
{
	CbInviteChange change = change_of(call);

	return cb_invite_resend(&change);
}

CbAnswer
cb_serve_invite_revoke(CbRouteCall *call)
{
	CbInviteChange change = change_of(call);

	return cb_invite_revoke(&change);
}

CbAnswer
cb_serve_invite_info(CbRouteCall *call)
{
	CbAnswer	answer = {NULL, CB_STATUS_OK};

	answer.body = cb_invite_info(token_of(call));
	return answer;
}

CbAnswer
cb_serve_invite_accept(CbRouteCall *call)
{
	CbText		password = text_of(call, "password", true);
	CbAcceptance sent;
	CbAnswer	answer;

	sent.token = token_of(call);
	sent.password = password.val;
	sent.password_len = password.len;
	sent.first_name = text_of(call, "first_name", false);
	sent.last_name = text_of(call, "last_name", false);
	answer = cb_invite_accept(&sent);
	if (answer.error != NULL)
		answer.body = NULL;
	return answer;
}

static void
name_environment(CbRouteCall *call)
{
	CbScopeNames *names = &call->request.names;

	names->needs_environment = names->application == NULL ||
		names->application[0] != '\0';
}

static CbInviteChange
change_of(CbRouteCall *call)
{
	CbInviteChange change;

	name_environment(call);
	change.names = call->request.names;
	change.idempotency_key = call->request.idempotency_key;
	if (!cb_uuid_parse(call->path.id, strlen(call->path.id), &change.id))
		ereport(ERROR,
				(errcode(CB_ERRCODE_NOT_FOUND),
				 errmsg("invite does not exist")));
	return change;
}

/* val is NULL when it was not sent; raises 22023 for what is no text. */
static CbText
text_of(const CbRouteCall *call, const char *name, bool required)
{
	CbText		found = {NULL, 0};
	JsonbValue	value;

	if (JB_ROOT_IS_OBJECT(call->body) &&
		getKeyJsonValueFromContainer(&call->body->root, name, (int) strlen(name),
									 &value) != NULL &&
		value.type != jbvNull)
	{
		if (value.type == jbvString)
		{
			found.val = value.val.string.val;
			found.len = value.val.string.len;
			return found;
		}
		required = true;
	}
	if (required)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s of the request is missing, or is no text", name)));
	return found;
}

static char *
token_of(const CbRouteCall *call)
{
	CbText		token = text_of(call, "token", true);

	return pnstrdup(token.val, token.len);
}
