-- A caller who means ill: traps in every place where a name could be looked up, and
-- settings that bend what SQL means. Nothing of his runs, and no answer changes.
-- strategies: all
\ir fixture.psql
SELECT no_plan();
SELECT t.add_identity('acme', 'old@acme.example', 'old'), t.add_membership('acme', 'old@acme.example', 'wiki') \gset
DROP ROLE IF EXISTS tap_attacker;
CREATE ROLE tap_attacker;
CREATE SCHEMA evil AUTHORIZATION tap_attacker;
GRANT CREATE ON SCHEMA public TO tap_attacker;
SELECT format('GRANT TEMPORARY ON DATABASE %I TO tap_attacker', current_database()) AS grant \gset
:grant;
GRANT EXECUTE ON FUNCTION canopy_bulk_create, canopy_bulk_create_raw, canopy_bulk_attach, canopy_bulk_attach_json, canopy_bulk_import_event TO tap_attacker;

-- a call of every function, with something to look up at each level
CREATE TABLE t.call (n serial, call text, answer jsonb);
INSERT INTO t.call (call) VALUES
	(format('public.canopy_bulk_create(%L, ''acme'', dry_run => true, on_conflict => ''update'')', jsonb_build_array(t.person('old@acme.example', jsonb_build_object('application_id', t.id('crm'), 'metadata', '{"a":1}'::jsonb)),
		t.person('new@acme.example', '{"external_id":"x","password":"correct horse"}'), t.person('clash@acme.example', '{"external_id":"old"}'), 1))),
	(format('public.canopy_bulk_create_raw(pg_catalog.convert_to(%L, ''UTF8''), %L, ''crm'', ''production'', dry_run => true)',
		jsonb_build_array(t.person('old@acme.example'), t.person('new@acme.example', jsonb_build_object('role_id', t.id('editor'), 'node_id', t.id('crm-root')))), t.id('acme'))),
	(format('public.canopy_bulk_create(%L, ''acme'', dry_run => true, on_conflict => ''skip'')', jsonb_build_array(t.person('old@acme.example')))),
	(format('public.canopy_bulk_attach(ARRAY[%L, %L]::pg_catalog.uuid[], ''crm'', ''acme'', dry_run => true)', t.id('old@acme.example'), t.id('nobody'))),
	(format('public.canopy_bulk_attach_json(%L, ''wiki'', ''acme'', dry_run => true, on_conflict => ''skip'')', jsonb_build_array(t.id('old@acme.example'), 'x'))),
	('pg_catalog.to_jsonb(public.canopy_bulk_import_event(''create'', 1, 1, 0, 0, ''crm'', ''acme'')::pg_catalog.text)');

