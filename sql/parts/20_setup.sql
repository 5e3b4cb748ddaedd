/* Making the directory, and carrying it forward. */

CREATE FUNCTION @extschema@.canopy_bulk_setup(
	owner regrole DEFAULT NULL
)
RETURNS integer
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_setup';

COMMENT ON FUNCTION @extschema@.canopy_bulk_setup(regrole) IS
'Create the directory, or carry an older one forward.

Makes schema canopy and its tables as ordinary tables that dropping the extension leaves alone, and applies the versions that canopy.migration does not list yet. Rows are kept; a directory that is up to date is left as it is.
owner: role that owns the schema, never a superuser. Default: the current user or, for a superuser, role canopy_owner, which is created if it is missing. An existing schema must belong to that role.
Returns the version of the directory.
Errors: 0A000 the database is not in UTF8; 42501 the owner is a superuser, or not a role of the caller''s, or the schema belongs to another role; 42704 no such role; 55000 the directory is newer than the library, the extension is older than the library, or an extension script is calling.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_setup(regrole) FROM PUBLIC;

