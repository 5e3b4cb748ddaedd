-- Undoing an import of learners: profile, enrolments, seats and mail are as they were, too.
-- strategies: all
\ir fixture.psql
SELECT no_plan();
SET canopy_bulk.account = 'acme';

INSERT INTO canopy.learning_item (account_id, id, kind, slug, name, seats)
SELECT t.id('acme'), t.id(slug), kind, slug, initcap(slug), seats
FROM (VALUES ('safety', 'course', NULL), ('welding', 'course', NULL), ('start', 'bundle', NULL), ('seats', 'license', 6)) AS v (slug, kind, seats);
INSERT INTO canopy.portal_client (account_id, id, slug, name) SELECT t.id('acme'), t.id(slug), slug, slug FROM unnest('{old-portal,new-portal}'::text[]) AS slug;
CREATE TABLE t.everything AS SELECT jsonb_build_object('course_ids', ARRAY[t.id('safety'), t.id('welding')], 'license_ids', t.id('seats'),
	'client_id', t.id('new-portal'), 'role', 'editor', 'invite_message', 'Hello') AS options;

-- an import that has run; its id
CREATE FUNCTION t.ready(file text, options jsonb DEFAULT '{}', application text DEFAULT NULL) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
	id uuid := canopy_bulk_import_open('learner', application => application,
		environment => CASE application WHEN 'crm' THEN 'production' END, options => options)->>'id';
BEGIN
	PERFORM canopy_bulk_import_upload_text(id, file), canopy_bulk_import_preview(id);
	RETURN id;
END $$;
-- learners there are, and a header
CREATE FUNCTION t.file(prefix text, n integer, more_columns text DEFAULT '', more text DEFAULT '') RETURNS text LANGUAGE sql AS $$
SELECT 'email,firstName,lastName' || more_columns || E'\n' || string_agg(format(E'%s%s@x.example,Ada,Byron%s\n', prefix, i, more), '' ORDER BY i)
FROM generate_series(1, n) AS i $$;
-- all there is but what tells of the import, and when a row was last written
CREATE FUNCTION t.directory() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text := '';
	name text;
	line text;
BEGIN
	FOR name IN SELECT relname FROM pg_class WHERE relnamespace = 'canopy'::regnamespace AND relkind IN ('r', 'p')
		AND relname <> ALL ('{audit_log,import,import_row,idempotency_key}') ORDER BY 1 LOOP
		EXECUTE format('SELECT string_agg(x::text, E''\n'' ORDER BY x::text) FROM (SELECT to_jsonb(y) - ''updated_at'' AS x FROM canopy.%I AS y) AS z', name) INTO line;
		result := concat(result, name, E'\n', line, E'\n');
	END LOOP;
	RETURN result;
END $$;
CREATE TABLE t.kept (directory text);
INSERT INTO t.kept VALUES (t.directory());

-- created with nothing but a profile; and with all there is: both go without a trace
SELECT t.ready(t.file('a', 3, ',ref1,sfContactId', ',r,c')) AS id \gset
CALL canopy_bulk_import_run(:'id');
SELECT isnt(t.directory(), (SELECT directory FROM t.kept), 'learners are created');
SELECT is(canopy_bulk_import_undo(:'id')->'summary', '{"total": 3, "reversed": 3, "kept": 0, "error": 0}', 'all are reversed');
SELECT is(t.directory(), (SELECT directory FROM t.kept), 'and nothing is left of them');
SELECT t.ready(t.file('a', 6, ',status', ',started'), options, 'crm') AS id FROM t.everything \gset
CALL canopy_bulk_import_run(:'id');
SELECT results_eq($$ SELECT (SELECT count(*) FROM canopy.enrolment), (SELECT count(*) FROM canopy.role_assignment), (SELECT count(*) FROM canopy.outbox) $$, $$ VALUES (18::bigint, 6::bigint, 6::bigint) $$, 'with items, a role and mail');
SELECT is(t.verdicts(canopy_bulk_enrol('[{"email":"b@x.example","firstName":"A","lastName":"B"}]', license_ids => ARRAY[t.id('seats')])), '409 license_seats_exhausted', 'all seats are taken');
CREATE TABLE t.ran AS SELECT t.state() AS state;
SELECT canopy_bulk_import_undo(:'id', dry_run => true) AS answer \gset
SELECT is(:'answer'::jsonb->'summary', '{"total": 6, "reversed": 6, "kept": 0, "error": 0}', 'a dry run says that all would be reversed');
SELECT is(t.state(), (SELECT state FROM t.ran), 'and leaves no trace');
SELECT is(canopy_bulk_import_undo(:'id')->'summary', :'answer'::jsonb->'summary', 'undoing does it');
SELECT is(t.directory(), (SELECT directory FROM t.kept), 'and nothing is left of them');
SELECT is(t.verdicts(canopy_bulk_enrol('[{"email":"b@x.example","firstName":"A","lastName":"B"}]', license_ids => ARRAY[t.id('seats')], dry_run => true)), '201', 'seats are free again');

