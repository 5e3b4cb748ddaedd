/* The directory, step 2: who may do what where. */

CREATE FUNCTION @extschema@.canopy_bulk_directory_2()
RETURNS void
LANGUAGE sql
VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $directory$

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

CREATE TABLE canopy.role_assignment (
	account_id uuid NOT NULL,
	id uuid NOT NULL DEFAULT gen_random_uuid(),
	identity_id uuid NOT NULL,
	application_id uuid NOT NULL,
	role_id uuid NOT NULL,
	node_id uuid NOT NULL,
	effective_from timestamptz,
	effective_to timestamptz,
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT role_assignment_pkey PRIMARY KEY (account_id, id),
	CONSTRAINT role_assignment_account_id_identity_id_role_id_node_id_key
		UNIQUE (account_id, identity_id, role_id, node_id),
	CONSTRAINT role_assignment_effective_check CHECK (effective_from < effective_to),
	CONSTRAINT role_assignment_account_id_identity_id_application_id_fkey
		FOREIGN KEY (account_id, identity_id, application_id)
		REFERENCES canopy.app_membership (account_id, identity_id, application_id) ON DELETE CASCADE,
	CONSTRAINT role_assignment_account_id_role_id_fkey FOREIGN KEY (account_id, role_id)
		REFERENCES canopy.role (account_id, id) ON DELETE CASCADE,
	CONSTRAINT role_assignment_account_id_application_id_node_id_fkey
		FOREIGN KEY (account_id, application_id, node_id)
		REFERENCES canopy.node (account_id, application_id, id) ON DELETE CASCADE
);

/* For deletes of a role or node, which otherwise read every assignment of the account. */
CREATE INDEX role_assignment_account_id_role_id_idx
	ON canopy.role_assignment (account_id, role_id);

CREATE INDEX role_assignment_account_id_node_id_idx
	ON canopy.role_assignment (account_id, node_id);

REVOKE ALL ON TABLE
	canopy.role, canopy.node, canopy.role_assignment
FROM PUBLIC;

COMMENT ON TABLE canopy.role IS 'A named set of permissions of an environment.';
COMMENT ON COLUMN canopy.role.account_id IS 'Account the role belongs to.';
COMMENT ON COLUMN canopy.role.id IS 'Identifier within the account.';
COMMENT ON COLUMN canopy.role.environment_id IS 'Environment the role belongs to.';
COMMENT ON COLUMN canopy.role.name IS 'Name, unique in the environment.';
COMMENT ON COLUMN canopy.role.description IS 'What the role is for.';
COMMENT ON COLUMN canopy.role.is_system IS 'Reserved for platform administration: cannot be assigned to identities.';
COMMENT ON COLUMN canopy.role.created_at IS 'When the role was made.';
COMMENT ON COLUMN canopy.role.updated_at IS 'When the row was last changed.';

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

COMMENT ON TABLE canopy.role_assignment IS 'That an identity has a role at a node, and below it.';
COMMENT ON COLUMN canopy.role_assignment.account_id IS 'Account of all four: identity, application, role and node.';
COMMENT ON COLUMN canopy.role_assignment.id IS 'Identifier within the account.';
COMMENT ON COLUMN canopy.role_assignment.identity_id IS 'Who has the role.';
COMMENT ON COLUMN canopy.role_assignment.application_id IS 'Application of the node; the identity is a member of it.';
COMMENT ON COLUMN canopy.role_assignment.role_id IS 'The role.';
COMMENT ON COLUMN canopy.role_assignment.node_id IS 'The node it holds at.';
COMMENT ON COLUMN canopy.role_assignment.effective_from IS 'Holds from this time on; null: from the beginning.';
COMMENT ON COLUMN canopy.role_assignment.effective_to IS 'Holds until before this time; null: without end.';
COMMENT ON COLUMN canopy.role_assignment.created_at IS 'When the assignment was made.';
COMMENT ON COLUMN canopy.role_assignment.updated_at IS 'When the row was last changed.';

$directory$;

COMMENT ON FUNCTION @extschema@.canopy_bulk_directory_2() IS
'Internal: step 2 of the directory, the tables of the environment tier.

Called by canopy_bulk_setup() as the owner of schema canopy; not to be called otherwise. role, node, role_assignment.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_directory_2() FROM PUBLIC;

