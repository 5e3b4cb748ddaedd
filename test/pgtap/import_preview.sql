-- The preview of an import: what every row would do, and nothing done.
-- strategies: all
\ir fixture.psql
SELECT no_plan();
SET canopy_bulk.account = 'acme';

CREATE FUNCTION t.open(mode text, file text, on_conflict text DEFAULT 'error') RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
	id uuid := canopy_bulk_import_open(mode, application => CASE mode WHEN 'account_create' THEN NULL ELSE 'crm' END,
		environment => CASE mode WHEN 'account_create' THEN NULL ELSE 'production' END, on_conflict => on_conflict)->>'id';
BEGIN
	PERFORM canopy_bulk_import_upload_text(id, file);
	RETURN id;
END $$;
-- the rows of an import, a line each: "2 error - email_conflict(email, 1)<1"
CREATE FUNCTION t.rows(import uuid) RETURNS SETOF text LANGUAGE sql AS $$
SELECT concat_ws(' ', row_number, verdict, coalesce(plan, '-'), CASE WHEN selected THEN 'selected' END,
	(SELECT string_agg(concat(i->>'code', '(', concat_ws(', ', i->>'field', i->>'column'), ')', '<' || (i->>'first_row'), '~' || (i->>'closest'),
		CASE i->>'severity' WHEN 'warning' THEN '?' END), ' ' ORDER BY n)
	 FROM jsonb_array_elements(issues) WITH ORDINALITY AS e (i, n)))
FROM canopy.import_row WHERE import_id = import ORDER BY row_number $$;

-- every kind of trouble has its cell
SELECT t.add_identity('acme', 'old@x.example', 'E-OLD') IS NULL AS done \gset
SELECT t.open('create', concat_ws(E'\n', 'email,first_name,last_name,external_id,role_id,node_id,password,metadata',
	'good@x.example,Ada,Byron,E1,,,,',
	'bad,Ada,Byron,,,,,',
	',Ada,Byron,,,,,',
	'GOOD@x.example,Ada,Byron,,,,,',
	'old@x.example,Ada,Byron,,,,,',
	'dup@x.example,Ada,Byron,E1,,,,',
	'dupold@x.example,Ada,Byron,E-OLD,,,,',
	format('role@x.example,Ada,Byron,,%s,,,', t.id('editor')),
	format('both@x.example,Ada,Byron,,%s,%s,,', t.id('editor'), t.id('crm-eu')),
	format('far@x.example,Ada,Byron,,%s,%s,,', t.id('tester'), t.id('crm-eu')),
	format('sys@x.example,Ada,Byron,,%s,%s,,', t.id('system-admin'), t.id('crm-eu')),
	'uuid@x.example,Ada,Byron,,your-role,your-node,,',
	'short@x.example,Ada,Byron,,,,short,',
	'pass@x.example,Ada,Byron,,,,correct horse,',
	'meta@x.example,Ada,Byron,,,,,{not json',
	'list@x.example,Ada,Byron,,,,,"[1]"',
	'object@x.example,Ada,Byron,,,,,"{""a"": 1e999999}"',
	'typo@gmial.com,Ada,Byron,,,,,',
	'capitals@x.example,ADA,Byron,,,,,',
	'ragged@x.example,Ada',
	' "quoted@x.example" , Ada , Byron ,,,,,')) AS id \gset
CREATE TABLE t.before AS SELECT t.state() AS state;
SELECT canopy_bulk_import_preview(:'id') AS answer \gset
SELECT results_eq(format('SELECT * FROM t.rows(%L)', :'id'), $$ VALUES
	('1 valid create selected'),
	('2 error - email_invalid(email, 1)'),
	('3 error - required(email, 1)'),
	('4 error - email_conflict(email, 1)<1'),
	('5 error - email_conflict(email, 1)'),
	('6 error - external_id_conflict(external_id, 4)<1'),
	('7 error - external_id_conflict(external_id, 4)'),
	('8 error - role_node_pair(node_id, 6)'),
	('9 valid create selected'),
	('10 error - role_not_found(role_id, 5)'),
	('11 error - system_role(role_id, 5)'),
	('12 error - uuid_invalid(role_id, 5) uuid_invalid(node_id, 6)'),
	('13 error - password_too_short(password, 7)'),
	('14 valid create selected'),
	('15 error - metadata_invalid(metadata, 8)'),
	('16 error - metadata_invalid(metadata, 8)'),
	('17 error - metadata_invalid(metadata, 8)'),
	('18 warning create selected domain_typo(email, 1)~gmail.com?'),
	('19 warning create selected capitals(first_name, 2)?'),
	('20 error - ragged_row()'),
	('21 valid create selected')
$$, 'each row has its verdict, plan and issues');
SELECT is(:'answer'::jsonb->'statistics', '{"total": 21, "valid": 4, "warning": 2, "error": 15, "selected": 6, "create": 6, "update": 0, "skip": 0}', 'the counts are those of the rows');
SELECT is((SELECT sum((c->>'count')::integer) FROM jsonb_array_elements(:'answer'::jsonb->'codes') AS c WHERE c->>'code' = 'metadata_invalid'), 3::bigint, 'codes are counted');
SELECT is((SELECT state - 'import' - 'import_row' FROM t.before), t.state() - 'import' - 'import_row', 'nothing but the import has changed');
SELECT is(:'answer'::jsonb->>'plan_digest', encode(plan_digest, 'hex'), 'the digest is stored') FROM canopy.import WHERE id = :'id';

