
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

REVOKE ALL ON TABLE canopy.account FROM PUBLIC;

COMMENT ON TABLE canopy.account IS 'A tenant: everything else belongs to exactly one account.';
COMMENT ON COLUMN canopy.account.id IS 'The account_id of every other table.';
COMMENT ON COLUMN canopy.account.slug IS
	'Name in addresses and arguments: lower-case letters and digits with inner dashes, never shaped like a uuid.';
COMMENT ON COLUMN canopy.account.name IS 'Name to show.';
COMMENT ON COLUMN canopy.account.created_at IS 'When the account was made.';

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

REVOKE ALL ON TABLE canopy.application FROM PUBLIC;

COMMENT ON TABLE canopy.application IS 'A product that identities of the account sign in to.';
COMMENT ON COLUMN canopy.application.account_id IS 'Account the application belongs to.';
COMMENT ON COLUMN canopy.application.id IS 'Identifier within the account.';
COMMENT ON COLUMN canopy.application.slug IS
	'Name in addresses and arguments, unique in the account; rules as for account.slug.';
COMMENT ON COLUMN canopy.application.name IS 'Name to show.';
COMMENT ON COLUMN canopy.application.created_at IS 'When the application was made.';

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

REVOKE ALL ON TABLE canopy.environment FROM PUBLIC;

COMMENT ON TABLE canopy.environment IS
	'A stage of an application (production, staging …) with roles and nodes of its own.';
COMMENT ON COLUMN canopy.environment.account_id IS 'Account the environment belongs to.';
COMMENT ON COLUMN canopy.environment.id IS 'Identifier within the account.';
COMMENT ON COLUMN canopy.environment.application_id IS 'Application it is a stage of.';
COMMENT ON COLUMN canopy.environment.slug IS
	'Name in addresses and arguments, unique in the application; rules as for account.slug.';
COMMENT ON COLUMN canopy.environment.name IS 'Name to show.';
COMMENT ON COLUMN canopy.environment.settings IS
	'JSON object: access_model, hierarchy_schema and what an application adds.';
COMMENT ON COLUMN canopy.environment.version IS 'Counts changes, for optimistic locking.';
COMMENT ON COLUMN canopy.environment.created_at IS 'When the environment was made.';
COMMENT ON COLUMN canopy.environment.updated_at IS 'When the row was last changed.';