-- who was touched since is kept, and the part that was touched is named
SELECT t.ready(t.file('a', 6) || E'a7@x.example,Ada,Byron\na8@x.example,Ada,Byron\na9@x.example,Ada,Byron\nb1@x.example,Ada,Byron\n', options - 'license_ids', 'crm') AS id FROM t.everything \gset
CALL canopy_bulk_import_run(:'id');
CREATE FUNCTION t.who(address text) RETURNS uuid LANGUAGE sql AS $$ SELECT id FROM canopy.identity WHERE email = address $$;
UPDATE canopy.identity SET avatar_url = 'https://x.example/a' WHERE email = 'a1@x.example';
UPDATE canopy.app_membership SET status = 'suspended' WHERE identity_id = t.who('a2@x.example');
DELETE FROM canopy.role_assignment WHERE identity_id = t.who('a3@x.example');
UPDATE canopy.learner_profile SET ref9 = 'x' WHERE identity_id = t.who('a4@x.example');
UPDATE canopy.enrolment SET status = 'completed', completed_at = now() WHERE identity_id = t.who('a5@x.example') AND learning_item_id = t.id('welding');
INSERT INTO canopy.enrolment (account_id, identity_id, learning_item_id) VALUES (t.id('acme'), t.who('a6@x.example'), t.id('start'));
DELETE FROM canopy.identity WHERE email = 'a7@x.example';
SELECT canopy_bulk_invite('[{"email": "a8@x.example", "intent": "password_reset"}]', application => 'crm', environment => 'production')->'summary'->>'succeeded' AS invited \gset
SELECT is(t.undone(canopy_bulk_import_undo(:'id')), '1 kept identity_changed, 2 kept memberships_changed, 3 kept roles_changed, 4 kept profile_changed, 5 kept enrolments_changed, 6 kept enrolments_changed, 7 kept gone, 8 kept invited, 9 reversed, 10 reversed',
	'each part is compared');
SELECT is((SELECT string_agg(email, ' ' ORDER BY email) FROM canopy.identity), 'a1@x.example a2@x.example a3@x.example a4@x.example a5@x.example a6@x.example a8@x.example', 'they are there, the others are not');
SELECT is((SELECT string_agg(i.email, ' ' ORDER BY 1) FROM canopy.outbox AS o JOIN canopy.identity AS i ON i.id = o.identity_id WHERE o.kind = 'welcome' AND o.status = 'queued'),
	'a1@x.example a2@x.example a3@x.example a4@x.example a5@x.example a6@x.example a8@x.example', 'with their mail');
DELETE FROM canopy.identity;
DELETE FROM canopy.identity_invite;
SELECT is(t.directory(), (SELECT directory FROM t.kept), 'nothing else is left');

