/* Invites. */

CREATE FUNCTION @extschema@.canopy_bulk_invite(
	invites jsonb,
	account text DEFAULT NULL,
	application text DEFAULT NULL,
	environment text DEFAULT NULL,
	dry_run boolean DEFAULT false,
	max_failed integer DEFAULT NULL,
	on_conflict text DEFAULT 'error',
	idempotency_key text DEFAULT NULL
)
RETURNS jsonb
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_invite';

COMMENT ON FUNCTION @extschema@.canopy_bulk_invite(jsonb, text, text, text, boolean, integer, text, text) IS
'Invite people in bulk, with a verdict for every row.

invites: array of rows, or an object {"invites": [...]}; at most canopy_bulk.max_rows rows and 10 MB.
 A row has email; first_name and last_name, required with an application where the address is new; intent (activate or password_reset; that an identity which exists shall be added is found out); send_email (default true); expires_in (seconds, or a duration like P7D; default canopy_bulk.invite_expires_in); locale (BCP 47).
 With application and environment also role_id with node_id, and client_id (the OAuth client the link leads to); without, the invite is to the account, and application_id may name an application.
account, application, environment: slug or id; default: the settings of the same name, then the claims.
dry_run: do everything, then leave nothing, and send nothing.
max_failed: rows that may fail before the batch is rolled back; 0: all or nothing; null: no limit.
on_conflict: what to do with an address that has a pending invite: error, or skip, which answers with that invite.
idempotency_key: 1 to 255 printable characters; a call with a key that was used within canopy_bulk.idempotency_window is not made again but gets the answer of the first, with accept_url null. Default: the header Idempotency-Key of the request, if the call serves one.
Returns {summary: {total, succeeded, failed}, results: [...]}, a result per row in the order of the rows. A row with send_email false has accept_url, the link to hand on; for the others a mail is in canopy.outbox.
Errors of the whole call: 22023 malformed request or option; PT401 expired or malformed claims; 42501 not allowed; PT404 unknown account, application or environment; PT422 idempotency key used for another request; PT413 too many rows; 55000 canopy_bulk_setup() has not run. Anything a row cannot be blamed for keeps its own SQLSTATE.
Canopy API: Bulk-create identity invites.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_invite(jsonb, text, text, text, boolean, integer, text, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_invite_info(token text)
RETURNS jsonb
LANGUAGE c
STABLE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_invite_info';

COMMENT ON FUNCTION @extschema@.canopy_bulk_invite_info(text) IS
'Say what an invite is for, to whoever has its token.

token: from the link of the invite. It is all that proves the caller: claims are not looked at.
Returns {email, intent, first_name, last_name, app_name, inviter_email}.
Errors: PT404 there is no such invite, or it was revoked; PT410 it has expired; PT409 it was accepted; 55000 canopy_bulk_setup() has not run.
Canopy API: Get invite info.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_invite_info(text) FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_invite_accept(
	token text,
	password text,
	first_name text DEFAULT NULL,
	last_name text DEFAULT NULL
)
RETURNS jsonb
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_invite_accept';

COMMENT ON FUNCTION @extschema@.canopy_bulk_invite_accept(text, text, text, text) IS
'Accept an invite: become an identity, join an application, or choose a new password.

token: from the link of the invite. It is all that proves the caller: claims are not looked at.
password: the one to have from now on, 8 to 64 characters; of an identity that exists and is added to an application, the one it has.
first_name, last_name: of a new identity; default: those of the invite.
Returns {message, accepted, identity_id}. A password that does not match is counted as canopy_bulk_verify_password counts it, and answers {reason, message, accepted: false}, in a request with status 401, or 403 where the identity is barred.
Identity, membership, assignment and the end of the invite are one transaction; of several who accept one token, one succeeds.
Errors: PT404 there is no such invite, or it was revoked; PT410 it has expired; PT409 it was accepted, its role is gone, or the membership is suspended; 22023 the password or a name cannot be used; 40001 try again; 55000 canopy_bulk_setup() has not run.
Canopy API: Accept invite.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_invite_accept(text, text, text, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_invite_resend(
	id uuid,
	account text DEFAULT NULL,
	application text DEFAULT NULL,
	environment text DEFAULT NULL,
	idempotency_key text DEFAULT NULL
)
RETURNS jsonb
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_invite_resend';

COMMENT ON FUNCTION @extschema@.canopy_bulk_invite_resend(uuid, text, text, text, text) IS
'Give a pending invite a new token and send it again.

id: of the invite. Its old link is dead at once, its old mail withdrawn if it is still unsent; it is good for as long again as it was.
account, application, environment: slug or id; default: the settings of the same name, then the claims. The invite has to be theirs.
idempotency_key: as for canopy_bulk_invite.
Returns {message, accept_url}; accept_url is null where the invite is mailed, and in an answer that is given again.
Errors: PT404 there is no such invite; 22023 it is not pending; 42501 it resets a password, is not mailed, and the caller is bound to an application; PT422 its OAuth client is gone or misconfigured, or the idempotency key was used for another request; PT401, 42501, 55000 as for every function.
Canopy API: Resend invite.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_invite_resend(uuid, text, text, text, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_invite_revoke(
	id uuid,
	account text DEFAULT NULL,
	application text DEFAULT NULL,
	environment text DEFAULT NULL,
	idempotency_key text DEFAULT NULL
)
RETURNS void
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_invite_revoke';

COMMENT ON FUNCTION @extschema@.canopy_bulk_invite_revoke(uuid, text, text, text, text) IS
'Revoke a pending invite, at once and for good, and withdraw its mail.

id: of the invite.
account, application, environment: slug or id; default: the settings of the same name, then the claims. The invite has to be theirs.
idempotency_key: as for canopy_bulk_invite.
Returns nothing.
Errors: PT404 there is no such invite; 22023 it is not pending; PT422 idempotency key used for another request; PT401, 42501, 55000 as for every function.
Canopy API: Revoke invite.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_invite_revoke(uuid, text, text, text, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_invites(
	account text DEFAULT NULL,
	application text DEFAULT NULL,
	environment text DEFAULT NULL,
	status text DEFAULT NULL,
	page integer DEFAULT 1,
	take integer DEFAULT 20
)
RETURNS jsonb
LANGUAGE c
STABLE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_invites';

COMMENT ON FUNCTION @extschema@.canopy_bulk_invites(text, text, text, text, integer, integer) IS
'List the invites of an environment, or those to the account, the newest first.

account, application, environment: slug or id; default: the settings of the same name, then the claims. Without an application: the invites to the account.
status: pending, accepted, revoked or expired; null: all. One that is pending and over counts as expired.
page, take: which page, from 1, of how many items, 1 to 100.
Returns {items: [...], pagination: {page, take, item_count, page_count, has_next_page, has_previous_page}}.
Errors: 22023 an argument makes no sense; PT401, 42501, PT404, 55000 as for every function.
Canopy API: List invites.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_invites(text, text, text, text, integer, integer) FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_invite_summary(
	account text DEFAULT NULL,
	application text DEFAULT NULL,
	environment text DEFAULT NULL
)
RETURNS jsonb
LANGUAGE c
STABLE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_invite_summary';

COMMENT ON FUNCTION @extschema@.canopy_bulk_invite_summary(text, text, text) IS
'Count the invites of an environment, or those to the account, by what became of them.

account, application, environment: slug or id; default: the settings of the same name, then the claims. Without an application: the invites to the account.
Returns {total_invites, pending_count, pending_with_role_count, accepted_count, expired_count, revoked_count}.
Errors: 22023, PT401, 42501, PT404, 55000 as for every function.
Canopy API: Invites summary.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_invite_summary(text, text, text) FROM PUBLIC;

