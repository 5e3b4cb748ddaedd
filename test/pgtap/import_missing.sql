-- Who is in the directory and not in the file: reported, or deactivated, with a brake, and undone.
-- strategies: all
\ir fixture.psql
SELECT no_plan();
SET canopy_bulk.account = 'acme';

-- an import that is ready to run, with the answer of its preview
CREATE FUNCTION t.ready(mode text, missing text, file text, percent integer DEFAULT 10, on_conflict text DEFAULT 'skip') RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	id uuid := canopy_bulk_import_open(mode, application => CASE mode WHEN 'account_create' THEN NULL ELSE 'crm' END,
		environment => CASE mode WHEN 'account_create' THEN NULL ELSE 'production' END, on_conflict => on_conflict,
		missing => missing, max_missing_percent => percent)->>'id';
BEGIN
	PERFORM canopy_bulk_import_upload_text(id, E'email,first_name,last_name\n' || file);
	RETURN canopy_bulk_import_preview(id);
END $$;
CREATE FUNCTION t.lines(VARIADIC addresses text[]) RETURNS text LANGUAGE sql AS
$$ SELECT string_agg(a || E'@x.example,A,B\n', '') FROM unnest(addresses) AS a $$;
CREATE FUNCTION t.missing(import uuid) RETURNS text LANGUAGE sql AS $$
SELECT string_agg(concat_ws(' ', r->>'email', r->>'outcome', r->>'error_code', r->>'undo_outcome', r->>'undo_reason'), ', ' ORDER BY n)
FROM jsonb_array_elements(canopy_bulk_import_missing(import)->'items') WITH ORDINALITY AS e (r, n) $$;
CREATE FUNCTION t.active(application text) RETURNS text LANGUAGE sql AS $$
SELECT string_agg(split_part(i.email, '@', 1), ' ' ORDER BY i.email) FROM canopy.identity AS i
JOIN canopy.app_membership AS m ON m.identity_id = i.id WHERE m.application_id = t.id(application) AND m.status = 'active' $$;
CREATE FUNCTION t.members() RETURNS text LANGUAGE sql AS $$
SELECT md5(concat(
	(SELECT string_agg((to_jsonb(i) - 'updated_at')::text, ' ' ORDER BY i.id) FROM canopy.identity AS i),
	(SELECT string_agg((to_jsonb(m) - 'updated_at')::text, ' ' ORDER BY m.id) FROM canopy.app_membership AS m),
	(SELECT string_agg(to_jsonb(r)::text, ' ' ORDER BY r.id) FROM canopy.role_assignment AS r))) $$;

-- ten members of crm, three of them of wiki too, one suspended; two are in the directory alone
SELECT count(t.add_identity('acme', a || '@x.example')) AS done FROM unnest('{m0,m1,m2,m3,m4,m5,m6,m7,m8,m9,out1,out2}'::text[]) AS a \gset
SELECT count(t.add_membership('acme', 'm' || i || '@x.example', 'crm')) AS done FROM generate_series(0, 9) AS i \gset
SELECT count(t.add_membership('acme', 'm' || i || '@x.example', 'wiki')) AS done FROM generate_series(7, 9) AS i \gset
SELECT t.add_membership('acme', 'out1@x.example', 'crm', 'suspended') IS NULL AS done \gset
INSERT INTO canopy.role_assignment (account_id, id, identity_id, application_id, role_id, node_id, effective_to, created_at)
SELECT t.id('acme'), t.id('r' || app || i), t.id(format('m%s@x.example', i)), t.id(app), t.id(role), t.id(node), '2099-01-01 00:00:00.000001+00', '2020-02-02 02:02:02.000002+00'
FROM (VALUES (8, 'crm', 'editor', 'crm-eu'), (9, 'crm', 'editor', 'crm-eu'), (9, 'wiki', 'writer', 'wiki-root')) AS v (i, app, role, node);

