-- Rows of one batch that want the same key: the first that succeeds has it, and the later
-- ones are told which that was.
-- strategies: all
\ir fixture.psql
SELECT no_plan();

-- a trigger of the user's refuses rows with this last name, and so a rival can fail late
CREATE FUNCTION t.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON canopy.identity FOR EACH ROW
WHEN (NEW.last_name = 'Refused') EXECUTE FUNCTION t.refuse();
GRANT USAGE ON SCHEMA t TO canopy_owner;

-- a row in a few letters: address, external id, last name
CREATE FUNCTION t.r(email text, external_id text DEFAULT NULL, last_name text DEFAULT 'Byron') RETURNS jsonb LANGUAGE sql AS
$$ SELECT t.person(email || '@acme.example', jsonb_build_object('external_id', external_id, 'last_name', last_name)) $$;

-- verdicts with the index of the row that was first, and who is there afterwards
CREATE FUNCTION t.try(input jsonb, mode text, OUT verdicts text, OUT people text) LANGUAGE plpgsql AS $$
DECLARE
	answer jsonb;
BEGIN
	DELETE FROM canopy.identity;
	PERFORM t.add_identity('acme', 'old@acme.example', 'old');
	answer := canopy_bulk_create(input, account => 'acme', on_conflict => mode);
	SELECT string_agg(concat_ws(' ', coalesce(r#>>'{error,code}', r->>'code'), r#>>'{error,details,first_index}'), ', ' ORDER BY n)
	INTO verdicts FROM jsonb_array_elements(answer->'results') WITH ORDINALITY AS e (r, n);
	SELECT string_agg(concat_ws(' ', split_part(email, '@', 1), last_name, external_id), ', ' ORDER BY email) INTO people FROM canopy.identity;
END $$;

CREATE TABLE t.case (n serial, title text, input jsonb, mode text, verdicts text, people text);
INSERT INTO t.case (title, input, mode, verdicts, people)
-- whatever the mode, a later row never wins over a row of its own batch
SELECT title, input, mode, verdicts, people FROM unnest('{error,skip,update}'::text[]) AS mode, (VALUES
	('the same address twice', jsonb_build_array(t.r('a', NULL, 'One'), t.r('a', NULL, 'Two')), '201, email_conflict 0', 'a One, old Name old'),
	('the same address in other case', jsonb_build_array(t.r('b'), t.r('a', NULL, 'One'), t.r(' A', NULL, 'Two')), '201, 201, email_conflict 1', 'a One, b Byron, old Name old'),
	('the same address three times', jsonb_build_array(t.r('a', NULL, 'One'), t.r('a', NULL, 'Two'), t.r('a', NULL, 'Three')), '201, email_conflict 0, email_conflict 0', 'a One, old Name old'),
	('the same external id, the later row''s address being first', jsonb_build_array(t.r('z', 'x'), t.r('a', 'x')), '201, external_id_conflict 0', 'old Name old, z Byron x'),
	('the same external id three times', jsonb_build_array(t.r('m', 'x'), t.r('z', 'x'), t.r('a', 'x')), '201, external_id_conflict 0, external_id_conflict 0', 'm Byron x, old Name old'),
	('external ids that differ in case', jsonb_build_array(t.r('a', 'x'), t.r('b', 'X')), '201, 201', 'a Byron x, b Byron X, old Name old'),
	('rows without an external id', jsonb_build_array(t.r('a'), t.r('b')), '201, 201', 'a Byron, b Byron, old Name old'),
	('both keys, of two rows', jsonb_build_array(t.r('a', 'x'), t.r('b', 'y'), t.r('a', 'y')), '201, 201, email_conflict 0', 'a Byron x, b Byron y, old Name old'),
	('the first row is wrong in itself', jsonb_build_array(t.r('a', 'x', ''), t.r('a', 'x', 'Two'), t.r('a', 'x', 'Three')), 'required, 201, email_conflict 1', 'a Two x, old Name old'),
	('the first row is refused by a trigger', jsonb_build_array(t.r('a', NULL, 'Refused'), t.r('a', NULL, 'Two'), t.r('a', NULL, 'Three')), 'rejected, 201, email_conflict 1', 'a Two, old Name old'),
	('the first with the external id is refused by a trigger', jsonb_build_array(t.r('z', 'x', 'Refused'), t.r('a', 'x', 'Two'), t.r('m', 'x', 'Three')), 'rejected, 201, external_id_conflict 1', 'a Two x, old Name old'),
	('all but the last are refused', jsonb_build_array(t.r('a', 'x', 'Refused'), t.r('a', 'x', 'Refused'), t.r('a', 'x', 'Three')), 'rejected, rejected, 201', 'a Three x, old Name old'),
	('rivals in a chain', jsonb_build_array(t.r('z', 'x', 'Refused'), t.r('m', 'x'), t.r('m', 'y'), t.r('a', 'y')), 'rejected, 201, email_conflict 1, 201', 'a Byron y, m Byron x, old Name old')
) AS v (title, input, verdicts, people)
UNION ALL
-- an address that is there already is skipped or updated once; a second row of the batch is a conflict
SELECT title, input, mode, verdicts, people FROM (VALUES
	('an old address twice', jsonb_build_array(t.r('old', NULL, 'One'), t.r('old', NULL, 'Two')), 'error', 'email_conflict, email_conflict', 'old Name old'),
	('an old address twice', jsonb_build_array(t.r('old', NULL, 'One'), t.r('old', NULL, 'Two')), 'skip', '200, email_conflict 0', 'old Name old'),
	('an old address twice', jsonb_build_array(t.r('old', NULL, 'One'), t.r('old', NULL, 'Two')), 'update', '200, email_conflict 0', 'old One old'),
	('an old address, the first row refused', jsonb_build_array(t.r('old', NULL, 'Refused'), t.r('old', NULL, 'Two')), 'update', 'rejected, 200', 'old Two old'),
	('an old external id, then its owner', jsonb_build_array(t.r('a', 'old'), t.r('old', 'new', 'Two')), 'update', 'external_id_conflict, 200', 'old Two new')
) AS v (title, input, mode, verdicts, people);

-- the first row that succeeds wins, and what the answer says is what is there
SELECT is(ARRAY[tried.verdicts, tried.people], ARRAY[c.verdicts, c.people], format('%s, on_conflict => %s', title, mode))
FROM t.case AS c, LATERAL t.try(input, mode) AS tried ORDER BY n;

-- many rows with one key are no more work than few, and each names the first
SELECT is(answer#>'{summary}', '{"total":200,"succeeded":1,"failed":199}', 'two hundred rows with one address are one identity')
FROM canopy_bulk_create((SELECT jsonb_agg(t.r('same')) FROM generate_series(1, 200)), account => 'acme') AS answer;

SELECT * FROM finish();
