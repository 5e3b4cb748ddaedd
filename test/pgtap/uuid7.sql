-- New ids are UUIDs of version 7 (RFC 9562): their time is that of the call, and those of one
-- backend grow in the order in which rows are written.
\ir fixture.psql
SELECT no_plan();

-- a batch is written in the order of addresses; each call writes later ones than the call before
CREATE FUNCTION t.batch(prefix text, n integer, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS
$$ SELECT jsonb_agg(t.person(format('%s%s@acme.example', prefix, lpad(i::text, 5, '0')), more) ORDER BY md5(i::text)) FROM generate_series(1, n) AS i $$;
SET canopy_bulk.max_rows = 10000;
SELECT FROM canopy_bulk_create(t.batch('a', 200), account => 'acme') \g /dev/null
SELECT FROM canopy_bulk_create(t.batch('b', 200, jsonb_build_object('role_id', t.id('editor'), 'node_id', t.id('crm-root'))), account => 'acme', application => 'crm') \g /dev/null
SELECT FROM canopy_bulk_create(t.batch('c', 200), account => 'acme', dry_run => true) \g /dev/null
SELECT FROM canopy_bulk_create(t.batch('d', 1), account => 'acme') \g /dev/null
-- more ids than the counter of a millisecond holds
SELECT FROM canopy_bulk_create(t.batch('e', 10000), account => 'acme') \g /dev/null
SELECT FROM canopy_bulk_attach((SELECT array_agg(id ORDER BY md5(id::text)) FROM canopy.identity WHERE email ~ '^a'), account => 'acme', application => 'wiki') \g /dev/null

-- every id that was made, with the address by which it was written
CREATE VIEW t.made AS
SELECT 'identity' AS made_for, id, email AS place, created_at FROM canopy.identity
UNION ALL SELECT 'membership of ' || a.slug, m.id, i.email, m.created_at FROM canopy.app_membership AS m JOIN canopy.identity AS i ON i.id = m.identity_id
	JOIN canopy.application AS a ON a.id = m.application_id
UNION ALL SELECT 'assignment', r.id, i.email, r.created_at FROM canopy.role_assignment AS r JOIN canopy.identity AS i ON i.id = r.identity_id
UNION ALL SELECT 'audit entry', id, created_at::text, created_at FROM canopy.audit_log;
SELECT set_eq('SELECT made_for, count(*) FROM t.made GROUP BY 1',
	$$ VALUES ('identity', 10401::bigint), ('membership of crm', 200), ('membership of wiki', 200), ('assignment', 200), ('audit entry', 5) $$, 'the batches made ids of every kind');

-- version and variant stand in their bits
SELECT is_empty($$ SELECT * FROM t.made WHERE id::text !~ '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$' $$, 'every id is of version 7 and of the variant of the RFC');

-- the first 48 bits are milliseconds: when the row was written, which is a moment after the call began
SELECT is_empty($$
	SELECT * FROM t.made, LATERAL (SELECT to_timestamp(('x' || replace(left(id::text, 13), '-', ''))::bit(48)::bigint / 1000.0) AS at) AS time
	WHERE at NOT BETWEEN created_at - interval '1 millisecond' AND created_at + interval '1 minute' OR abs(extract(epoch FROM clock_timestamp() - at)) > 60
$$, 'the time of an id is within a minute of the clock, and not before the call');

-- ids grow as rows are written
SELECT is_empty($$
	SELECT * FROM (SELECT made_for, place, id, lag(id) OVER (PARTITION BY made_for ORDER BY place COLLATE "C") AS before FROM t.made) AS ordered WHERE id <= before
$$, 'ids of one backend grow strictly in the order in which rows are written');
SELECT is(count(DISTINCT id), count(*), 'no id is made twice') FROM t.made;

-- what follows time and counter is random
SELECT cmp_ok(count(DISTINCT right(id::text, 15)), '=', count(*), 'the random part differs') FROM t.made;

SELECT * FROM finish();
