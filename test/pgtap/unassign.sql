-- Taking roles away: each assignment its own verdict.
-- strategies: all
\ir fixture.psql
SELECT no_plan();

-- roles of three people, in two environments, two applications and two accounts
CREATE FUNCTION t.reset() RETURNS void LANGUAGE sql AS $$
	DELETE FROM canopy.identity;
	SELECT t.add_identity('acme', 'ada'), t.add_identity('acme', 'bob'), t.add_identity('globex', 'foreign');
	SELECT t.add_membership('acme', 'ada', 'crm'), t.add_membership('acme', 'ada', 'wiki'), t.add_membership('acme', 'bob', 'crm', 'suspended'), t.add_membership('globex', 'foreign', 'shop');
	INSERT INTO canopy.role_assignment (account_id, id, identity_id, application_id, role_id, node_id, effective_to)
	SELECT t.id(a), t.id(name), t.id(who), t.id(app), t.id(role), t.id(node), '2030-01-01Z'
	FROM (VALUES ('acme', 'ada-root', 'ada', 'crm', 'editor', 'crm-root'), ('acme', 'ada-eu', 'ada', 'crm', 'editor', 'crm-eu'),
		('acme', 'ada-staging', 'ada', 'crm', 'tester', 'staging-root'), ('acme', 'ada-wiki', 'ada', 'wiki', 'writer', 'wiki-root'),
		('acme', 'bob-root', 'bob', 'crm', 'system-admin', 'crm-root'), ('globex', 'foreign-root', 'foreign', 'shop', 'clerk', 'shop-root')) AS v (a, name, who, app, role, node);
$$;
CREATE TABLE t.kind (n serial, title text, name text, verdict text);
INSERT INTO t.kind (title, name, verdict) VALUES
	('an assignment', 'ada-root', '200'),
	('one in another environment', 'ada-staging', '200'),
	('one of a member who is suspended', 'bob-root', '200'),
	('the same again', 'ada-root', '404 assignment_not_found'),
	('an unknown one', 'nothing', '404 assignment_not_found'),
	('one of another application', 'ada-wiki', '404 assignment_not_found'),
	('one of another account', 'foreign-root', '404 assignment_not_found'),
	('none', NULL, '400 required');