-- learners who were there before, each with something of his own
INSERT INTO canopy.identity (account_id, id, email, first_name, last_name, external_id, email_verified, email_verified_at)
SELECT t.id('acme'), t.id('u' || i), format('u%s@x.example', i), CASE WHEN i = 7 THEN 'Ada' ELSE 'Old' END, CASE WHEN i = 7 THEN 'Byron' ELSE 'Name' END, 'E' || i, i = 3, CASE i WHEN 3 THEN '1850-06-07 08:09:10.123457+00'::timestamptz END
FROM generate_series(1, 8) AS i;
INSERT INTO canopy.learner_profile (account_id, identity_id, portal_client_id, ref1, ref2, address1, city, zip_code, telephone, language, sf_contact_id, invited_at)
SELECT t.id('acme'), t.id('u' || i), CASE WHEN i <> 4 THEN t.id(CASE i WHEN 7 THEN 'new-portal' ELSE 'old-portal' END) END, 'old1', NULL, 'Old St', 'Oldham', '00001', '1', 'cy', CASE i WHEN 2 THEN 'c2' END,
	CASE WHEN i IN (2, 7) THEN '2020-01-02 03:04:05.678901+00'::timestamptz END
FROM generate_series(2, 7) AS i;
INSERT INTO canopy.enrolment (account_id, id, identity_id, learning_item_id, status, completed_at)
SELECT t.id('acme'), t.id('e' || i || slug), t.id('u' || i), t.id(slug), status, done::timestamptz
FROM (VALUES (2, 'safety', 'started', NULL), (2, 'start', 'completed', '2021-01-02 03:04:05.000001+00'), (4, 'safety', 'not-completed', '1850-01-02 03:04:05.000001+00'),
	(4, 'welding', 'started', NULL), (4, 'seats', 'not-started', NULL), (7, 'safety', 'completed', '2026-04-20T12:00:00Z'), (7, 'welding', 'completed', '2022-02-02Z'), (7, 'seats', 'not-started', NULL)) AS v (i, slug, status, done);
INSERT INTO canopy.app_membership (account_id, id, identity_id, application_id, status, activated_at, deactivated_at)
SELECT t.id('acme'), t.id('m' || i), t.id('u' || i), t.id(app), status, '2020-01-02 03:04:05.678901+00', CASE status WHEN 'deactivated' THEN '2021-01-02 03:04:05.000001+00'::timestamptz END
FROM (VALUES (5, 'crm', 'deactivated'), (6, 'crm', 'active'), (7, 'crm', 'active'), (8, 'wiki', 'active')) AS v (i, app, status);
INSERT INTO canopy.role_assignment (account_id, identity_id, application_id, role_id, node_id)
VALUES (t.id('acme'), t.id('u7'), t.id('crm'), t.id('editor'), t.id('crm-root')), (t.id('acme'), t.id('u6'), t.id('crm'), t.id('editor'), t.id('crm-eu'));
UPDATE t.kept SET directory = t.directory();
CREATE FUNCTION t.learners(welcomes text) RETURNS text LANGUAGE sql AS $$
SELECT E'email,firstName,lastName,externalCustomerId,completionDate,sendInvite,ref1,ref2,ref10,address1,address2,city,state,zipCode,country,telephone,language,sfContactId,sfAccountId\n'
	|| string_agg(CASE WHEN i = 7 THEN E'u7@x.example,Ada,Byron,,2026-04-20T12:00:00.000Z,,old1,,,Old St,,,,,,,,,\n'
		ELSE format(E'%s%s@x.example,New,Name,%s,2026-04-20T12:00:00.000Z,%s,new1,new2,new10,New St,Flat 2,York,Y,00002,UK,2,en,%s,a%s\n', CASE i WHEN 3 THEN 'moved' ELSE 'u' END, i,
			CASE WHEN i = 8 THEN 'E800' ELSE 'E' || i END, welcomes, CASE i WHEN 2 THEN 'c2' ELSE 'c' || i END, i) END, '' ORDER BY i)
FROM generate_series(1, 9) AS i WHERE welcomes <> '' OR i <> 7 $$;

