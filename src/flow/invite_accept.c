/*-------------------------------------------------------------------------
 *
 * invite_accept.c
 *		Somebody accepts an invite.
 *
 *		find the invite and the identity -> verify or hash, holding no lock on
 *		the invite -> lock all of it -> has the identity changed? begin again
 *		-> identity, membership, assignment -> the invite is accepted
 *
 * The invite is locked behind the identity that it is for, as deleting one locks
 * them.  Of those who accept one token at once the first to lock the invite wins;
 * the others find it accepted.  What was locked in vain is let go, because it was
 * locked in a subtransaction.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/constraints.h"
#include "db/statement.h"
#include "db/subxact.h"
#include "db/uuid7.h"
#include "flow/invite.h"
#include "flow/sign_in.h"
#include "record/audit.h"
#include "rows/invite_person.h"
#include "rows/parents.h"
#include "secret/password.h"

#define TRIES	3

/* An acceptance on its way. */
typedef struct Accepting
{
	const CbAcceptance *sent;
	CbCaller	caller;
	CbScope		scope;			/* of the invite */
	CbInviteFound found;
	CbPerson	person;			/* as it was when it was looked at */
	bool		sets_password;
	CbPasswordBatch *passwords;
	bool		is_hashed;
	TimestampTz now;
} Accepting;

static void look(Accepting *accepting);
static void take_names(Accepting *accepting);
static const char *prove(Accepting *accepting);
static void hash(Accepting *accepting);
static bool accept_step(void *arg);
static void lock_parents(Accepting *accepting);
static void lock_role_and_node(Accepting *accepting);
static bool write_person(Accepting *accepting);
static void report(const Accepting *accepting);
static CbAnswer answer(const Accepting *accepting, const char *refused);

CbAnswer
cb_invite_accept(const CbAcceptance *acceptance)
{
	MemoryContext context = CurrentMemoryContext;
	Accepting	accepting = {acceptance};
	const char *refused = NULL;

	cb_caller_enter_unknown(&accepting.caller);
	MemoryContextSwitchTo(context);
	accepting.passwords = cb_passwords_create(context, 1);
	for (int i = 0;; i++)
	{
		if (i == TRIES)
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("identity changed while its invite was accepted"),
					 errhint("Try again.")));
		look(&accepting);
		take_names(&accepting);
		refused = prove(&accepting);
		accepting.now = GetCurrentTimestamp();
		if (refused != NULL ||
			cb_subxact_try(accept_step, &accepting, NULL))
			break;
	}
	cb_passwords_destroy(accepting.passwords);
	cb_caller_leave(&accepting.caller);
	MemoryContextSwitchTo(context);
	return answer(&accepting, refused);
}

/* Reads the invite and the identity it is for, which may not exist yet. */
static void
look(Accepting *accepting)
{
	const CbInvite *invite = &accepting->found.invite;
	const char *token = accepting->sent->token;
	pg_uuid_t	account;
	bool		exists;

	exists = cb_token_account(token, strlen(token), &account) &&
		cb_invite_find_token(&account, token, false, &accepting->found);
	cb_invite_check_token(exists, invite, GetCurrentTimestamp());
	cb_invite_scope(account, invite, &accepting->scope);
	cb_person_find(&account, invite, false, &accepting->person);
	accepting->sets_password = !accepting->person.exists ||
		invite->intent == cb_intent_password_reset ||
		(accepting->person.password_hash == NULL && invite->send_email);
}

/* What a new identity is called. */
static void
take_names(Accepting *accepting)
{
	const CbAcceptance *sent = accepting->sent;
	CbInvite   *invite = &accepting->found.invite;

	if (accepting->person.exists)
		return;
	if (sent->first_name.val != NULL)
		invite->first_name = sent->first_name;
	if (sent->last_name.val != NULL)
		invite->last_name = sent->last_name;
	if (!cb_person_name_is_good(&invite->first_name) ||
		!cb_person_name_is_good(&invite->last_name))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("first name or last name is missing, too long or not a name"),
				 errhint("Pass first_name and last_name; the invite does not have both.")));
}

/* Checks the password that is shown, or takes the new one; NULL: it is good. */
static const char *
prove(Accepting *accepting)
{
	const CbAcceptance *sent = accepting->sent;
	CbScope		account = {accepting->scope.account};
	CbSignIn	shown;

	if (accepting->sets_password)
	{
		hash(accepting);
		return NULL;
	}
	shown.email = accepting->person.email;
	shown.email_len = strlen(shown.email);
	shown.password = sent->password;
	shown.password_len = sent->password_len;
	return cb_sign_in_check(&shown, &accepting->caller, &account);
}

static void
hash(Accepting *accepting)
{
	const CbAcceptance *sent = accepting->sent;
	CbCode		code = CB_OK;

	if (accepting->is_hashed)
		return;
	switch (cb_password_check(sent->password, sent->password_len))
	{
		case CB_PASSWORD_GOOD:
			break;
		case CB_PASSWORD_SHORT:
			code = CB_PASSWORD_TOO_SHORT;
			break;
		case CB_PASSWORD_LONG:
			code = CB_PASSWORD_TOO_LONG;
			break;
		case CB_PASSWORD_HASHED:
			code = CB_PASSWORD_LOOKS_HASHED;
			break;
		case CB_PASSWORD_MALFORMED:
			code = CB_INVALID_VALUE;
			break;
	}
	if (code == CB_OK)
	{
		cb_passwords_add(accepting->passwords, sent->password,
						 sent->password_len);
		if (cb_passwords_breached(accepting->passwords, 0))
			code = CB_PASSWORD_BREACHED;
	}
	if (code != CB_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("password cannot be used"),
				 errdetail("%s", cb_codes[code].message)));
	cb_passwords_hash(accepting->passwords, &accepting->scope.account);
	accepting->is_hashed = true;
}

