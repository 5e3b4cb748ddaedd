-- Learners: added or updated, enrolled in what the call names, welcomed once.
-- strategies: all
\ir fixture.psql
SELECT no_plan();
SET canopy_bulk.account = 'acme';

INSERT INTO canopy.learning_item (account_id, id, kind, slug, name, seats)
SELECT t.id(a), t.id(slug), kind, slug, initcap(slug), seats
FROM (VALUES ('acme', 'onboarding', 'bundle', NULL), ('acme', 'safety', 'course', NULL), ('acme', 'career', 'learning_path', NULL),
	('acme', 'three-seats', 'license', 3), ('acme', 'no-seats', 'license', 0), ('globex', 'secrets', 'course', NULL)) AS v (a, slug, kind, seats);
INSERT INTO canopy.portal_client (account_id, id, slug, name) VALUES (t.id('acme'), t.id('portal'), 'portal', 'Portal'), (t.id('globex'), t.id('foreign'), 'foreign', 'Foreign');

CREATE FUNCTION t.learner(email text, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql IMMUTABLE AS
$$ SELECT jsonb_build_object('email', email, 'firstName', 'Ada', 'lastName', 'Byron') || more $$;
CREATE FUNCTION t.enrolments(who text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', l.slug, e.status, e.completed_at AT TIME ZONE 'UTC'), ', ' ORDER BY l.slug)
	FROM canopy.enrolment e JOIN canopy.identity i ON i.id = e.identity_id JOIN canopy.learning_item l ON l.id = e.learning_item_id WHERE i.email = who $$;
CREATE FUNCTION t.code(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE message text; state text;
BEGIN
	EXECUTE 'SELECT ' || call;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, state = RETURNED_SQLSTATE;
	RETURN state || ' ' || message;
END $$;

-- a new learner, with everything
SELECT canopy_bulk_enrol(jsonb_build_array(t.learner('Ada@x.example', '{"externalCustomerId":"E1","status":"Not Started","sendInvite":"yes","ref1":"r1","ref10":"r10",
	"address1":"1 Main St","city":"Rome","zipCode":"00100","language":"it","sfContactId":"c1","telephone":""}')),
	bundle_ids => ARRAY[t.id('onboarding'), t.id('onboarding')], course_ids => ARRAY[t.id('safety')], learning_path_ids => ARRAY[t.id('career')],
	license_ids => ARRAY[t.id('three-seats')], client_id => t.id('portal'), role => 'editor', application => 'crm', environment => 'production', invite_message => 'Hello') AS answer \gset
SELECT is(t.verdicts(:'answer'), '201', 'a learner who is new is created');
SELECT is((:'answer'::jsonb#>'{results,0,data}') - 'id'::text, '{"email":"ada@x.example","invited":true,"lastName":"Byron","firstName":"Ada","enrolments":{"added":4,"updated":0},"externalCustomerId":"E1"}', 'the answer says what was done');
SELECT is(t.enrolments('ada@x.example'), 'career not-started, onboarding not-started, safety not-started, three-seats not-started', 'and enrolled in each item once');
SELECT results_eq($$ SELECT ref1, ref10, address1, city, zip_code, telephone, language, sf_contact_id, portal_client_id, invited_at IS NOT NULL FROM canopy.learner_profile $$,
	$$ VALUES ('r1', 'r10', '1 Main St', 'Rome', '00100', NULL, 'it', 'c1', t.id('portal'), true) $$, 'the profile has what was sent');
SELECT results_eq($$ SELECT a.application_id, a.role_id, a.node_id, m.status FROM canopy.role_assignment a JOIN canopy.app_membership m USING (identity_id) $$,
	$$ VALUES (t.id('crm'), t.id('editor'), t.id('crm-root'), 'active') $$, 'the role holds at the root');
SELECT results_eq($$ SELECT kind, recipient, locale, link, payload FROM canopy.outbox $$, $$ VALUES ('welcome', 'ada@x.example', 'it', NULL::text,
	jsonb_build_object('items', (SELECT jsonb_agg(name ORDER BY id) FROM canopy.learning_item WHERE slug IN ('onboarding', 'safety', 'career', 'three-seats')), 'message', 'Hello', 'app_name', 'CRM', 'last_name', 'Byron', 'first_name', 'Ada', 'account_name', 'Acme')) $$,
	'the mail has the message and what it is about');

-- the same again changes nothing, but for the audit
CREATE TABLE t.before AS SELECT t.state() - 'audit_log'::text AS state;
SELECT canopy_bulk_enrol(jsonb_build_array(t.learner('Ada@x.example', '{"externalCustomerId":"E1","sendInvite":true,"ref1":"r1"}')), bundle_ids => ARRAY[t.id('onboarding')],
	license_ids => ARRAY[t.id('three-seats')], invite_message => 'Hello') AS answer \gset
SELECT is(t.verdicts(:'answer'), '200', 'a learner who exists is updated');
SELECT is(t.state() - 'audit_log'::text, (SELECT state FROM t.before), 'and what is there already is not written again');

-- empty cells wipe nothing, filled ones replace, and what is written once stays
SELECT is(t.verdicts(canopy_bulk_enrol(jsonb_build_array(t.learner('ada@x.example', '{"lastName":"King","externalCustomerId":"","ref1":" ","ref2":"r2","city":"Pisa","sfContactId":"c1","sfAccountId":"a1"}')))), '200', 'some fields are sent');
SELECT results_eq($$ SELECT i.last_name, i.external_id COLLATE "default", p.ref1, p.ref2, p.city, p.sf_contact_id, p.sf_account_id FROM canopy.identity i JOIN canopy.learner_profile p ON p.identity_id = i.id $$,
	$$ VALUES ('King', 'E1', 'r1', 'r2', 'Pisa', 'c1', 'a1') $$, 'those change, the others stay');
SELECT canopy_bulk_enrol(jsonb_build_array(t.learner('ada@x.example', '{"lastName":"Other","sfContactId":"c2","sfAccountId":"a2"}'))) AS answer \gset
SELECT is(t.issues(:'answer'::jsonb#>'{results,0}'), 'sfContactId write_once, sfAccountId write_once', 'another link to Salesforce is refused');
SELECT is((SELECT last_name FROM canopy.identity), 'King', 'with the whole row');

-- states are written over, times of completion are not
SELECT is(t.verdicts(canopy_bulk_enrol(jsonb_build_array(t.learner('ada@x.example', '{"completionDate":"2026-04-20T12:00:00.000Z"}')), course_ids => ARRAY[t.id('safety')], license_ids => ARRAY[t.id('three-seats')])), '200', 'a time of completion');
SELECT is(t.enrolments('ada@x.example'), 'career not-started, onboarding not-started, safety completed 2026-04-20 12:00:00, three-seats not-started', 'means completed, of what the call names');
SELECT canopy_bulk_enrol(jsonb_build_array(t.learner('ada@x.example', '{"status":"not-completed","completionDate":"2027-01-01T00:00:00.000Z"}')), course_ids => ARRAY[t.id('safety')]) \gset
SELECT is(t.enrolments('ada@x.example'), 'career not-started, onboarding not-started, safety not-completed 2026-04-20 12:00:00, three-seats not-started', 'the first time stays');

-- who is who
SELECT t.add_identity('acme', 'b@x.example', 'E2'), t.add_identity('globex', 'g@x.example', 'E9') \gset
UPDATE canopy.identity SET email_verified = true, email_verified_at = now() WHERE email = 'ada@x.example';
SELECT is(t.verdicts(canopy_bulk_enrol(jsonb_build_array(t.learner('b@x.example', '{"externalCustomerId":"E1"}')))), '409 external_id_conflict', 'an address and an external id of two people');
SELECT is(t.verdicts(canopy_bulk_enrol(jsonb_build_array(t.learner('countess@x.example', '{"externalCustomerId":"E1"}')))), '200', 'a new address for a known external id');
SELECT results_eq($$ SELECT email COLLATE "default", email_verified, email_verified_at FROM canopy.identity WHERE external_id = 'E1' $$, $$ VALUES ('countess@x.example', false, NULL::timestamptz) $$, 'is the learner''s from now, and not verified');
SELECT is(t.verdicts(canopy_bulk_enrol(jsonb_build_array(t.learner('c@x.example'), t.learner('C@x.example'), t.learner('d@x.example', '{"externalCustomerId":"E3"}'), t.learner('e@x.example', '{"externalCustomerId":"E3"}')))),
	'201, 409 email_conflict, 201, 409 external_id_conflict', 'of two rows for one learner the first wins');

-- what a row may not say
SELECT is((SELECT string_agg(t.issues(r), '; ' ORDER BY r->'index') FROM jsonb_array_elements(canopy_bulk_enrol(jsonb_build_array(t.learner('no'), t.learner('f@x.example', '{"status":"done"}'), t.learner('f@x.example', '{"completionDate":"yesterday"}'),
	t.learner('f@x.example', '{"status":"started","completionDate":"2026-04-20T12:00:00.000Z"}'), t.learner('f@x.example', '{"sendInvite":"maybe"}'), t.learner('f@x.example', '{"ref11":"x"}'), t.learner('f@x.example', '{"firstName":""}'),
	t.learner('f@x.example', jsonb_build_object('ref1', repeat('x', 256)))))->'results') AS r),
	'email email_invalid; status invalid_value; completionDate invalid_value; completionDate invalid_value; sendInvite invalid_value; ref11 unknown_field ~ref1; firstName required; ref1 too_long', 'each has its issue');

-- seats: one is Ada's, two are left, and a row that fails leaves its seat
SELECT is(t.verdicts(canopy_bulk_enrol(jsonb_build_array(t.learner('s4@x.example'), t.learner('s1@x.example', '{"externalCustomerId":"E2"}'), t.learner('s2@x.example'), t.learner('s3@x.example'), t.learner('countess@x.example')), license_ids => ARRAY[t.id('three-seats')])),
	'409 license_seats_exhausted, 200, 201, 409 license_seats_exhausted, 200', 'seats go to rows in the order of writing, and who has one needs no other');
SELECT is((SELECT count(*) FROM canopy.enrolment WHERE learning_item_id = t.id('three-seats')), 3::bigint, 'no more than there are');
SELECT is((SELECT count(*) FROM canopy.identity WHERE email ~ '^s[34]'), 0::bigint, 'and who gets none is not there at all');

-- what is not there is not there, wherever else it may be
SELECT is(t.code(format('canopy_bulk_enrol(%L, course_ids => %L)', '[]', ARRAY[t.id('secrets')])), 'PT404 course does not exist', 'a course of another account');
SELECT is(t.code(format('canopy_bulk_enrol(%L, course_ids => %L)', '[]', ARRAY[t.id('nothing')])), 'PT404 course does not exist', 'reads as one that nobody has');
SELECT is(t.code(format('canopy_bulk_enrol(%L, bundle_ids => %L)', '[]', ARRAY[t.id('safety')])), 'PT404 bundle does not exist', 'a course is no bundle');
SELECT is(t.code(format('canopy_bulk_enrol(%L, client_id => %L)', '[]', t.id('foreign'))), 'PT404 portal client does not exist', 'a client of another account');
SELECT is(t.code($$canopy_bulk_enrol('[]', role => 'clerk', application => 'crm', environment => 'production')$$), 'PT404 role does not exist', 'a role of another environment');
SELECT is(t.code($$canopy_bulk_enrol('[]', role => 'system-admin', application => 'crm', environment => 'production')$$), '22023 system roles are reserved for administrators', 'a system role');
SELECT is(t.code($$canopy_bulk_enrol('[]', role => 'editor')$$), '22023 a role needs an environment', 'a role of nowhere');

-- mail: as the row says, or for new learners when there is a message
DELETE FROM canopy.outbox;
SELECT canopy_bulk_enrol(jsonb_build_array(t.learner('m1@x.example', '{"sendInvite":"no"}'), t.learner('m2@x.example'), t.learner('s1@x.example'), t.learner('m3@x.example', '{"sendInvite":"y","language":"not a tag"}')), invite_message => 'Hi') \gset
SELECT results_eq('SELECT recipient, locale FROM canopy.outbox ORDER BY 1', $$ VALUES ('m2@x.example', NULL), ('m3@x.example', NULL) $$, 'nobody is welcomed who was not to be');

-- a dry run, and a batch that is rolled back, leave nothing
UPDATE t.before SET state = t.state();
SELECT is(t.verdicts(canopy_bulk_enrol(jsonb_build_array(t.learner('n1@x.example', '{"sendInvite":"yes"}')), course_ids => ARRAY[t.id('safety')], dry_run => true)), '201', 'a dry run tells the truth');
SELECT is(t.state(), (SELECT state FROM t.before), 'and keeps nothing');
SELECT is(t.verdicts(canopy_bulk_enrol(jsonb_build_array(t.learner('n1@x.example', '{"sendInvite":"yes"}'), t.learner('bad')), max_failed => 0)), '424 batch_rolled_back, 400 email_invalid', 'all or nothing');
SELECT is(t.state() - 'audit_log'::text, (SELECT state - 'audit_log'::text FROM t.before), 'is nothing, without mail');

-- a key is good for one request, whose options count
SELECT is(canopy_bulk_enrol(jsonb_build_array(t.learner('k@x.example')), idempotency_key => 'k1')#>>'{results,0,code}', '201', 'a first call');
SELECT is(canopy_bulk_enrol(jsonb_build_array(t.learner('k@x.example')), idempotency_key => 'k1')#>>'{results,0,code}', '201', 'its repetition has the first answer');
SELECT alike(t.code(format('canopy_bulk_enrol(%L, course_ids => %L, idempotency_key => %L)', jsonb_build_array(t.learner('k@x.example')), ARRAY[t.id('safety')], 'k1')), 'PT422%', 'another course is another request');

-- the strategies agree, whatever is in the batch: rows that swap keys, fail, and run out of seats
CREATE FUNCTION t.batch(seed integer) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_agg(t.learner(format('z%s@x.example', (i * 7 + seed) % 23), jsonb_strip_nulls(jsonb_build_object('externalCustomerId', CASE WHEN i % 3 <> 0 THEN 'Z' || (i * 5 + seed) % 19 END,
		'sfContactId', CASE WHEN i % 5 = 0 THEN 'c' || i % 2 END, 'ref1', 'r' || seed, 'sendInvite', i % 4 = 0, 'status', (ARRAY['started', 'completed', NULL])[1 + i % 3]))) ORDER BY i)
	FROM generate_series(1, 16) AS i $$;
CREATE FUNCTION t.run(strategy text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answers text := ''; state text;
BEGIN
	PERFORM set_config('canopy_bulk.strategy', strategy, true);
	UPDATE canopy.learning_item SET seats = 20 WHERE slug = 'no-seats';
	FOR seed IN 1 .. 40 LOOP
		answers := answers || t.verdicts(canopy_bulk_enrol(t.batch(seed), course_ids => ARRAY[t.id('safety')], license_ids => ARRAY[t.id('no-seats')])) || E'\n';
	END LOOP;
	SELECT string_agg(concat_ws(' ', i.email, i.external_id, p.ref1, p.sf_contact_id, p.invited_at IS NULL, t.enrolments(i.email)), E'\n' ORDER BY i.email) INTO state
	FROM canopy.identity i JOIN canopy.learner_profile p ON p.identity_id = i.id WHERE i.email ~ '^z';
	RAISE EXCEPTION USING MESSAGE = answers || state || (SELECT count(*) FROM canopy.outbox);
EXCEPTION WHEN raise_exception THEN
	RETURN SQLERRM;
END $$;
SELECT t.run('row') AS by_row \gset
SELECT is(t.run('set'), :'by_row', 'sets give the verdicts and tables of rows');
SELECT is(t.run('auto'), :'by_row', 'and so does whatever auto chooses');
SELECT ok(:'by_row' ~ '201' AND :'by_row' ~ '200' AND :'by_row' ~ 'license_seats_exhausted' AND :'by_row' ~ 'write_once' AND :'by_row' ~ 'external_id_conflict', 'the batches have all kinds of rows');

-- as an import
SELECT canopy_bulk_import_open('learner', options => jsonb_build_object('course_ids', ARRAY[t.id('safety')], 'license_ids', t.id('no-seats'), 'invite_message', 'Hi'))->>'id' AS id \gset
SELECT is(canopy_bulk_import_upload_text(:'id', E'First Name,lastName,email,completionDate,sendInvite\nA,B,i1@x.example,2026-04-20T12:00:00.000Z,y\nA,B,m1@x.example,,\nA,B,nope,,')->>'status', 'mapped', 'a file of learners is mapped');
UPDATE canopy.learning_item SET seats = NULL WHERE slug = 'no-seats';
UPDATE t.before SET state = t.state();
SELECT is(canopy_bulk_import_preview(:'id')->'statistics', '{"total": 3, "valid": 2, "warning": 0, "error": 1, "selected": 2, "create": 1, "update": 1, "skip": 0}', 'a preview adds and updates');
SELECT is(t.state() - 'import' - 'import_row', (SELECT state - 'import' - 'import_row' FROM t.before), 'and leaves nothing');
UPDATE canopy.learning_item SET seats = 0 WHERE slug = 'no-seats';
SELECT is(canopy_bulk_import_preview(:'id')#>>'{statistics,error}', '3', 'and knows of seats');
SELECT is((SELECT on_conflict FROM canopy.import WHERE id = :'id'), 'update', 'learners are always updated');
SELECT is(t.code(format('canopy_bulk_import_open(%L, options => %L)', 'learner', jsonb_build_object('course_ids', t.id('secrets')))), 'PT404 course does not exist', 'the items must be there when it is opened');
SELECT is(t.code($$canopy_bulk_import_open('learner', options => '{"courses":[]}')$$), '22023 invalid options of learners', 'options have names');
SELECT is(t.code($$canopy_bulk_import_open('learner', options => '{"client_id":7}')$$), '22023 invalid options of learners', 'and types');
SELECT is(t.code($$canopy_bulk_import_open('account_create', options => '{"role":"x"}')$$), '22023 the mode of the import has no options', 'and belong to learners');
SELECT * FROM finish();
