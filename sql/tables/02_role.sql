
CREATE TABLE canopy.role (
	account_id uuid NOT NULL,
	id uuid NOT NULL DEFAULT gen_random_uuid(),
	environment_id uuid NOT NULL,
	name text NOT NULL,
	description text,
	is_system boolean NOT NULL DEFAULT false,
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT role_pkey PRIMARY KEY (account_id, id),
	CONSTRAINT role_account_id_environment_id_name_key
		UNIQUE (account_id, environment_id, name),
	CONSTRAINT role_account_id_environment_id_fkey FOREIGN KEY (account_id, environment_id)
		REFERENCES canopy.environment (account_id, id)
);

REVOKE ALL ON TABLE canopy.role FROM PUBLIC;

COMMENT ON TABLE canopy.role IS 'A named set of permissions of an environment.';
COMMENT ON COLUMN canopy.role.account_id IS 'Account the role belongs to.';
COMMENT ON COLUMN canopy.role.id IS 'Identifier within the account.';
COMMENT ON COLUMN canopy.role.environment_id IS 'Environment the role belongs to.';
COMMENT ON COLUMN canopy.role.name IS 'Name, unique in the environment.';
COMMENT ON COLUMN canopy.role.description IS 'What the role is for.';
COMMENT ON COLUMN canopy.role.is_system IS 'Reserved for platform administration: cannot be assigned to identities.';
COMMENT ON COLUMN canopy.role.created_at IS 'When the role was made.';
COMMENT ON COLUMN canopy.role.updated_at IS 'When the row was last changed.';

/* The key with application_id lets an assignment prove that its node is its application's. */
CREATE TABLE canopy.node (
	account_id uuid NOT NULL,
	id uuid NOT NULL DEFAULT gen_random_uuid(),
	application_id uuid NOT NULL,
	environment_id uuid NOT NULL,
	parent_node_id uuid,
	node_type text NOT NULL,
	name text NOT NULL,
	slug text COLLATE "C" NOT NULL,
	status text NOT NULL DEFAULT 'active',
	metadata jsonb NOT NULL DEFAULT '{}',
	version integer NOT NULL DEFAULT 1,
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT node_pkey PRIMARY KEY (account_id, id),
	CONSTRAINT node_account_id_application_id_id_key
		UNIQUE (account_id, application_id, id),
	CONSTRAINT node_account_id_environment_id_parent_node_id_slug_key
		UNIQUE (account_id, environment_id, parent_node_id, slug),
	CONSTRAINT node_slug_check CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
	CONSTRAINT node_status_check CHECK (status IN ('active', 'inactive')),
	CONSTRAINT node_metadata_check CHECK (jsonb_typeof(metadata) = 'object'),
	CONSTRAINT node_account_id_application_id_environment_id_fkey
		FOREIGN KEY (account_id, application_id, environment_id)
		REFERENCES canopy.environment (account_id, application_id, id),
	CONSTRAINT node_account_id_parent_node_id_fkey FOREIGN KEY (account_id, parent_node_id)
		REFERENCES canopy.node (account_id, id)
);

/* An environment has one root. */
CREATE UNIQUE INDEX node_account_id_environment_id_root_idx
	ON canopy.node (account_id, environment_id)
	WHERE parent_node_id IS NULL;

CREATE INDEX node_account_id_parent_node_id_idx
	ON canopy.node (account_id, parent_node_id);

REVOKE ALL ON TABLE canopy.node FROM PUBLIC;

COMMENT ON TABLE canopy.node IS 'A place in the hierarchy of an environment; every environment has one root.';
COMMENT ON COLUMN canopy.node.account_id IS 'Account the node belongs to.';
COMMENT ON COLUMN canopy.node.id IS 'Identifier within the account.';
COMMENT ON COLUMN canopy.node.application_id IS 'Application of the environment.';
COMMENT ON COLUMN canopy.node.environment_id IS 'Environment the node belongs to.';
COMMENT ON COLUMN canopy.node.parent_node_id IS 'The node above; null: this is the root.';
COMMENT ON COLUMN canopy.node.node_type IS 'Kind of node, as the hierarchy schema of the environment names it.';
COMMENT ON COLUMN canopy.node.name IS 'Name to show.';
COMMENT ON COLUMN canopy.node.slug IS 'Name in addresses, unique below its parent.';
COMMENT ON COLUMN canopy.node.status IS 'active or inactive.';
COMMENT ON COLUMN canopy.node.metadata IS 'JSON object with fields of the user''s own.';
COMMENT ON COLUMN canopy.node.version IS 'Counts changes, for optimistic locking.';
COMMENT ON COLUMN canopy.node.created_at IS 'When the node was made.';
COMMENT ON COLUMN canopy.node.updated_at IS 'When the row was last changed.';
