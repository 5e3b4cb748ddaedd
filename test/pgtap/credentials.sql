-- What proves who calls: signed tokens and API keys, over HTTP and by canopy_bulk_authenticate.
-- The tokens of tokens.csv are signed with the keys of test/data/tokens, which are made for
-- tests and published with them; they expire in the year 2100, or say what is wrong with them.
\ir fixture.psql
SELECT no_plan();
\set rs `cat test/data/tokens/rs256.public.pem`
\set es `cat test/data/tokens/es256.public.pem`
\set ed `cat test/data/tokens/eddsa.public.pem`
\set hs `cat test/data/tokens/hs256.secret.txt`
\set rs_jwk `cat test/data/tokens/rs256.public.jwk.json`
\set es_jwk `cat test/data/tokens/es256.public.jwk.json`
\set ed_jwk `cat test/data/tokens/eddsa.public.jwk.json`
\set hs_jwk `cat test/data/tokens/hs256.secret.jwk.json`
\set secret `cat test/data/tokens/rs256.private.pem`
INSERT INTO canopy.token_key (kid, algorithm, key, is_active) VALUES
	('rs', 'RS256', :'rs', true), ('es', 'ES256', :'es', true), ('ed', 'EdDSA', :'ed', true), ('hs', 'HS256', :'hs', true), ('off', 'RS256', :'rs', false),
	('rs-jwk', 'RS256', :'rs_jwk', true), ('es-jwk', 'ES256', :'es_jwk', true), ('ed-jwk', 'EdDSA', :'ed_jwk', true), ('hs-jwk', 'HS256', :'hs_jwk', true);
CREATE TABLE t.token (name text PRIMARY KEY, sqlstate text NOT NULL, status integer NOT NULL, token text NOT NULL);
\copy t.token FROM 'test/pgtap/tokens.csv' (FORMAT csv, HEADER, FORCE_NOT_NULL (sqlstate))
CREATE FUNCTION t.token(wanted text) RETURNS text LANGUAGE sql AS $$ SELECT token FROM t.token WHERE name = wanted $$;

-- the answer to a request that would create nobody
CREATE FUNCTION t.ask(headers jsonb, path text DEFAULT 'acme/identities/bulk-create', document text DEFAULT '[]', OUT status integer, OUT headers jsonb, OUT answer jsonb)
LANGUAGE sql AS $$
	SELECT status, headers, convert_from(body, 'UTF8')::jsonb
	FROM canopy_bulk_http('POST', '/portal/v1/accounts/' || path, headers || '{"content-type":"application/json"}', convert_to(document, 'UTF8'))
$$;
CREATE FUNCTION t.bearer(token text) RETURNS jsonb LANGUAGE sql AS $$ SELECT jsonb_strip_nulls(jsonb_build_object('Authorization', 'Bearer ' || token)) $$;

