/* Mail: for whoever sends it. */

CREATE FUNCTION @extschema@.canopy_bulk_outbox_claim(
	n integer DEFAULT 10,
	account text DEFAULT NULL,
	OUT account_id uuid,
	OUT id uuid,
	OUT attempt integer,
	OUT kind text,
	OUT recipient text,
	OUT locale text,
	OUT link text,
	OUT payload jsonb
)
RETURNS SETOF record
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_outbox_claim';

COMMENT ON FUNCTION @extschema@.canopy_bulk_outbox_claim(integer, text) IS
'Claim mail that is to be sent, a few at a time.

n: mails at most. Those that another sender holds are passed over.
account: slug or id; default: the setting canopy_bulk.account, then every account that the claims name, or without claims every account.
Returns a row per mail: account_id and id; attempt, which says whose claim counts; kind (invite, password_reset, email_verification); recipient, locale (may be null), link (secret), payload (object with intent, app_name, account_name, first_name, last_name, inviter_email, expires_at).
A mail is the sender''s for canopy_bulk.outbox_lease; then it can be claimed again, up to canopy_bulk.outbox_attempts times. Commit the claim before sending. LISTEN canopy_bulk_outbox says when there is more; its payload is the account''s id.
Errors: 22023 n is below 1; PT401, 42501, PT404, 55000 as for every function.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_outbox_claim(integer, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_outbox_done(
	id uuid,
	attempt integer,
	account text DEFAULT NULL
)
RETURNS boolean
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_outbox_done';

COMMENT ON FUNCTION @extschema@.canopy_bulk_outbox_done(uuid, integer, text) IS
'Say that a claimed mail was sent; its link is forgotten.

id, attempt: as they were claimed.
account: slug or id, account_id as it was claimed; default: the setting canopy_bulk.account, then the claims.
Returns whether it counts: false when the lease has ended and another has claimed the mail.
Errors: 22023, PT401, 42501, PT404, 55000 as for every function.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_outbox_done(uuid, integer, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_outbox_failed(
	id uuid,
	attempt integer,
	reason text,
	permanent boolean DEFAULT false,
	account text DEFAULT NULL
)
RETURNS boolean
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_outbox_failed';

COMMENT ON FUNCTION @extschema@.canopy_bulk_outbox_failed(uuid, integer, text, boolean, text) IS
'Say that a claimed mail could not be sent, and why.

id, attempt: as they were claimed.
reason: stored without anything that may be a token, and at most 500 bytes of it.
permanent: it never will be, because there is no such mailbox for example. Otherwise it is tried again after canopy_bulk.outbox_backoff, twice as long each time, until canopy_bulk.outbox_attempts are used up.
account: slug or id, account_id as it was claimed; default: the setting canopy_bulk.account, then the claims.
Returns whether it counts: false when the lease has ended and another has claimed the mail, or it was withdrawn.
Errors: 22023, PT401, 42501, PT404, 55000 as for every function.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_outbox_failed(uuid, integer, text, boolean, text) FROM PUBLIC;

