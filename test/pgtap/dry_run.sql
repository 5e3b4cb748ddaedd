-- A dry run goes through the real write path and leaves nothing; its verdicts are those of
-- the run that follows.
-- strategies: all
\ir fixture.psql
SELECT no_plan();
SELECT t.add_identity('acme', 'old@acme.example', 'old'), t.add_identity('acme', 'gone@acme.example'),
	t.add_membership('acme', 'gone@acme.example', 'crm', 'deactivated') \gset

-- what users add to their tables: a trigger that refuses, one that looks at the end, one that
-- writes elsewhere, a check, and constraints that wait for the end of the transaction
CREATE FUNCTION t.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON canopy.identity FOR EACH ROW WHEN (NEW.first_name = 'Refused') EXECUTE FUNCTION t.refuse();
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON canopy.identity DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
WHEN (NEW.first_name = 'Late') EXECUTE FUNCTION t.refuse();
ALTER TABLE canopy.identity ADD CONSTRAINT no_robots CHECK (first_name <> 'Robot');
ALTER TABLE canopy.identity ADD COLUMN manager text COLLATE "C";
ALTER TABLE canopy.identity ADD CONSTRAINT one_manager UNIQUE (account_id, manager) DEFERRABLE INITIALLY DEFERRED;
CREATE TABLE canopy.journal (entry text);
ALTER TABLE canopy.journal OWNER TO canopy_owner;
CREATE FUNCTION t.note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.manager := NEW.metadata->>'manager';
	INSERT INTO canopy.journal VALUES (NEW.email);
	RETURN NEW;
END $$;
CREATE TRIGGER note BEFORE INSERT ON canopy.identity FOR EACH ROW EXECUTE FUNCTION t.note();
GRANT USAGE ON SCHEMA t TO canopy_owner;

-- one row of each kind
CREATE TABLE t.batch AS SELECT jsonb_build_array(
	t.person('a@acme.example'),
	t.person('member@acme.example', jsonb_build_object('application_id', t.id('crm'), 'password', 'correct horse')),
	t.person('old@acme.example'),
	t.person('b@acme.example', '{"first_name":"Refused"}'),
	t.person('c@acme.example', '{"first_name":"Late"}'),
	t.person('d@acme.example', '{"first_name":"Robot"}'),
	t.person('e@acme.example', '{"metadata":{"manager":"x"}}'),
	t.person('f@acme.example', '{"metadata":{"manager":"x"}}'),
	t.person('A@acme.example'),
	t.person('g@acme.example', '{"external_id":"old"}')) AS input;

-- a dry run and then the run itself
CREATE TABLE t.run (dry boolean, answer jsonb, before jsonb, after jsonb);
INSERT INTO t.run (dry, before) SELECT true, t.state();
UPDATE t.run SET answer = canopy_bulk_create(input, account => 'acme', dry_run => true) FROM t.batch WHERE dry;
UPDATE t.run SET after = t.state() WHERE dry;
INSERT INTO t.run (dry, answer) SELECT false, canopy_bulk_create(input, account => 'acme') FROM t.batch;

-- every verdict is there, those of the user's own rules included
SELECT is(t.verdicts(answer), '201, 201, 409 email_conflict, 422 rejected, 422 rejected, 422 rejected, 201, 422 rejected, 409 email_conflict, 409 external_id_conflict',
	'a dry run gives each row its verdict') FROM t.run WHERE dry;

