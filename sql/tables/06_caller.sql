
/* A part of its key can be no null, so that a key without an application is one key too. */
CREATE TABLE canopy.idempotency_key (
	account_id uuid NOT NULL,
	application_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
	environment_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
	is_bound boolean NOT NULL DEFAULT false,
	function text COLLATE "C" NOT NULL,
	key text COLLATE "C" NOT NULL,
	fingerprint bytea NOT NULL,
	status integer,
	answer jsonb,
	created_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT idempotency_key_pkey
		PRIMARY KEY (account_id, application_id, environment_id, is_bound, function, key),
	CONSTRAINT idempotency_key_account_id_fkey FOREIGN KEY (account_id)
		REFERENCES canopy.account (id) ON DELETE CASCADE
);

/* For purging. */
CREATE INDEX idempotency_key_account_id_created_at_idx
	ON canopy.idempotency_key (account_id, created_at);

REVOKE ALL ON TABLE canopy.idempotency_key FROM PUBLIC;

COMMENT ON TABLE canopy.idempotency_key IS 'Keys of calls that shall happen once, each with the answer of the call.';
COMMENT ON COLUMN canopy.idempotency_key.account_id IS 'Account that the call worked on.';
COMMENT ON COLUMN canopy.idempotency_key.application_id IS
	'Application that the call was for; all zeros: the whole account.';
COMMENT ON COLUMN canopy.idempotency_key.environment_id IS
	'Environment that the call was for; all zeros: no particular one.';
COMMENT ON COLUMN canopy.idempotency_key.is_bound IS
	'Whether the caller was bound to the application, and so was answered less than others.';
COMMENT ON COLUMN canopy.idempotency_key.function IS
	'Action that was called, or import for a batch of one; a key of another action is another key.';
COMMENT ON COLUMN canopy.idempotency_key.key IS 'Key that the caller chose: 1 to 255 printable ASCII characters.';
COMMENT ON COLUMN canopy.idempotency_key.fingerprint IS 'SHA-256 of the request without its secrets.';
COMMENT ON COLUMN canopy.idempotency_key.status IS 'HTTP status of the answer; null only while the call runs.';
COMMENT ON COLUMN canopy.idempotency_key.answer IS 'Answer that is given again; null where the call answers nothing.';
COMMENT ON COLUMN canopy.idempotency_key.created_at IS
	'Time of the call; the key expires canopy_bulk.idempotency_window later.';

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

REVOKE ALL ON TABLE canopy.token_key FROM PUBLIC;

COMMENT ON TABLE canopy.token_key IS
	'Keys that sign the tokens of callers. Of no account: a token says for which accounts it is.';
COMMENT ON COLUMN canopy.token_key.kid IS 'Key id, as tokens name it in their header.';
COMMENT ON COLUMN canopy.token_key.algorithm IS 'The one algorithm the key is used with: RS256, ES256, EdDSA or HS256.';
COMMENT ON COLUMN canopy.token_key.key IS
	'Public key in PEM or as a JWK; for HS256 the shared secret as a JWK or in base64url.';
COMMENT ON COLUMN canopy.token_key.is_active IS 'Whether tokens that it signed are believed.';
COMMENT ON COLUMN canopy.token_key.created_at IS 'When the key was added.';

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

REVOKE ALL ON TABLE canopy.api_key FROM PUBLIC;

COMMENT ON TABLE canopy.api_key IS 'Keys that programs call with, each for one environment.';
COMMENT ON COLUMN canopy.api_key.account_id IS 'Account the key is for.';
COMMENT ON COLUMN canopy.api_key.id IS 'Id of the key; the caller that the audit log names.';
COMMENT ON COLUMN canopy.api_key.application_id IS 'Application that whoever has the key is bound to.';
COMMENT ON COLUMN canopy.api_key.environment_id IS 'Environment that whoever has the key is bound to.';
COMMENT ON COLUMN canopy.api_key.name IS 'What the key is for.';
COMMENT ON COLUMN canopy.api_key.key_hash IS 'SHA-256 of the key, which itself is stored nowhere.';
COMMENT ON COLUMN canopy.api_key.key_preview IS 'First 12 characters of the key, and four stars.';
COMMENT ON COLUMN canopy.api_key.access_mode IS 'full_access or scoped.';
COMMENT ON COLUMN canopy.api_key.scopes IS
	'Permissions of a scoped key, identity.manage among them if it is to call bulk functions; null with full access.';
COMMENT ON COLUMN canopy.api_key.expires_at IS 'From when on the key is refused; null: never.';
COMMENT ON COLUMN canopy.api_key.last_used_at IS 'When the key was last used, to the minute.';
COMMENT ON COLUMN canopy.api_key.revoked_at IS 'When the key was revoked; null while it is good.';
COMMENT ON COLUMN canopy.api_key.created_at IS 'When the key was made.';
