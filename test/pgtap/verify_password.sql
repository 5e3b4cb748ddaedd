-- Signing in: what is told and what is not, failures that are counted, lock-outs, and for
-- whom it is. What can be verified at all is the subject of password_hashes.sql.
\ir fixture.psql
SELECT no_plan();
SET canopy_bulk.account = 'acme';

-- how a sign-in ends: verified, a reason, or the SQLSTATE and message
CREATE FUNCTION t.sign_in(email text, password text DEFAULT 'correct horse', account text DEFAULT NULL, application text DEFAULT NULL, claims text DEFAULT '') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer jsonb;
BEGIN
	PERFORM set_config('request.jwt.claims', claims, true);
	answer := canopy_bulk_verify_password(email, password, account, application);
	PERFORM set_config('request.jwt.claims', '', true);
	RETURN coalesce(answer->>'reason', 'verified');
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;

-- failures, and whether the identity is locked now
CREATE FUNCTION t.failures(who text) RETURNS text LANGUAGE sql AS
$$ SELECT failed_login_count || CASE WHEN locked_until IS NULL THEN '' WHEN locked_until > now() THEN ' locked' ELSE ' expired' END FROM canopy.identity WHERE email = who $$;

SELECT t.verdicts(canopy_bulk_create(jsonb_agg(t.person(name || '@acme.example', '{"password":"correct horse"}')))) AS made
FROM unnest('{ada,bob,eve,ina,lou,max,tim}'::text[]) AS name \gset
SELECT canopy_bulk_create(jsonb_build_array(t.person('nil@acme.example'))) AS made \gset
SELECT canopy_bulk_create(jsonb_build_array(t.person('ada@acme.example', '{"password":"another password"}')), 'globex') AS made \gset
UPDATE canopy.identity SET is_active = false WHERE email = 'ina@acme.example';
UPDATE canopy.identity SET email_verified = true WHERE email = 'bob@acme.example';

-- the right password
SELECT is(canopy_bulk_verify_password('ada@acme.example', 'correct horse'), jsonb_build_object('verified', true, 'identity_id', id, 'email_verified', false, 'reason', NULL), 'the right password') FROM canopy.identity WHERE account_id = t.id('acme') AND email = 'ada@acme.example';
SELECT is(canopy_bulk_verify_password('bob@acme.example', 'correct horse')->'email_verified', 'true'::jsonb, 'the address may be verified');
SELECT is(t.sign_in(email), 'verified', 'an address as somebody types it: ' || email) FROM unnest('{ADA@acme.example," ada@acme.example ",Ada@ACME.EXAMPLE}'::text[]) AS email;
SELECT is(t.sign_in('ada@acme.example', 'another password', 'globex'), 'verified', 'the same address in another account is somebody else');
SELECT is(t.sign_in('ada@acme.example', 'correct horse', 'globex'), 'invalid_credentials', 'with a password of her own');
SELECT is(t.sign_in('ada@acme.example', 'another password', t.id('globex')::text), 'verified', 'the account may be an id');

-- whatever is wrong with address or password, the answer is one, byte for byte
SELECT is(canopy_bulk_verify_password(email, password)::text, '{"reason": "invalid_credentials", "verified": false, "identity_id": null, "email_verified": null}', format('%s, %L', email, left(password, 20)))
FROM (VALUES ('eve@acme.example', 'wrong'), ('eve@acme.example', ''), ('eve@acme.example', repeat('x', 256)), ('eve@acme.example', repeat('x', 257)), ('eve@acme.example', repeat('x', 100000)), ('eve@acme.example', 'correct horse '), ('eve@acme.example', 'Correct horse'),
	('nobody@acme.example', 'correct horse'), ('nil@acme.example', 'correct horse'), ('nil@acme.example', ''), ('', 'correct horse'), ('no address', 'correct horse'), (repeat('a', 100000) || '@acme.example', 'correct horse'), ('ina@acme.example', 'wrong'), ('eve@acme.example', 'correct horse')) AS v (email, password);
SELECT is(t.failures('eve@acme.example'), '5 locked', 'the last one was right, but five were wrong before it');
SELECT is((SELECT array_agg(key ORDER BY key) FROM jsonb_object_keys(canopy_bulk_verify_password('ada@acme.example', 'correct horse')) AS key), '{email_verified,identity_id,reason,verified}', 'with the keys that a good answer has');

-- and the cost is one: an unknown address takes about as much of the processor as a hash of the settings
CREATE FUNCTION t.ticks() RETURNS bigint LANGUAGE sql AS $$
	SELECT f[12]::bigint + f[13]::bigint	-- of this process, in hundredths of a second: proc(5)
	FROM regexp_split_to_array(regexp_replace(pg_read_file(format('/proc/%s/stat', pg_backend_pid())), '.*\) ', ''), ' ') AS f
