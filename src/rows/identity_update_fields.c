/*-------------------------------------------------------------------------
 *
 * identity_update_fields.c
 *		Reads and checks what shall change of an identity.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "rows/identity_update.h"

static void read_truth(CbRow *row, const CbField *field,
					   const JsonbValue *value, void *target);
static bool was_nulled(const CbRow *row, const char *field);

#define MEMBER(name)	offsetof(CbIdentityUpdate, name)

#define PROFILE \
	{CB_IDENTITY_UPDATE_ID, true, cb_field_read_uuid, MEMBER(id)}, \
	{"first_name", false, cb_field_read_name, MEMBER(first_name)}, \
	{"last_name", false, cb_field_read_name, MEMBER(last_name)}, \
	{"metadata", false, cb_identity_read_metadata, MEMBER(metadata), true}

static const CbField account_fields[] = {
	PROFILE,
	{NULL}
};

static const CbField application_fields[] = {
	PROFILE,
	{"external_id", false, cb_identity_read_external_id, MEMBER(external_id)},
	{"is_active", false, read_truth, MEMBER(is_active)},
	{NULL}
};

static const CbField status_fields[] = {
	{CB_IDENTITY_UPDATE_ID, true, cb_field_read_uuid, MEMBER(id)},
	{"is_active", true, read_truth, MEMBER(is_active)},
	{NULL}
};

static JsonbContainer empty_object = {JB_FOBJECT};

const CbField *
cb_identity_update_fields(const CbBatch *batch)
{
	return batch->scope.has_application ? application_fields : account_fields;
}

const CbField *
cb_identity_status_fields(const CbBatch *batch)
{
	return status_fields;
}

void
cb_identity_decode_update(CbBatch *batch, CbRow *row)
{
	CbIdentityUpdate *update = (CbIdentityUpdate *) row;

	update->metadata.type = jbvNull;
	cb_fields_read(row, cb_identity_update_fields(batch));
	if (row->problem.code == CB_INVALID_ROW)
		return;
	if (was_nulled(row, "metadata"))
	{
		update->metadata.type = jbvBinary;
		update->metadata.val.binary.data = &empty_object;
		update->metadata.val.binary.len = sizeof(empty_object);
	}
	update->sets_external_id = update->external_id.val != NULL ||
		(batch->scope.has_application && was_nulled(row, "external_id"));
}

void
cb_identity_decode_status(CbBatch *batch, CbRow *row)
{
	((CbIdentityUpdate *) row)->metadata.type = jbvNull;
	cb_fields_read(row, status_fields);
}

static void
read_truth(CbRow *row, const CbField *field, const JsonbValue *value,
		   void *target)
{
	CbWanted   *wanted = target;

	wanted->given = value->type == jbvBool;
	wanted->value = wanted->given && value->val.boolean;
	if (!wanted->given)
		cb_field_issue(row, CB_INVALID_TYPE, field->name);
}

static bool
was_nulled(const CbRow *row, const char *field)
{
	JsonbValue	value;

	return getKeyJsonValueFromContainer(row->input.val.binary.data, field,
										(int) strlen(field), &value) != NULL &&
		value.type == jbvNull;
}
