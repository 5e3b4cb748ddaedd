-- What the catalogs say of the extension and of the directory it makes.
\ir fixture.psql
SELECT no_plan();

-- the functions that people call have these names, arguments, defaults and results
SELECT results_eq($$
	SELECT proname::text COLLATE "default", pg_get_function_arguments(oid), pg_get_function_result(oid)
	FROM pg_proc WHERE proname LIKE 'canopy\_bulk\_%' ORDER BY 1, 2
$$, $$ VALUES
	('canopy_bulk_api_key_create', 'name text, application text DEFAULT NULL::text, environment text DEFAULT NULL::text, account text DEFAULT NULL::text, access_mode text DEFAULT ''full_access''::text, scopes text[] DEFAULT NULL::text[], expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone', 'jsonb'),
	('canopy_bulk_api_key_revoke', 'id uuid, account text DEFAULT NULL::text', 'void'),
	('canopy_bulk_assign', 'assignments jsonb, application text DEFAULT NULL::text, environment text DEFAULT NULL::text, account text DEFAULT NULL::text, dry_run boolean DEFAULT false, max_failed integer DEFAULT NULL::integer, on_conflict text DEFAULT ''error''::text, idempotency_key text DEFAULT NULL::text', 'jsonb'),
	('canopy_bulk_attach', 'identity_ids uuid[], application text DEFAULT NULL::text, account text DEFAULT NULL::text, dry_run boolean DEFAULT false, max_failed integer DEFAULT NULL::integer, on_conflict text DEFAULT ''error''::text, idempotency_key text DEFAULT NULL::text', 'jsonb'),
	('canopy_bulk_attach_json', 'identity_ids jsonb, application text DEFAULT NULL::text, account text DEFAULT NULL::text, dry_run boolean DEFAULT false, max_failed integer DEFAULT NULL::integer, on_conflict text DEFAULT ''error''::text, idempotency_key text DEFAULT NULL::text', 'jsonb'),
	('canopy_bulk_authenticate', 'token text', 'void'),
	('canopy_bulk_change_role', 'assignment_ids uuid[], role_id uuid, application text DEFAULT NULL::text, environment text DEFAULT NULL::text, account text DEFAULT NULL::text, dry_run boolean DEFAULT false, max_failed integer DEFAULT NULL::integer, idempotency_key text DEFAULT NULL::text', 'jsonb'),
	('canopy_bulk_change_role_json', 'assignment_ids jsonb, role_id text, application text DEFAULT NULL::text, environment text DEFAULT NULL::text, account text DEFAULT NULL::text, dry_run boolean DEFAULT false, max_failed integer DEFAULT NULL::integer, idempotency_key text DEFAULT NULL::text', 'jsonb'),
	('canopy_bulk_create', 'identities jsonb, account text DEFAULT NULL::text, application text DEFAULT NULL::text, environment text DEFAULT NULL::text, dry_run boolean DEFAULT false, max_failed integer DEFAULT NULL::integer, on_conflict text DEFAULT ''error''::text, idempotency_key text DEFAULT NULL::text', 'jsonb'),
	('canopy_bulk_create_raw', 'body bytea, account text DEFAULT NULL::text, application text DEFAULT NULL::text, environment text DEFAULT NULL::text, dry_run boolean DEFAULT false, max_failed integer DEFAULT NULL::integer, on_conflict text DEFAULT ''error''::text, idempotency_key text DEFAULT NULL::text', 'jsonb'),
	('canopy_bulk_detach', 'identity_ids uuid[], application text DEFAULT NULL::text, account text DEFAULT NULL::text, dry_run boolean DEFAULT false, max_failed integer DEFAULT NULL::integer, on_conflict text DEFAULT ''error''::text, idempotency_key text DEFAULT NULL::text', 'jsonb'),
	('canopy_bulk_detach_json', 'identity_ids jsonb, application text DEFAULT NULL::text, account text DEFAULT NULL::text, dry_run boolean DEFAULT false, max_failed integer DEFAULT NULL::integer, on_conflict text DEFAULT ''error''::text, idempotency_key text DEFAULT NULL::text', 'jsonb'),
	('canopy_bulk_enrol', 'learners jsonb, bundle_ids uuid[] DEFAULT ''{}''::uuid[], course_ids uuid[] DEFAULT ''{}''::uuid[], learning_path_ids uuid[] DEFAULT ''{}''::uuid[], license_ids uuid[] DEFAULT ''{}''::uuid[], client_id uuid DEFAULT NULL::uuid, role text DEFAULT NULL::text, invite_message text DEFAULT NULL::text, account text DEFAULT NULL::text, application text DEFAULT NULL::text, environment text DEFAULT NULL::text, dry_run boolean DEFAULT false, max_failed integer DEFAULT NULL::integer, idempotency_key text DEFAULT NULL::text', 'jsonb'),
	('canopy_bulk_http', 'method text, path text, headers jsonb DEFAULT ''{}''::jsonb, body bytea DEFAULT NULL::bytea, OUT status integer, OUT headers jsonb, OUT body bytea', 'record'),
	('canopy_bulk_import', 'IN file bytea, IN mode text, IN account text DEFAULT NULL::text, IN application text DEFAULT NULL::text, IN environment text DEFAULT NULL::text, IN on_conflict text DEFAULT ''error''::text, IN mapping jsonb DEFAULT NULL::jsonb, IN delimiter text DEFAULT NULL::text, IN file_name text DEFAULT NULL::text, IN secret_columns text[] DEFAULT NULL::text[], IN missing text DEFAULT ''ignore''::text, IN max_missing_percent integer DEFAULT 10, IN max_failed integer DEFAULT NULL::integer, IN dry_run boolean DEFAULT false, IN encoding text DEFAULT NULL::text, INOUT summary jsonb DEFAULT NULL::jsonb', NULL),
	('canopy_bulk_import', 'IN file text, IN mode text, IN account text DEFAULT NULL::text, IN application text DEFAULT NULL::text, IN environment text DEFAULT NULL::text, IN on_conflict text DEFAULT ''error''::text, IN mapping jsonb DEFAULT NULL::jsonb, IN delimiter text DEFAULT NULL::text, IN file_name text DEFAULT NULL::text, IN secret_columns text[] DEFAULT NULL::text[], IN missing text DEFAULT ''ignore''::text, IN max_missing_percent integer DEFAULT 10, IN max_failed integer DEFAULT NULL::integer, IN dry_run boolean DEFAULT false, INOUT summary jsonb DEFAULT NULL::jsonb', NULL),
	('canopy_bulk_import_cancel', 'id uuid, account text DEFAULT NULL::text', 'jsonb'),
	('canopy_bulk_import_csv', 'id uuid, which text DEFAULT ''all''::text, bom boolean DEFAULT false, account text DEFAULT NULL::text', 'text'),
	('canopy_bulk_import_event', 'mode text, total integer, succeeded integer, failed integer, skipped integer DEFAULT 0, application text DEFAULT NULL::text, account text DEFAULT NULL::text, idempotency_key text DEFAULT NULL::text', 'void'),
	('canopy_bulk_import_info', 'id uuid, account text DEFAULT NULL::text', 'jsonb'),
	('canopy_bulk_import_map', 'id uuid, mapping jsonb DEFAULT NULL::jsonb, account text DEFAULT NULL::text', 'jsonb'),
	('canopy_bulk_import_missing', 'id uuid, page integer DEFAULT 1, take integer DEFAULT 20, account text DEFAULT NULL::text', 'jsonb'),
	('canopy_bulk_import_open', 'mode text, account text DEFAULT NULL::text, application text DEFAULT NULL::text, environment text DEFAULT NULL::text, on_conflict text DEFAULT ''error''::text, missing text DEFAULT ''ignore''::text, max_missing_percent integer DEFAULT 10, options jsonb DEFAULT NULL::jsonb', 'jsonb'),
	('canopy_bulk_import_preview', 'id uuid, account text DEFAULT NULL::text', 'jsonb'),
	('canopy_bulk_import_progress', 'account text DEFAULT NULL::text', 'TABLE(pid integer, account_id uuid, import_id uuid, job_id uuid, mode text, phase text, rows_total integer, rows_done integer, rows_succeeded integer, rows_failed integer, rows_skipped integer, batches_total integer, batches_done integer, bytes_total bigint, bytes_done bigint, started_at timestamp with time zone, heartbeat_at timestamp with time zone, finished_at timestamp with time zone)'),
	('canopy_bulk_import_results', 'id uuid, outcome text DEFAULT NULL::text, page integer DEFAULT 1, take integer DEFAULT 20, account text DEFAULT NULL::text', 'jsonb'),
	('canopy_bulk_import_rows', 'id uuid, verdict text DEFAULT NULL::text, page integer DEFAULT 1, take integer DEFAULT 20, account text DEFAULT NULL::text', 'jsonb'),
	('canopy_bulk_import_run', 'IN id uuid, IN digest bytea DEFAULT NULL::bytea, IN account text DEFAULT NULL::text', NULL),
	('canopy_bulk_import_select', 'id uuid, row_numbers integer[] DEFAULT NULL::integer[], selected boolean DEFAULT true, account text DEFAULT NULL::text', 'jsonb'),
	('canopy_bulk_import_submit', 'id uuid, digest bytea DEFAULT NULL::bytea, account text DEFAULT NULL::text', 'jsonb'),
	('canopy_bulk_import_undo', 'id uuid, dry_run boolean DEFAULT false, account text DEFAULT NULL::text', 'jsonb'),
	('canopy_bulk_import_upload', 'id uuid, file bytea, file_name text DEFAULT NULL::text, delimiter text DEFAULT NULL::text, secret_columns text[] DEFAULT NULL::text[], account text DEFAULT NULL::text, encoding text DEFAULT NULL::text', 'jsonb'),
	('canopy_bulk_import_upload_body', 'bytea', 'jsonb'),
	('canopy_bulk_import_upload_text', 'id uuid, contents text, file_name text DEFAULT NULL::text, delimiter text DEFAULT NULL::text, secret_columns text[] DEFAULT NULL::text[], account text DEFAULT NULL::text', 'jsonb'),
	('canopy_bulk_import_url', 'url text, invite_message text DEFAULT NULL::text, bundle_ids uuid[] DEFAULT NULL::uuid[], course_ids uuid[] DEFAULT NULL::uuid[], learning_path_ids uuid[] DEFAULT NULL::uuid[], license_ids uuid[] DEFAULT NULL::uuid[], client_id uuid DEFAULT NULL::uuid, role text DEFAULT NULL::text, dry_run boolean DEFAULT false, mode text DEFAULT ''learner''::text, on_conflict text DEFAULT ''update''::text, account text DEFAULT NULL::text, application text DEFAULT NULL::text, environment text DEFAULT NULL::text, idempotency_key text DEFAULT NULL::text', 'jsonb'),
	('canopy_bulk_imports', 'account text DEFAULT NULL::text, application text DEFAULT NULL::text, environment text DEFAULT NULL::text, status text DEFAULT NULL::text, page integer DEFAULT 1, take integer DEFAULT 20', 'jsonb'),
	('canopy_bulk_invite', 'invites jsonb, account text DEFAULT NULL::text, application text DEFAULT NULL::text, environment text DEFAULT NULL::text, dry_run boolean DEFAULT false, max_failed integer DEFAULT NULL::integer, on_conflict text DEFAULT ''error''::text, idempotency_key text DEFAULT NULL::text', 'jsonb'),
	('canopy_bulk_invite_accept', 'token text, password text, first_name text DEFAULT NULL::text, last_name text DEFAULT NULL::text', 'jsonb'),
	('canopy_bulk_invite_info', 'token text', 'jsonb'),
	('canopy_bulk_invite_resend', 'id uuid, account text DEFAULT NULL::text, application text DEFAULT NULL::text, environment text DEFAULT NULL::text, idempotency_key text DEFAULT NULL::text', 'jsonb'),
	('canopy_bulk_invite_revoke', 'id uuid, account text DEFAULT NULL::text, application text DEFAULT NULL::text, environment text DEFAULT NULL::text, idempotency_key text DEFAULT NULL::text', 'void'),
	('canopy_bulk_invite_summary', 'account text DEFAULT NULL::text, application text DEFAULT NULL::text, environment text DEFAULT NULL::text', 'jsonb'),
	('canopy_bulk_invites', 'account text DEFAULT NULL::text, application text DEFAULT NULL::text, environment text DEFAULT NULL::text, status text DEFAULT NULL::text, page integer DEFAULT 1, take integer DEFAULT 20', 'jsonb'),
	('canopy_bulk_job', 'id uuid, account text DEFAULT NULL::text', 'jsonb'),
	('canopy_bulk_job_cancel', 'id uuid, account text DEFAULT NULL::text', 'jsonb'),
	('canopy_bulk_job_repeat', 'id uuid, account text DEFAULT NULL::text', 'jsonb'),
	('canopy_bulk_jobs', 'status text DEFAULT NULL::text, page integer DEFAULT 1, take integer DEFAULT 20, account text DEFAULT NULL::text', 'jsonb'),
	('canopy_bulk_outbox_claim', 'n integer DEFAULT 10, account text DEFAULT NULL::text, OUT account_id uuid, OUT id uuid, OUT attempt integer, OUT kind text, OUT recipient text, OUT locale text, OUT link text, OUT payload jsonb', 'SETOF record'),
	('canopy_bulk_outbox_done', 'id uuid, attempt integer, account text DEFAULT NULL::text', 'boolean'),
	('canopy_bulk_outbox_failed', 'id uuid, attempt integer, reason text, permanent boolean DEFAULT false, account text DEFAULT NULL::text', 'boolean'),
	('canopy_bulk_purge', 'account text DEFAULT NULL::text, max_rows integer DEFAULT 1000', 'bigint'),
	('canopy_bulk_resume', 'account text DEFAULT NULL::text', 'integer'),
	('canopy_bulk_sample_csv', 'mode text', 'text'),
	('canopy_bulk_secret_exposure', '', 'TABLE(setting text, value text, advice text)'),
	('canopy_bulk_setup', 'owner regrole DEFAULT NULL::regrole', 'integer'),
	('canopy_bulk_token_key_is_valid', 'algorithm text, key text', 'boolean'),
	('canopy_bulk_unassign', 'assignment_ids uuid[], application text DEFAULT NULL::text, environment text DEFAULT NULL::text, account text DEFAULT NULL::text, dry_run boolean DEFAULT false, max_failed integer DEFAULT NULL::integer, idempotency_key text DEFAULT NULL::text', 'jsonb'),
	('canopy_bulk_unassign_json', 'assignment_ids jsonb, application text DEFAULT NULL::text, environment text DEFAULT NULL::text, account text DEFAULT NULL::text, dry_run boolean DEFAULT false, max_failed integer DEFAULT NULL::integer, idempotency_key text DEFAULT NULL::text', 'jsonb'),
	('canopy_bulk_verify_password', 'email text, password text, account text DEFAULT NULL::text, application text DEFAULT NULL::text', 'jsonb')
$$, 'public functions have their signatures');