-- report: the preview counts them, the list names them, and nobody is touched
SELECT t.ready('create', 'report', t.lines('m0', 'M1', ' m2', 'm3', 'm4', 'm5', 'm6', 'new')) AS preview \gset
SELECT :'preview'::jsonb->>'id' AS id \gset
SELECT is(:'preview'::jsonb->'missing', '{"mode": "report", "count": 3, "refused": null, "directory_count": 10, "max_missing_percent": 10, "rows_without_address": 0}', 'the preview counts who is missing');
SELECT is(t.missing(:'id'), 'm7@x.example, m8@x.example, m9@x.example', 'the list names them');
SELECT is(canopy_bulk_import_missing(:'id', 2, 2) #>> '{items,0,email}', 'm9@x.example', 'page by page');
SELECT is(canopy_bulk_import_missing(:'id', 2, 2) #> '{pagination,item_count}', '3', 'and says how many they are');
CALL canopy_bulk_import_run(:'id');
SELECT is(t.active('crm'), 'm0 m1 m2 m3 m4 m5 m6 m7 m8 m9 new', 'nobody is deactivated');
SELECT is((SELECT metadata->'missing' FROM canopy.audit_log WHERE action = 'identity.bulk_import'), '{"mode": "report", "count": 3, "refused": null, "deactivated": 0}', 'the audit entry has the count');
SELECT is(t.missing(:'id'), 'm7@x.example, m8@x.example, m9@x.example', 'the list stays');
SELECT canopy_bulk_import_undo(:'id') IS NULL AS done \gset
SELECT is(t.ready('create', 'ignore', t.lines('m0'))->'missing', 'null', 'where nobody asked there is none');

-- deactivate: too many are refused before anything is written
SELECT t.ready('create', 'deactivate', t.lines('m0', 'm1', 'm2', 'm3', 'm4', 'm5', 'm6', 'new')) AS preview \gset
SELECT :'preview'::jsonb->>'id' AS id \gset
SELECT is(:'preview'::jsonb->'missing', '{"mode": "deactivate", "count": 3, "refused": "max_missing_percent", "directory_count": 10, "max_missing_percent": 10, "rows_without_address": 0}', 'the preview warns');
CREATE TABLE t.before AS SELECT t.members() AS members;
\set ON_ERROR_STOP off
CALL canopy_bulk_import_run(:'id');
\set ON_ERROR_STOP on
SELECT is(:'LAST_ERROR_SQLSTATE'::text, 'PT409', 'the brake is a conflict');
SELECT is(:'LAST_ERROR_MESSAGE'::text, 'the import would deactivate more than it may', 'which says so');
SELECT is(t.members(), (SELECT members FROM t.before), 'and nothing is written');

-- within the limit they are deactivated, with their roles, in this application alone
SELECT t.ready('create', 'deactivate', t.lines('m0', 'm1', 'm2', 'm3', 'm4', 'm5', 'm6', 'new'), 30) AS preview \gset
SELECT :'preview'::jsonb->>'id' AS id \gset
CALL canopy_bulk_import_run(:'id');
SELECT is(t.active('crm'), 'm0 m1 m2 m3 m4 m5 m6 new', 'who is missing is no member any more');
SELECT is(t.active('wiki'), 'm7 m8 m9', 'but of other applications');
SELECT is((SELECT string_agg(status, ' ') FROM canopy.app_membership WHERE identity_id = t.id('out1@x.example')), 'suspended', 'who was no active member stays what he was');
SELECT is((SELECT count(*) FROM canopy.role_assignment), 1::bigint, 'their roles are gone, those in other applications not');
SELECT is(t.missing(:'id'), 'm7@x.example deactivated, m8@x.example deactivated, m9@x.example deactivated', 'the list says so');
SELECT is((SELECT metadata->'missing' FROM canopy.audit_log WHERE action = 'identity.bulk_import' AND metadata->>'import_id' = :'id'), '{"mode": "deactivate", "count": 3, "refused": null, "deactivated": 3}', 'and the audit entry');
SELECT is((SELECT count(*) FROM canopy.audit_log WHERE action = 'app_membership.bulk_detach'), 1::bigint, 'the batch has its own');

-- and undone: those that nobody touched are what they were, to the microsecond
SELECT canopy_bulk_attach(ARRAY[t.id('m7@x.example')], 'crm') IS NULL AS done \gset
SELECT canopy_bulk_import_undo(:'id', true) AS answer \gset
SELECT is(:'answer'::jsonb->'missing', '{"total": 3, "reversed": 2, "kept": 1, "error": 0}', 'a dry run counts them');
SELECT is(:'answer'::jsonb #> '{rows,0}', jsonb_build_object('row_number', NULL, 'id', t.id('m7@x.example'), 'outcome', 'kept', 'reason', 'memberships_changed'), 'and names who is kept');
SELECT is(t.active('crm'), 'm0 m1 m2 m3 m4 m5 m6 m7 new', 'and leaves no trace');
SELECT is(canopy_bulk_import_undo(:'id')->'missing', '{"total": 3, "reversed": 2, "kept": 1, "error": 0}', 'undoing does the same');
SELECT is(t.active('crm'), 'm0 m1 m2 m3 m4 m5 m6 m7 m8 m9', 'they are members again');
SELECT is(t.missing(:'id'), 'm7@x.example deactivated kept memberships_changed, m8@x.example deactivated reversed, m9@x.example deactivated reversed', 'the list says what became of each');
UPDATE canopy.app_membership SET activated_at = '2020-01-01Z' WHERE identity_id = t.id('m7@x.example') AND application_id = t.id('crm');
SELECT is(t.members(), (SELECT members FROM t.before), 'and everybody has what he had');

-- a role that is gone cannot be given back: that one is an error, and can be tried again
SELECT t.ready('create', 'deactivate', t.lines('m0', 'm1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7'), 20)->>'id' AS id \gset
CALL canopy_bulk_import_run(:'id');
INSERT INTO canopy.role (account_id, environment_id, id, name) VALUES (t.id('acme'), t.id('production'), t.id('other'), 'other');
UPDATE canopy.import_missing SET before = jsonb_set(before, '{assignments,0,role_id}', to_jsonb(t.id('gone'))) WHERE import_id = :'id' AND identity_id = t.id('m9@x.example');
SELECT is(canopy_bulk_import_undo(:'id')->'missing', '{"total": 2, "reversed": 1, "kept": 0, "error": 1}', 'who had a role that is gone is an error');
SELECT is(t.missing(:'id'), 'm8@x.example deactivated reversed, m9@x.example deactivated error 23503', 'with its SQLSTATE');
INSERT INTO canopy.role (account_id, environment_id, id, name) VALUES (t.id('acme'), t.id('production'), t.id('gone'), 'gone');
SELECT is(canopy_bulk_import_undo(:'id')->'missing', '{"total": 1, "reversed": 1, "kept": 0, "error": 0}', 'until it is there');
UPDATE canopy.role_assignment SET role_id = t.id('editor') WHERE role_id = t.id('gone');
SELECT is(t.members(), (SELECT members FROM t.before), 'and everybody has what he had');

-- a bad row is somebody's: who is in it is not missing; where nobody can tell who it is nobody is deactivated
SELECT t.ready('create', 'deactivate', t.lines('m0', 'm1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7') || E'm8@x.example,,B\n', 20)->>'id' AS id \gset
SELECT is((SELECT verdict FROM canopy.import_row WHERE import_id = :'id' AND row_number = 9), 'error', 'a row has no name');
SELECT is(t.missing(:'id'), 'm9@x.example', 'it has an address all the same');
SELECT t.ready('create', 'deactivate', t.lines('m0', 'm1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7', 'm8', 'new') || E'no address,A,B\n,A,B\nm9@x.example,A\n', 20) AS preview \gset
SELECT :'preview'::jsonb->>'id' AS id \gset
SELECT is(:'preview'::jsonb->'missing', '{"mode": "deactivate", "count": 1, "refused": "rows_without_address", "directory_count": 10, "max_missing_percent": 20, "rows_without_address": 3}', 'rows without an address are counted');
CALL canopy_bulk_import_run(:'id');
SELECT is(t.active('crm'), 'm0 m1 m2 m3 m4 m5 m6 m7 m8 m9 new', 'the import is made, and nobody is deactivated');
SELECT is((SELECT metadata->'missing' FROM canopy.audit_log WHERE action = 'identity.bulk_import' AND metadata->>'import_id' = :'id'), '{"mode": "deactivate", "count": 1, "refused": "rows_without_address", "deactivated": 0}', 'which the audit entry tells');
SELECT is((SELECT concat_ws(' ', status, missing_count, missing_refused) FROM canopy.import WHERE id = :'id'), 'completed 1 rows_without_address', 'and the import');
SELECT canopy_bulk_import_undo(:'id') IS NULL AS done \gset
SELECT is(t.members(), (SELECT members FROM t.before), 'and everybody has what he had');

-- the directory of an account; batches of two
SET canopy_bulk.max_rows = 2;
SELECT t.ready('account_create', 'deactivate', t.lines('m0', 'm1', 'm2', 'm3', 'm4', 'm5', 'm6'), 50)->>'id' AS id \gset
CALL canopy_bulk_import_run(:'id');
RESET canopy_bulk.max_rows;
SELECT is((SELECT string_agg(split_part(email, '@', 1), ' ' ORDER BY email) FROM canopy.identity WHERE NOT is_active), 'm7 m8 m9 out1 out2', 'identities become inactive');
SELECT is(t.active('crm'), 'm0 m1 m2 m3 m4 m5 m6 m7 m8 m9', 'and stay members');
SELECT is((SELECT count(*) FROM canopy.audit_log WHERE action = 'identity.bulk_set_status'), 3::bigint, 'batch by batch');
SELECT is(canopy_bulk_import_undo(:'id')->'missing', '{"total": 5, "reversed": 5, "kept": 0, "error": 0}', 'undoing makes them active again');
SELECT is(t.members(), (SELECT members FROM t.before), 'and everybody has what he had');

-- what a cancelled import has not written says nothing of who is missing
SELECT t.ready('account_create', 'deactivate', t.lines('m0'), 100)->>'id' AS id \gset
SELECT canopy_bulk_import_cancel(:'id') IS NULL AS done \gset
SELECT is(t.members(), (SELECT members FROM t.before), 'a cancelled import deactivates nobody');

-- an import of another account, or one without a file
SELECT throws_ok(format('SELECT canopy_bulk_import_missing(%L, account => ''globex'')', :'id'), 'PT404', 'import does not exist', 'an import of another account is unknown');
SELECT throws_ok(format('SELECT canopy_bulk_import_missing(%L)', canopy_bulk_import_open('account_create')->>'id'), 'PT409', 'the import is in another state', 'without a file there is nobody to compare');
SELECT throws_ok(format('SELECT canopy_bulk_import_missing(%L, 0)', :'id'), '22023', 'page must be positive', 'pages count from 1');

SELECT * FROM finish();
