-- Which errors a row is blamed for: every SQLSTATE of the server, raised by a trigger for
-- one row of three. sqlstates.csv lists them; only their codes matter.
-- strategies: all
\ir fixture.psql
SELECT no_plan();
CREATE TABLE t.sqlstate (code text COLLATE "C" PRIMARY KEY);
\copy t.sqlstate FROM 'test/pgtap/sqlstates.csv' (FORMAT csv, HEADER)

-- the server knows no further ones: PL/pgSQL raises what it is told, so 00000 alone cannot be tried
DELETE FROM t.sqlstate WHERE code = '00000';
SELECT cmp_ok(count(*), '>=', 250::bigint, 'the list is complete') FROM t.sqlstate;

-- a trigger that raises, with every detail that could carry the row to the caller
CREATE FUNCTION t.raise() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION USING ERRCODE = current_setting('t.code'), MESSAGE = 'CANARY', DETAIL = 'CANARY', HINT = 'CANARY';
END $$;
GRANT USAGE ON SCHEMA t TO canopy_owner;
CREATE TRIGGER raise BEFORE INSERT ON canopy.identity FOR EACH ROW WHEN (NEW.email = 'p2@acme.example') EXECUTE FUNCTION t.raise();

-- three rows, the second of which meets the error: how the call ends and how many are there
CREATE FUNCTION t.try(code text, OUT outcome text, OUT written bigint, OUT entries bigint) LANGUAGE plpgsql AS $$
DECLARE
	answer jsonb;
