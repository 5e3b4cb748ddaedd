-- Which field a column gets by its cells, what is a hash in place of a password, and what is no header.
\ir fixture.psql
SELECT no_plan();
SET canopy_bulk.account = 'acme';

-- uploads a text to a new import of a mode
CREATE FUNCTION t.upload(file text, mode text DEFAULT 'account_create', secrets text[] DEFAULT NULL) RETURNS jsonb LANGUAGE sql AS
$$ SELECT canopy_bulk_import_upload_text((canopy_bulk_import_open(mode, application => CASE WHEN mode <> 'account_create' THEN 'crm' END,
		environment => CASE WHEN mode = 'invite' THEN 'production' END)->>'id')::uuid, file, secret_columns => secrets) $$;
-- headers and fields in one line: "E-Mail=email, Badge=-(other_column:external_id)"; ! is secret
CREATE FUNCTION t.columns(answer jsonb) RETURNS text LANGUAGE sql AS
$$ SELECT string_agg(concat(c->>'header', '=', coalesce(c->>'field', '-'), CASE WHEN (c->>'secret')::boolean THEN '!' END,
		'(' || nullif(concat_ws(':', c->>'reason', c->>'closest'), '') || ')'), ', ' ORDER BY n)
   FROM jsonb_array_elements(answer->'columns') WITH ORDINALITY AS e (c, n) WHERE c->>'header' NOT IN ('email', 'first_name', 'last_name') $$;
-- what a file makes of the columns that stand beside an address and a name; rows are cells of these
CREATE FUNCTION t.field_of(header text, rows text[], mode text DEFAULT 'account_create') RETURNS text LANGUAGE sql AS
$$ SELECT regexp_replace(t.columns(t.upload('email,first_name,last_name,' || header || string_agg(format(E'\n%s@x.example,A,B,%s', n, cells), '' ORDER BY n), mode)), '^[^=]*=', '')
   FROM unnest(rows) WITH ORDINALITY AS r (cells, n) $$;
-- runs an import to its end; the outcome of every row, with its error
CREATE FUNCTION t.outcomes(answer jsonb) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM canopy_bulk_import_preview((answer->>'id')::uuid);
	RETURN QUERY SELECT concat_ws(' ', r.verdict, r.plan, i->>'field', i->>'code') FROM canopy.import_row AS r
		LEFT JOIN LATERAL jsonb_array_elements(r.issues) AS i ON true WHERE import_id = (answer->>'id')::uuid ORDER BY row_number;
END $$;

-- a column whose cells are not of the field that its header speaks of is left out, and the answer says why
SELECT is(t.field_of(header, rows, coalesce(mode, 'account_create')), field, format('"%s" with %s', header, rows[1]))
FROM (VALUES
	('External id', '{No,No}'::text[], NULL, '-(cells_differ:external_id)'), ('External', '{No,No}', NULL, '-(unknown_header)'),
	('Employee ID', '{E1,E2}', NULL, 'external_id'), ('ID', '{1,2,3}', NULL, 'external_id'), ('ID', '{7,7,7}', NULL, '-(cells_differ:external_id)'),
	('Badge number', '{north,north,north,south}', NULL, '-(cells_differ:external_id)'),
	('Role ID', '{Admin,Admin}', 'create', '-(cells_differ:role_id)'), ('Role ID', '{5f0f2a3e-0c3b-4b8e-9d5c-0d1f2a3b4c5d,x}', 'create', 'role_id'),
	('Row ID', '{1,2}', 'create', '-(unknown_header)'), ('Note ID', '{1,2}', 'create', '-(unknown_header)'), ('Node UUID', '{1,2}', 'create', '-(cells_differ:node_id)'),
	('role_id', '{Admin,Admin}', 'create', 'role_id'),
	('Send invitation', '{yes,""}', 'invite', 'send_email'), ('Send invitation', '{2026-04-20,2026-04-21}', 'invite', '-(cells_differ:send_email)'),
	('Invited', '{no,yes}', 'invite', '-(unknown_header)'), ('Invitation Date', '{activate,""}', 'invite', '-(unknown_header)'), ('Invite type', '{email,sms}', 'invite', '-(cells_differ:intent)'),
	('Attributes', '{tall,short}', NULL, '-(cells_differ:metadata)'), ('Attributes', '{"{}","{}"}', NULL, 'metadata'), ('Additional Name', '{Maria,""}', NULL, '-(unknown_header)'),
	('Password', '{yes,no}', NULL, '-!(cells_differ:password)'), ('Password', '{"",""}', NULL, 'password!')
) AS v (header, rows, mode, field);
SELECT is(t.columns(t.upload(E'E-Mail,Vorname,Name,Username\nbo,Bo,Li,bo@x.example\na,A,B,a@x.example\nc,C,D,c@x.example')), 'E-Mail=-(cells_differ:email), Vorname=first_name, Name=last_name, Username=email',
	'another column may have the field then');
