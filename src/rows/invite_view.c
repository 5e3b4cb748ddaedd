/*-------------------------------------------------------------------------
 *
 * invite_view.c
 *		An invite as others see it: read, as JSON, as a link and as a mail.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/stored.h"
#include "db/uuid7.h"
#include "rows/invite_store.h"
#include "settings.h"

const char *const cb_intent_activate = "activate";
const char *const cb_intent_add_to_app = "add_to_app";
const char *const cb_intent_password_reset = "password_reset";

static const char *constant_intent(Datum value);
static const char *constant_status(Datum value);
static const char *constant(Datum value, const char *const *all, int n,
							const char *column);
static CbUuid read_uuid(Datum value, bool isnull);
static char *read_cstring(Datum value, bool isnull);
static void write_cstring(const char *value, CbJson *json);
static void write_name(const CbInvite *invite, CbJson *json);
static bool is_of_a_stranger(const CbInvite *invite, const CbScope *scope,
							 TimestampTz now);

void
cb_invite_read(CbInvite *invite, const Datum *values, const bool *nulls)
{
	invite->id = *DatumGetUUIDP(values[0]);
	invite->application_id = read_uuid(values[1], nulls[1]);
	invite->environment_id = read_uuid(values[2], nulls[2]);
	invite->email = TextDatumGetCString(values[3]);
	invite->intent = constant_intent(values[4]);
	invite->first_name = cb_text_copy(values[5], nulls[5]);
	invite->last_name = cb_text_copy(values[6], nulls[6]);
	invite->role_id = read_uuid(values[7], nulls[7]);
	invite->node_id = read_uuid(values[8], nulls[8]);
	invite->client_id = read_uuid(values[9], nulls[9]);
	invite->identity_id = read_uuid(values[10], nulls[10]);
	invite->status = constant_status(values[11]);
	invite->locale = read_cstring(values[12], nulls[12]);
	invite->send_email = DatumGetBool(values[13]);
	invite->issued_at = DatumGetTimestampTz(values[14]);
	invite->expires_at = DatumGetTimestampTz(values[15]);
	invite->invited_by = read_cstring(values[16], nulls[16]);
	invite->inviter_email = read_cstring(values[17], nulls[17]);
	invite->created_at = DatumGetTimestampTz(values[18]);
}

const char *
cb_invite_status(const CbInvite *invite, TimestampTz now)
{
	if (strcmp(invite->status, "pending") == 0 && invite->expires_at <= now)
		return "expired";
	return invite->status;
}

/* The page that we fall back to is told the client, which is where it leads on to. */
char *
cb_invite_link(const CbInvite *invite, const char *redirect_url,
			   const char *token)
{
	char		client[CB_UUID_TEXT_LEN + 1];
	const char *more = "";

	if (redirect_url == NULL && invite->client_id.given)
	{
		cb_uuid_format(&invite->client_id.id, client);
		more = psprintf("&client_id=%s", client);
	}
	return cb_token_link(redirect_url != NULL ? redirect_url : cb_accept_url,
						 token, more);
}

CbMail
cb_invite_mail(const CbInvite *invite, const char *account_name,
			   const char *application_name, const char *link)
{
	static CbJsonShape keys = {7, {"intent", "app_name", "last_name", "expires_at",
	"first_name", "account_name", "inviter_email"}};
	CbJson	   *json = cb_json_create(256);
	CbMail		mail = {CB_MAIL_INVITE};

	if (invite->intent == cb_intent_password_reset)
		mail.kind = CB_MAIL_PASSWORD_RESET;
	mail.invite = &invite->id;
	mail.identity = invite->identity_id.given ? &invite->identity_id.id : NULL;
	mail.recipient = invite->email;
	mail.locale = invite->locale;
	mail.link = link;
	cb_json_shape(json, &keys);
	cb_json_cstring(json, invite->intent);
	write_cstring(application_name, json);
	cb_invite_encode_text(&invite->last_name, json);
	cb_json_timestamp(json, invite->expires_at);
	cb_invite_encode_text(&invite->first_name, json);
	write_cstring(account_name, json);
	write_cstring(invite->inviter_email, json);
	mail.payload = cb_json_finish(json);
	return mail;
}

