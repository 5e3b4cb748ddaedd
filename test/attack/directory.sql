-- The directory that is attacked: two accounts of one shape, of which each holds a word that
-- occurs in the other nowhere. Attack.pm runs this as a superuser, with :owner and the two words.
--
--   acme    crm   production, staging    people ada, bob, dot      globex  shop  shop-live, shop-test
--           wiki  wiki-live, wiki-test   people cid, dot                   blog  blog-live, blog-test
--           eve is in no application                                       the same people
--
-- Each environment E has the roles E-editor and E-admin (of the system) and the nodes E-root and
-- E-leaf. The id of a thing is the MD5 of its name, that of a person the MD5 of the address.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE EXTENSION canopy_bulk;

CREATE ROLE owner LOGIN;
CREATE ROLE api LOGIN;
CREATE ROLE bound LOGIN;
CREATE ROLE mallory LOGIN;
SELECT format('GRANT CREATE ON DATABASE %I TO owner', current_database()) \gexec
CREATE SCHEMA evil AUTHORIZATION mallory;
CREATE SCHEMA own AUTHORIZATION owner;
GRANT USAGE ON SCHEMA evil, own TO PUBLIC;
SELECT canopy_bulk_setup(owner => nullif(:'owner', 'canopy_owner')::regrole) \gset
SELECT 'GRANT canopy_owner TO owner' WHERE :'owner' = 'canopy_owner' \gexec
-- what a caller gets: every function but those that make and alter the directory
SELECT format('GRANT EXECUTE ON ROUTINE %s TO api, bound', p.oid::regprocedure)
FROM pg_depend AS d JOIN pg_proc AS p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
	AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'canopy_bulk') AND p.proname !~ '^canopy_bulk_(setup|directory)' \gexec
ALTER ROLE bound SET canopy_bulk.require_claims = on;

BEGIN;
CREATE TEMP TABLE place (account text, word text, application text, environment text);
INSERT INTO place VALUES
	('acme', :'acme', 'crm', 'production'), ('acme', :'acme', 'crm', 'staging'),
	('acme', :'acme', 'wiki', 'wiki-live'), ('acme', :'acme', 'wiki', 'wiki-test'),
	('globex', :'globex', 'shop', 'shop-live'), ('globex', :'globex', 'shop', 'shop-test'),
	('globex', :'globex', 'blog', 'blog-live'), ('globex', :'globex', 'blog', 'blog-test');
CREATE FUNCTION pg_temp.id(name text) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT md5(name)::uuid $$;

INSERT INTO canopy.account (id, slug, name) SELECT DISTINCT pg_temp.id(account), account, 'Account ' || word FROM place;
INSERT INTO canopy.application (account_id, id, slug, name)
SELECT DISTINCT pg_temp.id(account), pg_temp.id(application), application, 'Application ' || word FROM place;
INSERT INTO canopy.environment (account_id, application_id, id, slug, name)
SELECT pg_temp.id(account), pg_temp.id(application), pg_temp.id(environment), environment, 'Environment ' || word FROM place;
INSERT INTO canopy.role (account_id, environment_id, id, name, is_system)
SELECT pg_temp.id(account), pg_temp.id(environment), pg_temp.id(environment || '-' || kind), concat_ws('-', environment, kind, word), kind = 'admin'
FROM place, unnest('{editor,admin}'::text[]) AS kind;
INSERT INTO canopy.node (account_id, application_id, environment_id, id, parent_node_id, node_type, name, slug)
SELECT pg_temp.id(account), pg_temp.id(application), pg_temp.id(environment), pg_temp.id(environment || '-' || kind),
	CASE kind WHEN 'leaf' THEN pg_temp.id(environment || '-root') END, 'unit', 'Node ' || word, environment || '-' || kind
FROM place, unnest('{root,leaf}'::text[]) AS kind ORDER BY kind DESC;
INSERT INTO canopy.oauth_client (account_id, application_id, environment_id, id, name, redirect_uris)
SELECT pg_temp.id(account), pg_temp.id(application), pg_temp.id(environment), pg_temp.id(environment || '-client'),
	'Client ' || word, ARRAY['https://' || environment || '.example/' || word] FROM place;