SELECT is(t.columns(t.upload(E'Login,Vorname,Name\nbo,Bo,Li\na,A,B')), 'Login=-(cells_differ:email), Vorname=first_name, Name=last_name', 'a user name that is no address is none');
SELECT is(t.columns(t.upload(E'firstName,lastName,E-mail,Status,Completion date\nA,B,a@x.example,Active,20.04.2026', 'learner')),
	'firstName=firstName, lastName=lastName, E-mail=email, Status=-(cells_differ:status), Completion date=-(cells_differ:completionDate)', 'so it is of learners');
SELECT is(t.columns(t.upload(E'firstName,lastName,E-mail,Status,Completion date\nA,B,a@x.example,Completed,2026-04-20T12:00:00Z', 'learner')),
	'firstName=firstName, lastName=lastName, E-mail=email, Status=status, Completion date=completionDate', 'unless the cells are right');

CALL canopy_bulk_import(file => E'Email,First Name,Last Name,Invited\nana@x.example,Ana,Lee,no\nbo@x.example,Bo,Li,yes', mode => 'invite', application => 'crm', environment => 'production') \gset
SELECT is((SELECT count(*) FROM canopy.outbox WHERE recipient ~ '^(ana|bo)@x.example$'), 2::bigint, 'whoever was invited elsewhere gets the mail of the invite here');

-- two columns for one field: the better header, then the cells that are distinct and filled
SELECT is(t.field_of('Customer ID,User ID', '{"c1,u1","c2,u2"}'), '-(other_column:external_id), User ID=external_id', 'the better header wins');
SELECT is(t.field_of('Badge number,Employee ID', '{"b1,u1","b2,u2"}'), '-(other_column:external_id), Employee ID=external_id', 'wherever it stands');
SELECT is(t.field_of('Staff ID,Worker ID', '{"s1,w1","s1,w2","s2,w3"}'), '-(other_column:external_id), Worker ID=external_id', 'of equals the one whose cells are distinct');
SELECT is(t.field_of('Staff ID,Worker ID', '{"s1,w1",",w2","s2,w3"}'), '-(other_column:external_id), Worker ID=external_id', 'and filled');
SELECT is(t.field_of('Staff ID,Worker ID', '{"s1,w1","s2,w2"}'), 'external_id, Worker ID=-(other_column:external_id)', 'then the first');
SELECT is(t.columns(t.upload(E'E-Mail,Preferred First Name,First Name,Last Name\na@x.example,Al,Albert,B')),
	'E-Mail=email, Preferred First Name=-(other_column:first_name), First Name=first_name, Last Name=last_name', 'a name that is preferred is none where there is a first name');
SELECT is(t.columns(t.upload(E'E-mail,Mail,Vorname,Name\n,a@x.example,A,B\nx@y,b@x.example,C,D')), 'E-mail=-(other_column:email), Mail=email, Vorname=first_name, Name=last_name', 'the one with more addresses has the address');

