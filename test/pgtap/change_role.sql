-- Changing the role of assignments: each its own verdict.
-- strategies: all
\ir fixture.psql
SELECT no_plan();

INSERT INTO canopy.role (account_id, environment_id, id, name)
VALUES (t.id('acme'), t.id('production'), t.id('reader'), 'reader'), (t.id('acme'), t.id('production'), t.id('owner'), 'owner'), (t.id('acme'), t.id('staging'), t.id('guest'), 'guest');
CREATE FUNCTION t.reset() RETURNS void LANGUAGE sql AS $$
	DELETE FROM canopy.identity;
	SELECT t.add_identity('acme', 'ada'), t.add_identity('acme', 'bob'), t.add_identity('globex', 'foreign');
	SELECT t.add_membership('acme', 'ada', 'crm'), t.add_membership('acme', 'ada', 'wiki'), t.add_membership('acme', 'bob', 'crm'), t.add_membership('globex', 'foreign', 'shop');
	INSERT INTO canopy.role_assignment (account_id, id, identity_id, application_id, role_id, node_id, effective_to, created_at, updated_at)
	SELECT t.id(a), t.id(name), t.id(who), t.id(app), t.id(role), t.id(node), '2030-01-01Z', '2020-01-01Z', '2020-01-01Z'
	FROM (VALUES ('acme', 'ada-root', 'ada', 'crm', 'editor', 'crm-root'), ('acme', 'ada-owns', 'ada', 'crm', 'owner', 'crm-root'), ('acme', 'ada-eu', 'ada', 'crm', 'editor', 'crm-eu'),
		('acme', 'ada-staging', 'ada', 'crm', 'tester', 'staging-root'), ('acme', 'ada-wiki', 'ada', 'wiki', 'writer', 'wiki-root'),
		('acme', 'bob-root', 'bob', 'crm', 'editor', 'crm-root'), ('acme', 'bob-reads', 'bob', 'crm', 'reader', 'crm-root'), ('acme', 'bob-owns', 'bob', 'crm', 'owner', 'crm-eu'),
		('globex', 'foreign-root', 'foreign', 'shop', 'clerk', 'shop-root')) AS v (a, name, who, app, role, node);
$$;

-- all become readers
CREATE TABLE t.kind (n serial, title text, name text, verdict text, issues text);
INSERT INTO t.kind (title, name, verdict, issues) VALUES
	('an assignment', 'ada-root', '200', NULL),
	('the same again', 'ada-root', '409 assignment_conflict', 'role_id assignment_conflict'),
	('another role at the same node', 'ada-owns', '409 assignment_conflict', 'role_id assignment_conflict'),
	('the same role at another node', 'ada-eu', '200', NULL),
	('one who has the role there besides', 'bob-root', '409 assignment_conflict', 'role_id assignment_conflict'),
	('an assignment that has the role', 'bob-reads', '200', NULL),
	('one in another environment', 'ada-staging', '404 role_not_found', 'role_id role_not_found'),
	('an unknown one', 'nothing', '404 assignment_not_found', 'assignment_id assignment_not_found'),
	('one of another application', 'ada-wiki', '404 assignment_not_found', 'assignment_id assignment_not_found'),
	('one of another account', 'foreign-root', '404 assignment_not_found', 'assignment_id assignment_not_found'),
	('none', NULL, '400 required', 'assignment_id required');
CREATE TABLE t.run AS SELECT function, NULL::jsonb AS answer, NULL::jsonb AS stored FROM unnest('{change_role,change_role_json}'::text[]) AS function;
CREATE FUNCTION t.run(function text, OUT answer jsonb, OUT stored jsonb) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM t.reset();
	IF function = 'change_role' THEN
		SELECT canopy_bulk_change_role(array_agg(t.id(name) ORDER BY n), t.id('reader'), 'crm', account => 'acme') INTO answer FROM t.kind;
	ELSE
		SELECT canopy_bulk_change_role_json(jsonb_agg(t.id(name) ORDER BY n), t.id('reader')::text, 'crm', account => 'acme') INTO answer FROM t.kind;
	END IF;
	SELECT jsonb_object_agg(r.id, to_jsonb(r)) INTO stored FROM canopy.role_assignment AS r;
END $$;
UPDATE t.run SET (answer, stored) = (SELECT r.answer, r.stored FROM t.run(function) AS r);