/* False when the identity is not what it was when it was looked at. */
static bool
accept_step(void *arg)
{
	static const char *const tables[] = {
		"identity", "app_membership", "role_assignment", "identity_invite",
		"outbox", NULL
	};
	Accepting  *accepting = arg;
	CbInviteFound again;
	bool		exists;

	cb_constraints_force(tables);
	lock_parents(accepting);
	if (!cb_person_find(&accepting->scope.account, &accepting->found.invite,
						true, &accepting->person))
		return false;
	exists = cb_invite_find_token(&accepting->scope.account,
								  accepting->sent->token, true, &again);
	cb_invite_check_token(exists, &again.invite, accepting->now);
	if (!write_person(accepting))
		return false;
	cb_invite_finish(&accepting->scope.account, &accepting->found.invite,
					 "accepted", accepting->now);
	report(accepting);
	return true;
}

static void
lock_parents(Accepting *accepting)
{
	cb_scope_lock(&accepting->scope);
	if (accepting->found.invite.role_id.given)
		lock_role_and_node(accepting);
}

static void
lock_role_and_node(Accepting *accepting)
{
	const CbInvite *invite = &accepting->found.invite;
	CbParents	roles;
	CbParents	nodes;
	const CbParent *role;

	cb_parents_init(&roles, 1);
	cb_parents_init(&nodes, 1);
	cb_parents_want(&roles, &invite->role_id.id);
	cb_parents_want(&nodes, &invite->node_id.id);
	cb_parents_lock_roles(&roles, &accepting->scope);
	cb_parents_lock_nodes(&nodes, &accepting->scope);
	role = cb_parents_find(&roles, &invite->role_id.id);
	if (role == NULL || role->is_system ||
		cb_parents_find(&nodes, &invite->node_id.id) == NULL)
		ereport(ERROR,
				(errcode(CB_ERRCODE_CONFLICT),
				 errmsg("role of the invite can no longer be given"),
				 errhint("Ask for a new invite.")));
}

/* False when somebody else has just taken the address. */
static bool
write_person(Accepting *accepting)
{
	CbPerson   *person = &accepting->person;
	const CbInvite *invite = &accepting->found.invite;
	CbBatch		batch = {0};

	batch.scope = accepting->scope;
	batch.now = accepting->now;
	batch.context = CurrentMemoryContext;
	if (accepting->sets_password)
		person->password_hash = unconstify(char *,
										   cb_passwords_phc(accepting->passwords, 0));
	if (!person->exists && !cb_person_insert(&batch, invite, person))
		return false;
	if (person->exists && accepting->sets_password)
		cb_person_set_password(&batch, invite, person);
	if (invite->intent != cb_intent_password_reset &&
		invite->application_id.given)
		cb_person_join(&batch, invite, person);
	return true;
}

static void
report(const Accepting *accepting)
{
	static const char *const keys[] = {"intent", "created"};
	CbJson	   *json = cb_json_create(128);
	CbAudit		audit = {"identity_invite.accept", "identity_invite", "invites",
	"success", "info"};
	CbCaller	person = accepting->caller;
	char		id[CB_UUID_TEXT_LEN + 1];

	cb_json_object(json, keys, lengthof(keys));
	cb_json_cstring(json, accepting->found.invite.intent);
	cb_json_bool(json, !accepting->person.exists);
	audit.metadata = cb_json_finish(json);
	audit.at = accepting->now;
	cb_uuid_format(&accepting->person.id, id);
	person.actor_id = id;
	person.actor_type = "identity";
	cb_audit_write_about(&audit, &accepting->found.invite.id, &person,
						 &accepting->scope);
}

/* Of who was refused it tells nothing. */
static CbAnswer
answer(const Accepting *accepting, const char *refused)
{
	static const char *const good_keys[] = {"message", "accepted", "identity_id"};
	static const char *const bad_keys[] = {"reason", "message", "accepted"};
	CbJson	   *json = cb_json_create(256);
	CbAnswer	answer = {NULL, CB_STATUS_OK};

	if (refused == NULL)
	{
		cb_json_object(json, good_keys, lengthof(good_keys));
		cb_json_cstring(json, "Invite accepted.");
		cb_json_bool(json, true);
		cb_json_uuid(json, &accepting->person.id);
	}
	else
	{
		answer.error = refused;
		answer.message = "the password does not open the identity that exists";
		answer.status = strcmp(refused, CB_SIGN_IN_INVALID) == 0 ?
			CB_STATUS_UNAUTHENTICATED : CB_STATUS_FORBIDDEN;
		cb_json_object(json, bad_keys, lengthof(bad_keys));
		cb_json_cstring(json, refused);
		cb_json_cstring(json, answer.message);
		cb_json_bool(json, false);
	}
	answer.body = cb_json_finish(json);
	return answer;
}
