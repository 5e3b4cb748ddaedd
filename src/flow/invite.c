/*-------------------------------------------------------------------------
 *
 * invite.c
 *		The life of invites after they were made: asked about, resent, revoked.
 *
 * Whoever has no token learns nothing: one that is malformed, unknown, revoked or
 * replaced is the same.  Whoever has it may know that it came too late.
 *
 * Statements leave their caller in memory that goes when the call leaves the
 * directory; an answer is written in the memory of the SQL function.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/envelope.h"
#include "flow/invite.h"
#include "record/audit.h"
#include "rows/client.h"

static Jsonb *describe_info(const CbInviteFound *found);
static void write_text(CbJson *json, const char *value);
static void lock_pending(const CbScope *scope, const pg_uuid_t *id,
						 TimestampTz now, CbInviteFound *found);
static const char *redirect_of(const CbScope *scope, const CbInvite *invite);
static void send_again(const CbScope *scope, const CbInviteFound *found,
					   const char *link, TimestampTz now);
static void report(const char *action, const CbInvite *invite,
				   const CbCaller *caller, const CbScope *scope,
				   TimestampTz now);
static Jsonb *describe_resent(const CbInvite *invite, const char *link);

Jsonb *
cb_invite_info(const char *token)
{
	MemoryContext context = CurrentMemoryContext;
	TimestampTz now = GetCurrentTimestamp();
	CbInviteFound found;
	CbCaller	unknown;
	pg_uuid_t	account;
	bool		exists;
	Jsonb	   *info;

	cb_caller_enter_unknown(&unknown);
	MemoryContextSwitchTo(context);
	exists = cb_token_account(token, strlen(token), &account) &&
		cb_invite_find_token(&account, token, false, &found);
	cb_invite_check_token(exists, &found.invite, now);
	MemoryContextSwitchTo(context);
	info = describe_info(&found);
	cb_caller_leave(&unknown);
	return info;
}

void
cb_invite_check_token(bool exists, const CbInvite *invite, TimestampTz now)
{
	const char *status = exists ? cb_invite_status(invite, now) : "revoked";

	if (strcmp(status, "revoked") == 0)
		ereport(ERROR,
				(errcode(CB_ERRCODE_NOT_FOUND),
				 errmsg("invite does not exist")));
	if (strcmp(status, "expired") == 0)
		ereport(ERROR,
				(errcode(CB_ERRCODE_GONE),
				 errmsg("invite has expired"),
				 errhint("Ask for a new one.")));
	if (strcmp(status, "accepted") == 0)
		ereport(ERROR,
				(errcode(CB_ERRCODE_CONFLICT),
				 errmsg("invite was accepted before")));
}

void
cb_invite_scope(pg_uuid_t account, const CbInvite *invite, CbScope *scope)
{
	memset(scope, 0, sizeof(CbScope));
	scope->account = account;
	scope->has_application = invite->application_id.given;
	scope->application = invite->application_id.id;
	scope->has_environment = invite->environment_id.given;
	scope->environment = invite->environment_id.id;
}

Jsonb *
cb_invite_resend(const CbScopeNames *names, const pg_uuid_t *id)
{
	MemoryContext context = CurrentMemoryContext;
	TimestampTz now = GetCurrentTimestamp();
	CbInviteFound found;
	CbCaller	caller;
	CbScope		scope;
	char		token[CB_TOKEN_LEN + 1];
	const char *redirect_url;
	char	   *link;
	Jsonb	   *answer;

	cb_caller_enter(&caller);
	MemoryContextSwitchTo(context);
	cb_scope_resolve(&scope, &caller, names);
	lock_pending(&scope, id, now, &found);
	redirect_url = redirect_of(&scope, &found.invite);
	cb_token_make(&scope.account, token);
	link = cb_invite_link(&found.invite, redirect_url, token);
	cb_invite_reissue(&scope.account, &found.invite, token, now);
	explicit_bzero(token, sizeof(token));
	if (found.invite.send_email)
		send_again(&scope, &found, link, now);
	report("identity_invite.resend", &found.invite, &caller, &scope, now);
	MemoryContextSwitchTo(context);
	answer = describe_resent(&found.invite, link);
	cb_caller_leave(&caller);
	return answer;
}

void
cb_invite_revoke(const CbScopeNames *names, const pg_uuid_t *id)
{
	MemoryContext context = CurrentMemoryContext;
	TimestampTz now = GetCurrentTimestamp();
	CbInviteFound found;
	CbCaller	caller;
	CbScope		scope;

	cb_caller_enter(&caller);
	MemoryContextSwitchTo(context);
	cb_scope_resolve(&scope, &caller, names);
	lock_pending(&scope, id, now, &found);
	cb_invite_finish(&scope.account, &found.invite, "revoked", now);
	report("identity_invite.revoke", &found.invite, &caller, &scope, now);
	cb_caller_leave(&caller);
}

static Jsonb *
describe_info(const CbInviteFound *found)
{
	static const char *const keys[] = {
		"email", "intent", "app_name", "last_name", "first_name",
		"inviter_email"
	};
	CbJson	   *json = cb_json_create(256);

	cb_json_object(json, keys, lengthof(keys));
	cb_json_cstring(json, found->invite.email);
	cb_json_cstring(json, found->invite.intent);
	write_text(json, found->application_name);
	cb_invite_encode_text(&found->invite.last_name, json);
	cb_invite_encode_text(&found->invite.first_name, json);
	write_text(json, found->invite.inviter_email);
	return cb_json_finish(json);
}

static void
write_text(CbJson *json, const char *value)
{
	if (value == NULL)
		cb_json_null(json);
	else
		cb_json_cstring(json, value);
}

static void
lock_pending(const CbScope *scope, const pg_uuid_t *id, TimestampTz now,
			 CbInviteFound *found)
{
	if (!cb_invite_lock_id(scope, id, found))
		ereport(ERROR,
				(errcode(CB_ERRCODE_NOT_FOUND),
				 errmsg("invite does not exist")));
	if (strcmp(cb_invite_status(&found->invite, now), "pending") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invite is no longer pending"),
				 errhint("Invite the address again.")));
}

/* NULL: the page we have. */
static const char *
redirect_of(const CbScope *scope, const CbInvite *invite)
{
	CbClient   *client;
	int			nfound;

	if (!invite->client_id.given)
		return NULL;
	client = cb_clients_find(&scope->account, &invite->client_id.id, 1, &nfound);
	if (nfound == 0 || !client->is_usable)
		ereport(ERROR,
				(errcode(CB_ERRCODE_UNPROCESSABLE),
				 errmsg("OAuth client of the invite is gone, inactive or leads nowhere"),
				 errhint("Mend the client, or revoke the invite and make another.")));
	return client->redirect_url;
}

