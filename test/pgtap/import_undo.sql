-- Undoing an import: what nobody has touched since is as it was before; the rest is kept and named.
-- strategies: all
\ir fixture.psql
SELECT no_plan();
SET canopy_bulk.account = 'acme';

-- an import that is ready to run; its id
CREATE FUNCTION t.ready(mode text, file text, on_conflict text DEFAULT 'error') RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
	id uuid := canopy_bulk_import_open(mode, application => CASE mode WHEN 'account_create' THEN NULL ELSE 'crm' END,
		environment => CASE mode WHEN 'account_create' THEN NULL ELSE 'production' END, on_conflict => on_conflict)->>'id';
BEGIN
	PERFORM canopy_bulk_import_upload_text(id, file), canopy_bulk_import_preview(id);
	RETURN id;
END $$;
-- n people and a header
CREATE FUNCTION t.file(prefix text, n integer, more_columns text DEFAULT '', more text DEFAULT '') RETURNS text LANGUAGE sql AS $$
SELECT 'email,first_name,last_name' || more_columns || E'\n' || string_agg(format(E'%s%s@x.example,Ada,Byron%s\n', prefix, i, more), '' ORDER BY i)
FROM generate_series(1, n) AS i $$;
-- the people, members and roles there are, but for when they were last written
CREATE FUNCTION t.people_now() RETURNS text LANGUAGE sql AS $$
SELECT md5(concat(
	(SELECT string_agg((to_jsonb(i) - 'updated_at')::text, ' ' ORDER BY i.id) FROM canopy.identity AS i),
	(SELECT string_agg((to_jsonb(m) - 'updated_at')::text, ' ' ORDER BY m.id) FROM canopy.app_membership AS m),
	(SELECT string_agg((to_jsonb(r) - 'updated_at')::text, ' ' ORDER BY r.id) FROM canopy.role_assignment AS r))) $$;

-- what was created goes, with memberships and roles; what was touched is kept, and the reason named
CREATE TABLE t.before AS SELECT t.people_now() AS people;
SELECT t.ready('create', t.file('a', 8, ',role_id,node_id', format(',%s,%s', t.id('editor'), t.id('crm-eu')))) AS id \gset
SELECT throws_ok(format('SELECT canopy_bulk_import_undo(%L)', :'id'), 'PT409', 'the import is in another state', 'an import that has not run cannot be undone');
CALL canopy_bulk_import_run(:'id');
UPDATE canopy.identity SET last_name = 'King' WHERE email = 'a2@x.example';
UPDATE canopy.app_membership SET status = 'suspended' WHERE identity_id = (SELECT id FROM canopy.identity WHERE email = 'a3@x.example');
SELECT canopy_bulk_unassign(ARRAY(SELECT r.id FROM canopy.role_assignment AS r JOIN canopy.identity AS i ON i.id = r.identity_id WHERE i.email = 'a4@x.example')) IS NULL AS done \gset
DELETE FROM canopy.identity WHERE email = 'a5@x.example';
SELECT canopy_bulk_attach(ARRAY(SELECT id FROM canopy.identity WHERE email = 'a6@x.example'), 'wiki') IS NULL AS done \gset
SELECT canopy_bulk_invite('[{"email": "a7@x.example", "intent": "password_reset"}]', application => 'crm', environment => 'production')->'summary'->>'succeeded' AS invited \gset
SELECT is(:'invited'::text, '1', 'somebody is invited meanwhile');
CREATE TABLE t.touched AS SELECT t.state() AS state;
SELECT canopy_bulk_import_undo(:'id', dry_run => true) AS answer \gset
SELECT is(t.undone(:'answer'), '1 reversed, 2 kept identity_changed, 3 kept memberships_changed, 4 kept roles_changed, 5 kept gone, 6 kept memberships_changed, 7 kept invited, 8 reversed',
	'a dry run says what would become of each row');
