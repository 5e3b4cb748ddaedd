-- A call with a key happens once: who repeats it gets the first answer, byte for byte.
\ir fixture.psql
SELECT no_plan();

SELECT t.add_identity('acme', 'one@acme.example'), t.add_identity('acme', 'two@acme.example') \gset

-- the answer of a call, or how it failed
CREATE FUNCTION t.say(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE 'SELECT ' || call INTO answer;
	RETURN answer;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;

-- what a repeated call does, in a word
CREATE FUNCTION t.repeated(call text, again text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	first jsonb;
	second jsonb;
	before jsonb;
BEGIN
	EXECUTE 'SELECT to_jsonb(' || call || ')' INTO first;
	before := t.state();
	EXECUTE 'SELECT to_jsonb(' || coalesce(again, call) || ')' INTO second;
	RETURN CASE WHEN t.state() <> before THEN 'happened again' WHEN record_image_eq(ROW(first), ROW(second)) THEN 'replayed' ELSE 'answered otherwise' END;
END $$;

-- the same call within a request: its status, its headers and its answer
CREATE FUNCTION t.serve(call text, headers text DEFAULT '', earlier text DEFAULT '', OUT status text, OUT sent jsonb, OUT answer jsonb) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('request.method', 'POST', true), set_config('request.headers', headers, true),
		set_config('response.status', '', true), set_config('response.headers', earlier, true);
	EXECUTE 'SELECT to_jsonb(' || call || ')' INTO answer;
	status := current_setting('response.status');
	sent := nullif(current_setting('response.headers'), '')::jsonb;
	PERFORM set_config('request.method', '', true), set_config('request.headers', '', true);
END $$;

-- every writing function takes a key, and repeating it changes no table
SELECT is(t.repeated(call), 'replayed', call)
FROM (VALUES
	($$canopy_bulk_create(t.people(2), 'acme', idempotency_key => 'a')$$),
	($$canopy_bulk_create(t.people(3) || '[7]', 'acme', 'crm', idempotency_key => 'failing rows')$$),
	($$canopy_bulk_create(t.people(3), 'acme', on_conflict => 'update', idempotency_key => 'update')$$),
	($$canopy_bulk_create(t.people(200), 'acme', max_failed => 3, idempotency_key => 'limit')$$),
	($$canopy_bulk_create_raw(convert_to(jsonb_build_array(t.person('raw@acme.example'))::text, 'UTF8'), 'acme', idempotency_key => 'raw')$$),
	($$canopy_bulk_attach(ARRAY[t.id('one@acme.example'), t.id('nobody')], 'crm', 'acme', idempotency_key => 'attach')$$),
	($$canopy_bulk_attach_json(jsonb_build_array(t.id('two@acme.example'), 'nonsense'), 'crm', 'acme', idempotency_key => 'attach json')$$),
	($$canopy_bulk_import_event('create', 3, 2, 1, 0, 'crm', 'acme', idempotency_key => 'event')::text$$)
) AS v (call);

-- without a key it happens again
SELECT is(t.repeated($$canopy_bulk_create(t.people(2), 'acme', on_conflict => 'skip')$$), 'happened again', 'no key, no replay');
SELECT is(t.repeated($$canopy_bulk_import_event('create', 0, 0, 0, 0, 'crm', 'acme')::text$$), 'happened again', 'nor for an event');

-- a key belongs to what the call is for and to what is done, not to a function's name
SELECT is(t.repeated(format('%s, idempotency_key => %L)', first, key), format('%s, idempotency_key => %L)', second, coalesce(other, key))), wanted, key)
FROM (VALUES
	('another account', NULL, $$canopy_bulk_create(t.people(1), 'acme'$$, $$canopy_bulk_create(t.people(1), 'globex'$$, 'happened again'),
	('another application', NULL, $$canopy_bulk_create('[7]', 'acme', 'crm'$$, $$canopy_bulk_create('[7]', 'acme', 'wiki'$$, 'happened again'),
	('no application', NULL, $$canopy_bulk_create('[7]', 'acme', 'crm'$$, $$canopy_bulk_create('[7]', 'acme'$$, 'happened again'),
	('another environment', NULL, $$canopy_bulk_create('[7]', 'acme', 'crm', 'production'$$, $$canopy_bulk_create('[7]', 'acme', 'crm', 'staging'$$, 'happened again'),
	('no environment', NULL, $$canopy_bulk_create('[7]', 'acme', 'crm', 'production'$$, $$canopy_bulk_create('[7]', 'acme', 'crm'$$, 'happened again'),
	('another application of an event', NULL, $$canopy_bulk_import_event('create', 0, 0, 0, 0, 'crm', 'acme'$$, $$canopy_bulk_import_event('create', 0, 0, 0, 0, 'wiki', 'acme'$$, 'happened again'),
	('another key', 'the other key', $$canopy_bulk_create(t.people(1), 'acme'$$, $$canopy_bulk_create(t.people(1), 'acme'$$, 'happened again'),
	('other case', 'Other case', $$canopy_bulk_create(t.people(1), 'acme'$$, $$canopy_bulk_create(t.people(1), 'acme'$$, 'happened again'),
	('a blank more', 'a blank more ', $$canopy_bulk_create(t.people(1), 'acme'$$, $$canopy_bulk_create(t.people(1), 'acme'$$, 'happened again'),
	('attach after create', NULL, $$canopy_bulk_create(t.people(1), 'acme'$$, $$canopy_bulk_attach(ARRAY[t.id('one@acme.example')], 'wiki', 'acme'$$, 'happened again'),
	('event after create', NULL, $$canopy_bulk_create(t.people(1), 'acme'$$, $$canopy_bulk_import_event('account_create', 0, 0, 0, 0, '', 'acme'$$, 'happened again'),
	('raw after create', NULL, $$canopy_bulk_create(t.people(1), 'acme'$$, $$canopy_bulk_create_raw(convert_to(t.people(1)::text, 'UTF8'), 'acme'$$, 'replayed'),
	('attach after attach_json', NULL, $$canopy_bulk_attach_json(jsonb_build_array(t.id('one@acme.example')), 'wiki', 'acme'$$, $$canopy_bulk_attach(ARRAY[t.id('one@acme.example')], 'wiki', 'acme'$$, 'replayed')
) AS v (key, other, first, second, wanted);

-- one call with everything in it, and what makes another request of it
CREATE FUNCTION t.base(more jsonb DEFAULT '{}', names text DEFAULT NULL, key text DEFAULT 'base') RETURNS text LANGUAGE sql AS
$$ SELECT format('canopy_bulk_create(jsonb_build_array(%L::jsonb, t.person(''b2@acme.example'')), %s, idempotency_key => %L)',
	t.person('b1@acme.example', '{"password":"correct horse 1","metadata":{"a":[1,null]}}') || more,
	coalesce(names, 'account => ''acme'', application => ''crm'', environment => ''production'', max_failed => 5, on_conflict => ''skip'''), key) $$;
SELECT t.say(t.base()) AS base \gset
SELECT is(t.say(call), 'PT422 idempotency key was used for another request', title)
FROM (VALUES
	('another address', t.base('{"email":"b3@acme.example"}')),
	('the address in capitals', t.base('{"email":"B1@acme.example"}')),
	('another name', t.base('{"first_name":"Eve"}')),
	('a field more', t.base('{"external_id":"7"}')),
	('a field that is null', t.base('{"external_id":null}')),
	('a key that is no field', t.base('{"locker":"x"}')),
	('other metadata', t.base('{"metadata":{"a":[1]}}')),
	('a row less', replace(t.base(), ', t.person(''b2@acme.example'')', '')),
	('a row more', replace(t.base(), 't.person(''b2@acme.example'')', 't.person(''b2@acme.example''), t.person(''b2@acme.example'')')),
	('another order', regexp_replace(t.base(), 'array\((.*::jsonb), (t.person\(''b2@acme.example''\))', 'array(\2, \1')),
	('no limit', t.base(names => $$account => 'acme', application => 'crm', environment => 'production', on_conflict => 'skip'$$)),
	('a limit of zero', t.base(names => $$account => 'acme', application => 'crm', environment => 'production', max_failed => 0, on_conflict => 'skip'$$)),
	('another on_conflict', t.base(names => $$account => 'acme', application => 'crm', environment => 'production', max_failed => 5, on_conflict => 'update'$$))
) AS v (title, call);

-- what is the same request in other words; the fingerprint leaves secrets out, since a hash
-- over a password is an oracle, so a changed password is no change
SELECT is(t.say(call), :'base', title)
FROM (VALUES
	('the same', t.base()),
	('ids for slugs', t.base(names => format('account => %L, application => %L, environment => %L, max_failed => 5, on_conflict => ''skip''', t.id('acme'), t.id('crm'), t.id('production')))),
	('the rows in an object', regexp_replace(t.base(), 'jsonb_build_array\((.*?)\)\), account', 'jsonb_build_object(''identities'', jsonb_build_array(\1))), account')),
	('another password', t.base('{"password":"another horse 2"}'))
) AS v (title, call);
SELECT is(count(*), 1::bigint, 'all that happened once') FROM canopy.audit_log WHERE metadata->>'max_failed' = '5';

-- the header Idempotency-Key is a key; the argument counts for more
SELECT set_eq('SELECT key FROM canopy.idempotency_key WHERE created_at = (SELECT max(created_at) FROM canopy.idempotency_key)', 'SELECT ''base''', 'so far the last key is that of the calls above');
SELECT is((t.serve($$canopy_bulk_create(jsonb_build_array(t.person('h@acme.example')), 'acme', on_conflict => 'skip')$$, '{"idempotency-key":"from the header","accept":"*/*"}')).sent, NULL, 'a first call sends no header');
SELECT is((t.serve($$canopy_bulk_create(jsonb_build_array(t.person('h@acme.example')), 'acme', on_conflict => 'skip')$$, '{"idempotency-key":"from the header"}')).sent, '[{"Idempotency-Replayed": "true"}]', 'a replay says so');
SELECT is(t.say($$canopy_bulk_create(jsonb_build_array(t.person('h@acme.example')), 'acme', on_conflict => 'skip', idempotency_key => 'from the header')->'results'->0->>'code'$$), '201', 'header and argument are one kind of key');
SELECT is((t.serve($$canopy_bulk_create(jsonb_build_array(t.person('h@acme.example')), 'acme', on_conflict => 'skip', idempotency_key => 'from the argument')$$, '{"idempotency-key":"from the header"}')).sent, NULL, 'the argument wins');
SELECT set_has('SELECT key FROM canopy.idempotency_key', 'VALUES (''from the header''), (''from the argument'')', 'and is the key that is stored');
SELECT is((t.serve($$canopy_bulk_create(jsonb_build_array(t.person('h@acme.example')), 'acme', on_conflict => 'skip')$$, headers)).sent, NULL, format('no key in headers %L', headers))
FROM (VALUES (''), ('{}'), ('{"idempotency-key-2":"from the header"}')) AS v (headers);

-- a replay has the status of the first answer, and keeps the headers that are there
CREATE TABLE t.served AS SELECT 1 AS n, s.* FROM t.serve($$canopy_bulk_create(t.people(2) || '[7]', 'acme')$$, '{"idempotency-key":"status"}', '[{"X-Mine": "yes"}]') AS s;
INSERT INTO t.served SELECT 2, s.* FROM t.serve($$canopy_bulk_create(t.people(2) || '[7]', 'acme')$$, '{"idempotency-key":"status"}', '[{"X-Mine": "yes"}]') AS s;
SELECT results_eq('SELECT status, sent FROM t.served ORDER BY n', $$ VALUES ('207', '[{"X-Mine": "yes"}]'::jsonb), ('207', '[{"X-Mine": "yes"}, {"Idempotency-Replayed": "true"}]') $$, 'status and headers of both');
SELECT is(count(DISTINCT answer::text), 1::bigint, 'with one answer') FROM t.served;

-- outside a request there is nobody to tell
BEGIN;
SELECT canopy_bulk_create(t.people(2) || '[7]', 'acme', idempotency_key => 'status') \gset
SELECT is(coalesce(current_setting('response.status', true), '') || coalesce(current_setting('response.headers', true), ''), '', 'a replay without a request sets nothing');
COMMIT;

-- a key has 1 to 255 printable ASCII characters
SELECT is(t.say(format('canopy_bulk_create(t.people(1), ''acme'', dry_run => true, idempotency_key => %L)#>>''{summary,total}''', key)), wanted, format('a key of %s bytes', octet_length(key)))
FROM (VALUES
	('', '22023 idempotency key is empty or too long'), (repeat('k', 256), '22023 idempotency key is empty or too long'), (repeat('k', 100000), '22023 idempotency key is empty or too long'),
	(E'a\tb', '22023 idempotency key has a character that is not printable ASCII'), (E'a\x7f', '22023 idempotency key has a character that is not printable ASCII'),
	(E'a\n', '22023 idempotency key has a character that is not printable ASCII'), ('schlüssel', '22023 idempotency key has a character that is not printable ASCII'),
	(' ', '1'), ('~', '1'), ('''";--%s', '1'), (repeat('k', 255), '1'), (NULL, '1')
) AS v (key, wanted);
SELECT throws_ok(format('SELECT t.serve(%L, %L)', $$canopy_bulk_create(t.people(1), 'acme')$$, headers), '22023', NULL, 'so has that of a header: ' || left(headers, 24))
FROM (VALUES ('{"idempotency-key":""}'), ('{"idempotency-key":"é"}'), (jsonb_build_object('idempotency-key', repeat('k', 256))::text)) AS v (headers);
SELECT throws_ok(format('SELECT %s, idempotency_key => '''')', call), '22023', 'idempotency key is empty or too long', call)
FROM (VALUES ($$canopy_bulk_create_raw('[]', 'acme'$$), ($$canopy_bulk_attach('{}', 'crm', 'acme'$$), ($$canopy_bulk_attach_json('[]', 'crm', 'acme'$$), ($$canopy_bulk_import_event('create', 0, 0, 0, 0, 'crm', 'acme'$$)) AS v (call);

-- whether a key has expired is decided when it is read, by the window as it is then
CREATE FUNCTION t.aged(age interval) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM canopy.idempotency_key;
	PERFORM canopy_bulk_import_event('create', 1, 1, 0, 0, 'crm', 'acme', 'aged');
	UPDATE canopy.idempotency_key SET created_at = clock_timestamp() - age;
	DELETE FROM canopy.audit_log;
	PERFORM canopy_bulk_import_event('create', 1, 1, 0, 0, 'crm', 'acme', 'aged');
	RETURN CASE WHEN EXISTS (SELECT FROM canopy.audit_log) THEN 'happened again' ELSE 'replayed' END;
END $$;
SELECT is(t.aged(age::interval), wanted, format('an event, %s later', age))
FROM (VALUES ('0', 'replayed'), ('23:59:55', 'replayed'), ('24:00:00', 'happened again'), ('366 days', 'happened again')) AS v (age, wanted);
SET canopy_bulk.idempotency_window = '1min';
SELECT is(t.aged(age::interval), wanted, format('an event, %s later, with a window of a minute', age))
FROM (VALUES ('55s', 'replayed'), ('60s', 'happened again')) AS v (age, wanted);
RESET canopy_bulk.idempotency_window;
SELECT ok(created_at > clock_timestamp() - interval '1 minute', 'a key that is used anew begins anew') FROM canopy.idempotency_key;
UPDATE canopy.idempotency_key SET created_at = clock_timestamp() - interval '1 day';
SELECT is(t.say($$canopy_bulk_import_event('create', 2, 2, 0, 0, 'crm', 'acme', 'aged')::text$$), '', 'an expired key takes another request');
SELECT is(t.repeated($$canopy_bulk_create(t.people(2), 'acme', idempotency_key => 'batch')$$), 'replayed', 'a batch with a key');
UPDATE canopy.idempotency_key SET created_at = clock_timestamp() - interval '1 day' WHERE key = 'batch';
SELECT is(t.verdicts(canopy_bulk_create(t.people(2), 'acme', idempotency_key => 'batch')), '409 email_conflict, 409 email_conflict', 'happens again a day later');
SELECT is(t.repeated($$canopy_bulk_create(t.people(2), 'acme', idempotency_key => 'batch')$$), 'replayed', 'and then is replayed as it went then');

-- expired keys are purged in small steps, of one account
DELETE FROM canopy.idempotency_key;
INSERT INTO canopy.idempotency_key (account_id, function, key, fingerprint, created_at)
SELECT t.id(a), 'f', i::text, '', now() - CASE WHEN i > 2 THEN interval '25 hours' ELSE interval '23 hours' END FROM unnest('{acme,globex}'::text[]) AS a, generate_series(1, 7) AS i;
SELECT is(canopy_bulk_purge('acme', 2), n, 'a step deletes two at most') FROM unnest('{2,2,1,0}'::bigint[]) AS n;
SELECT results_eq('SELECT account_id, count(*) FROM canopy.idempotency_key GROUP BY 1 ORDER BY 1', $$ SELECT t.id(a), n FROM (VALUES ('acme', 2::bigint), ('globex', 7)) AS v (a, n) ORDER BY 1 $$, 'keys that live and those of others stay');
SET canopy_bulk.account = 'globex';
SELECT is(canopy_bulk_purge(), 5::bigint, 'the account may come from the setting, and 1,000 is a step');
RESET canopy_bulk.account;
SELECT throws_ok('SELECT ' || call, state, message, call)
FROM (VALUES
	('canopy_bulk_purge()', '22023', 'no account is named'),
	('canopy_bulk_purge(''nowhere'')', 'PT404', 'account does not exist'),
	('canopy_bulk_purge(''acme'', 0)', '22023', 'max_rows must be positive'),
	('canopy_bulk_purge(''acme'', -1)', '22023', 'max_rows must be positive'),
	('canopy_bulk_purge(''acme'', NULL)', '22023', 'argument "max_rows" cannot be null')
) AS v (call, state, message);
SET request.jwt.claims = '{"account":"globex","principal_type":"user"}';
SELECT throws_ok('SELECT canopy_bulk_purge(''acme'')', '42501', 'token is not authorized for this account', 'claims bind a purge too');
RESET request.jwt.claims;

-- what writes nothing leaves no key, and what fails leaves none either
DELETE FROM canopy.idempotency_key;
CREATE FUNCTION t.alarm(password text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'a password was looked at'; END $$;
GRANT USAGE ON SCHEMA t TO canopy_owner;
CREATE FUNCTION t.halt() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the call shall end' USING ERRCODE = '53100'; END $$;
CREATE TRIGGER halt BEFORE INSERT ON canopy.identity FOR EACH ROW WHEN (NEW.email = 'halt@acme.example') EXECUTE FUNCTION t.halt();
SELECT is(t.say(call), wanted, call)
FROM (VALUES
	($$t.verdicts(canopy_bulk_create(t.people(1) || '[7]', 'acme', on_conflict => 'skip', max_failed => 0, idempotency_key => 'n'))$$, '424 batch_rolled_back, 400 invalid_row'),
	($$t.verdicts(canopy_bulk_create(jsonb_build_array(t.person('n@acme.example')), 'acme', dry_run => true, idempotency_key => 'n'))$$, '201'),
	($$canopy_bulk_create('[]', 'acme', idempotency_key => 'n')#>>'{summary,total}'$$, '0'),
	($$canopy_bulk_attach('{}', 'crm', 'acme', idempotency_key => 'n')#>>'{summary,total}'$$, '0'),
	($$canopy_bulk_create(jsonb_build_array(t.person('n@acme.example'), t.person('halt@acme.example')), 'acme', idempotency_key => 'n')$$, '53100 the call shall end'),
	($$canopy_bulk_create(t.people(201), 'acme', idempotency_key => 'n')$$, 'PT413 batch has too many rows'),
	($$canopy_bulk_import_event('create', 9, 1, 0, 0, 'crm', 'acme', idempotency_key => 'n')::text$$, '22023 counts of the import do not add up')
) AS v (call, wanted);
SELECT is_empty('SELECT 1 FROM canopy.idempotency_key', 'none of them has left a key');
SELECT is(t.repeated($$canopy_bulk_create(t.people(1) || '[7]', 'acme', on_conflict => 'skip', max_failed => 1, idempotency_key => 'n')$$), 'replayed', 'which is free for a call that gets through');

-- a dry run passes a key by that is there
SELECT is(t.verdicts(canopy_bulk_create(jsonb_build_array(t.person('n@acme.example')), 'acme', dry_run => true, idempotency_key => 'n')), '201', 'a dry run tells what would happen, not what has happened');

-- a transaction that is rolled back takes the key with it
BEGIN;
SELECT canopy_bulk_import_event('create', 0, 0, 0, 0, 'crm', 'acme', 'gone') \gset
ROLLBACK;
SELECT is_empty('SELECT 1 FROM canopy.idempotency_key WHERE key = ''gone''', 'a rollback leaves no key');

-- a replay looks at no password, so it hashes none
CREATE TABLE t.batch AS SELECT jsonb_agg(t.person(format('pw%s@acme.example', i), '{"password":"correct horse canary"}') || CASE WHEN i = 4 THEN '{"passwort":"canary","last_name":""}'::jsonb ELSE '{}' END) AS rows FROM generate_series(1, 4) AS i;
SELECT is(t.verdicts(canopy_bulk_create(rows, 'acme', idempotency_key => 'passwords')), '201, 201, 201, 400 required', 'a batch with passwords') FROM t.batch;
SET canopy_bulk.breach_check = 't.alarm';
SELECT is(t.say($$t.verdicts(canopy_bulk_create((SELECT rows FROM t.batch), 'acme', idempotency_key => 'passwords'))$$), '201, 201, 201, 400 required', 'is replayed where passwords raise an alarm');
SELECT is(left(t.say($$canopy_bulk_create((SELECT rows FROM t.batch), 'acme', idempotency_key => 'passwords 2')$$), 5), '39000', 'a new key raises it');
RESET canopy_bulk.breach_check;
SELECT is_empty('SELECT 1 FROM canopy.idempotency_key WHERE key = ''passwords 2''', 'and is not there afterwards');

-- no secret is in what is kept, nor anything that was made of one
SELECT is_empty('SELECT 1 FROM canopy.idempotency_key AS k WHERE k::text ~ ''canary|argon2''', 'keys and answers have no secret');
SELECT is_empty($$
	SELECT 1 FROM canopy.idempotency_key AS k, t.batch, canopy.identity AS i
	WHERE k.key = 'passwords' AND k.fingerprint IN (sha256(convert_to(rows::text, 'UTF8')), sha256(jsonb_send(rows)), sha256(convert_to(i.password_hash, 'UTF8')))
$$, 'nor has the fingerprint');

-- an event of other counts, or of something else, is another request
SELECT canopy_bulk_import_event('create', 3, 2, 1, 0, 'crm', 'acme', 'event') \gset
SELECT is(t.say(format('canopy_bulk_import_event(%s, ''acme'', ''event'')::text', arguments)), wanted, arguments)
FROM (VALUES
	('''create'', 3, 2, 1, 0, ''crm''', ''),
	(format('''create'', 3, 2, 1, 0, %L', t.id('crm')), ''),
	('''create'', 3, 1, 2, 0, ''crm''', 'PT422 idempotency key was used for another request'),
	('''create'', 3, 2, 1, 1, ''crm''', 'PT422 idempotency key was used for another request'),
	('''invite'', 3, 2, 1, 0, ''crm''', 'PT422 idempotency key was used for another request'),
	('''create'', 3, 3, 1, 0, ''crm''', '22023 counts of the import do not add up')
) AS v (arguments, wanted);
SELECT is((t.serve($$canopy_bulk_import_event('create', 3, 2, 1, 0, 'crm', 'acme')::text$$, '{"idempotency-key":"event"}')).sent, '[{"Idempotency-Replayed": "true"}]', 'the replay of an event says so');

-- keys are the account's, so claims come first
SET request.jwt.claims = '{"account":"globex","principal_type":"user"}';
SELECT is(t.say($$canopy_bulk_import_event('create', 3, 2, 1, 0, 'crm', 'acme', 'event')::text$$), '42501 token is not authorized for this account', 'nobody replays the calls of others');
RESET request.jwt.claims;

-- replays need no right to write
BEGIN READ ONLY;
SELECT is(t.verdicts(canopy_bulk_create(rows, 'acme', idempotency_key => 'passwords')), '201, 201, 201, 400 required', 'a replay works in a read-only transaction') FROM t.batch;
ROLLBACK;

-- a key whose call has not answered, because it is still running or because somebody took the answer
-- away, is an error and nothing worse
CREATE FUNCTION t.again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM public.canopy_bulk_create(jsonb_build_array(t.person('again@acme.example')), 'acme', idempotency_key => 'again');
	RETURN NEW;
END $$;
GRANT EXECUTE ON FUNCTION canopy_bulk_create TO canopy_owner;
CREATE TRIGGER again BEFORE INSERT ON canopy.identity FOR EACH ROW WHEN (NEW.email = 'again@acme.example') EXECUTE FUNCTION t.again();
SELECT throws_ok($$SELECT canopy_bulk_create(jsonb_build_array(t.person('again@acme.example')), 'acme', idempotency_key => 'again')$$, '55000', NULL, 'a call that repeats itself from a trigger');
UPDATE canopy.idempotency_key SET answer = NULL WHERE key = 'passwords';
SELECT throws_ok($$SELECT canopy_bulk_create((SELECT rows FROM t.batch), 'acme', idempotency_key => 'passwords')$$, '55000', NULL, 'a key without its answer');

-- what is under a key that is no field is unknown, and may be a secret: only the key counts
SELECT is(t.repeated(format($$canopy_bulk_create('[{"email":"b4@acme.example","pw":"%s"}]', 'acme', idempotency_key => 'unknown')$$, 'one'),
	format($$canopy_bulk_create('[{"email":"b4@acme.example","pw":"%s"}]', 'acme', idempotency_key => 'unknown')$$, 'two')), 'replayed', 'what is under a key that is no field does not count');

SELECT * FROM finish();
