-- Claims of a request: they bind when they are there, they only narrow, and what makes no
-- sense closes the door.
\ir fixture.psql
SELECT no_plan();

-- the result of a call under some claims: a verdict, or the SQLSTATE and message
CREATE FUNCTION t.call(claims text, call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer jsonb;
BEGIN
	PERFORM set_config('request.jwt.claims', claims, true);
	EXECUTE 'SELECT ' || call INTO answer;
	PERFORM set_config('request.jwt.claims', '', true);
	RETURN t.verdicts(answer);
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;

-- good claims, with more or other ones
CREATE FUNCTION t.claims(more jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS
$$ SELECT (jsonb_build_object('sub', 'u1', 'principal_type', 'user', 'account', 'acme', 'exp', floor(extract(epoch FROM now())) + 60) || more)::text $$;

-- claims of every kind, for a call that names the account itself
SELECT is(t.call(claims, $$canopy_bulk_create(t.people(1), account => 'acme', dry_run => true)$$), wanted, title)
FROM (VALUES
	('no claims: a database role', NULL, '201'),
	('empty claims are none', '', '201'),
	('good claims', t.claims(), '201'),
	('an API key', t.claims('{"principal_type":"api_key"}'), '201'),
	('no time of expiry', (t.claims()::jsonb - 'exp')::text, '201'),
	('no subject', (t.claims()::jsonb - 'sub')::text, '201'),
	('a null expiry is none', t.claims('{"exp":null}'), '201'),
	('an expiry beyond all numbers', t.claims('{"exp":1e400}'), '201'),
	('further claims are nobody''s business', t.claims('{"role":"x","aud":["y"]}'), '201'),
	('the account''s id', t.claims(jsonb_build_object('account', t.id('acme'))), '201'),
	('the account''s id in capitals', t.claims(jsonb_build_object('account', upper(t.id('acme')::text))), '201'),
	('several accounts', t.claims('{"account":["globex","acme"]}'), '201'),
	('an array with nonsense among accounts', t.claims('{"account":[1,null,"acme"]}'), '201'),
	('expired', t.claims('{"exp":1}'), 'PT401 invalid or expired token'),
	('expiring this second', t.claims(jsonb_build_object('exp', floor(extract(epoch FROM now())))), 'PT401 invalid or expired token'),
	('an expiry that is a string', t.claims('{"exp":"tomorrow"}'), 'PT401 invalid or expired token'),
	('an expiry that is NaN', t.claims('{"exp":"NaN"}'), 'PT401 invalid or expired token'),
	('not valid yet', t.claims(jsonb_build_object('nbf', floor(extract(epoch FROM now())) + 60)), 'PT401 invalid or expired token'),
	('valid since now', t.claims(jsonb_build_object('nbf', floor(extract(epoch FROM now())) - 1)), '201'),
	('a begin that is no number', t.claims('{"nbf":true}'), 'PT401 invalid or expired token'),
	('nonsense', 'nonsense', 'PT401 invalid or expired token'),
	('JSON cut short', '{"account":"acme"', 'PT401 invalid or expired token'),
	('a blank', ' ', 'PT401 invalid or expired token'),
	('an array', '[]', 'PT401 invalid or expired token'),
	('JSON null', 'null', 'PT401 invalid or expired token'),
	('a string', '"acme"', 'PT401 invalid or expired token'),
	('a subject that is a number', t.claims('{"sub":7}'), 'PT401 invalid or expired token'),
	('an empty subject', t.claims('{"sub":""}'), 'PT401 invalid or expired token'),
	('nothing', '{}', '42501 token is not authorized for this function'),
	('no principal', (t.claims()::jsonb - 'principal_type')::text, '42501 token is not authorized for this function'),
	('a null principal', t.claims('{"principal_type":null}'), '42501 token is not authorized for this function'),
	('an end user', t.claims('{"principal_type":"identity"}'), '42501 token is not authorized for this function'),
	('part of a principal', t.claims('{"principal_type":"use"}'), '42501 token is not authorized for this function'),
	('two principals', t.claims('{"principal_type":"user,api_key"}'), '42501 token is not authorized for this function'),
	('a principal in capitals', t.claims('{"principal_type":"USER"}'), '42501 token is not authorized for this function'),
	('a list of principals', t.claims('{"principal_type":["user"]}'), 'PT401 invalid or expired token'),
	('no account', (t.claims()::jsonb - 'account')::text, '42501 token is not authorized for any account'),
	('a null account', t.claims('{"account":null}'), '42501 token is not authorized for any account'),
	('an empty account', t.claims('{"account":""}'), '42501 token is not authorized for any account'),
	('an empty list of accounts', t.claims('{"account":[]}'), '42501 token is not authorized for any account'),
	('an account that is an object', t.claims('{"account":{"slug":"acme"}}'), '42501 token is not authorized for any account'),
	('another account', t.claims('{"account":"globex"}'), '42501 token is not authorized for this account'),
	('other accounts', t.claims('{"account":["globex","umbrella"]}'), '42501 token is not authorized for this account'),
	('a slug in other case', t.claims('{"account":"Acme"}'), '42501 token is not authorized for this account'),
	('an account''s name is no slug', t.claims('{"account":["ACME"]}'), '42501 token is not authorized for this account')
) AS v (title, claims, wanted);

-- what claims name is used where the call names nothing, and allows nothing else
SELECT is(t.call(t.claims(more), format('canopy_bulk_create(t.people(1), %s dry_run => true)', names)), wanted, format('%s, the call naming %s', more, coalesce(nullif(names, ''), 'nothing')))
FROM (VALUES
	('{}'::jsonb, '', '201'),
	('{"account":["acme"]}', '', '201'),
	('{"account":["acme","globex"]}', '', '22023 no account is named'),
	('{}', $$account => 'globex',$$, '42501 token is not authorized for this account'),
	('{}', $$account => 'nowhere',$$, '42501 token is not authorized for this account'),
	('{"account":"nowhere"}', '', 'PT404 account does not exist'),
	('{"application":"crm"}', '', '201'),
	('{"application":"crm"}', $$application => 'crm',$$, '201'),
	('{"application":"crm"}', format('application => %L,', t.id('crm')), '201'),
	('{"application":"crm"}', $$application => '',$$, '42501 token is not authorized for the whole account'),
	('{"application":"crm"}', $$application => 'wiki',$$, '42501 token is not authorized for this application'),
	('{"application":"crm"}', $$application => 'nowhere',$$, '42501 token is not authorized for this application'),
	('{"application":"nowhere"}', '', 'PT404 application does not exist'),
	('{"application":"shop"}', '', 'PT404 application does not exist'),
	('{"application":["crm"]}', '', 'PT401 invalid or expired token'),
	('{"application":"crm","environment":"staging"}', '', '201'),
	('{"application":"crm","environment":"staging"}', $$environment => 'staging',$$, '201'),
	('{"application":"crm","environment":"staging"}', $$environment => 'production',$$, '42501 token is not authorized for this environment'),
	('{"application":"crm","environment":7}', '', 'PT401 invalid or expired token')
) AS v (more, names, wanted);

-- claims that are bound to one environment allow no call for all of them
SELECT is(t.call(t.claims('{"application":"crm","environment":"staging"}'), $$canopy_bulk_create(jsonb_build_array(t.person('a@acme.example',
	jsonb_build_object('role_id', t.id('editor'), 'node_id', t.id('crm-root')))), environment => '', dry_run => true)$$),
	'42501 token is not authorized for the whole application', 'an empty environment does not widen claims');
SELECT is(t.call(t.claims('{"environment":"staging"}'), 'canopy_bulk_create(t.people(1), dry_run => true)'),
	'42501 token is not authorized for the whole account', 'claims that are bound to an environment do not allow the account tier');

-- the other functions read claims alike
SELECT is(t.call(t.claims(more), call), wanted, format('%s under %s', split_part(call, '(', 1), more))
FROM (VALUES ('{}'::jsonb, NULL), ('{"exp":1}', 'PT401 invalid or expired token'), ('{"principal_type":"identity"}', '42501 token is not authorized for this function'),
	('{"account":"globex"}', '42501 token is not authorized for this account')) AS v (more, wanted),
(VALUES ($$canopy_bulk_create_raw('[]', account => 'acme')$$), ($$canopy_bulk_attach('{}', 'crm', 'acme')$$), ($$canopy_bulk_attach_json('[]', 'crm', 'acme')$$),
	($$to_jsonb(canopy_bulk_import_event('create', 0, 0, 0, application => 'crm', account => 'acme')::text)$$)) AS f (call);

-- the DBA says which principals are admins
SET canopy_bulk.admin_principals = 'robot, clerk';
SELECT is(t.call(t.claims(jsonb_build_object('principal_type', principal)), $$canopy_bulk_create('[]')$$), wanted, format('%s under other admin_principals', principal))
FROM (VALUES ('robot', NULL), ('clerk', NULL), ('user', '42501 token is not authorized for this function')) AS v (principal, wanted);
SET canopy_bulk.admin_principals = '';
SELECT is(t.call(t.claims(), $$canopy_bulk_create('[]')$$), '42501 token is not authorized for this function', 'no admin_principals, no admin');
RESET canopy_bulk.admin_principals;

-- the DBA may insist on claims
SET canopy_bulk.require_claims = on;
SELECT is(t.call(claims, $$canopy_bulk_create('[]', account => 'acme')$$), wanted, format('require_claims with claims %L', left(claims, 1)))
FROM (VALUES (NULL, 'PT401 invalid or expired token'), ('', 'PT401 invalid or expired token'), (t.claims(), NULL)) AS v (claims, wanted);
RESET canopy_bulk.require_claims;

-- the audit log says who it was; a claim of a name counts for more than the database role
SELECT t.call(t.claims('{"sub":"auditor-7","principal_type":"api_key"}'), $$canopy_bulk_create(t.people(1))$$) AS verdict \gset
SELECT results_eq('SELECT actor_id COLLATE "default", actor_type FROM canopy.audit_log WHERE action = ''identity.bulk_create''',
	$$ VALUES ('auditor-7', 'api_key') $$, 'the audit entry names the subject of the claims');

-- claims are read once: a trigger cannot change them, nor the account, half way
CREATE FUNCTION t.meddle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('request.jwt.claims', '{}', true), set_config('canopy_bulk.account', 'globex', true);
	RETURN NEW;
END $$;
GRANT USAGE ON SCHEMA t TO canopy_owner;
CREATE TRIGGER meddle BEFORE INSERT ON canopy.identity FOR EACH ROW EXECUTE FUNCTION t.meddle();
SELECT is(t.call(t.claims(), $$canopy_bulk_create(jsonb_build_array(t.person('x@acme.example'), t.person('y@acme.example')))$$), '201, 201', 'claims are read at entry');
SELECT is_empty('SELECT 1 FROM canopy.identity WHERE account_id <> t.id(''acme'')', 'and so is the account');

SELECT * FROM finish();
