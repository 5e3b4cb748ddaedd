/* Housekeeping. */

CREATE FUNCTION @extschema@.canopy_bulk_purge(
	account text DEFAULT NULL,
	max_rows integer DEFAULT 1000
)
RETURNS bigint
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_purge';

COMMENT ON FUNCTION @extschema@.canopy_bulk_purge(text, integer) IS
'Delete expired idempotency keys of an account, a few at a time.

account: slug or id; default: the setting canopy_bulk.account, then the claims.
max_rows: rows to delete at most; rows that another session holds are passed over.
Returns how many were deleted; call it until that is 0. An expired key is never replayed, whether it has been purged or not.
Errors: 22023 no account is named or max_rows is below 1; PT401 expired or malformed claims; 42501 not allowed, as for a caller that is bound to an application; PT404 unknown account; 55000 canopy_bulk_setup() has not run.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_purge(text, integer) FROM PUBLIC;