BEGIN
	DELETE FROM canopy.identity;
	DELETE FROM canopy.audit_log;
	PERFORM set_config('t.code', code, true);
	BEGIN
		answer := canopy_bulk_create(t.people(3), account => 'acme');
		outcome := t.verdicts(answer) || ' ' || (answer#>'{results,1,error,details}');
	EXCEPTION WHEN OTHERS OR query_canceled OR assert_failure THEN
		outcome := 'the call ends with ' || SQLSTATE;
	END;
	SELECT count(*) INTO written FROM canopy.identity;
	SELECT count(*) INTO entries FROM canopy.audit_log;
END $$;

-- data and integrity errors, checks of views and RAISE are the row's; the rest ends the call and leaves nothing
SELECT is(ARRAY[outcome, written::text, entries::text], CASE WHEN code ~ '^2[23]|^44000$|^P0001$'
	THEN ARRAY[format('201, 422 rejected, 201 {"sqlstate": "%s"}', code), '2', '1']
	ELSE ARRAY['the call ends with ' || code, '0', '0'] END, code)
FROM t.sqlstate, LATERAL t.try(code) ORDER BY code;

-- a code that nobody knows is no row's fault; the classes go by their first two characters
SELECT is(ARRAY[outcome, written::text], wanted, 'unknown code ' || code)
FROM (VALUES
	('ZZ999', '{the call ends with ZZ999,0}'::text[]), ('PT409', '{the call ends with PT409,0}'), ('P0009', '{the call ends with P0009,0}'), ('44001', '{the call ends with 44001,0}'),
	('22ZZZ', ARRAY['201, 422 rejected, 201 {"sqlstate": "22ZZZ"}', '2']), ('23ZZZ', ARRAY['201, 422 rejected, 201 {"sqlstate": "23ZZZ"}', '2'])
) AS v (code, wanted), LATERAL t.try(code);

-- the DBA may blame rows for more
SET canopy_bulk.row_error_sqlstates = 'ZZ999, 42501';
SELECT is(ARRAY[outcome, written::text], wanted, code || ' under row_error_sqlstates')
FROM (VALUES
	('ZZ999', ARRAY['201, 422 rejected, 201 {"sqlstate": "ZZ999"}', '2']), ('42501', ARRAY['201, 422 rejected, 201 {"sqlstate": "42501"}', '2']),
	('ZZ998', '{the call ends with ZZ998,0}'), ('23505', ARRAY['201, 422 rejected, 201 {"sqlstate": "23505"}', '2'])
) AS v (code, wanted), LATERAL t.try(code);
RESET canopy_bulk.row_error_sqlstates;

-- but not for what a server in trouble says, nor for nonsense
SELECT throws_ok(format('SET canopy_bulk.row_error_sqlstates = %L', value), '22023', NULL, 'row_error_sqlstates refuses ' || value)
FROM unnest('{40001,40P01,53100,53200,57014,57P01,55P03,25006,08006,58030,54000,XX000,F0000,00000,"ZZ999, 40001",zz999,ZZ99,ZZ9999,everything}'::text[]) AS value;

-- an error of the row itself has its name where there is one: a unique key of the user's is not ours
DELETE FROM canopy.identity;
ALTER TABLE canopy.identity ADD CONSTRAINT one_last_name UNIQUE (account_id, last_name);
SELECT is(ARRAY[t.verdicts(answer), answer#>>'{results,1,error,details}'], ARRAY['201, 422 rejected', '{"sqlstate": "23505", "constraint": "one_last_name"}'], 'a unique key of the user''s is named')
FROM canopy_bulk_create(jsonb_build_array(t.person('a@unique.example'), t.person('b@unique.example')), account => 'acme') AS answer;
ALTER TABLE canopy.identity DROP CONSTRAINT one_last_name;

-- so is a column that must not be null, and a domain of the user's
ALTER TABLE canopy.identity ADD COLUMN manager text NOT NULL DEFAULT 'x', ADD COLUMN grade varchar(3);
CREATE FUNCTION t.fill() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.manager := CASE WHEN NEW.first_name <> 'Null' THEN 'x' END;
	NEW.grade := left(NEW.metadata->>'grade', 10);
	RETURN NEW;
END $$;
CREATE TRIGGER fill BEFORE INSERT ON canopy.identity FOR EACH ROW EXECUTE FUNCTION t.fill();
SELECT is(answer#>>'{results,0,error,details}', wanted, title)
FROM (VALUES ('not null', '{"first_name":"Null"}'::jsonb, '{"sqlstate": "23502"}'), ('too long a value', '{"metadata":{"grade":"AAAA"}}', '{"sqlstate": "22001"}')) AS v (title, more, wanted),
LATERAL canopy_bulk_create(jsonb_build_array(t.person('c@null.example', more)), account => 'acme') AS answer;

-- the text of the error, which may quote the row, is in no answer
DELETE FROM canopy.identity;
SET t.code = 'P0001';
SELECT unalike(canopy_bulk_create(t.people(3), account => 'acme')::text, '%CANARY%', 'the error''s own words are not in the answer');

-- the same holds for attaching
CREATE TRIGGER raise BEFORE INSERT ON canopy.app_membership FOR EACH ROW EXECUTE FUNCTION t.raise();
SELECT is(t.verdicts(canopy_bulk_attach(ARRAY[t.add_identity('acme', 'late@acme.example')], 'crm', 'acme')), '422 rejected', 'an attach can be refused by a trigger');
SET t.code = '40001';
SELECT throws_ok($$ SELECT canopy_bulk_attach(ARRAY[t.id('late@acme.example')], 'crm', 'acme') $$, '40001', 'CANARY', 'and a serialization failure ends it');

-- an audit entry that cannot be written ends the call, whatever its error
CREATE TRIGGER raise BEFORE INSERT ON canopy.audit_log FOR EACH ROW EXECUTE FUNCTION t.raise();
SET t.code = '23514';
SELECT throws_ok($$ SELECT canopy_bulk_create(jsonb_build_array(t.person('audit@acme.example')), 'acme') $$, '23514', NULL, 'no batch without its audit entry');
SELECT is_empty('SELECT 1 FROM canopy.identity WHERE email = ''audit@acme.example''', 'and nothing of it is left');

SELECT * FROM finish();