/* At the account's tier the API calls the application client_id. */
void
cb_invite_encode(const CbInvite *invite, const CbScope *scope,
				 const char *link, TimestampTz now, CbJson *json)
{
	static CbJsonShape keys = {17, {"id", "name", "email", "intent", "locale", "status",
			"node_id", "role_id", "client_id", "last_name", "accept_url",
			"created_at", "expires_at", "first_name", "invited_by",
	"application_id", "has_initial_assignment"}};
	CbInvite	shown = *invite;

	if (is_of_a_stranger(invite, scope, now))
		shown.first_name.val = shown.last_name.val = NULL;
	cb_json_shape(json, &keys);
	cb_json_uuid(json, &invite->id);
	write_name(&shown, json);
	cb_json_cstring(json, invite->email);
	cb_json_cstring(json, invite->intent);
	write_cstring(invite->locale, json);
	cb_json_cstring(json, cb_invite_status(invite, now));
	cb_uuid_write(json, &invite->node_id);
	cb_uuid_write(json, &invite->role_id);
	cb_uuid_write(json, invite->environment_id.given ?
				  &invite->client_id : &invite->application_id);
	cb_invite_encode_text(&shown.last_name, json);
	write_cstring(link, json);
	cb_json_timestamp(json, invite->created_at);
	cb_json_timestamp(json, invite->expires_at);
	cb_invite_encode_text(&shown.first_name, json);
	write_cstring(invite->invited_by, json);
	cb_uuid_write(json, &invite->application_id);
	cb_json_bool(json, invite->role_id.given);
}

void
cb_invite_encode_text(const CbText *value, CbJson *json)
{
	if (value->val == NULL)
		cb_json_null(json);
	else
		cb_json_string(json, value->val, value->len);
}

static const char *
constant_intent(Datum value)
{
	const char *const all[] = {
		cb_intent_activate, cb_intent_add_to_app, cb_intent_password_reset
	};

	return constant(value, all, lengthof(all), "identity_invite.intent");
}

static const char *
constant_status(Datum value)
{
	static const char *const all[] = {
		"pending", "accepted", "revoked", "expired"
	};

	return constant(value, all, lengthof(all), "identity_invite.status");
}

static const char *
constant(Datum value, const char *const *all, int n, const char *column)
{
	return all[cb_stored_word(TextDatumGetCString(value), all, n, column)];
}

static CbUuid
read_uuid(Datum value, bool isnull)
{
	CbUuid		uuid = {!isnull};

	if (!isnull)
		uuid.id = *DatumGetUUIDP(value);
	return uuid;
}

static char *
read_cstring(Datum value, bool isnull)
{
	return isnull ? NULL : TextDatumGetCString(value);
}

static void
write_cstring(const char *value, CbJson *json)
{
	if (value == NULL)
		cb_json_null(json);
	else
		cb_json_cstring(json, value);
}

/*
 * Is the invite for an identity that is no member yet, and so not for a caller who
 * is bound to know?
 */
static bool
is_of_a_stranger(const CbInvite *invite, const CbScope *scope, TimestampTz now)
{
	return scope->is_bound && invite->intent == cb_intent_add_to_app &&
		strcmp(cb_invite_status(invite, now), "accepted") != 0;
}

/* The full name; null when no part of it is known. */
static void
write_name(const CbInvite *invite, CbJson *json)
{
	const CbText *first = &invite->first_name;
	const CbText *last = &invite->last_name;

	if (first->val == NULL || last->val == NULL)
		cb_invite_encode_text(first->val != NULL ? first : last, json);
	else
	{
		char	   *name = psprintf("%.*s %.*s", first->len, first->val,
									last->len, last->val);

		cb_json_cstring(json, name);
	}
}