-- the same again is the same plan
SELECT is(canopy_bulk_import_preview(:'id'), :'answer'::jsonb, 'a second preview says the same');

-- a row that somebody deselects makes room for the one that repeats it
SELECT is(canopy_bulk_import_select(:'id', '{1}', false)#>>'{statistics,selected}', '5', 'a row is deselected');
SELECT isnt((SELECT encode(plan_digest, 'hex') FROM canopy.import WHERE id = :'id'), :'answer'::jsonb->>'plan_digest', 'which is another plan');
SELECT canopy_bulk_import_preview(:'id') IS NULL AS done \gset
SELECT results_eq(format('SELECT * FROM t.rows(%L) LIMIT 6', :'id'), $$ VALUES
	('1 valid create'),
	('2 error - email_invalid(email, 1)'),
	('3 error - required(email, 1)'),
	('4 valid create selected'),
	('5 error - email_conflict(email, 1)'),
	('6 valid create selected')
$$, 'a deselected row takes no part, and keeps what was found of it');

-- a row with errors stays deselected, whoever asks
SELECT is(canopy_bulk_import_select(:'id', '{2,3,1}')->>'rows', '1', 'rows with errors cannot be selected');
SELECT is(canopy_bulk_import_select(:'id')#>>'{statistics,selected}', '8', 'all the others can');
SELECT is(canopy_bulk_import_select(:'id', selected => false)#>>'{statistics,selected}', '0', 'and none');

-- on_conflict decides what an address that exists means
SELECT t.open('create', E'email,first_name,last_name\nold@x.example,Ada,New\nnew@x.example,Ada,New\nnew@x.example,Ada,Newer', 'skip') AS id \gset
SELECT canopy_bulk_import_preview(:'id')#>>'{statistics,skip}' IS NULL AS done \gset
SELECT results_eq(format('SELECT * FROM t.rows(%L)', :'id'), $$ VALUES
	('1 warning skip selected already_exists(email, 1)?'), ('2 valid create selected'), ('3 error - email_conflict(email, 1)<2') $$, 'skip: it is a warning');
SELECT is((SELECT resource_id FROM canopy.import_row WHERE import_id = :'id' AND row_number = 1), t.id('old@x.example'), 'which names the identity');
SELECT t.open('create', E'email,first_name,last_name\nold@x.example,Ada,New', 'update') AS id \gset
SELECT canopy_bulk_import_preview(:'id') IS NULL AS done \gset
SELECT results_eq(format('SELECT * FROM t.rows(%L)', :'id'), $$ VALUES ('1 valid update selected') $$, 'update: it will be updated');
SELECT is((SELECT last_name FROM canopy.identity WHERE email = 'old@x.example'), 'Name', 'and is not yet');

-- duplicates are found over all batches, and are told apart from what the directory has
SELECT t.open('account_create', E'email,first_name,last_name\n' || string_agg(format(E'p%s@x.example,Ada,Byron\n', CASE WHEN n = 450 THEN 3 WHEN n = 451 THEN 449 ELSE n END), '' ORDER BY n)) AS id
FROM generate_series(1, 460) AS n \gset
SELECT canopy_bulk_import_preview(:'id')->'statistics' AS answer \gset
SELECT is(:'answer'::jsonb, '{"total": 460, "valid": 458, "warning": 0, "error": 2, "selected": 458, "create": 458, "update": 0, "skip": 0}', 'several batches are counted together');
SELECT results_eq(format('SELECT * FROM t.rows(%L) AS r WHERE r ~ ''error''', :'id'), $$ VALUES ('450 error - email_conflict(email, 1)<3'), ('451 error - email_conflict(email, 1)<449') $$,
	'a row that repeats one of an earlier batch, or of its own, names it');

-- triggers and constraints of the user's have their say, and one bad row costs no other
ALTER TABLE canopy.identity ADD CONSTRAINT no_bots CHECK (first_name <> 'Bot');
SELECT t.open('account_create', E'email,first_name,last_name\n' || string_agg(format(E'q%s@x.example,%s,Byron\n', n, CASE WHEN n % 50 = 0 THEN 'Bot' ELSE 'Ada' END), '' ORDER BY n)) AS id
FROM generate_series(1, 450) AS n \gset
SELECT is(canopy_bulk_import_preview(:'id')->'statistics', '{"total": 450, "valid": 441, "warning": 0, "error": 9, "selected": 441, "create": 441, "update": 0, "skip": 0}', 'a constraint of the user''s decides');
SELECT results_eq(format('SELECT * FROM t.rows(%L) AS r WHERE r ~ ''error'' LIMIT 1', :'id'), $$ VALUES ('50 error - rejected()') $$, 'and has its code');
ALTER TABLE canopy.identity DROP CONSTRAINT no_bots;

-- a plan depends on the directory: when that changes, so does the digest
SELECT t.open('account_create', E'email,first_name,last_name\nlate@x.example,Ada,Byron') AS id \gset
SELECT canopy_bulk_import_preview(:'id')->>'plan_digest' AS digest \gset
SELECT t.add_identity('acme', 'late@x.example') IS NULL AS done \gset
SELECT isnt(canopy_bulk_import_preview(:'id')->>'plan_digest', :'digest', 'an address that was taken since is another plan');

-- metadata comes from one column, from columns of its keys, or both; empty cells are not sent, and blanks around a value do not count
ALTER TABLE canopy.identity ADD CONSTRAINT as_told CHECK (email NOT LIKE '%@meta.example' OR metadata::text = external_id);
SELECT t.open('account_create', E'email,first_name,last_name,metadata,metadata.team,metadata.floor,external_id\n'
	'a@meta.example,A,B,"{""team"": ""old"", ""x"": [1]}", new ,,"{""x"": [1], ""team"": ""new""}"\n'
	'b@meta.example,A,B,,,3,"{""floor"": ""3""}"\nc@meta.example,A,B, ,,,{}\n'
	'd@meta.example,A,B,"{""x"": 1}",,,"{""x"": 1}"') AS id \gset
SELECT canopy_bulk_import_preview(:'id') IS NULL AS done \gset
SELECT results_eq(format('SELECT * FROM t.rows(%L)', :'id'), $$ VALUES ('1 valid create selected'), ('2 valid create selected'), ('3 valid create selected'), ('4 valid create selected') $$,
	'metadata is put together');
ALTER TABLE canopy.identity DROP CONSTRAINT as_told;

-- an invite has yes and no in many languages; what is neither is an error
SELECT t.open('invite', E'email,first_name,last_name,send_email\na@x.example,A,B,Ja\nb@x.example,A,B,0\nc@x.example,A,B,maybe\nd@x.example,A,B,') AS id \gset
SELECT canopy_bulk_import_preview(:'id') IS NULL AS done \gset
SELECT results_eq(format('SELECT * FROM t.rows(%L)', :'id'), $$ VALUES ('1 valid create selected'), ('2 valid create selected'), ('3 error - invalid_value(send_email, 4)'), ('4 valid create selected') $$,
	'words for yes and no are read');
SELECT is((SELECT count(*)::integer FROM canopy.outbox), 0, 'and no mail is sent');

-- pages of rows
SELECT is(canopy_bulk_import_rows(:'id', take => 1, page => 3)->'pagination',
	'{"page": 3, "take": 1, "item_count": 4, "page_count": 4, "has_next_page": true, "has_previous_page": true}', 'rows come in pages');
SELECT is(canopy_bulk_import_rows(:'id', 'error')->'items',
	'[{"plan": null, "cells": ["c@x.example", "A", "B", "maybe"], "issues": [{"code": "invalid_value", "field": "send_email", "column": 4, "bound": null, "closest": null,
	   "message": "send_email has a value that is not allowed.", "severity": "error", "first_row": null}], "outcome": null, "verdict": "error", "selected": false,
	   "row_number": 3, "line_number": 4}]', 'or those of a verdict');
