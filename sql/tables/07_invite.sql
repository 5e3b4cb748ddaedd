
/* What a link in a mail leads to is http, so that no mail of ours runs a script. */
CREATE TABLE canopy.oauth_client (
	account_id uuid NOT NULL,
	id uuid NOT NULL DEFAULT gen_random_uuid(),
	application_id uuid NOT NULL,
	environment_id uuid NOT NULL,
	name text NOT NULL,
	redirect_uris text[] NOT NULL DEFAULT '{}',
	invite_redirect_url text,
	is_active boolean NOT NULL DEFAULT true,
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT oauth_client_pkey PRIMARY KEY (account_id, id),
	CONSTRAINT oauth_client_invite_redirect_url_check
		CHECK (invite_redirect_url ~ '^https?://[!-~]+$'),
	CONSTRAINT oauth_client_account_id_application_id_environment_id_fkey
		FOREIGN KEY (account_id, application_id, environment_id)
		REFERENCES canopy.environment (account_id, application_id, id) ON DELETE CASCADE
);

REVOKE ALL ON TABLE canopy.oauth_client FROM PUBLIC;

COMMENT ON TABLE canopy.oauth_client IS
	'A program that identities of an environment sign in with; invites may lead to it.';
COMMENT ON COLUMN canopy.oauth_client.account_id IS 'Account the client belongs to.';
COMMENT ON COLUMN canopy.oauth_client.id IS 'The public client_id.';
COMMENT ON COLUMN canopy.oauth_client.application_id IS 'Application of the environment.';
COMMENT ON COLUMN canopy.oauth_client.environment_id IS 'Environment the client belongs to.';
COMMENT ON COLUMN canopy.oauth_client.name IS 'Name to show.';
COMMENT ON COLUMN canopy.oauth_client.redirect_uris IS 'Addresses that a sign-in may return to, each matched exactly.';
COMMENT ON COLUMN canopy.oauth_client.invite_redirect_url IS
	'Page that accepts invites, http or https; null: the page of canopy_bulk.accept_url.';
COMMENT ON COLUMN canopy.oauth_client.is_active IS 'Whether the client may be used.';
COMMENT ON COLUMN canopy.oauth_client.created_at IS 'When the client was made.';
COMMENT ON COLUMN canopy.oauth_client.updated_at IS 'When the row was last changed.';

/*
 * What an address can have one pending invite of is in pending_for, and nulls are
 * distinct: a plain key says what partial indexes would need three of.  There is no
 * foreign key to a role, node or client: one of them may go while an invite waits,
 * and accepting it says so.
 */
CREATE TABLE canopy.identity_invite (
	account_id uuid NOT NULL,
	id uuid NOT NULL DEFAULT gen_random_uuid(),
	application_id uuid,
	environment_id uuid,
	email text COLLATE "C" NOT NULL,
	intent text NOT NULL,
	first_name text,
	last_name text,
	role_id uuid,
	node_id uuid,
	client_id uuid,
	identity_id uuid,
	token_hash bytea NOT NULL,
	status text NOT NULL DEFAULT 'pending',
	locale text,
	send_email boolean NOT NULL DEFAULT true,
	issued_at timestamptz NOT NULL,
	expires_at timestamptz NOT NULL,
	invited_by text,
	inviter_email text,
	accepted_at timestamptz,
	revoked_at timestamptz,
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now(),
	pending_for uuid GENERATED ALWAYS AS (
		CASE WHEN status <> 'pending' THEN NULL
			WHEN intent = 'password_reset' THEN identity_id
			ELSE coalesce(environment_id, account_id) END) STORED,
	CONSTRAINT identity_invite_pkey PRIMARY KEY (account_id, id),
	CONSTRAINT identity_invite_account_id_email_pending_for_key
		UNIQUE (account_id, email, pending_for),
	CONSTRAINT identity_invite_account_id_token_hash_key UNIQUE (account_id, token_hash),
	CONSTRAINT identity_invite_email_check CHECK (email = lower(btrim(email)) AND email <> ''),
	CONSTRAINT identity_invite_intent_check
		CHECK (intent IN ('activate', 'add_to_app', 'password_reset')),
	CONSTRAINT identity_invite_identity_id_check
		CHECK ((identity_id IS NULL) = (intent = 'activate')),
	CONSTRAINT identity_invite_status_check
		CHECK (status IN ('pending', 'accepted', 'revoked', 'expired')),
	CONSTRAINT identity_invite_token_hash_check CHECK (octet_length(token_hash) = 32),
	CONSTRAINT identity_invite_environment_id_check
		CHECK (environment_id IS NULL OR application_id IS NOT NULL),
	CONSTRAINT identity_invite_role_id_check
		CHECK ((role_id IS NULL) = (node_id IS NULL)
			AND (role_id IS NULL OR (environment_id IS NOT NULL AND intent <> 'password_reset'))),
	CONSTRAINT identity_invite_account_id_fkey FOREIGN KEY (account_id)
		REFERENCES canopy.account (id) ON DELETE CASCADE,
	CONSTRAINT identity_invite_account_id_application_id_fkey
		FOREIGN KEY (account_id, application_id)
		REFERENCES canopy.application (account_id, id) ON DELETE CASCADE,
	CONSTRAINT identity_invite_account_id_application_id_environment_id_fkey
		FOREIGN KEY (account_id, application_id, environment_id)
		REFERENCES canopy.environment (account_id, application_id, id) ON DELETE CASCADE,
	CONSTRAINT identity_invite_account_id_identity_id_fkey
		FOREIGN KEY (account_id, identity_id)
		REFERENCES canopy.identity (account_id, id) ON DELETE CASCADE
);

