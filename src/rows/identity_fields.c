/*-------------------------------------------------------------------------
 *
 * identity_fields.c
 *		Reads and checks the fields of an identity.
 *
 * The account tier and the application tier take different fields (seed: the two
 * create DTOs); what they share is checked alike.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "rows/identity.h"
#include "secret/password_hash.h"

#define NAME_MAX_LEN		255 /* characters */
#define EXTERNAL_ID_MAX_LEN	255 /* characters */
#define METADATA_MAX_LEN	16384	/* bytes of jsonb */

static void read_email(CbBatch *batch, CbRow *row, const char *field,
					   const JsonbValue *value);
static void read_first_name(CbBatch *batch, CbRow *row, const char *field,
							const JsonbValue *value);
static void read_last_name(CbBatch *batch, CbRow *row, const char *field,
						   const JsonbValue *value);
static void read_name(CbRow *row, const char *field, const JsonbValue *value,
					  CbText *name);
static void read_external_id(CbBatch *batch, CbRow *row, const char *field,
							 const JsonbValue *value);
static void read_metadata(CbBatch *batch, CbRow *row, const char *field,
						  const JsonbValue *value);
static void read_password(CbBatch *batch, CbRow *row, const char *field,
						  const JsonbValue *value);
static void read_password_hash(CbBatch *batch, CbRow *row, const char *field,
							   const JsonbValue *value);
static void read_application_id(CbBatch *batch, CbRow *row, const char *field,
								const JsonbValue *value);
static void read_role_id(CbBatch *batch, CbRow *row, const char *field,
						 const JsonbValue *value);
static void read_node_id(CbBatch *batch, CbRow *row, const char *field,
						 const JsonbValue *value);
static bool was_sent(const CbRow *row, const char *field);

static const CbField account_fields[] = {
	{"email", true, read_email},
	{"first_name", true, read_first_name},
	{"last_name", true, read_last_name},
	{"password", false, read_password},
	{"password_hash", false, read_password_hash},
	{"external_id", false, read_external_id},
	{"metadata", false, read_metadata},
	{"application_id", false, read_application_id},
	{NULL}
};

static const CbField application_fields[] = {
	{"email", true, read_email},
	{"first_name", true, read_first_name},
	{"last_name", true, read_last_name},
	{"password", false, read_password},
	{"password_hash", false, read_password_hash},
	{"external_id", false, read_external_id},
	{"metadata", false, read_metadata},
	{"role_id", false, read_role_id},
	{"node_id", false, read_node_id},
	{NULL}
};

void
cb_identity_decode(CbBatch *batch, CbRow *row)
{
	CbIdentityRow *identity = (CbIdentityRow *) row;
	bool		role_sent;
	bool		node_sent;

	identity->metadata.type = jbvNull;
	identity->password_slot = -1;
	cb_fields_read(batch, row, batch->scope.has_application ?
				   application_fields : account_fields);
	if (row->problem.code == CB_INVALID_ROW)
		return;

	role_sent = batch->scope.has_application && was_sent(row, "role_id");
	node_sent = batch->scope.has_application && was_sent(row, "node_id");
	if (role_sent != node_sent)
		cb_field_issue(row, CB_ROLE_NODE_PAIR, role_sent ? "node_id" : "role_id");
	if (identity->password.val != NULL && identity->password_hash.val != NULL)
		cb_field_issue(row, CB_INVALID_VALUE, "password_hash");
}

static void
read_email(CbBatch *batch, CbRow *row, const char *field,
		   const JsonbValue *value)
{
	CbIdentityRow *identity = (CbIdentityRow *) row;
	CbText		sent;

	if (!cb_field_text(row, field, value, &sent))
		return;
	switch (cb_email_canonicalise(sent.val, sent.len, identity->email))
	{
		case CB_EMAIL_OK:
			break;
		case CB_EMAIL_EMPTY:
			cb_field_issue(row, CB_REQUIRED, field);
			break;
		case CB_EMAIL_TOO_LONG:
			cb_field_issue(row, CB_TOO_LONG, field);
			break;
		case CB_EMAIL_SYNTAX:
		case CB_EMAIL_DOMAIN:
			cb_field_issue(row, CB_EMAIL_INVALID, field);
			break;
		case CB_EMAIL_LIBRARY_FAILED:
			ereport(ERROR,
					(errcode(ERRCODE_OUT_OF_MEMORY),
					 errmsg("could not read a domain name"),
					 errdetail("ICU failed.")));
	}
}

