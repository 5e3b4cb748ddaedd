-- What becomes of a row whose address is taken: an error, skipped, or an update that never
-- wipes what the row does not mention.
-- strategies: all
\ir fixture.psql
SELECT no_plan();

-- somebody who has everything: the same before each case
CREATE FUNCTION t.reset() RETURNS void LANGUAGE sql AS $$
	DELETE FROM canopy.identity;
	INSERT INTO canopy.identity (account_id, id, email, first_name, last_name, avatar_url, external_id, metadata, is_active,
		email_verified, email_verified_at, locked_until, password_hash, password_changed_at, created_at, updated_at)
	VALUES (t.id('acme'), t.id('ada@acme.example'), 'ada@acme.example', 'Old', 'Name', 'https://a.example/a.png', 'hr-1', '{"a":1,"b":{"c":2}}', false,
		true, '2020-01-01Z', '2020-02-01Z', 'old hash', '2020-03-01Z', '2020-04-01Z', '2020-05-01Z');
	SELECT t.add_identity('acme', 'other@acme.example', 'hr-2');
$$;
CREATE FUNCTION t.ada() RETURNS jsonb LANGUAGE sql AS
$$ SELECT to_jsonb(i) FROM canopy.identity AS i WHERE email = 'ada@acme.example' AND account_id = t.id('acme') $$;

-- the answer to one row, and what the call changed of ada, for one mode
CREATE FUNCTION t.try(mode text, input jsonb, application text DEFAULT '', OUT answer jsonb, OUT changed jsonb) LANGUAGE plpgsql AS $$
DECLARE
	old jsonb;
BEGIN
	PERFORM t.reset();
	old := t.ada();
	answer := canopy_bulk_create(jsonb_build_array(input), account => 'acme', application => application, on_conflict => mode);
	SELECT jsonb_object_agg(key, value) INTO changed FROM jsonb_each(t.ada()) WHERE value IS DISTINCT FROM old->key;
END $$;

-- an address that is free is created under every mode
SELECT is(t.verdicts(answer), '201', 'a free address is created, on_conflict => ' || mode)
FROM unnest('{error,skip,update}'::text[]) AS mode, LATERAL t.try(mode, t.person('free@acme.example')) AS tried;

-- a null mode is the default
SELECT is(t.verdicts(answer), '409 email_conflict', 'no mode is error') FROM t.try(NULL, t.person('ada@acme.example'));

-- error and skip leave what is there, to the last time stamp
SELECT is(ARRAY[t.verdicts(answer), changed::text], ARRAY[verdict, NULL], mode || ' leaves the identity alone')
FROM (VALUES ('error', '409 email_conflict'), ('skip', '200')) AS v (mode, verdict),
LATERAL t.try(mode, t.person('Ada@Acme.Example', '{"metadata":{"x":1},"external_id":"new","password":"correct horse"}'));

-- a skipped row is answered with what is there
SELECT is((answer#>'{results,0,data}') - '{id,created_at}'::text[], '{"email":"ada@acme.example","first_name":"Old","last_name":"Name","external_id":"hr-1",
	"avatar_url":"https://a.example/a.png","metadata":{"a":1,"b":{"c":2}},"is_active":false,"email_verified":true,"email_verified_at":"2020-01-01T00:00:00.000Z",
	"locked_until":"2020-02-01T00:00:00.000Z","password_changed_at":"2020-03-01T00:00:00.000Z","app_membership_count":0,"total_assignments":0,"app_memberships":[]}',
	'skip answers with the identity that has the address') FROM t.try('skip', t.person('ada@acme.example'));

-- a skipped row gets no membership: it is not touched
SELECT is_empty($$ SELECT 1 FROM t.try('skip', t.person('ada@acme.example'), 'crm') AS tried, canopy.app_membership $$, 'skip makes no membership');

