/* The REST surface, and what proves who calls it. */

CREATE FUNCTION @extschema@.canopy_bulk_http(
	method text,
	path text,
	headers jsonb DEFAULT '{}',
	body bytea DEFAULT NULL,
	OUT status integer,
	OUT headers jsonb,
	OUT body bytea
)
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_http';

COMMENT ON FUNCTION @extschema@.canopy_bulk_http(text, text, jsonb, bytea) IS
'Serve an HTTP request: a thin layer passes the request in and the answer out.

method, path: as sent, the path with its query and its percent signs.
headers: object of header names, in any case, and their values. Authorization (Bearer) or X-API-Key proves who calls; Content-Type is application/json; Idempotency-Key makes the call happen once.
body: the bytes of the body, at most 10 MB. They are parsed here, so that malformed JSON never reaches a log.
Returns status, headers (object) and body (UTF-8 JSON, or null). What is the client''s fault is told in the answer: 400, 401, 403, 404, 405, 413, 415, 422, 429.
Errors: what a client should try again (40001, 40P01) and what is the server''s fault keep their SQLSTATE; a layer answers 503 or 500. 22023 method, path or headers make no sense.
The routes are those of the Canopy API and are described by GET /openapi.json.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_http(text, text, jsonb, bytea) FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_authenticate(token text)
RETURNS void
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_authenticate';

COMMENT ON FUNCTION @extschema@.canopy_bulk_authenticate(text) IS
'Prove who calls, for the rest of the transaction.

token: a signed token that a key in canopy.token_key verifies, or an API key. Its claims bind every later call in the (sub)transaction, whatever the setting request.jwt.claims says.
Returns nothing.
Errors: PT401 the token proves nothing; 42501 it proves too little; 55000 canopy_bulk_setup() has not run.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_authenticate(text) FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_api_key_create(
	name text,
	application text DEFAULT NULL,
	environment text DEFAULT NULL,
	account text DEFAULT NULL,
	access_mode text DEFAULT 'full_access',
	scopes text[] DEFAULT NULL,
	expires_at timestamptz DEFAULT NULL
)
RETURNS jsonb
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_api_key_create';

COMMENT ON FUNCTION @extschema@.canopy_bulk_api_key_create(text, text, text, text, text, text[], timestamptz) IS
'Make an API key for an environment.

name: what the key is for.
application, environment, account: slug or id; default: the settings of the same name, then the claims. The key is bound to them.
access_mode: full_access or scoped; scopes: permissions of a scoped key, identity.manage for the bulk functions.
expires_at: from when on it is refused; null: never.
Returns {id, name, key, key_preview, access_mode, expires_at, created_at}. This is the only time that the key, 69 characters, is seen: its SHA-256 is all that is stored.
Errors: 22023 no environment is named, or access mode and scopes do not agree; PT401, 42501, PT404, 55000 as for every function.
Canopy API: Create an API key.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_api_key_create(text, text, text, text, text, text[], timestamptz) FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_api_key_revoke(
	id uuid,
	account text DEFAULT NULL
)
RETURNS void
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_api_key_revoke';

COMMENT ON FUNCTION @extschema@.canopy_bulk_api_key_revoke(uuid, text) IS
'Revoke an API key, at once and for good.

id: of the key.
account: slug or id; default: the setting canopy_bulk.account, then the claims.
Returns nothing.
Errors: PT404 the key does not exist or was revoked before; 22023, PT401, 42501, 55000 as for every function.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_api_key_revoke(uuid, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_token_key_is_valid(
	algorithm text,
	key text
)
RETURNS boolean
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_token_key_is_valid';

COMMENT ON FUNCTION @extschema@.canopy_bulk_token_key_is_valid(text, text) IS
'Say whether tokens can be verified with a key, before it goes into canopy.token_key.

algorithm: RS256, ES256, EdDSA or HS256.
key: public key in PEM or as a JWK; for HS256 a JWK or at least 32 bytes in base64url.
Returns false for anything else, for keys that are too short, and for points and numbers under which a token verifies that was not signed.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_token_key_is_valid(text, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_secret_exposure()
RETURNS TABLE (setting text, value text, advice text)
LANGUAGE sql
STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $exposure$
SELECT s.name, s.setting, a.advice
FROM (VALUES
	('log_statement', ARRAY['none', 'ddl'],
		'Statements with passwords as literals are logged. Set it to none or ddl.'),
	('log_min_duration_statement', ARRAY['-1'],
		'Statements and parameters are logged. Set it to -1.'),
	('log_min_duration_sample', ARRAY['-1'],
		'Statements and parameters are logged. Set it to -1.'),
	('log_transaction_sample_rate', ARRAY['0'],
		'Statements and parameters are logged. Set it to 0.'),
	('log_parameter_max_length', ARRAY['0'],
		'Parameters of statements that are logged are logged too. Set it to 0.'),
	('log_parameter_max_length_on_error', ARRAY['0'],
		'Parameters are logged with errors. Set it to 0.'),
	('auto_explain.log_min_duration', ARRAY['-1'],
		'Statements are logged with their plans. Set it to -1.'),
	('pgaudit.log', ARRAY['none', 'ddl', 'role'],
		'Statements are logged. Leave read, write and function out.'),
	('pgaudit.log_parameter', ARRAY['off'],
		'Parameters are logged. Set it to off.'),
	('pg_stat_statements.track_utility', ARRAY['off'],
		'DO and EXECUTE keep their literals in pg_stat_statements. Set it to off.'),
	('log_parser_stats', ARRAY['off'], 'Statements are logged. Set it to off.'),
	('log_planner_stats', ARRAY['off'], 'Statements are logged. Set it to off.'),
	('log_executor_stats', ARRAY['off'], 'Statements are logged. Set it to off.'),
	('log_statement_stats', ARRAY['off'], 'Statements are logged. Set it to off.'),
	('log_temp_files', ARRAY['-1'], 'Statements are logged. Set it to -1.'),
	('log_min_messages',
		ARRAY['info', 'notice', 'warning', 'error', 'log', 'fatal', 'panic'],
		'Statements are logged while they are parsed. Set it to info or above.'),
	('debug_print_parse', ARRAY['off'], 'Statements are logged as trees. Set it to off.'),
	('debug_print_rewritten', ARRAY['off'], 'Statements are logged as trees. Set it to off.'),
	('debug_print_plan', ARRAY['off'], 'Statements are logged as trees. Set it to off.')
) AS a (name, harmless, advice)
JOIN pg_settings s ON s.name = a.name
WHERE s.setting <> ALL (a.harmless)
$exposure$;

COMMENT ON FUNCTION @extschema@.canopy_bulk_secret_exposure() IS
'List settings of the server that can carry a password into a log or a statistic.

Returns a row for each setting that can, with its value in this session and what to do. No row: nothing was found. log_parameter_max_length is listed although it matters only together with a setting that logs statements.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_secret_exposure() FROM PUBLIC;