-- the verdicts on a call, or the SQLSTATE and message that ended it
CREATE FUNCTION t.say(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer jsonb;
BEGIN
	EXECUTE 'SELECT to_jsonb(' || call || ')' INTO answer;
	RETURN coalesce(t.verdicts(answer), '');
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;

-- what it says to a credential, which is forgotten again
CREATE FUNCTION t.prove(credential text, then_call text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	outcome text;
BEGIN
	PERFORM canopy_bulk_authenticate(credential);
	outcome := CASE WHEN then_call IS NULL THEN '' ELSE t.say(then_call) END;
	RAISE SQLSTATE 'Z0000';
EXCEPTION WHEN SQLSTATE 'Z0000' THEN
	RETURN outcome;
WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;

-- a key is good for one algorithm, in PEM or as a JWK, and a private key is none
SELECT is(canopy_bulk_token_key_is_valid(algorithm, key), wanted, format('%s for %L', left(replace(key, E'\n', ' '), 40), algorithm))
FROM (VALUES ('RS256', :'rs', true), ('RS256', :'rs_jwk', true), ('ES256', :'es', true), ('ES256', :'es_jwk', true), ('EdDSA', :'ed', true), ('EdDSA', :'ed_jwk', true),
	('HS256', :'hs', true), ('HS256', :'hs_jwk', true), ('ES256', :'rs', false), ('RS256', :'es', false), ('EdDSA', :'es', false), ('HS256', :'rs', false), ('HS256', :'rs_jwk', false),
	('RS256', :'hs', false), ('HS256', left(:'hs', 40), false), ('RS256', :'secret', false), ('rs256', :'rs', false), ('none', '', false), ('RS512', :'rs', false), ('RS256', '', false),
	('HS256', '', false), ('RS256', '{}', false), ('RS256', NULL, false), (NULL, :'rs', false)) AS v (algorithm, key, wanted);

-- every token, shown to the database and shown over HTTP
SELECT is(left(t.prove(token), 5), sqlstate, 'authenticate, token: ' || name) FROM t.token;
SELECT is(a.status, t.status, 'http, token: ' || name) FROM t.token AS t, LATERAL t.ask(t.bearer(token)) AS a;

-- who is refused is told the same whatever was wrong, and how to do better
SELECT results_eq($$ SELECT DISTINCT a.headers, a.answer FROM t.token AS t, LATERAL t.ask(t.bearer(token)) AS a WHERE t.status = 401 $$,
	$$ VALUES ('{"Content-Type":"application/json","WWW-Authenticate":"Bearer realm=\"canopy_bulk\", error=\"invalid_token\""}'::jsonb,
		jsonb_build_object('error', jsonb_build_object('statusCode', 401, 'code', 'unauthorized', 'message', 'invalid or expired token', 'method', 'POST', 'path', '/portal/v1/accounts/acme/identities/bulk-create'))) $$,
	'all refusals are one');
SELECT is_empty($$ SELECT name FROM t.token AS t, LATERAL t.ask(t.bearer(token)) AS a WHERE a.status <> 401 AND a.headers ? 'WWW-Authenticate' $$, 'no other answer asks for a token');

-- the DBA says whose tokens, and which audience's, are believed
SET canopy_bulk.token_issuer = 'one';
SET canopy_bulk.token_audience = 'bulk';
SELECT is(t.prove(t.token(name)), CASE WHEN good THEN '' ELSE 'PT401 invalid or expired token' END, 'issuer one, audience bulk: ' || name)
FROM (VALUES ('of issuer one, for audience bulk', true), ('of issuer one, for several audiences', true), ('of issuer one, for audience mail', false), ('of issuer one, for nobody', false),
	('of issuer two, for audience bulk', false), ('of issuer one/', false), ('of issuers one and two', false), ('RS256', false), ('HS256', false)) AS v (name, good);
RESET canopy_bulk.token_issuer;
SELECT is(t.prove(t.token(name)), CASE WHEN good THEN '' ELSE 'PT401 invalid or expired token' END, 'audience bulk: ' || name)
FROM (VALUES ('of issuer two, for audience bulk', true), ('of issuer one, for audience mail', false), ('RS256', false)) AS v (name, good);
RESET canopy_bulk.token_audience;

-- and what the claims are called, in tokens and in the setting alike
SET canopy_bulk.claim_subject = 'https://id.example/who';
SET canopy_bulk.claim_principal_type = 'kind';
SET canopy_bulk.claim_account = 'tenants';
SET canopy_bulk.claim_application = 'app';
SET canopy_bulk.claim_environment = 'stage';
SELECT is(t.prove(t.token('claims of other names'), call), wanted, 'claims of other names: ' || call)
FROM (VALUES ($$canopy_bulk_create(t.people(1), dry_run => true)$$, '201'), ($$canopy_bulk_create(t.people(1), application => 'wiki')$$, '42501 token is not authorized for this application'),
	($$canopy_bulk_create(t.people(1), environment => 'production')$$, '42501 token is not authorized for this environment'),
	($$canopy_bulk_create(t.people(1), 'globex')$$, '42501 token is not authorized for this account')) AS v (call, wanted);
SELECT is(t.prove(t.token('RS256')), '42501 token is not authorized for this function', 'the old names mean nothing then');
BEGIN;
SELECT set_config('request.jwt.claims', '{"kind":"user","tenants":"acme","https://id.example/who":"u9"}', true) \gset
SELECT is(t.say($$canopy_bulk_create(t.people(1), dry_run => true)$$), '201', 'claims of other names in request.jwt.claims');
COMMIT;
RESET canopy_bulk.claim_subject;
RESET canopy_bulk.claim_principal_type;
RESET canopy_bulk.claim_account;
RESET canopy_bulk.claim_application;
RESET canopy_bulk.claim_environment;

-- how a credential is sent
SELECT is((t.ask(headers)).status, wanted, format('a credential as %s', title))
FROM (VALUES ('Authorization in lower case', jsonb_build_object('authorization', 'Bearer ' || t.token('RS256')), 200), ('Authorization in capitals', jsonb_build_object('AUTHORIZATION', 'BEARER ' || t.token('RS256')), 200),
	('Bearer in lower case', jsonb_build_object('Authorization', 'bearer ' || t.token('RS256')), 200), ('the token alone', jsonb_build_object('Authorization', t.token('RS256')), 401),
	('Basic', '{"Authorization":"Basic dTpw"}', 401), ('Bearer alone', '{"Authorization":"Bearer"}', 401), ('nothing after Bearer', '{"Authorization":"Bearer "}', 401), ('nothing', '{"Authorization":""}', 401),
	('no header', '{}', 401), ('a cookie', jsonb_build_object('Cookie', 'token=' || t.token('RS256')), 401), ('two headers', jsonb_build_object('Authorization', 'Bearer x', 'authorization', 'Bearer ' || t.token('RS256')), 400),
	('a list', jsonb_build_object('Authorization', jsonb_build_array('Bearer ' || t.token('RS256'))), 400), ('both kinds', jsonb_build_object('Authorization', 'Bearer ' || t.token('RS256'), 'X-API-Key', 'cnpy_'), 400)
) AS v (title, headers, wanted);
SELECT is((SELECT status FROM canopy_bulk_http('POST', '/portal/v1/accounts/acme/identities/bulk-create?access_token=' || t.token('RS256'), '{"content-type":"application/json"}', '[]')), 401, 'a token in the address is none');
SELECT throws_ok('SELECT canopy_bulk_authenticate(NULL)', '22023', 'argument "token" cannot be null', 'NULL is no token');

-- authenticate binds the rest of the transaction, to the end or to the savepoint
BEGIN;
SELECT canopy_bulk_authenticate(t.token('RS256')) \gset
SELECT is(t.say($$canopy_bulk_create('[]', 'acme')$$), '', 'after authenticate: the account of the token');
SELECT is(t.say($$canopy_bulk_create('[]')$$), '', 'it need not be named');
SELECT is(t.say($$canopy_bulk_create('[]', 'globex')$$), '42501 token is not authorized for this account', 'another is refused');
SELECT is((t.ask('{}')).status, 200, 'a request without a credential is that caller''s');
SAVEPOINT s;
SELECT canopy_bulk_authenticate(t.token('another account')) \gset
SELECT t.say($$canopy_bulk_create('[]', 'acme')$$) AS acme, t.say($$canopy_bulk_create('[]', 'globex')$$) AS globex \gset
ROLLBACK TO s;
SELECT is(:'acme'::text, '42501 token is not authorized for this account', 'another token replaces the first');
SELECT is(:'globex'::text, '', 'and counts in its place');
SELECT is(t.say($$canopy_bulk_create('[]', 'acme')$$), '', 'ROLLBACK TO brings the first back');
SELECT is(t.say($$canopy_bulk_authenticate('x')$$), 'PT401 invalid or expired token', 'a bad token is refused');
SELECT is(t.say($$canopy_bulk_create('[]', 'globex')$$), '42501 token is not authorized for this account', 'and leaves the good one');
SELECT is((t.ask(t.bearer(t.token('another account')), 'globex/identities/bulk-create')).status, 200, 'a request may have a credential of its own');
SELECT is(t.say($$canopy_bulk_create('[]', 'globex')$$), '42501 token is not authorized for this account', 'which is gone after it');

-- SQL cannot reach what a token has proven
SELECT set_config('request.jwt.claims', '{"principal_type":"user","account":"globex"}', true) \gset
SELECT is(t.say($$canopy_bulk_create('[]', 'globex')$$), '42501 token is not authorized for this account', 'claims in a setting do not count against it');
SELECT set_config('request.jwt.claims', 'nonsense', true) \gset
SELECT is(t.say($$canopy_bulk_create('[]')$$), '', 'nor does nonsense');
SAVEPOINT r;
RELEASE r;
RESET ALL;
SELECT is(t.say($$canopy_bulk_create('[]', 'globex')$$), '42501 token is not authorized for this account', 'RESET ALL does not either');
COMMIT;
SELECT is(t.say($$canopy_bulk_create('[]', 'globex')$$), '', 'the end of the transaction ends it');
SELECT is((t.ask('{}')).status, 401, 'for requests too');

-- released savepoints pass it on; whatever is undone around them undoes it
BEGIN;
SAVEPOINT outer_one;
SAVEPOINT inner_one;
SELECT canopy_bulk_authenticate(t.token('RS256')) \gset
RELEASE inner_one;
SELECT t.say($$canopy_bulk_create('[]', 'globex')$$) AS released \gset
ROLLBACK TO outer_one;
SELECT is(:'released'::text, '42501 token is not authorized for this account', 'RELEASE keeps it');
SELECT is(t.say($$canopy_bulk_create('[]', 'globex')$$), '', 'ROLLBACK TO a savepoint around it undoes it');
COMMIT;

-- a request's credential ends with the request, whatever it answered
BEGIN;
SELECT is((t.ask(t.bearer(t.token(name)), path)).status, wanted, format('in one transaction: token %s for %s', name, path))
FROM (VALUES ('RS256', 'acme/identities/bulk-create', 200), ('none', 'acme/identities/bulk-create', 401), ('RS256', 'nowhere/identities/bulk-create', 403), ('none', 'acme/identities/bulk-create', 401),
	('RS256', 'acme/identities/bulk-delete', 404), ('none', 'acme/identities/bulk-create', 401), ('expired', 'acme/identities/bulk-create', 401), ('none', 'acme/identities/bulk-create', 401)) AS v (name, path, wanted);
SELECT is((t.ask('{}')).status, 401, 'the next request needs one again');
SELECT is(t.say($$canopy_bulk_create('[]', 'globex')$$), '', 'and a call next to it is not bound');
COMMIT;

-- claims that PostgREST has verified serve a request without a credential; with one, they do not count
BEGIN;
SELECT set_config('request.jwt.claims', '{"principal_type":"user","account":"acme"}', true) \gset
SELECT is((t.ask('{}')).status, 200, 'claims in the setting');
SELECT is((t.ask('{}', 'globex/identities/bulk-create')).status, 403, 'claims in the setting, another account');
SELECT is((t.ask(t.bearer(t.token('another account')), 'globex/identities/bulk-create')).status, 200, 'a token beside them');
SELECT is((t.ask(t.bearer('x'))).status, 401, 'a bad token beside them');
SELECT set_config('request.jwt.claims', '', true) \gset
COMMIT;

-- who cannot see an account does not learn whether it is there
SELECT is((SELECT (answer #- '{error,path}')::text FROM t.ask(t.bearer(t.token('RS256')), 'globex/identities/bulk-create')),
	(SELECT (answer #- '{error,path}')::text FROM t.ask(t.bearer(t.token('RS256')), 'nowhere/identities/bulk-create')), 'a forbidden account and an unknown one answer alike');

-- a key has 69 characters and is shown once
SELECT canopy_bulk_api_key_create('nightly sync', 'crm', 'production', 'acme') AS made \gset
SELECT :'made'::jsonb->>'key' AS key, :'made'::jsonb->>'id' AS id \gset
SELECT matches(:'key'::text, '^cnpy_[A-Za-z0-9_-]{64}$', 'an API key is cnpy_ and 64 characters');
SELECT is(:'made'::jsonb - '{id,key,created_at}'::text[], jsonb_build_object('name', 'nightly sync', 'access_mode', 'full_access', 'expires_at', NULL, 'key_preview', left(:'key', 12) || '****'), 'the answer says what it is');
SELECT is(key_hash, sha256(convert_to(:'key', 'UTF8')), 'its SHA-256 is stored') FROM canopy.api_key WHERE id = :'id';
SELECT is(to_jsonb(k) - '{key_hash,created_at}'::text[], jsonb_build_object('id', :'id'::text, 'account_id', t.id('acme'), 'application_id', t.id('crm'), 'environment_id', t.id('production'), 'name', 'nightly sync', 'key_preview', left(:'key', 12) || '****',
	'access_mode', 'full_access', 'scopes', NULL, 'expires_at', NULL, 'last_used_at', NULL, 'revoked_at', NULL), 'with what it is bound to') FROM canopy.api_key AS k;
SELECT isnt((canopy_bulk_api_key_create('other', 'crm', 'production', 'acme')->>'key'), :'key'::text, 'another key is another');

-- it holds to its account, application and environment
SELECT is((t.ask(jsonb_build_object('X-API-Key', :'key'), path, document)).status, wanted, format('an API key for %s', path))
FROM (VALUES ('acme/applications/crm/identities/bulk-create', '[]', 200), ('acme/applications/crm/app-memberships/bulk-attach', '[]', 200), ('acme/applications/crm/identities/bulk-create?environment=production', '[]', 200),
	('acme/applications/crm/identities/bulk-import-events', '{"mode":"create","total":0,"succeeded":0,"failed":0}', 204),
	('acme/applications/crm/identities/bulk-create?environment=staging', '[]', 403), ('acme/applications/wiki/identities/bulk-create', '[]', 403), ('acme/identities/bulk-create', '[]', 403),
	('globex/applications/shop/identities/bulk-create', '[]', 403), ('nowhere/applications/crm/identities/bulk-create', '[]', 403)) AS v (path, document, wanted);
SELECT is(t.prove(:'key', call), wanted, format('authenticate with an API key, then %s', call))
FROM (VALUES ($$canopy_bulk_create('[]')$$, ''), ($$canopy_bulk_create('[]', application => 'wiki')$$, '42501 token is not authorized for this application'),
	($$canopy_bulk_create('[]', application => '')$$, '42501 token is not authorized for the whole account'), ($$canopy_bulk_create('[]', 'globex')$$, '42501 token is not authorized for this account'),
	($$canopy_bulk_create(jsonb_build_array(t.person('a@acme.example', jsonb_build_object('role_id', t.id('tester'), 'node_id', t.id('staging-root')))))$$, '404 role_not_found')) AS v (call, wanted);

-- the audit log names it
SELECT status AS created FROM t.ask(jsonb_build_object('x-api-key', :'key'), 'acme/applications/crm/identities/bulk-create', t.people(1)::text) \gset
SELECT results_eq($$ SELECT actor_id COLLATE "default", actor_type FROM canopy.audit_log WHERE action = 'identity.bulk_create' $$, format($$ VALUES (%L, 'api_key') $$, :'id'), 'the audit entry names the key');

-- when it was used is kept by the minute
SELECT isnt(last_used_at, NULL, 'a use is noted') FROM canopy.api_key WHERE id = :'id';
SELECT ctid AS before FROM canopy.api_key WHERE id = :'id' \gset
SELECT is((t.ask(jsonb_build_object('X-API-Key', :'key'), 'acme/applications/crm/identities/bulk-create')).status, 200, 'used again at once');
SELECT is(ctid, :'before'::tid, 'the row is not written again') FROM canopy.api_key WHERE id = :'id';
UPDATE canopy.api_key SET last_used_at = now() - interval '61 seconds' WHERE id = :'id';
SELECT is((t.ask(jsonb_build_object('X-API-Key', :'key'), 'acme/applications/crm/identities/bulk-create')).status, 200, 'used again after a minute');
SELECT ok(last_used_at > now() - interval '1 minute', 'is noted') FROM canopy.api_key WHERE id = :'id';

-- scopes
SELECT is((t.ask(jsonb_build_object('X-API-Key', canopy_bulk_api_key_create('scoped', 'crm', 'production', 'acme', 'scoped', scopes)->>'key'), 'acme/applications/crm/identities/bulk-create')).status, wanted, format('a key with the scopes %s', scopes))
FROM (VALUES ('{identity.manage}'::text[], 200), ('{role.manage,identity.manage}', 200), ('{identity.read}', 403), ('{identity}', 403), ('{IDENTITY.MANAGE}', 403), ('{NULL}', 403), ('{*}', 403)) AS v (scopes, wanted);
SELECT is(t.say(format('canopy_bulk_api_key_create(%s)', arguments)), wanted, format('a key with %s', arguments))
FROM (VALUES ($$'k', 'crm', 'production', 'acme', 'scoped'$$, '22023 access mode and scopes of the API key do not agree'), ($$'k', 'crm', 'production', 'acme', 'scoped', '{}'$$, '22023 access mode and scopes of the API key do not agree'),
	($$'k', 'crm', 'production', 'acme', 'full_access', '{identity.manage}'$$, '22023 access mode and scopes of the API key do not agree'), ($$'k', 'crm', 'production', 'acme', 'full_access', '{}'$$, ''),
	($$'k', 'crm', 'production', 'acme', 'half'$$, '22023 invalid access mode of an API key'), ($$NULL, 'crm', 'production', 'acme'$$, '22023 argument "name" cannot be null'),
	($$'k', 'crm', NULL, 'acme'$$, '22023 no environment is named'), ($$'k', NULL, NULL, 'acme'$$, '22023 no environment is named'), ($$'k', 'crm', 'wiki-live', 'acme'$$, 'PT404 environment does not exist'),
	($$'k', 'shop', 'shop-live', 'acme'$$, 'PT404 application does not exist'), ($$'k', 'crm', 'production', 'nowhere'$$, 'PT404 account does not exist'), ($$'k', 'crm', 'production'$$, '22023 no account is named')) AS v (arguments, wanted);

-- who was let in by a key gets no further by making keys or ending those of others
SELECT canopy_bulk_api_key_create('scoped', 'crm', 'production', 'acme', 'scoped', '{identity.manage}')->>'key' AS scoped, canopy_bulk_api_key_create('theirs', 'wiki', 'wiki-live', 'acme')->>'id' AS theirs \gset
SELECT is(left(t.prove(:'scoped', $$canopy_bulk_api_key_create('more', 'crm', 'production')$$), 5), '42501', 'a key for identities makes no keys');
SELECT is(left(t.prove(:'scoped', format('canopy_bulk_api_key_revoke(%L)', :'id')), 5), '42501', 'nor does it revoke any');
SELECT is(left(t.prove(:'key', $$canopy_bulk_api_key_create('more', 'crm', 'staging')$$), 5), '42501', 'full access ends with the environment');
SELECT is(left(t.prove(:'key', format('canopy_bulk_api_key_revoke(%L)', :'theirs')), 5), 'PT404', 'and knows no key of another application');
SELECT is(revoked_at, NULL, 'which goes on') FROM canopy.api_key WHERE id = :'theirs';

-- expiry
SELECT is((t.ask(jsonb_build_object('X-API-Key', canopy_bulk_api_key_create('k', 'crm', 'production', 'acme', expires_at => at)->>'key'), 'acme/applications/crm/identities/bulk-create')).status, wanted, format('a key that expires %s', title))
FROM (VALUES ('in an hour', now() + '1 hour', 200), ('never', NULL, 200), ('at the end of time', 'infinity', 200), ('an hour ago', now() - interval '1 hour', 401), ('just now', now(), 401)) AS v (title, at, wanted);

-- what is no key, or nobody's
SELECT is(t.prove(candidate), 'PT401 invalid or expired token', 'no API key: ' || title)
FROM (VALUES ('another random part', left(:'key', 60) || translate(substr(:'key', 61), 'abcdefghijABCDEFGHIJ', 'bcdefghijaBCDEFGHIJA')), ('one more character', :'key' || 'A'), ('one less', left(:'key', 68)), ('the prefix', 'cnpy_'), ('no prefix', substr(:'key', 6)),
	('a prefix in capitals', 'CNPY_' || substr(:'key', 6)), ('its preview', left(:'key', 12) || '****'), ('a blank behind', left(:'key', 68) || ' '), ('an account that is not there', 'cnpy_' || repeat('A', 64)),
	('its random part under another account', 'cnpy_' || translate(encode(uuid_send(t.id('globex')) || substr(decode(translate(substr(:'key', 6), '-_', '+/'), 'base64'), 17), 'base64'), E'+/\n', '-_'))
) AS v (title, candidate) WHERE candidate <> :'key';
SELECT is(t.prove(:'key'), '', 'the key itself is good all the same');

-- revoking works at once, once, and within the account
SELECT is(t.say(format('canopy_bulk_api_key_revoke(%L, %s)', id, account)), wanted, format('revoke in %s', account))
FROM (VALUES (:'id', '''globex''', 'PT404 API key does not exist, or was revoked before'), (t.id('nothing')::text, '''acme''', 'PT404 API key does not exist, or was revoked before'),
	(:'id', 'NULL', '22023 no account is named'), (NULL, '''acme''', '22023 argument "id" cannot be null')) AS v (id, account, wanted);
SELECT lives_ok(format('SELECT canopy_bulk_api_key_revoke(%L, ''acme'')', :'id'), 'revoke');
SELECT is((t.ask(jsonb_build_object('X-API-Key', :'key'), 'acme/applications/crm/identities/bulk-create')).status, 401, 'the key is refused from then on');
SELECT is(t.say(format('canopy_bulk_api_key_revoke(%L, ''acme'')', :'id')), 'PT404 API key does not exist, or was revoked before', 'a second time there is nothing to revoke');
BEGIN;
SELECT canopy_bulk_api_key_create('short life', 'crm', 'production', 'acme') AS made \gset
SELECT is(t.prove(:'made'::jsonb->>'key'), '', 'good within its transaction');
SELECT canopy_bulk_api_key_revoke((:'made'::jsonb->>'id')::uuid, 'acme') \gset
SELECT is(t.prove(:'made'::jsonb->>'key'), 'PT401 invalid or expired token', 'revoked within its transaction');
COMMIT;

-- a call without claims is refused where the DBA insists, and each kind of proof is one
SELECT canopy_bulk_api_key_create('k', 'crm', 'production', 'acme')->>'key' AS key \gset
SET canopy_bulk.require_claims = on;
SELECT is(t.say($$canopy_bulk_create('[]', 'acme')$$), 'PT401 invalid or expired token', 'require_claims: nothing');
SELECT is(t.prove(t.token('ES256'), $$canopy_bulk_create('[]', 'acme')$$), '', 'require_claims: a token');
SELECT is(t.prove(:'key', $$canopy_bulk_create('[]', 'acme')$$), '', 'require_claims: an API key');
SELECT is((t.ask(headers, 'acme/applications/crm/identities/bulk-create')).status, wanted, format('require_claims: a request with %s', title))
FROM (VALUES ('nothing', '{}'::jsonb, 401), ('a token', t.bearer(t.token('ES256')), 200), ('an API key', jsonb_build_object('X-API-Key', :'key'), 200), ('a bad token', t.bearer('x'), 401)) AS v (title, headers, wanted);
SELECT is((SELECT status FROM canopy_bulk_http('GET', '/openapi.json')), 200, 'require_claims: the description is for everybody');
RESET canopy_bulk.require_claims;

SELECT * FROM finish();