-- an update changes what the row mentions, and nothing else
SELECT is(ARRAY[t.verdicts(answer), (changed - '{updated_at,password_hash,password_changed_at}'::text[])::text], ARRAY['200', wanted::text], title)
FROM (VALUES
	('update sets the names', '{}'::jsonb, '{"first_name":"Ada","last_name":"Byron"}'::jsonb),
	('update sets an external id', '{"external_id":"hr-9"}', '{"first_name":"Ada","last_name":"Byron","external_id":"hr-9"}'),
	('update keeps an external id that is null in the row', '{"external_id":null}', '{"first_name":"Ada","last_name":"Byron"}'),
	('update merges metadata at the top', '{"metadata":{"b":3,"d":4}}', '{"first_name":"Ada","last_name":"Byron","metadata":{"a":1,"b":3,"d":4}}'),
	('update keeps metadata when the row''s is empty', '{"metadata":{}}', '{"first_name":"Ada","last_name":"Byron"}'),
	('update keeps metadata that is null in the row', '{"metadata":null}', '{"first_name":"Ada","last_name":"Byron"}'),
	('update can set a key of metadata to null', '{"metadata":{"a":null}}', '{"first_name":"Ada","last_name":"Byron","metadata":{"a":null,"b":{"c":2}}}'),
	('update with its own external id is no clash', '{"external_id":"hr-1"}', '{"first_name":"Ada","last_name":"Byron"}')
) AS v (title, more, wanted), LATERAL t.try('update', t.person(' ADA@acme.example', more));

-- a password goes with its time, and neither changes without one
SELECT is(ARRAY[changed ? 'password_hash', changed ? 'password_changed_at', changed ? 'updated_at'], wanted, title)
FROM (VALUES
	('no password keeps the old one', '{}'::jsonb, '{f,f,t}'::boolean[]),
	('a null password keeps the old one', '{"password":null,"password_hash":null}', '{f,f,t}'),
	('a password replaces the old one', '{"password":"correct horse"}', '{t,t,t}'),
	('a hash replaces the old one', jsonb_build_object('password_hash', '$2b$12$' || repeat('a', 53)), '{t,t,t}')
) AS v (title, more, wanted), LATERAL t.try('update', t.person('ada@acme.example', more));

