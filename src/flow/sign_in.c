/*-------------------------------------------------------------------------
 *
 * sign_in.c
 *		Somebody shows an address and a password.
 *
 *		find the hash -> verify, on a thread -> lock the row, if it still has
 *		that hash -> count, lock out, or store a better hash
 *
 * An unknown address, an identity without a password, a wrong password and a
 * lock-out look the same from outside: the same answer, the cost of a hash, and
 * one row locked, which makes the commit write to disk.  To a caller who is bound an
 * identity that is no member is an unknown address, and is not counted against.  A lock-out is told to
 * nobody, or a right guess during it could be known from a wrong one.
 *
 * The row is locked after the verification, and what it says then counts: of
 * any number of guesses at once, only so many as the limit allows are looked at
 * before the lock-out shuts out the rest.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/envelope.h"
#include "db/statement.h"
#include "flow/sign_in.h"
#include "input/email.h"
#include "record/audit.h"
#include "rows/access.h"
#include "secret/password_verify.h"
#include "settings.h"

#define EQ " OPERATOR(pg_catalog.=) "
#define TRIES			3

/* Parameters: account, email. */
static CbStatement find_identity = {
	"SELECT id, password_hash FROM canopy.identity"
	" WHERE account_id" EQ "$1 AND email" EQ "$2",
	2, {UUIDOID, TEXTOID}, SPI_OK_SELECT, true,
	.returns = "id uuid, password_hash text?"
};

/* Parameters: account, id, the hash that was verified. */
static CbStatement lock_identity = {
	"SELECT is_active, email_verified, failed_login_count, locked_until"
	" FROM canopy.identity"
	" WHERE account_id" EQ "$1 AND id" EQ "$2 AND password_hash" EQ "$3"
	" FOR NO KEY UPDATE",
	3, {UUIDOID, UUIDOID, TEXTOID}, SPI_OK_SELECT,
	.returns = "is_active bool, email_verified bool, failed_login_count int4,"
	" locked_until timestamptz?"
};

/* Parameters: account, id, failed_login_count, locked_until, a hash or null. */
static CbStatement note_outcome = {
	"UPDATE canopy.identity SET failed_login_count = $3, locked_until = $4,"
	" password_hash = coalesce($5, password_hash)"
	" WHERE account_id" EQ "$1 AND id" EQ "$2",
	5, {UUIDOID, UUIDOID, INT4OID, TIMESTAMPTZOID, TEXTOID}, SPI_OK_UPDATE
};

/* Parameters: account, id, application. */
static CbStatement find_membership = {
	"SELECT 1 FROM canopy.app_membership"
	" WHERE account_id" EQ "$1 AND identity_id" EQ "$2"
	" AND application_id" EQ "$3 AND status" EQ "'active'",
	3, {UUIDOID, UUIDOID, UUIDOID}, SPI_OK_SELECT, true,
	.returns = "one int4"
};

/* Who it is, as far as it is known. */
typedef struct Person
{
	bool		known;
	pg_uuid_t	id;
	char	   *hash;			/* NULL: no password, or nobody */
	char	   *new_hash;		/* to be stored; NULL: the old one will do */
	bool		is_active;
	bool		email_verified;
	int			failures;		/* since the last success */
	CbTime		locked_until;
} Person;

static const char *check(const CbSignIn *shown, const CbCaller *caller,
						 const CbScope *scope, Person *person);
static void find(const CbScope *scope, const CbSignIn *shown, Person *person);
static bool verify(const CbScope *scope, const CbSignIn *shown, Person *person);
static bool lock(const CbScope *scope, Person *person);
static bool is_locked_out(const Person *person, TimestampTz now);
static void count_failure(const CbCaller *caller, const CbScope *scope,
						  Person *person, TimestampTz now);
static void count_success(const CbScope *scope, Person *person);
static void store(const CbScope *scope, const Person *person);
static void report_lock_out(const CbCaller *caller, const CbScope *scope,
							const Person *person, TimestampTz now);
static const char *refusal(const CbScope *scope, const Person *person);
static Jsonb *describe(const Person *person, const char *refused);