-- what was updated is as it was, in every column, wherever the clocks stand
SET TimeZone = 'Asia/Kathmandu';
UPDATE canopy.learning_item SET seats = 9 WHERE slug = 'seats';
UPDATE t.kept SET directory = t.directory();
SELECT t.ready(t.learners('yes'), options, 'crm') AS id FROM t.everything \gset
CALL canopy_bulk_import_run(:'id');
SELECT is((SELECT string_agg(outcome, ' ' ORDER BY row_number) FROM canopy.import_row WHERE import_id = :'id'), 'updated updated updated updated updated updated updated updated created', 'eight rows update and one creates');
SELECT results_eq($$ SELECT i.email COLLATE "default", i.email_verified, i.email_verified_at, i.external_id COLLATE "default" FROM canopy.identity AS i WHERE id IN (t.id('u3'), t.id('u8')) ORDER BY 1 $$,
	$$ VALUES ('moved3@x.example', false, NULL::timestamptz, 'E3'), ('u8@x.example', false, NULL, 'E800') $$, 'an address and an external id move');
SELECT is((SELECT string_agg(recipient, ' ' ORDER BY recipient) FROM canopy.outbox), 'moved3@x.example u1@x.example u4@x.example u5@x.example u6@x.example u8@x.example u9@x.example', 'who has not been welcomed before is now');
SET TimeZone = 'America/St_Johns';
SELECT canopy_bulk_import_undo(:'id') AS answer \gset
SET TimeZone = 'Asia/Kathmandu';
SELECT is(:'answer'::jsonb->'summary', '{"total": 9, "reversed": 9, "kept": 0, "error": 0}', 'all are reversed');
SELECT is(t.directory(), (SELECT directory FROM t.kept), 'and everybody is who he was, with nothing to be mailed');
RESET TimeZone;
UPDATE t.kept SET directory = t.directory();

-- a row that changes nothing leaves nothing to undo, and nothing is written
SELECT t.ready(E'email,firstName,lastName,ref1,status\nu7@x.example,Ada,Byron,old1,completed\n', options, 'crm') AS id FROM t.everything \gset
CREATE VIEW t.versions AS SELECT string_agg(concat(tableoid, ' ', ctid, ' ', xmin), ', ' ORDER BY tableoid, ctid) AS v FROM (
	SELECT tableoid, ctid, xmin::text FROM canopy.identity UNION ALL SELECT tableoid, ctid, xmin::text FROM canopy.learner_profile UNION ALL SELECT tableoid, ctid, xmin::text FROM canopy.enrolment
	UNION ALL SELECT tableoid, ctid, xmin::text FROM canopy.app_membership UNION ALL SELECT tableoid, ctid, xmin::text FROM canopy.role_assignment) AS x;
CALL canopy_bulk_import_run(:'id');
CREATE TABLE t.written AS SELECT v FROM t.versions;
SELECT is(t.undone(canopy_bulk_import_undo(:'id')), '1 reversed', 'a row that changed nothing is reversed');
SELECT is((SELECT v FROM t.versions), (SELECT v FROM t.written), 'without writing anything');