-- an answer without what differs from call to call
CREATE FUNCTION t.without_ids(answer jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
	SELECT regexp_replace(regexp_replace(answer::text, '[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f-]{17}', 'id', 'g'),
		'\d{4}-\d\d-\d\dT[0-9:.]+Z', 'time', 'g')::jsonb
$$;

-- runs every call under a setting, as the attacker; the answers that the same calls give otherwise
CREATE FUNCTION t.run(call text, setting text, value text) RETURNS jsonb LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
	answer jsonb;
	query text := 'SELECT ' || call;
	undo text := 'SET LOCAL ' || nullif(setting, 'search_path') || ' = DEFAULT';
BEGIN
	IF setting IS NOT NULL THEN
		PERFORM set_config(setting, value, true);
	END IF;
	EXECUTE query INTO answer;
	PERFORM pg_catalog.set_config('search_path', 'pg_catalog', true);
	EXECUTE coalesce(undo, 'SELECT');
	RETURN t.without_ids(answer);
END $$;
UPDATE t.call SET answer = t.run(call, NULL, NULL);
SELECT is(string_agg(coalesce(t.verdicts(answer), 'void'), '; ' ORDER BY n),
	'200, 201, 409 external_id_conflict, 400 invalid_row; 409 email_conflict, 201; 200; 201, 404 identity_not_found; 200, 400 uuid_invalid; void',
	'without traps the calls are answered') FROM t.call;

-- traps: operators and functions that match at least as well as the server's, tables with our names
SET SESSION AUTHORIZATION tap_attacker;
SET search_path = evil;
CREATE FUNCTION evil.spring() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION USING ERRCODE = 'XX000', MESSAGE = pg_catalog.concat('trapped as ', current_user);
END $$;
DO $do$
DECLARE
	place text;
	item record;
BEGIN
	FOREACH place IN ARRAY ARRAY['evil', 'public', 'pg_temp'] LOOP
		FOR item IN SELECT * FROM (VALUES
			('equals(a uuid, b uuid)', 'boolean'), ('equals(a text, b text)', 'boolean'), ('differs(a text, b text)', 'boolean'), ('joins(a jsonb, b jsonb)', 'jsonb'),
			('max(a integer)', 'integer'), ('now()', 'timestamptz'), ('gen_random_uuid()', 'uuid'), ('lower(a text)', 'text'), ('btrim(a text)', 'text'),
			('jsonb_typeof(a jsonb)', 'text'), ('count(a uuid)', 'bigint'), ('uuid(a text)', 'uuid')
		) AS v (signature, result) LOOP
			EXECUTE format('CREATE FUNCTION %s.%s RETURNS %s LANGUAGE plpgsql AS %L', place, item.signature, item.result, 'BEGIN PERFORM evil.spring(); END');
		END LOOP;
		IF place <> 'pg_temp' THEN
			EXECUTE format('CREATE OPERATOR %1$s.= (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = %1$s.equals)', place);
			EXECUTE format('CREATE OPERATOR %1$s.= (LEFTARG = text, RIGHTARG = text, FUNCTION = %1$s.equals)', place);
			EXECUTE format('CREATE OPERATOR %1$s.<> (LEFTARG = text, RIGHTARG = text, FUNCTION = %1$s.differs)', place);
			EXECUTE format('CREATE OPERATOR %1$s.|| (LEFTARG = jsonb, RIGHTARG = jsonb, FUNCTION = %1$s.joins)', place);
		END IF;
		FOR item IN SELECT x FROM pg_catalog.unnest('{account,application,environment,identity,app_membership,role,node,role_assignment,audit_log,migration}'::pg_catalog.text[]) AS x LOOP
			EXECUTE format('CREATE TABLE %s.%I (id uuid, account_id uuid)', place, item.x);
		END LOOP;
	END LOOP;
END $do$;

RESET search_path;
RESET SESSION AUTHORIZATION;

-- the traps work: this is what an unqualified name would do
SELECT throws_ok($$DO 'BEGIN
	PERFORM set_config(''search_path'', ''evil, pg_catalog'', true);
	PERFORM ''a''::text = ''b''::text;
END'$$, 'XX000', 'trapped as ' || current_user, 'a trap springs');

-- the attacker's search_path in front, and even before pg_catalog: the answers are the same
GRANT USAGE ON SCHEMA t TO tap_attacker;
GRANT SELECT ON t.call TO tap_attacker;
SET SESSION AUTHORIZATION tap_attacker;
SELECT is(t.run(call, 'search_path', path), answer, format('call %s under search_path %s', n, path))
FROM t.call, unnest('{"evil, public, pg_temp, pg_catalog","public, pg_catalog","pg_temp, pg_catalog, canopy","canopy, evil",""}'::text[]) AS path ORDER BY path, n;

-- what other settings do to SQL, they do not to ours
SELECT is_empty($$
	SELECT n, setting FROM t.call, (VALUES
		('standard_conforming_strings', 'off'), ('escape_string_warning', 'off'), ('backslash_quote', 'off'), ('transform_null_equals', 'on'), ('array_nulls', 'off'),
		('datestyle', 'German, DMY'), ('intervalstyle', 'sql_standard'), ('timezone', 'Asia/Kathmandu'), ('bytea_output', 'escape'), ('extra_float_digits', '-15'),
		('default_toast_compression', 'pglz'), ('check_function_bodies', 'off'), ('plan_cache_mode', 'force_custom_plan'), ('plan_cache_mode', 'force_generic_plan'),
		('enable_indexscan', 'off'), ('enable_seqscan', 'off'), ('quote_all_identifiers', 'on'), ('from_collapse_limit', '1'), ('default_tablespace', ''), ('work_mem', '64'),
		('constraint_exclusion', 'on'), ('lc_monetary', 'C'), ('client_encoding', 'SQL_ASCII'), ('xmloption', 'document'), ('synchronize_seqscans', 'off'),
		('row_security', 'off'), ('jit_above_cost', '0'), ('default_transaction_isolation', 'serializable')
	) AS s (setting, value) WHERE t.run(call, setting, value) IS DISTINCT FROM answer
$$, 'no setting of the session changes an answer');
RESET SESSION AUTHORIZATION;

-- casts that could come in between are the superuser's to make; even these change nothing
CREATE FUNCTION evil.cast(a text) RETURNS uuid LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.spring(); END $$;
CREATE CAST (text AS uuid) WITH FUNCTION evil.cast(text) AS IMPLICIT;
SELECT is(t.run(call, NULL, NULL), answer, format('call %s with an implicit cast in the way', n)) FROM t.call ORDER BY n;
DROP CAST (text AS uuid);

SELECT * FROM finish();
DROP OWNED BY tap_attacker CASCADE;
DROP ROLE tap_attacker;