-- members of the extension are functions of its own name and a view of one, so that dropping it drops no data
SELECT is_empty($$
	SELECT pg_describe_object(classid, objid, objsubid) FROM pg_depend
	WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
	  AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'canopy_bulk')
	  AND NOT (classid = 'pg_proc'::regclass
			   AND EXISTS (SELECT FROM pg_proc p WHERE p.oid = objid AND proname ~ '^_?canopy_bulk_'))
	  AND NOT (classid = 'pg_class'::regclass AND objid = 'canopy_bulk_progress'::regclass)
$$, 'the extension has functions, a view and nothing else');
SELECT results_eq($$ SELECT relkind::text COLLATE "default", relacl IS NULL OR NOT EXISTS (SELECT FROM aclexplode(relacl) WHERE grantee = 0)
	FROM pg_class WHERE oid = 'canopy_bulk_progress'::regclass $$, $$ VALUES ('v', true) $$, 'the view is no table, and not granted to PUBLIC');

CREATE VIEW t.function AS
SELECT p.* FROM pg_proc p JOIN pg_depend d
ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'canopy_bulk');

-- a NULL argument reaches the function, which then says what it thinks of it
SELECT is_empty('SELECT proname FROM t.function WHERE proisstrict', 'no function is strict');

-- all functions but the readers write, or may
SELECT is_empty($$SELECT proname FROM t.function WHERE provolatile <> CASE WHEN proname IN ('canopy_bulk_secret_exposure', 'canopy_bulk_import_info', 'canopy_bulk_import_rows',
	'canopy_bulk_import_results', 'canopy_bulk_import_csv', 'canopy_bulk_import_missing', 'canopy_bulk_import_progress', 'canopy_bulk_job', 'canopy_bulk_jobs', 'canopy_bulk_imports', 'canopy_bulk_sample_csv',
	'canopy_bulk_invite_info', 'canopy_bulk_invites', 'canopy_bulk_invite_summary') THEN 's' ELSE 'v' END OR proparallel <> 'u'$$,
	'every function that is no reader is volatile, and all are parallel unsafe');

