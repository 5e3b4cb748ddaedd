/*
 * The directory, first steps.
 *
 * The tables of schema canopy belong to the user, not to the extension: they
 * are made by canopy_bulk_setup(), which runs the functions below in order, as
 * the owner of the schema, each once, and notes them in canopy.migration.  A
 * step that has been released is never edited; a change is a further step.
 *
 * What holds for every table, so that the directory can be partitioned or
 * distributed by account: keys and foreign keys begin with account_id, and there
 * are no triggers, sequences, deferrable constraints or SET NULL of ours.
 */

CREATE FUNCTION @extschema@.canopy_bulk_directory_0()
RETURNS void
LANGUAGE sql
VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $directory$

COMMENT ON SCHEMA canopy IS
'Accounts and their identities; made by canopy_bulk_setup(), owned by the user.';

CREATE TABLE canopy.migration (
	version integer NOT NULL,
	name text NOT NULL,
	applied_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT migration_pkey PRIMARY KEY (version),
	CONSTRAINT migration_version_check CHECK (version > 0)
);

REVOKE ALL ON TABLE canopy.migration FROM PUBLIC;

COMMENT ON TABLE canopy.migration IS 'The steps of the directory that have been applied, a row each.';
COMMENT ON COLUMN canopy.migration.version IS 'Number of the step; the highest one is the version of the directory.';
COMMENT ON COLUMN canopy.migration.name IS 'What the step brought.';
COMMENT ON COLUMN canopy.migration.applied_at IS 'When the step was applied.';

$directory$;

COMMENT ON FUNCTION @extschema@.canopy_bulk_directory_0() IS
'Internal: make the table that records the steps of the directory.

Called by canopy_bulk_setup() as the owner of schema canopy, before the first step; not to be called otherwise.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_directory_0() FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_directory_1()
RETURNS void
LANGUAGE sql
VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $directory$

/* A slug that reads as a uuid could be taken for another row's id. */
CREATE TABLE canopy.account (
	id uuid NOT NULL DEFAULT gen_random_uuid(),
	slug text COLLATE "C" NOT NULL,
	name text NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT account_pkey PRIMARY KEY (id),
	CONSTRAINT account_slug_key UNIQUE (slug),
	CONSTRAINT account_slug_check CHECK (
		slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'
		AND slug !~ '^([0-9a-f]{4}-?){7}[0-9a-f]{4}$'
	)
);

CREATE TABLE canopy.application (
	account_id uuid NOT NULL,
	id uuid NOT NULL DEFAULT gen_random_uuid(),
	slug text COLLATE "C" NOT NULL,
	name text NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT application_pkey PRIMARY KEY (account_id, id),
	CONSTRAINT application_account_id_slug_key UNIQUE (account_id, slug),
	CONSTRAINT application_slug_check CHECK (
		slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'
		AND slug !~ '^([0-9a-f]{4}-?){7}[0-9a-f]{4}$'
	),
	CONSTRAINT application_account_id_fkey FOREIGN KEY (account_id)
		REFERENCES canopy.account (id)
);

/* The key with application_id lets a node prove that its application is its environment's. */
CREATE TABLE canopy.environment (
	account_id uuid NOT NULL,
	id uuid NOT NULL DEFAULT gen_random_uuid(),
	application_id uuid NOT NULL,
	slug text COLLATE "C" NOT NULL,
	name text NOT NULL,
	settings jsonb NOT NULL DEFAULT '{}',
	version integer NOT NULL DEFAULT 1,
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT environment_pkey PRIMARY KEY (account_id, id),
	CONSTRAINT environment_account_id_application_id_slug_key
		UNIQUE (account_id, application_id, slug),
	CONSTRAINT environment_account_id_application_id_id_key
		UNIQUE (account_id, application_id, id),
	CONSTRAINT environment_slug_check CHECK (
		slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'
		AND slug !~ '^([0-9a-f]{4}-?){7}[0-9a-f]{4}$'
	),
	CONSTRAINT environment_settings_check CHECK (jsonb_typeof(settings) = 'object'),
	CONSTRAINT environment_account_id_application_id_fkey FOREIGN KEY (account_id, application_id)
		REFERENCES canopy.application (account_id, id)
);

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

