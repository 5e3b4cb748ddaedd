
CREATE TABLE canopy.job (
	account_id uuid NOT NULL,
	id uuid NOT NULL DEFAULT gen_random_uuid(),
	application_id uuid,
	environment_id uuid,
	kind text NOT NULL,
	import_id uuid,
	status text NOT NULL DEFAULT 'queued',
	parameters jsonb NOT NULL DEFAULT '{}',
	repeatable boolean NOT NULL DEFAULT false,
	attempt integer NOT NULL DEFAULT 0,
	futile_count integer NOT NULL DEFAULT 0,
	holder text,
	lease_until timestamptz,
	heartbeat_at timestamptz,
	actor_id text,
	actor_type text,
	role_name text NOT NULL,
	caller_role text NOT NULL,
	held_to text NOT NULL DEFAULT 'account',
	error_message text,
	source_url text,
	source_label text,
	source_etag text,
	source_sha256 bytea,
	fetched_bytes bigint,
	cancel_requested_at timestamptz,
	created_at timestamptz NOT NULL DEFAULT now(),
	started_at timestamptz,
	finished_at timestamptz,
	CONSTRAINT job_pkey PRIMARY KEY (account_id, id),
	CONSTRAINT job_kind_check CHECK (kind IN ('import', 'import_url')),
	CONSTRAINT job_status_check CHECK (status IN ('queued', 'fetching', 'running', 'complete', 'failed', 'cancelled')),
	CONSTRAINT job_held_to_check CHECK (held_to = 'account'
		OR held_to = 'application' AND application_id IS NOT NULL
		OR held_to = 'environment' AND application_id IS NOT NULL AND environment_id IS NOT NULL),
	CONSTRAINT job_parameters_check CHECK (jsonb_typeof(parameters) = 'object'),
	CONSTRAINT job_account_id_fkey FOREIGN KEY (account_id)
		REFERENCES canopy.account (id) ON DELETE CASCADE,
	CONSTRAINT job_account_id_application_id_fkey FOREIGN KEY (account_id, application_id)
		REFERENCES canopy.application (account_id, id) ON DELETE CASCADE,
	CONSTRAINT job_account_id_application_id_environment_id_fkey
		FOREIGN KEY (account_id, application_id, environment_id)
		REFERENCES canopy.environment (account_id, application_id, id) ON DELETE CASCADE,
	CONSTRAINT job_account_id_import_id_fkey FOREIGN KEY (account_id, import_id)
		REFERENCES canopy.import (account_id, id) ON DELETE CASCADE
) WITH (fillfactor = 50);

/* For whoever looks for work. */
CREATE INDEX job_account_id_created_at_idx ON canopy.job (account_id, created_at)
	WHERE status IN ('queued', 'fetching', 'running');

CREATE INDEX job_account_id_import_id_idx ON canopy.job (account_id, import_id);

REVOKE ALL ON TABLE canopy.job FROM PUBLIC;

COMMENT ON TABLE canopy.job IS 'Work that background workers do; a row is the message that asks for it.';
COMMENT ON COLUMN canopy.job.account_id IS 'Account that the work is for.';
COMMENT ON COLUMN canopy.job.id IS 'Id of the job.';
COMMENT ON COLUMN canopy.job.application_id IS 'Application that the work is for; null at the account tier.';
COMMENT ON COLUMN canopy.job.environment_id IS
	'Environment that the work is for; null where the job is for no particular one.';
COMMENT ON COLUMN canopy.job.kind IS 'import: an import that is there; import_url: one whose file is fetched first.';
COMMENT ON COLUMN canopy.job.import_id IS 'Import that the job runs; null until there is one.';
COMMENT ON COLUMN canopy.job.status IS 'queued, fetching, running, complete, failed or cancelled.';
COMMENT ON COLUMN canopy.job.parameters IS 'What the job was asked to do; never a secret.';
COMMENT ON COLUMN canopy.job.repeatable IS 'Whether the job can be run again with the same parameters.';
COMMENT ON COLUMN canopy.job.attempt IS
	'How often a worker has taken the job; a worker with an older number has lost it.';
COMMENT ON COLUMN canopy.job.futile_count IS
	'How often in a row a worker has taken the job and was gone before it got any further.';
COMMENT ON COLUMN canopy.job.holder IS
	'Process that took the job last: system identifier, process id and start in microseconds since 2000; the job is '
	'free when that process is gone.';
COMMENT ON COLUMN canopy.job.lease_until IS 'Until when the worker has the job for sure.';
COMMENT ON COLUMN canopy.job.heartbeat_at IS 'When the worker last said that it works on the job.';
COMMENT ON COLUMN canopy.job.actor_id IS 'Who asked for the job: the claim sub, or the name of a role.';
COMMENT ON COLUMN canopy.job.actor_type IS 'What that is: the claim principal_type, or database_role.';
COMMENT ON COLUMN canopy.job.role_name IS
	'Role of the session that asked for the job, for the record: the worker runs as the owner of the tables.';
COMMENT ON COLUMN canopy.job.caller_role IS
	'Role that called, for the record; a job whose role has lost the right to ask for it fails.';
COMMENT ON COLUMN canopy.job.held_to IS
	'What the claims of the call were bound to, and the job is: account, application or environment.';
COMMENT ON COLUMN canopy.job.error_message IS 'Why the job failed.';
COMMENT ON COLUMN canopy.job.source_url IS
	'URL to fetch. One with a query, which may be a secret, is forgotten when the file is there or the job has ended.';
COMMENT ON COLUMN canopy.job.source_label IS 'The URL without its query.';
COMMENT ON COLUMN canopy.job.source_etag IS 'ETag of the file that was fetched.';
COMMENT ON COLUMN canopy.job.source_sha256 IS
	'SHA-256 of the file that was fetched; a file that is fetched again must have it too.';
COMMENT ON COLUMN canopy.job.fetched_bytes IS 'Bytes of the file that have been fetched.';
COMMENT ON COLUMN canopy.job.cancel_requested_at IS 'When somebody asked the job to stop.';
COMMENT ON COLUMN canopy.job.created_at IS 'When the job was asked for.';
COMMENT ON COLUMN canopy.job.started_at IS 'When a worker first took it.';
COMMENT ON COLUMN canopy.job.finished_at IS 'When it ended, however it ended.';
