-- Giving roles at nodes: each row its own verdict.
-- strategies: all
\ir fixture.psql
SELECT no_plan();

-- people of every kind, one of whom has a role already
CREATE FUNCTION t.reset() RETURNS void LANGUAGE sql AS $$
	DELETE FROM canopy.identity;
	SELECT t.add_identity('acme', e) FROM unnest('{new,active,other,invited,deactivated,suspended,wiki-only}'::text[]) AS e;
	SELECT t.add_identity('globex', 'foreign');
	SELECT t.add_membership('acme', e, 'crm', e) FROM unnest('{active,invited,deactivated,suspended}'::text[]) AS e;
	SELECT t.add_membership('acme', 'other', 'crm'), t.add_membership('acme', 'wiki-only', 'wiki');
	INSERT INTO canopy.role_assignment (account_id, id, identity_id, application_id, role_id, node_id, effective_from, created_at, updated_at)
	VALUES (t.id('acme'), t.id('held'), t.id('other'), t.id('crm'), t.id('editor'), t.id('crm-eu'), '2021-01-01Z', '2020-01-01Z', '2020-01-01Z');
$$;
CREATE FUNCTION t.wish(identity text, role text, node text, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql IMMUTABLE AS
$$ SELECT jsonb_build_object('identity_id', t.id(identity), 'role_id', t.id(role), 'node_id', t.id(node)) || more $$;

-- what becomes of a row, for a call that names the application, with each on_conflict; else, and with the environment
CREATE TABLE t.kind (n serial, title text, input jsonb, on_error text, on_skip text, issues text);
INSERT INTO t.kind (title, input, on_error, on_skip, issues) VALUES
	('a member', t.wish('active', 'editor', 'crm-root'), '201', '201', NULL),
	('the same role at another node', t.wish('active', 'editor', 'crm-eu'), '201', '201', NULL),
	('a role in another environment', t.wish('active', 'tester', 'staging-root'), '201', '201', NULL),
	('the same again', t.wish('active', 'editor', 'crm-root'), '409 assignment_conflict', '409 assignment_conflict', 'role_id assignment_conflict'),
	('a role that is held', t.wish('other', 'editor', 'crm-eu'), '409 assignment_conflict', '200', 'role_id assignment_conflict'),
	('a role that is held elsewhere', t.wish('other', 'editor', 'crm-root'), '201', '201', NULL),
	('an identity that is no member', t.wish('new', 'editor', 'crm-root'), '409 membership_required', '409 membership_required', 'identity_id membership_required'),
	('a member of another application', t.wish('wiki-only', 'editor', 'crm-root'), '409 membership_required', '409 membership_required', 'identity_id membership_required'),
	('one who is invited', t.wish('invited', 'editor', 'crm-root'), '409 membership_required', '409 membership_required', 'identity_id membership_required'),
	('one who is deactivated', t.wish('deactivated', 'editor', 'crm-root'), '409 membership_required', '409 membership_required', 'identity_id membership_required'),
	('one who is suspended', t.wish('suspended', 'editor', 'crm-root'), '409 membership_required', '409 membership_required', 'identity_id membership_required'),
	('an unknown identity', t.wish('nobody', 'editor', 'crm-root'), '404 identity_not_found', '404 identity_not_found', 'identity_id identity_not_found'),
	('an identity of another account', t.wish('foreign', 'editor', 'crm-root'), '404 identity_not_found', '404 identity_not_found', 'identity_id identity_not_found'),
	('an unknown role', t.wish('active', 'nothing', 'crm-root'), '404 role_not_found', '404 role_not_found', 'role_id role_not_found'),
	('a role of another account', t.wish('active', 'clerk', 'crm-root'), '404 role_not_found', '404 role_not_found', 'role_id role_not_found'),
	('a role of another application', t.wish('active', 'writer', 'crm-root'), '404 role_not_found', '404 role_not_found', 'role_id role_not_found'),
	('an unknown node', t.wish('active', 'editor', 'nowhere'), '404 node_not_found', '404 node_not_found', 'node_id node_not_found'),
	('a node of another account', t.wish('active', 'editor', 'shop-root'), '404 node_not_found', '404 node_not_found', 'node_id node_not_found'),
	('a node of another application', t.wish('active', 'editor', 'wiki-root'), '404 node_not_found', '404 node_not_found', 'node_id node_not_found'),
	('a node of another environment than the role', t.wish('active', 'editor', 'staging-root'), '404 node_not_found', '404 node_not_found', 'node_id node_not_found'),
	('a system role', t.wish('active', 'system-admin', 'crm-root'), '400 system_role', '400 system_role', 'role_id system_role'),
	('nothing of it', t.wish('nobody', 'nothing', 'nowhere'), '404 identity_not_found', '404 identity_not_found', 'identity_id identity_not_found, role_id role_not_found, node_id node_not_found'),
	('no fields', '{}', '400 required', '400 required', 'identity_id required, role_id required, node_id required'),
	('a field that is none', t.wish('active', 'editor', 'crm-root', '{"effective_form":"x"}'), '400 unknown_field', '400 unknown_field', 'effective_form unknown_field ~effective_from'),
	('no object', '"x"', '400 invalid_row', '400 invalid_row', NULL);

CREATE TABLE t.run AS SELECT mode, NULL::jsonb AS answer, NULL::jsonb AS stored FROM unnest('{error,skip}'::text[]) AS mode;
CREATE FUNCTION t.run(mode text, OUT answer jsonb, OUT stored jsonb) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM t.reset();
	SELECT canopy_bulk_assign(jsonb_agg(input ORDER BY n), 'crm', account => 'acme', on_conflict => mode) INTO answer FROM t.kind;
	SELECT jsonb_object_agg(r.id, to_jsonb(r)) INTO stored FROM canopy.role_assignment AS r;
END $$;
UPDATE t.run SET (answer, stored) = (SELECT r.answer, r.stored FROM t.run(mode) AS r);

-- each row has its verdict
SELECT is(ARRAY[answer->'results'->(n - 1)->>'code' || coalesce(' ' || (answer#>>ARRAY['results', (n - 1)::text, 'error', 'code']), ''),
		t.issues(answer->'results'->(n - 1))],
	ARRAY[CASE mode WHEN 'error' THEN on_error ELSE on_skip END, CASE WHEN mode = 'error' OR on_skip <> '200' THEN issues END], format('%s, %s', title, mode))
FROM t.run, t.kind ORDER BY mode, n;

-- the same again names the first
SELECT is(answer#>'{results,3,error,details,first_index}', '0', 'the second of two names the first, ' || mode) FROM t.run;

-- for every id: one that exists elsewhere gets the answer of one that exists nowhere, byte for byte
SELECT is((answer#>ARRAY['results', (b.n - 1)::text, 'error'])::text, (answer#>ARRAY['results', (a.n - 1)::text, 'error'])::text, b.title || ' looks unknown')
FROM t.run, (VALUES ('an unknown identity', 'an identity of another account'), ('an unknown role', 'a role of another account'), ('an unknown role', 'a role of another application'),
	('an unknown node', 'a node of another account'), ('an unknown node', 'a node of another application'), ('an unknown node', 'a node of another environment than the role')) AS v (a, b)
JOIN t.kind AS a ON a.title = v.a JOIN t.kind AS b ON b.title = v.b WHERE mode = 'error';

-- a node that is found tells nothing about a role that is not, and the other way round
SELECT is((answer#>'{results,21,error,details,issues}')::text,
	(SELECT jsonb_agg(answer#>ARRAY['results', (n - 1)::text, 'error', 'details', 'issues', '0'] ORDER BY n)::text FROM t.kind WHERE title ~ '^an unknown'), 'issues are told one by one')
FROM t.run WHERE mode = 'error';

-- what is answered is the row that is stored, with the node's name of the API and times in one format
SELECT is_empty($$
	SELECT mode, d FROM t.run, jsonb_array_elements(answer->'results') AS r, jsonb_each(r->'data') AS d
	WHERE d.value IS DISTINCT FROM CASE
		WHEN d.key ~ '_(at|from|to)$' THEN coalesce(to_jsonb(to_char((stored#>>ARRAY[r#>>'{data,id}', d.key])::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')), 'null')
		ELSE stored#>ARRAY[r#>>'{data,id}', replace(d.key, 'application_', '')] END
$$, 'data is the row that is stored');
SELECT results_eq($$ SELECT DISTINCT array_agg(k ORDER BY k) FROM t.run, jsonb_array_elements(answer->'results') AS r, LATERAL (SELECT jsonb_object_keys(r->'data') AS k) AS o WHERE r->>'status' = 'success' GROUP BY mode, r $$,
	$$ VALUES ('{application_node_id,created_at,effective_from,effective_to,id,identity_id,role_id,updated_at}'::text[]) $$, 'data has the fields of an assignment');

-- skipping leaves what is there as it is
SELECT is(stored->t.id('held')::text->>'updated_at', '2020-01-01T00:00:00+00:00', 'an assignment that is skipped stays, ' || mode) FROM t.run;
SELECT is((SELECT count(*) FROM jsonb_object_keys(stored)), 5::bigint, 'four assignments are new, ' || mode) FROM t.run;

-- one audit entry for a batch, of category rbac
SELECT results_eq($$ SELECT action COLLATE "default", resource_type COLLATE "default", category COLLATE "default", application_id, metadata->>'total', metadata->>'created', metadata->>'skipped', metadata->'errors'->>'membership_required'
	FROM canopy.audit_log WHERE metadata->>'on_conflict' = 'skip' $$,
	$$ SELECT 'role_assignment.bulk_assign', 'role_assignment', 'rbac', t.id('crm'), '25', '4', '1', '5' $$, 'a call has one audit entry');

-- the environment of a call hides the others; without an application all the account's are there
SELECT t.reset() \gset
SELECT is(t.verdicts(canopy_bulk_assign(jsonb_build_array(t.wish('active', 'editor', 'crm-root'), t.wish('active', 'tester', 'staging-root'), t.wish('wiki-only', 'writer', 'wiki-root')),
	application, environment, 'acme', dry_run => true)), wanted, title)
FROM (VALUES
	('an environment', 'crm', 'staging', '404 role_not_found, 201, 404 role_not_found'),
	('the other environment', 'crm', 'production', '201, 404 role_not_found, 404 role_not_found'),
	('an application', 'wiki', NULL, '404 role_not_found, 404 role_not_found, 201'),
	('an account', NULL, NULL, '201, 201, 201')
) AS v (title, application, environment, wanted);

-- times are read with their zone, and only so
SELECT is(CASE WHEN r->>'status' = 'success' THEN concat_ws(' ', r#>>'{data,effective_from}', r#>>'{data,effective_to}') ELSE t.issues(r) END, wanted, title)
FROM (VALUES
	('a time in UTC', '{"effective_from":"2026-04-20T12:00:00.000Z"}'::jsonb, '2026-04-20T12:00:00.000Z'),
	('a time with an offset', '{"effective_from":"2026-04-20T12:00:00+02:00"}', '2026-04-20T10:00:00.000Z'),
	('an offset of hours', '{"effective_to":"2026-04-20T12:00:00-05"}', '2026-04-20T17:00:00.000Z'),
	('minutes alone', '{"effective_to":"2026-04-20T12:00Z"}', '2026-04-20T12:00:00.000Z'),
	('nine digits', '{"effective_to":"2026-04-20T12:00:00.123999999Z"}', '2026-04-20T12:00:00.123Z'),
	('a leap day', '{"effective_to":"2024-02-29T00:00Z"}', '2024-02-29T00:00:00.000Z'),
	('the first day', '{"effective_to":"0001-01-01T00:00Z"}', '0001-01-01T00:00:00.000Z'),
	('both', '{"effective_from":"2026-04-20T12:00Z","effective_to":"2026-04-20T12:00:00.001Z"}', '2026-04-20T12:00:00.000Z 2026-04-20T12:00:00.001Z'),
	('both null', '{"effective_from":null,"effective_to":null}', ''),
	('an inverted interval', '{"effective_from":"2026-04-20T12:00Z","effective_to":"2026-04-20T11:00Z"}', 'effective_to invalid_value'),
	('an empty interval', '{"effective_from":"2026-04-20T12:00Z","effective_to":"2026-04-20T14:00+02:00"}', 'effective_to invalid_value'),
	('a time without a zone', '{"effective_from":"2026-04-20T12:00:00"}', 'effective_from invalid_value'),
	('a day', '{"effective_from":"2026-04-20"}', 'effective_from invalid_value'),
	('a day that is none', '{"effective_from":"2026-02-29T12:00Z"}', 'effective_from invalid_value'),
	('an hour that is none', '{"effective_from":"2026-02-28T24:00Z"}', 'effective_from invalid_value'),
	('a blank for the T', '{"effective_from":"2026-02-28 12:00Z"}', 'effective_from invalid_value'),
	('what the server would read', '{"effective_from":"now","effective_to":"infinity"}', 'effective_from invalid_value, effective_to invalid_value'),
	('a number', '{"effective_to":1776686400}', 'effective_to invalid_type'),
	('an empty text', '{"effective_to":""}', 'effective_to invalid_value')
) AS v (title, more, wanted),
LATERAL (SELECT canopy_bulk_assign(jsonb_build_array(t.wish('active', 'editor', 'crm-root', more)), 'crm', account => 'acme', dry_run => true)#>'{results,0}') AS a (r);

-- the dial, the dry run and the key are those of every batch
SELECT is(t.verdicts(canopy_bulk_assign(jsonb_build_array(t.wish('active', 'editor', 'crm-root'), '1'), 'crm', account => 'acme', max_failed => 0)), '424 batch_rolled_back, 400 invalid_row', 'all or nothing');
SELECT is((SELECT count(*) FROM canopy.role_assignment), 1::bigint, 'nothing is left of it');
SELECT canopy_bulk_assign(jsonb_build_array(t.wish('active', 'editor', 'crm-root')), 'crm', account => 'acme', idempotency_key => 'k') AS first \gset
SELECT is(canopy_bulk_assign(jsonb_build_array(t.wish('active', 'editor', 'crm-root')), 'crm', account => 'acme', idempotency_key => 'k'), :'first', 'a call with a key happens once');

-- a row that the database refuses
ALTER TABLE canopy.role_assignment ADD CONSTRAINT forever CHECK (effective_to IS NULL);
SELECT is(a#>>'{results,0,error,code}' || ' ' || (a#>>'{results,0,error,details,constraint}') || ', ' || (a#>>'{results,1,code}'), 'rejected forever, 201', 'a constraint of the user''s speaks for its row alone')
FROM canopy_bulk_assign(jsonb_build_array(t.wish('active', 'editor', 'crm-eu', '{"effective_to":"2030-01-01T00:00Z"}'), t.wish('other', 'editor', 'crm-root')), 'crm', account => 'acme') AS a;

-- a call that makes no sense is refused as a whole
SELECT throws_ok(call, state, message, call) FROM (VALUES
	('SELECT canopy_bulk_assign(NULL, ''crm'', account => ''acme'')', '22023', 'argument "assignments" cannot be null'),
	('SELECT canopy_bulk_assign(''[]'', ''crm'')', '22023', 'no account is named'),
	('SELECT canopy_bulk_assign(''[]'', environment => ''staging'', account => ''acme'')', '22023', 'an environment needs an application'),
	('SELECT canopy_bulk_assign(''[]'', ''shop'', account => ''acme'')', 'PT404', 'application does not exist'),
	('SELECT canopy_bulk_assign(''[]'', ''crm'', ''shop-live'', ''acme'')', 'PT404', 'environment does not exist'),
	('SELECT canopy_bulk_assign(''{"assignment_ids":[]}'', ''crm'', account => ''acme'')', '22023', 'request is not a list of rows'),
	('SELECT canopy_bulk_assign(''[]'', ''crm'', account => ''acme'', on_conflict => ''update'')', '22023', 'an assignment cannot be updated by assigning'),
	('SELECT canopy_bulk_assign(to_jsonb(array_fill(1, ARRAY[201])), ''crm'', account => ''acme'')', 'PT413', 'batch has too many rows')
) AS v (call, state, message);
SELECT is(canopy_bulk_assign('{"assignments":[]}', 'crm', account => 'acme'), '{"summary":{"total":0,"succeeded":0,"failed":0},"results":[]}', 'an empty batch is a success');

SELECT * FROM finish();