-- a constraint that was to wait does not overturn a verdict later
SELECT is(answer#>'{results,7,error,details}', '{"sqlstate":"23505","constraint":"one_manager"}', 'a deferred constraint speaks for its row') FROM t.run WHERE dry;
SELECT is(answer#>'{results,5,error,details}', '{"sqlstate":"23514","constraint":"no_robots"}', 'a check is named') FROM t.run WHERE dry;
SELECT is(answer#>'{results,4,error,details,sqlstate}', '"P0001"', 'a deferred trigger speaks for its row') FROM t.run WHERE dry;

-- it leaves no row, no audit entry, nothing that a trigger wrote
SELECT is(after, before, 'a dry run leaves every table as it was') FROM t.run WHERE dry;

-- the run that follows says the same, but for the ids and times of new rows
CREATE FUNCTION t.without_ids(answer jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT regexp_replace(regexp_replace(answer::text, '[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f-]{17}', 'id', 'g'),
		'\d{4}-\d\d-\d\dT[0-9:.]+Z', 'time', 'g')
$$;
SELECT is(t.without_ids(d.answer), t.without_ids(r.answer), 'a dry run answers as the run does')
FROM t.run AS d, t.run AS r WHERE d.dry AND NOT r.dry;
SELECT results_eq('SELECT entry COLLATE "default" FROM canopy.journal ORDER BY 1',
	$$ VALUES ('a@acme.example'), ('e@acme.example'), ('member@acme.example') $$, 'what a trigger wrote for a row that failed is gone with the row');

-- the same goes for every mode, for attaching and for the application tier
CREATE TABLE t.call (n serial, title text, call text, verdicts text);
INSERT INTO t.call (title, call, verdicts) VALUES
	('skip', $$canopy_bulk_create(jsonb_build_array(t.person('old@acme.example')), account => 'acme', dry_run => true, on_conflict => 'skip')$$, '200'),
	('update', $$canopy_bulk_create(jsonb_build_array(t.person('old@acme.example', '{"password":"correct horse"}')), account => 'acme', dry_run => true, on_conflict => 'update')$$, '200'),
	('a role', $$canopy_bulk_create(jsonb_build_array(t.person('r@acme.example', jsonb_build_object('role_id', t.id('editor'), 'node_id', t.id('crm-eu')))), account => 'acme', application => 'crm', dry_run => true)$$, '201'),
	('bytes', $$canopy_bulk_create_raw(convert_to(jsonb_build_array(t.person('w@acme.example'))::text, 'UTF8'), account => 'acme', dry_run => true)$$, '201'),
	('attach', $$canopy_bulk_attach(ARRAY[t.id('old@acme.example'), t.id('gone@acme.example'), t.id('nobody')], 'crm', 'acme', dry_run => true)$$, '201, 200, 404 identity_not_found'),
	('attach_json', $$canopy_bulk_attach_json('["x"]', 'crm', 'acme', dry_run => true)$$, '400 uuid_invalid'),
	('a batch past max_failed', $$canopy_bulk_create(jsonb_build_array(1, t.person('k@acme.example')), account => 'acme', dry_run => true, max_failed => 0)$$, '400 invalid_row, 424 batch_rolled_back');
CREATE FUNCTION t.dry(call text, OUT verdicts text, OUT touched boolean) LANGUAGE plpgsql AS $$
DECLARE
	before jsonb := t.state();
	answer jsonb;
BEGIN
	EXECUTE 'SELECT ' || call INTO answer;
	verdicts := t.verdicts(answer);
	touched := before <> t.state();
END $$;
SELECT is(ARRAY[dry.verdicts, touched::text], ARRAY[c.verdicts, 'false'], 'a dry run of ' || title)
FROM t.call AS c, LATERAL t.dry(call) AS dry ORDER BY n;

-- null is the default, which is a real run
SELECT is(t.verdicts(canopy_bulk_create(jsonb_build_array(t.person('null@acme.example')), account => 'acme', dry_run => NULL)), '201', 'a null dry_run is a run');
SELECT isnt_empty('SELECT 1 FROM canopy.identity WHERE email = ''null@acme.example''', 'and writes');

-- constraints that the caller has deferred elsewhere stay deferred, those of our tables do not
CREATE TABLE t.own (a integer UNIQUE DEFERRABLE INITIALLY DEFERRED);
SELECT lives_ok($$DO 'BEGIN
	PERFORM canopy_bulk_create(t.people(1), account => ''acme'', dry_run => true);
	INSERT INTO t.own VALUES (1), (1);
	DELETE FROM t.own;
END'$$, 'the caller''s own deferred constraints still wait');

SELECT * FROM finish();