INSERT INTO canopy.learning_item (account_id, id, kind, slug, name)
SELECT DISTINCT pg_temp.id(account), pg_temp.id(account || '-' || kind), kind, account || '-' || replace(kind, '_', '-'), 'Item ' || word
FROM place, unnest('{bundle,course,learning_path,license}'::text[]) AS kind;
INSERT INTO canopy.portal_client (account_id, id, slug, name)
SELECT DISTINCT pg_temp.id(account), pg_temp.id(account || '-portal'), account || '-portal', 'Portal ' || word FROM place;

-- the password of each is that of Attack.pm
INSERT INTO canopy.identity (account_id, id, email, first_name, last_name, external_id, metadata, password_hash)
SELECT DISTINCT pg_temp.id(account), pg_temp.id(email), email, initcap(person), word, 'x-' || person || '-' || word,
	jsonb_build_object('note', word), :'password_hash'
FROM place, unnest('{ada,bob,cid,dot,eve}'::text[]) AS person, LATERAL concat(person, '@', account, '.example') AS email;
INSERT INTO canopy.app_membership (account_id, id, identity_id, application_id, status, activated_at)
SELECT DISTINCT pg_temp.id(account), pg_temp.id(application || '-' || person), pg_temp.id(concat(person, '@', account, '.example')),
	pg_temp.id(application), 'active', '2020-01-01Z'::timestamptz
FROM place, unnest(CASE WHEN application IN ('crm', 'shop') THEN '{ada,bob,dot}' ELSE '{cid,dot}' END::text[]) AS person;
INSERT INTO canopy.role_assignment (account_id, id, identity_id, application_id, role_id, node_id)
SELECT pg_temp.id(account), pg_temp.id(environment || '-dot'), pg_temp.id(concat('dot@', account, '.example')), pg_temp.id(application),
	pg_temp.id(environment || '-editor'), pg_temp.id(environment || '-root') FROM place;
INSERT INTO canopy.token_key (kid, algorithm, key) VALUES ('attack', 'HS256', :'token_key');

-- what only the functions make: invites, keys, answers to repeat, imports
SELECT count(canopy_bulk_invite(format('[{"email":"guest-%s@%s.example","first_name":"Guest","last_name":"%s"}]', environment, account, word)::jsonb,
	account, application, environment)) AS done FROM place \gset
SELECT count(canopy_bulk_create(format('[{"email":"once@%s.example","first_name":"Once","last_name":"%s"}]', account, word)::jsonb,
	account, idempotency_key => 'day-1')) AS done FROM (SELECT DISTINCT account, word FROM place) AS p \gset
CREATE TABLE public.attack_key AS
SELECT environment AS name, canopy_bulk_api_key_create('full ' || word, application, environment, account)->>'key' AS key FROM place
UNION ALL SELECT environment || '-scoped', canopy_bulk_api_key_create('scoped ' || word, application, environment, account, 'scoped', '{identity.manage}')->>'key' FROM place
UNION ALL SELECT environment || '-unfit', canopy_bulk_api_key_create('unfit ' || word, application, environment, account, 'scoped', '{other}')->>'key' FROM place;
CREATE TABLE public.attack_import AS
SELECT account, word, step, (canopy_bulk_import_open('account_create', account => account)->>'id')::uuid AS id
FROM (SELECT DISTINCT account, word FROM place) AS p, unnest('{open,uploaded,previewed,submitted}'::text[]) AS step;
SELECT count(canopy_bulk_import_upload_text(id, format(E'email,first_name,last_name\n%s1@%s.example,Ann,%s\n%1$s2@%2$s.example,Ben,%3$s\n', step, account, word), account => account)) AS done
FROM public.attack_import WHERE step <> 'open' \gset
SELECT count(canopy_bulk_import_preview(id, account => account)) AS done FROM public.attack_import WHERE step IN ('previewed', 'submitted') \gset
REVOKE ALL ON public.attack_key, public.attack_import FROM PUBLIC;
GRANT SELECT ON public.attack_import TO api;
COMMIT;
-- the server has no slot for a worker yet: these stay in the queue
SET ROLE api;
SET client_min_messages = error;
SELECT count(canopy_bulk_import_submit(id, account => account)) AS done FROM public.attack_import WHERE step = 'submitted' \gset
RESET ROLE;
REVOKE SELECT ON public.attack_import FROM api;
