-- Mapping the columns of an import: proposals, changes, what cannot be, what is remembered.
\ir fixture.psql
SELECT no_plan();
SET canopy_bulk.account = 'acme';

-- headers and fields in one line: "E-Mail=email, x=-"
CREATE FUNCTION t.columns(answer jsonb) RETURNS text LANGUAGE sql AS
$$ SELECT string_agg(concat(c->>'header', '=', coalesce(c->>'field', '-')), ', ' ORDER BY n)
   FROM jsonb_array_elements(answer->'columns') WITH ORDINALITY AS e (c, n) $$;
SELECT canopy_bulk_import_open('account_create')->>'id' AS id \gset
SELECT canopy_bulk_import_upload_text(:'id', E'E-Mail,Vorname,Zuname 2,Kennwort,metadata.Team,x,x\na@x.example,A,B,correct horse,T,1,2') AS answer \gset

-- a required field without a column is named, and the import waits for it
SELECT is(t.columns(:'answer'), 'E-Mail=email, Vorname=first_name, Zuname 2=-, Kennwort=password, metadata.Team=metadata.Team, x=-, x=-', 'columns have what fits');
SELECT results_eq(format('SELECT r->>''status'', r->''missing'' FROM (SELECT %L::jsonb) AS v (r)', :'answer'),
	$$ VALUES ('uploaded', '["last_name"]'::jsonb) $$, 'the required field without a column is named');
SELECT throws_ok(format('SELECT canopy_bulk_import_preview(%L)', :'id'), 'PT409', 'the import is in another state', 'and no preview is possible');

-- a look changes nothing
SELECT is(t.columns(canopy_bulk_import_map(:'id')), t.columns(:'answer'), 'without a mapping there is only a look');

-- a column by its header, by its position, to a key of the metadata, to nothing
SELECT is(t.columns(canopy_bulk_import_map(:'id', '{"Zuname 2": "last_name", "6": "metadata.shoe size", "metadata.Team": null}')),
	'E-Mail=email, Vorname=first_name, Zuname 2=last_name, Kennwort=password, metadata.Team=-, x=metadata.shoe size, x=-', 'columns can be changed');
SELECT results_eq(format('SELECT r->>''status'', r->''missing'' FROM canopy_bulk_import_info(%L) AS r', :'id'),
	$$ VALUES ('mapped', '[]'::jsonb) $$, 'and the import is mapped');

-- a field moves: the column that had it has none
SELECT is(t.columns(canopy_bulk_import_map(:'id', '{"Vorname": "last_name", "Zuname 2": "first_name"}')),
	'E-Mail=email, Vorname=last_name, Zuname 2=first_name, Kennwort=password, metadata.Team=-, x=metadata.shoe size, x=-', 'two columns can change places');
SELECT is(t.columns(canopy_bulk_import_map(:'id', '{"7": "email"}')),
	'E-Mail=-, Vorname=last_name, Zuname 2=first_name, Kennwort=password, metadata.Team=-, x=metadata.shoe size, x=email', 'a field goes to the column that is named');
SELECT is(t.columns(canopy_bulk_import_map(:'id', '{"E-Mail": "email"}')),
	'E-Mail=email, Vorname=last_name, Zuname 2=first_name, Kennwort=password, metadata.Team=-, x=metadata.shoe size, x=-', 'and back');

-- what cannot be
SELECT throws_ok(format('SELECT canopy_bulk_import_map(%L, %L)', :'id', mapping), '22023', message, mapping)
FROM (VALUES
	('["email"]', 'mapping is not an object'),
	('{"E-Mail": 1}', 'a field is named by a string'),
	('{"nobody": "email"}', 'the file has no such column'),
	('{"8": "email"}', 'the file has no such column'),
	('{"0": "email"}', 'the file has no such column'),
	('{"x": "email"}', 'several columns have the same header'),
	('{"E-Mail": "role_id"}', 'the mode of the import has no such field'),
	('{"E-Mail": "metadata."}', 'the mode of the import has no such field'),
	('{"6": "email", "7": "email"}', 'two columns cannot have one field'),
	('{"6": "password"}', 'a column cannot become a secret after the upload'),
	('{"6": "password_hash"}', 'a column cannot become a secret after the upload'),
	('{"Kennwort": "external_id"}', 'the cells of a secret column are not kept')
) AS v (mapping, message);

-- a password can be left out
SELECT is(canopy_bulk_import_map(:'id', '{"Kennwort": null}')#>>'{columns,3,field}', NULL, 'a password can be ignored');

-- what was chosen is proposed for the next file of the mode, whatever the blanks and capitals
SELECT (canopy_bulk_import_open('account_create')->>'id')::uuid AS next_id \gset
SELECT is(t.columns(canopy_bulk_import_upload_text(:'next_id', E'e-mail,VORNAME,  zuname  2 ,metadata.team\na@x.example,A,B,T')),
	'e-mail=email, VORNAME=last_name, zuname  2=first_name, metadata.team=-', 'choices are remembered');
SELECT (canopy_bulk_import_open('create', application => 'crm')->>'id')::uuid AS other_id \gset
SELECT is(t.columns(canopy_bulk_import_upload_text(:'other_id', E'E-Mail,Vorname,Zuname 2\na@x.example,A,B')),
	'E-Mail=email, Vorname=first_name, Zuname 2=-', 'for another mode they are not');
SET canopy_bulk.account = 'globex';
SELECT (canopy_bulk_import_open('account_create')->>'id')::uuid AS globex_id \gset
SELECT is(t.columns(canopy_bulk_import_upload_text(:'globex_id', E'E-Mail,Vorname,Zuname 2\na@x.example,A,B')),
	'E-Mail=email, Vorname=first_name, Zuname 2=-', 'nor for another account');
SET canopy_bulk.account = 'acme';

-- choices for two files that do not fit one are forgotten for it
SELECT canopy_bulk_import_map(:'next_id', '{"1": null, "4": "email"}') IS NULL AS mapped \gset
SELECT canopy_bulk_import_map(:'id', '{"E-Mail": "email"}') IS NULL AS mapped \gset
SELECT is(t.columns(canopy_bulk_import_upload_text(:'next_id', E'E-Mail,first_name,last_name,metadata.Team\na@x.example,A,B,T')),
	'E-Mail=email, first_name=first_name, last_name=last_name, metadata.Team=metadata.Team', 'of choices that contradict each other none counts');

SELECT * FROM finish();