-- nothing runs with its owner's rights by itself
SELECT is_empty('SELECT proname FROM t.function WHERE prosecdef', 'no function is security definer');

-- and nobody may call one unless the DBA says so
SELECT is_empty($$
	SELECT proname FROM t.function, aclexplode(coalesce(proacl, acldefault('f', proowner))) WHERE grantee = 0
$$, 'EXECUTE is revoked from PUBLIC on every function');

-- each says what it is for, a summary in its first line
SELECT is_empty($$
	SELECT proname FROM t.function
	WHERE split_part(coalesce(obj_description(oid, 'pg_proc'), ''), E'\n', 1) !~ '\S.*\.$'
$$, 'every function has a comment that begins with a sentence');

-- the version is that of the control file, and the extension stays where it was put
SELECT results_eq($$
	SELECT extversion COLLATE "default", extrelocatable FROM pg_extension WHERE extname = 'canopy_bulk'
$$, $$ VALUES ('1.0', false) $$, 'the extension is version 1.0 and not relocatable');

-- these settings there are; what weakens a limit is the superuser's
SELECT results_eq($$
	SELECT name, vartype, context, boot_val, min_val, max_val, unit FROM pg_settings WHERE name LIKE 'canopy\_bulk.%' ORDER BY 1
$$, $$ VALUES
	('canopy_bulk.accept_url', 'string', 'superuser', '/app/identity/accept-invite', NULL, NULL, NULL),
	('canopy_bulk.account', 'string', 'user', '', NULL, NULL, NULL),
	('canopy_bulk.admin_principals', 'string', 'superuser', 'user,api_key', NULL, NULL, NULL),
	('canopy_bulk.application', 'string', 'user', '', NULL, NULL, NULL),
	('canopy_bulk.argon2_memory', 'integer', 'superuser', '19456', '7168', '262144', 'kB'),
	('canopy_bulk.argon2_passes', 'integer', 'superuser', '2', '1', '10', NULL),
	('canopy_bulk.breach_check', 'string', 'superuser', '', NULL, NULL, NULL),
	('canopy_bulk.claim_account', 'string', 'superuser', 'account', NULL, NULL, NULL),
	('canopy_bulk.claim_application', 'string', 'superuser', 'application', NULL, NULL, NULL),
	('canopy_bulk.claim_environment', 'string', 'superuser', 'environment', NULL, NULL, NULL),
	('canopy_bulk.claim_principal_type', 'string', 'superuser', 'principal_type', NULL, NULL, NULL),
	('canopy_bulk.claim_subject', 'string', 'superuser', 'sub', NULL, NULL, NULL),
	('canopy_bulk.environment', 'string', 'user', '', NULL, NULL, NULL),
	('canopy_bulk.hash_workers', 'integer', 'sighup', '0', '0', '64', NULL),
	('canopy_bulk.idempotency_window', 'integer', 'superuser', '86400', '1', '31622400', 's'),
	('canopy_bulk.import_allowed_hosts', 'string', 'superuser', '', NULL, NULL, NULL),
	('canopy_bulk.import_allowed_networks', 'string', 'superuser', '', NULL, NULL, NULL),
	('canopy_bulk.import_ca_file', 'string', 'superuser', '', NULL, NULL, NULL),
	('canopy_bulk.invite_expires_in', 'integer', 'superuser', '604800', '60', '31622400', 's'),
	('canopy_bulk.launcher_databases', 'string', 'sighup', '', NULL, NULL, NULL),
	('canopy_bulk.launcher_interval', 'integer', 'sighup', '10', '1', '86400', 's'),
	('canopy_bulk.login_lock_duration', 'integer', 'superuser', '900', '1', '31622400', 's'),
	('canopy_bulk.login_max_failures', 'integer', 'superuser', '5', '0', '1000000', NULL),
	('canopy_bulk.max_hash_memory', 'integer', 'superuser', '65536', '1024', '262144', 'kB'),
	('canopy_bulk.max_hash_time', 'integer', 'superuser', '1000', '10', '2500', 'ms'),
	('canopy_bulk.max_open_imports', 'integer', 'superuser', '100', '1', '1000', NULL),
	('canopy_bulk.max_queued_jobs', 'integer', 'superuser', '10', '1', '100000', NULL),
	('canopy_bulk.max_rows', 'integer', 'superuser', '200', '1', '10000', NULL),
	('canopy_bulk.max_running_jobs', 'integer', 'superuser', '1', '1', '1000', NULL),
	('canopy_bulk.max_workers', 'integer', 'sighup', '4', '1', '1000', NULL),
	('canopy_bulk.outbox_attempts', 'integer', 'superuser', '8', '1', '100', NULL),
	('canopy_bulk.outbox_backoff', 'integer', 'superuser', '60', '1', '3600', 's'),
	('canopy_bulk.outbox_lease', 'integer', 'superuser', '300', '1', '86400', 's'),
	('canopy_bulk.require_claims', 'bool', 'superuser', 'off', NULL, NULL, NULL),
	('canopy_bulk.row_error_sqlstates', 'string', 'superuser', '', NULL, NULL, NULL),
	('canopy_bulk.strategy', 'enum', 'user', 'auto', NULL, NULL, NULL),
	('canopy_bulk.token_audience', 'string', 'superuser', '', NULL, NULL, NULL),
	('canopy_bulk.token_issuer', 'string', 'superuser', '', NULL, NULL, NULL),
	('canopy_bulk.verification_expires_in', 'integer', 'superuser', '86400', '60', '31622400', 's'),
	('canopy_bulk.verify_url', 'string', 'superuser', '/app/identity/verify-email', NULL, NULL, NULL)
$$, 'settings have their types, defaults and bounds');