-- without application, client or items: some values alone
SELECT t.ready(t.learners('')) AS id \gset
CALL canopy_bulk_import_run(:'id');
SELECT is(canopy_bulk_import_undo(:'id')#>>'{summary,reversed}', '8', 'an import of people alone is undone');
SELECT is(t.directory(), (SELECT directory FROM t.kept), 'and everybody is who he was');

-- one who is updated is kept as well when somebody touched him, and an error can be tried again
SELECT t.ready(t.learners('yes'), options, 'crm') AS id FROM t.everything \gset
CALL canopy_bulk_import_run(:'id');
UPDATE canopy.learner_profile SET city = 'Bath' WHERE identity_id = t.id('u1');
UPDATE canopy.enrolment SET status = 'started' WHERE identity_id = t.id('u2') AND learning_item_id = t.id('welding');
SELECT t.add_identity('acme', 'u3@x.example') IS NULL AS done \gset
SELECT is(t.undone(canopy_bulk_import_undo(:'id')), '1 kept profile_changed, 2 kept enrolments_changed, 3 error 23505, 4 reversed, 5 reversed, 6 reversed, 7 reversed, 8 reversed, 9 reversed', 'one part is enough, and an address that was taken is an error');
SELECT is((SELECT concat_ws(' ', email, first_name) FROM canopy.identity WHERE id = t.id('u3')), 'moved3@x.example New', 'he is as the import left him');
DELETE FROM canopy.identity WHERE id = t.id('u3@x.example');
SELECT is(t.undone(canopy_bulk_import_undo(:'id')), '3 reversed', 'until it is free');
UPDATE canopy.learner_profile SET city = 'York' WHERE identity_id = t.id('u1');
UPDATE canopy.enrolment SET status = 'completed' WHERE identity_id = t.id('u2') AND learning_item_id = t.id('welding');
UPDATE canopy.import_row SET undo_outcome = 'error' WHERE import_id = :'id' AND undo_outcome = 'kept';
SELECT is(t.undone(canopy_bulk_import_undo(:'id')), '1 reversed, 2 reversed', 'what looks again as it was left is not touched');
SELECT is(t.directory(), (SELECT directory FROM t.kept), 'and everybody is who he was');

-- keys that move from one to the next move back in turn; who was created is out of the way by then
SELECT t.ready(E'email,firstName,lastName,externalCustomerId\nv1@x.example,N,N,E1\nw1@x.example,N,N,E2\nu4@x.example,N,N,E400\nx1@x.example,N,N,E4\n') AS id \gset
CALL canopy_bulk_import_run(:'id');
SELECT t.ready(E'email,firstName,lastName,externalCustomerId\nu1@x.example,N,N,E2\nu2@x.example,N,N,N2\n') AS two \gset
CALL canopy_bulk_import_run(:'two');
SELECT is(t.undone(canopy_bulk_import_undo(:'two')), '1 reversed, 2 reversed', 'an address that somebody else had is given up');
SELECT t.ready(E'email,firstName,lastName,externalCustomerId\na0@x.example,N,N,E1\nv1@x.example,N,N,E2\nw1@x.example,N,N,E4\n') AS two \gset
CALL canopy_bulk_import_run(:'two');
SELECT is((SELECT string_agg(concat(id, email), ' ' ORDER BY email) FROM canopy.identity WHERE external_id IN ('E1', 'E2')), concat(t.id('u1'), 'a0@x.example ', t.id('u2'), 'v1@x.example'), 'each takes the address of the one before');
SELECT is(t.undone(canopy_bulk_import_undo(:'two')), '1 reversed, 2 reversed, 3 reversed', 'a chain of addresses is undone from its end');
SELECT t.ready(E'email,firstName,lastName,externalCustomerId\na0@x.example,N,N,E2\nw1@x.example,N,N,E1\n') AS two \gset
CALL canopy_bulk_import_run(:'two');
SELECT is(t.undone(canopy_bulk_import_undo(:'two')), '1 reversed, 2 reversed', 'in whatever order their ids are');
SELECT is(t.undone(canopy_bulk_import_undo(:'id')), '1 reversed, 2 reversed, 3 reversed, 4 reversed', 'and what made room for it');
SELECT is(t.directory(), (SELECT directory FROM t.kept), 'everybody is who he was');

-- rows for one learner are one item: in several batches, and in one, where they are not written in their order
SET canopy_bulk.max_rows = 2;
SELECT t.ready(E'email,firstName,lastName,status,ref1\nu2@x.example,One,A,not-started,x1\nn@x.example,One,A,started,x1\nn@x.example,Two,B,completed,x2\nu2@x.example,Two,B,completed,x2\nu2@x.example,Three,C,started,\nu4@x.example,One,A,,\n', options, 'crm') AS id FROM t.everything \gset
CALL canopy_bulk_import_run(:'id');
RESET canopy_bulk.max_rows;
SELECT is((SELECT string_agg(concat_ws(' ', i.email, i.first_name, p.ref1), ', ' ORDER BY i.email) FROM canopy.identity AS i JOIN canopy.learner_profile AS p ON p.identity_id = i.id WHERE i.email ~ '^(n|u2)@'), 'n@x.example Two x2, u2@x.example Three x2', 'later rows win');
SELECT is(t.undone(canopy_bulk_import_undo(:'id')), '1 reversed, 2 reversed, 3 reversed, 4 reversed, 5 reversed, 6 reversed', 'all are reversed');
SELECT is(t.directory(), (SELECT directory FROM t.kept), 'to what was before the first of them');
SELECT t.ready(E'email,firstName,lastName,externalCustomerId,ref1\nz@x.example,Second,B,E2,\nu2@x.example,First,A,,x1\n') AS id \gset
CALL canopy_bulk_import_run(:'id');
SELECT is((SELECT concat_ws(' ', email, first_name) FROM canopy.identity WHERE id = t.id('u2')), 'z@x.example Second', 'two rows of a batch are about one learner, and the first is written last');
SELECT is(t.undone(canopy_bulk_import_undo(:'id')), '1 reversed, 2 reversed', 'both are reversed');
SELECT is(t.directory(), (SELECT directory FROM t.kept), 'to what was before the first that was written');

-- mail that somebody has claimed may have been sent: that is said, and no later attempt is made
SELECT t.ready(E'email,firstName,lastName,sendInvite\nu1@x.example,A,B,y\nu4@x.example,A,B,y\nu5@x.example,A,B,y\nn@x.example,A,B,y\no@x.example,A,B,y\n') AS id \gset
CALL canopy_bulk_import_run(:'id');
UPDATE canopy.outbox SET next_attempt_at = next_attempt_at - interval '1 hour' WHERE recipient = ANY ('{u1@x.example,n@x.example}');
CREATE TABLE t.claims AS SELECT id, attempt, recipient FROM canopy_bulk_outbox_claim(2);
SELECT canopy_bulk_outbox_done(id, attempt) FROM t.claims WHERE recipient = 'n@x.example' \gset
UPDATE canopy.outbox SET next_attempt_at = next_attempt_at - interval '1 hour' WHERE recipient = 'u4@x.example';
INSERT INTO t.claims SELECT id, attempt, recipient FROM canopy_bulk_outbox_claim(1);
SELECT canopy_bulk_outbox_done(id, attempt) FROM t.claims WHERE recipient = 'u4@x.example' \gset
SELECT is(t.undone(canopy_bulk_import_undo(:'id', true)), '1 reversed mail_sent, 2 reversed mail_sent, 3 reversed, 4 reversed mail_sent, 5 reversed', 'a dry run names who may have had a mail');
SELECT is(t.undone(canopy_bulk_import_undo(:'id')), '1 reversed mail_sent, 2 reversed mail_sent, 3 reversed, 4 reversed mail_sent, 5 reversed', 'he is reversed all the same');
SELECT is((SELECT string_agg(concat_ws(' ', undo_outcome, undo_reason), ', ' ORDER BY row_number) FROM canopy.import_row WHERE import_id = :'id'), 'reversed mail_sent, reversed mail_sent, reversed, reversed mail_sent, reversed', 'which is stored');
SELECT is((SELECT string_agg(concat_ws(' ', recipient, status), ', ' ORDER BY recipient) FROM canopy.outbox), 'u1@x.example withdrawn, u4@x.example sent', 'what was claimed is withdrawn, what was sent is known, the rest is gone');
SELECT is((SELECT canopy_bulk_outbox_failed(id, attempt, 'no route') FROM t.claims WHERE recipient = 'u1@x.example'), false, 'the sender cannot put it back');
DELETE FROM canopy.outbox;
SELECT is(t.directory(), (SELECT directory FROM t.kept), 'everybody is who he was');

-- one learner whom something of the user's refers to costs no other
CREATE TABLE t.badge (account_id uuid, holder uuid, FOREIGN KEY (account_id, holder) REFERENCES canopy.identity (account_id, id));
GRANT SELECT ON t.badge TO canopy_owner;
UPDATE canopy.learning_item SET seats = NULL WHERE slug = 'seats';
UPDATE t.kept SET directory = t.directory();
SELECT t.ready(t.file('c', 230) || E'u1@x.example,N,N\nu5@x.example,N,N\n', options, 'crm') AS id FROM t.everything \gset
CALL canopy_bulk_import_run(:'id');
INSERT INTO t.badge SELECT account_id, id FROM canopy.identity WHERE email = ANY ('{c7@x.example,c222@x.example}');
SELECT canopy_bulk_import_undo(:'id') AS answer \gset
SELECT is(:'answer'::jsonb->'summary', '{"total": 232, "reversed": 230, "kept": 0, "error": 2}', 'the others are reversed');
SELECT is((SELECT string_agg(concat_ws(' ', row_number, undo_reason), ', ' ORDER BY row_number) FROM canopy.import_row WHERE import_id = :'id' AND undo_outcome = 'error'), '7 23503, 222 23503', 'those two are named');
DROP TABLE t.badge;
SELECT is(t.undone(canopy_bulk_import_undo(:'id')), '7 reversed, 222 reversed', 'and go when nothing refers to them any more');
SELECT is(t.directory(), (SELECT directory FROM t.kept), 'everybody is who he was');

-- a trigger that swallows makes an error of its row, whatever it swallows
CREATE FUNCTION t.swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
GRANT USAGE ON SCHEMA t TO canopy_owner;
CREATE FUNCTION t.swallowed(target text, operation text, import uuid) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
	EXECUTE format('CREATE TRIGGER swallow BEFORE %s ON canopy.%I FOR EACH ROW EXECUTE FUNCTION t.swallow()', operation, target);
	result := t.undone(canopy_bulk_import_undo(import, true));
	EXECUTE format('DROP TRIGGER swallow ON canopy.%I', target);
	RETURN concat_ws(' ', target, operation, result);
END $$;
SELECT t.ready(E'email,firstName,lastName,status,ref1\nu1@x.example,N,N,completed,x\nu2@x.example,N,N,completed,x\nu5@x.example,N,N,completed,x\n', options, 'crm') AS id FROM t.everything \gset
CALL canopy_bulk_import_run(:'id');
SELECT results_eq(format('SELECT t.swallowed(target, operation, %L) FROM (VALUES (''identity'', ''UPDATE''), (''learner_profile'', ''DELETE''), (''learner_profile'', ''UPDATE''), (''enrolment'', ''DELETE''), (''enrolment'', ''UPDATE''), (''app_membership'', ''DELETE''), (''app_membership'', ''UPDATE''), (''role_assignment'', ''DELETE'')) AS v (target, operation)', :'id'),
	ARRAY['identity UPDATE 1 error 23000, 2 error 23000, 3 error 23000', 'learner_profile DELETE 1 error 23000, 2 reversed, 3 reversed', 'learner_profile UPDATE 1 reversed, 2 error 23000, 3 error 23000',
		'enrolment DELETE 1 error 23000, 2 error 23000, 3 error 23000', 'enrolment UPDATE 1 reversed, 2 error 23000, 3 reversed', 'app_membership DELETE 1 error 23000, 2 error 23000, 3 reversed', 'app_membership UPDATE 1 reversed, 2 reversed, 3 error 23000',
		'role_assignment DELETE 1 error 23000, 2 error 23000, 3 error 23000'], 'the rows it concerns, and no others');
SELECT is(canopy_bulk_import_undo(:'id')#>>'{summary,reversed}', '3', 'without it all are reversed');
SELECT is(t.directory(), (SELECT directory FROM t.kept), 'everybody is who he was');

-- rows of an import from before there was anything to remember are kept
SELECT t.ready(t.file('d', 2)) AS id \gset
CALL canopy_bulk_import_run(:'id');
UPDATE canopy.import_row SET before = NULL WHERE import_id = :'id';
SELECT is(t.undone(canopy_bulk_import_undo(:'id')), '1 kept not_recorded, 2 kept not_recorded', 'what was not recorded is kept');

SELECT * FROM finish();
