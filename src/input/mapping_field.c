/*-------------------------------------------------------------------------
 *
 * mapping_field.c
 *		The fields of each mode of an import.
 *
 * The order is that of the sample file: what is required first.
 *
 *-------------------------------------------------------------------------
 */
#include "input/mapping_field.h"

#include <string.h>

#define EMAIL		"the address; unique in the account"
#define FIRST		"the given name"
#define LAST		"the family name"
#define SECRET		"8 to 64 characters, stored as a hash only; leave empty to set none"
#define HASH		"instead of a password: its hash from another system (PHC or crypt)"
#define EXTERNAL	"the identifier in your HR system or identity provider; unique"
#define METADATA	"a JSON object; or columns metadata.key, one per key"
#define ROLE		"a role of the environment (UUID); only together with node_id"
#define NODE		"a node of the environment (UUID); only together with role_id"

static const CbMappingTarget create_fields[] = {
	{{"email", true, EMAIL}, CB_MEANING_EMAIL},
	{{"first_name", true, FIRST}, CB_MEANING_FIRST_NAME},
	{{"last_name", true, LAST}, CB_MEANING_LAST_NAME},
	{{"password", false, SECRET}, CB_MEANING_PASSWORD},
	{{"password_hash", false, HASH}, CB_MEANING_PASSWORD_HASH},
	{{"external_id", false, EXTERNAL}, CB_MEANING_EXTERNAL_ID},
	{{"role_id", false, ROLE}, CB_MEANING_ROLE_ID},
	{{"node_id", false, NODE}, CB_MEANING_NODE_ID},
	{{"metadata", false, METADATA}, CB_MEANING_METADATA},
};

static const CbMappingTarget account_create_fields[] = {
	{{"email", true, EMAIL}, CB_MEANING_EMAIL},
	{{"first_name", true, FIRST}, CB_MEANING_FIRST_NAME},
	{{"last_name", true, LAST}, CB_MEANING_LAST_NAME},
	{{"password", false, SECRET}, CB_MEANING_PASSWORD},
	{{"password_hash", false, HASH}, CB_MEANING_PASSWORD_HASH},
	{{"external_id", false, EXTERNAL}, CB_MEANING_EXTERNAL_ID},
	{{"application_id", false, "an application to attach to (UUID)"},
	CB_MEANING_APPLICATION_ID},
	{{"metadata", false, METADATA}, CB_MEANING_METADATA},
};

static const CbMappingTarget invite_fields[] = {
	{{"email", true, "the address that is invited"}, CB_MEANING_EMAIL},
	{{"first_name", true, FIRST}, CB_MEANING_FIRST_NAME},
	{{"last_name", true, LAST}, CB_MEANING_LAST_NAME},
	{{"role_id", false, ROLE}, CB_MEANING_ROLE_ID},
	{{"node_id", false, NODE}, CB_MEANING_NODE_ID},
	{{"client_id", false, "the OAuth client that the link leads to (UUID)"},
	CB_MEANING_CLIENT_ID},
	{{"send_email", false, "yes or no; empty is yes"}, CB_MEANING_SEND_EMAIL},
	{{"intent", false, "activate or password_reset; empty is activate"},
	CB_MEANING_INTENT},
};

#define REFERENCE(name, n) \
	{{name, false, "a reference field of your own"}, CB_MEANING_REF1 + (n) - 1}

static const CbMappingTarget learner_fields[] = {
	{{"firstName", true, FIRST}, CB_MEANING_FIRST_NAME},
	{{"lastName", true, LAST}, CB_MEANING_LAST_NAME},
	{{"email", true, "the address; adds or updates the learner"}, CB_MEANING_EMAIL},
	{{"externalCustomerId", false, "the identifier that single sign-on sends"},
	CB_MEANING_EXTERNAL_ID},
	{{"status", false, "not-started, started, completed or not-completed"},
	CB_MEANING_STATUS},
	{{"completionDate", false, "2026-04-20T12:00:00.000Z"}, CB_MEANING_COMPLETION_DATE},
	{{"sendInvite", false, "yes or no"}, CB_MEANING_SEND_EMAIL},
	REFERENCE("ref1", 1),
	REFERENCE("ref2", 2),
	REFERENCE("ref3", 3),
	REFERENCE("ref4", 4),
	REFERENCE("ref5", 5),
	REFERENCE("ref6", 6),
	REFERENCE("ref7", 7),
	REFERENCE("ref8", 8),
	REFERENCE("ref9", 9),
	REFERENCE("ref10", 10),
	{{"address1", false, "street and number"}, CB_MEANING_ADDRESS1},
	{{"address2", false, "what else the address needs"}, CB_MEANING_ADDRESS2},
	{{"city", false, "the town"}, CB_MEANING_CITY},
	{{"state", false, "state, province or region"}, CB_MEANING_STATE},
	{{"zipCode", false, "the postal code"}, CB_MEANING_ZIP_CODE},
	{{"country", false, "the country"}, CB_MEANING_COUNTRY},
	{{"telephone", false, "a telephone number"}, CB_MEANING_TELEPHONE},
	{{"language", false, "the language of the learner"}, CB_MEANING_LANGUAGE},
	{{"sfContactId", false, "the contact in Salesforce; written once"},
	CB_MEANING_SF_CONTACT_ID},
	{{"sfAccountId", false, "the account in Salesforce; written once"},
	CB_MEANING_SF_ACCOUNT_ID},
};

static const struct
{
	const char *name;
	const CbMappingTarget *targets;
	int			ntargets;
}			modes[] = {
#define TARGETS(array)	array, (int) (sizeof(array) / sizeof(array[0]))
	[CB_MAPPING_CREATE] = {"create", TARGETS(create_fields)},
	[CB_MAPPING_INVITE] = {"invite", TARGETS(invite_fields)},
	[CB_MAPPING_ACCOUNT_CREATE] = {"account_create", TARGETS(account_create_fields)},
	[CB_MAPPING_LEARNER] = {"learner", TARGETS(learner_fields)},
};

#define NMODES	(sizeof(modes) / sizeof(modes[0]))

int
cb_mapping_fields(CbMappingMode mode, const CbMappingField **fields)
{
	int			i;

	for (i = 0; i < modes[mode].ntargets; i++)
		fields[i] = &modes[mode].targets[i].field;
	return modes[mode].ntargets;
}

const CbMappingField *
cb_mapping_field_named(CbMappingMode mode, const char *name, size_t len)
{
	int			i;

	for (i = 0; i < modes[mode].ntargets; i++)
	{
		const CbMappingField *field = &modes[mode].targets[i].field;

		if (strlen(field->name) == len && memcmp(field->name, name, len) == 0)
			return field;
	}
	return NULL;
}

const CbMappingField *
cb_mapping_field_meant(CbMappingMode mode, CbMeaning meaning)
{
	int			i;

	for (i = 0; i < modes[mode].ntargets; i++)
	{
		if (modes[mode].targets[i].meaning == meaning)
			return &modes[mode].targets[i].field;
	}
	return NULL;
}

bool
cb_mapping_mode_find(const char *name, CbMappingMode *mode)
{
	size_t		i;

	for (i = 0; i < NMODES; i++)
	{
		if (strcmp(modes[i].name, name) != 0)
			continue;
		*mode = (CbMappingMode) i;
		return true;
	}
	return false;
}

const char *
cb_mapping_mode_name(CbMappingMode mode)
{
	return modes[mode].name;
}