$$;
CREATE FUNCTION t.cost(email text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	before bigint := t.ticks();
BEGIN
	FOR i IN 1..3 LOOP
		PERFORM canopy_bulk_verify_password(email, 'wrong');
	END LOOP;
	RETURN t.ticks() - before;
END $$;
BEGIN;
SET LOCAL canopy_bulk.login_max_failures = 0;
SET LOCAL canopy_bulk.argon2_memory = 65536;
SELECT canopy_bulk_create(jsonb_build_array(t.person('slow@acme.example', '{"password":"correct horse"}'), t.person('ldap@acme.example', '{"password_hash":"{SSHA}8SjnIOH0PzBPmsDkdlQ+ifFgj9pbK4UQ"}'))) AS made \gset
SELECT t.cost('slow@acme.example') AS slow \gset
SELECT cmp_ok(5 * t.cost(email), '>', :slow::bigint, 'costs a hash, as a wrong password does: ' || email) FROM unnest('{nobody@acme.example,nil@acme.example,ldap@acme.example,no address}'::text[]) AS email;
ROLLBACK;

-- failures are counted, the fifth in a row locks, and a lock is not made longer
SELECT is(ARRAY[t.sign_in('lou@acme.example', password), t.failures('lou@acme.example')], wanted, format('lou, %s %s', n, password))
FROM (VALUES (1, 'wrong', '{invalid_credentials,1}'::text[]), (2, 'wrong', '{invalid_credentials,2}'), (3, 'correct horse', '{verified,0}'), (4, 'wrong', '{invalid_credentials,1}'), (5, 'wrong', '{invalid_credentials,2}'), (6, 'wrong', '{invalid_credentials,3}'), (7, 'wrong', '{invalid_credentials,4}'),
	(8, 'wrong', '{invalid_credentials,5 locked}'), (9, 'wrong', '{invalid_credentials,5 locked}'), (10, 'correct horse', '{invalid_credentials,5 locked}')) AS v (n, password, wanted);
SELECT ok(locked_until BETWEEN now() + '14 min' AND now() + '16 min', 'for a quarter of an hour') FROM canopy.identity WHERE email = 'lou@acme.example';
CREATE TABLE t.lou AS SELECT * FROM canopy.identity WHERE email = 'lou@acme.example';
SELECT is(t.sign_in('lou@acme.example', 'wrong'), 'invalid_credentials', 'a failure more');
SELECT set_eq($$SELECT * FROM canopy.identity WHERE email = 'lou@acme.example'$$, 'SELECT * FROM t.lou', 'changes nothing while it is locked');

-- a lock ends by itself; then one failure locks again, until somebody signs in
UPDATE canopy.identity SET locked_until = now() - interval '1 s' WHERE email = 'lou@acme.example';
SELECT is(ARRAY[t.sign_in('lou@acme.example', 'wrong'), t.failures('lou@acme.example')], '{invalid_credentials,6 locked}', 'after it, one failure locks again');
UPDATE canopy.identity SET locked_until = now() - interval '1 s' WHERE email = 'lou@acme.example';
SELECT is(ARRAY[t.sign_in('lou@acme.example'), t.failures('lou@acme.example')], '{verified,0}', 'and a success ends it');
UPDATE canopy.identity SET locked_until = 'infinity' WHERE email = 'lou@acme.example';
SELECT is(t.sign_in('lou@acme.example'), 'invalid_credentials', 'an administrator locks for good');
UPDATE canopy.identity SET locked_until = NULL WHERE email = 'lou@acme.example';
SELECT is(t.sign_in('lou@acme.example'), 'verified', 'and unlocks');

-- as the settings have it
SET canopy_bulk.login_max_failures = 2;
SET canopy_bulk.login_lock_duration = '3 s';
SELECT is(ARRAY[t.sign_in('tim@acme.example', 'wrong'), t.failures('tim@acme.example')], '{invalid_credentials,1}', 'two in a row: the first');
SELECT is(ARRAY[t.sign_in('tim@acme.example', 'wrong'), t.failures('tim@acme.example')], '{invalid_credentials,"2 locked"}', 'two in a row: the second');
SELECT ok(locked_until < clock_timestamp() + '3 s', 'for three seconds') FROM canopy.identity WHERE email = 'tim@acme.example';
SET canopy_bulk.login_max_failures = 0;
UPDATE canopy.identity SET failed_login_count = 2147483647, locked_until = NULL WHERE email = 'tim@acme.example';
SELECT is(ARRAY[t.sign_in('tim@acme.example', 'wrong'), t.failures('tim@acme.example')], '{invalid_credentials,2147483647}', 'zero never locks, and the count has an end');
RESET canopy_bulk.login_max_failures;
RESET canopy_bulk.login_lock_duration;
UPDATE canopy.identity SET failed_login_count = 0 WHERE email = 'tim@acme.example';

-- a lock-out leaves an entry, and nothing else of a sign-in does
SELECT results_eq($$SELECT i.email COLLATE "default", count(*) FROM canopy.audit_log AS a LEFT JOIN canopy.identity AS i ON i.id::text = a.resource_id WHERE action <> 'identity.bulk_create' GROUP BY 1 ORDER BY 1$$,
	$$ VALUES ('eve@acme.example', 1::bigint), ('lou@acme.example', 2), ('tim@acme.example', 1) $$, 'an entry for every lock-out');
SELECT results_eq($$SELECT DISTINCT action, resource_type, category, outcome, severity, actor_type, (SELECT string_agg(k, ',' ORDER BY k) FROM jsonb_object_keys(metadata) AS k) FROM canopy.audit_log WHERE action <> 'identity.bulk_create'$$,
	$$ VALUES ('identity.locked', 'identity', 'auth', 'failure', 'warning', 'database_role', 'failed_login_count,locked_until') $$, 'it says what and since how many, and no address');

-- who knows the password is told why it does not help; who does not, is not
SELECT is(t.sign_in('ina@acme.example'), 'identity_inactive', 'an inactive identity');
SELECT is(t.sign_in('ina@acme.example', 'wrong'), 'invalid_credentials', 'an inactive identity, wrong password');
SELECT is(t.failures('ina@acme.example'), '1', 'which is counted');
SELECT is(canopy_bulk_verify_password('ina@acme.example', 'correct horse'), '{"verified": false, "identity_id": null, "email_verified": null, "reason": "identity_inactive"}', 'and whose id is not told');

-- with an application its active members only
SELECT canopy_bulk_attach(ARRAY[id], 'crm') FROM canopy.identity WHERE email = 'max@acme.example' \gset
SELECT is(t.sign_in('max@acme.example', password, NULL, application), wanted, format('max, %s, in %s', password, application))
FROM (VALUES ('correct horse', 'crm', 'verified'), ('correct horse', t.id('crm')::text, 'verified'), ('correct horse', 'wiki', 'membership_required'), ('wrong', 'wiki', 'invalid_credentials'), ('correct horse', '', 'verified'), ('correct horse', 'nowhere', 'PT404 application does not exist'), ('correct horse', 'shop', 'PT404 application does not exist')) AS v (password, application, wanted);
SET canopy_bulk.application = 'wiki';
SELECT is(t.sign_in('max@acme.example'), 'membership_required', 'the application of the session');
RESET canopy_bulk.application;
UPDATE canopy.app_membership SET status = 'suspended';
SELECT is(t.sign_in('max@acme.example', application => 'crm'), 'membership_required', 'a suspended member');
UPDATE canopy.app_membership SET status = 'active';

-- claims narrow
CREATE FUNCTION t.claims(more jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS
$$ SELECT (jsonb_build_object('sub', 'u1', 'principal_type', 'user', 'account', 'acme') || more)::text $$;
SELECT is(t.sign_in('max@acme.example', account => account, application => application, claims => t.claims(more)), wanted, format('claims %s, account %s, application %s', more, account, application))
FROM (VALUES ('{}'::jsonb, 'acme', NULL, 'verified'), ('{}', NULL, NULL, 'verified'), ('{}', 'globex', NULL, '42501 token is not authorized for this account'), ('{}', 'nowhere', NULL, '42501 token is not authorized for this account'),
	('{"application":"crm"}', 'acme', NULL, 'verified'), ('{"application":"wiki"}', 'acme', NULL, 'invalid_credentials'), ('{"application":"wiki"}', 'acme', 'crm', '42501 token is not authorized for this application'), ('{"application":"wiki"}', 'acme', '', '42501 token is not authorized for the whole account'),
	('{"principal_type":"identity"}', 'acme', NULL, '42501 token is not authorized for this function'), ('{"exp":1}', 'acme', NULL, 'PT401 invalid or expired token')) AS v (more, account, application, wanted);

-- a password is tried as it is typed and in normal form C, since our hashes are of that
SELECT canopy_bulk_create(jsonb_build_array(t.person('uwe@acme.example', jsonb_build_object('password', normalize('Grüße aus Köln', NFD))))) AS made \gset
SELECT is(t.sign_in('uwe@acme.example', normalize('Grüße aus Köln', NFC)), 'verified', 'normal form C for what was typed in D');
SELECT is(t.sign_in('uwe@acme.example', normalize('Grüße aus Köln', NFD)), 'verified', 'normal form D for what was typed in D');
UPDATE canopy.identity SET password_hash = '{SSHA512}' || translate(encode(sha512(convert_to(normalize('Grüße aus Köln', NFD), 'UTF8') || '\x01020304'::bytea) || '\x01020304'::bytea, 'base64'), E'\n', '') WHERE email = 'uwe@acme.example';
SELECT is(t.sign_in('uwe@acme.example', normalize('Grüße aus Köln', NFC)), 'invalid_credentials', 'a hash over form D was not made of form C');
SELECT is(t.sign_in('uwe@acme.example', normalize('Grüße aus Köln', NFD)), 'verified', 'but of the bytes as they are');
SELECT is(t.sign_in('uwe@acme.example', normalize('Grüße aus Köln', NFC)), 'verified', 'and the better hash is over form C');

-- a password that was good elsewhere is good here, whatever our rules for new ones are
UPDATE canopy.identity SET password_hash = '$weak-sha256$salt-last$$' || encode(sha256(convert_to(password, 'UTF8')), 'hex') FROM (VALUES ('ada@acme.example', 'x'), ('bob@acme.example', repeat('ü', 128))) AS v (who, password) WHERE email = who AND account_id = t.id('acme');
SELECT is(t.sign_in(who, password), 'verified', format('%s characters, %s time', length(password), n)) FROM (VALUES (1, 'ada@acme.example', 'x'), (2, 'ada@acme.example', 'x'), (1, 'bob@acme.example', repeat('ü', 128)), (2, 'bob@acme.example', repeat('ü', 128))) AS v (n, who, password);
SELECT is(count(*), 2::bigint, 'and their hashes are argon2id') FROM canopy.identity WHERE account_id = t.id('acme') AND email ~ '^(ada|bob)' AND password_hash LIKE '$argon2id$%';

-- a hash is made anew when the settings ask for more, and never for less
SELECT password_hash AS old FROM canopy.identity WHERE email = 'tim@acme.example' \gset
SET canopy_bulk.argon2_memory = 8192;
SELECT is(t.sign_in('tim@acme.example'), 'verified', 'more memory');
SELECT alike(password_hash, '$argon2id$v=19$m=8192,t=5,%', 'is a new hash') FROM canopy.identity WHERE email = 'tim@acme.example';
SET canopy_bulk.argon2_passes = 6;
SELECT is(t.sign_in('tim@acme.example'), 'verified', 'more passes');
SELECT alike(password_hash, '$argon2id$v=19$m=8192,t=6,%', 'are a new hash') FROM canopy.identity WHERE email = 'tim@acme.example';
RESET canopy_bulk.argon2_passes;
SET canopy_bulk.argon2_memory = 7168;
SELECT is(t.sign_in('tim@acme.example'), 'verified', 'less of both');
SELECT alike(password_hash, '$argon2id$v=19$m=8192,t=6,%', 'is none') FROM canopy.identity WHERE email = 'tim@acme.example';

-- calls that make no sense
SELECT throws_ok(call, state, message, call)
FROM (VALUES ('SELECT canopy_bulk_verify_password(NULL, ''x'')', '22023', 'argument "email" cannot be null'), ('SELECT canopy_bulk_verify_password(''ada@acme.example'', NULL)', '22023', 'argument "password" cannot be null'),
	('SELECT canopy_bulk_verify_password(''ada@acme.example'', ''x'', '''')', '22023', 'no account is named'), ('SELECT canopy_bulk_verify_password(''ada@acme.example'', ''x'', ''nowhere'')', 'PT404', 'account does not exist')) AS v (call, state, message);
BEGIN READ ONLY;
SELECT throws_ok($$SELECT canopy_bulk_verify_password('ada@acme.example', 'x')$$, '25006', NULL, 'where a failure could not be counted nobody may try');
ROLLBACK;

-- a trigger of the DBA's that swallows the count is found out
CREATE FUNCTION t.swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER swallow BEFORE UPDATE ON canopy.identity FOR EACH ROW EXECUTE FUNCTION t.swallow();
SELECT is(t.sign_in('tim@acme.example', 'wrong'), '55000 sign-in was not recorded', 'a failure that cannot be counted is no answer');
DROP TRIGGER swallow ON canopy.identity;

-- a timeout ends it, though the hash takes its time
UPDATE canopy.identity SET password_hash = '$pbkdf2-sha512$i=600000$AAECAwQFBgcICQoLDA0ODw$' || repeat('A', 86) WHERE email = 'tim@acme.example';
CREATE FUNCTION t.timed_out() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	PERFORM canopy_bulk_verify_password('tim@acme.example', 'x');
	RETURN false;
EXCEPTION WHEN query_canceled THEN
	RETURN true;
END $$;
SET statement_timeout = 100;
SELECT ok(t.timed_out(), 'a timeout during a slow hash');
RESET statement_timeout;

SELECT * FROM finish();