SELECT throws_ok(format('SELECT canopy_bulk_import_rows(%L, %s)', :'id', arguments), '22023', message, arguments)
FROM (VALUES
	('''good''', 'invalid value of verdict'),
	('take => 0', 'take is out of bounds'),
	('take => 101', 'take is out of bounds'),
	('page => 0', 'page must be positive')
) AS v (arguments, message);

-- the sample of each mode explains itself, and can be imported as it stands
SELECT is((canopy_bulk_import_preview(t.open(mode, canopy_bulk_sample_csv(mode)))->'statistics') - '{warning,valid}'::text[],
	'{"total": 2, "error": 0, "selected": 2, "create": 2, "update": 0, "skip": 0}', mode || ': its sample is good')
FROM unnest('{create,invite,account_create}'::text[]) AS mode;
SELECT results_eq(format('SELECT line FROM regexp_split_to_table(canopy_bulk_sample_csv(%L), E''\r\n'') AS line WHERE line !~ ''^#'' LIMIT 1', mode), format('VALUES (%L)', columns), mode || ': its columns')
FROM (VALUES
	('create', 'email,first_name,last_name,password,password_hash,external_id,role_id,node_id,metadata'),
	('invite', 'email,first_name,last_name,role_id,node_id,client_id,send_email,intent'),
	('account_create', 'email,first_name,last_name,password,password_hash,external_id,application_id,metadata')
) AS v (mode, columns);
SELECT throws_ok('SELECT canopy_bulk_sample_csv(''x'')', '22023', 'invalid mode of an import', 'an unknown mode has none');

