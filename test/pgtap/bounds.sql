-- Requests that are too large, malformed or odd: a clear error or a row error, never less.
-- strategies: all
\ir fixture.psql
SELECT no_plan();

-- what is not a list of rows is refused as a whole
SELECT throws_ok(format('SELECT canopy_bulk_create(%L, ''acme'')', body), '22023', message, 'refused: ' || coalesce(body, 'NULL'))
FROM (VALUES
	(NULL, 'argument "identities" cannot be null'),
	('null', 'request is not a list of rows'), ('1', 'request is not a list of rows'), ('true', 'request is not a list of rows'),
	('"[]"', 'request is not a list of rows'), ('{}', 'request is not a list of rows'),
	('{"identities":null}', 'request is not a list of rows'), ('{"identities":{}}', 'request is not a list of rows'),
	('{"identities":1}', 'request is not a list of rows'), ('{"identity":[]}', 'request is not a list of rows'),
	('{"identities":[],"dry_run":true}', 'request is not a list of rows'), ('{"email":"a@acme.example"}', 'request is not a list of rows')
) AS v (body, message);

-- so are bytes that are no JSON
CREATE FUNCTION t.raw(body bytea) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN t.verdicts(canopy_bulk_create_raw(body, 'acme', dry_run => true));
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END $$;
SELECT is(t.raw(body), wanted, 'bytes: ' || title)
FROM (VALUES
	('a list of rows', convert_to(t.people(2)::text, 'UTF8'), '201, 201'),
	('the documented object', convert_to(jsonb_build_object('identities', t.people(1))::text, 'UTF8'), '201'),
	('NULL', NULL, '22023'),
	('nothing', '', '22P02'),
	('a scalar', '"CANARY"', '22023'),
	('JSON cut short', '[{"password":"CANARY', '22P02'),
	('a value of the wrong kind', '[{"password":CANARY}]', '22P02'),
	('rubbish behind', '[] CANARY', '22P02'),
	('a NUL written as an escape', E'[{"password":"CANARY\\\\u0000"}]', '22P05'),
	('half a surrogate pair', E'[{"password":"CANARY\\\\ud800"}]', '22P02'),
	('a NUL byte', '\x5b00225d'::bytea, '22021'),
	('a byte that is no UTF-8', '\x5b22ff225d'::bytea, '22021'),
	('an overlong NUL', '\x5b22c080225d'::bytea, '22021'),
	('UTF-16', '\xfffe5b005d00'::bytea, '22021'),
	('a byte order mark', '\xefbbbf5b5d'::bytea, '22P02')
) AS v (title, body, wanted);

