/* Detaching identities from an application. */

CREATE FUNCTION @extschema@.canopy_bulk_detach(
	identity_ids uuid[],
	application text DEFAULT NULL,
	account text DEFAULT NULL,
	dry_run boolean DEFAULT false,
	max_failed integer DEFAULT NULL,
	on_conflict text DEFAULT 'error',
	idempotency_key text DEFAULT NULL
)
RETURNS jsonb
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_detach';

COMMENT ON FUNCTION @extschema@.canopy_bulk_detach(uuid[], text, text, boolean, integer, text, text) IS
'Detach identities from an application, with a verdict for every one.

identity_ids: at most canopy_bulk.max_rows ids of identities of the account, in one dimension. The membership of each is deactivated, whether it was active, invited or suspended, and the roles that the identity has in the application are taken away. The identity stays.
application, account: slug or id; default: the settings canopy_bulk.application and canopy_bulk.account, then the claims.
dry_run: do everything, then leave nothing.
max_failed: rows that may fail before the batch is rolled back; 0: all or nothing; null: no limit.
on_conflict: what to do with an identity that was detached before: error or skip. One that never was a member is membership_not_found either way.
idempotency_key: 1 to 255 printable characters; a call with a key that was used within canopy_bulk.idempotency_window is not made again but gets the answer of the first. Default: the header Idempotency-Key of the request, if the call serves one.
Returns {summary: {total, succeeded, failed}, results: [...]}, a result per id in the order of the ids; data is the membership, and revoked_assignment_count.
Errors of the whole call: 22023 malformed request or option; PT401 expired or malformed claims; 42501 not allowed; PT404 unknown account or application; PT422 idempotency key used for another request; PT413 too many ids; 55000 canopy_bulk_setup() has not run. Anything a row cannot be blamed for keeps its own SQLSTATE.
Canopy API: Remove AppMembership, of many identities.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_detach(uuid[], text, text, boolean, integer, text, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_detach_json(
	identity_ids jsonb,
	application text DEFAULT NULL,
	account text DEFAULT NULL,
	dry_run boolean DEFAULT false,
	max_failed integer DEFAULT NULL,
	on_conflict text DEFAULT 'error',
	idempotency_key text DEFAULT NULL
)
RETURNS jsonb
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_detach_json';

COMMENT ON FUNCTION @extschema@.canopy_bulk_detach_json(jsonb, text, text, boolean, integer, text, text) IS
'Detach identities from an application, with ids as JSON strings.

identity_ids: array of strings, or an object {"identity_ids": [...]}. An id that is malformed fails alone, where canopy_bulk_detach could not be called at all.
The other arguments, the answer and the errors are those of canopy_bulk_detach.
Canopy API: Remove AppMembership, of many identities.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_detach_json(jsonb, text, text, boolean, integer, text, text) FROM PUBLIC;