SELECT is(:'answer'::jsonb - 'rows' - 'id', '{"status": "completed", "dry_run": true, "summary": {"total": 8, "reversed": 2, "kept": 6, "error": 0}, "missing": {"total": 0, "reversed": 0, "kept": 0, "error": 0}}', 'and counts');
SELECT is(t.state(), (SELECT state FROM t.touched), 'and leaves no trace');
SELECT canopy_bulk_import_undo(:'id') AS undone \gset
SELECT is(:'undone'::jsonb - 'status' - 'dry_run', :'answer'::jsonb - 'status' - 'dry_run', 'undoing does what the dry run said');
SELECT is((SELECT string_agg(email, ' ' ORDER BY email) FROM canopy.identity), 'a2@x.example a3@x.example a4@x.example a6@x.example a7@x.example', 'those that were touched are there, the others are not');
SELECT is((SELECT count(*) FROM canopy.app_membership), 6::bigint, 'with their memberships');
SELECT is((SELECT count(*) FROM canopy.role_assignment), 4::bigint, 'and roles');
SELECT is((SELECT string_agg(concat_ws(' ', row_number, undo_outcome, undo_reason), ', ' ORDER BY row_number) FROM canopy.import_row WHERE import_id = :'id'), t.undone(:'undone'), 'what became of each row is stored');
SELECT is((SELECT concat_ws(' ', status, undone_at IS NOT NULL) FROM canopy.import WHERE id = :'id'), 'undone t', 'the import is undone');
SELECT is((SELECT count(*) FROM canopy.audit_log WHERE action = 'identity.bulk_import_undo'), 1::bigint, 'one audit entry says so');
SELECT is((SELECT metadata - 'duration_ms' FROM canopy.audit_log WHERE action = 'identity.bulk_import_undo'),
	jsonb_build_object('import_id', :'id', 'mode', 'create', 'rows', :'undone'::jsonb->'summary', 'missing', :'undone'::jsonb->'missing', 'status_before', 'completed'), 'with counts and no addresses');
SELECT throws_ok(format('SELECT canopy_bulk_import_undo(%L)', :'id'), 'PT409', 'the import is in another state', 'it is undone once');
SELECT throws_ok(format('CALL canopy_bulk_import_run(%L)', :'id'), NULL, NULL, 'and does not run again');
SELECT results_eq('SELECT resource_type FROM canopy.audit_log WHERE action = ''identity.bulk_import_undo''', ARRAY['import'], 'a refused undo leaves no entry');
DELETE FROM canopy.identity;

-- what was updated has its old values back: all of them, to the microsecond
INSERT INTO canopy.identity (account_id, id, email, first_name, last_name, external_id, metadata, password_hash, password_changed_at)
SELECT t.id('acme'), t.id('u' || i), format('u%s@x.example', i), 'Old' || i, 'Name', CASE WHEN i % 2 = 0 THEN 'E' || i END,
	jsonb_build_object('i', i, 'list', '[1, null]'::jsonb), CASE WHEN i % 3 = 0 THEN '$2b$04$abcdefghijklmnopqrstuuJ9tTmWHnFxhoXBjTvGbYxHhDPZkHV3e' END,
	CASE WHEN i % 3 = 0 THEN '1850-06-07 08:09:10.123457+00'::timestamptz END
FROM generate_series(1, 6) AS i;
INSERT INTO canopy.app_membership (account_id, id, identity_id, application_id, status, activated_at, deactivated_at)
SELECT t.id('acme'), t.id('m' || i), t.id('u' || i), t.id(app), status, '2020-01-02 03:04:05.678901+00', CASE status WHEN 'deactivated' THEN '2021-01-02 03:04:05.000001+00'::timestamptz END
FROM (VALUES (1, 'crm', 'active'), (2, 'crm', 'deactivated'), (3, 'wiki', 'active')) AS v (i, app, status);
INSERT INTO canopy.role_assignment (account_id, identity_id, application_id, role_id, node_id) VALUES (t.id('acme'), t.id('u1'), t.id('crm'), t.id('editor'), t.id('crm-root'));
UPDATE t.before SET people = t.people_now();
SELECT t.ready('create', E'email,first_name,last_name,external_id,password_hash,metadata,role_id,node_id\n'
	|| string_agg(format(E'u%s@x.example,New,Value,N%s,"$argon2id$v=19$m=7168,t=5,p=1$c29tZXNhbHRzb21lc2FsdA$%s","{""new"": 1, ""i"": 0}",%s,%s\n', i, i, repeat('A', 43), t.id('editor'), t.id('crm-' || CASE i WHEN 1 THEN 'root' ELSE 'eu' END)), '' ORDER BY i), 'update') AS id
