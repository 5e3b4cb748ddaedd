/*-------------------------------------------------------------------------
 *
 * invite_person.c
 *		Who accepts an invite, and what that makes of him.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/statement.h"
#include "db/uuid7.h"
#include "rows/assignment.h"
#include "rows/invite_person.h"

#define EQ " OPERATOR(pg_catalog.=) "

/* Parameters: account; id or email. */
#define BY_ID \
	"SELECT id, email, password_hash FROM canopy.identity" \
	" WHERE account_id" EQ "$1 AND id" EQ "$2"
#define BY_EMAIL \
	"SELECT id, email, password_hash FROM canopy.identity" \
	" WHERE account_id" EQ "$1 AND email" EQ "$2"
#define ID_TYPES	2, {UUIDOID, UUIDOID}, SPI_OK_SELECT
#define EMAIL_TYPES	2, {UUIDOID, TEXTOID}, SPI_OK_SELECT

#define RESULT		.returns = "id uuid, email text, password_hash text?"

static CbStatement find_by_id = {BY_ID, ID_TYPES, true, RESULT};
static CbStatement lock_by_id = {BY_ID " FOR KEY SHARE", ID_TYPES, RESULT};
static CbStatement find_by_email = {BY_EMAIL, EMAIL_TYPES, true, RESULT};
static CbStatement lock_by_email = {
	BY_EMAIL " FOR KEY SHARE", EMAIL_TYPES, RESULT
};

/* Parameters: account, id, email, first_name, last_name, password_hash, time. */
static CbStatement insert_identity = {
	"INSERT INTO canopy.identity (account_id, id, email, first_name, last_name,"
	" password_hash, email_verified, email_verified_at, password_changed_at,"
	" created_at, updated_at)"
	" VALUES ($1, $2, $3, $4, $5, $6, true, $7, $7, $7, $7)"
	" ON CONFLICT (account_id, email) DO NOTHING"
	" RETURNING id",
	7, {UUIDOID, UUIDOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID},
	SPI_OK_INSERT_RETURNING,
	.returns = "id uuid"
};

/* Parameters: account, id, password_hash, time, whether the token was mailed. */
static CbStatement set_password = {
	"UPDATE canopy.identity SET password_hash = $3, password_changed_at = $4,"
	" updated_at = $4, locked_until = NULL, failed_login_count = 0,"
	" email_verified_at = CASE WHEN $5 AND NOT email_verified THEN $4"
	" ELSE email_verified_at END,"
	" email_verified = email_verified OR $5"
	" WHERE account_id" EQ "$1 AND id" EQ "$2",
	5, {UUIDOID, UUIDOID, TEXTOID, TIMESTAMPTZOID, BOOLOID}, SPI_OK_UPDATE
};

/*
 * Parameters: account, time, new id, identity, application, when it was invited.
 * None comes back where a membership is active already, or suspended.
 */
static CbStatement ensure_membership = {
	"INSERT INTO canopy.app_membership AS m (account_id, id, identity_id,"
	" application_id, status, invited_at, activated_at, created_at, updated_at)"
	" VALUES ($1, $3, $4, $5, 'active', $6, $2, $2, $2)"
	" ON CONFLICT (account_id, identity_id, application_id) DO UPDATE"
	" SET status = 'active', activated_at = $2, deactivated_at = NULL,"
	" invited_at = coalesce(m.invited_at, $6), updated_at = $2"
	" WHERE m.status" EQ "ANY ('{deactivated,invited}'::pg_catalog.text[])"
	" RETURNING 1",
	6, {UUIDOID, TIMESTAMPTZOID, UUIDOID, UUIDOID, UUIDOID, TIMESTAMPTZOID},
	SPI_OK_INSERT_RETURNING,
	.returns = "one int4"
};

/* Parameters: account, identity, application. */
static CbStatement find_active_membership = {
	"SELECT 1 FROM canopy.app_membership"
	" WHERE account_id" EQ "$1 AND identity_id" EQ "$2"
	" AND application_id" EQ "$3 AND status" EQ "'active'",
	3, {UUIDOID, UUIDOID, UUIDOID}, SPI_OK_SELECT, true,
	.returns = "one int4"
};

static void read_person(CbStatement *statement, Datum *values, CbPerson *person);
static bool is_same(const CbPerson *before, const CbPerson *now);
static void ensure_member(const CbBatch *batch, const CbInvite *invite,
						  const CbPerson *person);
static void refuse_lost(void) pg_attribute_noreturn();

