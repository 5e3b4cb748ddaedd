-- A first result, from a database that knows nothing to a directory with people in it.
\set ON_ERROR_STOP on
\pset pager off
\pset footer off
\pset null '-'
\set identities `cat test/data/new_hires.json`
SET client_min_messages = warning;

\echo
\echo '1. Set up. Accounts and applications are rows; a rule of the company is a constraint.'
\echo
\set ECHO queries
CREATE EXTENSION canopy_bulk;
SELECT canopy_bulk_setup() AS directory_version;
INSERT INTO canopy.account (slug, name) VALUES ('acme', 'Acme Ltd');
INSERT INTO canopy.application (account_id, slug, name)
SELECT id, 'crm', 'Customer desk' FROM canopy.account WHERE slug = 'acme';
ALTER TABLE canopy.identity ADD CONSTRAINT no_private_mail CHECK (email NOT LIKE '%@freemail.example');
SET canopy_bulk.account = 'acme';
\set ECHO none
SELECT FROM canopy_bulk_create('[{"email": "donald.knuth@acme.example", "first_name": "Don", "last_name": "Knuth"}]') \g /dev/null
CREATE FUNCTION pg_temp.verdicts(answer jsonb)
RETURNS TABLE (index integer, status text, code integer, email text, error text, message text)
LANGUAGE sql
AS $$
SELECT r.index, r.status, r.code, coalesce(r.data->>'email', r.input->>'email'),
       r.error->>'code', r.error->>'message'
FROM jsonb_to_recordset(answer->'results')
     AS r (index integer, status text, code integer, data jsonb, input jsonb, error jsonb)
$$;

\echo
\echo '2. One call, thirteen rows of test/data/new_hires.json, a verdict for each:'
\echo '   SELECT canopy_bulk_create(:identities);'
\echo
SELECT canopy_bulk_create(:'identities') AS answer \gset
SELECT * FROM pg_temp.verdicts(:'answer');
SELECT :'answer'::jsonb->'summary' AS summary;
\echo '   The details of a verdict say what to mend: rows 3, 4 and 11.'
\echo
SELECT r.index, r.error->'details' #- '{issues,0,message}' #- '{issues,1,message}' AS details
FROM jsonb_to_recordset(:'answer'::jsonb->'results') AS r (index integer, error jsonb)
WHERE r.index IN (3, 4, 11);

\echo '3. What is in the directory, and what the audit log says about the call:'
\echo
SELECT email, first_name, external_id, metadata,
       substring(password_hash FROM '^\$[^$]+\$') AS hash
FROM canopy.identity ORDER BY email;
SELECT action, outcome, actor_id, metadata->'succeeded' AS succeeded,
       (SELECT string_agg(concat(value, ' ', key), E'\n' ORDER BY key)
        FROM jsonb_each(metadata->'errors')) AS failed
FROM canopy.audit_log ORDER BY id DESC LIMIT 1;

\echo '4. A dry run takes the same road and leaves nothing; max_failed => 0 is all or nothing:'
\echo
\set batch '[{"email": "niklaus.wirth@acme.example", "first_name": "Niklaus", "last_name": "Wirth"}, {"email": "nobody@freemail.example", "first_name": "No", "last_name": "Body"}]'
\echo '   SELECT canopy_bulk_create(:batch, dry_run => true);'
SELECT * FROM pg_temp.verdicts(canopy_bulk_create(:'batch', dry_run => true));
\echo '   SELECT canopy_bulk_create(:batch, max_failed => 0);'
SELECT * FROM pg_temp.verdicts(canopy_bulk_create(:'batch', max_failed => 0));
SELECT count(*) AS "Niklaus is there" FROM canopy.identity WHERE email LIKE 'niklaus%';

\echo '5. Everybody into an application. Grace left it once, so she comes back; a second'
\echo '   attempt finds them there:'
\echo '   SELECT canopy_bulk_attach(array_agg(id), application => ''crm'') FROM canopy.identity;'
\echo
INSERT INTO canopy.app_membership (account_id, identity_id, application_id, status, deactivated_at)
SELECT i.account_id, i.id, a.id, 'deactivated', now()
FROM canopy.identity i JOIN canopy.application a USING (account_id)
WHERE i.email LIKE 'grace%' AND a.slug = 'crm';
CREATE FUNCTION pg_temp.attach_all()
RETURNS TABLE (index integer, email text, code integer, membership text, error text)
LANGUAGE sql
AS $$
SELECT r.index, i.email, r.code, r.data->>'status', r.error->>'code'
FROM (SELECT canopy_bulk_attach(array_agg(id ORDER BY email), application => 'crm') AS answer
      FROM canopy.identity) AS call,
     jsonb_to_recordset(answer->'results')
     AS r (index integer, code integer, data jsonb, input jsonb, error jsonb)
     JOIN canopy.identity i ON i.id::text = coalesce(r.data, r.input)->>'identity_id'