-- a hash in place of a password is an error; most of a column's are its field
CREATE TEMP TABLE hash (form text, hash text);
INSERT INTO hash VALUES ('bcrypt', '$2y$10$CanopyBulkTestSalt012ux9fZZbY1TYIY0nK2sDfupNl/dr0S5pC'), ('bcrypt, cut off', '$2y$10$CanopyBulkTestSalt'), ('MD5 crypt', '$1$abcdefgh$0123456789012345678901'),
	('apr1', '$apr1$abcdefgh$0123456789012345678901'), ('sha512crypt', '$6$abcdefgh$' || repeat('a', 86)), ('yescrypt', '$y$j9T$abc$' || repeat('a', 43)), ('phpass', '$P$B' || repeat('a', 30)),
	('Drupal', '$S$D' || repeat('a', 51)), ('argon2id of 4 GiB', '$argon2id$v=19$m=4194304,t=2,p=1$c2FsdHNhbHQ$AAAAAAAA'), ('PHC of an unknown name', '$balloon$v=1$s=64,t=3$c2FsdHNhbHQ$AAAAAAAAAAAA'),
	('MD5', '5f4dcc3b5aa765d61d8327deb882cf99'), ('MD5 in capitals', '5F4DCC3B5AA765D61D8327DEB882CF99'), ('SHA-1', repeat('0123456789', 4)), ('SHA-256', repeat('01234567', 8)), ('SHA-512', repeat('01234567', 16)),
	('MD5 and salt', '5f4dcc3b5aa765d61d8327deb882cf99:salt'), ('salt and SHA-1', 'salt:' || repeat('0123456789', 4)), ('SSHA', '{SSHA}Kdjns43fPdrordHMb5YUIVwQt+lzYWx0c2FsdA=='),
	('SHA', '{SHA}Kdjns43fPdrordHMb5YUIVwQt+k='), ('LDAP crypt', '{CRYPT}$6$abc$def'), ('Spring', '{bcrypt}$2a$10$abc'), ('Django', 'pbkdf2_sha256$30000$TUPPm1RmotpoYSTqvvI68h$8r92zX9tfJGGwAulALhk39ADgGh6g8raTV1cVnIOTGU='),
	('Django MD5', 'md5$salt$0123456789abcdef0123456789abcdef'), ('Django unsalted', 'sha1$$' || repeat('0123456789', 4)), ('Django unusable', '!unusable'), ('Django unusable, new', '!' || repeat('aB3', 13) || 'x'),
	('Werkzeug', 'scrypt:32768:8:1$abcdefgh$' || repeat('0123456789', 12)), ('SCRAM', 'SCRAM-SHA-256$4096:c2FsdA==$AAAA:BBBB'), ('PostgreSQL MD5', 'md5' || repeat('01234567', 4)), ('MySQL', '*' || repeat('0123456789', 4)),
	('SQL Server', '0x0100' || repeat('0123456789', 5)), ('ASP.NET Identity 3', 'AQAAAAEAACcQAAAAE' || repeat('a', 67)), ('ASP.NET Identity 2', 'AGz' || repeat('a', 63) || '==');
SELECT is(t.issues(canopy_bulk_create(jsonb_build_array(t.person('h@acme.example', jsonb_build_object('password', hash))), dry_run => true)->'results'->0),
	'password password_looks_hashed', form || ' is no password') FROM hash;
CREATE TEMP TABLE made_up (password text);
INSERT INTO made_up VALUES ('correct horse 9'), ('{hunter2} is mine'), ('$100 million'), ('$2y$short'), ('!important!'), ('0xDEADBEEF'), ('deadbeefdeadbeef'), ('a1b2c3d4e5f60718293a4b5c6d7e8f9'), ('md5 of my cat'),
	('sha1$name'), ('Tr0ub4dor&3:hunter2'), ('*********'), ('{PLAIN}my own password is long'), ('AQAAAA is how it begins'), (repeat('z', 64)), ('x@y.example:secret');
SELECT is(canopy_bulk_create(jsonb_build_array(t.person('h@acme.example', jsonb_build_object('password', password))), dry_run => true)#>>'{results,0,status}', 'success',
	'a password that somebody made up: ' || password) FROM made_up;