-- a slip in a setting's name is an error, not a setting
SELECT throws_ok('SET canopy_bulk.acount = ''acme''', '42602', NULL, 'the prefix of the settings is reserved');

-- the directory is made of these tables
SELECT tables_are('canopy', ARRAY['account', 'application', 'environment', 'identity', 'app_membership',
	'role', 'node', 'role_assignment', 'audit_log', 'idempotency_key', 'token_key', 'api_key',
	'oauth_client', 'identity_invite', 'outbox', 'email_verification', 'import', 'import_row', 'import_missing', 'import_mapping', 'job', 'portal_client', 'learning_item', 'learner_profile', 'enrolment', 'migration']);

CREATE VIEW t.table AS
SELECT oid, relname::text AS name FROM pg_class
WHERE relnamespace = 'canopy'::regnamespace AND relkind IN ('r', 'p');

-- they are the user's: the extension can go, and they stay
SELECT is_empty($$
	SELECT pg_describe_object(classid, objid, 0) FROM pg_depend
	WHERE refclassid = 'pg_extension'::regclass AND classid = 'pg_class'::regclass
	  AND objid IN (SELECT oid FROM pg_class WHERE relnamespace = 'canopy'::regnamespace)
$$, 'no table is a member of an extension');

-- nothing of the directory belongs to a superuser, so nothing on it can run as one
SELECT is_empty($$
	SELECT o.name, rolname FROM pg_roles JOIN (
		SELECT nspname::text, nspowner FROM pg_namespace WHERE nspname = 'canopy'
		UNION ALL SELECT relname, relowner FROM pg_class WHERE relnamespace = 'canopy'::regnamespace
		UNION ALL SELECT typname, typowner FROM pg_type WHERE typnamespace = 'canopy'::regnamespace
		UNION ALL SELECT proname, proowner FROM pg_proc WHERE pronamespace = 'canopy'::regnamespace
	) AS o (name, owner) ON owner = pg_roles.oid WHERE rolsuper
$$, 'no object of the directory belongs to a superuser');

