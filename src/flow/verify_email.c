/*-------------------------------------------------------------------------
 *
 * verify_email.c
 *		Somebody shows that an address is his own.
 *
 * The identity is locked before the token is used, in the order in which a new
 * token is made.  Of those who show one token at once the first wins.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/caller.h"
#include "db/constraints.h"
#include "db/envelope.h"
#include "db/scope.h"
#include "db/uuid7.h"
#include "flow/verify_email.h"
#include "record/audit.h"
#include "rows/parents.h"
#include "rows/verification.h"
#include "secret/token.h"

static void lock_identity(const CbScope *scope, const pg_uuid_t *id);
static void report(const CbCaller *caller, const CbScope *scope,
				   const pg_uuid_t *identity, TimestampTz now);
static Jsonb *describe(void);
static void refuse_token(void) pg_attribute_noreturn();

Jsonb *
cb_verify_email(const char *token)
{
	static const char *const tables[] = {"identity", "email_verification", NULL};
	MemoryContext context = CurrentMemoryContext;
	TimestampTz now = GetCurrentTimestamp();
	CbVerification verification;
	CbCaller	unknown;
	CbScope		scope = {0};

	cb_caller_enter_unknown(&unknown);
	MemoryContextSwitchTo(context);
	cb_constraints_force(tables);
	if (!cb_token_account(token, strlen(token), &scope.account) ||
		!cb_verification_find(&scope.account, token, &verification))
		refuse_token();
	if (verification.expires_at <= now)
		ereport(ERROR,
				(errcode(CB_ERRCODE_GONE),
				 errmsg("token has expired"),
				 errhint("Ask for a new one.")));
	lock_identity(&scope, &verification.identity_id);
	if (!cb_verification_finish(&scope.account, token, &verification, now))
		refuse_token();
	report(&unknown, &scope, &verification.identity_id, now);
	cb_caller_leave(&unknown);
	MemoryContextSwitchTo(context);
	return describe();
}

static void
lock_identity(const CbScope *scope, const pg_uuid_t *id)
{
	CbParents	identities;

	cb_parents_init(&identities, 1);
	cb_parents_want(&identities, id);
	cb_parents_lock_identities_to_write(&identities, scope);
}

static void
report(const CbCaller *caller, const CbScope *scope, const pg_uuid_t *identity,
	   TimestampTz now)
{
	static const char *const keys[] = {"identity_id"};
	CbJson	   *json = cb_json_create(128);
	CbAudit		audit = {"identity.verify_email", "identity", "identity", "success",
	"info"};
	CbCaller	person = *caller;
	char		id[CB_UUID_TEXT_LEN + 1];

	cb_json_object(json, keys, lengthof(keys));
	cb_json_uuid(json, identity);
	audit.metadata = cb_json_finish(json);
	audit.at = now;
	cb_uuid_format(identity, id);
	person.actor_id = id;
	person.actor_type = "identity";
	cb_audit_write_about(&audit, identity, &person, scope);
}

static Jsonb *
describe(void)
{
	static const char *const keys[] = {"message"};
	CbJson	   *json = cb_json_create(64);

	cb_json_object(json, keys, lengthof(keys));
	cb_json_cstring(json, "the address is verified");
	return cb_json_finish(json);
}

static void
refuse_token(void)
{
	ereport(ERROR,
			(errcode(CB_ERRCODE_NOT_FOUND),
			 errmsg("token does not exist, or was used or replaced")));
}
