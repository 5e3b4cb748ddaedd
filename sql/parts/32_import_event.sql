/* The completion event of an import that a client ran. */

CREATE FUNCTION @extschema@.canopy_bulk_import_event(
	mode text,
	total integer,
	succeeded integer,
	failed integer,
	skipped integer DEFAULT 0,
	application text DEFAULT NULL,
	account text DEFAULT NULL,
	idempotency_key text DEFAULT NULL
)
RETURNS void
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_import_event';

COMMENT ON FUNCTION @extschema@.canopy_bulk_import_event(text, integer, integer, integer, integer, text, text, text) IS
'Record that an import wizard was completed, in one audit entry.

mode: create, invite or account_create.
total, succeeded, failed: rows the wizard processed, total = succeeded + failed, none below zero. The entry says that they were reported by the client.
skipped: rows left out on purpose: deselected, or not sent after a cancel; not part of total.
application, account: slug or id; default: the settings canopy_bulk.application and canopy_bulk.account, then the claims.
idempotency_key: 1 to 255 printable characters; a call with a key that was used within canopy_bulk.idempotency_window writes no second entry. Default: the header Idempotency-Key of the request, if the call serves one.
Returns nothing.
Errors: 22023 unknown mode or counts that do not add up; PT401 expired or malformed claims; 42501 not allowed; PT404 unknown account or application; PT422 idempotency key used for another request; 55000 canopy_bulk_setup() has not run.
Canopy API: Record a bulk-import wizard completion.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_import_event(text, integer, integer, integer, integer, text, text, text) FROM PUBLIC;
