/* The directory, step 7: addresses that are to be verified, and the audit entries of one identity. */

CREATE FUNCTION @extschema@.canopy_bulk_directory_7()
RETURNS void
LANGUAGE sql
VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $directory$

/* One for an identity: a new token replaces the one before. */
CREATE TABLE canopy.email_verification (
	account_id uuid NOT NULL,
	identity_id uuid NOT NULL,
	email text COLLATE "C" NOT NULL,
	token_hash bytea NOT NULL,
	issued_at timestamptz NOT NULL,
	expires_at timestamptz NOT NULL,
	CONSTRAINT email_verification_pkey PRIMARY KEY (account_id, identity_id),
	CONSTRAINT email_verification_account_id_token_hash_key UNIQUE (account_id, token_hash),
	CONSTRAINT email_verification_token_hash_check CHECK (octet_length(token_hash) = 32),
	CONSTRAINT email_verification_account_id_identity_id_fkey
		FOREIGN KEY (account_id, identity_id)
		REFERENCES canopy.identity (account_id, id) ON DELETE CASCADE
);

REVOKE ALL ON TABLE canopy.email_verification FROM PUBLIC;

COMMENT ON TABLE canopy.email_verification IS 'That an identity was asked to show that its address is its own; gone when it has.';
COMMENT ON COLUMN canopy.email_verification.account_id IS 'Account of the identity.';
COMMENT ON COLUMN canopy.email_verification.identity_id IS 'Whose address it is.';
COMMENT ON COLUMN canopy.email_verification.email IS 'The address that the token was mailed to.';
COMMENT ON COLUMN canopy.email_verification.token_hash IS 'SHA-256 of the token, which itself is stored nowhere but in an unsent mail.';
COMMENT ON COLUMN canopy.email_verification.issued_at IS 'When the token was made.';
COMMENT ON COLUMN canopy.email_verification.expires_at IS 'From when on the token is refused.';

CREATE INDEX audit_log_account_id_identity_id_created_at_idx
	ON canopy.audit_log (account_id, (metadata ->> 'identity_id'), created_at)
	WHERE (metadata ->> 'identity_id') IS NOT NULL;

$directory$;

COMMENT ON FUNCTION @extschema@.canopy_bulk_directory_7() IS
'Internal: step 7 of the directory, addresses that are to be verified.

Called by canopy_bulk_setup() as the owner of schema canopy; not to be called otherwise. email_verification, an index on audit_log.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_directory_7() FROM PUBLIC;