-- no part of the error quotes them: neither for the client nor for a handler that writes it down
CREATE FUNCTION t.words(body text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	hint text;
	context text;
BEGIN
	RETURN canopy_bulk_create_raw(convert_to(body, 'UTF8'), 'acme');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT;
	RETURN concat_ws('|', SQLERRM, detail, hint, context);
END $$;
SELECT is_empty($$
	SELECT body, t.words(body) FROM unnest(ARRAY['[{"password":"CANARY', '[{"password":CANARY}]', '[] CANARY', '[{"password":"CANARY\u0000"}]']) AS body
	WHERE t.words(body) ~ 'CANARY'
$$, 'what is wrong with the bytes is told without quoting them');

-- 10,000 levels are too deep or not, but never the end of the server
CREATE FUNCTION t.deep(n integer, inside text) RETURNS text LANGUAGE sql AS
$$ SELECT format('[{"email":"deep@acme.example","first_name":"A","last_name":"B","%s":%s%s}]', inside, repeat('{"a":', n), '1' || repeat('}', n)) $$;
SELECT is(t.raw(convert_to(t.deep(n, key), 'UTF8')), wanted, format('%s levels in %s', n, key))
FROM (VALUES
	(1000, 'metadata', '201'), (1000, 'nonsense', '400 unknown_field'),
	(100000, 'metadata', '22P02'), (100000, 'nonsense', '22P02')
) AS v (n, key, wanted);
SELECT matches(t.raw(convert_to(t.deep(10000, key), 'UTF8')), '^(201|400 metadata_invalid|400 unknown_field|400 invalid_type|22P02)$', '10,000 levels in ' || key)
FROM unnest('{metadata,nonsense,email}'::text[]) AS key;
SELECT matches(t.raw(convert_to(repeat('[', 10000) || repeat(']', 10000), 'UTF8')), '^(400 invalid_row|22P02)$', '10,000 arrays in each other');

-- a batch is at most 200 rows, and one that is larger writes nothing
CREATE TABLE t.before AS SELECT t.state() AS state;
SELECT throws_ok(call, 'PT413', 'batch has too many rows', call)
FROM (VALUES ('SELECT canopy_bulk_create(t.people(201), ''acme'')'), ('SELECT canopy_bulk_create(jsonb_build_object(''identities'', t.people(201)), ''acme'')'),
	('SELECT canopy_bulk_create_raw(convert_to(t.people(201)::text, ''UTF8''), ''acme'')'), ('SELECT canopy_bulk_create(t.people(201), ''acme'', dry_run => true)')) AS v (call);

-- the same for ten megabytes, however few the rows
SELECT throws_ok(format('SELECT canopy_bulk_create%s, ''acme'')', call), 'PT413', 'batch is too large', title)
FROM (VALUES ('(jsonb_build_array(repeat(''x'', 11000000))', '11 MB in one row'), ('_raw(convert_to(jsonb_build_array(repeat(''x'', 11000000))::text, ''UTF8'')', '11 MB in bytes')) AS v (call, title);
SELECT is(t.state(), state, 'a batch that is too large writes nothing') FROM t.before;
SELECT is(t.verdicts(canopy_bulk_create(jsonb_build_array(repeat('x', 10000000)), 'acme', dry_run => true)), '400 invalid_row', 'just under ten megabytes is read');

-- the DBA may set the number of rows
SET canopy_bulk.max_rows = 3;
SELECT throws_ok('SELECT canopy_bulk_create(t.people(4), ''acme'')', 'PT413', 'batch has too many rows', 'four rows under max_rows = 3');
SELECT is(t.verdicts(canopy_bulk_create(t.people(3), 'acme', dry_run => true)), '201, 201, 201', 'three rows under max_rows = 3');
RESET canopy_bulk.max_rows;

-- the numbers and the way out are in detail and hint
CREATE FUNCTION t.advice(call text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	hint text;
BEGIN
	EXECUTE 'SELECT ' || call;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN ARRAY[detail, hint];
END $$;
SELECT is(t.advice('canopy_bulk_create(t.people(201), ''acme'')'),
	'{It has 201 rows; at most 200 are allowed.,Send the rows in several batches.}', 'too many rows: how many, and what to do');

-- 200 rows with one of each misfortune: 193 succeed, and each of seven gets its code
SELECT t.add_identity('acme', 'old@acme.example') \gset
CREATE FUNCTION t.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON canopy.identity FOR EACH ROW WHEN (NEW.first_name = 'Refused') EXECUTE FUNCTION t.refuse();
GRANT USAGE ON SCHEMA t TO canopy_owner;
CREATE TABLE t.bad (n integer, input jsonb, code text);
INSERT INTO t.bad VALUES
	(7, t.person('no address'), '400 email_invalid'),
	(42, t.person('P1@acme.example'), '409 email_conflict'),
	(77, t.person('OLD@Acme.Example'), '409 email_conflict'),
	(100, t.person('x1@acme.example', jsonb_build_object('application_id', t.id('nothing'))), '404 application_not_found'),
	(123, t.person('x2@acme.example', '{"shoe_size":44}'), '400 unknown_field'),
	(150, '["x3@acme.example","Ada","Byron"]', '400 invalid_row'),
	(199, t.person('x4@acme.example', '{"first_name":"Refused"}'), '422 rejected');
CREATE TABLE t.mix AS
SELECT canopy_bulk_create(jsonb_agg(coalesce(input, t.person(format('p%s@acme.example', i))) ORDER BY i), 'acme') AS answer
FROM generate_series(0, 199) AS i LEFT JOIN t.bad ON n = i;
SELECT is(answer->'summary', '{"total":200,"succeeded":193,"failed":7}', 'the mix: 193 of 200 succeed') FROM t.mix;
SELECT set_eq('SELECT (r->>''index'')::integer, concat_ws('' '', r->>''code'', r#>>''{error,code}'') FROM t.mix, jsonb_array_elements(answer->''results'') AS r WHERE r->>''status'' <> ''success''',
	'SELECT n, code FROM t.bad', 'the mix: the seven fail with their codes');
SELECT is((answer#>>'{results,42,error,details,first_index}')::integer, 1, 'the mix: the duplicate names the row that has the address') FROM t.mix;
SELECT set_eq('SELECT email COLLATE "default" FROM canopy.identity WHERE email <> ''old@acme.example''',
	'SELECT format(''p%s@acme.example'', i) FROM generate_series(0, 199) AS i WHERE i NOT IN (SELECT n FROM t.bad)', 'the mix: exactly the 193 are there');
SELECT results_eq('SELECT outcome, metadata->''total'', metadata->''succeeded'', metadata->''failed'', metadata->''created'', metadata->''errors'' FROM canopy.audit_log',
	$$ VALUES ('success', '200'::jsonb, '193'::jsonb, '7'::jsonb, '193'::jsonb,
	'{"email_invalid":1,"email_conflict":2,"application_not_found":1,"unknown_field":1,"invalid_row":1,"rejected":1}'::jsonb) $$, 'the mix: one audit entry says so');

-- before the setup has run, and after the directory was dropped, a call says what to do
DROP SCHEMA canopy CASCADE;
SELECT throws_ok(call, '55000', 'the directory has not been set up', split_part(call, '(', 1) || ' without a directory')
FROM (VALUES ('SELECT canopy_bulk_create(''[]'', ''acme'')'), ('SELECT canopy_bulk_create_raw(''[]'', ''acme'')'), ('SELECT canopy_bulk_attach(''{}'', ''crm'', ''acme'')'),
	('SELECT canopy_bulk_attach_json(''[]'', ''crm'', ''acme'')'), ('SELECT canopy_bulk_import_event(''create'', 0, 0, 0, application => ''crm'', account => ''acme'')')) AS v (call);
SELECT is((t.advice('canopy_bulk_create(''[]'', ''acme'')'))[2], 'Run: SELECT canopy_bulk_setup();', 'and how to get one');

SELECT * FROM finish();
