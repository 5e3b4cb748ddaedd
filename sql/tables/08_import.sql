
/* Its row is updated with every batch: the free space keeps that in one block. */
CREATE TABLE canopy.import (
	account_id uuid NOT NULL,
	id uuid NOT NULL DEFAULT gen_random_uuid(),
	application_id uuid,
	environment_id uuid,
	mode text NOT NULL,
	status text NOT NULL DEFAULT 'open',
	on_conflict text NOT NULL DEFAULT 'error',
	options jsonb NOT NULL DEFAULT '{}',
	is_bound boolean NOT NULL DEFAULT false,
	missing text NOT NULL DEFAULT 'ignore',
	max_missing_percent integer NOT NULL DEFAULT 10,
	batch_size integer NOT NULL DEFAULT 200,
	file_name text,
	source_url_label text,
	file_sha256 bytea,
	file_size integer,
	encoding text,
	encoding_method text,
	encoding_confidence integer,
	delimiter text,
	header text[],
	fields text[],
	secret_columns integer[],
	row_count integer NOT NULL DEFAULT 0,
	valid_count integer NOT NULL DEFAULT 0,
	warning_count integer NOT NULL DEFAULT 0,
	error_count integer NOT NULL DEFAULT 0,
	selected_count integer NOT NULL DEFAULT 0,
	plan_digest bytea,
	next_row integer NOT NULL DEFAULT 1,
	succeeded_count integer NOT NULL DEFAULT 0,
	failed_count integer NOT NULL DEFAULT 0,
	skipped_count integer NOT NULL DEFAULT 0,
	missing_count integer,
	missing_refused text,
	cancel_requested_at timestamptz,
	attempt integer NOT NULL DEFAULT 0,
	holder text,
	lease_until timestamptz,
	heartbeat_at timestamptz,
	actor_id text,
	actor_type text,
	role_name text,
	correlation_id uuid,
	error_message text,
	created_at timestamptz NOT NULL DEFAULT now(),
	uploaded_at timestamptz,
	previewed_at timestamptz,
	submitted_at timestamptz,
	started_at timestamptz,
	finished_at timestamptz,
	undone_at timestamptz,
	CONSTRAINT import_pkey PRIMARY KEY (account_id, id),
	CONSTRAINT import_status_check CHECK (status IN ('open', 'uploaded', 'mapped', 'previewed',
		'running', 'completed', 'cancelled', 'failed', 'undone')),
	CONSTRAINT import_on_conflict_check CHECK (on_conflict IN ('error', 'skip', 'update')),
	CONSTRAINT import_options_check CHECK (jsonb_typeof(options) = 'object'),
	CONSTRAINT import_missing_check CHECK (missing IN ('ignore', 'report', 'deactivate')),
	CONSTRAINT import_missing_refused_check
		CHECK (missing_refused IN ('max_missing_percent', 'rows_without_address')),
	CONSTRAINT import_max_missing_percent_check CHECK (max_missing_percent BETWEEN 0 AND 100),
	CONSTRAINT import_batch_size_check CHECK (batch_size > 0),
	CONSTRAINT import_account_id_fkey FOREIGN KEY (account_id)
		REFERENCES canopy.account (id) ON DELETE CASCADE,
	CONSTRAINT import_account_id_application_id_fkey FOREIGN KEY (account_id, application_id)
		REFERENCES canopy.application (account_id, id) ON DELETE CASCADE,
	CONSTRAINT import_account_id_application_id_environment_id_fkey
		FOREIGN KEY (account_id, application_id, environment_id)
		REFERENCES canopy.environment (account_id, application_id, id) ON DELETE CASCADE
) WITH (fillfactor = 50);

/* Those that have not ended are counted when another is opened. */
CREATE INDEX import_account_id_idx ON canopy.import (account_id)
	WHERE status IN ('open', 'uploaded', 'mapped', 'previewed', 'running');

REVOKE ALL ON TABLE canopy.import FROM PUBLIC;

COMMENT ON TABLE canopy.import IS 'Imports of CSV files, each from upload to results.';
COMMENT ON COLUMN canopy.import.account_id IS 'Account that is imported into.';
COMMENT ON COLUMN canopy.import.id IS 'Id of the import.';
COMMENT ON COLUMN canopy.import.application_id IS 'Application that is imported into; null at the account tier.';
COMMENT ON COLUMN canopy.import.environment_id IS
	'Environment that is imported into; null where the mode needs none and none was named.';