Jsonb *
cb_sign_in(const CbSignIn *shown, const CbScopeNames *names)
{
	MemoryContext context = CurrentMemoryContext;
	CbCaller	caller;
	CbScope		scope;
	Person		person;
	const char *refused;

	PreventCommandIfReadOnly("canopy_bulk_verify_password()");
	cb_caller_enter(&caller);
	MemoryContextSwitchTo(context);
	cb_scope_resolve(&scope, &caller, names);
	refused = check(shown, &caller, &scope, &person);
	cb_caller_leave(&caller);
	MemoryContextSwitchTo(context);
	return describe(&person, refused);
}

const char *
cb_sign_in_check(const CbSignIn *shown, const CbCaller *caller,
				 const CbScope *scope)
{
	Person		person;

	return check(shown, caller, scope, &person);
}

/* Why it is refused; NULL: it is not. */
static const char *
check(const CbSignIn *shown, const CbCaller *caller, const CbScope *scope,
	  Person *person)
{
	TimestampTz now;
	bool		right;

	for (int i = 0;; i++)
	{
		if (i == TRIES)
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("password hash changed while it was verified"),
					 errhint("Try again.")));
		find(scope, shown, person);
		right = verify(scope, shown, person);
		if (lock(scope, person))
			break;
	}
	now = GetCurrentTimestamp();
	if (person->hash == NULL || is_locked_out(person, now))
		return CB_SIGN_IN_INVALID;
	if (!right)
	{
		count_failure(caller, scope, person, now);
		return CB_SIGN_IN_INVALID;
	}
	count_success(scope, person);
	return refusal(scope, person);
}

static void
find(const CbScope *scope, const CbSignIn *shown, Person *person)
{
	char		email[CB_EMAIL_MAX + 1];
	Datum		values[2];
	Datum		value;
	bool		isnull;

	memset(person, 0, sizeof(Person));
	if (cb_email_canonicalise(shown->email, shown->email_len,
							  email) != CB_EMAIL_OK)
		return;
	values[0] = UUIDPGetDatum(&scope->account);
	values[1] = CStringGetTextDatum(email);
	if (cb_statement_run(&find_identity, values, NULL) == 1)
	{
		person->known = true;
		person->id = *DatumGetUUIDP(cb_statement_value(0, 1, &isnull));
		value = cb_statement_value(0, 2, &isnull);
		person->hash = isnull ? NULL : TextDatumGetCString(value);
	}
	cb_statement_free();
	if (!cb_access_is_member(scope, &person->id, CB_ACCESS_READ))
		memset(person, 0, sizeof(Person));
}

/* Takes as long for nobody as for somebody. */
static bool
verify(const CbScope *scope, const CbSignIn *shown, Person *person)
{
	if (!cb_password_verify(person->hash, shown->password,
							shown->password_len, &scope->account))
		return false;
	if (cb_password_is_outdated(person->hash))
		person->new_hash = cb_password_rehash(shown->password,
											  shown->password_len,
											  &scope->account);
	return true;
}

/*
 * Locks the row and reads what it says now; false when it has another hash by
 * now, or is not for the caller to know any more.  For nobody it locks the account
 * instead.
 */
static bool
lock(const CbScope *scope, Person *person)
{
	Datum		values[3];
	Datum		value;
	bool		isnull;
	bool		same;

	if (person->hash == NULL)
	{
		cb_scope_lock(scope);
		return true;
	}
	values[0] = UUIDPGetDatum(&scope->account);
	values[1] = UUIDPGetDatum(&person->id);
	values[2] = CStringGetTextDatum(person->hash);
	same = cb_statement_run(&lock_identity, values, NULL) == 1;
	if (same)
	{
		person->is_active = DatumGetBool(cb_statement_value(0, 1, &isnull));
		person->email_verified = DatumGetBool(cb_statement_value(0, 2, &isnull));
		person->failures = DatumGetInt32(cb_statement_value(0, 3, &isnull));
		value = cb_statement_value(0, 4, &isnull);
		person->locked_until = cb_time_read(value, isnull);
	}
	cb_statement_free();
	return same && cb_access_is_member(scope, &person->id, CB_ACCESS_LOCK_MEMBERSHIP);
}

