-- Attaching identities to an application: each id its own verdict.
-- strategies: all
\ir fixture.psql
SELECT no_plan();

-- one identity of every kind there is
CREATE FUNCTION t.reset() RETURNS void LANGUAGE sql AS $$
	DELETE FROM canopy.identity;
	SELECT t.add_identity('acme', e) FROM unnest('{new,active,invited,deactivated,suspended}'::text[]) AS e;
	SELECT t.add_identity('globex', 'foreign');
	SELECT t.add_membership('acme', e, 'crm', e) FROM unnest('{active,invited,deactivated,suspended}'::text[]) AS e;
$$;
CREATE TABLE t.kind (n serial, name text, on_error text, on_skip text);
INSERT INTO t.kind (name, on_error, on_skip) VALUES
	('new', '201', '201'),
	('active', '409 membership_conflict', '200'),
	('invited', '409 membership_conflict', '200'),
	('deactivated', '200', '200'),
	('suspended', '409 membership_conflict', '200'),
	('foreign', '404 identity_not_found', '404 identity_not_found'),
	('unknown', '404 identity_not_found', '404 identity_not_found'),
	(NULL, '400 required', '400 required'),
	('new', '409 membership_conflict', '409 membership_conflict');

-- the two functions, for the same ids
CREATE TABLE t.run AS
SELECT function, mode, NULL::jsonb AS answer, NULL::jsonb AS stored
FROM unnest('{attach,attach_json}'::text[]) AS function, unnest('{error,skip}'::text[]) AS mode;
CREATE FUNCTION t.run(function text, mode text, OUT answer jsonb, OUT stored jsonb) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM t.reset();
	IF function = 'attach' THEN
		SELECT canopy_bulk_attach(array_agg(t.id(name) ORDER BY n), 'crm', 'acme', on_conflict => mode) INTO answer FROM t.kind;
	ELSE
		SELECT canopy_bulk_attach_json(jsonb_agg(t.id(name) ORDER BY n), 'crm', 'acme', on_conflict => mode) INTO answer FROM t.kind;
	END IF;
	SELECT jsonb_object_agg(identity_id, to_jsonb(m)) INTO stored FROM canopy.app_membership AS m;
END $$;
UPDATE t.run SET (answer, stored) = (SELECT r.answer, r.stored FROM t.run(function, mode) AS r);

