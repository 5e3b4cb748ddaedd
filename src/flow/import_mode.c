/*-------------------------------------------------------------------------
 *
 * import_mode.c
 *		What a row of a CSV file can become: a mode is a line of the table.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "db/stored.h"
#include "flow/import_mode.h"
#include "rows/identity.h"
#include "rows/invite.h"
#include "rows/learner.h"

#define METADATA_PREFIX		"metadata."

static const CbImportMode modes[] = {
	{"create", &cb_identity_kind, &cb_identity_undo, CB_MAPPING_CREATE, true, false,
	"Creates identities and makes them members of the application. No mail is sent."},
	{"invite", &cb_invite_kind, &cb_invite_undo, CB_MAPPING_INVITE, true, true,
	"Invites people to the environment; who accepts becomes a member of the application."},
	{"account_create", &cb_identity_kind, &cb_identity_undo, CB_MAPPING_ACCOUNT_CREATE, false, false,
	"Creates identities in the directory of the account. No mail is sent."},
	{"learner", &cb_learner_kind, &cb_learner_undo, CB_MAPPING_LEARNER, false, false,
		"Adds or updates learners, and enrols them. Empty cells change nothing.",
		true, true, true, cb_learner_options_of, cb_learner_options_check,
	cb_learner_options_store},
};

static const struct
{
	const char *field;
	CbImportType type;
}			types[] = {
	{"send_email", CB_IMPORT_BOOLEAN},
	{"sendInvite", CB_IMPORT_BOOLEAN},
	{"metadata", CB_IMPORT_METADATA},
};

static const CbImportMode *find_mode(const char *name);
static Jsonb *no_options(void);

const CbImportMode *
cb_import_mode(const char *name)
{
	const CbImportMode *mode = find_mode(name);

	if (mode != NULL)
		return mode;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid mode of an import"),
			 errhint("It is create, invite, account_create or learner.")));
}

const CbImportMode *
cb_import_mode_of(const CbImport *import)
{
	const CbImportMode *mode = find_mode(import->mode);

	if (mode == NULL)
		cb_stored_refuse("import.mode");
	return mode;
}

static const CbImportMode *
find_mode(const char *name)
{
	for (size_t i = 0; i < lengthof(modes); i++)
	{
		if (strcmp(modes[i].name, name) == 0)
			return &modes[i];
	}
	return NULL;
}

Jsonb *
cb_import_mode_options(const CbImportMode *mode, const CbScope *scope,
					   const Jsonb *options)
{
	const void *wanted;

	if (mode->read_options != NULL)
	{
		wanted = mode->read_options(options);
		mode->check_options(scope, wanted);
		return mode->store_options(wanted);
	}
	if (options != NULL && !(JB_ROOT_IS_OBJECT(options) && JB_ROOT_COUNT(options) == 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the mode of the import has no options"),
				 errhint("Options say what learners are enrolled in: they go with mode learner.")));
	return no_options();
}

const CbMappingField *
cb_import_mode_field(const CbImportMode *mode, const char *name)
{
	const CbMappingField *fields[CB_MAPPING_FIELDS_MAX];
	int			n = cb_mapping_fields(mode->mapping, fields);
	size_t		len = strlen(name);

	if (strncmp(name, METADATA_PREFIX, strlen(METADATA_PREFIX)) == 0)
		len = strlen(METADATA_PREFIX) - 1;
	for (int i = 0; i < n; i++)
	{
		if (strlen(fields[i]->name) == len &&
			memcmp(fields[i]->name, name, len) == 0)
			return fields[i];
	}
	return NULL;
}

CbImportType
cb_import_type(const char *field)
{
	if (strncmp(field, METADATA_PREFIX, strlen(METADATA_PREFIX)) == 0)
		return CB_IMPORT_METADATA;
	for (size_t i = 0; i < lengthof(types); i++)
	{
		if (strcmp(types[i].field, field) == 0)
			return types[i].type;
	}
	return CB_IMPORT_TEXT;
}

static Jsonb *
no_options(void)
{
	CbJson	   *json = cb_json_create(16);

	cb_json_object(json, NULL, 0);
	return cb_json_finish(json);
}
