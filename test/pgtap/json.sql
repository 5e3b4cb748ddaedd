-- An answer is written as the bytes of a jsonb value; they are those that jsonb_in makes of
-- its text. Equality would forgive another order of keys or another length of numbers, so
-- the binary images are compared.
\ir fixture.psql
SELECT no_plan();
SELECT setseed(0.5);
SET canopy_bulk.max_rows = 10000;

-- how two values of one meaning can differ, or this test says nothing
SELECT ok('1.0'::jsonb = '1.00' AND NOT record_image_eq(ROW('1.0'::jsonb), ROW('1.00'::jsonb)), 'an image tells apart what equality does not');

-- a random value: scalars of every kind, deep and wide containers, keys that sort by length
CREATE FUNCTION t.scalar() RETURNS jsonb LANGUAGE sql VOLATILE AS $$
SELECT (ARRAY['null', 'true', 'false', '0', '-0', '0.0', '-1', '1e5', '1E-20', '1.50', '123456789012345678901234567890.123456789', '32767', '-32768.5', '0.0001',
	'""', '"a"', '"\u00e9\ud83d\ude00"', '"\"\\/\b\f\n\r\t\u0001"', '"' || repeat('x', (random() * 300)::int) || '"', '[]', '{}', '[[]]', '{"a":{}}', '{"":""}',
	(random() * 10 ^ (random() * 40 - 20))::numeric::text, (random() * 1e9)::int::text])[1 + (random() * 25)::int]::jsonb $$;
CREATE FUNCTION t.value(depth integer) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	width integer := (ARRAY[0, 1, 2, 5, 31, 32, 33, 70])[1 + (random() * (CASE WHEN depth > 2 THEN 3 ELSE 7 END))::int];
	result jsonb := '{}';
BEGIN
	IF depth > 4 OR random() < 0.4 THEN RETURN t.scalar(); END IF;
	IF random() < 0.4 THEN
		RETURN (SELECT coalesce(jsonb_agg(CASE WHEN random() < 0.2 THEN t.value(depth + 1) ELSE t.scalar() END), '[]') FROM generate_series(1, width));
	END IF;
	RETURN (SELECT coalesce(jsonb_object_agg(repeat('k', (random() * 5)::int) || i || repeat('é', i % 3),
		CASE WHEN random() < 0.2 THEN t.value(depth + 1) ELSE t.scalar() END), '{}') FROM generate_series(1, width) AS i);
END $$;

-- an answer, whether its image is that of its text, and what it is about
CREATE FUNCTION t.same(answer jsonb, title text) RETURNS text LANGUAGE sql AS
$$ SELECT ok(record_image_eq(ROW(answer), ROW(answer::text::jsonb)), title || format(' (%s bytes)', pg_column_size(answer))) $$;

-- batches of every size around the stride of 32 children, and as large as they get
SELECT t.same(canopy_bulk_create(t.people(n), account => 'acme', dry_run => true), format('%s rows that succeed', n))
FROM unnest('{0,1,2,3,31,32,33,63,64,65,200,1000,10000}'::int[]) AS n;
SELECT t.same(canopy_bulk_create(t.people(n), account => 'acme', application => 'crm', dry_run => true), format('%s rows of an application', n))
FROM unnest('{1,32,33,200}'::int[]) AS n;
SELECT t.same(canopy_bulk_create((SELECT jsonb_agg(i) FROM generate_series(1, n) AS i), account => 'acme'), format('%s rows that are no objects', n))
FROM unnest('{1,32,33,200,10000}'::int[]) AS n;

-- memberships in the answer, of one identity and many
SELECT t.same(canopy_bulk_create((SELECT jsonb_agg(row || jsonb_build_object('application_id', t.id('crm'))) FROM jsonb_array_elements(t.people(200)) AS row),
	account => 'acme'), 'identities with memberships');
