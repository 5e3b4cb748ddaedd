-- Making the directory: once, again, for an owner, and never over somebody else's.
SELECT no_plan();
SET client_min_messages = warning;
DROP ROLE IF EXISTS tap_owner, tap_member, tap_stranger, tap_super;
CREATE ROLE tap_owner;
CREATE ROLE tap_member IN ROLE tap_owner;
CREATE ROLE tap_stranger;
CREATE ROLE tap_super SUPERUSER;
CREATE SCHEMA t;
GRANT USAGE ON SCHEMA t TO PUBLIC;

-- an ordinary role cannot make the extension
SET ROLE tap_stranger;
SELECT throws_ok('CREATE EXTENSION canopy_bulk', '42501', NULL, 'the extension is not trusted');
RESET ROLE;

-- creating the extension makes functions and no table
CREATE EXTENSION canopy_bulk;
SELECT hasnt_schema('canopy');

-- what the catalogs say of the schema, in words, so that two directories can be compared
CREATE FUNCTION t.catalog() RETURNS TABLE (kind text, name text, said text) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY
	SELECT 'schema', nspname::text, concat_ws(' ', nspowner::regrole, nspacl::text, obj_description(oid, 'pg_namespace')) AS said
	FROM pg_namespace WHERE nspname = 'canopy'
	UNION ALL
	SELECT 'relation', relname::text, concat_ws(' ', relkind, relowner::regrole, relacl::text, reloptions::text, relrowsecurity, obj_description(oid, 'pg_class'))
	FROM pg_class WHERE relnamespace = 'canopy'::regnamespace
	UNION ALL
	SELECT 'column', attrelid::regclass || '.' || attname, concat_ws(' ', attnum, format_type(atttypid, atttypmod), attnotnull, attcollation,
		(SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = attrelid AND adnum = attnum), col_description(attrelid, attnum))
	FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid WHERE relnamespace = 'canopy'::regnamespace AND attnum > 0 AND NOT attisdropped
	UNION ALL
	SELECT 'constraint', conname::text, concat_ws(' ', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint WHERE connamespace = 'canopy'::regnamespace
	UNION ALL
	SELECT 'index', indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class ON pg_class.oid = indrelid WHERE relnamespace = 'canopy'::regnamespace
	UNION ALL
	SELECT 'version', version::text, '' FROM canopy.migration AS m;
END $$;

-- the first run makes it and says its version; the next ones find it
\set newest 1
SELECT is(canopy_bulk_setup(), :newest, 'setup answers with the version');
CREATE TABLE t.fresh AS SELECT * FROM t.catalog();
SELECT is(canopy_bulk_setup(), :newest, 'a second setup answers alike');
SELECT set_eq('SELECT * FROM t.catalog()', 'SELECT * FROM t.fresh', 'and changes nothing');
SELECT results_eq('SELECT version FROM canopy.migration', 'VALUES (1)', 'the version is recorded');
SELECT is(nspowner::regrole::text, 'canopy_owner', 'a superuser''s directory belongs to canopy_owner') FROM pg_namespace WHERE nspname = 'canopy';
SELECT results_eq('SELECT rolcanlogin, rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = ''canopy_owner''', $$ VALUES (false, false, false, false) $$, 'a role without rights of its own');

-- a directory without the record of its version is not taken for one
ALTER TABLE canopy.migration RENAME TO put_away;
SELECT throws_ok($$SELECT canopy_bulk_create('[]', 'acme')$$, '55000', 'the directory has not been set up', 'a directory without its record is refused');
ALTER TABLE canopy.put_away RENAME TO migration;
DELETE FROM canopy.migration;
SELECT throws_ok($$SELECT canopy_bulk_create('[]', 'acme')$$, '55000', 'the directory has not been set up', 'and so is one with an empty record');
INSERT INTO canopy.migration VALUES (1);

INSERT INTO canopy.account (id, slug, name) VALUES (md5('acme')::uuid, 'acme', 'Acme');
SELECT is(canopy_bulk_create('[{"email":"new@acme.example","first_name":"N","last_name":"N"}]', 'acme')#>>'{summary,succeeded}', '1', 'calls work');

-- dropping the extension leaves the data, and a new one finds it
DROP EXTENSION canopy_bulk;
SELECT is(count(*), 1::bigint, 'identities outlive the extension') FROM canopy.identity;
CREATE EXTENSION canopy_bulk;
SELECT is(canopy_bulk_create('[{"email":"next@acme.example","first_name":"N","last_name":"N"}]', 'acme')#>>'{summary,succeeded}', '1', 'the next call works without a setup');
SELECT is(canopy_bulk_setup(), :newest, 'and a setup finds nothing to do');

-- what users have added is theirs
ALTER TABLE canopy.identity ADD COLUMN grade text;
SELECT canopy_bulk_setup() \gset
SELECT has_column('canopy', 'identity', 'grade', 'a column of the user''s is kept');

-- a directory that a newer release has made is left alone
INSERT INTO canopy.migration (version) VALUES (1000);
SELECT throws_ok('SELECT canopy_bulk_setup()', '55000', 'the directory is newer than the library', 'a newer directory is refused');
DELETE FROM canopy.migration WHERE version = 1000;

-- a named owner: an ordinary role that exists, and for a directory that is there the one that has it
SELECT throws_ok(call, state, message, call)
FROM (VALUES
	('SELECT canopy_bulk_setup(owner => ''tap_super'')', '42501', 'the owner of the directory must not be a superuser'),
	('SELECT canopy_bulk_setup(owner => 4294967295::oid::regrole)', '42704', NULL),
	('SELECT canopy_bulk_setup(owner => ''tap_owner'')', '42501', 'schema "canopy" belongs to another role')
) AS v (call, state, message);
DROP SCHEMA canopy CASCADE;
SELECT is(canopy_bulk_setup(owner => 'tap_owner'), :newest, 'setup for a named owner');
SELECT is_empty('SELECT relname FROM pg_class WHERE relnamespace = ''canopy''::regnamespace AND relowner <> ''tap_owner''::regrole', 'everything belongs to that owner');
SELECT throws_ok('SELECT canopy_bulk_setup()', '42501', 'schema "canopy" belongs to another role', 'without its name the default owner is meant');
DROP SCHEMA canopy CASCADE;

-- a schema that somebody has planted is not taken over
CREATE SCHEMA canopy AUTHORIZATION tap_stranger;
SELECT throws_ok('SELECT canopy_bulk_setup()', '42501', 'schema "canopy" belongs to another role', 'a planted schema is refused');
ALTER SCHEMA canopy OWNER TO tap_super;
SELECT throws_ok('SELECT canopy_bulk_setup(owner => ''tap_owner'')', '42501', 'schema "canopy" belongs to another role', 'a superuser''s schema is refused');
CREATE TABLE canopy.migration (version integer);
SELECT throws_ok($$SELECT canopy_bulk_create('[]', 'acme')$$, '55000', 'schema canopy belongs to a superuser', 'and calls do not work in it');
DROP SCHEMA canopy CASCADE;

-- an ordinary role that may create schemas sets up for itself, or for a role it is a member of
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO tap_member, tap_stranger;
SELECT format('GRANT CREATE ON DATABASE %I TO tap_member, tap_stranger, tap_owner', current_database()) AS grant \gset
:grant;
SET SESSION AUTHORIZATION tap_member;
SELECT throws_ok('SELECT canopy_bulk_setup(owner => ''tap_stranger'')', '42501', 'permission denied to set up the directory for another role', 'not for a role one is no member of');
SELECT is(canopy_bulk_setup(owner => 'tap_owner'), :newest, 'for a role one is a member of');
RESET SESSION AUTHORIZATION;
SELECT is(nspowner::regrole::text, 'tap_owner', 'which then owns the schema') FROM pg_namespace WHERE nspname = 'canopy';
DROP SCHEMA canopy CASCADE;
SET SESSION AUTHORIZATION tap_stranger;
SELECT is(canopy_bulk_setup(), :newest, 'an ordinary role sets up for itself');
RESET SESSION AUTHORIZATION;
SELECT is_empty('SELECT relname FROM pg_class WHERE relnamespace = ''canopy''::regnamespace AND relowner <> ''tap_stranger''::regrole', 'and owns it all');
DROP SCHEMA canopy CASCADE;

-- without the right to create schemas there is no setup
SELECT format('REVOKE CREATE ON DATABASE %I FROM tap_stranger', current_database()) AS revoke \gset
:revoke;
SET SESSION AUTHORIZATION tap_stranger;
SELECT throws_ok('SELECT canopy_bulk_setup()', '42501', NULL, 'who may not create schemas may not set up');
RESET SESSION AUTHORIZATION;
SELECT hasnt_schema('canopy');

-- traps in the caller's way: nothing of his is run or taken for ours
CREATE FUNCTION t.now() RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;
CREATE FUNCTION t.max(integer) RETURNS integer LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;
CREATE TABLE t.account ();
CREATE TEMP TABLE identity ();
SET search_path = t, public, pg_catalog;
SELECT is(public.canopy_bulk_setup(), :newest, 'setup does not look in the caller''s search_path');
RESET search_path;
SELECT set_eq('SELECT * FROM t.catalog()', 'SELECT * FROM t.fresh', 'and makes what it always makes');

-- the functions may live in a schema of their own
DROP EXTENSION canopy_bulk;
CREATE SCHEMA "odd schema";
CREATE EXTENSION canopy_bulk SCHEMA "odd schema";
SELECT is("odd schema".canopy_bulk_setup(), :newest, 'the extension works in any schema');
INSERT INTO canopy.account (slug, name) VALUES ('acme', 'Acme');
SELECT is("odd schema".canopy_bulk_create('[]', 'acme')#>>'{summary,total}', '0', 'and so do its functions');

SELECT * FROM finish();
DROP SCHEMA canopy CASCADE;
DROP OWNED BY tap_owner, tap_member, tap_stranger;
DROP ROLE tap_owner, tap_member, tap_stranger, tap_super;