/* For listings, the newest first. */
CREATE INDEX identity_invite_account_id_environment_id_created_at_idx
	ON canopy.identity_invite (account_id, environment_id, created_at);

/* For deletes of an identity. */
CREATE INDEX identity_invite_account_id_identity_id_idx
	ON canopy.identity_invite (account_id, identity_id)
	WHERE identity_id IS NOT NULL;

REVOKE ALL ON TABLE canopy.identity_invite FROM PUBLIC;

COMMENT ON TABLE canopy.identity_invite IS
	'That somebody was asked to join, or to choose a new password; a pending one is over when it expires.';
COMMENT ON COLUMN canopy.identity_invite.account_id IS 'Account that the invite is to.';
COMMENT ON COLUMN canopy.identity_invite.id IS 'Identifier within the account; not a secret.';
COMMENT ON COLUMN canopy.identity_invite.application_id IS
	'Application to become a member of; null: the account alone.';
COMMENT ON COLUMN canopy.identity_invite.environment_id IS 'Environment it was made in; null: at the account''s tier.';
COMMENT ON COLUMN canopy.identity_invite.email IS 'Address that is invited, in canonical form.';
COMMENT ON COLUMN canopy.identity_invite.intent IS 'activate, add_to_app or password_reset.';
COMMENT ON COLUMN canopy.identity_invite.first_name IS 'Given name; null: the invited person says it.';
COMMENT ON COLUMN canopy.identity_invite.last_name IS 'Family name; null: the invited person says it.';
COMMENT ON COLUMN canopy.identity_invite.role_id IS 'Role that is assigned when it is accepted, or null.';
COMMENT ON COLUMN canopy.identity_invite.node_id IS 'Node that the role holds at.';
COMMENT ON COLUMN canopy.identity_invite.client_id IS 'OAuth client that the link leads to, or null.';
COMMENT ON COLUMN canopy.identity_invite.identity_id IS 'Identity that exists already; null for intent activate.';
COMMENT ON COLUMN canopy.identity_invite.token_hash IS
	'SHA-256 of the token, which itself is stored nowhere but in an unsent mail.';
COMMENT ON COLUMN canopy.identity_invite.status IS
	'pending, accepted, revoked or expired; one that is pending past expires_at counts as expired.';
COMMENT ON COLUMN canopy.identity_invite.locale IS 'Language of the mail as a BCP 47 tag; null: the sender''s choice.';
COMMENT ON COLUMN canopy.identity_invite.send_email IS 'Whether we mail the link; if not, whoever invites gets it.';
COMMENT ON COLUMN canopy.identity_invite.issued_at IS 'When the token was made.';
COMMENT ON COLUMN canopy.identity_invite.expires_at IS 'From when on the token is refused.';
COMMENT ON COLUMN canopy.identity_invite.invited_by IS 'Who invited: the subject of the claims or the database role.';
COMMENT ON COLUMN canopy.identity_invite.inviter_email IS 'Address of whoever invited, as the claims say it, or null.';
COMMENT ON COLUMN canopy.identity_invite.accepted_at IS 'When it was accepted.';
COMMENT ON COLUMN canopy.identity_invite.revoked_at IS 'When it was revoked.';
COMMENT ON COLUMN canopy.identity_invite.created_at IS 'When the invite was made.';
COMMENT ON COLUMN canopy.identity_invite.updated_at IS 'When the row was last changed.';
COMMENT ON COLUMN canopy.identity_invite.pending_for IS
	'What the address has one pending invite of at most: the environment, the account or, for a new password, the '
	'identity.';