INSERT INTO canopy.application (account_id, slug, name) SELECT t.id('acme'), 'app-' || i, repeat('A', i * 5) FROM generate_series(1, 70) AS i;
INSERT INTO canopy.app_membership (account_id, identity_id, application_id, status)
SELECT i.account_id, i.id, a.id, 'active' FROM canopy.identity AS i JOIN canopy.application AS a USING (account_id) WHERE i.email = 'p1@acme.example' AND a.slug ~ '^app-';
SELECT t.same(canopy_bulk_create(t.people(2), account => 'acme', on_conflict => mode), 'an identity with seventy memberships, ' || mode)
FROM unnest('{skip,update}'::text[]) AS mode;
SELECT t.same(canopy_bulk_attach((SELECT array_agg(id) FROM canopy.identity), account => 'acme', application => 'wiki'), 'memberships');
SELECT t.same(canopy_bulk_attach((SELECT array_agg(id) FROM canopy.identity), account => 'acme', application => 'wiki'), 'memberships that are there');

-- metadata of every shape, stored and given back; half of the addresses are taken or wrong, so that the row is echoed
CREATE TABLE t.row AS
SELECT n, t.person(format('m%s@acme.example', CASE n % 4 WHEN 0 THEN 'é ' WHEN 1 THEN '1' ELSE n::text END),
	jsonb_build_object('metadata', CASE WHEN n % 5 = 0 THEN t.value(0) ELSE jsonb_build_object('value', t.value(1)) END,
		'first_name', repeat('é', n % 200 + 1), 'external_id', CASE WHEN n % 3 = 0 THEN 'm' || n END)) AS input
FROM generate_series(1, 1000) AS n;
SELECT t.same(canopy_bulk_create((SELECT jsonb_agg(input ORDER BY n) FROM t.row WHERE n % 20 = part), account => 'acme'), format('random metadata, part %s', part))
FROM generate_series(0, 19) AS part;
SELECT t.same(canopy_bulk_create((SELECT jsonb_agg(input ORDER BY n) FROM t.row WHERE n % 20 = part), account => 'acme', on_conflict => 'update'),
	format('random metadata merged, part %s', part)) FROM generate_series(0, 4) AS part;
SELECT ok(count(*) > 400, 'most of it was stored') FROM canopy.identity WHERE email ~ '^m';
SELECT is_empty($$ SELECT email FROM canopy.identity WHERE NOT record_image_eq(ROW(metadata), ROW(metadata::text::jsonb)) $$, 'and what is stored is as jsonb_in has it');

-- rows that are anything at all, with secrets that are left out of the echo at every depth
SELECT t.same(canopy_bulk_create((SELECT jsonb_agg(t.value(0)) FROM generate_series(1, 50)), account => 'acme'), format('random rows, round %s', round))
FROM generate_series(1, 20) AS round;
SELECT t.same(canopy_bulk_create(jsonb_build_array((SELECT jsonb_object_agg(k, CASE WHEN i % 2 = 0 THEN t.value(2) ELSE jsonb_build_object('password', 'x', 'n', i, k, '[]'::jsonb) END)
	FROM generate_series(1, width) AS i, LATERAL (SELECT CASE i % 3 WHEN 0 THEN 'token' || i ELSE 'field' || i END AS k) AS key)), account => 'acme'), format('a row of %s fields', width))
FROM unnest('{1,2,16,31,32,33,64,200}'::int[]) AS width;
SELECT t.same(canopy_bulk_attach_json((SELECT jsonb_agg(t.value(1)) FROM generate_series(1, 100)), account => 'acme', application => 'crm'), 'ids that are anything');

-- the same from bytes, and the audit entry
SELECT t.same(canopy_bulk_create_raw(convert_to((SELECT jsonb_agg(input) FROM t.row WHERE n <= 200)::text, 'UTF8'), account => 'acme', dry_run => true), 'a batch sent as bytes');
SELECT is_empty($$ SELECT id FROM canopy.audit_log WHERE NOT record_image_eq(ROW(metadata), ROW(metadata::text::jsonb)) $$, 'the metadata of audit entries');

SELECT * FROM finish();
