/* The directory, step 3: calls that happen once. */

CREATE FUNCTION @extschema@.canopy_bulk_directory_3()
RETURNS void
LANGUAGE sql
VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $directory$

CREATE TABLE canopy.idempotency_key (
	account_id uuid NOT NULL,
	function text COLLATE "C" NOT NULL,
	key text COLLATE "C" NOT NULL,
	fingerprint bytea NOT NULL,
	status integer,
	answer jsonb,
	created_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT idempotency_key_pkey PRIMARY KEY (account_id, function, key),
	CONSTRAINT idempotency_key_account_id_fkey FOREIGN KEY (account_id)
		REFERENCES canopy.account (id) ON DELETE CASCADE
);

/* For purging. */
CREATE INDEX idempotency_key_account_id_created_at_idx
	ON canopy.idempotency_key (account_id, created_at);

COMMENT ON TABLE canopy.idempotency_key IS
'Keys of calls that shall happen once, each with the answer of the call.';
COMMENT ON COLUMN canopy.idempotency_key.account_id IS
'Account that the call worked on.';
COMMENT ON COLUMN canopy.idempotency_key.function IS
'Action that was called, or import for a batch of one; a key of another action is another key.';
COMMENT ON COLUMN canopy.idempotency_key.key IS
'Key that the caller chose: 1 to 255 printable ASCII characters.';
COMMENT ON COLUMN canopy.idempotency_key.fingerprint IS
'SHA-256 of the request without its secrets.';
COMMENT ON COLUMN canopy.idempotency_key.status IS
'HTTP status of the answer; null only while the call runs.';
COMMENT ON COLUMN canopy.idempotency_key.answer IS
'Answer that is given again; null where the call answers nothing.';
COMMENT ON COLUMN canopy.idempotency_key.created_at IS
'Time of the call; the key expires canopy_bulk.idempotency_window later.';

$directory$;

COMMENT ON FUNCTION @extschema@.canopy_bulk_directory_3() IS
'Internal: step 3 of the directory, the keys of calls that happen once.

Called by canopy_bulk_setup() as the owner of schema canopy; not to be called otherwise. idempotency_key.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_directory_3() FROM PUBLIC;

