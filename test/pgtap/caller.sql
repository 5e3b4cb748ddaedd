-- Which account, application and environment a call works on, who may make it, and that
-- nobody learns of another account.
\ir fixture.psql
SELECT no_plan();

-- what a call comes to: its verdicts, or the SQLSTATE and message
CREATE FUNCTION t.call(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer jsonb;
BEGIN
	EXECUTE 'SELECT ' || call INTO answer;
	RETURN t.verdicts(answer);
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;

-- where a row went that was created with an argument, a setting and a claim for each level; NULL leaves one out
CREATE FUNCTION t.place(argument text, setting text, claim text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	a text[] := string_to_array(argument, '/', '-');
	s text[] := string_to_array(coalesce(setting, '//'), '/', '-');
	c text[] := string_to_array(claim, '/', '-');
BEGIN
	PERFORM set_config('canopy_bulk.account', coalesce(s[1], ''), true), set_config('canopy_bulk.application', coalesce(s[2], ''), true),
		set_config('canopy_bulk.environment', coalesce(s[3], ''), true), set_config('request.jwt.claims', CASE WHEN claim IS NOT NULL THEN
		jsonb_strip_nulls(jsonb_build_object('principal_type', 'user', 'account', to_jsonb(string_to_array(c[1], '+')), 'application', c[2], 'environment', c[3]))::text ELSE '' END, true);
	PERFORM canopy_bulk_create(t.people(1), account => a[1], application => a[2], environment => a[3]);
	PERFORM set_config('request.jwt.claims', '', true);
	RETURN (SELECT concat_ws('/', a.slug, p.slug, e.slug) FROM canopy.audit_log AS l JOIN canopy.account AS a ON a.id = l.account_id
		LEFT JOIN canopy.application AS p ON p.id = application_id LEFT JOIN canopy.environment AS e ON e.id = environment_id);
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
CREATE FUNCTION t.place_undone(argument text, setting text, claim text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	result := t.place(argument, setting, claim);
	RAISE EXCEPTION 'undo';
EXCEPTION WHEN raise_exception THEN
	RETURN result;
END $$;

-- argument before setting before claim, each level on its own; '' as argument says "none"
SELECT is(t.place_undone(argument, setting, claim), wanted, format('argument %s, setting %s, claim %s', coalesce(argument, '-'), coalesce(setting, '-'), coalesce(claim, '-')))
FROM (VALUES
	('acme/-/-', NULL, NULL, 'acme'),
	('acme/crm/-', NULL, NULL, 'acme/crm'),
	('acme/crm/staging', NULL, NULL, 'acme/crm/staging'),
	(t.id('acme') || '/' || t.id('crm') || '/' || t.id('staging'), NULL, NULL, 'acme/crm/staging'),
	(upper(t.id('acme') || '/-/-'), NULL, NULL, 'acme'),
	('-/-/-', 'acme/crm/staging', NULL, 'acme/crm/staging'),
	('-/-/-', 'acme/-/-', NULL, 'acme'),
	('globex/-/-', 'acme/-/-', NULL, 'globex'),
	('-/wiki/-', 'acme/crm/-', NULL, 'acme/wiki'),
	('-/-/production', 'acme/crm/staging', NULL, 'acme/crm/production'),
	('-//-', 'acme/crm/staging', NULL, 'acme'),
	('-/-/', 'acme/crm/staging', NULL, 'acme/crm'),
	('-/-/-', NULL, 'acme/crm/staging', 'acme/crm/staging'),
	('-/-/-', 'globex/-/-', 'acme+globex/-/-', 'globex'),
	('acme/-/-', 'globex/-/-', 'acme+globex/-/-', 'acme'),
	('-/wiki/-', NULL, 'acme/-/-', 'acme/wiki'),
	('-/-/-', 'globex/-/-', 'acme/-/-', '42501 token is not authorized for this account'),
	('-/-/-', '-/wiki/-', 'acme/crm/-', '42501 token is not authorized for this application'),
	('-/-/-', NULL, NULL, '22023 no account is named'),
	('//', 'acme/-/-', NULL, '22023 no account is named'),
	('nowhere/-/-', NULL, NULL, 'PT404 account does not exist'),
	('Acme/-/-', NULL, NULL, 'PT404 account does not exist'),
	(t.id('nowhere') || '/-/-', NULL, NULL, 'PT404 account does not exist'),
	('acme/nowhere/-', NULL, NULL, 'PT404 application does not exist'),
	('acme/shop/-', NULL, NULL, 'PT404 application does not exist'),
	('acme/' || t.id('shop') || '/-', NULL, NULL, 'PT404 application does not exist'),
	('acme/crm/nowhere', NULL, NULL, 'PT404 environment does not exist'),
	('acme/crm/wiki-live', NULL, NULL, 'PT404 environment does not exist'),
	('acme/crm/' || t.id('wiki-live'), NULL, NULL, 'PT404 environment does not exist'),
	('acme/-/staging', NULL, NULL, '22023 an environment needs an application')
) AS v (argument, setting, claim, wanted);

-- options that make no sense
SELECT is(t.call(call), wanted, call) FROM (VALUES
	($$canopy_bulk_create('[]', 'acme', on_conflict => 'ignore')$$, '22023 invalid value of on_conflict'),
	($$canopy_bulk_create('[]', 'acme', on_conflict => '')$$, '22023 invalid value of on_conflict'),
	($$canopy_bulk_create('[]', 'acme', on_conflict => NULL)$$, NULL)
) AS v (call, wanted);

-- a role with EXECUTE needs nothing else; one without can do nothing
DROP ROLE IF EXISTS tap_api;
DROP ROLE IF EXISTS tap_other;
CREATE ROLE tap_api;
CREATE ROLE tap_other;
GRANT EXECUTE ON FUNCTION canopy_bulk_create, canopy_bulk_attach, canopy_bulk_import_event TO tap_api;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA t TO tap_api, tap_other;
SELECT is_empty($$ SELECT c.relname, p.x FROM pg_class AS c, unnest('{SELECT,INSERT,UPDATE,DELETE}'::text[]) AS p (x)
	WHERE relnamespace = 'canopy'::regnamespace AND relkind = 'r' AND has_table_privilege('tap_api', c.oid, x) $$, 'the role has no table privilege');
SET SESSION AUTHORIZATION tap_api;
SELECT t.call($$canopy_bulk_create(jsonb_build_array(t.person('api@acme.example')), 'acme')$$) AS created,
	t.call($$canopy_bulk_create_raw('[]', 'acme')$$) AS refused \gset
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION tap_other;
SELECT string_agg(DISTINCT left(t.call(call), 5), ',') AS other FROM (VALUES ($$canopy_bulk_create('[]', 'acme')$$), ($$canopy_bulk_create_raw('[]', 'acme')$$),
	($$canopy_bulk_attach('{}', 'crm', 'acme')$$), ($$canopy_bulk_attach_json('[]', 'crm', 'acme')$$), ($$to_jsonb(canopy_bulk_setup())$$),
	($$to_jsonb(canopy_bulk_import_event('create', 0, 0, 0, 0, 'crm', 'acme')::text)$$), ($$to_jsonb(_canopy_bulk_directory_1()::text)$$)) AS v (call) \gset
RESET SESSION AUTHORIZATION;
SELECT is(:'created'::text, '201', 'a role with EXECUTE and no table privilege creates');
SELECT is(:'refused'::text, '42501 permission denied for function canopy_bulk_create_raw', 'but only with the function it was given');
SELECT is(:'other'::text, '42501', 'a role without EXECUTE can call none');

-- the audit entry names the role, and the session is what it was
SELECT results_eq($$ SELECT actor_id COLLATE "default", actor_type FROM canopy.audit_log $$, $$ VALUES ('tap_api', 'database_role') $$, 'the audit entry names the database role');
SELECT is(current_user, session_user, 'the switch to the owner ends with the call');
SELECT is(t.call($$canopy_bulk_create('{}', 'acme')$$), '22023 request is not a list of rows', 'also when the call fails');
SELECT is(current_user, session_user, 'the switch to the owner ends with a call that fails');

-- a trigger runs as the owner of the directory, not as the superuser who calls
CREATE FUNCTION t.who() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.metadata := jsonb_build_object('user', current_user, 'path', current_setting('search_path'));
	RETURN NEW;
END $$;
GRANT USAGE ON SCHEMA t TO canopy_owner;
CREATE TRIGGER who BEFORE INSERT ON canopy.identity FOR EACH ROW WHEN (NEW.email ~ '^who') EXECUTE FUNCTION t.who();
SET search_path = public, t;
SELECT is(canopy_bulk_create(jsonb_build_array(t.person('who@acme.example')), 'acme')#>'{results,0,data,metadata}',
	'{"user":"canopy_owner","path":"pg_catalog, pg_temp"}', 'a trigger runs as the owner of the directory, with names pinned');
SELECT is(current_setting('search_path'), 'public, t', 'the caller''s search_path is his own again');
RESET search_path;

-- an id of another account is answered like one that is nobody's, byte for byte, in every field that takes one
SELECT t.add_identity('globex', 'spy@globex.example') \gset
CREATE FUNCTION t.answers(call text, id uuid) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer jsonb;
BEGIN
	EXECUTE 'SELECT ' || call INTO answer USING id;
	RETURN replace(answer::text, id::text, 'ID');
EXCEPTION WHEN OTHERS THEN
	DECLARE
		detail text;
		hint text;
	BEGIN
		GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
		RETURN concat_ws('|', SQLSTATE, SQLERRM, detail, hint);
	END;
END $$;
SELECT ok(t.answers(call, t.id(foreign_one)) = t.answers(call, t.id('nobody')) AND t.answers(call, t.id(foreign_one)) ~ '404', 'a foreign id looks unknown: ' || title)
FROM (VALUES
	('application_id of a row', 'shop', $$canopy_bulk_create(jsonb_build_array(t.person('f@acme.example', jsonb_build_object('application_id', $1))), 'acme')$$),
	('role_id of a row', 'clerk', $$canopy_bulk_create(jsonb_build_array(t.person('f@acme.example', jsonb_build_object('role_id', $1, 'node_id', t.id('crm-root')))), 'acme', 'crm')$$),
	('node_id of a row', 'shop-root', $$canopy_bulk_create(jsonb_build_array(t.person('f@acme.example', jsonb_build_object('role_id', t.id('editor'), 'node_id', $1))), 'acme', 'crm')$$),
	('an identity to attach', 'spy@globex.example', $$canopy_bulk_attach(ARRAY[$1], 'crm', 'acme')$$),
	('an identity to attach, as JSON', 'spy@globex.example', $$canopy_bulk_attach_json(jsonb_build_array($1), 'crm', 'acme')$$),
	('the application of a call', 'shop', $$canopy_bulk_create('[]', 'acme', $1::text)$$),
	('the environment of a call', 'shop-live', $$canopy_bulk_create('[]', 'acme', 'crm', $1::text)$$),
	('the application of an event', 'shop', $$to_jsonb(canopy_bulk_import_event('create', 0, 0, 0, 0, $1::text, 'acme')::text)$$)
) AS v (title, foreign_one, call);

-- what another account has is in nobody's way
SELECT is(t.verdicts(canopy_bulk_create(jsonb_build_array(t.person('spy@globex.example')), 'acme')), '201', 'an address of another account is free');

-- in a request of PostgREST the answer's status is set, when it is not plain success
CREATE FUNCTION t.status(method text, call text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('request.method', method, true), set_config('response.status', '', true);
	EXECUTE 'SELECT ' || call;
	RETURN nullif(current_setting('response.status', true), '');
END $$;
SELECT is(t.status(method, call), wanted, format('response.status of %s, request.method %L', title, method))
FROM (VALUES
	('full success', 'POST', $$canopy_bulk_create(t.people(2), 'acme', dry_run => true)$$, NULL),
	('an empty batch', 'POST', $$canopy_bulk_create('[]', 'acme')$$, NULL),
	('mixed outcomes', 'POST', $$canopy_bulk_create(t.people(1) || '[1]', 'acme')$$, '207'),
	('failures only', 'POST', $$canopy_bulk_create('[1]', 'acme')$$, '207'),
	('a batch rolled back', 'POST', $$canopy_bulk_create('[1]', 'acme', max_failed => 0)$$, '422'),
	('an attach that failed', 'POST', $$canopy_bulk_attach('{NULL}', 'crm', 'acme')$$, '207'),
	('mixed outcomes', '', $$canopy_bulk_create('[1]', 'acme')$$, NULL),
	('a batch rolled back', NULL, $$canopy_bulk_create('[1]', 'acme', max_failed => 0)$$, NULL)
) AS v (title, method, call, wanted);

SELECT * FROM finish();
DROP OWNED BY tap_api, tap_other;
DROP ROLE tap_api, tap_other;
