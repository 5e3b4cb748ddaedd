-- Detaching identities from an application: each id its own verdict.
-- strategies: all
\ir fixture.psql
SELECT no_plan();

-- one identity of every kind there is; each member has a role in both environments of crm, and one in wiki
CREATE FUNCTION t.reset() RETURNS void LANGUAGE sql AS $$
	DELETE FROM canopy.identity;
	SELECT t.add_identity('acme', e) FROM unnest('{new,active,invited,deactivated,suspended}'::text[]) AS e;
	SELECT t.add_identity('globex', 'foreign'), t.add_membership('globex', 'foreign', 'shop');
	SELECT t.add_membership('acme', e, 'crm', e), t.add_membership('acme', e, 'wiki') FROM unnest('{active,invited,deactivated,suspended}'::text[]) AS e;
	INSERT INTO canopy.role_assignment (account_id, identity_id, application_id, role_id, node_id)
	SELECT t.id('acme'), t.id(e), t.id(app), t.id(role), t.id(node) FROM unnest('{active,invited,suspended}'::text[]) AS e,
		(VALUES ('crm', 'editor', 'crm-root'), ('crm', 'tester', 'staging-root'), ('wiki', 'writer', 'wiki-root')) AS v (app, role, node);
$$;
CREATE TABLE t.kind (n serial, name text, on_error text, on_skip text, revoked integer);
INSERT INTO t.kind (name, on_error, on_skip, revoked) VALUES
	('new', '404 membership_not_found', '404 membership_not_found', NULL),
	('active', '200', '200', 2),
	('invited', '200', '200', 2),
	('deactivated', '404 membership_not_found', '200', 0),
	('suspended', '200', '200', 2),
	('foreign', '404 identity_not_found', '404 identity_not_found', NULL),
	('unknown', '404 identity_not_found', '404 identity_not_found', NULL),
	(NULL, '400 required', '400 required', NULL),
	('active', '404 membership_not_found', '404 membership_not_found', NULL);

CREATE TABLE t.run AS
SELECT function, mode, NULL::jsonb AS answer, NULL::jsonb AS stored, NULL::jsonb AS roles
FROM unnest('{detach,detach_json}'::text[]) AS function, unnest('{error,skip}'::text[]) AS mode;
CREATE FUNCTION t.run(function text, mode text, OUT answer jsonb, OUT stored jsonb, OUT roles jsonb) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM t.reset();
	IF function = 'detach' THEN
		SELECT canopy_bulk_detach(array_agg(t.id(name) ORDER BY n), 'crm', 'acme', on_conflict => mode) INTO answer FROM t.kind;
	ELSE
		SELECT canopy_bulk_detach_json(jsonb_agg(t.id(name) ORDER BY n), 'crm', 'acme', on_conflict => mode) INTO answer FROM t.kind;
	END IF;
	SELECT jsonb_object_agg(identity_id, to_jsonb(m)) INTO stored FROM canopy.app_membership AS m WHERE application_id = t.id('crm');
	SELECT jsonb_object_agg(slug, n) INTO roles FROM (SELECT slug, count(*) AS n FROM canopy.role_assignment AS r JOIN canopy.application AS a ON a.id = r.application_id GROUP BY slug) AS s;
END $$;
UPDATE t.run SET (answer, stored, roles) = (SELECT r.answer, r.stored, r.roles FROM t.run(function, mode) AS r);