static void
send_again(const CbScope *scope, const CbInviteFound *found, const char *link,
		   TimestampTz now)
{
	CbMail		mail = cb_invite_mail(&found->invite, scope->account_name,
									  found->application_name, link);

	if (!cb_outbox_put(&scope->account, now, &mail, 1))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("mail was not queued"),
				 errhint("Look for a trigger or rule on canopy.outbox.")));
}

static void
report(const char *action, const CbInvite *invite, const CbCaller *caller,
	   const CbScope *scope, TimestampTz now)
{
	static const char *const keys[] = {"intent", "send_email"};
	CbJson	   *json = cb_json_create(128);
	CbAudit		audit = {action, "identity_invite", "invites", "success", "info"};
	CbScope		place;

	cb_json_object(json, keys, lengthof(keys));
	cb_json_cstring(json, invite->intent);
	cb_json_bool(json, invite->send_email);
	audit.metadata = cb_json_finish(json);
	audit.at = now;
	cb_invite_scope(scope->account, invite, &place);
	cb_audit_write_about(&audit, &invite->id, caller, &place);
}

/* The link is for who shall hand it on. */
static Jsonb *
describe_resent(const CbInvite *invite, const char *link)
{
	static const char *const keys[] = {"message", "accept_url"};
	CbJson	   *json = cb_json_create(512);

	cb_json_object(json, keys, lengthof(keys));
	cb_json_cstring(json, "Invite resent.");
	write_text(json, invite->send_email ? NULL : link);
	return cb_json_finish(json);
}
