-- How long a field may be: good at the limit, a row error one past it.
-- strategies: all
\ir fixture.psql
SELECT no_plan();

CREATE TABLE t.case (n serial, title text, field text, value jsonb, code text);
INSERT INTO t.case (title, field, value, code)
SELECT title, field, to_jsonb(value), code FROM (VALUES
	-- names and external ids are counted in characters, not bytes
	('255 characters', 'first_name', repeat('ä', 255), NULL),
	('256 characters', 'first_name', repeat('ä', 256), 'too_long'),
	('255 characters', 'last_name', repeat('x', 255), NULL),
	('256 characters', 'last_name', repeat('x', 256), 'too_long'),
	('255 characters', 'external_id', repeat('語', 255), NULL),
	('256 characters', 'external_id', repeat('語', 256), 'too_long'),
	-- an address: 64 bytes before the at sign, 63 in a label, 254 in all
	('a local part of 64 bytes', 'email', repeat('a', 64) || '@acme.example', NULL),
	('a local part of 65 bytes', 'email', repeat('a', 65) || '@acme.example', 'too_long'),
	('a label of 63 bytes', 'email', 'a@' || repeat('b', 63) || '.example', NULL),
	('a label of 64 bytes', 'email', 'a@' || repeat('b', 64) || '.example', 'email_invalid'),
	('254 bytes', 'email', repeat('a', 64) || '@' || repeat(repeat('b', 44) || '.', 4) || repeat('c', 9), NULL),
	('255 bytes', 'email', repeat('a', 64) || '@' || repeat(repeat('b', 44) || '.', 4) || repeat('c', 10), 'too_long'),
	('blanks around 254 bytes', 'email', '  ' || repeat('z', 64) || '@' || repeat(repeat('b', 44) || '.', 4) || repeat('c', 9) || '  ', NULL),
	-- a password is counted in code points after normal form C
	('8 letters', 'password', 'abcdefgh', NULL),
	('7 letters', 'password', 'abcdefg', 'password_too_short'),
	('no letter', 'password', '', 'password_too_short'),
	('64 letters', 'password', repeat('x', 64), NULL),
	('65 letters', 'password', repeat('x', 65), 'password_too_long'),
	('8 blanks', 'password', '        ', NULL),
	('8 letters and their combining accents', 'password', repeat(E'e\u0301', 8), NULL),
	('7 letters and their combining accents', 'password', repeat(E'e\u0301', 7), 'password_too_short'),
	('64 letters and their combining accents', 'password', repeat(E'e\u0301', 64), NULL),
	('65 letters and their combining accents', 'password', repeat(E'e\u0301', 65), 'password_too_long'),
	('8 accents that combine with nothing', 'password', repeat(E'q\u0301', 4), NULL),
	('8 emoji', 'password', repeat('😀', 8), NULL),
	('7 emoji', 'password', repeat('😀', 7), 'password_too_short'),
	('64 emoji', 'password', repeat('😀', 64), NULL),
	('65 emoji', 'password', repeat('😀', 65), 'password_too_long'),
	('a family of seven code points', 'password', '👨‍👩‍👧‍👦', 'password_too_short'),
	('a family and one', 'password', '👨‍👩‍👧‍👦!', NULL),
	('a megabyte', 'password', repeat('x', 1 << 20), 'password_too_long')
) AS v (title, field, value, code)
UNION ALL
-- metadata: 16 KiB as jsonb keeps it, without the four bytes of a header
SELECT format('%s bytes', 16 * 1024 + more), 'metadata', metadata, code
FROM (VALUES (0, NULL), (1, 'metadata_invalid')) AS v (more, code),
LATERAL jsonb_build_object('k', repeat('x', 16371 + more)) AS metadata;