/* No foreign keys: an entry outlives what it tells about. */
CREATE TABLE canopy.audit_log (
	account_id uuid NOT NULL,
	id uuid NOT NULL DEFAULT gen_random_uuid(),
	application_id uuid,
	environment_id uuid,
	actor_id text,
	actor_type text NOT NULL,
	actor_label text,
	action text NOT NULL,
	resource_type text NOT NULL,
	resource_id text,
	resource_label text,
	metadata jsonb NOT NULL DEFAULT '{}',
	correlation_id uuid,
	outcome text NOT NULL,
	category text NOT NULL,
	severity text NOT NULL,
	customer_visible boolean NOT NULL,
	identity_visible boolean NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT audit_log_pkey PRIMARY KEY (account_id, id),
	CONSTRAINT audit_log_metadata_check CHECK (jsonb_typeof(metadata) = 'object'),
	CONSTRAINT audit_log_outcome_check
		CHECK (outcome IN ('success', 'failure', 'denied')),
	CONSTRAINT audit_log_category_check
		CHECK (category IN ('auth', 'identity', 'admin_user', 'tenancy', 'hierarchy', 'rbac',
							'authorization', 'api_keys', 'oauth', 'webhooks', 'invites', 'mfa',
							'audit', 'billing', 'unknown')),
	CONSTRAINT audit_log_severity_check
		CHECK (severity IN ('info', 'notice', 'warning', 'critical'))
);

CREATE INDEX audit_log_account_id_created_at_idx
	ON canopy.audit_log (account_id, created_at);

REVOKE ALL ON TABLE
	canopy.account, canopy.application, canopy.environment,
	canopy.identity, canopy.app_membership, canopy.audit_log
FROM PUBLIC;

COMMENT ON TABLE canopy.account IS 'A tenant: everything else belongs to exactly one account.';
COMMENT ON COLUMN canopy.account.id IS 'The account_id of every other table.';
COMMENT ON COLUMN canopy.account.slug IS 'Name in addresses and arguments: lower-case letters and digits with inner dashes, never shaped like a uuid.';
COMMENT ON COLUMN canopy.account.name IS 'Name to show.';
COMMENT ON COLUMN canopy.account.created_at IS 'When the account was made.';

COMMENT ON TABLE canopy.application IS 'A product that identities of the account sign in to.';
COMMENT ON COLUMN canopy.application.account_id IS 'Account the application belongs to.';
COMMENT ON COLUMN canopy.application.id IS 'Identifier within the account.';
COMMENT ON COLUMN canopy.application.slug IS 'Name in addresses and arguments, unique in the account; rules as for account.slug.';
COMMENT ON COLUMN canopy.application.name IS 'Name to show.';
COMMENT ON COLUMN canopy.application.created_at IS 'When the application was made.';

COMMENT ON TABLE canopy.environment IS 'A stage of an application (production, staging …) with roles and nodes of its own.';
COMMENT ON COLUMN canopy.environment.account_id IS 'Account the environment belongs to.';
COMMENT ON COLUMN canopy.environment.id IS 'Identifier within the account.';
COMMENT ON COLUMN canopy.environment.application_id IS 'Application it is a stage of.';
COMMENT ON COLUMN canopy.environment.slug IS 'Name in addresses and arguments, unique in the application; rules as for account.slug.';
COMMENT ON COLUMN canopy.environment.name IS 'Name to show.';
COMMENT ON COLUMN canopy.environment.settings IS 'JSON object: access_model, hierarchy_schema and what an application adds.';
COMMENT ON COLUMN canopy.environment.version IS 'Counts changes, for optimistic locking.';
COMMENT ON COLUMN canopy.environment.created_at IS 'When the environment was made.';
COMMENT ON COLUMN canopy.environment.updated_at IS 'When the row was last changed.';

COMMENT ON TABLE canopy.identity IS 'A person in the directory of an account, with or without access to an application.';
COMMENT ON COLUMN canopy.identity.account_id IS 'Account the identity belongs to.';
COMMENT ON COLUMN canopy.identity.id IS 'Identifier within the account; not a secret.';
COMMENT ON COLUMN canopy.identity.email IS 'Address in canonical form (trimmed, lower-case, domain as A-label), unique in the account.';
COMMENT ON COLUMN canopy.identity.first_name IS 'Given name.';
COMMENT ON COLUMN canopy.identity.last_name IS 'Family name.';
COMMENT ON COLUMN canopy.identity.avatar_url IS 'Address of a picture.';
COMMENT ON COLUMN canopy.identity.external_id IS 'Identifier in another system, unique in the account.';
COMMENT ON COLUMN canopy.identity.metadata IS 'JSON object with fields of the user''s own.';
COMMENT ON COLUMN canopy.identity.is_active IS 'False bars the identity from every application of the account.';
COMMENT ON COLUMN canopy.identity.email_verified IS 'Whether the address was shown to be the identity''s.';
COMMENT ON COLUMN canopy.identity.email_verified_at IS 'When the address was verified.';
COMMENT ON COLUMN canopy.identity.locked_until IS 'No sign-in before this time.';
COMMENT ON COLUMN canopy.identity.password_hash IS 'PHC or crypt string; null: no password. Never given out.';
COMMENT ON COLUMN canopy.identity.password_changed_at IS 'When the password was last set.';
COMMENT ON COLUMN canopy.identity.created_at IS 'When the identity was made.';
COMMENT ON COLUMN canopy.identity.updated_at IS 'When the row was last changed.';