-- the answer is what the update made of the row
SELECT is((SELECT jsonb_object_agg(key, value) FROM jsonb_each(answer#>'{results,0,data}') WHERE key IN ('id', 'first_name', 'external_id', 'metadata', 'avatar_url')),
	jsonb_build_object('id', t.id('ada@acme.example'), 'first_name', 'Ada', 'external_id', 'hr-1', 'metadata', '{"a":1,"b":{"c":2},"x":1}'::jsonb, 'avatar_url', 'https://a.example/a.png'),
	'update answers with the identity as it is now') FROM t.try('update', t.person('ada@acme.example', '{"metadata":{"x":1}}'));

-- a row that is wrong is an error under every mode, and touches nothing
SELECT is(ARRAY[t.verdicts(answer), changed::text], ARRAY[wanted, NULL], format('%s, on_conflict => %s', wanted, mode))
FROM unnest('{skip,update}'::text[]) AS mode, (VALUES
	('{"metadata":[]}'::jsonb, '400 metadata_invalid'), ('{"last_name":null}', '400 required'),
	(jsonb_build_object('application_id', t.id('nothing')), '404 application_not_found')
) AS v (more, wanted), LATERAL t.try(mode, t.person('ada@acme.example', more));

-- another identity's external id is a clash, with nothing half done
SELECT is(ARRAY[t.verdicts(answer), changed::text], '{409 external_id_conflict,NULL}', title || ' clashes with another identity''s external id')
FROM (VALUES
	('update', 'an update', 'ada@acme.example'), ('update', 'a new row under update', 'free@acme.example'), ('skip', 'a new row under skip', 'free@acme.example')
) AS v (mode, title, email), LATERAL t.try(mode, t.person(email, '{"external_id":"hr-2"}'));

-- a membership is made, made active again, or left as somebody decided
CREATE FUNCTION t.membership(old text, tier text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer jsonb;
	input jsonb := t.person('ada@acme.example', CASE tier WHEN 'account' THEN jsonb_build_object('application_id', t.id('crm')) ELSE '{}' END);
BEGIN
	PERFORM t.reset();
	IF old <> 'none' THEN
		PERFORM t.add_membership('acme', 'ada@acme.example', 'crm', old);
	END IF;
	answer := canopy_bulk_create(jsonb_build_array(input), account => 'acme',
		application => CASE tier WHEN 'account' THEN '' ELSE 'crm' END, on_conflict => 'update');
	RETURN concat_ws(' ', t.verdicts(answer), (SELECT string_agg(concat_ws(' ', status,
		CASE WHEN activated_at > '2021-01-01Z' THEN 'now' END, CASE WHEN deactivated_at IS NOT NULL THEN 'ended' END,
		CASE WHEN id = t.id('ada@acme.examplecrm') THEN 'the old row' ELSE 'a new row' END), ', ') FROM canopy.app_membership));
END $$;
SELECT is(t.membership(old, tier), wanted, format('update of an identity whose membership is %s, %s tier', old, tier))
FROM (VALUES
	('none', '200 active now a new row'), ('active', '200 active the old row'), ('deactivated', '200 active now the old row'),
	('invited', '200 invited the old row'), ('suspended', '200 suspended the old row')
) AS v (old, wanted), unnest('{account,application}'::text[]) AS tier;

-- the answer of an update lists all memberships, not only the one that was asked for
SELECT t.reset(), t.add_membership('acme', 'ada@acme.example', 'crm', 'suspended') \gset
SELECT is((SELECT jsonb_agg(m->>'application_slug' || ' ' || (m->>'status')) FROM jsonb_array_elements(data->'app_memberships') AS m),
	'["crm suspended", "wiki active"]', 'update answers with every membership')
FROM (SELECT canopy_bulk_create(jsonb_build_array(t.person('ada@acme.example', jsonb_build_object('application_id', t.id('wiki')))),
	account => 'acme', on_conflict => 'update')#>'{results,0,data}') AS v (data);

-- a role is given once, however often it is asked for
SELECT t.reset() \gset
SELECT is(t.verdicts(canopy_bulk_create(jsonb_build_array(t.person('ada@acme.example', jsonb_build_object('role_id', t.id('editor'), 'node_id', t.id(node)))),
	account => 'acme', application => 'crm', on_conflict => 'update')), '200', 'a role at ' || title)
FROM (VALUES ('crm-root', 'a node'), ('crm-root', 'the same node again'), ('crm-eu', 'another node')) AS v (node, title);
SELECT results_eq('SELECT node_id FROM canopy.role_assignment ORDER BY created_at, node_id <> t.id(''crm-root'')',
	'SELECT t.id(node) FROM unnest(''{crm-root,crm-eu}''::text[]) AS node', 'a role is given once per node');

-- who has no active membership is given no role, and then nothing else of the row is written
SELECT is(t.membership_required, '409 membership_required, Old', old || ': no role without an active membership')
FROM unnest('{invited,suspended}'::text[]) AS old, LATERAL (
	SELECT concat_ws(', ', t.verdicts(canopy_bulk_create(jsonb_build_array(t.person('ada@acme.example', jsonb_build_object('role_id', t.id('editor'), 'node_id', t.id('crm-root')))),
		account => 'acme', application => 'crm', on_conflict => 'update')), t.ada()->>'first_name')
	FROM (SELECT t.reset(), t.add_membership('acme', 'ada@acme.example', 'crm', old) OFFSET 0) AS done) AS t (membership_required);

-- the other account's identities are not in the way, nor touched
SELECT t.reset(), t.add_identity('globex', 'twin@acme.example', 'hr-1') \gset
SELECT is(t.verdicts(canopy_bulk_create(jsonb_build_array(t.person('twin@acme.example', '{"external_id":"hr-3"}')), account => 'acme', on_conflict => 'update')),
	'201', 'an address of another account is free here');
SELECT results_eq('SELECT first_name, external_id COLLATE "default" FROM canopy.identity WHERE account_id = t.id(''globex'')',
	$$ VALUES ('Old', 'hr-1') $$, 'and the other account''s identity is as it was');

SELECT * FROM finish();