static bool
is_locked_out(const Person *person, TimestampTz now)
{
	return person->locked_until.given && person->locked_until.at > now;
}

/*
 * Past the limit every further failure locks again: the count goes on until
 * somebody signs in.
 */
static void
count_failure(const CbCaller *caller, const CbScope *scope, Person *person,
			  TimestampTz now)
{
	bool		lock_out;

	if (person->failures < PG_INT32_MAX)
		person->failures++;
	lock_out = cb_login_max_failures > 0 &&
		person->failures >= cb_login_max_failures;
	if (lock_out)
	{
		person->locked_until.given = true;
		person->locked_until.at = now +
			cb_login_lock_duration * USECS_PER_SEC;
	}
	store(scope, person);
	if (lock_out)
		report_lock_out(caller, scope, person, now);
}

/* Most sign-ins have nothing to change. */
static void
count_success(const CbScope *scope, Person *person)
{
	if (person->failures == 0 && !person->locked_until.given &&
		person->new_hash == NULL)
		return;
	person->failures = 0;
	person->locked_until.given = false;
	store(scope, person);
}

static void
store(const CbScope *scope, const Person *person)
{
	Datum		values[5] = {0};
	char		nulls[5] = {' ', ' ', ' ', ' ', ' '};

	values[0] = UUIDPGetDatum(&scope->account);
	values[1] = UUIDPGetDatum(&person->id);
	values[2] = Int32GetDatum(person->failures);
	values[3] = TimestampTzGetDatum(person->locked_until.at);
	nulls[3] = person->locked_until.given ? ' ' : 'n';
	if (person->new_hash != NULL)
		values[4] = CStringGetTextDatum(person->new_hash);
	else
		nulls[4] = 'n';
	if (cb_statement_run(&note_outcome, values, nulls) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("sign-in was not recorded"),
				 errhint("Look for a trigger or rule on canopy.identity.")));
	cb_statement_free();
}

static void
report_lock_out(const CbCaller *caller, const CbScope *scope,
				const Person *person, TimestampTz now)
{
	static const char *const keys[] = {"locked_until", "failed_login_count"};
	CbJson	   *json = cb_json_create(128);
	CbAudit		audit;

	cb_json_object(json, keys, lengthof(keys));
	cb_json_timestamp(json, person->locked_until.at);
	cb_json_int(json, person->failures);
	audit.action = "identity.locked";
	audit.resource_type = "identity";
	audit.category = "auth";
	audit.outcome = "failure";
	audit.severity = "warning";
	audit.metadata = cb_json_finish(json);
	audit.at = now;
	cb_audit_write_about(&audit, &person->id, caller, scope);
}

/*
 * Why somebody who knows the password is refused all the same; NULL: not at all.
 */
static const char *
refusal(const CbScope *scope, const Person *person)
{
	Datum		values[3];
	bool		is_member;

	if (!person->is_active)
		return "identity_inactive";
	if (!scope->has_application)
		return NULL;
	values[0] = UUIDPGetDatum(&scope->account);
	values[1] = UUIDPGetDatum(&person->id);
	values[2] = UUIDPGetDatum(&scope->application);
	is_member = cb_statement_run(&find_membership, values, NULL) > 0;
	cb_statement_free();
	return is_member ? NULL : "membership_required";
}

/* Of who was refused it tells nothing. */
static Jsonb *
describe(const Person *person, const char *refused)
{
	static const char *const keys[] = {
		"reason", "verified", "identity_id", "email_verified"
	};
	CbJson	   *json = cb_json_create(256);

	cb_json_object(json, keys, lengthof(keys));
	if (refused != NULL)
		cb_json_cstring(json, refused);
	else
		cb_json_null(json);
	cb_json_bool(json, refused == NULL);
	if (refused != NULL)
		cb_json_null(json);
	else
		cb_json_uuid(json, &person->id);
	if (refused != NULL)
		cb_json_null(json);
	else
		cb_json_bool(json, person->email_verified);
	return cb_json_finish(json);
}
