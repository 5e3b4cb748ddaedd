COMMENT ON SCHEMA canopy IS 'Accounts and their identities; made by canopy_bulk_setup(), owned by the user.';

CREATE TABLE canopy.migration (
	version integer NOT NULL,
	applied_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT migration_pkey PRIMARY KEY (version),
	CONSTRAINT migration_version_check CHECK (version > 0)
);

REVOKE ALL ON TABLE canopy.migration FROM PUBLIC;

COMMENT ON TABLE canopy.migration IS 'Versions of the directory that canopy_bulk_setup() has brought, a row each.';
COMMENT ON COLUMN canopy.migration.version IS 'Number of the version; the highest one is the directory''s.';
COMMENT ON COLUMN canopy.migration.applied_at IS 'When it was brought.';
