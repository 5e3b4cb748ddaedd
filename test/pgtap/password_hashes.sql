-- The hashes of other systems: each that is taken lets its owner in once, and is argon2id
-- from then on; each that is malformed or hostile is refused at the door.
-- password_hashes.csv says with what each of its hashes was made: not with this extension.
\ir fixture.psql
SELECT no_plan();
SET canopy_bulk.account = 'acme';
SET canopy_bulk.login_max_failures = 1000;
CREATE TABLE t.known (n integer GENERATED ALWAYS AS IDENTITY, format text, password text, hash text PRIMARY KEY, made_with text);
\copy t.known (format, password, hash, made_with) FROM 'test/pgtap/password_hashes.csv' (FORMAT csv, HEADER)
CREATE TABLE t.hostile (n integer GENERATED ALWAYS AS IDENTITY, title text, hash text PRIMARY KEY);
\copy t.hostile (title, hash) FROM 'test/pgtap/hostile_hashes.csv' (FORMAT csv, HEADER)

-- what becomes of a batch with these hashes
CREATE FUNCTION t.import(hashes text[]) RETURNS TABLE (n integer, verdict text) LANGUAGE sql AS $$
	SELECT (r->>'index')::integer + 1, concat_ws(' ', r->>'code', r#>>'{error,code}')
	FROM jsonb_array_elements(canopy_bulk_create((
		SELECT jsonb_agg(t.person(format('h%s@acme.example', i), jsonb_build_object('password_hash', hashes[i])) ORDER BY i)
		FROM generate_subscripts(hashes, 1) AS i))->'results') AS r
$$;
CREATE FUNCTION t.verified(n integer, password text) RETURNS boolean LANGUAGE sql AS
$$ SELECT (canopy_bulk_verify_password(format('h%s@acme.example', n), password)->>'verified')::boolean $$;

-- every format is taken and stored as it came
SELECT is(verdict, '201', format('%s of %s is taken', format, made_with))
FROM t.import((SELECT array_agg(hash ORDER BY n) FROM t.known)) JOIN t.known USING (n);
SELECT set_eq('SELECT password_hash FROM canopy.identity', 'SELECT hash FROM t.known', 'each is stored as it came');
UPDATE canopy.identity SET password_changed_at = '2020-01-01Z';

-- a password that is nearly right opens none of them
SELECT is(t.verified(n, overlay(password PLACING '-' FROM 20)), false, format('%s of %s: a wrong password', format, made_with)) FROM t.known;
SELECT is(password_hash, hash, 'after a wrong password the hash is what it was: ' || format)
FROM t.known JOIN canopy.identity ON email = format('h%s@acme.example', n);

-- the right one opens it; then it is argon2id, which the same password opens
SELECT is(t.verified(n, password), true, format('%s of %s: the right password', format, made_with)) FROM t.known;
SELECT is_empty($$SELECT email FROM canopy.identity WHERE password_hash !~ '^\$argon2id\$v=19\$m=7168,t=5,p=1\$' AND password_hash !~ 'm=(19456|16384|65536),'$$, 'what was weaker than argon2id of the settings is that now');
SELECT is(count(*), 4::bigint, 'an argon2id hash that is as strong stays as it is') FROM canopy.identity JOIN t.known ON password_hash = hash;
SELECT is_empty($$SELECT email FROM canopy.identity WHERE password_hash NOT LIKE '$argon2id$%'$$, 'all are argon2id');
SELECT is_empty($$SELECT email FROM canopy.identity WHERE password_changed_at <> '2020-01-01Z' OR failed_login_count <> 0$$, 'no password was changed, and no failure is left');
SELECT is(t.verified(n, password), true, format('%s of %s: once more', format, made_with)) FROM t.known;
SELECT is(t.verified(n, 'correct horse batterz'), false, format('%s: and a wrong password', format)) FROM t.known WHERE n % 10 = 0;
DELETE FROM canopy.identity;

-- a hash that lost its end, or got more, or another beginning, is refused
CREATE TABLE t.spoilt AS
SELECT row_number() OVER (ORDER BY k.n, v.n)::integer AS n, title || format AS title, v.hash
FROM t.known AS k, LATERAL (VALUES (1, 'a character behind: ', hash || 'A'), (2, 'a dollar behind: ', hash || '$'), (3, 'a space in front: ', ' ' || hash), (4, 'half of it: ', left(hash, length(hash) / 2)),
	(5, 'twice: ', hash || hash), (6, 'without its first character: ', substr(hash, 2)), (7, 'another letter in the prefix: ', overlay(hash PLACING 'q' FROM 2)), (8, 'umlaut in the middle: ', overlay(hash PLACING 'ü' FROM length(hash) - 10))) AS v (n, title, hash)
WHERE NOT (v.n = 1 AND format ~ 'argon2|scrypt, PHC|pbkdf2-sha\d+, PHC$')	-- one byte more may be a longer tag
	AND NOT (v.n = 6 AND k.hash LIKE '$scrypt$%');
SELECT cmp_ok(count(*), '>', 400::bigint, 'there are that many spoilt ones') FROM t.spoilt;

SELECT cmp_ok(count(*), '>=', 300::bigint, 'there are that many hostile ones') FROM t.hostile;

-- without large allocations: the process has hardly more memory afterwards than before
CREATE FUNCTION t.peak() RETURNS bigint LANGUAGE sql AS
$$ SELECT (regexp_match(pg_read_file(format('/proc/%s/status', pg_backend_pid())), 'VmPeak:\s+(\d+) kB'))[1]::bigint $$;
SELECT n, verdict FROM t.import(ARRAY['x']) \gset
SELECT t.peak() AS before \gset
SELECT is(verdict, '400 password_hash_unsupported', 'refused: ' || title)
FROM generate_series(0, 3) AS b (batch) CROSS JOIN LATERAL t.import((SELECT array_agg(hash ORDER BY n) FROM t.hostile WHERE (n - 1) / 100 = batch)) AS i JOIN t.hostile AS h ON h.n = i.n + batch * 100;
SELECT is(verdict, '400 password_hash_unsupported', 'refused: ' || title)
FROM generate_series(0, 4) AS b (batch) CROSS JOIN LATERAL t.import((SELECT array_agg(hash ORDER BY n) FROM t.spoilt WHERE (n - 1) / 100 = batch)) AS i JOIN t.spoilt AS h ON h.n = i.n + batch * 100;
SELECT cmp_ok(t.peak() - :before, '<', 16384::bigint, 'and that took less than 16 MB');
SELECT is_empty('SELECT FROM canopy.identity', 'nobody was created');

-- the dearest hash of each format that is taken, and the next one, which names the setting that bounds it
CREATE TABLE t.bound AS
SELECT row_number() OVER ()::integer AS n, title, replace(template, '%', fits) AS fits, replace(template, '%', passes) AS passes, 'canopy_bulk.max_hash_' || bound AS bound
FROM (SELECT 'AAAAAAAAAAAAAAAAAAAAAA' AS salt, rpad('', 43, 'A') AS tag, rpad('', 53, 'a') AS b) AS x, LATERAL (VALUES
	('argon2id', '$argon2id$v=19$m=%,t=1,p=1$' || salt || '$' || tag, '65536', '65537', 'memory'), ('argon2id', '$argon2id$v=19$m=65536,t=%,p=4$' || salt || '$' || tag, '25', '26', 'time'),
	('argon2i', '$argon2i$v=19$m=8,t=%,p=1$' || salt || '$' || tag, '208333', '208334', 'time'), ('argon2, Django', 'argon2$argon2id$v=19$m=%,t=2,p=8$' || salt || '$' || tag, '65536', '65537', 'memory'),
	('bcrypt 2a', '$2a$%$' || b, '14', '15', 'time'), ('bcrypt 2b', '$2b$%$' || b, '14', '15', 'time'), ('bcrypt 2y', '$2y$%$' || b, '14', '15', 'time'),
	('bcrypt, WordPress', '$wp$2y$%$' || b, '14', '15', 'time'), ('bcrypt, Django', 'bcrypt$$2b$%$' || b, '14', '15', 'time'), ('bcrypt_sha256, Django', 'bcrypt_sha256$$2b$%$' || b, '14', '15', 'time'),
	('sha256crypt', '$5$rounds=%$saltsalt$' || tag, '555556', '555557', 'time'), ('sha512crypt', '$6$rounds=%$saltsalt$' || tag || tag, '769231', '769232', 'time'),
	('yescrypt', '$y$j%T$..$' || rpad('', 43, '.'), 'B', 'C', 'memory'), ('gost-yescrypt', '$gy$j%T$..$' || rpad('', 43, '.'), 'B', 'C', 'memory'),
	('scrypt', '$scrypt$ln=%,r=8,p=1$' || salt || '$' || tag, '16', '17', 'memory'), ('scrypt', '$scrypt$ln=14,r=8,p=%$' || salt || '$' || tag, '15', '16', 'time'),
	('scrypt, Django', 'scrypt$saltsalt$%$8$1$' || rpad('', 86, 'A') || '==', '65536', '131072', 'memory'), ('scrypt, Django', 'scrypt$saltsalt$16384$8$%$' || rpad('', 86, 'A') || '==', '15', '16', 'time'),
	('scrypt, Firebase', '$fbscrypt$v=1,n=%,r=8,p=1,ss=Bw==,sk=' || tag || '=$iOTd0kAtktUOGA==$' || tag || '=', '16', '17', 'memory'),
	('scrypt, Kratos', '$firescrypt$ln=%,r=8,p=1$4oOF7+yiDO4sEQ==$' || tag || '=$Bw==$' || tag || '=', '16', '17', 'memory'),
	('pbkdf2-sha1', '$pbkdf2-sha1$i=%$' || salt || '$' || left(tag, 27), '3125003', '3125004', 'time'), ('pbkdf2, passlib', '$pbkdf2$%$' || salt || '$' || left(tag, 27), '3125003', '3125004', 'time'),
	('pbkdf2-sha256', '$pbkdf2-sha256$i=%$' || salt || '$' || tag, '2222224', '2222225', 'time'), ('pbkdf2-sha256 of two digests', '$pbkdf2-sha256$i=%$' || salt || '$' || rpad('', 86, 'A'), '1111112', '1111113', 'time'),
	('pbkdf2-sha512', '$pbkdf2-sha512$i=%$' || salt || '$' || rpad('', 86, 'A'), '1666668', '1666669', 'time'), ('pbkdf2_sha256, Django', 'pbkdf2_sha256$%$saltsalt$' || tag || '=', '2222224', '2222225', 'time'),
	('SCRAM', 'SCRAM-SHA-256$%:' || salt || '==$' || tag || '=:' || tag || '=', '2222224', '2222225', 'time'), ('phpass', '$P$%' || rpad('', 30, '.'), 'I', 'J', 'time')) AS v (title, template, fits, passes, bound);
SELECT is(verdict, '201', format('%s: the dearest within %s is taken: %s', title, bound, left(fits, 40))) FROM t.import((SELECT array_agg(fits ORDER BY n) FROM t.bound)) JOIN t.bound USING (n);
DELETE FROM canopy.identity;
CREATE FUNCTION t.bounds(hashes text[]) RETURNS TABLE (n integer, issue jsonb) LANGUAGE sql AS $$
	SELECT (r->>'index')::integer + 1, r#>'{error,details,issues,0}'
	FROM jsonb_array_elements(canopy_bulk_create((
		SELECT jsonb_agg(t.person(format('h%s@acme.example', i), jsonb_build_object('password_hash', hashes[i])) ORDER BY i)
		FROM generate_subscripts(hashes, 1) AS i))->'results') AS r
$$;
SELECT is(issue - 'message', jsonb_build_object('code', 'password_hash_unsupported', 'field', 'password_hash', 'bound', bound), format('%s: the next is refused by %s: %s', title, bound, left(passes, 40)))
FROM t.bounds((SELECT array_agg(passes ORDER BY n) FROM t.bound)) JOIN t.bound USING (n);
SELECT is(issue ? 'bound', false, 'what is no hash passes no bound: ' || title) FROM t.bounds(ARRAY['plain', '$argon2id$v=19$m=8,t=0,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA', '$2b$32$' || rpad('', 53, 'a')]) AS b, (VALUES (1, 'plain'), (2, 'argon2id'), (3, 'bcrypt')) AS v (n, title) WHERE b.n = v.n;

-- a superuser raises the bounds, or lowers them, but not below what our own hashes cost
SET canopy_bulk.max_hash_memory = '256MB';
SET canopy_bulk.max_hash_time = 2500;
SELECT is(verdict, '201', 'with bounds that a superuser has raised it is taken: ' || title) FROM t.import((SELECT array_agg(passes ORDER BY n) FROM t.bound)) JOIN t.bound USING (n);
DELETE FROM canopy.identity;
SELECT throws_ok(format('SET canopy_bulk.%s = %s', name, value), '22023', NULL, format('%s has an end: %s', name, value)) FROM (VALUES ('max_hash_memory', 262145), ('max_hash_time', 2501)) AS v (name, value);
SET canopy_bulk.max_hash_memory = '1MB';
SET canopy_bulk.max_hash_time = 10;
SELECT bag_eq($$SELECT verdict FROM t.import((SELECT array_agg(passes ORDER BY n) FROM t.bound))$$, format($$SELECT '400 password_hash_unsupported' FROM generate_series(1, %s)$$, (SELECT count(*) FROM t.bound)), 'with lower bounds all of them are refused');
SELECT canopy_bulk_create(jsonb_build_array(t.person('h1@acme.example', '{"password":"correct horse battery"}'))) \gset
SELECT is(verdict, '201', 'but not a hash of our own') FROM t.import((SELECT ARRAY['plain', password_hash] FROM canopy.identity)) WHERE n = 2;
DELETE FROM canopy.identity;

-- one that is stored already opens once, and is then one of today's
SET canopy_bulk.max_hash_memory = '32MB';
INSERT INTO canopy.identity (account_id, email, first_name, last_name, password_hash)
SELECT t.id('acme'), format('h%s@acme.example', n), 'A', 'B', hash FROM t.known WHERE hash ~ 'm=65536|\$ln=15';
SELECT is(t.verified(n, password || '!'), false, 'stored and over the bound, a wrong password: ' || format) FROM t.known WHERE hash ~ 'm=65536|\$ln=15';
SELECT is(t.verified(n, password), true, 'stored and over the bound, the right one: ' || format) FROM t.known WHERE hash ~ 'm=65536|\$ln=15';
SELECT is_empty($$SELECT password_hash FROM canopy.identity WHERE password_hash !~ format('^\$argon2id\$v=19\$m=%s,', current_setting('canopy_bulk.argon2_memory')::text) AND password_hash !~ 'm=7168,'$$, 'then it has the cost of our own');
RESET canopy_bulk.max_hash_memory;
RESET canopy_bulk.max_hash_time;
DELETE FROM canopy.identity;

-- a hash that somebody put into the table by hand, and that we do not take, opens to nothing
INSERT INTO canopy.identity (account_id, email, first_name, last_name, password_hash)
SELECT t.id('acme'), format('h%s@acme.example', row_number() OVER ()), 'A', 'B', hash FROM (SELECT hash FROM t.hostile WHERE title ~ 'm=4194304|bcrypt cost 31|ln=31|^plain$|rounds=999999999' UNION SELECT '') AS v (hash);
SELECT is(canopy_bulk_verify_password(email, 'correct horse battery')->>'reason', 'invalid_credentials', 'by hand: ' || left(password_hash, 30)) FROM canopy.identity;

SELECT * FROM finish();
