/* Signing in. */

CREATE FUNCTION @extschema@.canopy_bulk_verify_password(
	email text,
	password text,
	account text DEFAULT NULL,
	application text DEFAULT NULL
)
RETURNS jsonb
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_verify_password';

COMMENT ON FUNCTION @extschema@.canopy_bulk_verify_password(text, text, text, text) IS
'Verify the password of an identity, count failures, and lock after too many.

email: address in any spelling that canopy_bulk_create would bring to the stored one.
password: in UTF-8, at most 256 bytes; tried as given and in Unicode normal form C.
account: slug or id; default: the setting canopy_bulk.account, then the claims.
application: slug or id; then an active membership of it is needed, too. Default: the setting canopy_bulk.application, then the claims; an empty string for none.
Returns {"verified", "identity_id", "email_verified", "reason"}, always with these keys. verified is true, or the rest is null but for reason: invalid_credentials for an unknown address, an identity without a password, a wrong password and a locked identity alike; to whom knows the password, identity_inactive or membership_required. Within the call, canopy_bulk.login_max_failures wrong passwords in a row lock the identity for canopy_bulk.login_lock_duration, with an audit entry; a right one resets the count, and replaces a hash that is not argon2id of today''s settings. The transaction must be committed for any of that to stay.
Errors: 22023 an argument is null or no account is named; PT401 expired or malformed claims; 42501 not allowed; PT404 unknown account or application; 25006 the transaction is read-only; 40001 try again; 53200 no memory for the hash; 55000 canopy_bulk_setup() has not run.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_verify_password(text, text, text, text) FROM PUBLIC;
