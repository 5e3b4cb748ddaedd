-- A first result, from a database that knows nothing to a directory with people in it.
\set ON_ERROR_STOP on
\pset pager off
\pset footer off
\set identities `cat test/data/new_hires.json`

\echo
\echo The extension, the directory, and a company to put people in:
\set ECHO queries
CREATE EXTENSION canopy_bulk;
SELECT canopy_bulk_setup();
INSERT INTO canopy.account (slug, name) VALUES ('acme', 'Acme Ltd');
\set ECHO none

\echo
\echo Eight rows of test/data/new_hires.json in one call, and a verdict for each:
\set ECHO queries
SELECT canopy_bulk_create(:'identities', account => 'acme') AS answer \gset
\set ECHO none
SELECT r->>'index' AS row, r->>'status' AS status, r->>'code' AS code,
       coalesce(r#>>'{data,email}', r#>>'{input,email}') AS email,
       concat_ws(': ', r#>>'{error,code}', r#>>'{error,message}') AS error
FROM jsonb_array_elements(:'answer'::jsonb->'results') AS r;
SELECT :'answer'::jsonb->'summary' AS summary;

\echo What is in the directory now, and what the audit log says about it:
SELECT email, first_name, last_name, external_id FROM canopy.identity ORDER BY email;
SELECT action, details FROM canopy.audit_log;
