/*-------------------------------------------------------------------------
 *
 * invite.c
 *		The life of invites after they were made: asked about, resent, revoked.
 *
 * Whoever has no token learns nothing: one that is malformed, unknown, revoked or
 * replaced is the same.  Whoever has it may know that it came too late.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/envelope.h"
#include "db/stored.h"
#include "flow/invite.h"
#include "record/audit.h"
#include "record/idempotency.h"
#include "rows/access.h"
#include "rows/client.h"

/* Changes an invite that is locked; gives the answer, and what is stored of it. */
typedef Jsonb *(*CbInviteStep) (const CbScope *scope, CbInviteFound *found,
								TimestampTz now, Jsonb **record);

static CbAnswer run(const char *action, const CbInviteChange *change,
					CbInviteStep step);
static Jsonb *describe_change(const CbInviteChange *change);
static Jsonb *resend_step(const CbScope *scope, CbInviteFound *found,
						  TimestampTz now, Jsonb **record);
static Jsonb *revoke_step(const CbScope *scope, CbInviteFound *found,
						  TimestampTz now, Jsonb **record);
static Jsonb *describe_info(const CbInviteFound *found);
static bool shows_names(const CbInvite *invite);
static void lock_pending(const CbScope *scope, const pg_uuid_t *id,
						 TimestampTz now, CbInviteFound *found);
static void check_access(const CbScope *scope, const CbInvite *invite);
static const char *redirect_of(const CbScope *scope, const CbInvite *invite);
static void send_again(const CbScope *scope, const CbInviteFound *found,
					   const char *link, TimestampTz now);
static void report(const char *action, const CbInvite *invite,
				   const CbCaller *caller, const CbScope *scope,
				   TimestampTz now);
static Jsonb *describe_resent(const char *link);

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

CbAnswer
cb_invite_resend(const CbInviteChange *change)
{
	return run("identity_invite.resend", change, resend_step);
}

CbAnswer
cb_invite_revoke(const CbInviteChange *change)
{
	return run("identity_invite.revoke", change, revoke_step);
}

/* Does it once, if a key says so, and leaves an entry in the audit log. */
static CbAnswer
run(const char *action, const CbInviteChange *change, CbInviteStep step)
{
	MemoryContext context = CurrentMemoryContext;
	CbAnswer	answer = {NULL, CB_STATUS_OK};
	CbIdempotency once;
	CbReplay	first;
	CbInviteFound found;
	CbCaller	caller;
	CbScope		scope;

	cb_caller_enter(&caller);
	MemoryContextSwitchTo(context);
	cb_scope_resolve(&scope, &caller, &change->names);
	cb_idempotency_begin(&once, change->idempotency_key, action, &scope,
						 GetCurrentTimestamp());
	cb_idempotency_fingerprint(&once, describe_change(change));
	answer.replayed = once.key != NULL && !cb_idempotency_claim(&once, &first);
	if (!answer.replayed)
	{
		lock_pending(&scope, &change->id, once.now, &found);
		answer.body = step(&scope, &found, once.now, &first.answer);
		first.status = first.answer == NULL ? CB_STATUS_NO_CONTENT : CB_STATUS_OK;
		report(action, &found.invite, &caller, &scope, once.now);
		if (once.key != NULL)
			cb_idempotency_store(&once, &first);
	}
	else
		answer.body = first.answer;
	if (answer.body == NULL && step == resend_step)
		cb_stored_refuse("idempotency_key.answer");
	answer.status = first.status;
	cb_caller_leave(&caller);
	MemoryContextSwitchTo(context);
	return answer;
}

static Jsonb *
describe_change(const CbInviteChange *change)
{
	static const char *const keys[] = {"id"};
	CbJson	   *json = cb_json_create(64);

	cb_json_object(json, keys, lengthof(keys));
	cb_json_uuid(json, &change->id);
	return cb_json_finish(json);
}

/* What is answered, and what is stored of it: the link is for the first caller. */
static Jsonb *
resend_step(const CbScope *scope, CbInviteFound *found, TimestampTz now,
			Jsonb **record)
{
	const char *redirect_url;
	char		token[CB_TOKEN_LEN + 1];
	char	   *link;

	check_access(scope, &found->invite);
	redirect_url = redirect_of(scope, &found->invite);
	cb_token_make(&scope->account, token);
	link = cb_invite_link(&found->invite, redirect_url, token);
	cb_invite_reissue(&scope->account, &found->invite, token, now);
	explicit_bzero(token, sizeof(token));
	*record = describe_resent(NULL);
	if (!found->invite.send_email)
		return describe_resent(link);
	send_again(scope, found, link, now);
	return *record;
}

static Jsonb *
revoke_step(const CbScope *scope, CbInviteFound *found, TimestampTz now,
			Jsonb **record)
{
	cb_invite_finish(&scope->account, &found->invite, "revoked", now);
	*record = NULL;
	return NULL;
}

static Jsonb *
describe_info(const CbInviteFound *found)
{
	static const char *const keys[] = {
		"email", "intent", "app_name", "last_name", "first_name",
		"inviter_email"
	};
	CbInvite	shown = found->invite;
	CbJson	   *json = cb_json_create(256);

	if (!shows_names(&shown))
		shown.first_name.val = shown.last_name.val = NULL;
	cb_json_object(json, keys, lengthof(keys));
	cb_json_cstring(json, shown.email);
	cb_json_cstring(json, shown.intent);
	cb_json_cstring(json, found->application_name);
	cb_invite_encode_text(&shown.last_name, json);
	cb_invite_encode_text(&shown.first_name, json);
	cb_json_cstring(json, found->invite.inviter_email);
	return cb_json_finish(json);
}

/*
 * Of an identity that exists only to its own address: a token that was handed out may
 * be in the hands of the caller who invited.
 */
static bool
shows_names(const CbInvite *invite)
{
	return invite->send_email || invite->intent == cb_intent_activate;
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

/*
 * A new password is for a member, and the link to it for a caller who could choose
 * the password as well.
 */
static void
check_access(const CbScope *scope, const CbInvite *invite)
{
	if (invite->intent != cb_intent_password_reset)
		return;
	if (!invite->send_email && !cb_access_gets_links(scope))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("token is not authorized for a link that changes a password"),
				 errhint("Revoke the invite, and make one that is mailed.")));
	if (!cb_access_is_member(scope, &invite->identity_id.id, CB_ACCESS_READ))
		ereport(ERROR,
				(errcode(CB_ERRCODE_NOT_FOUND),
				 errmsg("invite does not exist")));
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

static Jsonb *
describe_resent(const char *link)
{
	static const char *const keys[] = {"message", "accept_url"};
	CbJson	   *json = cb_json_create(512);

	cb_json_object(json, keys, lengthof(keys));
	cb_json_cstring(json, "Invite resent.");
	cb_json_cstring(json, link);
	return cb_json_finish(json);
}
