/* The directory, step 5: who typed a wrong password how often. */

CREATE FUNCTION @extschema@.canopy_bulk_directory_5()
RETURNS void
LANGUAGE sql
VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $directory$

/* In no index, so that counting is a heap-only update. */
ALTER TABLE canopy.identity
	ADD COLUMN failed_login_count integer NOT NULL DEFAULT 0;

COMMENT ON COLUMN canopy.identity.failed_login_count IS
'Wrong passwords since the last right one; past the limit each locks again. To unlock, set it to 0 and locked_until to null.';
COMMENT ON COLUMN canopy.identity.password_hash IS
'Hash in a format that canopy_bulk_create takes; argon2id from the first sign-in on; null: no password. Never given out.';

$directory$;

COMMENT ON FUNCTION @extschema@.canopy_bulk_directory_5() IS
'Internal: step 5 of the directory, sign-in failures.

Called by canopy_bulk_setup() as the owner of schema canopy; not to be called otherwise. identity.failed_login_count.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_directory_5() FROM PUBLIC;

