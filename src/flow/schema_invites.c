/*-------------------------------------------------------------------------
 *
 * schema_invites.c
 *		The schemas of invites.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "flow/schema.h"

#define NULLABLE_TEXT	CB_SCHEMA_NULLABLE("string")
#define NULLABLE_UUID	"{\"type\": [\"string\", \"null\"], \"format\": \"uuid\"}"
#define TEXT			CB_SCHEMA_STRING("")
#define NAME			CB_SCHEMA_STRING(", \"maxLength\": 255")
#define CLOSED			"\"additionalProperties\": false"

#define FIELDS \
	"\"email\": " CB_SCHEMA_STRING(", \"maxLength\": 254") "," \
	" \"first_name\": " NAME ", \"last_name\": " NAME "," \
	" \"intent\": {\"enum\": [\"activate\", \"password_reset\", \"onboard\"]}," \
	" \"send_email\": {\"type\": \"boolean\", \"default\": true}," \
	" \"expires_in\": {\"type\": [\"integer\", \"string\"], \"minimum\": 60}," \
	" \"locale\": " CB_SCHEMA_STRING(", \"maxLength\": 35")

const char *const cb_schemas_invites =
"\"AccountInvite\": {\"type\": \"object\", \"properties\": {" FIELDS ","
" \"application_id\": " CB_SCHEMA_UUID "}, \"required\": [\"email\"], " CLOSED "},"
"\"Invite\": {\"type\": \"object\", \"properties\": {" FIELDS ","
" \"role_id\": " CB_SCHEMA_UUID ", \"node_id\": " CB_SCHEMA_UUID ","
" \"client_id\": " CB_SCHEMA_UUID "}, \"required\": [\"email\"], " CLOSED ","
" \"dependentRequired\": {\"role_id\": [\"node_id\"], \"node_id\": [\"role_id\"]}},"
"\"Invites\": {\"type\": \"object\", \"properties\": {\"invites\": "
CB_SCHEMA_ROWS(CB_SCHEMA_REF("Invite")) "}, \"required\": [\"invites\"]},"
"\"InviteView\": {\"type\": \"object\", \"properties\": {"
"\"id\": " CB_SCHEMA_UUID ", \"email\": " TEXT ","
" \"intent\": {\"enum\": [\"activate\", \"add_to_app\", \"password_reset\"]},"
" \"first_name\": " NULLABLE_TEXT ", \"last_name\": " NULLABLE_TEXT ","
" \"name\": " NULLABLE_TEXT ", \"application_id\": " NULLABLE_UUID ","
" \"role_id\": " NULLABLE_UUID ", \"node_id\": " NULLABLE_UUID ","
" \"client_id\": " NULLABLE_UUID ", \"has_initial_assignment\": " CB_SCHEMA_BOOL ","
" \"status\": {\"enum\": [\"pending\", \"accepted\", \"revoked\", \"expired\"]},"
" \"locale\": " NULLABLE_TEXT ", \"accept_url\": " NULLABLE_TEXT ","
" \"invited_by\": " NULLABLE_TEXT ","
" \"created_at\": " CB_SCHEMA_TIME ", \"expires_at\": " CB_SCHEMA_TIME "},"
" \"required\": [\"id\", \"email\", \"intent\", \"first_name\", \"last_name\", \"name\","
" \"application_id\", \"role_id\", \"node_id\", \"client_id\","
" \"has_initial_assignment\", \"status\", \"locale\", \"accept_url\", \"invited_by\","
" \"created_at\", \"expires_at\"], " CLOSED "},"
"\"InvitePage\": {\"type\": \"object\", \"properties\": {"
"\"items\": {\"type\": \"array\", \"maxItems\": 100, \"items\": " CB_SCHEMA_REF("InviteView") "},"
" \"pagination\": " CB_SCHEMA_REF("Pagination") "},"
" \"required\": [\"items\", \"pagination\"], " CLOSED "},"
"\"InviteCounts\": {\"type\": \"object\", \"properties\": {"
"\"total_invites\": " CB_SCHEMA_COUNT ", \"pending_count\": " CB_SCHEMA_COUNT ","
" \"pending_with_role_count\": " CB_SCHEMA_COUNT ", \"accepted_count\": " CB_SCHEMA_COUNT ","
" \"expired_count\": " CB_SCHEMA_COUNT ", \"revoked_count\": " CB_SCHEMA_COUNT "},"
" \"required\": [\"total_invites\", \"pending_count\", \"pending_with_role_count\","
" \"accepted_count\", \"expired_count\", \"revoked_count\"], " CLOSED "},"
"\"InviteResent\": {\"type\": \"object\", \"properties\": {\"message\": " TEXT ","
" \"accept_url\": " NULLABLE_TEXT "}, \"required\": [\"message\", \"accept_url\"], " CLOSED "},"
"\"InviteToken\": {\"type\": \"object\", \"properties\": {\"token\": " TEXT "},"
" \"required\": [\"token\"]},"
"\"InviteInfo\": {\"type\": \"object\", \"properties\": {\"email\": " TEXT ","
" \"intent\": {\"enum\": [\"activate\", \"add_to_app\", \"password_reset\"]},"
" \"first_name\": " NULLABLE_TEXT ", \"last_name\": " NULLABLE_TEXT ","
" \"app_name\": " NULLABLE_TEXT ", \"inviter_email\": " NULLABLE_TEXT "},"
" \"required\": [\"email\", \"intent\", \"first_name\", \"last_name\", \"app_name\","
" \"inviter_email\"], " CLOSED "},"
"\"InviteAcceptance\": {\"type\": \"object\", \"properties\": {\"token\": " TEXT ","
" \"password\": " CB_SCHEMA_STRING(", \"writeOnly\": true") ","
" \"first_name\": " NAME ", \"last_name\": " NAME "},"
" \"required\": [\"token\", \"password\"]},"
"\"InviteAccepted\": {\"type\": \"object\", \"properties\": {\"message\": " TEXT ","
" \"accepted\": " CB_SCHEMA_BOOL ", \"identity_id\": " CB_SCHEMA_UUID "},"
" \"required\": [\"message\", \"accepted\", \"identity_id\"], " CLOSED "}";
