/* The directory, step 4: who may call over HTTP. */

CREATE FUNCTION @extschema@.canopy_bulk_directory_4()
RETURNS void
LANGUAGE sql
VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $directory$

CREATE TABLE canopy.token_key (
	kid text COLLATE "C" NOT NULL,
	algorithm text NOT NULL,
	key text NOT NULL,
	is_active boolean NOT NULL DEFAULT true,
	created_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT token_key_pkey PRIMARY KEY (kid),
	CONSTRAINT token_key_kid_check CHECK (kid <> ''),
	CONSTRAINT token_key_algorithm_check
		CHECK (algorithm IN ('RS256', 'ES256', 'EdDSA', 'HS256'))
);

COMMENT ON TABLE canopy.token_key IS
'Keys that sign the tokens of callers. Of no account: a token says for which accounts it is.';
COMMENT ON COLUMN canopy.token_key.kid IS
'Key id, as tokens name it in their header.';
COMMENT ON COLUMN canopy.token_key.algorithm IS
'The one algorithm the key is used with: RS256, ES256, EdDSA or HS256.';
COMMENT ON COLUMN canopy.token_key.key IS
'Public key in PEM or as a JWK; for HS256 the shared secret as a JWK or in base64url.';
COMMENT ON COLUMN canopy.token_key.is_active IS
'Whether tokens that it signed are believed.';
COMMENT ON COLUMN canopy.token_key.created_at IS
'When the key was added.';

CREATE TABLE canopy.api_key (
	account_id uuid NOT NULL,
	id uuid NOT NULL DEFAULT gen_random_uuid(),
	application_id uuid NOT NULL,
	environment_id uuid NOT NULL,
	name text NOT NULL,
	key_hash bytea NOT NULL,
	key_preview text NOT NULL,
	access_mode text NOT NULL,
	scopes text[],
	expires_at timestamptz,
	last_used_at timestamptz,
	revoked_at timestamptz,
	created_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT api_key_pkey PRIMARY KEY (account_id, id),
	CONSTRAINT api_key_account_id_key_hash_key UNIQUE (account_id, key_hash),
	CONSTRAINT api_key_access_mode_check
		CHECK ((access_mode = 'full_access' AND scopes IS NULL)
			OR (access_mode = 'scoped' AND cardinality(scopes) > 0)),
	CONSTRAINT api_key_account_id_application_id_environment_id_fkey
		FOREIGN KEY (account_id, application_id, environment_id)
		REFERENCES canopy.environment (account_id, application_id, id) ON DELETE CASCADE
);

COMMENT ON TABLE canopy.api_key IS
'Keys that programs call with, each for one environment.';
COMMENT ON COLUMN canopy.api_key.account_id IS
'Account the key is for.';
COMMENT ON COLUMN canopy.api_key.id IS
'Id of the key; the caller that the audit log names.';
COMMENT ON COLUMN canopy.api_key.application_id IS
'Application that whoever has the key is bound to.';
COMMENT ON COLUMN canopy.api_key.environment_id IS
'Environment that whoever has the key is bound to.';
COMMENT ON COLUMN canopy.api_key.name IS
'What the key is for.';
COMMENT ON COLUMN canopy.api_key.key_hash IS
'SHA-256 of the key, which itself is stored nowhere.';
COMMENT ON COLUMN canopy.api_key.key_preview IS
'First 12 characters of the key, and four stars.';
COMMENT ON COLUMN canopy.api_key.access_mode IS
'full_access or scoped.';
COMMENT ON COLUMN canopy.api_key.scopes IS
'Permissions of a scoped key, identity.manage among them if it is to call bulk functions; null with full access.';
COMMENT ON COLUMN canopy.api_key.expires_at IS
'From when on the key is refused; null: never.';
COMMENT ON COLUMN canopy.api_key.last_used_at IS
'When the key was last used, to the minute.';
COMMENT ON COLUMN canopy.api_key.revoked_at IS
'When the key was revoked; null while it is good.';
COMMENT ON COLUMN canopy.api_key.created_at IS
'When the key was made.';

$directory$;

COMMENT ON FUNCTION @extschema@.canopy_bulk_directory_4() IS
'Internal: step 4 of the directory, what proves who calls.

Called by canopy_bulk_setup() as the owner of schema canopy; not to be called otherwise. token_key, api_key.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_directory_4() FROM PUBLIC;