-- each id has its verdict, whichever function and mode
SELECT is(answer->'results'->(n - 1)->>'code' || coalesce(' ' || (answer#>>ARRAY['results', (n - 1)::text, 'error', 'code']), ''),
	CASE mode WHEN 'error' THEN on_error ELSE on_skip END, format('%s: %s, %s', function, coalesce(name, 'a null'), mode))
FROM t.run, t.kind ORDER BY function, mode, n;

-- the same id again names the first
SELECT is(answer#>'{results,8,error,details}', '{"issues":[{"field":"identity_id","code":"membership_conflict","message":"The identity is already a member of the application."}],"first_index":0}',
	format('%s: the second of two names the first, %s', function, mode)) FROM t.run;

-- a foreign id and an unknown one get the same answer, but for the id itself
SELECT is(answer#>'{results,5,error}', answer#>'{results,6,error}', format('%s: a foreign id looks unknown, %s', function, mode)) FROM t.run;

-- what is answered is the row that is stored, with times in one format
SELECT is_empty($$
	SELECT function, mode, d.value FROM t.run, jsonb_array_elements(answer->'results') AS r, jsonb_each(r->'data') AS d
	WHERE r->>'status' = 'success' AND d.value IS DISTINCT FROM CASE
		WHEN d.key ~ '_at$' THEN coalesce(to_jsonb(to_char((stored#>>ARRAY[r#>>'{data,identity_id}', d.key])::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')), 'null')
		ELSE stored#>ARRAY[r#>>'{data,identity_id}', d.key] END
$$, 'data is the row that is stored');

-- a membership that was deactivated is the same row, active since now
SELECT is(ARRAY[m->>'id', m->>'status', ((m->>'activated_at')::timestamptz > '2021-01-01Z')::text, m->>'deactivated_at', (m->>'created_at' < m->>'updated_at')::text],
	ARRAY[t.id('deactivatedcrm')::text, 'active', 'true', NULL, 'true'], format('%s: a membership is reactivated in place, %s', function, mode))
FROM t.run, LATERAL (SELECT stored->t.id('deactivated')::text) AS v (m);

-- one that is active, invited or suspended is somebody's decision
SELECT is_empty($$
	SELECT function, mode, name FROM t.run, unnest('{active,invited,suspended}'::text[]) AS name, LATERAL (SELECT stored->t.id(name)::text) AS v (m)
	WHERE m->>'status' <> name OR m->>'created_at' <> m->>'updated_at'
$$, 'other memberships are left alone, also by skip');

-- no role comes with it
SELECT is_empty('SELECT 1 FROM canopy.role_assignment', 'attaching assigns no role');

-- each call has its one audit entry
SELECT results_eq($$
	SELECT action COLLATE "default", resource_type, application_id, metadata->>'total', metadata->'errors'
	FROM canopy.audit_log WHERE metadata->>'on_conflict' = 'error'
$$, $$ SELECT 'app_membership.bulk_attach', 'app_membership', t.id('crm'), '9', '{"required":1,"identity_not_found":2,"membership_conflict":4}'::jsonb
	FROM generate_series(1, 2) $$, 'a call has one audit entry');

-- an id may be spelt as the uuid type spells it, and only so
SELECT t.reset() \gset
SELECT is(t.verdicts(canopy_bulk_attach_json(jsonb_build_array(sent), 'crm', 'acme', dry_run => true)), wanted, title)
FROM (VALUES
	('an id', to_jsonb(t.id('new')), '201'),
	('an id in capitals', to_jsonb(upper(t.id('new')::text)), '201'),
	('an id with a blank', to_jsonb(t.id('new') || ' '), '400 uuid_invalid'),
	('an empty id', '""', '400 uuid_invalid'),
	('an id cut short', to_jsonb(left(t.id('new')::text, 35)), '400 uuid_invalid'),
	('a number', '1', '400 uuid_invalid'),
	('a boolean', 'false', '400 uuid_invalid'),
	('an array', '[]', '400 uuid_invalid'),
	('an object', '{}', '400 uuid_invalid')
) AS v (title, sent, wanted);

-- the object of the documentation is taken, and nothing like it
SELECT is(t.verdicts(canopy_bulk_attach_json(jsonb_build_object('identity_ids', jsonb_build_array(t.id('new'))), 'crm', 'acme', dry_run => true)), '201', 'the documented object');
SELECT throws_ok(format('SELECT canopy_bulk_attach_json(%L, ''crm'', ''acme'')', body), '22023', 'request is not a list of rows', 'not a list of ids: ' || body)
FROM unnest(ARRAY['"x"', '1', 'null', '{}', '{"identity_ids":1}', '{"identity_ids":{}}', '{"identities":[]}', '{"identity_ids":[],"x":1}']) AS body;

-- arrays come in odd shapes
SELECT is(t.verdicts(canopy_bulk_attach(format('[5:6]={%s,NULL}', t.id('new'))::uuid[], 'crm', 'acme', dry_run => true)),
	'201, 400 required', 'an array may begin anywhere; results begin at 0');
SELECT is(canopy_bulk_attach('{}', 'crm', 'acme'), '{"summary":{"total":0,"succeeded":0,"failed":0},"results":[]}', 'an empty array is an empty batch');
SELECT throws_ok(format('SELECT canopy_bulk_attach(''{{%1$s},{%1$s}}'', ''crm'', ''acme'')', t.id('new')), '22023',
	'identity_ids has more than one dimension', 'an array of arrays is no list');

-- a call that makes no sense is refused as a whole
SELECT throws_ok(call, state, message, call) FROM (VALUES
	('SELECT canopy_bulk_attach(NULL, ''crm'', ''acme'')', '22023', 'argument "identity_ids" cannot be null'),
	('SELECT canopy_bulk_attach_json(NULL, ''crm'', ''acme'')', '22023', 'argument "identity_ids" cannot be null'),
	('SELECT canopy_bulk_attach(''{}'', account => ''acme'')', '22023', 'no application is named'),
	('SELECT canopy_bulk_attach(''{}'', application => '''', account => ''acme'')', '22023', 'no application is named'),
	('SELECT canopy_bulk_attach(''{}'', ''crm'')', '22023', 'no account is named'),
	('SELECT canopy_bulk_attach(''{}'', ''crm'', ''acme'', on_conflict => ''update'')', '22023', 'a membership cannot be updated by attaching'),
	('SELECT canopy_bulk_attach(''{}'', ''crm'', ''acme'', on_conflict => ''Skip'')', '22023', 'invalid value of on_conflict'),
	('SELECT canopy_bulk_attach(''{}'', ''shop'', ''acme'')', 'PT404', 'application does not exist'),
	('SELECT canopy_bulk_attach(array_fill(NULL::uuid, ARRAY[201]), ''crm'', ''acme'')', 'PT413', 'batch has too many rows'),
	('SELECT canopy_bulk_attach_json(to_jsonb(array_fill(1, ARRAY[201])), ''crm'', ''acme'')', 'PT413', 'batch has too many rows')
) AS v (call, state, message);

SELECT * FROM finish();