-- each id has its verdict, whichever function and mode, and says how many roles went
SELECT is(ARRAY[answer->'results'->(n - 1)->>'code' || coalesce(' ' || (answer#>>ARRAY['results', (n - 1)::text, 'error', 'code']), ''), answer#>>ARRAY['results', (n - 1)::text, 'data', 'revoked_assignment_count']],
	ARRAY[CASE mode WHEN 'error' THEN on_error ELSE on_skip END, CASE WHEN mode = 'skip' OR on_error = '200' THEN revoked END::text], format('%s: %s, %s', function, coalesce(name, 'a null'), mode))
FROM t.run, t.kind ORDER BY function, mode, n;
SELECT is(answer#>'{results,8,error,details,first_index}', '1', format('%s: the second of two names the first, %s', function, mode)) FROM t.run;
SELECT is((answer#>'{results,5,error}')::text, (answer#>'{results,6,error}')::text, format('%s: a foreign id looks unknown, %s', function, mode)) FROM t.run;

-- no role of the application is left, and the other application's all are
SELECT is(roles, '{"wiki":3}', format('%s: the roles of the application are gone, %s', function, mode)) FROM t.run;

-- what is answered is the row that is stored, with times in one format
SELECT is_empty($$
	SELECT function, mode, d.value FROM t.run, jsonb_array_elements(answer->'results') AS r, jsonb_each((r->'data') - 'revoked_assignment_count') AS d
	WHERE r->>'status' = 'success' AND d.value IS DISTINCT FROM CASE
		WHEN d.key ~ '_at$' THEN coalesce(to_jsonb(to_char((stored#>>ARRAY[r#>>'{data,identity_id}', d.key])::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')), 'null')
		ELSE stored#>ARRAY[r#>>'{data,identity_id}', d.key] END
$$, 'data is the row that is stored');

-- the membership is the same row, deactivated now; one that was before keeps its time
SELECT is(ARRAY[m->>'id', m->>'status', m->>'activated_at', ((m->>'deactivated_at')::timestamptz > '2022-01-01Z')::text, (m->>'deactivated_at' = m->>'updated_at')::text],
	ARRAY[t.id(name || 'crm')::text, 'deactivated', '2020-01-01T00:00:00+00:00', 'true', 'true'], format('%s: a membership is deactivated in place: %s, %s', function, name, mode))
FROM t.run, unnest('{active,invited,suspended}'::text[]) AS name, LATERAL (SELECT stored->t.id(name)::text) AS v (m);
SELECT is(stored#>>ARRAY[t.id('deactivated')::text, 'deactivated_at'], '2021-01-01T00:00:00+00:00', format('%s: a former member stays one, %s', function, mode)) FROM t.run;

-- each call has its one audit entry
SELECT results_eq($$
	SELECT action COLLATE "default", resource_type COLLATE "default", category COLLATE "default", application_id, metadata->>'total', metadata->>'updated', metadata->'errors' FROM canopy.audit_log WHERE metadata->>'on_conflict' = 'error'
$$, $$ SELECT 'app_membership.bulk_detach', 'app_membership', 'identity', t.id('crm'), '9', '3', '{"required":1,"identity_not_found":2,"membership_not_found":3}'::jsonb
	FROM generate_series(1, 2) $$, 'a call has one audit entry');

-- who was detached can be attached again, in the same row and without the roles
SELECT t.reset() \gset
SELECT canopy_bulk_detach(ARRAY[t.id('active')], 'crm', 'acme') \gset
SELECT is(t.verdicts(a) || ' ' || (a#>>'{results,0,data,id}'), '200 ' || t.id('activecrm'), 'a detached identity can be attached again') FROM canopy_bulk_attach(ARRAY[t.id('active')], 'crm', 'acme') AS a;
SELECT is_empty('SELECT 1 FROM canopy.role_assignment WHERE identity_id = t.id(''active'') AND application_id = t.id(''crm'')', 'and has no role there');

-- a trigger of the user's that keeps a role keeps the membership as well
CREATE FUNCTION t.keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN CASE WHEN OLD.node_id <> t.id('staging-root') OR OLD.identity_id <> t.id('invited') THEN OLD END; END $$;
GRANT USAGE ON SCHEMA t TO canopy_owner;
CREATE TRIGGER keep BEFORE DELETE ON canopy.role_assignment FOR EACH ROW EXECUTE FUNCTION t.keep();
SELECT is(t.verdicts(canopy_bulk_detach(ARRAY[t.id('active'), t.id('invited'), t.id('suspended')], 'crm', 'acme')), '200, 422 rejected, 200', 'who keeps a role stays a member, and the neighbours go');
SELECT is(ARRAY[(SELECT status FROM canopy.app_membership WHERE id = t.id('invitedcrm')), (SELECT count(*)::text FROM canopy.role_assignment WHERE application_id = t.id('crm'))], '{invited,2}', 'both or neither');

DROP TRIGGER keep ON canopy.role_assignment;

-- all or nothing, and nothing at all
SELECT t.reset() \gset
SELECT t.state() AS before \gset
SELECT is(t.verdicts(canopy_bulk_detach(ARRAY[t.id('active')], 'crm', 'acme', dry_run => true)), '200', 'a dry run');
SELECT is(t.state(), :'before', 'it leaves nothing');
SELECT is(t.verdicts(canopy_bulk_detach(ARRAY[t.id('active'), t.id('new')], 'crm', 'acme', max_failed => 0)), '424 batch_rolled_back, 404 membership_not_found', 'all or nothing');
SELECT is(t.state() - 'audit_log', :'before'::jsonb - 'audit_log', 'nothing but the audit entry is left');

-- malformed ids are rows of their own
SELECT is(t.verdicts(canopy_bulk_detach_json(jsonb_build_object('identity_ids', jsonb_build_array('x', 1, NULL, t.id('active'))), 'crm', 'acme', dry_run => true)), '400 uuid_invalid, 400 uuid_invalid, 400 required, 200', 'an id that is malformed fails alone');

-- a call that makes no sense is refused as a whole
SELECT throws_ok(call, state, message, call) FROM (VALUES
	('SELECT canopy_bulk_detach(NULL, ''crm'', ''acme'')', '22023', 'argument "identity_ids" cannot be null'),
	('SELECT canopy_bulk_detach_json(NULL, ''crm'', ''acme'')', '22023', 'argument "identity_ids" cannot be null'),
	('SELECT canopy_bulk_detach(''{}'', account => ''acme'')', '22023', 'no application is named'),
	('SELECT canopy_bulk_detach(''{}'', ''crm'')', '22023', 'no account is named'),
	('SELECT canopy_bulk_detach(''{}'', ''crm'', ''acme'', on_conflict => ''update'')', '22023', 'a membership cannot be updated by detaching'),
	('SELECT canopy_bulk_detach(''{{NULL}}'', ''crm'', ''acme'')', '22023', 'identity_ids has more than one dimension'),
	('SELECT canopy_bulk_detach(array_fill(NULL::uuid, ARRAY[201]), ''crm'', ''acme'')', 'PT413', 'batch has too many rows')
) AS v (call, state, message);

SELECT * FROM finish();