COMMENT ON COLUMN canopy.import.mode IS
	'What a row of the file becomes: create, invite, account_create and the like; fixed when the import is opened.';
COMMENT ON COLUMN canopy.import.status IS
	'open, uploaded, mapped, previewed, running, completed, cancelled, failed or undone.';
COMMENT ON COLUMN canopy.import.on_conflict IS 'What to do with a row whose address exists: error, skip or update.';
COMMENT ON COLUMN canopy.import.options IS
	'JSON object: what the mode asks besides; of learners, what they are enrolled in.';
COMMENT ON COLUMN canopy.import.is_bound IS
	'Whether the import writes no more than a caller bound to its application may, whoever runs it: true since such a caller opened or changed it.';
COMMENT ON COLUMN canopy.import.missing IS
	'What to do with identities that the file does not have: ignore, report or deactivate.';
COMMENT ON COLUMN canopy.import.max_missing_percent IS
	'Percentage of identities that may be missing before none is deactivated.';
COMMENT ON COLUMN canopy.import.batch_size IS
	'Row numbers to a batch: batch n has the selected rows from (n - 1) * batch_size + 1 to n * batch_size.';
COMMENT ON COLUMN canopy.import.file_name IS 'Name of the file, as the caller told it.';
COMMENT ON COLUMN canopy.import.source_url_label IS
	'Where the file was fetched from, without what may be secret in a URL; null for an upload.';
COMMENT ON COLUMN canopy.import.file_sha256 IS 'SHA-256 of the file as it came; the file itself is not kept.';
COMMENT ON COLUMN canopy.import.file_size IS 'Bytes of the file as it came.';
COMMENT ON COLUMN canopy.import.encoding IS 'Encoding that the file was read in.';
COMMENT ON COLUMN canopy.import.encoding_method IS
	'How the encoding was found: bom, utf8, utf16, detected, default or override.';
COMMENT ON COLUMN canopy.import.encoding_confidence IS 'How sure that is, 0 to 100.';
COMMENT ON COLUMN canopy.import.delimiter IS 'The character between two cells.';
COMMENT ON COLUMN canopy.import.header IS 'Headers of the columns, as in the file.';
COMMENT ON COLUMN canopy.import.fields IS
	'Field of each column: its name, or metadata.key; null: the column is ignored.';
COMMENT ON COLUMN canopy.import.secret_columns IS
	'Columns, from 1, that hold passwords or hashes; their cells are not kept.';
COMMENT ON COLUMN canopy.import.row_count IS 'Data rows of the file.';
COMMENT ON COLUMN canopy.import.valid_count IS 'Rows that the last preview found good, those with a warning left out.';
COMMENT ON COLUMN canopy.import.warning_count IS 'Rows that the last preview found good but for a warning.';
COMMENT ON COLUMN canopy.import.error_count IS 'Rows that the last preview found bad.';
COMMENT ON COLUMN canopy.import.selected_count IS 'Rows that would be submitted.';
COMMENT ON COLUMN canopy.import.plan_digest IS
	'SHA-256 over file, mapping, options, selected rows and what the preview found.';
COMMENT ON COLUMN canopy.import.next_row IS
	'Row number at which the next batch begins; rows below it have their outcome.';
COMMENT ON COLUMN canopy.import.succeeded_count IS 'Rows created, updated or skipped because they exist, so far.';
COMMENT ON COLUMN canopy.import.failed_count IS 'Rows that failed, so far.';
COMMENT ON COLUMN canopy.import.skipped_count IS 'Rows that were not sent: deselected, or cancelled.';
COMMENT ON COLUMN canopy.import.missing_count IS
	'Active identities, or members, that the file did not have when its rows were written; null: not counted.';
COMMENT ON COLUMN canopy.import.missing_refused IS
	'Why none of them was deactivated: max_missing_percent, or rows_without_address; null: they were, or nobody '
	'asked.';
COMMENT ON COLUMN canopy.import.cancel_requested_at IS
	'When somebody asked the running import to stop after its batch.';
COMMENT ON COLUMN canopy.import.attempt IS
	'How often somebody has begun to work on the import; whoever has an older number has lost it.';
COMMENT ON COLUMN canopy.import.holder IS
	'Process that began last: system identifier, process id and start in microseconds since 2000; the import is free '
	'when that process is gone.';