bool
cb_person_find(const pg_uuid_t *account, const CbInvite *invite, bool lock,
			   CbPerson *person)
{
	CbPerson	before = *person;
	Datum		values[2];

	values[0] = UUIDPGetDatum(account);
	if (invite->identity_id.given)
	{
		values[1] = UUIDPGetDatum(&invite->identity_id.id);
		read_person(lock ? &lock_by_id : &find_by_id, values, person);
	}
	else
	{
		values[1] = CStringGetTextDatum(invite->email);
		read_person(lock ? &lock_by_email : &find_by_email, values, person);
	}
	return !lock || is_same(&before, person);
}

bool
cb_person_insert(const CbBatch *batch, const CbInvite *invite,
				 CbPerson *person)
{
	Datum		values[7];
	bool		inserted;

	cb_uuid7_make(&person->id);
	values[0] = UUIDPGetDatum(&batch->scope.account);
	values[1] = UUIDPGetDatum(&person->id);
	values[2] = CStringGetTextDatum(invite->email);
	values[3] = cb_text_datum(&invite->first_name);
	values[4] = cb_text_datum(&invite->last_name);
	values[5] = CStringGetTextDatum(person->password_hash);
	values[6] = TimestampTzGetDatum(batch->now);
	inserted = cb_statement_run(&insert_identity, values, NULL) == 1;
	cb_statement_free();
	return inserted;
}

void
cb_person_set_password(const CbBatch *batch, const CbInvite *invite,
					   const CbPerson *person)
{
	Datum		values[5];

	values[0] = UUIDPGetDatum(&batch->scope.account);
	values[1] = UUIDPGetDatum(&person->id);
	values[2] = CStringGetTextDatum(person->password_hash);
	values[3] = TimestampTzGetDatum(batch->now);
	values[4] = BoolGetDatum(invite->send_email);
	if (cb_statement_run(&set_password, values, NULL) != 1)
		refuse_lost();
	cb_statement_free();
}

void
cb_person_join(const CbBatch *batch, const CbInvite *invite,
			   const CbPerson *person)
{
	CbAssignmentWish assignment;

	ensure_member(batch, invite, person);
	if (!invite->role_id.given)
		return;
	assignment.identity = person->id;
	assignment.application = invite->application_id.id;
	assignment.role = invite->role_id.id;
	assignment.node = invite->node_id.id;
	cb_assignment_ensure(batch, &assignment, 1);
	if (assignment.outcome == CB_FAILED)
		refuse_lost();
}

bool
cb_person_name_is_good(const CbText *name)
{
	JsonbValue	value;
	CbRow		row;
	CbText		checked;
	static const CbField field = {"name"};

	if (name->val == NULL)
		return false;
	cb_problem_init(&row.problem);
	value.type = jbvString;
	value.val.string.val = unconstify(char *, name->val);
	value.val.string.len = name->len;
	cb_field_read_name(&row, &field, &value, &checked);
	return cb_row_is_good(&row);
}

static void
read_person(CbStatement *statement, Datum *values, CbPerson *person)
{
	Datum		hash;
	bool		isnull;

	memset(person, 0, sizeof(CbPerson));
	if (cb_statement_run(statement, values, NULL) == 1)
	{
		person->exists = true;
		person->id = *DatumGetUUIDP(cb_statement_value(0, 1, &isnull));
		person->email = TextDatumGetCString(cb_statement_value(0, 2, &isnull));
		hash = cb_statement_value(0, 3, &isnull);
		person->password_hash = isnull ? NULL : TextDatumGetCString(hash);
	}
	cb_statement_free();
}

/* Another password is no other person: it was verified with the row locked. */
static bool
is_same(const CbPerson *before, const CbPerson *now)
{
	if (before->exists != now->exists)
		return false;
	return !now->exists ||
		(cb_uuid_compare(&before->id, &now->id) == 0 &&
		 (before->password_hash == NULL) == (now->password_hash == NULL));
}

static void
ensure_member(const CbBatch *batch, const CbInvite *invite,
			  const CbPerson *person)
{
	Datum		values[6];
	pg_uuid_t	id;
	bool		done;

	cb_uuid7_make(&id);
	values[0] = UUIDPGetDatum(&batch->scope.account);
	values[1] = TimestampTzGetDatum(batch->now);
	values[2] = UUIDPGetDatum(&id);
	values[3] = UUIDPGetDatum(&person->id);
	values[4] = UUIDPGetDatum(&invite->application_id.id);
	values[5] = TimestampTzGetDatum(invite->created_at);
	done = cb_statement_run(&ensure_membership, values, NULL) == 1;
	cb_statement_free();
	if (done)
		return;
	values[1] = values[3];
	values[2] = values[4];
	done = cb_statement_run(&find_active_membership, values, NULL) == 1;
	cb_statement_free();
	if (!done)
		ereport(ERROR,
				(errcode(CB_ERRCODE_CONFLICT),
				 errmsg("membership of the application is suspended")));
}

static void
refuse_lost(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("what the invite is for was not written"),
			 errhint("Look for a trigger or rule on the tables of the directory.")));
}
