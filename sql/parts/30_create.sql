/* Creating identities. */

CREATE FUNCTION @extschema@.canopy_bulk_create(
	identities jsonb,
	account text DEFAULT NULL,
	application text DEFAULT NULL,
	environment text DEFAULT NULL,
	dry_run boolean DEFAULT false,
	max_failed integer DEFAULT NULL,
	on_conflict text DEFAULT 'error',
	idempotency_key text DEFAULT NULL
)
RETURNS jsonb
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_create';

COMMENT ON FUNCTION @extschema@.canopy_bulk_create(jsonb, text, text, text, boolean, integer, text, text) IS
'Create identities in bulk, with a verdict for every row.

identities: array of at most canopy_bulk.max_rows objects, or an object {"identities": [...]}. Fields of a row: email, first_name, last_name, external_id, metadata, password or password_hash; without an application also application_id, with one also role_id and node_id, together.
account, application, environment: slug or id; default: the settings of the same name, then the claims. application => '''' names the account tier whatever the settings say.
dry_run: do everything, then leave nothing.
max_failed: rows that may fail before the batch is rolled back; 0: all or nothing; null: no limit.
on_conflict: what to do with an email that exists: error, skip or update.
idempotency_key: 1 to 255 printable characters; a call with a key that was used within canopy_bulk.idempotency_window is not made again but gets the answer of the first. Default: the header Idempotency-Key of the request, if the call serves one.
Returns {summary: {total, succeeded, failed}, results: [...]}, a result per row in the order of the rows.
Errors of the whole call: 22023 malformed request or option; PT401 expired or malformed claims; 42501 not allowed; PT404 unknown account, application or environment; PT422 idempotency key used for another request; PT413 too many rows or bytes; 55000 canopy_bulk_setup() has not run. Anything a row cannot be blamed for keeps its own SQLSTATE.
Canopy API: Bulk-create Account identities; Bulk-create identities of an application.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_create(jsonb, text, text, text, boolean, integer, text, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_create_raw(
	body bytea,
	account text DEFAULT NULL,
	application text DEFAULT NULL,
	environment text DEFAULT NULL,
	dry_run boolean DEFAULT false,
	max_failed integer DEFAULT NULL,
	on_conflict text DEFAULT 'error',
	idempotency_key text DEFAULT NULL
)
RETURNS jsonb
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_create_raw';

COMMENT ON FUNCTION @extschema@.canopy_bulk_create_raw(bytea, text, text, text, boolean, integer, text, text) IS
'Create identities in bulk from the bytes of a JSON document.

body: UTF-8 JSON, as canopy_bulk_create takes it. It is parsed here, so that an error in it never puts a piece of it, which may be a password, into the log.
The other arguments, the answer and the errors are those of canopy_bulk_create; a body that is not JSON is 22P02, one that is not UTF-8 is 22021.
Canopy API: Bulk-create Account identities; Bulk-create identities of an application.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_create_raw(bytea, text, text, text, boolean, integer, text, text) FROM PUBLIC;