COMMENT ON COLUMN canopy.import.lease_until IS 'Until when whoever works on the import has it for sure.';
COMMENT ON COLUMN canopy.import.heartbeat_at IS 'When whoever works on the import last said so.';
COMMENT ON COLUMN canopy.import.actor_id IS 'Who opened the import: the claim sub, or the name of a role.';
COMMENT ON COLUMN canopy.import.actor_type IS 'What that is: the claim principal_type, or database_role.';
COMMENT ON COLUMN canopy.import.role_name IS 'Role that submitted the import, for the record.';
COMMENT ON COLUMN canopy.import.correlation_id IS 'Id that the audit entries of the import share.';
COMMENT ON COLUMN canopy.import.error_message IS 'Why the import as a whole failed.';
COMMENT ON COLUMN canopy.import.created_at IS 'When the import was opened.';
COMMENT ON COLUMN canopy.import.uploaded_at IS 'When its file was last uploaded.';
COMMENT ON COLUMN canopy.import.previewed_at IS 'When it was last previewed.';
COMMENT ON COLUMN canopy.import.submitted_at IS 'When it was submitted.';
COMMENT ON COLUMN canopy.import.started_at IS 'When its first batch began.';
COMMENT ON COLUMN canopy.import.finished_at IS 'When it ended, however it ended.';
COMMENT ON COLUMN canopy.import.undone_at IS 'When it was undone.';

/* A preview and a submit update every row once: each finds room in its block. */
CREATE TABLE canopy.import_row (
	account_id uuid NOT NULL,
	import_id uuid NOT NULL,
	row_number integer NOT NULL,
	line_number integer NOT NULL,
	selected boolean NOT NULL DEFAULT true,
	verdict text,
	plan text,
	outcome text,
	code integer,
	resource_id uuid,
	cells text[] NOT NULL,
	password_hash text,
	upload_issues jsonb,
	issues jsonb,
	error_code text,
	error_message text,
	skip_reason text,
	before jsonb,
	undo_outcome text,
	undo_reason text,
	CONSTRAINT import_row_pkey PRIMARY KEY (account_id, import_id, row_number),
	CONSTRAINT import_row_verdict_check CHECK (verdict IN ('valid', 'warning', 'error')),
	CONSTRAINT import_row_plan_check CHECK (plan IN ('create', 'update', 'skip')),
	CONSTRAINT import_row_outcome_check CHECK (outcome IN ('created', 'updated', 'skipped', 'failed')),
	CONSTRAINT import_row_skip_reason_check
		CHECK (skip_reason IN ('deselected', 'cancelled', 'exists')),
	CONSTRAINT import_row_undo_outcome_check CHECK (undo_outcome IN ('reversed', 'kept', 'error')),
	CONSTRAINT import_row_account_id_import_id_fkey FOREIGN KEY (account_id, import_id)
		REFERENCES canopy.import (account_id, id) ON DELETE CASCADE
) WITH (fillfactor = 50);

REVOKE ALL ON TABLE canopy.import_row FROM PUBLIC;

COMMENT ON TABLE canopy.import_row IS
	'Rows of the files of imports, with what a preview and the import itself made of them.';
COMMENT ON COLUMN canopy.import_row.account_id IS 'Account that is imported into.';
COMMENT ON COLUMN canopy.import_row.import_id IS 'Import that the row belongs to.';
COMMENT ON COLUMN canopy.import_row.row_number IS 'Number of the row, from 1; the header is none.';
COMMENT ON COLUMN canopy.import_row.line_number IS 'Line of the file on which the row begins, from 1.';
COMMENT ON COLUMN canopy.import_row.selected IS 'Whether the row is to be imported; a row with errors never is.';
COMMENT ON COLUMN canopy.import_row.verdict IS
	'What the last preview found: valid, warning or error; null before the first.';
COMMENT ON COLUMN canopy.import_row.plan IS
	'What the last preview found the row would do: create, update or skip; null for a row with errors.';
COMMENT ON COLUMN canopy.import_row.outcome IS
	'What became of the row: created, updated, skipped or failed; null before its batch.';
COMMENT ON COLUMN canopy.import_row.code IS 'What became of the row as an HTTP status.';
COMMENT ON COLUMN canopy.import_row.resource_id IS
	'Identity or invite that the row created, or that it would update or skip.';
COMMENT ON COLUMN canopy.import_row.cells IS
	'Values of the cells, one per column; null for one that is empty or of a secret column.';