-- with one owner, who cannot log in
SELECT results_eq($$
	SELECT DISTINCT rolname::text COLLATE "default", rolcanlogin FROM pg_roles JOIN pg_class ON relowner = pg_roles.oid
	WHERE relnamespace = 'canopy'::regnamespace
$$, $$ VALUES ('canopy_owner', false) $$, 'every table belongs to canopy_owner');

-- PUBLIC has nothing in the schema, not even its names
SELECT is_empty($$
	SELECT o.name, privilege_type FROM (
		SELECT nspname::text, coalesce(nspacl, acldefault('n', nspowner)) FROM pg_namespace WHERE nspname = 'canopy'
		UNION ALL SELECT relname, coalesce(relacl, acldefault('r', relowner)) FROM pg_class
				  WHERE relnamespace = 'canopy'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
	) AS o (name, acl), aclexplode(acl) WHERE grantee = 0
$$, 'nothing of the directory is granted to PUBLIC');

-- a tenant table begins with its account: in its key, every unique key and every foreign key
SELECT is_empty($$
	SELECT conname FROM pg_constraint JOIN t.table ON conrelid = t.table.oid
	WHERE contype IN ('p', 'u', 'f')
	  AND conname NOT IN ('account_pkey', 'account_slug_key', 'token_key_pkey', 'migration_pkey')
	  AND (SELECT attname FROM pg_attribute WHERE attrelid = conrelid AND attnum = conkey[1]) <> 'account_id'
$$, 'every key begins with account_id');

