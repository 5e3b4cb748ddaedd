/* A next version that only the tests have: it carries the directory to version 2. */

CREATE FUNCTION @extschema@._canopy_bulk_directory_2()
RETURNS void
LANGUAGE sql
VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $directory$

ALTER TABLE canopy.identity ADD COLUMN nickname text NOT NULL DEFAULT 'none';

CREATE TABLE canopy.badge (
	account_id uuid NOT NULL,
	id uuid NOT NULL,
	identity_id uuid NOT NULL,
	CONSTRAINT badge_pkey PRIMARY KEY (account_id, id),
	CONSTRAINT badge_account_id_identity_id_fkey FOREIGN KEY (account_id, identity_id)
		REFERENCES canopy.identity (account_id, id) ON DELETE CASCADE
);

$directory$;

REVOKE ALL ON FUNCTION @extschema@._canopy_bulk_directory_2() FROM PUBLIC;