CREATE TABLE canopy.outbox (
	account_id uuid NOT NULL,
	id uuid NOT NULL DEFAULT gen_random_uuid(),
	kind text NOT NULL,
	invite_id uuid,
	identity_id uuid,
	recipient text NOT NULL,
	locale text,
	payload jsonb NOT NULL DEFAULT '{}',
	link text,
	status text NOT NULL DEFAULT 'queued',
	attempt_count integer NOT NULL DEFAULT 0,
	next_attempt_at timestamptz,
	last_error text,
	created_at timestamptz NOT NULL DEFAULT now(),
	sent_at timestamptz,
	CONSTRAINT outbox_pkey PRIMARY KEY (account_id, id),
	CONSTRAINT outbox_payload_check CHECK (jsonb_typeof(payload) = 'object'),
	CONSTRAINT outbox_status_check
		CHECK (status IN ('queued', 'claimed', 'sent', 'failed', 'withdrawn')),
	CONSTRAINT outbox_next_attempt_at_check
		CHECK ((next_attempt_at IS NOT NULL) = (status IN ('queued', 'claimed'))),
	CONSTRAINT outbox_link_check CHECK (link IS NULL OR next_attempt_at IS NOT NULL),
	CONSTRAINT outbox_account_id_fkey FOREIGN KEY (account_id)
		REFERENCES canopy.account (id) ON DELETE CASCADE,
	CONSTRAINT outbox_account_id_invite_id_fkey FOREIGN KEY (account_id, invite_id)
		REFERENCES canopy.identity_invite (account_id, id) ON DELETE CASCADE,
	CONSTRAINT outbox_account_id_identity_id_fkey FOREIGN KEY (account_id, identity_id)
		REFERENCES canopy.identity (account_id, id) ON DELETE CASCADE
);

/* Of what is still to be sent; what is done leaves it. */
CREATE INDEX outbox_account_id_next_attempt_at_id_idx
	ON canopy.outbox (account_id, next_attempt_at, id)
	WHERE next_attempt_at IS NOT NULL;

CREATE INDEX outbox_account_id_invite_id_idx
	ON canopy.outbox (account_id, invite_id);

CREATE INDEX outbox_account_id_identity_id_idx
	ON canopy.outbox (account_id, identity_id);

REVOKE ALL ON TABLE canopy.outbox FROM PUBLIC;

COMMENT ON TABLE canopy.outbox IS 'A mail that is to be sent, or was; made in the transaction that is its reason.';
COMMENT ON COLUMN canopy.outbox.account_id IS 'Account the mail is for.';
COMMENT ON COLUMN canopy.outbox.id IS 'Identifier within the account.';
COMMENT ON COLUMN canopy.outbox.kind IS 'What it tells: invite, password_reset, email_verification, welcome.';
COMMENT ON COLUMN canopy.outbox.invite_id IS 'Invite that it carries, or null.';
COMMENT ON COLUMN canopy.outbox.identity_id IS 'Identity that it is for, or null.';
COMMENT ON COLUMN canopy.outbox.recipient IS 'Address it goes to.';
COMMENT ON COLUMN canopy.outbox.locale IS 'Language as a BCP 47 tag; null: the sender''s choice.';
COMMENT ON COLUMN canopy.outbox.payload IS 'JSON object with what the text is made of; no secrets.';
COMMENT ON COLUMN canopy.outbox.link IS
	'Address with the token; null as soon as the mail is sent, given up or withdrawn.';
COMMENT ON COLUMN canopy.outbox.status IS 'queued, claimed, sent, failed or withdrawn.';
COMMENT ON COLUMN canopy.outbox.attempt_count IS
	'How often it was claimed; whoever has the last claim may say how it ended.';
COMMENT ON COLUMN canopy.outbox.next_attempt_at IS
	'When it may be claimed; for a claimed one, when its lease ends; null: it is done with.';
COMMENT ON COLUMN canopy.outbox.last_error IS 'Why the last attempt failed, without tokens.';
COMMENT ON COLUMN canopy.outbox.created_at IS 'When the mail was made.';
COMMENT ON COLUMN canopy.outbox.sent_at IS 'When it was sent.';