-- that goes for unique indexes that are no constraint
SELECT is_empty($$
	SELECT indexrelid::regclass FROM pg_index JOIN t.table ON indrelid = t.table.oid
	WHERE indisunique AND name NOT IN ('account', 'token_key', 'migration')
	  AND (SELECT attname FROM pg_attribute WHERE attrelid = indrelid AND attnum = indkey[0]) <> 'account_id'
$$, 'every unique index begins with account_id');

-- and for the other end of a foreign key
SELECT is_empty($$
	SELECT conname FROM pg_constraint JOIN t.table ON conrelid = t.table.oid
	WHERE contype = 'f' AND (SELECT attname FROM pg_attribute WHERE attrelid = confrelid AND attnum = confkey[1])
		<> CASE WHEN confrelid = 'canopy.account'::regclass THEN 'id' ELSE 'account_id' END
$$, 'every foreign key refers to the account first');

-- the account is never left open
SELECT is_empty($$
	SELECT name FROM t.table WHERE name NOT IN ('account', 'token_key', 'migration') AND NOT EXISTS (
		SELECT FROM pg_attribute WHERE attrelid = t.table.oid AND attname = 'account_id'
		AND attnum = 1 AND attnotnull AND atttypid = 'uuid'::regtype)
$$, 'every tenant table has account_id uuid NOT NULL, in front');

