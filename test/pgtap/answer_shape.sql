-- The answer: its keys at every level, its order, its sums, and that it tells what is stored.
-- strategies: all
\ir fixture.psql
SELECT no_plan();

-- the keys of an object, sorted
CREATE FUNCTION t.keys(object jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT string_agg(k, ' ' ORDER BY k COLLATE "C") FROM jsonb_object_keys(object) AS k $$;

-- the body of the account tier's documentation, with values for its strings
\set body '{"identities":[{"email":"Grace.Hopper@Acme.Example","first_name":"Grace","last_name":"Hopper","password":"correct horse","external_id":"hr-7","metadata":{"team":"compilers"},"application_id":"CRM"}]}'
SELECT replace(:'body', 'CRM', t.id('crm')::text) AS body \gset
CREATE TABLE t.answer AS
SELECT canopy_bulk_create(:'body', account => 'acme') AS whole, a.*
FROM (VALUES (1)) AS one (n), LATERAL (SELECT NULL::jsonb AS data, NULL::jsonb AS membership) AS a;
UPDATE t.answer SET data = whole#>'{results,0,data}', membership = whole#>'{results,0,data,app_memberships,0}';

-- the documented body gives the documented answer
SELECT is(t.keys(whole), 'results summary', 'an answer has two keys') FROM t.answer;
SELECT is(whole->'summary', '{"total":1,"succeeded":1,"failed":0}', 'the summary has three') FROM t.answer;
SELECT is(t.keys(whole#>'{results,0}'), 'code data index status', 'a success has four') FROM t.answer;
SELECT is((whole#>'{results,0}') - 'data', '{"index":0,"status":"success","code":201}', 'its verdict is 201') FROM t.answer;
SELECT is(t.keys(data), 'app_membership_count app_memberships avatar_url created_at email email_verified email_verified_at external_id'
	' first_name id is_active last_name locked_until metadata password_changed_at total_assignments', 'an identity of the account tier has sixteen keys') FROM t.answer;
SELECT is(t.keys(membership), 'application_id application_name application_slug assignment_count created_at id status',
	'an entry of app_memberships has seven') FROM t.answer;

-- its values are those that were sent, and null where there is none
SELECT is(data - '{id,created_at,password_changed_at,app_memberships}'::text[], '{
	"email": "grace.hopper@acme.example", "first_name": "Grace", "last_name": "Hopper", "avatar_url": null,
	"external_id": "hr-7", "metadata": {"team": "compilers"}, "is_active": true, "email_verified": false,
	"email_verified_at": null, "locked_until": null, "app_membership_count": 1, "total_assignments": 0}',
	'an identity says what was sent') FROM t.answer;
SELECT is(membership - '{id,created_at}'::text[], jsonb_build_object('application_id', t.id('crm'), 'application_slug', 'crm',
	'application_name', 'CRM', 'status', 'active', 'assignment_count', 0), 'a membership says of what') FROM t.answer;

-- and the ids and times are those of the rows
SELECT results_eq('SELECT data->>''id'', data->>''created_at'', data->>''password_changed_at'', membership->>''id'', membership->>''created_at'' FROM t.answer', $$
	SELECT i.id::text, to_char(i.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
		to_char(i.password_changed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
		m.id::text, to_char(m.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
	FROM canopy.identity AS i JOIN canopy.app_membership AS m ON m.identity_id = i.id WHERE email = 'grace.hopper@acme.example'
$$, 'ids and times are those that are stored');

-- a new id is a UUID of version 7, so that it goes to the right edge of its index
SELECT matches(data->>'id', '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$', 'an id is a UUIDv7') FROM t.answer;

-- the session's idea of a date changes nothing
SET timezone = 'Asia/Kathmandu';
SET datestyle = 'German, DMY';
SELECT ok(time ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$' AND time::timestamptz BETWEEN now() - interval '1 minute' AND clock_timestamp(),
	'a time is ISO 8601 in UTC with milliseconds')
FROM (SELECT canopy_bulk_create(jsonb_build_array(t.person('zone@acme.example')), account => 'acme')#>>'{results,0,data,created_at}') AS v (time);
RESET timezone;
RESET datestyle;

-- the application tier has eight keys
SELECT is(t.keys(answer#>'{results,0,data}'), 'avatar_url created_at email external_id first_name id is_active last_name',
	'an identity of the application tier has eight keys')
FROM canopy_bulk_create(jsonb_build_array(t.person('app@acme.example')), account => 'acme', application => 'crm') AS answer;

-- there a row is an identity, its membership, and the role it asks for
SELECT is(t.verdicts(canopy_bulk_create(jsonb_build_array(t.person('role@acme.example', jsonb_build_object('role_id', t.id('editor'), 'node_id', t.id('crm-eu')))),
	account => 'acme', application => 'crm', environment => 'production')), '201', 'a row with a role is created');
SELECT results_eq($$
	SELECT m.application_id, m.status, m.activated_at = m.created_at, r.application_id, role_id, node_id, effective_from, effective_to
	FROM canopy.identity AS i JOIN canopy.app_membership AS m ON m.identity_id = i.id JOIN canopy.role_assignment AS r ON r.identity_id = i.id
	WHERE email = 'role@acme.example'
$$, $$ VALUES (t.id('crm'), 'active', true, t.id('crm'), t.id('editor'), t.id('crm-eu'), NULL::timestamptz, NULL::timestamptz) $$, 'with its membership and its role at the node');

-- the account tier counts the roles of an identity, in all and per application
SELECT is(jsonb_build_array(data->'total_assignments', data->'app_membership_count', data#>'{app_memberships,0,assignment_count}'), '[1, 1, 1]', 'roles are counted')
FROM (SELECT canopy_bulk_create(jsonb_build_array(t.person('role@acme.example')), account => 'acme', on_conflict => 'skip')#>'{results,0,data}') AS v (data);

-- so has a membership that is attached
SELECT is(t.keys(answer#>'{results,0,data}'), 'activated_at application_id created_at deactivated_at id identity_id invited_at status',
	'a membership has eight keys')
FROM canopy_bulk_attach(ARRAY[t.add_identity('acme', 'attach@acme.example')], 'crm', 'acme') AS answer;

-- an error has five keys, its error three
SELECT is(t.keys(result) || ': ' || t.keys(result->'error'), 'code error index input status: code details message', 'an error has its keys')
FROM (SELECT canopy_bulk_create('[{}]', account => 'acme')#>'{results,0}') AS v (result);

-- results come in the order of the rows, whatever the order they are written in
SELECT is(canopy_bulk_create(jsonb_agg(t.person(format('%s@order.example', email)) ORDER BY n), account => 'acme')#>>'{results,0,data,email}',
	'z@order.example', 'the first result is that of the first row')
FROM (VALUES (1, 'z'), (2, 'm'), (3, 'a')) AS v (n, email);
SELECT is(
	(SELECT jsonb_agg(jsonb_build_array(r->'index', r->>'status', coalesce(r#>>'{data,email}', r#>>'{input,email}')))
	 FROM jsonb_array_elements(canopy_bulk_create(
		jsonb_build_array(t.person('y@order.example'), t.person('bad'), t.person('b@order.example'), t.person('a@order.example'), t.person('y@order.example')),
		account => 'acme')->'results') AS r),
	'[[0, "success", "y@order.example"], [1, "error", "bad"], [2, "success", "b@order.example"], [3, "error", "a@order.example"], [4, "error", "y@order.example"]]',
	'each result has its row''s index, from 0');

-- the summary adds up, and counts what the results say
SELECT is(canopy_bulk_create(jsonb_agg(t.person(CASE WHEN n % 3 = 0 THEN 'x' ELSE format('sum%s@acme.example', n) END)), account => 'acme')->'summary',
	'{"total":20,"succeeded":14,"failed":6}', 'the summary counts the rows') FROM generate_series(1, 20) AS n;
SELECT is(count(*), 14::bigint, 'and so many are there') FROM canopy.identity WHERE email ~ '^sum';

-- an empty batch is a success with zeros and writes nothing, not even an audit entry
CREATE TABLE t.before AS SELECT t.state() AS state;
SELECT is(canopy_bulk_create(empty, account => 'acme'), '{"summary":{"total":0,"succeeded":0,"failed":0},"results":[]}', title)
FROM (VALUES ('[]'::jsonb, 'an empty array is an empty batch'), ('{"identities":[]}', 'so is the object with an empty array')) AS v (empty, title);
SELECT is(t.state(), state, 'an empty batch writes nothing') FROM t.before;

-- a trigger of the user's may change the row, and the answer says what became of it
CREATE FUNCTION t.change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.first_name := 'Changed';
	NEW.metadata := NEW.metadata || '{"by":"trigger"}';
	NEW.avatar_url := 'https://acme.example/a.png';
	NEW.is_active := false;
	NEW.email_verified_at := '2026-04-20 12:00:00.0005+00';
	NEW.locked_until := 'infinity';
	RETURN NEW;
END $$;
GRANT USAGE ON SCHEMA t TO canopy_owner;
CREATE TRIGGER change BEFORE INSERT ON canopy.identity FOR EACH ROW WHEN (NEW.email ~ '^change') EXECUTE FUNCTION t.change();
SELECT is(
	(SELECT jsonb_object_agg(key, value) FROM jsonb_each(canopy_bulk_create(jsonb_build_array(t.person('change@acme.example', '{"metadata":{"a":1}}')), account => 'acme')#>'{results,0,data}')
	 WHERE key IN ('first_name', 'metadata', 'avatar_url', 'is_active', 'email_verified_at')),
	'{"first_name":"Changed","metadata":{"a":1,"by":"trigger"},"avatar_url":"https://acme.example/a.png","is_active":false,"email_verified_at":"2026-04-20T12:00:00.000Z"}',
	'the answer is what a trigger made of the row');

-- a trigger that swallows the row has refused it: an answer never says 201 for a row that is not there
CREATE FUNCTION t.swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER swallow BEFORE INSERT ON canopy.identity FOR EACH ROW WHEN (NEW.email ~ '^swallow') EXECUTE FUNCTION t.swallow();
SELECT is(t.verdicts(canopy_bulk_create(jsonb_build_array(t.person('swallow@acme.example'), t.person('next@acme.example')), account => 'acme', on_conflict => mode)),
	'422 rejected, ' || next, 'a row that a trigger swallows is rejected, on_conflict => ' || mode)
FROM (VALUES ('error', '201'), ('skip', '200'), ('update', '200')) AS v (mode, next);

-- so it is when the row is to be updated
CREATE TRIGGER swallow_update BEFORE UPDATE ON canopy.identity FOR EACH ROW EXECUTE FUNCTION t.swallow();
SELECT is(t.verdicts(canopy_bulk_create(jsonb_build_array(t.person('next@acme.example')), account => 'acme', on_conflict => 'update')),
	'422 rejected', 'an update that a trigger swallows is rejected');
DROP TRIGGER swallow_update ON canopy.identity;

-- a trigger that gives the row an address that is taken has refused it, too: the sender's address is free
CREATE FUNCTION t.rename() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.email := 'next@acme.example'; RETURN NEW; END $$;
CREATE TRIGGER rename BEFORE INSERT ON canopy.identity FOR EACH ROW WHEN (NEW.email ~ '^rename') EXECUTE FUNCTION t.rename();
SELECT is(t.verdicts(canopy_bulk_create(jsonb_build_array(t.person('rename@acme.example')), account => 'acme', on_conflict => mode)),
	'422 rejected', 'a row that a trigger renames into another is rejected, on_conflict => ' || mode)
FROM unnest('{error,skip,update}'::text[]) AS mode;

-- the same holds for its membership, and then the identity is not there either
CREATE TRIGGER swallow BEFORE INSERT ON canopy.app_membership FOR EACH ROW
WHEN (NEW.application_id = md5('wiki')::uuid) EXECUTE FUNCTION t.swallow();
SELECT is(t.verdicts(answer), '422 rejected', 'a swallowed membership rejects the row')
FROM canopy_bulk_create(jsonb_build_array(t.person('half@acme.example', jsonb_build_object('application_id', t.id('wiki')))), account => 'acme') AS answer;
SELECT is_empty('SELECT 1 FROM canopy.identity WHERE email = ''half@acme.example''', 'and the identity goes with it');

SELECT * FROM finish();
