/*-------------------------------------------------------------------------
 *
 * identity_answer.c
 *		What an answer says of an identity.
 *
 * The account's tier shows everything but the password, the application's what
 * an application needs.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "rows/identity.h"

static void encode_membership(const CbIdentityMembership *entry, CbJson *json);

void
cb_identity_encode_for_account(const CbIdentity *identity,
							   const CbIdentityMembership *memberships,
							   int nmemberships, CbJson *json)
{
	static CbJsonShape keys = {16, {"id", "email", "metadata", "is_active", "last_name", "avatar_url",
			"created_at", "first_name", "external_id", "locked_until",
			"email_verified", "app_memberships", "email_verified_at",
	"total_assignments", "password_changed_at", "app_membership_count"}};
	int64		assignments = 0;

	cb_json_shape(json, &keys);
	cb_json_uuid(json, &identity->id);
	cb_text_write(json, &identity->email);
	cb_json_value(json, &identity->metadata);
	cb_json_bool(json, identity->is_active);
	cb_text_write(json, &identity->last_name);
	cb_text_write(json, &identity->avatar_url);
	cb_json_timestamp(json, identity->created_at);
	cb_text_write(json, &identity->first_name);
	cb_text_write(json, &identity->external_id);
	cb_json_time(json, &identity->locked_until);
	cb_json_bool(json, identity->email_verified);
	cb_json_array(json, nmemberships);
	for (int i = 0; i < nmemberships; i++)
	{
		encode_membership(&memberships[i], json);
		assignments += memberships[i].assignment_count;
	}
	cb_json_time(json, &identity->email_verified_at);
	cb_json_int(json, assignments);
	cb_json_time(json, &identity->password_changed_at);
	cb_json_int(json, nmemberships);
}

void
cb_identity_encode_for_application(const CbIdentity *identity, bool is_active,
								   CbJson *json)
{
	static CbJsonShape keys = {8, {"id", "email", "is_active", "last_name", "avatar_url", "created_at",
	"first_name", "external_id"}};

	cb_json_shape(json, &keys);
	cb_json_uuid(json, &identity->id);
	cb_text_write(json, &identity->email);
	cb_json_bool(json, is_active);
	cb_text_write(json, &identity->last_name);
	cb_text_write(json, &identity->avatar_url);
	cb_json_timestamp(json, identity->created_at);
	cb_text_write(json, &identity->first_name);
	cb_text_write(json, &identity->external_id);
}

static void
encode_membership(const CbIdentityMembership *entry, CbJson *json)
{
	static CbJsonShape keys = {7, {"id", "status", "created_at", "application_id", "application_name",
	"application_slug", "assignment_count"}};

	cb_json_shape(json, &keys);
	cb_json_uuid(json, &entry->membership.id);
	cb_json_cstring(json, entry->membership.status);
	cb_json_timestamp(json, entry->membership.created_at);
	cb_json_uuid(json, &entry->membership.application_id);
	cb_json_cstring(json, entry->application_name);
	cb_json_cstring(json, entry->application_slug);
	cb_json_int(json, entry->assignment_count);
}
