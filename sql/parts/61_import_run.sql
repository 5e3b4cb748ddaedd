/* Running an import, and what became of it. */

CREATE PROCEDURE @extschema@.canopy_bulk_import_run(
	id uuid,
	digest bytea DEFAULT NULL,
	account text DEFAULT NULL
)
LANGUAGE c
AS 'MODULE_PATHNAME', 'canopy_bulk_import_run';

COMMENT ON PROCEDURE @extschema@.canopy_bulk_import_run(uuid, bytea, text) IS
'Write the selected rows of an import, batch by batch, each batch in a transaction of its own.

id: an import that has been previewed, or whose run was interrupted: it goes on at the first batch that was not committed. A run whose process is gone is taken over at once, any other a minute after it was last heard of.
digest: of the plan, as the preview gave it; the import is refused (PT409) when it would now go otherwise. Null: whatever the directory says now.
account: slug or id; default: the setting canopy_bulk.account, then the claims.
A batch that fails with 40001, 40P01 or 55P03 is tried again, later and later; another error of a whole batch ends the run as failed and is raised. A cancelled statement leaves the import as far as it has come.
Errors: 2D000 inside a transaction; 22023 malformed argument; PT401 expired or malformed claims; 42501 not allowed; PT404 unknown import; PT409 changed since the preview, not previewed, or run by somebody else.
Canopy guide: Bulk import with the CSV wizard, Submit.';

REVOKE ALL ON PROCEDURE @extschema@.canopy_bulk_import_run(uuid, bytea, text) FROM PUBLIC;

CREATE PROCEDURE @extschema@.canopy_bulk_import(
	file text,
	mode text,
	account text DEFAULT NULL,
	application text DEFAULT NULL,
	environment text DEFAULT NULL,
	on_conflict text DEFAULT 'error',
	mapping jsonb DEFAULT NULL,
	delimiter text DEFAULT NULL,
	file_name text DEFAULT NULL,
	secret_columns text[] DEFAULT NULL,
	missing text DEFAULT 'ignore',
	max_missing_percent integer DEFAULT 10,
	max_failed integer DEFAULT NULL,
	dry_run boolean DEFAULT false,
	INOUT summary jsonb DEFAULT NULL
)
LANGUAGE c
AS 'MODULE_PATHNAME', 'canopy_bulk_import';

COMMENT ON PROCEDURE @extschema@.canopy_bulk_import(text, text, text, text, text, text, jsonb, text, text, text[], text, integer, integer, boolean, jsonb) IS
'Import a CSV file in one go, from upload to results.

file: the contents of the file.
mode, account, application, environment, on_conflict, missing, max_missing_percent: as for canopy_bulk_import_open.
delimiter, file_name, secret_columns: as for canopy_bulk_import_upload.
mapping: as for canopy_bulk_import_map; default: as the headers say.
max_failed: rows that the preview may find bad before none is written; default: no limit.
dry_run: stop after the preview. The import stays, and canopy_bulk_import_run writes it.
summary: gives {id, status, rows, created, updated, skipped, failed, errors: {code: rows}}. Rows with errors are left out and count as failed; canopy_bulk_import_csv(id, ''failed'') has them.
The import is stored before its first batch: when the call breaks off, canopy_bulk_imports() shows its id, and canopy_bulk_import_run goes on with it.
Errors: those of the steps; 2D000 inside a transaction; 22023 a required field has no column; PT422 more bad rows than max_failed.
Canopy guide: Bulk import with the CSV wizard.';

REVOKE ALL ON PROCEDURE @extschema@.canopy_bulk_import(text, text, text, text, text, text, jsonb, text, text, text[], text, integer, integer, boolean, jsonb) FROM PUBLIC;

CREATE PROCEDURE @extschema@.canopy_bulk_import(
	file bytea,
	mode text,
	account text DEFAULT NULL,
	application text DEFAULT NULL,
	environment text DEFAULT NULL,
	on_conflict text DEFAULT 'error',
	mapping jsonb DEFAULT NULL,
	delimiter text DEFAULT NULL,
	file_name text DEFAULT NULL,
	secret_columns text[] DEFAULT NULL,
	missing text DEFAULT 'ignore',
	max_missing_percent integer DEFAULT 10,
	max_failed integer DEFAULT NULL,
	dry_run boolean DEFAULT false,
	encoding text DEFAULT NULL,
	INOUT summary jsonb DEFAULT NULL
)
LANGUAGE c
AS 'MODULE_PATHNAME', 'canopy_bulk_import_bytes';

COMMENT ON PROCEDURE @extschema@.canopy_bulk_import(bytea, text, text, text, text, text, jsonb, text, text, text[], text, integer, integer, boolean, text, jsonb) IS
'Import a CSV file in one go, from its bytes to results.

file: the bytes of the file, whatever they are encoded in.
encoding: as for canopy_bulk_import_upload; default: found out.
All else is as for the text form.';

REVOKE ALL ON PROCEDURE @extschema@.canopy_bulk_import(bytea, text, text, text, text, text, jsonb, text, text, text[], text, integer, integer, boolean, text, jsonb) FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_import_cancel(
	id uuid,
	account text DEFAULT NULL
)
RETURNS jsonb
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_import_cancel';

COMMENT ON FUNCTION @extschema@.canopy_bulk_import_cancel(uuid, text) IS
'Cancel an import: what has not been written is skipped.