ORDER BY r.index
$$;
SELECT * FROM pg_temp.attach_all();
SELECT error, count(*) FROM pg_temp.attach_all() GROUP BY error;

\echo '6. The same over HTTP, for any thin layer, with an API key. The request is sent twice with'
\echo '   one Idempotency-Key: the second does nothing and gets the answer of the first:'
\echo '   SELECT status, headers, body FROM canopy_bulk_http(method, path, headers, body);'
\echo
INSERT INTO canopy.environment (account_id, application_id, slug, name)
SELECT account_id, id, 'production', 'Production' FROM canopy.application WHERE slug = 'crm'
ON CONFLICT DO NOTHING;
SELECT canopy_bulk_api_key_create('demo', application => 'crm', environment => 'production')->>'key' AS key \gset
CREATE FUNCTION pg_temp.post(key text)
RETURNS TABLE (status integer, replayed text, summary jsonb)
LANGUAGE sql
AS $$
SELECT r.status, r.headers->>'Idempotency-Replayed', convert_from(r.body, 'UTF8')::jsonb->'summary'
FROM canopy_bulk_http('POST', '/portal/v1/accounts/acme/applications/crm/identities/bulk-create',
       jsonb_build_object('X-API-Key', key, 'Idempotency-Key', 'monday', 'Content-Type', 'application/json'),
       convert_to('{"identities": [{"email": "radia.perlman@acme.example", "first_name": "Radia", "last_name": "Perlman"}]}', 'UTF8')) AS r
$$;
SELECT * FROM pg_temp.post(:'key');
SELECT * FROM pg_temp.post(:'key');
SELECT count(*) AS "audit entries of the key" FROM canopy.audit_log WHERE actor_type = 'api_key';

\echo '7. A role at a node for one, an invitation for another, who accepts it with a password of'
\echo '   her own; then she signs in, once wrongly:'
\echo
INSERT INTO canopy.node (account_id, application_id, environment_id, node_type, name, slug)
SELECT account_id, application_id, id, 'company', 'Acme', 'acme' FROM canopy.environment WHERE slug = 'production';
INSERT INTO canopy.role (account_id, environment_id, name)
SELECT account_id, id, 'agent' FROM canopy.environment WHERE slug = 'production';
SELECT jsonb_build_array(jsonb_build_object('identity_id', i.id, 'role_id', r.id, 'node_id', n.id)) AS wishes
FROM canopy.identity i, canopy.role r JOIN canopy.node n USING (account_id, environment_id)
WHERE i.email LIKE 'radia%' \gset
SELECT r->'code' AS assigned
FROM jsonb_array_elements(canopy_bulk_assign(:'wishes', application => 'crm')->'results') AS r;
SELECT canopy_bulk_invite('[{"email": "barbara.liskov@acme.example", "first_name": "Barbara", "last_name": "Liskov", "send_email": false},
  {"email": "radia.perlman@acme.example"}]', application => 'crm', environment => 'production') AS answer \gset