-- what a program writes where there is no value is none; the error of a formula is named
SELECT t.open('account_create', concat_ws(E'\n', 'email,first_name,last_name,external_id,password,metadata.team',
	'a1@x.example,Ada,Lee,NULL,NULL,\N',
	'a2@x.example,Ada,Lee,(null),\N,#N/A',
	'a3@x.example,Ada,Lee,#REF!,,#NAME?',
	'a4@x.example,#VALUE!,Lee,,,',
	'a5@x.example,Ada,#N/A,,,',
	'a6@x.example,Ada,\N,,,',
	'a7@x.example,Ada,Null,,,',
	'a8@x.example,Ada,NULL,,,',
	'a9@x.example,Ada,Lee,-,,n/a',
	'a10@x.example,Ada,Lee,#BEZUG!,,Err:502',
	'a11@x.example,Ada,Lee,#12,,(none)')) AS id \gset
SELECT is(canopy_bulk_import_preview(:'id')->'statistics'->>'error', '3', 'a required field needs a value');
SELECT results_eq(format('SELECT * FROM t.rows(%L)', :'id'), $$ VALUES
	('1 valid create selected'),
	('2 valid create selected'),
	('3 warning create selected spreadsheet_error(external_id, 4)? spreadsheet_error(metadata.team, 6)?'),
	('4 error - spreadsheet_error(first_name, 2)'),
	('5 error - spreadsheet_error(last_name, 3)'),
	('6 error - required(last_name, 3)'),
	('7 valid create selected'),
	('8 warning create selected capitals(last_name, 3)? null_marker(last_name, 3)?'),
	('9 warning create selected null_marker(external_id, 4)? null_marker(metadata.team, 6)?'),
	('10 warning create selected spreadsheet_error(external_id, 4)? spreadsheet_error(metadata.team, 6)?'),
	('11 valid create selected') $$, 'markers and errors are told apart');
CALL canopy_bulk_import_run(:'id');
SELECT results_eq($$ SELECT concat_ws('|', split_part(email, '@', 1), last_name, coalesce(external_id, '~'), coalesce(metadata->>'team', '~'), password_hash) COLLATE "default" FROM canopy.identity
	WHERE email ~ '^a[0-9]+@x.example$' ORDER BY length(email), email $$,
	$$ VALUES ('a1|Lee|~|~'), ('a2|Lee|~|~'), ('a3|Lee|~|~'), ('a7|Null|~|~'), ('a8|NULL|~|~'), ('a9|Lee|-|n/a'), ('a10|Lee|~|~'), ('a11|Lee|#12|(none)') $$, 'and stored so');

SELECT * FROM finish();
