-- The extension, the directory, and a company in it.
-- The files of this folder are one session after the other in one database.

-- roles are shared by all databases: this one is for the tests, and goes at the end
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_canopy_owner;
RESET client_min_messages;
CREATE ROLE regress_canopy_owner NOLOGIN;

-- the functions come with the extension, the tables do not
CREATE EXTENSION canopy_bulk;
SELECT canopy_bulk_create('[]', account => 'acme');

-- the owner of the directory is an ordinary role, never a superuser
DO $$ BEGIN EXECUTE format('SELECT canopy_bulk_setup(owner => %L)', current_user);
EXCEPTION WHEN insufficient_privilege THEN RAISE NOTICE '%', sqlerrm; END $$;

-- the setup says at which version the directory is, and can be repeated
SELECT canopy_bulk_setup(owner => 'regress_canopy_owner');
SELECT canopy_bulk_setup(owner => 'regress_canopy_owner');

-- what it has made
SELECT relname AS "table", relowner::regrole AS owner,
       split_part(obj_description(oid, 'pg_class'), E'\n', 1) AS description
FROM pg_class
WHERE relnamespace = 'canopy'::regnamespace AND relkind = 'r'
ORDER BY relname COLLATE "C";

-- an account with an application, its environment, a role and a root node
INSERT INTO canopy.account (id, slug, name)
VALUES ('a0000000-0000-4000-8000-000000000001', 'acme', 'Acme Ltd');
INSERT INTO canopy.application (account_id, id, slug, name)
VALUES ('a0000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000001', 'crm', 'CRM');
INSERT INTO canopy.environment (account_id, id, application_id, slug, name)
VALUES ('a0000000-0000-4000-8000-000000000001', 'e0000000-0000-4000-8000-000000000001',
        'c0000000-0000-4000-8000-000000000001', 'production', 'Production');
INSERT INTO canopy.role (account_id, id, environment_id, name)
VALUES ('a0000000-0000-4000-8000-000000000001', 'f0000000-0000-4000-8000-000000000001',
        'e0000000-0000-4000-8000-000000000001', 'viewer');
INSERT INTO canopy.node (account_id, id, application_id, environment_id, node_type, name, slug)
VALUES ('a0000000-0000-4000-8000-000000000001', 'f0000000-0000-4000-8000-000000000002',
        'c0000000-0000-4000-8000-000000000001', 'e0000000-0000-4000-8000-000000000001', 'root', 'Root', 'root');

-- for the tests: an answer whose made-up ids and times are masked, and one as a table
CREATE FUNCTION masked(answer jsonb) RETURNS text LANGUAGE sql AS $$
SELECT regexp_replace(regexp_replace(jsonb_pretty(answer),
    '[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}', 'a new id', 'g'),
    '\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z', 'a time', 'g')
$$;
CREATE FUNCTION verdicts(answer jsonb)
RETURNS TABLE ("row" text, status text, code text, error text, fields text, more jsonb)
LANGUAGE sql AS $$
SELECT r->>'index', r->>'status', r->>'code', r->'error'->>'code',
       (SELECT string_agg(DISTINCT field COLLATE "C", ', ')
        FROM jsonb_array_elements(r->'error'->'details'->'issues') AS i, jsonb_extract_path_text(i, 'field') AS field),
       nullif((r->'error'->'details') - 'issues', '{}')
FROM jsonb_path_query(answer, '$.results[*]') AS r
$$;
