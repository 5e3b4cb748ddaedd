-- Uploading the file of an import: what is read, what is refused, what is stored.
\ir fixture.psql
SELECT no_plan();
SET canopy_bulk.account = 'acme';
SELECT (canopy_bulk_import_open('account_create')->>'id')::uuid AS id \gset

-- uploads text to one and the same import
CREATE FUNCTION t.upload(file text, divider text DEFAULT NULL, secrets text[] DEFAULT NULL) RETURNS jsonb LANGUAGE sql AS
$$ SELECT canopy_bulk_import_upload(id, convert_to(file, 'UTF8'), delimiter => divider, secret_columns => secrets)
   FROM canopy.import ORDER BY created_at LIMIT 1 $$;
CREATE FUNCTION t.cells() RETURNS SETOF text LANGUAGE sql AS
$$ SELECT cells::text FROM canopy.import_row ORDER BY row_number $$;
-- headers and fields in one line: "E-Mail=email, x=-"
CREATE FUNCTION t.columns(answer jsonb) RETURNS text LANGUAGE sql AS
$$ SELECT string_agg(concat(c->>'header', '=', coalesce(c->>'field', '-'), CASE WHEN (c->>'secret')::boolean THEN '!' END), ', ' ORDER BY n)
   FROM jsonb_array_elements(answer->'columns') WITH ORDINALITY AS e (c, n) $$;

-- the answer says what was found out
SELECT is(t.upload(E'# from the HR system\r\nE-Mail;Vorname;Nachname;Zimmer\r\nada@x.example;Ada;Byron;12\r\n\r\nbo@x.example;"B;o";"Ra\r\nsk";\r\n') - 'id' - 'columns',
	'{"status": "mapped", "missing": [], "row_count": 2, "comment_count": 1, "delimiter": ";", "header_line": 2, "passed_over": [],
	  "encoding": {"name": "UTF-8", "method": "default", "samples": [], "confidence": 100},
	  "preview": [["ada@x.example", "Ada", "Byron", "12"], ["bo@x.example", "B;o", "Ra\r\nsk", null]]}'::jsonb
	|| jsonb_build_object('warnings', '[]'::jsonb, 'encoding', canopy_bulk_import_info(:'id')->'encoding' || '{"samples": [], "alternative": null, "unreadable_count": 0}'), 'the answer describes the file');
SELECT is(t.columns(canopy_bulk_import_info(:'id')), 'E-Mail=email, Vorname=first_name, Nachname=last_name, Zimmer=-',
	'columns have the fields that their headers say');

-- rows are there with their lines, a quoted line break counted
SELECT results_eq('SELECT row_number, line_number, cells, selected, verdict FROM canopy.import_row ORDER BY 1', $$ VALUES
	(1, 3, ARRAY['ada@x.example', 'Ada', 'Byron', '12'], true, NULL::text),
	(2, 5, ARRAY['bo@x.example', 'B;o', E'Ra\r\nsk', NULL], true, NULL) $$, 'rows and their lines are stored');
SELECT is((SELECT encode(file_sha256, 'hex') FROM canopy.import WHERE id = :'id'),
	encode(sha256(convert_to(E'# from the HR system\r\nE-Mail;Vorname;Nachname;Zimmer\r\nada@x.example;Ada;Byron;12\r\n\r\nbo@x.example;"B;o";"Ra\r\nsk";\r\n', 'UTF8')), 'hex'),
	'and the SHA-256 of the bytes');

-- another file takes the place of the first
SELECT is(t.upload(E'email,first_name,last_name\na@x.example,A,B')->>'row_count', '1', 'a file can be replaced');
SELECT results_eq('SELECT * FROM t.cells()', $$ VALUES ('{a@x.example,A,B}') $$, 'and its rows are those of the new one');

-- bytes in other encodings, found out or named
SELECT is(canopy_bulk_import_upload(:'id', convert_to(E'E-Mail;Vorname;Nachname;Straße\r\nj@x.example;Jürgen;Groß;Königstraße 1', 'WIN1252'))#>>'{encoding,name}',
	'Windows-1252', 'what Excel writes is recognised');
