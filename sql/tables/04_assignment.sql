
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

REVOKE ALL ON TABLE canopy.role_assignment FROM PUBLIC;

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