SELECT * FROM pg_temp.verdicts(:'answer');
SELECT split_part(:'answer'::jsonb #>> '{results,0,data,accept_url}', 'token=', 2) AS token \gset
SELECT canopy_bulk_invite_accept(:'token', 'abstraction and specification')->'message' AS accepted;
SELECT canopy_bulk_verify_password('barbara.liskov@acme.example', 'a guess') AS wrong;
SELECT canopy_bulk_verify_password('barbara.liskov@acme.example', 'abstraction and specification')->'verified' AS verified;

\echo '8. A CSV file as a personnel office writes it: cp1252, semicolons, German headers, a line'
\echo '   break in a cell. The preview writes every row and undoes it:'
\echo '   SELECT canopy_bulk_import_upload(:import, decode(:file, ''base64''), ''neue_mitarbeiter.csv'');'
\echo
\set file `base64 -w0 test/data/neue_mitarbeiter.csv`
SELECT canopy_bulk_import_open('create', application => 'crm', environment => 'production')->>'id' AS import \gset
SELECT canopy_bulk_import_upload(:'import', decode(:'file', 'base64'), 'neue_mitarbeiter.csv') AS upload \gset
SELECT u->'encoding'->>'name' AS encoding, u->>'delimiter' AS delimiter, u->>'row_count' AS rows,
       (SELECT string_agg(concat(c->>'header', ' = ', coalesce(c->>'field', '(ignored)')), ', ' ORDER BY (c->>'position')::integer)
        FROM jsonb_array_elements(u->'columns') AS c) AS columns
FROM (SELECT :'upload'::jsonb AS u) AS upload;
SELECT canopy_bulk_import_preview(:'import')->'statistics' AS preview;
SELECT r->>'row_number' AS row, r->>'line_number' AS line, r->'cells'->>0 AS email, r->>'verdict' AS verdict,
       (SELECT string_agg(i->>'code', ', ') FROM jsonb_array_elements(r->'issues') AS i) AS issues
FROM jsonb_array_elements(canopy_bulk_import_rows(:'import')->'items') AS r;
\echo '9. Run: batch by batch, each in a transaction of its own; what is left to do comes back as'
\echo '   a file in the uploaded columns, to be mended and uploaded again:'
\echo '   CALL canopy_bulk_import_run(:import);'
\echo '   SELECT canopy_bulk_import_csv(:import, ''failed'');'
\echo
SELECT format('CALL canopy_bulk_import_run(%L)', :'import') \gexec
SELECT r->>'row_number' AS row, r->>'outcome' AS outcome, r->>'code' AS code, r->>'skip_reason' AS skipped,
       r->>'error_code' AS error
FROM jsonb_array_elements(canopy_bulk_import_results(:'import')->'items') AS r;
\pset tuples_only on
SELECT replace(canopy_bulk_import_csv(:'import', 'failed'), E'\r', '');
\pset tuples_only off
SELECT metadata->'total' AS total, metadata->'succeeded' AS succeeded, metadata->'skipped' AS skipped,
       left(metadata->>'sha256', 12) AS sha256, metadata->>'file_name' AS file_name
FROM canopy.audit_log WHERE action = 'identity.bulk_import';

\echo '10. Second thoughts: undo it. Somebody has corrected a name since, and stays:'
\echo '   SELECT canopy_bulk_import_undo(:import);'
\echo
UPDATE canopy.identity SET last_name = 'Strauß-Groß' WHERE email LIKE 'soenke%';
SELECT r->>'row_number' AS row, r->>'outcome' AS outcome, r->>'reason' AS reason
FROM jsonb_array_elements(canopy_bulk_import_undo(:'import')->'rows') AS r
ORDER BY row;

\echo '11. Learners from a CSV behind a URL, as a background job: enrolled in a course, welcomed by'
\echo '   mail. An administrator allows the host; here it is on this machine, with a certificate of'
\echo '   its own. First a dry run, then for good, then once more, which changes nothing:'
\echo '   SELECT canopy_bulk_import_url(:url, invite_message => ''Welcome'', course_ids => :courses);'
\echo
ALTER SYSTEM SET canopy_bulk.import_allowed_hosts = :'host';
ALTER SYSTEM SET canopy_bulk.import_allowed_networks = '127.0.0.0/8';
ALTER SYSTEM SET canopy_bulk.import_ca_file = :'authority';
SELECT pg_reload_conf() \g /dev/null
-- the server reads its settings when it can; a new connection says when it has
\set waited `until [ "$(psql -XAtc 'SHOW canopy_bulk.import_ca_file')" = :'authority' ]; do sleep 0.1; done`
INSERT INTO canopy.learning_item (account_id, kind, slug, name)
SELECT id, 'course', 'orbits', 'Orbital mechanics' FROM canopy.account RETURNING id AS course \gset
CREATE FUNCTION pg_temp.end_of(job uuid)
RETURNS TABLE (status text, dry_run boolean, good integer, bad integer, learners bigint, enrolments bigint, mails bigint)
LANGUAGE plpgsql
AS $$
DECLARE
	found jsonb;
BEGIN
	LOOP
		found := canopy_bulk_job(job);
		EXIT WHEN found->>'status' IN ('complete', 'failed', 'cancelled');
		PERFORM pg_sleep(0.1);
	END LOOP;
	RETURN QUERY SELECT concat_ws(': ', found->>'status', found->>'error_message'), (found->'parameters'->>'dry_run')::boolean,
		s.valid + s.succeeded, s.error + s.failed,
		(SELECT count(*) FROM canopy.learner_profile), (SELECT count(*) FROM canopy.enrolment),
		(SELECT count(*) FROM canopy.outbox WHERE kind = 'welcome')
	FROM jsonb_to_record(canopy_bulk_import_info((found->>'import_id')::uuid)->'statistics')
		AS s (valid integer, error integer, succeeded integer, failed integer);
END
$$;
PREPARE ask AS SELECT canopy_bulk_import_url($1, invite_message => 'Welcome', course_ids => ARRAY[$2]::uuid[], dry_run => $3)
	#>> '{data,APIBulkImport,id}' AS job;
EXECUTE ask(:'url', :'course', true) \gset
SELECT * FROM pg_temp.end_of(:'job');
SELECT r->>'row_number' AS row, r->'cells'->>2 AS email, i->>'field' AS field, i->>'code' AS code
FROM jsonb_array_elements(canopy_bulk_import_rows((canopy_bulk_job(:'job')->>'import_id')::uuid)->'items') AS r,
     jsonb_array_elements(r->'issues') AS i;
EXECUTE ask(:'url', :'course', false) \gset
SELECT * FROM pg_temp.end_of(:'job');
EXECUTE ask(:'url', :'course', false) \gset
SELECT * FROM pg_temp.end_of(:'job');

\echo 'The server of this demo is gone now. README.md has each step in more words.'
