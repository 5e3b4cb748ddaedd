/*-------------------------------------------------------------------------
 *
 * invite_fields.c
 *		Reads and checks the fields of an invite.
 *
 * An invite of the environment's tier may carry a role and lead to a client; one
 * of the account's tier may name an application.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"


#include "canopy_bulk.h"
#include "db/document.h"
#include "input/duration.h"
#include "rows/access.h"
#include "rows/invite.h"
#include "settings.h"

static void read_intent(CbRow *row, const CbField *field,
						const JsonbValue *value, void *target);
static void read_send_email(CbRow *row, const CbField *field,
							const JsonbValue *value, void *target);
static void read_expires_in(CbRow *row, const CbField *field,
							const JsonbValue *value, void *target);
static bool whole_seconds(const JsonbValue *value, int64 *seconds);
static void read_locale(CbRow *row, const CbField *field,
						const JsonbValue *value, void *target);
static void check_together(const CbBatch *batch, CbInviteRow *invite);

#define MEMBER(name)	offsetof(CbInviteRow, name)

#define COMMON_FIELDS \
	{"email", true, cb_field_read_email, MEMBER(email)}, \
	{"first_name", false, cb_field_read_name, MEMBER(first_name)}, \
	{"last_name", false, cb_field_read_name, MEMBER(last_name)}, \
	{"intent", false, read_intent, MEMBER(is_reset)}, \
	{"send_email", false, read_send_email, MEMBER(keep_mail)}, \
	{"expires_in", false, read_expires_in, MEMBER(expires_in)}, \
	{"locale", false, read_locale, MEMBER(locale)}

static const CbField account_fields[] = {
	COMMON_FIELDS,
	{"application_id", false, cb_field_read_uuid, MEMBER(application_id)},
	{NULL}
};

static const CbField environment_fields[] = {
	COMMON_FIELDS,
	{"role_id", false, cb_field_read_uuid, MEMBER(role_id)},
	{"node_id", false, cb_field_read_uuid, MEMBER(node_id)},
	{"client_id", false, cb_field_read_uuid, MEMBER(client_id)},
	{NULL}
};

const CbField *
cb_invite_fields(const CbBatch *batch)
{
	return batch->scope.has_application ? environment_fields : account_fields;
}

void
cb_invite_decode(CbBatch *batch, CbRow *row)
{
	cb_fields_read(row, cb_invite_fields(batch));
	if (row->problem.code != CB_INVALID_ROW)
		check_together(batch, (CbInviteRow *) row);
}

static void
read_intent(CbRow *row, const CbField *field, const JsonbValue *value,
			void *target)
{
	static const char *const joins[] = {"activate", "onboard"};
	CbText		intent;

	if (!cb_field_text(row, field->name, value, &intent))
		return;
	for (size_t i = 0; i < lengthof(joins); i++)
	{
		if ((size_t) intent.len == strlen(joins[i]) &&
			memcmp(intent.val, joins[i], intent.len) == 0)
			return;
	}
	*(bool *) target = (size_t) intent.len == strlen(cb_intent_password_reset) &&
		memcmp(intent.val, cb_intent_password_reset, intent.len) == 0;
	if (!*(bool *) target)
		cb_field_issue(row, CB_INVALID_VALUE, field->name);
}

static void
read_send_email(CbRow *row, const CbField *field, const JsonbValue *value,
				void *target)
{
	if (value->type == jbvBool)
		*(bool *) target = !value->val.boolean;
	else
		cb_field_issue(row, CB_INVALID_TYPE, field->name);
}

/* Seconds, or a duration of ISO 8601. */
static void
read_expires_in(CbRow *row, const CbField *field, const JsonbValue *value,
				void *target)
{
	int64	   *seconds = target;
	bool		good;

	if (value->type == jbvString)
		good = cb_duration_read(value->val.string.val, value->val.string.len,
								seconds);
	else if (value->type == jbvNumeric)
		good = whole_seconds(value, seconds);
	else
	{
		cb_field_issue(row, CB_INVALID_TYPE, field->name);
		return;
	}
	if (!good || *seconds < CB_INVITE_LEAST || *seconds > CB_INVITE_MOST)
		cb_field_issue(row, CB_INVALID_VALUE, field->name);
}

static bool
whole_seconds(const JsonbValue *value, int64 *seconds)
{
	int			number;
	bool		good = cb_document_int(value, &number);

	*seconds = good ? number : 0;
	return good;
}

static void
read_locale(CbRow *row, const CbField *field, const JsonbValue *value,
			void *target)
{
	if (cb_field_text(row, field->name, value, target) &&
		!cb_text_is_language_tag(target))
		cb_field_issue(row, CB_INVALID_VALUE, field->name);
}

/* What one field says of another. */
static void
check_together(const CbBatch *batch, CbInviteRow *invite)
{
	CbRow	   *row = &invite->row;
	bool		of_environment = batch->scope.has_application;
	bool		role_sent = of_environment && cb_field_was_sent(row, "role_id");
	bool		node_sent = of_environment && cb_field_was_sent(row, "node_id");

	if (!invite->is_reset)
	{
		if (role_sent != node_sent)
			cb_field_issue(row, CB_ROLE_NODE_PAIR,
						   role_sent ? "node_id" : "role_id");
		return;
	}
	if (invite->keep_mail && !cb_access_gets_links(&batch->scope))
		cb_field_issue(row, CB_FORBIDDEN, "send_email");
	if (role_sent)
		cb_field_issue(row, CB_INVALID_VALUE, "role_id");
	if (node_sent)
		cb_field_issue(row, CB_INVALID_VALUE, "node_id");
	if (!of_environment && cb_field_was_sent(row, "application_id"))
		cb_field_issue(row, CB_INVALID_VALUE, "application_id");
}