COMMENT ON TABLE canopy.app_membership IS 'That an identity belongs to an application: one row per pair, deactivated rather than deleted.';
COMMENT ON COLUMN canopy.app_membership.account_id IS 'Account of both the identity and the application.';
COMMENT ON COLUMN canopy.app_membership.id IS 'Identifier within the account.';
COMMENT ON COLUMN canopy.app_membership.identity_id IS 'The member.';
COMMENT ON COLUMN canopy.app_membership.application_id IS 'The application.';
COMMENT ON COLUMN canopy.app_membership.status IS 'invited, active, deactivated or suspended; only active gives access.';
COMMENT ON COLUMN canopy.app_membership.invited_at IS 'When the identity was invited.';
COMMENT ON COLUMN canopy.app_membership.activated_at IS 'When the membership last became active.';
COMMENT ON COLUMN canopy.app_membership.deactivated_at IS 'When the membership was deactivated.';
COMMENT ON COLUMN canopy.app_membership.created_at IS 'When the membership was made.';
COMMENT ON COLUMN canopy.app_membership.updated_at IS 'When the row was last changed.';

COMMENT ON TABLE canopy.audit_log IS 'What was done to an account, by whom: one entry per batch or event, never changed.';
COMMENT ON COLUMN canopy.audit_log.account_id IS 'Account the entry is about.';
COMMENT ON COLUMN canopy.audit_log.id IS 'Identifier within the account.';
COMMENT ON COLUMN canopy.audit_log.application_id IS 'Application the entry is about; null: the whole account.';
COMMENT ON COLUMN canopy.audit_log.environment_id IS 'Environment the entry is about; null: the whole application.';
COMMENT ON COLUMN canopy.audit_log.actor_id IS 'Who did it: the subject of the claims or the database role.';
COMMENT ON COLUMN canopy.audit_log.actor_type IS 'Kind of actor, free form.';
COMMENT ON COLUMN canopy.audit_log.actor_label IS 'The actor''s name at the time.';
COMMENT ON COLUMN canopy.audit_log.action IS 'What was done, as dotted words.';
COMMENT ON COLUMN canopy.audit_log.resource_type IS 'Kind of thing it was done to, free form.';
COMMENT ON COLUMN canopy.audit_log.resource_id IS 'Identifier of that thing; null: many.';
COMMENT ON COLUMN canopy.audit_log.resource_label IS 'Its name at the time.';
COMMENT ON COLUMN canopy.audit_log.metadata IS 'JSON object: counts and options of the call; no addresses, no secrets.';
COMMENT ON COLUMN canopy.audit_log.correlation_id IS 'Shared by the entries of one request.';
COMMENT ON COLUMN canopy.audit_log.outcome IS 'success, failure or denied.';
COMMENT ON COLUMN canopy.audit_log.category IS 'Field of administration the action belongs to.';
COMMENT ON COLUMN canopy.audit_log.severity IS 'info, notice, warning or critical.';
COMMENT ON COLUMN canopy.audit_log.customer_visible IS 'Whether administrators of the account may see it.';
COMMENT ON COLUMN canopy.audit_log.identity_visible IS 'Whether the identity concerned may see it.';
COMMENT ON COLUMN canopy.audit_log.created_at IS 'When it was done.';

$directory$;

COMMENT ON FUNCTION @extschema@.canopy_bulk_directory_1() IS
'Internal: step 1 of the directory, the tables of the account tier.

Called by canopy_bulk_setup() as the owner of schema canopy; not to be called otherwise. account, application, environment, identity, app_membership, audit_log.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_directory_1() FROM PUBLIC;

