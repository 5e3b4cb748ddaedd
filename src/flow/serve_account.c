/*-------------------------------------------------------------------------
 *
 * serve_account.c
 *		Serves what an administrator asks of an identity's own account, and the
 *		identity's answer, over HTTP.
 *
 * The administrator never sees a token: it goes into a mail.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "db/envelope.h"
#include "db/stored.h"
#include "db/uuid7.h"
#include "flow/body.h"
#include "flow/invite.h"
#include "flow/serve.h"
#include "flow/verify_email.h"
#include "rows/identity_read.h"
#include "rows/invite.h"
#include "rows/verification.h"

static char *find_email(const CbRouteCall *call);
static Jsonb *reset_of(const char *email);
static bool take_invite(const CbAnswer *answer, pg_uuid_t *id);
static CbAnswer answer_message(CbAnswer answer, const char *message);

/*
 * A password is reset by an invite to choose another.  One that is pending makes
 * room for the new one: what was mailed before may have been lost.
 */
CbAnswer
cb_serve_identity_reset_password(CbRouteCall *call)
{
	CbRequest  *request = &call->request;
	char	   *email = find_email(call);
	CbInviteChange pending = {request->names};
	CbAnswer	answer;

	if (email == NULL)
		return cb_answer_code(CB_IDENTITY_NOT_FOUND);
	call->body = reset_of(email);
	request->single_action = "identity.reset_password";
	request->on_conflict = CB_ON_CONFLICT_SKIP;
	answer = cb_serve_single(&cb_invite_kind, call);
	if (answer.status == CB_STATUS_OK && !answer.replayed && !request->dry_run &&
		take_invite(&answer, &pending.id))
	{
		cb_invite_revoke(&pending);
		request->idempotency_key = NULL;
		answer = cb_serve_single(&cb_invite_kind, call);
	}
	return answer_message(answer, "a mail to choose a new password is on its way");
}

CbAnswer
cb_serve_identity_resend_verification(CbRouteCall *call)
{
	CbAnswer	answer;

	call->request.single_action = "identity.resend_verification";
	answer = cb_serve_single_id(&cb_verification_kind, call);
	return answer.error != NULL && answer.status == CB_STATUS_NOT_FOUND ?
		cb_answer_code(CB_IDENTITY_NOT_FOUND) : answer;
}

CbAnswer
cb_serve_verify_email(CbRouteCall *call)
{
	CbAnswer	answer = {NULL, CB_STATUS_OK};
	static const char *const keys[] = {"token"};

	cb_http_body_check(call->body, keys, lengthof(keys));
	answer.body = cb_verify_email(cb_http_body_require_text(call->body, "token"));
	return answer;
}

/* NULL when there is no such identity. */
static char *
find_email(const CbRouteCall *call)
{
	MemoryContext context = CurrentMemoryContext;
	CbCaller	caller;
	CbScope		scope;
	pg_uuid_t	id;
	char	   *email;

	if (!cb_uuid_parse(call->path.id, strlen(call->path.id), &id))
		elog(ERROR, "a path has an id that is none");
	cb_caller_enter(&caller);
	MemoryContextSwitchTo(context);
	cb_scope_resolve(&scope, &caller, &call->request.names);
	email = cb_identity_email(&scope, &id);
	cb_caller_leave(&caller);
	MemoryContextSwitchTo(context);
	return email;
}

static Jsonb *
reset_of(const char *email)
{
	static const char *const keys[] = {"email", "intent"};
	CbJson	   *json = cb_json_create(512);

	cb_json_object(json, keys, lengthof(keys));
	cb_json_cstring(json, email);
	cb_json_cstring(json, cb_intent_password_reset);
	return cb_json_finish(json);
}

/* The id of the invite that is answered. */
static bool
take_invite(const CbAnswer *answer, pg_uuid_t *id)
{
	const JsonbValue *value = cb_stored_member(&answer->body->root, "id");

	return value != NULL && value->type == jbvString &&
		cb_uuid_parse(value->val.string.val, value->val.string.len, id);
}

static CbAnswer
answer_message(CbAnswer answer, const char *message)
{
	static const char *const keys[] = {"message"};
	CbJson	   *json = cb_json_create(128);

	if (answer.error != NULL)
		return answer.status == CB_STATUS_NOT_FOUND ?
			cb_answer_code(CB_IDENTITY_NOT_FOUND) : answer;
	cb_json_object(json, keys, lengthof(keys));
	cb_json_cstring(json, message);
	answer.status = CB_STATUS_OK;
	answer.body = cb_json_finish(json);
	return answer;
}
