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

-- a hash that somebody put into the table by hand, and that we do not take, opens to nothing
INSERT INTO canopy.identity (account_id, email, first_name, last_name, password_hash)
SELECT t.id('acme'), format('h%s@acme.example', row_number() OVER ()), 'A', 'B', hash FROM (SELECT hash FROM t.hostile WHERE title ~ 'm=4194304|bcrypt cost 31|ln=31|^plain$|rounds=999999999' UNION SELECT '') AS v (hash);
SELECT is(canopy_bulk_verify_password(email, 'correct horse battery')->>'reason', 'invalid_credentials', 'by hand: ' || left(password_hash, 30)) FROM canopy.identity;

SELECT * FROM finish();