SELECT is(t.columns(t.upload(E'email,first_name,last_name,password\nana@x.example,Ana,Lee,$2y$10$CanopyBulkTestSalt012ux9fZZbY1TYIY0nK2sDfupNl/dr0S5pC')), 'password=password_hash!', 'a column of hashes has the field for them');
SELECT is(t.columns(t.upload(E'user_id,ssha_password,first_name,last_name,email\n1,{SSHA}Kdjns43fPdrordHMb5YUIVwQt+lzYWx0c2FsdA==,Ana,Lee,ana@x.example')), 'user_id=external_id, ssha_password=password_hash!', 'as its header may say');
SELECT is(t.columns(t.upload(E'email,first_name,last_name,Pin\nana@x.example,Ana,Lee,$2y$10$CanopyBulkTestSalt012ux9fZZbY1TYIY0nK2sDfupNl/dr0S5pC', secrets => '{Pin}')), 'Pin=password_hash!', 'also when it is named');
SELECT is(t.columns(t.upload(E'email,first_name,last_name,password,password_hash\nana@x.example,Ana,Lee,$1$abcdefgh$0123456789012345678901,')), 'password=-!(other_column:password_hash), password_hash=password_hash!', 'but not where another has it');
SELECT results_eq($$ SELECT t.outcomes(t.upload(E'id,password,first_name,last_name,email\n3,!unusable,Cy,Xu,cy@x.example\n4,md5$salt$0123456789abcdef0123456789abcdef,Di,Wu,di@x.example')) $$,
	ARRAY['error password_hash password_hash_unsupported', 'error password_hash password_hash_unsupported'], 'hashes that cannot be imported are errors');
SELECT results_eq($$ SELECT t.outcomes(t.upload(E'email,first_name,last_name,password\na@x.example,A,B,correct horse 9\nb@x.example,A,B,correct horse 8\nc@x.example,A,B,5f4dcc3b5aa765d61d8327deb882cf99')) $$,
	ARRAY['valid create', 'valid create', 'error password password_looks_hashed'], 'one hash among passwords is its row''s error');
SELECT is_empty($$ SELECT FROM canopy.import_row WHERE cells::text ~ '5f4dcc3b|unusable|SSHA|\$2y' $$, 'and none of them is among the cells');
CALL canopy_bulk_import(file => E'email,first_name,last_name,password\nana@x.example,Ana,Lee,$2y$10$CanopyBulkTestSalt012ux9fZZbY1TYIY0nK2sDfupNl/dr0S5pC', mode => 'account_create') \gset
SELECT is(canopy_bulk_verify_password('ana@x.example', 'correct horse 9')->>'verified', 'true', 'who is in such a file signs in with the password');
SELECT is(canopy_bulk_verify_password('ana@x.example', '$2y$10$CanopyBulkTestSalt012ux9fZZbY1TYIY0nK2sDfupNl/dr0S5pC')->>'verified', 'false', 'not with the hash');

-- a secret that is no password is kept nowhere, and no field
SELECT is(t.columns(t.upload('email,first_name,last_name,reset_password_token,totp_secret,security answer,pass,clave' || E'\na@x.example,A,B,CANARY,CANARY,CANARY,CANARY,CANARY')),
	'reset_password_token=-!(secret), totp_secret=-!(secret), security answer=-!(secret), pass=-!(secret), clave=-!(secret)', 'secrets that are no passwords have no field');
SELECT is(t.columns(t.upload(E'email,first_name,last_name,password,totp_secret\na@x.example,A,B,correct horse 9,CANARY', secrets => '{totp_secret}')), 'password=password!, totp_secret=-!(chosen)', 'nor does one that is named take the passwords'' field');
SELECT is_empty($$ SELECT FROM canopy.import_row WHERE row_to_json(import_row)::text ~ 'CANARY|correct horse' $$, 'nothing of them is stored');

