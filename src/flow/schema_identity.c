/*-------------------------------------------------------------------------
 *
 * schema_identity.c
 *		The schemas of single identities, and of lists of them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "flow/schema.h"

#define NULLABLE_TEXT	CB_SCHEMA_NULLABLE("string")
#define NULLABLE_UUID	"{\"type\": [\"string\", \"null\"], \"format\": \"uuid\"}"
#define NULLABLE_TIME	"{\"type\": [\"string\", \"null\"], \"format\": \"date-time\"}"
#define TEXT			CB_SCHEMA_STRING("")
#define NAME			CB_SCHEMA_STRING(", \"maxLength\": 255")
#define OBJECT			"{\"type\": \"object\"}"
#define CLOSED			"\"additionalProperties\": false"

#define VIEW \
	"\"id\": " CB_SCHEMA_UUID ", \"email\": " TEXT "," \
	" \"first_name\": " TEXT ", \"last_name\": " TEXT "," \
	" \"avatar_url\": " NULLABLE_TEXT ", \"external_id\": " NULLABLE_TEXT "," \
	" \"is_active\": " CB_SCHEMA_BOOL ", \"created_at\": " CB_SCHEMA_TIME
#define VIEW_REQUIRED \
	"\"id\", \"email\", \"first_name\", \"last_name\", \"avatar_url\", \"external_id\"," \
	" \"is_active\", \"created_at\""
#define ACCOUNT_COUNTS \
	"\"email_verified\": " CB_SCHEMA_BOOL "," \
	" \"app_membership_count\": " CB_SCHEMA_COUNT ", \"total_assignments\": " CB_SCHEMA_COUNT
#define ACCOUNT_COUNTS_REQUIRED \
	"\"email_verified\", \"app_membership_count\", \"total_assignments\""
#define PAGE_OF(item) \
	"{\"type\": \"object\", \"properties\": {" \
	"\"items\": {\"type\": \"array\", \"maxItems\": 100, \"items\": " CB_SCHEMA_REF(item) "}," \
	" \"pagination\": " CB_SCHEMA_REF("Pagination") "}," \
	" \"required\": [\"items\", \"pagination\"], " CLOSED "}"

const char *const cb_schemas_identity =
"\"Pagination\": {\"type\": \"object\", \"properties\": {"
"\"page\": " CB_SCHEMA_COUNT ", \"take\": " CB_SCHEMA_COUNT ","
" \"item_count\": " CB_SCHEMA_COUNT ", \"page_count\": " CB_SCHEMA_COUNT ","
" \"has_previous_page\": " CB_SCHEMA_BOOL ", \"has_next_page\": " CB_SCHEMA_BOOL "},"
" \"required\": [\"page\", \"take\", \"item_count\", \"page_count\","
" \"has_previous_page\", \"has_next_page\"], " CLOSED "},"
"\"Message\": {\"type\": \"object\", \"properties\": {\"message\": " TEXT "},"
" \"required\": [\"message\"], " CLOSED "},"
"\"Token\": {\"type\": \"object\", \"properties\": {\"token\": " CB_SCHEMA_STRING(", \"writeOnly\": true") "},"
" \"required\": [\"token\"], " CLOSED "},"
"\"IdentityView\": {\"type\": \"object\", \"properties\": {" VIEW "},"
" \"required\": [" VIEW_REQUIRED "], " CLOSED "},"
"\"IdentityPage\": " PAGE_OF("IdentityView") ","
"\"IdentityCounts\": {\"type\": \"object\", \"properties\": {"
"\"total_identities\": " CB_SCHEMA_COUNT ", \"assigned_count\": " CB_SCHEMA_COUNT ","
" \"unassigned_count\": " CB_SCHEMA_COUNT "},"
" \"required\": [\"total_identities\", \"assigned_count\", \"unassigned_count\"], " CLOSED "},"
"\"IdentityDetail\": {\"type\": \"object\", \"properties\": {" VIEW ","
" \"name\": " TEXT ", \"metadata\": " OBJECT ", \"updated_at\": " CB_SCHEMA_TIME ","
" \"can_manage\": " CB_SCHEMA_BOOL ","
" \"roles\": {\"type\": \"array\", \"items\": {\"type\": \"object\", \"properties\": {"
"\"assignment_id\": " CB_SCHEMA_UUID ", \"id\": " CB_SCHEMA_UUID ", \"name\": " TEXT ","
" \"node_id\": " CB_SCHEMA_UUID ", \"node_name\": " TEXT "},"
" \"required\": [\"assignment_id\", \"id\", \"name\", \"node_id\", \"node_name\"], " CLOSED "}}},"
" \"required\": [" VIEW_REQUIRED ", \"name\", \"metadata\", \"updated_at\","
" \"can_manage\", \"roles\"], " CLOSED "},"
"\"IdentityChange\": {\"type\": \"object\", \"properties\": {"
"\"first_name\": " NAME ", \"last_name\": " NAME ", \"metadata\": " CB_SCHEMA_NULLABLE("object") ","
" \"external_id\": {\"type\": [\"string\", \"null\"], \"maxLength\": 255},"
" \"is_active\": " CB_SCHEMA_BOOL "}, " CLOSED "},"
"\"AccountIdentityChange\": {\"type\": \"object\", \"properties\": {"
"\"first_name\": " NAME ", \"last_name\": " NAME ", \"metadata\": " CB_SCHEMA_NULLABLE("object") "},"
" " CLOSED "},"
"\"IdentityStatus\": {\"type\": \"object\", \"properties\": {\"is_active\": " CB_SCHEMA_BOOL "},"
" \"required\": [\"is_active\"], " CLOSED "},"
"\"AccountIdentityItem\": {\"type\": \"object\", \"properties\": {" VIEW ", " ACCOUNT_COUNTS "},"
" \"required\": [" VIEW_REQUIRED ", " ACCOUNT_COUNTS_REQUIRED "], " CLOSED "},"
"\"AccountIdentityPage\": " PAGE_OF("AccountIdentityItem") ","
"\"AccountIdentityView\": {\"type\": \"object\", \"properties\": {" VIEW ", " ACCOUNT_COUNTS ","
" \"metadata\": " OBJECT ", \"email_verified_at\": " NULLABLE_TIME ","
" \"locked_until\": " NULLABLE_TIME ", \"password_changed_at\": " NULLABLE_TIME ","
" \"app_memberships\": {\"type\": \"array\", \"items\": {\"type\": \"object\", \"properties\": {"
"\"id\": " CB_SCHEMA_UUID ", \"application_id\": " CB_SCHEMA_UUID ","
" \"application_slug\": " TEXT ", \"application_name\": " TEXT ", \"status\": " TEXT ","
" \"created_at\": " CB_SCHEMA_TIME ", \"assignment_count\": " CB_SCHEMA_COUNT "},"
" \"required\": [\"id\", \"application_id\", \"application_slug\", \"application_name\","
" \"status\", \"created_at\", \"assignment_count\"], " CLOSED "}}},"
" \"required\": [" VIEW_REQUIRED ", " ACCOUNT_COUNTS_REQUIRED ", \"metadata\","
" \"email_verified_at\", \"locked_until\", \"password_changed_at\", \"app_memberships\"], " CLOSED "},"
"\"AccountIdentityCounts\": {\"type\": \"object\", \"properties\": {"
"\"total\": " CB_SCHEMA_COUNT ", \"active_count\": " CB_SCHEMA_COUNT ","
" \"inactive_count\": " CB_SCHEMA_COUNT ", \"email_unverified_count\": " CB_SCHEMA_COUNT ","
" \"no_memberships_count\": " CB_SCHEMA_COUNT "},"
" \"required\": [\"total\", \"active_count\", \"inactive_count\","
" \"email_unverified_count\", \"no_memberships_count\"], " CLOSED "},"
"\"MembershipRequest\": {\"type\": \"object\", \"properties\": {\"application_id\": " CB_SCHEMA_UUID "},"
" \"required\": [\"application_id\"], " CLOSED "},"
"\"Membership\": {\"type\": \"object\", \"properties\": {"
"\"id\": " CB_SCHEMA_UUID ", \"identity_id\": " CB_SCHEMA_UUID ", \"application_id\": " CB_SCHEMA_UUID ","
" \"status\": {\"enum\": [\"invited\", \"active\", \"deactivated\", \"suspended\"]},"
" \"invited_at\": " NULLABLE_TIME ", \"activated_at\": " NULLABLE_TIME ","
" \"deactivated_at\": " NULLABLE_TIME ", \"created_at\": " CB_SCHEMA_TIME "},"
" \"required\": [\"id\", \"identity_id\", \"application_id\", \"status\", \"created_at\"], " CLOSED "},"
"\"Assignment\": {\"type\": \"object\", \"properties\": {"
"\"id\": " CB_SCHEMA_UUID ", \"identity_id\": " CB_SCHEMA_UUID ","
" \"application_node_id\": " CB_SCHEMA_UUID ", \"role_id\": " CB_SCHEMA_UUID ","
" \"effective_from\": " NULLABLE_TIME ", \"effective_to\": " NULLABLE_TIME ","
" \"created_at\": " CB_SCHEMA_TIME ", \"updated_at\": " CB_SCHEMA_TIME "},"
" \"required\": [\"id\", \"identity_id\", \"application_node_id\", \"role_id\","
" \"effective_from\", \"effective_to\", \"created_at\", \"updated_at\"], " CLOSED "},"
"\"AssignmentPage\": " PAGE_OF("Assignment") ","
"\"AuditEntry\": {\"type\": \"object\", \"properties\": {"
"\"id\": " CB_SCHEMA_UUID ", \"account_id\": " CB_SCHEMA_UUID ", \"application_id\": " NULLABLE_UUID ","
" \"environment_id\": " NULLABLE_UUID ", \"correlation_id\": " NULLABLE_UUID ","
" \"actor_id\": " NULLABLE_TEXT ", \"actor_type\": " TEXT ", \"actor_label\": " NULLABLE_TEXT ","
" \"action\": " TEXT ", \"resource_type\": " TEXT ", \"resource_id\": " NULLABLE_TEXT ","
" \"resource_label\": " NULLABLE_TEXT ", \"outcome\": " TEXT ", \"category\": " TEXT ","
" \"severity\": " TEXT ", \"metadata\": " OBJECT ", \"created_at\": " CB_SCHEMA_TIME ","
" \"customer_visible\": " CB_SCHEMA_BOOL ", \"identity_visible\": " CB_SCHEMA_BOOL "},"
" \"required\": [\"id\", \"account_id\", \"action\", \"outcome\", \"metadata\", \"created_at\"], " CLOSED "},"
"\"AuditPage\": " PAGE_OF("AuditEntry");