COMMENT ON COLUMN canopy.import_row.password_hash IS 'Hash of the password in the file, or the hash in the file.';
COMMENT ON COLUMN canopy.import_row.upload_issues IS
	'What was wrong when the row was read: an array of {code, column}; null: nothing.';
COMMENT ON COLUMN canopy.import_row.issues IS
	'What the last preview found wrong: an array of {field, column, code, message, severity}; null: nothing.';
COMMENT ON COLUMN canopy.import_row.error_code IS 'Code of the error of a row that failed.';
COMMENT ON COLUMN canopy.import_row.error_message IS 'Message of the error of a row that failed.';
COMMENT ON COLUMN canopy.import_row.skip_reason IS 'Why a row was skipped: deselected, cancelled or exists.';
COMMENT ON COLUMN canopy.import_row.before IS
	'What is needed to undo the row: values that it replaced, and ids that it created.';
COMMENT ON COLUMN canopy.import_row.undo_outcome IS 'What undoing did with the row: reversed, kept or error.';
COMMENT ON COLUMN canopy.import_row.undo_reason IS 'Why undoing did not reverse the row, or what of it could not be.';

/* No foreign key to the identity: the list tells of those that are gone as well. */
CREATE TABLE canopy.import_missing (
	account_id uuid NOT NULL,
	import_id uuid NOT NULL,
	identity_id uuid NOT NULL,
	outcome text,
	error_code text,
	before jsonb,
	undo_outcome text,
	undo_reason text,
	CONSTRAINT import_missing_pkey PRIMARY KEY (account_id, import_id, identity_id),
	CONSTRAINT import_missing_outcome_check CHECK (outcome IN ('deactivated', 'skipped', 'failed')),
	CONSTRAINT import_missing_undo_outcome_check CHECK (undo_outcome IN ('reversed', 'kept', 'error')),
	CONSTRAINT import_missing_account_id_import_id_fkey FOREIGN KEY (account_id, import_id)
		REFERENCES canopy.import (account_id, id) ON DELETE CASCADE
) WITH (fillfactor = 50);

REVOKE ALL ON TABLE canopy.import_missing FROM PUBLIC;

COMMENT ON TABLE canopy.import_missing IS 'Identities that an import deactivates because its file does not have them.';
COMMENT ON COLUMN canopy.import_missing.account_id IS 'Account that is imported into.';
COMMENT ON COLUMN canopy.import_missing.import_id IS 'Import whose file lacks the identity.';
COMMENT ON COLUMN canopy.import_missing.identity_id IS 'The identity.';
COMMENT ON COLUMN canopy.import_missing.outcome IS
	'deactivated, skipped (somebody else had done it) or failed; null: not yet, or the import was cancelled.';
COMMENT ON COLUMN canopy.import_missing.error_code IS 'Code of the error when it failed.';
COMMENT ON COLUMN canopy.import_missing.before IS
	'What is needed to undo it: the membership and the roles that were taken away.';
COMMENT ON COLUMN canopy.import_missing.undo_outcome IS 'What undoing did with it: reversed, kept or error.';
COMMENT ON COLUMN canopy.import_missing.undo_reason IS 'Why undoing kept it.';

CREATE TABLE canopy.import_mapping (
	account_id uuid NOT NULL,
	application_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
	mode text NOT NULL,
	header text COLLATE "C" NOT NULL,
	field text,
	chosen_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT import_mapping_pkey PRIMARY KEY (account_id, application_id, mode, header),
	CONSTRAINT import_mapping_account_id_fkey FOREIGN KEY (account_id)
		REFERENCES canopy.account (id) ON DELETE CASCADE
);

REVOKE ALL ON TABLE canopy.import_mapping FROM PUBLIC;

COMMENT ON TABLE canopy.import_mapping IS
	'Fields that somebody of an account chose for headers, to be proposed for the next file.';
COMMENT ON COLUMN canopy.import_mapping.account_id IS 'Account that remembers.';
COMMENT ON COLUMN canopy.import_mapping.application_id IS
	'Application whose caller, bound to it, chose; all zeros: an account-wide caller chose for the whole account.';
COMMENT ON COLUMN canopy.import_mapping.mode IS 'Mode of the import in which it was chosen.';
COMMENT ON COLUMN canopy.import_mapping.header IS 'Header of the column, without blanks around it and in lower case.';
COMMENT ON COLUMN canopy.import_mapping.field IS 'Field that was chosen; null: the column is ignored.';
COMMENT ON COLUMN canopy.import_mapping.chosen_at IS 'When it was last chosen.';
