-- Wrappers of the bulk functions in a schema of your own, for PostgREST and PostGraphile.
--
-- PostGraphile shows no function that belongs to an extension, and a schema api has what an
-- API is to show and nothing else. Run it as the role that shall own the schema, with
-- canopy_bulk's schema in the search_path: names are bound when a function is made.
-- Callers need a grant on the wrapper and on what it calls; see the end.

CREATE SCHEMA api;

CREATE FUNCTION api.bulk_create(
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
LANGUAGE sql
VOLATILE
RETURN canopy_bulk_create(identities, account => account, application => application,
	environment => environment, dry_run => dry_run, max_failed => max_failed,
	on_conflict => on_conflict, idempotency_key => idempotency_key);

COMMENT ON FUNCTION api.bulk_create IS
'Create identities in bulk, with a verdict for every row.';

CREATE FUNCTION api.bulk_attach(
	identity_ids jsonb,
	application text DEFAULT NULL,
	account text DEFAULT NULL,
	dry_run boolean DEFAULT false,
	max_failed integer DEFAULT NULL,
	on_conflict text DEFAULT 'error',
	idempotency_key text DEFAULT NULL
)
RETURNS jsonb
LANGUAGE sql
VOLATILE
RETURN canopy_bulk_attach_json(identity_ids, application => application, account => account,
	dry_run => dry_run, max_failed => max_failed, on_conflict => on_conflict,
	idempotency_key => idempotency_key);

COMMENT ON FUNCTION api.bulk_attach IS
'Attach identities to an application, with a verdict for every one.';

-- Nobody calls them until you say who, here the role web:
--   GRANT USAGE ON SCHEMA api TO web;
--   GRANT EXECUTE ON FUNCTION api.bulk_create, canopy_bulk_create TO web;
--   GRANT EXECUTE ON FUNCTION api.bulk_attach, canopy_bulk_attach_json TO web;
REVOKE ALL ON FUNCTION api.bulk_create, api.bulk_attach FROM PUBLIC;