CREATE TABLE t.run AS SELECT function, NULL::jsonb AS answer, NULL::jsonb AS before, NULL::text AS after FROM unnest('{unassign,unassign_json}'::text[]) AS function;
CREATE FUNCTION t.run(function text, OUT answer jsonb, OUT before jsonb, OUT after text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM t.reset();
	SELECT jsonb_object_agg(r.id, to_jsonb(r)) INTO before FROM canopy.role_assignment AS r;
	IF function = 'unassign' THEN
		SELECT canopy_bulk_unassign(array_agg(t.id(name) ORDER BY n), 'crm', account => 'acme') INTO answer FROM t.kind;
	ELSE
		SELECT canopy_bulk_unassign_json(jsonb_agg(t.id(name) ORDER BY n), 'crm', account => 'acme') INTO answer FROM t.kind;
	END IF;
	SELECT string_agg(name, ' ' ORDER BY name) INTO after FROM canopy.role_assignment AS r, unnest('{ada-root,ada-eu,ada-staging,ada-wiki,bob-root,foreign-root}'::text[]) AS name WHERE r.id = t.id(name);
END $$;
UPDATE t.run SET (answer, before, after) = (SELECT r.answer, r.before, r.after FROM t.run(function) AS r);

-- each id has its verdict, whichever function
SELECT is(answer->'results'->(n - 1)->>'code' || coalesce(' ' || (answer#>>ARRAY['results', (n - 1)::text, 'error', 'code']), ''), verdict, format('%s: %s', function, title))
FROM t.run, t.kind ORDER BY function, n;
SELECT is(t.issues(answer->'results'->n), 'assignment_id assignment_not_found', format('%s: the field is named, %s', function, n)) FROM t.run, generate_series(3, 6) AS n;
SELECT is(answer#>'{results,3,error,details,first_index}', '0', function || ': the second of two names the first') FROM t.run;

-- one that exists elsewhere gets the answer of one that exists nowhere, byte for byte
SELECT is((answer#>ARRAY['results', n::text, 'error'])::text, (answer#>'{results,4,error}')::text, format('%s: what is elsewhere looks unknown, %s', function, n)) FROM t.run, generate_series(5, 6) AS n;
SELECT is(answer#>'{results,4,input}', jsonb_build_object('assignment_id', t.id('nothing')), function || ': the input is the id') FROM t.run;

-- what went is gone, what did not is there, and data is what went
SELECT is(after, 'ada-eu ada-wiki foreign-root', function || ': the others stay') FROM t.run;
SELECT is_empty($$
	SELECT function, d FROM t.run, jsonb_array_elements(answer->'results') AS r, jsonb_each(r->'data') AS d
	WHERE d.value IS DISTINCT FROM CASE
		WHEN d.key ~ '_(at|from|to)$' THEN coalesce(to_jsonb(to_char((before#>>ARRAY[r#>>'{data,id}', d.key])::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')), 'null')
		ELSE before#>ARRAY[r#>>'{data,id}', replace(d.key, 'application_', '')] END
$$, 'data is the assignment that was removed');

-- one audit entry for a batch
SELECT results_eq($$ SELECT action COLLATE "default", resource_type COLLATE "default", category COLLATE "default", metadata->>'updated', metadata->'errors' FROM canopy.audit_log $$,
	$$ SELECT 'role_assignment.bulk_unassign', 'role_assignment', 'rbac', '3', '{"required":1,"assignment_not_found":4}'::jsonb FROM generate_series(1, 2) $$, 'a call has one audit entry');

-- the environment of a call hides the others; without an application all the account's are there
SELECT t.reset() \gset
SELECT is(t.verdicts(canopy_bulk_unassign(ARRAY[t.id('ada-root'), t.id('ada-staging'), t.id('ada-wiki'), t.id('foreign-root')], application, environment, 'acme', dry_run => true)), wanted, title)
FROM (VALUES
	('an environment', 'crm', 'staging', '404 assignment_not_found, 200, 404 assignment_not_found, 404 assignment_not_found'),
	('an application', 'wiki', NULL, '404 assignment_not_found, 404 assignment_not_found, 200, 404 assignment_not_found'),
	('an account', NULL, NULL, '200, 200, 200, 404 assignment_not_found')
) AS v (title, application, environment, wanted);
SELECT is((SELECT count(*) FROM canopy.role_assignment), 6::bigint, 'a dry run leaves them');

-- malformed ids are rows of their own
SELECT is(t.verdicts(canopy_bulk_unassign_json(jsonb_build_object('assignment_ids', jsonb_build_array('x', 1, jsonb_build_object('password', 'x'), upper(t.id('ada-root')::text))), 'crm', account => 'acme', dry_run => true)),
	'400 uuid_invalid, 400 uuid_invalid, 400 uuid_invalid, 200', 'an id that is malformed fails alone');

-- a trigger of the user's may keep an assignment
CREATE FUNCTION t.keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN CASE WHEN OLD.node_id <> t.id('crm-eu') THEN OLD END; END $$;
GRANT USAGE ON SCHEMA t TO canopy_owner;
CREATE TRIGGER keep BEFORE DELETE ON canopy.role_assignment FOR EACH ROW EXECUTE FUNCTION t.keep();
SELECT is(t.verdicts(canopy_bulk_unassign(ARRAY[t.id('ada-eu'), t.id('ada-root')], account => 'acme')), '422 rejected, 200', 'one that a trigger keeps is rejected, and its neighbour goes');

-- all or nothing
SELECT is(t.verdicts(canopy_bulk_unassign(ARRAY[t.id('ada-staging'), t.id('nothing')], account => 'acme', max_failed => 0)), '424 batch_rolled_back, 404 assignment_not_found', 'all or nothing');
SELECT isnt_empty('SELECT 1 FROM canopy.role_assignment WHERE id = t.id(''ada-staging'')', 'what was rolled back is there');

-- a call that makes no sense is refused as a whole
SELECT throws_ok(call, state, message, call) FROM (VALUES
	('SELECT canopy_bulk_unassign(NULL, account => ''acme'')', '22023', 'argument "assignment_ids" cannot be null'),
	('SELECT canopy_bulk_unassign_json(NULL, account => ''acme'')', '22023', 'argument "assignment_ids" cannot be null'),
	('SELECT canopy_bulk_unassign(''{}'')', '22023', 'no account is named'),
	('SELECT canopy_bulk_unassign(array_fill(NULL::uuid, ARRAY[1, 1]), account => ''acme'')', '22023', 'assignment_ids has more than one dimension'),
	('SELECT canopy_bulk_unassign_json(''{"identity_ids":[]}'', account => ''acme'')', '22023', 'request is not a list of rows'),
	('SELECT canopy_bulk_unassign(array_fill(NULL::uuid, ARRAY[201]), account => ''acme'')', 'PT413', 'batch has too many rows')
) AS v (call, state, message);

SELECT * FROM finish();