-- what is built above is as long as its title says
SELECT is(octet_length(value #>> '{}'), substring(title FROM '\d+')::integer, 'a test address has ' || title)
FROM t.case WHERE field = 'email' AND title ~ '^\d+ bytes';

-- a good row has the field at its limit, a bad one has this one issue
SELECT is(t.issues(answer#>'{results,0}'), field || ' ' || code,
		format('%s: %s is %s', field, title, coalesce(code, 'good')))
FROM t.case, LATERAL canopy_bulk_create(jsonb_build_array(
	t.person(format('person%s@acme.example', n), jsonb_build_object(field, value))), account => 'acme') AS answer ORDER BY n;

-- and what was good is stored whole
SELECT is_empty($$
	SELECT title FROM t.case WHERE code IS NULL AND field IN ('first_name', 'last_name', 'external_id', 'metadata') AND NOT EXISTS (
		SELECT FROM canopy.identity AS i WHERE email = format('person%s@acme.example', n) AND to_jsonb(i)->field = value)
$$, 'a field at its limit is not cut');

-- a hash has bounds of its own: cost, salt and length, per format
CREATE TABLE t.hash (n serial, title text, hash text, good boolean);
INSERT INTO t.hash (title, hash, good) VALUES
	('bcrypt', '$2b$12$' || repeat('a', 53), true),
	('bcrypt of cost 14', '$2y$14$' || repeat('a', 53), true),
	('bcrypt of cost 15', '$2y$15$' || repeat('a', 53), false),
	('bcrypt cut short', '$2b$12$' || repeat('a', 52), false),
	('bcrypt with a line break', '$2b$12$' || repeat('a', 53) || E'\n', false),
	('argon2id', '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$' || repeat('A', 43), true),
	('argon2id with 64 MiB', '$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHRzYWx0c2FsdA$' || repeat('A', 43), true),
	('argon2id with more', '$argon2id$v=19$m=65537,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$' || repeat('A', 43), false),
	('argon2d', '$argon2d$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$' || repeat('A', 43), false),
	('SHA-512 crypt', '$6$rounds=5000$saltsalt$' || repeat('a', 86), true),
	('SHA-512 crypt with ten million rounds', '$6$rounds=10000000$saltsalt$' || repeat('a', 86), false),
	('PBKDF2', '$pbkdf2-sha256$i=600000$c2FsdHNhbHRzYWx0c2FsdA$' || repeat('A', 43), true),
	('PBKDF2 with ten rounds', '$pbkdf2-sha256$i=10$c2FsdHNhbHRzYWx0c2FsdA$' || repeat('A', 43), false),
	('scrypt', '$scrypt$ln=16,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA$' || repeat('A', 43), true),
	('nothing', '', false);

-- a hash that somebody could verify is taken, any other is that row's error
SELECT is(t.issues(answer#>'{results,0}'), CASE WHEN NOT good THEN 'password_hash password_hash_unsupported' END,
		format('password_hash: %s is %s', title, CASE WHEN good THEN 'good' ELSE 'refused' END))
FROM t.hash, LATERAL canopy_bulk_create(jsonb_build_array(
	t.person(format('hash%s@acme.example', n), jsonb_build_object('password_hash', hash))), account => 'acme') AS answer ORDER BY n;

-- a hash is kept as it came
SELECT set_eq('SELECT password_hash FROM canopy.identity WHERE email ~ ''^hash''', 'SELECT hash FROM t.hash WHERE good',
	'a hash is stored untouched');

-- a password is kept as an argon2id hash, no two alike; less memory than usual is made up for by more passes
SELECT is_empty($$
	SELECT email FROM t.case JOIN canopy.identity ON email = format('person%s@acme.example', n)
	WHERE field = 'password' AND password_hash !~ '^\$argon2id\$v=19\$m=7168,t=5,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$'
$$, 'a password is stored as an argon2id hash');
SELECT is(count(DISTINCT password_hash), count(*), 'every password has a salt of its own')
FROM canopy.identity WHERE password_hash IS NOT NULL;

SELECT * FROM finish();
