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
	int64		assignments = 0;

	cb_json_object_begin(json);
	cb_json_put_uuid(json, "id", &identity->id);
	cb_json_put_field(json, "email", &identity->email);
	cb_json_put_field(json, "first_name", &identity->first_name);
	cb_json_put_field(json, "last_name", &identity->last_name);
	cb_json_put_field(json, "avatar_url", &identity->avatar_url);
	cb_json_put_field(json, "external_id", &identity->external_id);
	cb_json_key(json, "metadata");
	cb_json_value(json, &identity->metadata);
	cb_json_put_bool(json, "is_active", identity->is_active);
	cb_json_put_bool(json, "email_verified", identity->email_verified);
	cb_json_put_time(json, "email_verified_at", &identity->email_verified_at);
	cb_json_put_time(json, "locked_until", &identity->locked_until);
	cb_json_put_time(json, "password_changed_at", &identity->password_changed_at);
	cb_json_put_timestamp(json, "created_at", identity->created_at);
	cb_json_key(json, "app_memberships");
	cb_json_array(json, nmemberships);
	for (int i = 0; i < nmemberships; i++)
	{
		encode_membership(&memberships[i], json);
		assignments += memberships[i].assignment_count;
	}
	cb_json_put_int(json, "app_membership_count", nmemberships);
	cb_json_put_int(json, "total_assignments", assignments);
	cb_json_object_end(json);
}

void
cb_identity_encode_for_application(const CbIdentity *identity, bool is_active,
								   CbJson *json)
{
	cb_json_object_begin(json);
	cb_json_put_uuid(json, "id", &identity->id);
	cb_json_put_field(json, "email", &identity->email);
	cb_json_put_field(json, "first_name", &identity->first_name);
	cb_json_put_field(json, "last_name", &identity->last_name);
	cb_json_put_field(json, "avatar_url", &identity->avatar_url);
	cb_json_put_field(json, "external_id", &identity->external_id);
	cb_json_put_bool(json, "is_active", is_active);
	cb_json_put_timestamp(json, "created_at", identity->created_at);
	cb_json_object_end(json);
}

static void
encode_membership(const CbIdentityMembership *entry, CbJson *json)
{
	cb_json_object_begin(json);
	cb_json_put_uuid(json, "id", &entry->membership.id);
	cb_json_put_uuid(json, "application_id", &entry->membership.application_id);
	cb_json_put_text(json, "application_name", entry->application_name);
	cb_json_put_text(json, "application_slug", entry->application_slug);
	cb_json_put_text(json, "status", entry->membership.status);
	cb_json_put_timestamp(json, "created_at", entry->membership.created_at);
	cb_json_put_int(json, "assignment_count", entry->assignment_count);
	cb_json_object_end(json);
}