-- each id has its verdict, whichever function
SELECT is(ARRAY[answer->'results'->(n - 1)->>'code' || coalesce(' ' || (answer#>>ARRAY['results', (n - 1)::text, 'error', 'code']), ''), t.issues(answer->'results'->(n - 1))],
	ARRAY[verdict, issues], format('%s: %s', function, title))
FROM t.run, t.kind ORDER BY function, n;
SELECT is(ARRAY[answer#>'{results,1,error,details,first_index}', answer#>'{results,2,error,details,first_index}', answer#>'{results,4,error,details,first_index}'],
	ARRAY['0', '0', NULL]::jsonb[], function || ': the first of a batch is named, one outside is not') FROM t.run;
SELECT is((answer#>ARRAY['results', n::text, 'error'])::text, (answer#>'{results,7,error}')::text, format('%s: what is elsewhere looks unknown, %s', function, n)) FROM t.run, generate_series(8, 9) AS n;

-- the role and the time of change are new, the rest stays; what was not changed is as it was
SELECT is(ARRAY[a->>'role_id', a->>'created_at', (a->>'updated_at' > '2026')::text, a->>'effective_to', a->>'node_id'],
	ARRAY[t.id('reader')::text, '2020-01-01T00:00:00+00:00', 'true', '2030-01-01T00:00:00+00:00', t.id('crm-root')::text], function || ': the row keeps all but its role')
FROM t.run, LATERAL (SELECT stored->t.id('ada-root')::text) AS s (a);
SELECT is((SELECT count(*) FROM jsonb_each(stored) AS s WHERE s.value->>'updated_at' = '2020-01-01T00:00:00+00:00'), 7::bigint, function || ': the others stay, also the one that had the role') FROM t.run;
SELECT is_empty($$
	SELECT function, d FROM t.run, jsonb_array_elements(answer->'results') AS r, jsonb_each(r->'data') AS d
	WHERE d.value IS DISTINCT FROM CASE
		WHEN d.key ~ '_(at|from|to)$' THEN coalesce(to_jsonb(to_char((stored#>>ARRAY[r#>>'{data,id}', d.key])::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')), 'null')
		ELSE stored#>ARRAY[r#>>'{data,id}', replace(d.key, 'application_', '')] END
$$, 'data is the row that is stored');
SELECT results_eq($$ SELECT action COLLATE "default", category COLLATE "default", metadata->>'updated', metadata->>'skipped', metadata->'errors' FROM canopy.audit_log $$,
	$$ SELECT 'role_assignment.bulk_change_role', 'rbac', '2', '1', '{"required":1,"role_not_found":1,"assignment_conflict":3,"assignment_not_found":3}'::jsonb FROM generate_series(1, 2) $$, 'a call has one audit entry');

-- whatever is wrong with the role is every row's verdict, and the same for a role that is elsewhere
SELECT t.reset() \gset
SELECT is(t.verdicts(canopy_bulk_change_role_json(jsonb_build_array(t.id('ada-root'), t.id('ada-staging'), t.id('nothing')), role, 'crm', account => 'acme')), wanted, title)
FROM (VALUES
	('an unknown role', t.id('nothing')::text, '404 role_not_found, 404 role_not_found, 404 assignment_not_found'),
	('a role of another account', t.id('clerk')::text, '404 role_not_found, 404 role_not_found, 404 assignment_not_found'),
	('a role of another application', t.id('writer')::text, '404 role_not_found, 404 role_not_found, 404 assignment_not_found'),
	('a system role', t.id('system-admin')::text, '400 system_role, 404 role_not_found, 404 assignment_not_found'),
	('a role of the other environment', t.id('guest')::text, '404 role_not_found, 200, 404 assignment_not_found'),
	('a role that is no id', 'reader', '400 uuid_invalid, 400 uuid_invalid, 400 uuid_invalid'),
	('an empty role', '', '400 uuid_invalid, 400 uuid_invalid, 400 uuid_invalid')
) AS v (title, role, wanted);
SELECT is(t.verdicts(canopy_bulk_change_role(ARRAY[t.id('ada-root'), t.id('ada-staging')], t.id('guest'), 'crm', 'production', 'acme')), '404 role_not_found, 404 assignment_not_found', 'the environment of a call hides the others');
SELECT is(t.verdicts(canopy_bulk_change_role(ARRAY[t.id('ada-eu'), t.id('ada-wiki')], t.id('reader'), account => 'acme')), '200, 404 role_not_found', 'without an application the account''s are there');

-- another role is another request
SELECT canopy_bulk_change_role(ARRAY[t.id('bob-owns')], t.id('reader'), account => 'acme', idempotency_key => 'k') AS first \gset
SELECT is(canopy_bulk_change_role(ARRAY[t.id('bob-owns')], t.id('reader'), account => 'acme', idempotency_key => 'k'), :'first', 'a call with a key happens once');
SELECT throws_ok('SELECT canopy_bulk_change_role(ARRAY[t.id(''bob-owns'')], t.id(''owner''), account => ''acme'', idempotency_key => ''k'')', 'PT422', NULL, 'a key belongs to a role, too');

-- what the user's keys and triggers say
ALTER TABLE canopy.role_assignment ADD CONSTRAINT one_guest EXCLUDE (role_id WITH =) WHERE (role_id = md5('guest')::uuid);
SELECT t.reset() \gset
INSERT INTO canopy.role_assignment (account_id, id, identity_id, application_id, role_id, node_id)
VALUES (t.id('acme'), t.id('bob-staging'), t.id('bob'), t.id('crm'), t.id('tester'), t.id('staging-root'));
SELECT is(t.verdicts(a) || ' ' || (a#>>'{results,1,error,details,constraint}'), '200, 422 rejected one_guest', 'a key of the user''s speaks for its row alone')
FROM canopy_bulk_change_role(ARRAY[t.id('ada-staging'), t.id('bob-staging')], t.id('guest'), account => 'acme') AS a;

-- a call that makes no sense is refused as a whole
SELECT throws_ok(call, state, message, call) FROM (VALUES
	('SELECT canopy_bulk_change_role(NULL, t.id(''reader''), account => ''acme'')', '22023', 'argument "assignment_ids" cannot be null'),
	('SELECT canopy_bulk_change_role(''{}'', NULL, account => ''acme'')', '22023', 'argument "role_id" cannot be null'),
	('SELECT canopy_bulk_change_role_json(''[]'', NULL, account => ''acme'')', '22023', 'argument "role_id" cannot be null'),
	('SELECT canopy_bulk_change_role(''{}'', t.id(''reader''))', '22023', 'no account is named'),
	('SELECT canopy_bulk_change_role(''{{NULL}}'', t.id(''reader''), account => ''acme'')', '22023', 'assignment_ids has more than one dimension'),
	('SELECT canopy_bulk_change_role_json(''{"ids":[]}'', '''', account => ''acme'')', '22023', 'request is not a list of rows')
) AS v (call, state, message);

SELECT * FROM finish();