static void
read_first_name(CbBatch *batch, CbRow *row, const char *field,
				const JsonbValue *value)
{
	read_name(row, field, value, &((CbIdentityRow *) row)->first_name);
}

static void
read_last_name(CbBatch *batch, CbRow *row, const char *field,
			   const JsonbValue *value)
{
	read_name(row, field, value, &((CbIdentityRow *) row)->last_name);
}

static void
read_name(CbRow *row, const char *field, const JsonbValue *value, CbText *name)
{
	if (cb_field_plain_text(row, field, value, NAME_MAX_LEN, CB_INVALID_VALUE,
							name) &&
		cb_text_is_blank(name))
		cb_field_issue(row, CB_REQUIRED, field);
}

static void
read_external_id(CbBatch *batch, CbRow *row, const char *field,
				 const JsonbValue *value)
{
	CbText	   *external_id = &((CbIdentityRow *) row)->external_id;

	if (cb_field_plain_text(row, field, value, EXTERNAL_ID_MAX_LEN,
							CB_EXTERNAL_ID_INVALID, external_id) &&
		cb_text_is_blank(external_id))
		cb_field_issue(row, CB_EXTERNAL_ID_INVALID, field);
}

static void
read_metadata(CbBatch *batch, CbRow *row, const char *field,
			  const JsonbValue *value)
{
	if (value->type != jbvBinary ||
		!JsonContainerIsObject(value->val.binary.data) ||
		value->val.binary.len > METADATA_MAX_LEN)
		cb_field_issue(row, CB_METADATA_INVALID, field);
	else
		((CbIdentityRow *) row)->metadata = *value;
}

static void
read_password(CbBatch *batch, CbRow *row, const char *field,
			  const JsonbValue *value)
{
	CbText	   *password = &((CbIdentityRow *) row)->password;

	if (!cb_field_text(row, field, value, password))
		return;
	switch (cb_password_check(password->val, password->len))
	{
		case CB_PASSWORD_GOOD:
			break;
		case CB_PASSWORD_SHORT:
			cb_field_issue(row, CB_PASSWORD_TOO_SHORT, field);
			break;
		case CB_PASSWORD_LONG:
			cb_field_issue(row, CB_PASSWORD_TOO_LONG, field);
			break;
		case CB_PASSWORD_MALFORMED:
			cb_field_issue(row, CB_INVALID_VALUE, field);
			break;
	}
}

static void
read_password_hash(CbBatch *batch, CbRow *row, const char *field,
				   const JsonbValue *value)
{
	CbText	   *hash = &((CbIdentityRow *) row)->password_hash;

	if (cb_field_text(row, field, value, hash) &&
		!cb_password_hash_supported(hash->val, hash->len))
		cb_field_issue(row, CB_PASSWORD_HASH_UNSUPPORTED, field);
}

static void
read_application_id(CbBatch *batch, CbRow *row, const char *field,
					const JsonbValue *value)
{
	CbIdentityRow *identity = (CbIdentityRow *) row;

	identity->has_application_id =
		cb_field_uuid(row, field, value, &identity->application_id);
}

static void
read_role_id(CbBatch *batch, CbRow *row, const char *field,
			 const JsonbValue *value)
{
	CbIdentityRow *identity = (CbIdentityRow *) row;

	identity->has_role_id =
		cb_field_uuid(row, field, value, &identity->role_id);
}

static void
read_node_id(CbBatch *batch, CbRow *row, const char *field,
			 const JsonbValue *value)
{
	CbIdentityRow *identity = (CbIdentityRow *) row;

	identity->has_node_id =
		cb_field_uuid(row, field, value, &identity->node_id);
}

/* JSON null counts as not sent. */
static bool
was_sent(const CbRow *row, const char *field)
{
	JsonbValue	value;

	return getKeyJsonValueFromContainer(row->input.val.binary.data, field,
										(int) strlen(field), &value) != NULL &&
		value.type != jbvNull;
}
