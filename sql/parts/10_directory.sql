/*
 * The directory: version 1, all of its tables.
 *
 * The tables of schema canopy belong to the user, not to the extension.  The body of
 * the function below is the text of sql/tables, which canopy_bulk_setup() reads and
 * runs as the owner of the schema.  After a release that text is never edited: a
 * change is a further version, in a function _canopy_bulk_directory_2() of its own.
 *
 * What holds for every table, so that the directory can be partitioned or
 * distributed by account: keys and foreign keys begin with account_id, and there
 * are no triggers, sequences, deferrable constraints or SET NULL of ours.
 */

CREATE FUNCTION @extschema@._canopy_bulk_directory_1()
RETURNS void
LANGUAGE sql
VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $directory$