-- a first record that is none
SELECT throws_ok(format('SELECT t.upload(%L, %L)', file, coalesce(mode, 'account_create')), '22023', 'file has no header', title) FROM (VALUES
	('an address', E'ana@x.example,Ana,Lee,hunter2hunter2\nbo@x.example,Bo,Li,geheim-geheim', NULL), ('one beside names of fields', E'email,first_name,last_name,ana@x.example\nbo@x.example,Bo,Li,1', NULL),
	('a hash', E'Ana,Lee,5f4dcc3b5aa765d61d8327deb882cf99\nBo,Li,6f4dcc3b5aa765d61d8327deb882cf99', NULL), ('an id', E'Ana,5f0f2a3e-0c3b-4b8e-9d5c-0d1f2a3b4c5d\nBo,5f0f2a3e-0c3b-4b8e-9d5c-0d1f2a3b4c5e', NULL),
	('names and a password', E'Ana,Lee,hunter2hunter2\nBo,Li,geheim-geheim', NULL), ('a word that is a header by chance', E'Nik,Lee,hunter2hunter2\nBo,Li,geheim-geheim', NULL),
	('an address that is none', E'ana@x,Ana,Lee\nbo@x,Bo,Li', 'learner'), ('an address in another mode', E'ana@x.example;Ana;Lee\nbo@x.example;Bo;Li', 'invite')
) AS v (title, file, mode);
SELECT is((SELECT count(*) FROM canopy.import WHERE header::text ~ 'hunter2|ana@|5f4dcc|5f0f2a'), 0::bigint, 'nothing of it is stored');
SELECT is(t.upload(E'Vorname,Zimmer,Mail adr\nAna,1,ana@x.example')->>'status', 'uploaded', 'one field that is required is enough for a header');
SELECT is(t.upload(E'Abteilung,Personalnummer,Passwort\nA,1,x')->>'status', 'uploaded', 'or two of others');

-- a row of which nothing is kept is a comment in the file of what is left to do
SELECT t.upload(E'email,first_name,last_name,password\na@x.example,A,B\nb@x.example,A,B,short\nc@x.example,A,B,correct horse 9')->>'id' AS id \gset
SELECT canopy_bulk_import_preview(:'id') IS NULL AS done \gset
SELECT is(canopy_bulk_import_csv(:'id', 'failed'), E'email,first_name,last_name,password,error_code,error_message\r\n'
	'# Line 2 of the file is left out, because its cells are not kept. The row has more or fewer cells than the header.\r\n'
	'b@x.example,A,B,,password_too_short,password: The password has fewer than 8 characters.\r\n', 'the line of a row without cells is named');
SELECT is(t.upload(canopy_bulk_import_csv(:'id', 'failed'))->>'row_count', '1', 'which is no row when the file is sent again');

-- a cancel leaves nothing of the file
SELECT t.upload(E'email,first_name,last_name,password,Locker\na@x.example,CANARY,B,correct horse 9,CANARY\nb@x.example,CANARY,B,short,CANARY')->>'id' AS id \gset
SELECT canopy_bulk_import_preview(:'id') IS NULL AS done \gset
SELECT is(canopy_bulk_import_cancel(:'id')->>'status', 'cancelled', 'an upload is cancelled');
SELECT is((SELECT string_agg(concat(outcome, ' ', skip_reason, ' ', cells, ' ', password_hash), ', ' ORDER BY row_number) FROM canopy.import_row WHERE import_id = :'id'), 'skipped cancelled {} , skipped deselected {} ', 'its rows are counted, and have no cells and no hash');
SELECT is((SELECT concat(header, fields, secret_columns, row_count) FROM canopy.import WHERE id = :'id'), '{}{}{}2', 'its headers are gone');
SELECT is(canopy_bulk_import_info(:'id')->'columns', '[]', 'so that it has no columns');
SELECT unalike(canopy_bulk_import_csv(:'id', which), '%CANARY%', 'nor has a file of its results: ' || which) FROM unnest('{all,failed}'::text[]) AS which;

SELECT * FROM finish();
