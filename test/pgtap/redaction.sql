-- What an answer gives back of the request: the row as it was sent, but no secret of it.
-- strategies: all
\ir fixture.psql
SELECT no_plan();

/*
 * Every row below is bad for want of a name, so that it is echoed. CANARY stands where a
 * secret would be; what is expected is the row without the keys that hold one, and without
 * those that are no field.
 */
CREATE TABLE t.case (n serial, title text, sent jsonb, echoed jsonb);
INSERT INTO t.case (title, sent, echoed) VALUES
	('a row without secrets', '{"email":"A@b.example","external_id":7,"last_name":null,"metadata":{"ok":true,"deep":{"a":[1,{"b":[]}]}}}', '{"email":"A@b.example","external_id":7,"last_name":null,"metadata":{"ok":true,"deep":{"a":[1,{"b":[]}]}}}'),
	('keys that are no field', '{"email":"A@b.example","age":"CANARY","deep":{"a":"CANARY"},"":"CANARY","role_id":"CANARY"}', '{"email":"A@b.example"}'),
	('a password under keys that no list has', '{"pw":"CANARY","Kennwort":"CANARY","contraseña":"CANARY","senha":"CANARY","пароль":"CANARY","密码":"CANARY","temp_pw":"CANARY","Losungswort?":"CANARY"}', '{}'),
	('the same in metadata', '{"metadata":{"pw":"CANARY","Kennwort":"CANARY","contraseña":"CANARY","senha":"CANARY","пароль":"CANARY","密码":"CANARY","temp_pw":"CANARY","totpSecret":"CANARY","shipping":1,"opinion":2}}', '{"metadata":{"shipping":1,"opinion":2}}'),
	('an object in place of a scalar', '{"email":{"address":"CANARY"},"first_name":[{"pet":"CANARY"}]}', '{"email":{},"first_name":[{}]}'),
	('a record of a file in place of keys', '{"CANARY@b.example":"CANARY","CANARY":"CANARY","email":"x"}', '{"email":"x"}'),
	('a password', '{"email":"a@b.example","password":"CANARY"}', '{"email":"a@b.example"}'),
	('a hash', '{"email":"a@b.example","password_hash":"CANARY"}', '{"email":"a@b.example"}'),
	('a password in capitals', '{"PASSWORD":"CANARY","Password":"CANARY"}', '{}'),
	('a password spelt wrong', '{"pasword":"CANARY","passwrd":"CANARY","pssword":"CANARY","paßword":"CANARY"}', '{}'),
	('a password in other tongues', '{"passwort":"CANARY","passe":"CANARY","passcode":"CANARY"}', '{}'),
	('a password under longer names', '{"initial_password":"CANARY","passwordConfirmation":"CANARY","new-pwd":"CANARY"}', '{}'),
	('other secrets', '{"secret":"CANARY","client_secret":"CANARY","token":"CANARY","apiKey":"CANARY","api_key":"CANARY","private_key":"CANARY","credentials":"CANARY"}', '{}'),
	('a password that is not a string', '{"password":["CANARY",{"a":"CANARY"}],"email":"x"}', '{"email":"x"}'),
	('a password in metadata', '{"metadata":{"team":"a","password":"CANARY"}}', '{"metadata":{"team":"a"}}'),
	('a password far down', '{"metadata":{"a":[{"b":{"c":[[{"password":"CANARY","d":1}]]}}]}}', '{"metadata":{"a":[{"b":{"c":[[{"d":1}]]}}]}}'),
	('a password in a field of the wrong type', '{"email":{"password":"CANARY"},"first_name":[{"token":"CANARY"}]}', '{"email":{},"first_name":[{}]}'),
	('a password in an unknown field', '{"login":{"user":"a","password":"CANARY"}}', '{}'),
	('a string instead of a row', '"CANARY"', 'null'),
	('an array instead of a row', '[{"email":"a@b.example","password":"CANARY"},"CANARY"]', 'null'),
	('a number instead of a row', '12345678', 'null');

-- the row comes back without its secrets, and otherwise as it was sent
SELECT is(answer#>'{results,0,input}', echoed, title)
FROM t.case, LATERAL canopy_bulk_create(jsonb_build_array(sent), account => 'acme') AS answer ORDER BY n;

-- the bytes that callers send through HTTP are treated alike
SELECT is(answer#>'{results,0,input}', echoed, title || ', in bytes')
FROM t.case, LATERAL canopy_bulk_create_raw(convert_to(jsonb_build_array(sent)::text, 'UTF8'), account => 'acme') AS answer ORDER BY n;

-- nothing else in the answer has it either
SELECT is_empty($$
	SELECT title FROM t.case WHERE canopy_bulk_create(jsonb_build_array(sent), account => 'acme')::text ~ 'CANARY|12345678'
$$, 'a secret is nowhere in the answer');

-- also where the row is fine, and its neighbour made the batch roll back
SELECT unalike(canopy_bulk_create(jsonb_build_array(0, t.person('a@acme.example', '{"password":"CANARY-CANARY"}')),
	account => 'acme', max_failed => 0)::text, '%CANARY%', 'a row that was rolled back is echoed without its password');

-- and where the row succeeds
SELECT unalike(canopy_bulk_create(jsonb_build_array(t.person('a@acme.example', '{"password":"CANARY-CANARY"}')),
	account => 'acme')::text, '%CANARY%', 'a password is not in a success');
SELECT unalike(canopy_bulk_create(jsonb_build_array(t.person('a@acme.example')), account => 'acme', on_conflict => 'skip')::text,
	'%argon2%', 'a hash is not in a success');

-- an id to attach is echoed as it was sent, but an object is not an id
SELECT is(canopy_bulk_attach_json(jsonb_build_array(sent), application => 'crm', account => 'acme')#>'{results,0,input}', echoed, title)
FROM (VALUES
	('a malformed id is echoed', '"id_01HXABC"'::jsonb, '{"identity_id":"id_01HXABC"}'::jsonb),
	('a number is echoed', '7', '{"identity_id":7}'),
	('a null is echoed', 'null', '{"identity_id":null}'),
	('an object in place of an id is not echoed', '{"id":1,"password":"CANARY"}', '{"identity_id":null}'),
	('an array in place of an id is not echoed', '["CANARY"]', '{"identity_id":null}')
) AS v (title, sent, echoed);

-- a key is not a value, but one that is too strange to be a name is no way out for a secret
SELECT is(answer#>'{results,0,input}', '{"email":"x"}', 'a key that contains the word is left out, however long')
FROM canopy_bulk_create(jsonb_build_array(jsonb_build_object('email', 'x', repeat('x', 1000) || 'password', 'CANARY')), account => 'acme') AS answer;

SELECT * FROM finish();
