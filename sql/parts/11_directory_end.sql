
$directory$;

COMMENT ON FUNCTION @extschema@._canopy_bulk_directory_1() IS
'Internal: the statements that make version 1 of the directory.

canopy_bulk_setup() reads and runs them as the owner of schema canopy; the function is never called.';

REVOKE ALL ON FUNCTION @extschema@._canopy_bulk_directory_1() FROM PUBLIC;