SELECT is((SELECT cells[2] FROM canopy.import_row), 'Jürgen', 'and read');
SELECT is(canopy_bulk_import_upload(:'id', (SELECT '\xfffe'::bytea || string_agg(decode(lpad(to_hex(ascii(c)), 2, '0') || '00', 'hex'), '' ORDER BY n)
	FROM regexp_split_to_table(E'email\tfirst_name\tlast_name\na@x.example\tA\tB', '') WITH ORDINALITY AS e (c, n)))#>>'{encoding,method}', 'bom', 'UTF-16 is known by its mark');
SELECT results_eq('SELECT * FROM t.cells()', $$ VALUES ('{a@x.example,A,B}') $$, 'and read');
SELECT is(canopy_bulk_import_upload(:'id', convert_to(E'email,first_name,last_name\na@x.example,Łucja,Żak', 'WIN1250'), encoding => 'cp1250')->'encoding',
	'{"name": "Windows-1250", "method": "override", "samples": ["Łucja", "Żak"], "confidence": 100, "alternative": null, "unreadable_count": 0}', 'an encoding can be named');
SELECT is((SELECT cells[2] FROM canopy.import_row), 'Łucja', 'and is then the one');
SELECT is(canopy_bulk_import_upload_text(:'id', E'email,first_name,last_name\na@x.example,Łucja,Żak')->'encoding'->>'method', 'text',
	'text that was pasted needs no guess');
SELECT is(t.upload(E'email|first_name|last_name\na@x.example|A,B|C', 'pipe')->>'delimiter', '|', 'a delimiter can be named');

-- PostgREST passes a body on, and its headers say which import it is for
SELECT set_config('request.headers', jsonb_build_object('import-id', :'id', 'import-file-name', 'body.csv', 'import-encoding', 'latin1')::text, false) IS NULL AS done \gset
SELECT is(canopy_bulk_import_upload_body('email,first_name,last_name\012b@x.example,B\351,C')->'preview', '[["b@x.example", "Bé", "C"]]', 'a body can be uploaded');
SELECT is((SELECT file_name FROM canopy.import WHERE id = :'id'), 'body.csv', 'with the name that a header gives it');
SELECT set_config('request.headers', '{"import-id": "x"}', false) IS NULL AS done \gset
SELECT throws_ok('SELECT canopy_bulk_import_upload_body(''email'')', '22023', 'no import is named', 'without an import there is nowhere to put it');
RESET request.headers;

-- what is not in the encoding is the trouble of its row alone
\set torn 656d61696c2c66697273745f6e616d652c6c6173745f6e616d650a6140782e6578616d706c652c41ff422c430a6240782e6578616d706c652c4200422c430a6340782e6578616d706c652cc3bc2c43
SELECT is(canopy_bulk_import_upload(:'id', decode(:'torn', 'hex'), encoding => encoding)#>>'{encoding,unreadable_count}', n, encoding || ': what cannot be read is counted')
FROM (VALUES ('latin1', '1'), ('UTF-8', '2')) AS v (encoding, n);
SELECT results_eq('SELECT cells[2], upload_issues FROM canopy.import_row ORDER BY row_number', $$ VALUES
	(E'A\ufffdB', '[{"code": "cell_unreadable", "column": 2}]'::jsonb), (E'B\ufffdB', '[{"code": "cell_unreadable", "column": 2}]'), ('ü', NULL) $$, 'and marked');
SELECT is(canopy_bulk_import_upload(:'id', '\xfeff0065006d00610069006c002c0078000a0061d800002c004100000042'::bytea)#>>'{encoding,unreadable_count}', '2', 'a lone surrogate cannot be read, nor can a NUL');

-- a stray byte in a file of UTF-8 costs its row, not the file
SELECT canopy_bulk_import_upload(:'id', convert_to(E'email,first_name,last_name\n' ||
	(SELECT string_agg(format('u%s@x.example,%s,Lee', n, name), E'\n' ORDER BY n) FROM unnest('{Zoë,Jürgen,Søren,Åsa,Łukasz,Jiří,François,Muñoz,Bjørn,Müller}'::text[]) WITH ORDINALITY AS v (name, n)), 'UTF8')
	|| '\x0a'::bytea || convert_to('bo@x.example,José,Li', 'LATIN1')) AS stray \gset
SELECT is((:'stray'::jsonb->'encoding') - 'samples'::text, '{"name": "UTF-8", "method": "detected", "confidence": 90, "alternative": null, "unreadable_count": 1}', 'one byte does not turn UTF-8 into something else');
SELECT is(:'stray'::jsonb->'warnings', '[]', 'nor leave it in doubt');
SELECT results_eq('SELECT cells[2], upload_issues FROM canopy.import_row WHERE row_number IN (5, 11) ORDER BY row_number', $$ VALUES
	('Łukasz', NULL::jsonb), (E'Jos\ufffd', '[{"code": "cell_unreadable", "column": 2}]') $$, 'it costs the row that has it');

-- punctuation says nothing of an encoding
SELECT is(canopy_bulk_import_upload(:'id', convert_to(E'email,first_name,last_name\nm@x.example,Mary,O’Brien\nn@x.example,Ned,“Cash” £5', 'WIN1252'))#>>'{encoding,name}',
	'Windows-1252', 'quotes and signs are those of Windows');
SELECT results_eq('SELECT cells[3] FROM canopy.import_row ORDER BY row_number', $$ VALUES ('O’Brien'), ('“Cash” £5') $$, 'and read so');

-- where few letters speak for an encoding, the answers show how they were read
SELECT canopy_bulk_import_upload(:'id', convert_to(E'email,first_name,last_name,password\na@x.example,Anna,Nowak,correct hörse\nj@x.example,Jan,Toruń,', 'WIN1250')) AS guessed \gset
SELECT is(:'guessed'::jsonb#>>'{encoding,alternative}', 'Windows-1250', 'the next best encoding is named');
SELECT is(w - 'message'::text, '{"code": "encoding_uncertain", "samples": ["Toruñ"]}', 'cells are shown as they were read, no secrets')
FROM jsonb_array_elements(:'guessed'::jsonb->'warnings') AS w;
SELECT is(canopy_bulk_import_preview(:'id')->'warnings', :'guessed'::jsonb->'warnings', 'and the preview says so too');
SELECT is(canopy_bulk_import_upload(:'id', convert_to(E'email,first_name,last_name\nj@x.example,Jan,Toruń', 'WIN1250'), encoding => 'cp1250')->'warnings', '[]', 'an encoding that was named is certain');
SELECT is(canopy_bulk_import_preview(:'id')->'warnings', '[]', 'in the preview as well');

-- NULs: one of them is the trouble of its row, padding is left out
SELECT is(canopy_bulk_import_upload(:'id', 'email,first_name,last_name\012ana@x.example,Ana\000,Lee\012bo@x.example,Bo,Li\012') #- '{encoding,samples}' #> '{encoding}',
	'{"name": "UTF-8", "method": "default", "confidence": 100, "alternative": null, "unreadable_count": 1}', 'one NUL is not UTF-16');
SELECT results_eq('SELECT cells[2], upload_issues FROM canopy.import_row ORDER BY row_number', $$ VALUES
	(E'Ana\ufffd', '[{"code": "cell_unreadable", "column": 2}]'::jsonb), ('Bo', NULL) $$, 'its cell cannot be read, the others can');
SELECT canopy_bulk_import_upload(:'id', convert_to(E'email,first_name,last_name\n' || (SELECT string_agg(format(E'u%s@x.example,A,B\n', n), '') FROM generate_series(1, 20) AS n), 'UTF8')
	|| decode(repeat('00', zeros), 'hex')) AS padded FROM (VALUES (3000), (1), (3)) AS v (zeros) ORDER BY zeros DESC LIMIT 1 \gset
SELECT is(jsonb_build_array(:'padded'::jsonb->'row_count', :'padded'::jsonb#>'{warnings,0,code}', :'padded'::jsonb#>'{encoding,unreadable_count}'), '[20, "padding_dropped", 0]', 'NULs that pad a file are left out, with a warning');
SELECT is(canopy_bulk_import_upload(:'id', '\xfffe'::bytea || wide || decode(repeat('00', 512), 'hex'))->'row_count', '1', 'those behind UTF-16 too')
FROM (SELECT string_agg(decode(lpad(to_hex(ascii(c)), 2, '0') || '00', 'hex'), '' ORDER BY n) AS wide
	FROM regexp_split_to_table(E'email,first_name,last_name\na@x.example,A,B\n', '') WITH ORDINALITY AS e (c, n)) AS v;

-- what no CSV file is, is refused with a way out
SELECT throws_ok(format('SELECT canopy_bulk_import_upload(%L, %s)', :'id', file), sqlstate, message, title)
FROM (VALUES
	('an empty file', '''''', '22023', 'file is empty'),
	('a file of NULs', 'decode(repeat(''00'', 4096), ''hex'')', '22023', 'file is empty'),
	('comments alone', '''# x''', '22023', 'file has no header'),
	('a header alone', '''email,first_name,last_name''', '22023', 'file has no rows'),
	('a header of a quote', '''"email,first_name''', '22023', 'header of the file cannot be read'),
	('a workbook', '''\x504b030414000600''', 'PT415', 'file is not a CSV file'),
	('an old workbook', '''\xd0cf11e0a1b11ae1''', 'PT415', 'file is not a CSV file'),
	('a gzip file', '''\x1f8b0800''', 'PT415', 'file is not a CSV file'),
	('a PDF', '''\x255044462d312e37''', 'PT415', 'file is not a CSV file'),
	('too many bytes', 'convert_to(repeat(''x'', 10485761), ''UTF8'')', 'PT413', 'file is too large'),
	('too many rows', 'convert_to(E''email\n'' || repeat(E''a\n'', 10001), ''UTF8'')', 'PT413', 'file has too many rows'),
	('too many columns', 'convert_to(repeat(repeat(''x,'', 1024) || E''x\n'', 3), ''UTF8'')', '22023', 'header of the file cannot be read'),
	('an unknown encoding', '''email'', encoding => ''klingon''', '22023', 'encoding is not known'),
	('an unknown delimiter', '''email'', delimiter => ''ab''', '22023', 'delimiter is not one that we read'),
	('a column that is not there', 'convert_to(E''email\na'', ''UTF8''), secret_columns => ''{Pin}''', '22023', 'the file has no such column'),
	('no file', 'NULL', '22023', 'argument "file" cannot be null')
) AS v (title, file, sqlstate, message);
SELECT is(canopy_bulk_import_upload(:'id', convert_to(E'email\n' || repeat(E'a@x.example\n', 10000), 'UTF8'))->>'row_count', '10000', '10,000 rows are allowed');

-- what a spreadsheet would evaluate was defused by whoever wrote it, and is itself again
SELECT is(t.upload(E'email,first_name,last_name,external_id\na@x.example,''=A,''''=B,''+49')->>'row_count', '1', 'a defused file is read');
SELECT results_eq('SELECT * FROM t.cells()', $$ VALUES ('{a@x.example,=A,''=B,+49}') $$, 'as it was before it was defused');

-- the character that keeps cells apart on their way may be in one
SELECT is(t.upload(E'email,first_name,last_name\na@x.example,A\x1fB,C')->>'row_count', '1', 'a file may have a unit separator');
SELECT results_eq('SELECT cells[2] FROM canopy.import_row', $$ VALUES (E'A\x1fB') $$, 'in a cell');

-- ragged and malformed rows are their own fault only
SELECT is(t.upload(E'email,first_name,last_name\na@x.example,A\nb@x.example,B,C,,\nc@x.example,C,D,E\nd@x.example,"D"x,F\n,,\n')->>'row_count', '4', 'an empty row is none');
SELECT results_eq('SELECT cells::text, upload_issues FROM canopy.import_row ORDER BY row_number', $$ VALUES
	('{a@x.example,A,NULL}', '[{"code": "ragged_row", "column": 0}]'::jsonb),
	('{b@x.example,B,C}', '[{"code": "ragged_row", "column": 0}]'),
	('{c@x.example,C,D,E}', '[{"code": "ragged_row", "column": 0}]'),
	('{d@x.example,Dx,F}', '[{"code": "cell_malformed", "column": 2}]') $$, 'what was wrong with a row is kept with it');

-- an empty cell more than the header has may hide that cells have slipped
SELECT is(t.upload(E'email,first_name,last_name,external_id\na@x.example,A,B,1\nb@x.example,B,, C,\nc@x.example,C,D,3\n')->>'row_count', '3', 'a row may have an empty cell more');
SELECT results_eq('SELECT upload_issues FROM canopy.import_row ORDER BY row_number', $$ VALUES
	(NULL::jsonb), ('[{"code": "ragged_row", "column": 0}]'), (NULL) $$, 'which is an error where other rows do not end so');
SELECT is(t.upload(E'email,first_name,last_name\na@x.example,A,B,\nb@x.example,B,C,\nc@x.example,C,D\n')->>'row_count', '3', 'most rows may end so');
SELECT results_eq('SELECT upload_issues FROM canopy.import_row ORDER BY row_number', $$ VALUES (NULL::jsonb), (NULL), (NULL) $$, 'which is no error');
SELECT is(t.upload(E'email,first_name,last_name,,\na@x.example,A,B,,\nb@x.example,B,C\nc@x.example,C,D\n')->>'row_count', '3', 'the header may end so');
SELECT results_eq('SELECT upload_issues FROM canopy.import_row ORDER BY row_number', $$ VALUES (NULL::jsonb), (NULL), (NULL) $$, 'and then a row too');
SELECT is(t.upload(E'email,first_name,last_name\na@x.example,A,B,')->>'row_count', '1', 'a row may be alone');
SELECT results_eq('SELECT upload_issues FROM canopy.import_row', $$ VALUES (NULL::jsonb) $$, 'and is good');

-- what stands above the table is passed over, and named
SELECT is(jsonb_build_array(u->'row_count', u->'missing', u->'header_line', u->'passed_over', u->'delimiter'), answer::jsonb, title)
FROM (VALUES
	('a title, a date and an empty row', E'Employee list,,\nExported 2024-01-01,,\n,,\nEmail,First Name,Last Name\na@x.example,Ana,Lee',
		'[1, [], 4, [{"line": 1, "text": "Employee list"}, {"line": 2, "text": "Exported 2024-01-01"}], ","]'),
	('titles without delimiters', E'Employee list\n\n\nas of today\nEmail;First Name;Last Name\na@x.example;Ana;Lee',
		'[1, [], 5, [{"line": 1, "text": "Employee list"}, {"line": 4, "text": "as of today"}], ";"]'),
	('the version of a template', E'version:v1.0,,,\nName [displayName] Required,User name [userPrincipalName] Required,First name [givenName],Last name [surname]\nAna Lee,a@x.example,Ana,Lee',
		'[1, [], 2, [{"line": 1, "text": "version:v1.0"}], ","]'),
	('blank lines', E'\n\nEmail,First Name,Last Name\na@x.example,Ana,Lee', '[1, [], 3, [], ","]'),
	('a title that is called like a field', E'Email\nEmail,First Name,Last Name\na@x.example,Ana,Lee', '[1, [], 2, [{"line": 1, "text": "Email"}], ","]')
) AS v (title, file, answer), t.upload(file) AS u;
SELECT throws_ok(format('SELECT t.upload(%L)', file), '22023', 'file has no header', title)
FROM (VALUES
	('a header that nobody knows, above values that are called like fields, is none', E'Kontakt,Team,Kanal\na@x.example,Ana,Email\nEmail,Bo,b@x.example'),
	('a header is looked for in the first ten records', repeat(E'title,,\n', 10) || E'Email,First Name,Last Name\na@x.example,Ana,Lee')
) AS v (title, file);
SELECT is(t.upload(E'Staff\n# note\nEmail,First Name,Last Name\na@x.example,Ana,Lee\n')->>'comment_count', '1', 'comments above the header are counted');
SELECT results_eq('SELECT line_number, cells[2] FROM canopy.import_row', $$ VALUES (4, 'Ana') $$, 'and rows keep their lines');

-- passwords are hashed, and nothing of them stays
SELECT is(t.columns(t.upload(E'email,first_name,last_name,Passwort,Confirm password\na@x.example,A,B,correct horse,correct horse\nb@x.example,A,B,short,\nc@x.example,A,B,,x\nd@x.example,correct horse')),
	'email=email, first_name=first_name, last_name=last_name, Passwort=password!, Confirm password=-!', 'columns of secrets are marked');
SELECT results_eq('SELECT cells::text, left(password_hash, 14), upload_issues FROM canopy.import_row ORDER BY row_number', $$ VALUES
	('{a@x.example,A,B,NULL,NULL}', '$argon2id$v=19', NULL::jsonb),
	('{b@x.example,A,B,NULL,NULL}', NULL, '[{"code": "password_too_short", "column": 4}]'),
	('{c@x.example,A,B,NULL,NULL}', NULL, NULL),
	('{NULL,NULL,NULL,NULL,NULL}', NULL, '[{"code": "ragged_row", "column": 0}]') $$,
	'cells of secrets are left out, and all cells of a row that may have slipped');

-- a column that only the caller knows to be secret
SELECT is(t.columns(t.upload(E'email,first_name,last_name,Pin,Other\na@x.example,A,B,correct horse,1', secrets => '{Pin,Other}')),
	'email=email, first_name=first_name, last_name=last_name, Pin=password!, Other=-!', 'the first column that is named secret has the passwords');
SELECT results_eq('SELECT cells::text, left(password_hash, 14) FROM canopy.import_row', $$ VALUES ('{a@x.example,A,B,NULL,NULL}', '$argon2id$v=19') $$,
	'which are hashed');

-- hashes of another system are kept apart as well; a row has one or the other
SELECT is(t.columns(t.upload(E'email,first_name,last_name,password,password_hash\na@x.example,A,B,,$2b$10$abcdefghijklmnopqrstuuAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\nb@x.example,A,B,correct horse,x')),
	'email=email, first_name=first_name, last_name=last_name, password=password!, password_hash=password_hash!', 'hashes have a column');
SELECT results_eq('SELECT cells::text, left(password_hash, 7), upload_issues FROM canopy.import_row ORDER BY row_number', $$ VALUES
	('{a@x.example,A,B,NULL,NULL}', '$2b$10$', NULL::jsonb),
	('{b@x.example,A,B,NULL,NULL}', '$argon2', '[{"code": "invalid_value", "column": 5}]') $$, 'and are stored where hashes are');

-- an invite takes no passwords, and keeps none
SELECT (canopy_bulk_import_open('invite', application => 'crm', environment => 'production')->>'id')::uuid AS invite \gset
SELECT is(t.columns(canopy_bulk_import_upload_text(:'invite', E'email,first_name,last_name,password\na@x.example,A,B,correct horse')),
	'email=email, first_name=first_name, last_name=last_name, password=-!', 'a mode without passwords ignores them');
SELECT results_eq(format('SELECT cells::text, password_hash FROM canopy.import_row WHERE import_id = %L', :'invite'),
	$$ VALUES ('{a@x.example,A,B,NULL}', NULL) $$, 'and drops them');

SELECT * FROM finish();