id: an import that has not ended, or has failed. One that is running stops after its batch; the others end at once.
account: slug or id; default: the setting canopy_bulk.account, then the claims.
Returns the import as canopy_bulk_import_info does. Of one that had been submitted, canopy_bulk_import_csv(id, ''failed'') then has all rows that are left to do. Of another nothing of the file is kept: its cells, hashes and headers are deleted.
Errors: PT404 unknown import; PT409 it has been completed or undone.
Canopy guide: Bulk import with the CSV wizard, Submit.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_import_cancel(uuid, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_import_results(
	id uuid,
	outcome text DEFAULT NULL,
	page integer DEFAULT 1,
	take integer DEFAULT 20,
	account text DEFAULT NULL
)
RETURNS jsonb
LANGUAGE c
STABLE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_import_results';

COMMENT ON FUNCTION @extschema@.canopy_bulk_import_results(uuid, text, integer, integer, text) IS
'Show a page of what became of the rows of an import.

id: an import that has been submitted.
outcome: only rows that were created, updated, skipped or failed; default: all.
page: from 1.
take: rows of a page, 1 to 100.
account: slug or id; default: the setting canopy_bulk.account, then the claims.
Returns {items: [{row_number, line_number, cells, outcome, code, id, skip_reason, error_code, error_message}], pagination: {page, take, item_count, page_count, has_next_page, has_previous_page}}. skip_reason is exists, deselected or cancelled; a row that was bad in the preview is deselected and has its error. Cells of secret columns are null.
Errors: PT404 unknown import; 22023 no such page or outcome; PT409 not submitted.
Canopy guide: Bulk import with the CSV wizard, Results.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_import_results(uuid, text, integer, integer, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_import_csv(
	id uuid,
	which text DEFAULT 'all',
	bom boolean DEFAULT false,
	account text DEFAULT NULL
)
RETURNS text
LANGUAGE c
STABLE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_import_csv';

COMMENT ON FUNCTION @extschema@.canopy_bulk_import_csv(uuid, text, boolean, text) IS
'Give what became of the rows of an import as a CSV file.

id: an import that has ended.
which: all, every row with row_number, line_number, its cells, outcome, skip_reason, code, id, error_code and error_message; or failed, the rows that are left to do, because they failed, were bad in the preview or were cancelled, with the columns of the uploaded file, error_code and error_message. That file can be mended and uploaded: the two columns are ignored.
bom: begin with a byte order mark, by which Excel knows UTF-8.
account: slug or id; default: the setting canopy_bulk.account, then the claims.
Returns the file, delimited as the uploaded one was. No spreadsheet evaluates a cell of it; cells of secret columns are empty, and so are those of rows that had too few or too many cells in a file with secret columns.
Errors: PT404 unknown import; 22023 neither all nor failed; PT409 not ended.
Canopy guide: Bulk import with the CSV wizard, Results.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_import_csv(uuid, text, boolean, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_imports(
	account text DEFAULT NULL,
	application text DEFAULT NULL,
	environment text DEFAULT NULL,
	status text DEFAULT NULL,
	page integer DEFAULT 1,
	take integer DEFAULT 20
)
RETURNS jsonb
LANGUAGE c
STABLE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_imports';

COMMENT ON FUNCTION @extschema@.canopy_bulk_imports(text, text, text, text, integer, integer) IS
'List the imports of an account, an application or an environment, the newest first.

account, application, environment: slug or id; default: the settings of the same name, then the claims. Without an application: all of the account.
status: open, uploaded, mapped, previewed, running, completed, cancelled, failed or undone; default: all.
page: from 1.
take: imports of a page, 1 to 100.
Returns {items, pagination}, each item as canopy_bulk_import_info gives it.
Errors: 22023 no such page or status; PT404 unknown account, application or environment; 42501 not allowed.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_imports(text, text, text, text, integer, integer) FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_import_progress(
	account text DEFAULT NULL
)
RETURNS TABLE (
	pid integer,
	account_id uuid,
	import_id uuid,
	job_id uuid,
	mode text,
	phase text,
	rows_total integer,
	rows_done integer,
	rows_succeeded integer,
	rows_failed integer,
	rows_skipped integer,
	batches_total integer,
	batches_done integer,
	bytes_total bigint,
	bytes_done bigint,
	started_at timestamptz,
	heartbeat_at timestamptz,
	finished_at timestamptz
)
LANGUAGE c
STABLE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_import_progress';

COMMENT ON FUNCTION @extschema@.canopy_bulk_import_progress(text) IS
'Show how far imports have come that run, wait to run, or ended in the last five minutes.

account: slug or id; default: the setting canopy_bulk.account, then the claims; with none of them, a database role sees all accounts.
Returns a row for each import. pid: process that runs it. phase: waiting, fetching (its file, by a job), previewing (a dry run), writing, cancelling, interrupted (the process is gone, or has not been heard of for a minute), completed, cancelled or failed. Rows and batches are those that are committed; of a batch under way pg_stat_progress_copy tells. bytes_done: bytes of the file that have been read.
Errors: PT404 unknown account; PT401 expired or malformed claims; 42501 not allowed.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_import_progress(text) FROM PUBLIC;

/* Functions in a view are called by whoever asks it, who needs EXECUTE on them. */
CREATE VIEW @extschema@.canopy_bulk_progress AS
	SELECT * FROM @extschema@.canopy_bulk_import_progress();

COMMENT ON VIEW @extschema@.canopy_bulk_progress IS
'How far imports have come that run, wait to run, or ended in the last five minutes; good with \watch.';

REVOKE ALL ON TABLE @extschema@.canopy_bulk_progress FROM PUBLIC;
