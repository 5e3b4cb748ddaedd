-- The dial from "keep every good row" to "all or nothing".
-- strategies: all
\ir fixture.psql
SELECT no_plan();

-- five rows, of which the second and the fourth are bad: one in itself, one by the database
CREATE FUNCTION t.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON canopy.identity FOR EACH ROW WHEN (NEW.first_name = 'Refused') EXECUTE FUNCTION t.refuse();
GRANT USAGE ON SCHEMA t TO canopy_owner;
CREATE TABLE t.batch AS SELECT jsonb_build_array(t.person('a@acme.example'), t.person('bad'), t.person('c@acme.example'),
	t.person('d@acme.example', '{"first_name":"Refused"}'), t.person('e@acme.example')) AS input;

-- what a call with a limit answers, writes, and says in the audit log
CREATE FUNCTION t.try(n integer, OUT verdicts text, OUT written bigint, OUT audit jsonb) LANGUAGE plpgsql AS $$
DECLARE
	answer jsonb;
BEGIN
	DELETE FROM canopy.identity;
	DELETE FROM canopy.audit_log;
	SELECT canopy_bulk_create(input, account => 'acme', max_failed => n) INTO answer FROM t.batch;
	verdicts := t.verdicts(answer);
	SELECT count(*) INTO written FROM canopy.identity;
	SELECT jsonb_agg(metadata || jsonb_build_object('outcome', outcome)) INTO STRICT audit FROM canopy.audit_log;
END $$;
CREATE TABLE t.tried AS SELECT v.*, tried.* FROM (VALUES (NULL::integer), (0), (1), (2), (5), (2147483647)) AS v (n), LATERAL t.try(v.n) AS tried;

-- as many failures as allowed keep the good rows, one more keeps none
SELECT is(ARRAY[verdicts, written::text], CASE WHEN n < 2
	THEN ARRAY['424 batch_rolled_back, 400 email_invalid, 424 batch_rolled_back, 422 rejected, 424 batch_rolled_back', '0']
	ELSE ARRAY['201, 400 email_invalid, 201, 422 rejected, 201', '3'] END, format('two failures under max_failed => %s', coalesce(n::text, 'null')))
FROM t.tried;

-- one entry tells of it, also when nothing was kept
SELECT is(audit, jsonb_build_array(CASE WHEN n < 2
	THEN jsonb_build_object('total', 5, 'succeeded', 0, 'failed', 5, 'created', 0, 'updated', 0, 'skipped', 0, 'rolled_back', true, 'outcome', 'failure',
		'errors', '{"rejected":1,"email_invalid":1,"batch_rolled_back":3}'::jsonb, 'max_failed', n, 'on_conflict', 'error')
	ELSE jsonb_build_object('total', 5, 'succeeded', 3, 'failed', 2, 'created', 3, 'updated', 0, 'skipped', 0, 'rolled_back', false, 'outcome', 'success',
		'errors', '{"rejected":1,"email_invalid":1}'::jsonb, 'max_failed', n, 'on_conflict', 'error') END),
	format('the audit entry under max_failed => %s', coalesce(n::text, 'null')))
FROM t.tried;

-- who, what and for which account is in the entry as well; no address is
SELECT results_eq($$
	SELECT account_id, application_id, actor_id, actor_type, action, resource_type, resource_id, category, severity,
		customer_visible, identity_visible, correlation_id IS NOT NULL, metadata::text ~ '@'
	FROM canopy.audit_log
$$, $$ VALUES (t.id('acme'), NULL::uuid, current_user::text COLLATE "default", 'database_role', 'identity.bulk_create', 'identity', NULL::text, 'identity', 'info',
	true, false, true, false) $$, 'the entry says who did what');

-- a batch without failures is kept under any limit
SELECT is(t.verdicts(canopy_bulk_create(t.people(3), account => 'acme', max_failed => 0)), '201, 201, 201', 'all or nothing can be all');

-- what a batch that is rolled back would have updated, attached or assigned is as it was
SELECT t.add_identity('acme', 'old@acme.example'), t.add_membership('acme', 'old@acme.example', 'crm', 'deactivated') \gset
SELECT state AS before FROM t.state() AS state \gset
DELETE FROM canopy.audit_log;
SELECT is(t.verdicts(canopy_bulk_create(jsonb_build_array(t.person('old@acme.example', '{"password":"correct horse"}'),
	t.person('new@acme.example', jsonb_build_object('role_id', t.id('editor'), 'node_id', t.id('crm-eu'))), 1),
	account => 'acme', application => 'crm', max_failed => 0, on_conflict => 'update')),
	'424 batch_rolled_back, 424 batch_rolled_back, 400 invalid_row', 'an update is rolled back with its batch');
SELECT is(t.verdicts(canopy_bulk_attach(ARRAY[t.id('old@acme.example'), NULL], 'crm', 'acme', max_failed => 0)),
	'424 batch_rolled_back, 400 required', 'so is a membership');
SELECT is(t.state() - 'audit_log', :'before'::jsonb - 'audit_log', 'and nothing of either stays');

-- the same batch again, with the bad rows gone, goes through: a rolled-back batch holds no key
SELECT is(t.verdicts(canopy_bulk_attach(ARRAY[t.id('old@acme.example')], 'crm', 'acme', max_failed => 0)), '200', 'a batch can be sent again');

-- a limit below zero means nothing
SELECT throws_ok(call, '22023', 'max_failed cannot be negative', call)
FROM (VALUES ($$SELECT canopy_bulk_create('[]', account => 'acme', max_failed => -1)$$),
	($$SELECT canopy_bulk_attach('{}', 'crm', 'acme', max_failed => -2147483648)$$)) AS v (call);

SELECT * FROM finish();