-- every table has a key to be distributed and replicated by
SELECT is_empty($$
	SELECT name FROM t.table WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = t.table.oid AND contype = 'p')
$$, 'every table has a primary key');

-- constraints speak at once, and none wipes half of a composite key
SELECT is_empty($$
	SELECT conname FROM pg_constraint JOIN t.table ON conrelid = t.table.oid
	WHERE condeferrable OR condeferred OR confdeltype IN ('n', 'd') OR confupdtype IN ('n', 'd')
$$, 'no constraint is deferrable or sets null');

-- triggers, rules, sequences and functions in the schema are the user's alone
SELECT is_empty($$
	SELECT tgname::text FROM pg_trigger JOIN t.table ON tgrelid = t.table.oid WHERE NOT tgisinternal
	UNION ALL SELECT rulename FROM pg_rewrite JOIN t.table ON ev_class = t.table.oid
	UNION ALL SELECT relname FROM pg_class WHERE relnamespace = 'canopy'::regnamespace AND relkind NOT IN ('r', 'p', 'i', 'I')
	UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'canopy'::regnamespace
$$, 'the schema has tables and indexes, and nothing that acts');

-- a table, a column and the schema itself say what they are for
SELECT is_empty($$
	SELECT name, attname FROM t.table JOIN pg_attribute ON attrelid = t.table.oid
	WHERE attnum > 0 AND NOT attisdropped AND coalesce(col_description(attrelid, attnum), '') !~ '\.$'
	UNION ALL SELECT name, NULL FROM t.table WHERE coalesce(obj_description(oid, 'pg_class'), '') !~ '\.$'
	UNION ALL SELECT 'canopy', NULL WHERE coalesce(obj_description('canopy'::regnamespace, 'pg_namespace'), '') !~ '\.$'
$$, 'the schema, every table and every column have a comment');

-- a constraint is named after its table and columns, never by chance
SELECT is_empty($$
	SELECT conname FROM pg_constraint JOIN t.table ON conrelid = t.table.oid WHERE conname !~ ('^' || name || '_')
$$, 'every constraint is named after its table');

SELECT * FROM finish();
