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
#include "secret/password_verify.h"

#define EXTERNAL_ID_MAX_LEN	255 /* characters */
#define METADATA_MAX_LEN	16384	/* bytes of jsonb */

static void read_password(CbRow *row, const CbField *field,
						  const JsonbValue *value, void *target);
static void read_password_hash(CbRow *row, const CbField *field,
							   const JsonbValue *value, void *target);

#define MEMBER(name)	offsetof(CbIdentityRow, name)

#define COMMON_FIELDS \
	{"email", true, cb_field_read_email, MEMBER(email)}, \
	{"first_name", true, cb_field_read_name, MEMBER(first_name)}, \
	{"last_name", true, cb_field_read_name, MEMBER(last_name)}, \
	{"password", false, read_password, MEMBER(password)}, \
	{"password_hash", false, read_password_hash, MEMBER(password_hash)}, \
	{"external_id", false, cb_identity_read_external_id, MEMBER(external_id)}, \
	{"metadata", false, cb_identity_read_metadata, MEMBER(metadata), true}

static const CbField account_fields[] = {
	COMMON_FIELDS,
	{"application_id", false, cb_field_read_uuid, MEMBER(application_id)},
	{NULL}
};

static const CbField application_fields[] = {
	COMMON_FIELDS,
	{"role_id", false, cb_field_read_uuid, MEMBER(role_id)},
	{"node_id", false, cb_field_read_uuid, MEMBER(node_id)},
	{NULL}
};

const CbField *
cb_identity_fields(const CbBatch *batch)
{
	return batch->scope.has_application ? application_fields : account_fields;
}

void
cb_identity_decode(CbBatch *batch, CbRow *row)
{
	CbIdentityRow *identity = (CbIdentityRow *) row;
	bool		role_sent;
	bool		node_sent;

	identity->metadata.type = jbvNull;
	identity->password_slot = -1;
	cb_fields_read(row, cb_identity_fields(batch));
	if (row->problem.code == CB_INVALID_ROW)
		return;

	role_sent = batch->scope.has_application && cb_field_was_sent(row, "role_id");
	node_sent = batch->scope.has_application && cb_field_was_sent(row, "node_id");
	if (role_sent != node_sent)
		cb_field_issue(row, CB_ROLE_NODE_PAIR, role_sent ? "node_id" : "role_id");
	if (identity->password.val != NULL && identity->password_hash.val != NULL)
		cb_field_issue(row, CB_INVALID_VALUE, "password_hash");
}

void
cb_identity_read_external_id(CbRow *row, const CbField *field,
							 const JsonbValue *value, void *target)
{
	if (cb_field_plain_text(row, field->name, value, EXTERNAL_ID_MAX_LEN,
							CB_EXTERNAL_ID_INVALID, target) &&
		cb_text_is_blank(target))
		cb_field_issue(row, CB_EXTERNAL_ID_INVALID, field->name);
}

void
cb_identity_read_metadata(CbRow *row, const CbField *field,
						  const JsonbValue *value, void *target)
{
	if (value->type != jbvBinary ||
		!JsonContainerIsObject(value->val.binary.data) ||
		value->val.binary.len > METADATA_MAX_LEN)
		cb_field_issue(row, CB_METADATA_INVALID, field->name);
	else
		*(JsonbValue *) target = *value;
}

static void
read_password(CbRow *row, const CbField *field, const JsonbValue *value,
			  void *target)
{
	CbText	   *password = target;

	if (!cb_field_text(row, field->name, value, password))
		return;
	switch (cb_password_check(password->val, password->len))
	{
		case CB_PASSWORD_GOOD:
			break;
		case CB_PASSWORD_SHORT:
			cb_field_issue(row, CB_PASSWORD_TOO_SHORT, field->name);
			break;
		case CB_PASSWORD_LONG:
			cb_field_issue(row, CB_PASSWORD_TOO_LONG, field->name);
			break;
		case CB_PASSWORD_HASHED:
			cb_field_issue(row, CB_PASSWORD_LOOKS_HASHED, field->name);
			break;
		case CB_PASSWORD_MALFORMED:
			cb_field_issue(row, CB_INVALID_VALUE, field->name);
			break;
	}
}

static void
read_password_hash(CbRow *row, const CbField *field, const JsonbValue *value,
				   void *target)
{
	CbText	   *hash = target;
	static const char *const bounds[] = {
		[CB_PASSWORD_HASH_UNKNOWN] = NULL,
		[CB_PASSWORD_HASH_TOO_LARGE] = "canopy_bulk.max_hash_memory",
		[CB_PASSWORD_HASH_TOO_SLOW] = "canopy_bulk.max_hash_time"
	};
	CbPasswordHashFit fit;

	if (!cb_field_text(row, field->name, value, hash))
		return;
	fit = cb_password_hash_judge(hash->val, hash->len);
	if (fit != CB_PASSWORD_HASH_FITS)
		cb_field_issue(row, CB_PASSWORD_HASH_UNSUPPORTED,
					   field->name)->bound = bounds[fit];
}
