
/* Every index on identity and app_membership is paid by every row of a batch. */
CREATE TABLE canopy.identity (
	account_id uuid NOT NULL,
	id uuid NOT NULL DEFAULT gen_random_uuid(),
	email text COLLATE "C" NOT NULL,
	first_name text NOT NULL,
	last_name text NOT NULL,
	avatar_url text,
	external_id text COLLATE "C",
	metadata jsonb NOT NULL DEFAULT '{}',
	is_active boolean NOT NULL DEFAULT true,
	email_verified boolean NOT NULL DEFAULT false,
	email_verified_at timestamptz,
	failed_login_count integer NOT NULL DEFAULT 0,
	locked_until timestamptz,
	password_hash text,
	password_changed_at timestamptz,
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT identity_pkey PRIMARY KEY (account_id, id),
	CONSTRAINT identity_account_id_email_key UNIQUE (account_id, email),
	CONSTRAINT identity_account_id_external_id_key UNIQUE (account_id, external_id),
	CONSTRAINT identity_email_check CHECK (email = lower(btrim(email)) AND email <> ''),
	CONSTRAINT identity_metadata_check CHECK (jsonb_typeof(metadata) = 'object'),
	CONSTRAINT identity_account_id_fkey FOREIGN KEY (account_id)
		REFERENCES canopy.account (id)
);

REVOKE ALL ON TABLE canopy.identity FROM PUBLIC;

COMMENT ON TABLE canopy.identity IS
	'A person in the directory of an account, with or without access to an application.';
COMMENT ON COLUMN canopy.identity.account_id IS 'Account the identity belongs to.';
COMMENT ON COLUMN canopy.identity.id IS 'Identifier within the account; not a secret.';
COMMENT ON COLUMN canopy.identity.email IS
	'Address in canonical form (trimmed, lower-case, domain as A-label), unique in the account.';
COMMENT ON COLUMN canopy.identity.first_name IS 'Given name.';
COMMENT ON COLUMN canopy.identity.last_name IS 'Family name.';
COMMENT ON COLUMN canopy.identity.avatar_url IS 'Address of a picture.';
COMMENT ON COLUMN canopy.identity.external_id IS 'Identifier in another system, unique in the account.';
COMMENT ON COLUMN canopy.identity.metadata IS 'JSON object with fields of the user''s own.';
COMMENT ON COLUMN canopy.identity.is_active IS 'False bars the identity from every application of the account.';
COMMENT ON COLUMN canopy.identity.email_verified IS 'Whether the address was shown to be the identity''s.';
COMMENT ON COLUMN canopy.identity.email_verified_at IS 'When the address was verified.';
COMMENT ON COLUMN canopy.identity.failed_login_count IS
	'Wrong passwords since the last right one; past the limit each locks again. To unlock, set it to 0 and '
	'locked_until to null.';
COMMENT ON COLUMN canopy.identity.locked_until IS 'No sign-in before this time.';
COMMENT ON COLUMN canopy.identity.password_hash IS
	'Hash in a format that canopy_bulk_create takes; argon2id from the first sign-in on; null: no password. Never '
	'given out.';
COMMENT ON COLUMN canopy.identity.password_changed_at IS 'When the password was last set.';
COMMENT ON COLUMN canopy.identity.created_at IS 'When the identity was made.';
COMMENT ON COLUMN canopy.identity.updated_at IS 'When the row was last changed.';

CREATE TABLE canopy.app_membership (
	account_id uuid NOT NULL,
	id uuid NOT NULL DEFAULT gen_random_uuid(),
	identity_id uuid NOT NULL,
	application_id uuid NOT NULL,
	status text NOT NULL,
	invited_at timestamptz,
	activated_at timestamptz,
	deactivated_at timestamptz,
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT app_membership_pkey PRIMARY KEY (account_id, id),
	CONSTRAINT app_membership_account_id_identity_id_application_id_key
		UNIQUE (account_id, identity_id, application_id),
	CONSTRAINT app_membership_status_check
		CHECK (status IN ('invited', 'active', 'deactivated', 'suspended')),
	CONSTRAINT app_membership_account_id_identity_id_fkey FOREIGN KEY (account_id, identity_id)
		REFERENCES canopy.identity (account_id, id) ON DELETE CASCADE,
	CONSTRAINT app_membership_account_id_application_id_fkey FOREIGN KEY (account_id, application_id)
		REFERENCES canopy.application (account_id, id)
);

REVOKE ALL ON TABLE canopy.app_membership FROM PUBLIC;

COMMENT ON TABLE canopy.app_membership IS
	'That an identity belongs to an application: one row per pair, deactivated rather than deleted.';
COMMENT ON COLUMN canopy.app_membership.account_id IS 'Account of both the identity and the application.';
COMMENT ON COLUMN canopy.app_membership.id IS 'Identifier within the account.';
COMMENT ON COLUMN canopy.app_membership.identity_id IS 'The member.';
COMMENT ON COLUMN canopy.app_membership.application_id IS 'The application.';
COMMENT ON COLUMN canopy.app_membership.status IS
	'invited, active, deactivated or suspended; only active gives access.';
COMMENT ON COLUMN canopy.app_membership.invited_at IS 'When the identity was invited.';
COMMENT ON COLUMN canopy.app_membership.activated_at IS 'When the membership last became active.';
COMMENT ON COLUMN canopy.app_membership.deactivated_at IS 'When the membership was deactivated.';
COMMENT ON COLUMN canopy.app_membership.created_at IS 'When the membership was made.';
COMMENT ON COLUMN canopy.app_membership.updated_at IS 'When the row was last changed.';

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

COMMENT ON TABLE canopy.email_verification IS
	'That an identity was asked to show that its address is its own; gone when it has.';
COMMENT ON COLUMN canopy.email_verification.account_id IS 'Account of the identity.';
COMMENT ON COLUMN canopy.email_verification.identity_id IS 'Whose address it is.';
COMMENT ON COLUMN canopy.email_verification.email IS 'The address that the token was mailed to.';
COMMENT ON COLUMN canopy.email_verification.token_hash IS
	'SHA-256 of the token, which itself is stored nowhere but in an unsent mail.';
COMMENT ON COLUMN canopy.email_verification.issued_at IS 'When the token was made.';
COMMENT ON COLUMN canopy.email_verification.expires_at IS 'From when on the token is refused.';