FROM generate_series(1, 7) AS i \gset
SET TimeZone = 'Asia/Kathmandu';
CALL canopy_bulk_import_run(:'id');
SELECT is((SELECT string_agg(outcome, ' ' ORDER BY row_number) FROM canopy.import_row WHERE import_id = :'id'), 'updated updated updated updated updated updated created', 'six rows update and one creates');
SELECT is((SELECT count(*) FROM canopy.app_membership WHERE status = 'active'), 8::bigint, 'all are members now');
SET TimeZone = 'America/St_Johns';
SELECT canopy_bulk_import_undo(:'id') AS answer \gset
RESET TimeZone;
SELECT is(:'answer'::jsonb->'summary', '{"total": 7, "reversed": 7, "kept": 0, "error": 0}', 'all are reversed');
SELECT is(t.people_now(), (SELECT people FROM t.before), 'and everybody is who he was, wherever the clocks stand');
SELECT ok(:'answer'::text !~ '\$(2b|argon2)', 'no hash is in the answer');

-- an account's import may give each row an application; two of them are undone in reverse
SELECT t.ready('account_create', E'email,first_name,last_name,application_id\n' || string_agg(format(E'u%s@x.example,One,Value,%s\n', i, t.id('wiki')), '' ORDER BY i), 'update') AS one FROM generate_series(1, 7) AS i \gset
CALL canopy_bulk_import_run(:'one');
CREATE TABLE t.between AS SELECT t.people_now() AS people;
SELECT t.ready('account_create', E'email,first_name,last_name\n' || string_agg(format(E'u%s@x.example,Two,Value\n', i), '' ORDER BY i), 'update') AS two FROM generate_series(1, 7) AS i \gset
CALL canopy_bulk_import_run(:'two');
SELECT is(canopy_bulk_import_undo(:'one', true)#>>'{summary,kept}', '7', 'what a later import has touched is kept');
SELECT is(canopy_bulk_import_undo(:'two')#>>'{summary,reversed}', '7', 'the later one is undone first');
SELECT is(t.people_now(), (SELECT people FROM t.between), 'which brings back what the earlier one left');
SELECT is(canopy_bulk_import_undo(:'one')#>>'{summary,reversed}', '7', 'so that it can be undone too');
SELECT is(t.people_now(), (SELECT people FROM t.before), 'and everybody is who he was');

-- rows of different batches may be about one person: they go together
SET canopy_bulk.max_rows = 2;
SELECT t.ready('create', E'email,first_name,last_name,metadata.k\nc1@x.example,First,A,1\nu1@x.example,First,A,1\nc1@x.example,Second,A,2\nu1@x.example,Second,A,2\nu1@x.example,Third,A,3\n', 'update') AS id \gset
CALL canopy_bulk_import_run(:'id');
RESET canopy_bulk.max_rows;
SELECT is((SELECT string_agg(concat_ws(' ', email, first_name, metadata->>'k'), ', ' ORDER BY email) FROM canopy.identity WHERE email ~ '[cu]1'), 'c1@x.example Second 2, u1@x.example Third 3', 'later rows win');
SELECT is(t.undone(canopy_bulk_import_undo(:'id')), '1 reversed, 2 reversed, 3 reversed, 4 reversed, 5 reversed', 'all are reversed');
SELECT is(t.people_now(), (SELECT people FROM t.before), 'to what was before the first of them');

-- what was skipped is left alone, and what failed too
SELECT t.ready('create', E'email,first_name,last_name\nu1@x.example,A,B\nnew@x.example,A,B\n', 'skip') AS id \gset
CALL canopy_bulk_import_run(:'id');
SELECT is(t.undone(canopy_bulk_import_undo(:'id')), '2 reversed', 'rows that were skipped are not undone');
SELECT is(t.people_now(), (SELECT people FROM t.before), 'and stay as they are');

-- columns of one's own count; those that came after the import do not, and a write that changes nothing neither
ALTER TABLE canopy.identity ADD COLUMN shirt text, ADD COLUMN shoe json;
SELECT t.ready('create', t.file('s', 4)) AS id \gset
CALL canopy_bulk_import_run(:'id');
ALTER TABLE canopy.identity ADD COLUMN hat integer NOT NULL DEFAULT 7;
UPDATE canopy.identity SET shirt = 'XL' WHERE email = 's1@x.example';
UPDATE canopy.identity SET shoe = '{}' WHERE email = 's2@x.example';
UPDATE canopy.identity SET hat = 8 WHERE email = 's3@x.example';
UPDATE canopy.identity SET updated_at = '2001-01-01' WHERE email = 's4@x.example';
SELECT is(t.undone(canopy_bulk_import_undo(:'id')), '1 kept identity_changed, 2 kept identity_changed, 3 reversed, 4 reversed', 'columns of one''s own count');
ALTER TABLE canopy.identity DROP COLUMN shirt, DROP COLUMN shoe, DROP COLUMN hat;
DELETE FROM canopy.identity WHERE email ~ '^s';

-- one row that something of the user's refers to costs no other row, at once or at commit
CREATE TABLE t.badge (account_id uuid, holder uuid, CONSTRAINT badge_holder FOREIGN KEY (account_id, holder) REFERENCES canopy.identity (account_id, id));
GRANT USAGE ON SCHEMA t TO canopy_owner;
GRANT SELECT ON t.badge TO canopy_owner;
SELECT t.ready('create', t.file('b', 450)) AS id \gset
CALL canopy_bulk_import_run(:'id');
INSERT INTO t.badge SELECT account_id, id FROM canopy.identity WHERE email = ANY ('{b7@x.example,b333@x.example}');
SELECT canopy_bulk_import_undo(:'id', true) AS answer \gset
SELECT is(:'answer'::jsonb->'summary', '{"total": 450, "reversed": 448, "kept": 0, "error": 2}', 'the others are reversed');
SELECT is(:'answer'::jsonb #> '{rows,1}', jsonb_build_object('row_number', 333, 'id', (SELECT id FROM canopy.identity WHERE email = 'b333@x.example'), 'outcome', 'error', 'reason', '23503'),
	'the row is named, with the SQLSTATE, before those that are reversed');
SELECT is(jsonb_array_length(:'answer'::jsonb->'rows'), 200, 'the first 200 rows are shown');
ALTER TABLE t.badge ALTER CONSTRAINT badge_holder DEFERRABLE INITIALLY DEFERRED;
SELECT is(canopy_bulk_import_undo(:'id')->'summary', '{"total": 450, "reversed": 448, "kept": 0, "error": 2}', 'a deferred foreign key is asked at once');
SELECT is((SELECT string_agg(email, ' ' ORDER BY email) FROM canopy.identity WHERE email ~ '^b'), 'b333@x.example b7@x.example', 'who has a badge is there');
DELETE FROM t.badge WHERE holder = (SELECT id FROM canopy.identity WHERE email = 'b7@x.example');
SELECT is(t.undone(canopy_bulk_import_undo(:'id')), '7 reversed, 333 error 23503', 'errors can be tried again, and only they');
DROP TABLE t.badge;
SELECT is(canopy_bulk_import_undo(:'id')->'summary', '{"total": 1, "reversed": 1, "kept": 0, "error": 0}', 'until there is none');
SELECT is(t.people_now(), (SELECT people FROM t.before), 'and everybody is who he was');

-- people may refer to each other: who goes together does not stand in the other's way
ALTER TABLE canopy.identity ADD COLUMN boss uuid, ADD CONSTRAINT boss FOREIGN KEY (account_id, boss) REFERENCES canopy.identity (account_id, id);
CREATE FUNCTION t.appoint() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.boss := (SELECT id FROM canopy.identity WHERE email = 'd1@x.example'); RETURN NEW; END $$;
GRANT EXECUTE ON FUNCTION t.appoint() TO canopy_owner;
CREATE TRIGGER appoint BEFORE INSERT ON canopy.identity FOR EACH ROW WHEN (NEW.email <> 'd1@x.example') EXECUTE FUNCTION t.appoint();
SELECT t.ready('account_create', t.file('d', 250)) AS id \gset
CALL canopy_bulk_import_run(:'id');
SELECT is(canopy_bulk_import_undo(:'id')->'summary', '{"total": 250, "reversed": 250, "kept": 0, "error": 0}', 'a boss and those below are undone together');
DROP TRIGGER appoint ON canopy.identity;
ALTER TABLE canopy.identity DROP COLUMN boss;

-- a trigger that refuses, or swallows
CREATE FUNCTION t.guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF OLD.email = 'e2@x.example' THEN RAISE 'not this one'; END IF;
	IF OLD.email = ANY ('{e3@x.example,u3@x.example}') THEN RETURN NULL; END IF;
	RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
SELECT t.ready('account_create', t.file('e', 4) || E'u2@x.example,N,N\nu3@x.example,N,N\n', 'update') AS id \gset
CALL canopy_bulk_import_run(:'id');
CREATE TRIGGER guard BEFORE DELETE OR UPDATE ON canopy.identity FOR EACH ROW EXECUTE FUNCTION t.guard();
SELECT is(t.undone(canopy_bulk_import_undo(:'id')), '1 reversed, 2 error P0001, 3 error 23000, 4 reversed, 5 reversed, 6 error 23000', 'those rows are errors');
DROP TRIGGER guard ON canopy.identity;
SELECT is(t.undone(canopy_bulk_import_undo(:'id')), '2 reversed, 3 reversed, 6 reversed', 'and can be undone when it is gone');
SELECT is(t.people_now(), (SELECT people FROM t.before), 'and everybody is who he was');

-- what no row can be blamed for ends the call, and nothing is undone
SELECT t.ready('account_create', t.file('f', 3)) AS id \gset
CALL canopy_bulk_import_run(:'id');
CREATE FUNCTION t.full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE disk_full; END $$;
CREATE TRIGGER out_of_disk BEFORE DELETE ON canopy.identity FOR EACH ROW WHEN (OLD.email = 'f2@x.example') EXECUTE FUNCTION t.full();
SELECT throws_ok(format('SELECT canopy_bulk_import_undo(%L)', :'id'), '53100', NULL, 'a full disk is no row''s fault');
SELECT is((SELECT count(*) FROM canopy.identity WHERE email ~ '^f'), 3::bigint, 'everything is there');
DROP TRIGGER out_of_disk ON canopy.identity;
SELECT is(canopy_bulk_import_undo(:'id')#>>'{summary,reversed}', '3', 'and can be undone later');

-- a key that was given up to somebody who was created comes back
SELECT t.ready('account_create', E'email,first_name,last_name,external_id\nu2@x.example,N,N,E200\nz2@x.example,N,N,E2\n', 'update') AS id \gset
CALL canopy_bulk_import_run(:'id');
SELECT is(t.undone(canopy_bulk_import_undo(:'id')), '1 reversed, 2 reversed', 'who was created goes before his external id returns');
SELECT is(t.people_now(), (SELECT people FROM t.before), 'and everybody is who he was');

-- an address that somebody has taken an external id from cannot have it back
SELECT t.ready('create', E'email,first_name,last_name,external_id\nu2@x.example,N,N,E200\nu4@x.example,N,N,E400\n', 'update') AS id \gset
CALL canopy_bulk_import_run(:'id');
SELECT t.add_identity('acme', 'thief@x.example', 'E2') IS NULL AS done \gset
SELECT is(t.undone(canopy_bulk_import_undo(:'id')), '1 error 23505, 2 reversed', 'an external id that is taken is an error');
DELETE FROM canopy.identity WHERE email = 'thief@x.example';
SELECT is(t.undone(canopy_bulk_import_undo(:'id')), '1 reversed', 'until it is free');
SELECT is(t.people_now(), (SELECT people FROM t.before), 'and everybody is who he was');

-- invites: what nobody can know of goes, what may have been mailed is revoked, what was accepted stays
SELECT t.ready('invite', t.file('i', 6) || E'i7@x.example,Ada,Byron\n') AS id \gset
CALL canopy_bulk_import_run(:'id');
UPDATE canopy.outbox SET next_attempt_at = next_attempt_at - interval '1 hour' WHERE recipient = ANY ('{i1@x.example,i2@x.example}');
SELECT id AS mail, attempt FROM canopy_bulk_outbox_claim(1) \gset
SELECT canopy_bulk_outbox_done(:'mail', :attempt) AS sent \gset
SELECT count(*) AS claimed FROM canopy_bulk_outbox_claim(1) \gset
UPDATE canopy.identity_invite SET status = 'accepted', accepted_at = now() WHERE email = 'i3@x.example';
SELECT canopy_bulk_invite_revoke((SELECT id FROM canopy.identity_invite WHERE email = 'i4@x.example'), application => 'crm', environment => 'production') IS NULL AS done \gset
SELECT canopy_bulk_invite_resend((SELECT id FROM canopy.identity_invite WHERE email = 'i5@x.example'), application => 'crm', environment => 'production') IS NULL AS done \gset
SELECT is(t.undone(canopy_bulk_import_undo(:'id')), '1 reversed, 2 reversed, 3 kept accepted, 4 kept revoked, 5 kept invite_changed, 6 reversed, 7 reversed', 'each invite has its verdict');
SELECT is((SELECT string_agg(concat_ws(' ', email, status, revoked_at IS NOT NULL), ', ' ORDER BY email) FROM canopy.identity_invite WHERE email ~ '^i'),
	'i1@x.example revoked t, i2@x.example revoked t, i3@x.example accepted f, i4@x.example revoked t, i5@x.example pending f', 'those whose mail was claimed are revoked, those that nobody knows of are gone');
SELECT is((SELECT string_agg(concat_ws(' ', recipient, status, link IS NOT NULL), ', ' ORDER BY recipient, status) FROM canopy.outbox WHERE recipient ~ '^i[1267]'),
	'i1@x.example sent f, i2@x.example withdrawn f', 'and no mail is left that will be sent');
SELECT t.ready('invite', t.file('i', 2)) AS id \gset
SELECT is((SELECT string_agg(verdict, ' ' ORDER BY row_number) FROM canopy.import_row WHERE import_id = :'id'), 'valid valid', 'they can be invited again');

-- an import that was cancelled or failed has rows to undo as well
SET canopy_bulk.max_rows = 2;
SELECT t.ready('account_create', t.file('g', 5)) AS id \gset
CREATE FUNCTION t.stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE disk_full; END $$;
CREATE TRIGGER stop BEFORE INSERT ON canopy.identity FOR EACH ROW WHEN (NEW.email = 'g3@x.example') EXECUTE FUNCTION t.stop();
\set ON_ERROR_STOP off
\o /dev/null
CALL canopy_bulk_import_run(:'id');
\o
DROP TRIGGER stop ON canopy.identity;
RESET canopy_bulk.max_rows;
SELECT is((SELECT concat_ws(' ', status, next_row) FROM canopy.import WHERE id = :'id'), 'failed 3', 'an import fails in its second batch');
SELECT is(t.undone(canopy_bulk_import_undo(:'id')), '1 reversed, 2 reversed', 'its first is undone');
SELECT is(t.people_now(), (SELECT people FROM t.before), 'and everybody is who he was');

-- an import of another account is unknown
SELECT throws_ok(format('SELECT canopy_bulk_import_undo(%L, account => ''globex'')', :'id'), 'PT404', 'import does not exist', 'an import of another account is unknown');
SELECT throws_ok('SELECT canopy_bulk_import_undo(NULL)', '22023', 'argument "id" cannot be null', 'an id is needed');
SET request.jwt.claims = '{"sub": "eve", "principal_type": "user", "account": "acme", "application": "wiki"}';
SELECT throws_ok(format('SELECT canopy_bulk_import_undo(%L)', :'id'), 'PT404', 'import does not exist', 'claims of an application do not reach the account''s');
RESET request.jwt.claims;

SELECT * FROM finish();
