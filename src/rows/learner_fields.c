/*-------------------------------------------------------------------------
 *
 * learner_fields.c
 *		Reads and checks the fields of a learner.
 *
 * What is empty counts as not sent: it changes nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "input/truth.h"
#include "rows/identity.h"
#include "rows/learner.h"

#define TEXT_MAX_LEN	255		/* characters */

static void read_external_id(CbRow *row, const CbField *field,
							 const JsonbValue *value, void *target);
static void read_text(CbRow *row, const CbField *field,
					  const JsonbValue *value, void *target);
static void read_status(CbRow *row, const CbField *field,
						const JsonbValue *value, void *target);
static void read_completion(CbRow *row, const CbField *field,
							const JsonbValue *value, void *target);
static void read_send_invite(CbRow *row, const CbField *field,
							 const JsonbValue *value, void *target);
static bool is_empty(const JsonbValue *value);

#define MEMBER(name)	offsetof(CbLearnerRow, name)
#define FIRST_TEXT		7		/* place of ref1 among the fields */
#define TEXT(name, i)	{name, false, read_text, MEMBER(texts[i])}

static const CbField fields[] = {
	{"firstName", true, cb_field_read_name, MEMBER(first_name)},
	{"lastName", true, cb_field_read_name, MEMBER(last_name)},
	{"email", true, cb_field_read_email, MEMBER(email)},
	{"externalCustomerId", false, read_external_id, MEMBER(external_id)},
	{"status", false, read_status, MEMBER(status)},
	{"completionDate", false, read_completion, MEMBER(completed_at)},
	{"sendInvite", false, read_send_invite, MEMBER(send_invite)},
	TEXT("ref1", 0), TEXT("ref2", 1), TEXT("ref3", 2), TEXT("ref4", 3),
	TEXT("ref5", 4), TEXT("ref6", 5), TEXT("ref7", 6), TEXT("ref8", 7),
	TEXT("ref9", 8), TEXT("ref10", 9), TEXT("address1", 10),
	TEXT("address2", 11), TEXT("city", 12), TEXT("state", 13),
	TEXT("zipCode", 14), TEXT("country", 15), TEXT("telephone", 16),
	TEXT("language", CB_LEARNER_LANGUAGE),
	TEXT("sfContactId", CB_LEARNER_WRITTEN_ONCE),
	TEXT("sfAccountId", CB_LEARNER_WRITTEN_ONCE + 1),
	{NULL}
};

StaticAssertDecl(lengthof(fields) == FIRST_TEXT + CB_LEARNER_PROFILE_TEXTS + 1,
				 "a learner has a field for each text of the profile");

const CbField *
cb_learner_fields(const CbBatch *batch)
{
	return fields;
}

void
cb_learner_decode(CbBatch *batch, CbRow *row)
{
	CbLearnerRow *learner = (CbLearnerRow *) row;

	cb_fields_read(row, cb_learner_fields(batch));
	if (!learner->completed_at.given)
		return;
	if (learner->status == NULL)
		learner->status = cb_enrolment_status("completed", strlen("completed"));
	else if (strstr(learner->status, "completed") == NULL)
		cb_field_issue(row, CB_INVALID_VALUE, "completionDate");
}

const char *
cb_learner_text_name(int i)
{
	return fields[FIRST_TEXT + i].name;
}

const char *
cb_enrolment_status(const char *word, Size len)
{
	static const struct
	{
		const char *name;
		const char *letters;
	}			states[] = {
		{"not-started", "notstarted"},
		{"started", "started"},
		{"completed", "completed"},
		{"not-completed", "notcompleted"},
	};
	char		letters[16];
	Size		n = 0;

	for (Size i = 0; i < len; i++)
	{
		if (strchr("-_ ", word[i]) != NULL && word[i] != '\0')
			continue;
		if (n == sizeof(letters) - 1)
			return NULL;
		letters[n++] = pg_ascii_tolower((unsigned char) word[i]);
	}
	letters[n] = '\0';
	for (size_t i = 0; i < lengthof(states); i++)
	{
		if (strcmp(letters, states[i].letters) == 0)
			return states[i].name;
	}
	return NULL;
}

static void
read_external_id(CbRow *row, const CbField *field, const JsonbValue *value,
				 void *target)
{
	if (!is_empty(value))
		cb_identity_read_external_id(row, field, value, target);
}

static void
read_text(CbRow *row, const CbField *field, const JsonbValue *value,
		  void *target)
{
	if (!is_empty(value))
		cb_field_plain_text(row, field->name, value, TEXT_MAX_LEN,
							CB_INVALID_VALUE, target);
}

static void
read_status(CbRow *row, const CbField *field, const JsonbValue *value,
			void *target)
{
	CbText		word;

	if (is_empty(value) || !cb_field_text(row, field->name, value, &word))
		return;
	*(const char **) target = cb_enrolment_status(word.val, word.len);
	if (*(const char **) target == NULL)
		cb_field_issue(row, CB_INVALID_VALUE, field->name);
}

static void
read_completion(CbRow *row, const CbField *field, const JsonbValue *value,
				void *target)
{
	if (!is_empty(value))
		cb_field_read_time(row, field, value, target);
}

static void
read_send_invite(CbRow *row, const CbField *field, const JsonbValue *value,
				 void *target)
{
	CbWanted   *wanted = target;
	CbTruth		truth = CB_TRUTH_UNKNOWN;
	CbText		word;

	if (is_empty(value))
		return;
	if (value->type == jbvBool)
		truth = value->val.boolean ? CB_TRUTH_YES : CB_TRUTH_NO;
	else if (!cb_field_text(row, field->name, value, &word))
		return;
	else
		truth = cb_truth_read(word.val, word.len);
	wanted->given = truth != CB_TRUTH_UNKNOWN;
	wanted->value = truth == CB_TRUTH_YES;
	if (!wanted->given)
		cb_field_issue(row, CB_INVALID_VALUE, field->name);
}

static bool
is_empty(const JsonbValue *value)
{
	CbText		sent;

	if (value->type != jbvString)
		return false;
	sent.val = value->val.string.val;
	sent.len = value->val.string.len;
	return cb_text_is_blank(&sent);
}
