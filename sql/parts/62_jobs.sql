/* Jobs: what background workers do. */

CREATE FUNCTION @extschema@.canopy_bulk_import_submit(
	id uuid,
	digest bytea DEFAULT NULL,
	account text DEFAULT NULL
)
RETURNS jsonb
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_import_submit';

COMMENT ON FUNCTION @extschema@.canopy_bulk_import_submit(uuid, bytea, text) IS
'Have a background worker write the selected rows of an import.

id: an import that has been previewed, or that failed or was interrupted: it goes on at the first batch that was not committed.
digest: of the plan, as the preview gave it; the import is refused (PT409) when it would now go otherwise. Default: whatever the directory says now.
account: slug or id; default: the setting canopy_bulk.account, then the claims.
The worker starts when the transaction commits. It runs as the owner of schema canopy, and works for the account alone and within what the claims of the call are bound to. When no worker can be had, a warning says so and the job stays queued until canopy_bulk_resume().
Returns the job as canopy_bulk_job does; an import that has a job which has not ended gets no second one.
Errors: PT401 expired or malformed claims; 42501 not allowed; PT404 unknown import; PT409 changed since the preview; PT429 too many jobs wait; 55000 not previewed, or ended.
Canopy guide: Bulk import with the CSV wizard, Submit.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_import_submit(uuid, bytea, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_import_url(
	url text,
	invite_message text DEFAULT NULL,
	bundle_ids uuid[] DEFAULT NULL,
	course_ids uuid[] DEFAULT NULL,
	learning_path_ids uuid[] DEFAULT NULL,
	license_ids uuid[] DEFAULT NULL,
	client_id uuid DEFAULT NULL,
	role text DEFAULT NULL,
	dry_run boolean DEFAULT false,
	mode text DEFAULT 'learner',
	on_conflict text DEFAULT 'update',
	account text DEFAULT NULL,
	application text DEFAULT NULL,
	environment text DEFAULT NULL,
	idempotency_key text DEFAULT NULL
)
RETURNS jsonb
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_import_url';

COMMENT ON FUNCTION @extschema@.canopy_bulk_import_url(text, text, uuid[], uuid[], uuid[], uuid[], uuid, text, boolean, text, text, text, text, text, text) IS
'Import a CSV file behind a URL, as a background job.

url: https, or http where canopy_bulk.import_allowed_hosts says so; its host must be in that setting. At most 10 MB and 10,000 rows; 30 seconds to fetch it.
invite_message: text for the invitations that are mailed to learners.
bundle_ids, course_ids, learning_path_ids, license_ids: what every learner is enrolled in; default: nothing.
client_id: client portal of every learner.
role: role of every learner, a name or an id; needs an environment.
dry_run: do everything, then leave nothing but the import with the verdict of every row.
mode: what a row becomes, as for canopy_bulk_import_open; the arguments above are those of learner.
on_conflict: what to do with a row whose address exists: error, skip or update. A learner is always added or updated.
account, application, environment: slug or id; default: the settings of the same name, then the claims.
idempotency_key: 1 to 255 characters; the query of the URL does not make a request another one.
Returns {data: {APIBulkImport: {id, type, status, importId, createdAt, repeatable, description, errorMessage}}} at once; canopy_bulk_job(id) follows the job, and its rows are those of the import. An answer of 429, 500, 502, 503 or 504 and a broken connection are tried again, five times at most.
A URL with a query, which may be a secret, is forgotten once the file is there; its job is not repeatable.
Errors: 22023 malformed URL or option; 42501 the URL may not be fetched; PT401 expired or malformed claims; PT404 something that is named does not exist; PT422 the key was used for another request; PT429 too many jobs wait, or too many imports have not ended.
Learn guide: Create bulkImport.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_import_url(text, text, uuid[], uuid[], uuid[], uuid[], uuid, text, boolean, text, text, text, text, text, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_job(
	id uuid,
	account text DEFAULT NULL
)
RETURNS jsonb
LANGUAGE c
STABLE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_job';

COMMENT ON FUNCTION @extschema@.canopy_bulk_job(uuid, text) IS
'Say how far a job has come.

id: the job.
account: slug or id; default: the setting canopy_bulk.account, then the claims.
Returns {id, type, status, description, import_id, parameters, repeatable, attempt, fetched_bytes, error_message, created_at, started_at, finished_at}: status is queued, fetching, running, complete, failed or cancelled. The rows are those of the import: canopy_bulk_import_info and canopy_bulk_import_results show them.
Errors: PT404 unknown job.
Learn guide: Background Jobs.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_job(uuid, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_jobs(
	status text DEFAULT NULL,
	page integer DEFAULT 1,
	take integer DEFAULT 20,
	account text DEFAULT NULL
)
RETURNS jsonb
LANGUAGE c
STABLE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_jobs';

COMMENT ON FUNCTION @extschema@.canopy_bulk_jobs(text, integer, integer, text) IS
'List the jobs of an account, the newest first.

status: only jobs in this status; default: all.
page: from 1.
take: jobs of a page, 1 to 100.
account: slug or id; default: the setting canopy_bulk.account, then the claims.
Returns {items, pagination: {page, take, item_count, page_count, has_next_page, has_previous_page}}; an item is what canopy_bulk_job returns. Claims that are bound to an application or environment see its jobs alone.
Errors: 22023 no such page or status.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_jobs(text, integer, integer, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_job_cancel(
	id uuid,
	account text DEFAULT NULL
)
RETURNS jsonb
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_job_cancel';

COMMENT ON FUNCTION @extschema@.canopy_bulk_job_cancel(uuid, text) IS
'Stop a job.

id: a job that has not ended. One that nobody works on is cancelled at once; a worker that fetches, reads or rehearses stops within a second, and one that writes after the batch that it is at. What has been written stays; the other rows of the import are skipped.
account: slug or id; default: the setting canopy_bulk.account, then the claims.
Returns the job as canopy_bulk_job does.
Errors: PT404 unknown job; PT409 it has ended.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_job_cancel(uuid, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_job_repeat(
	id uuid,
	account text DEFAULT NULL
)
RETURNS jsonb
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_job_repeat';

COMMENT ON FUNCTION @extschema@.canopy_bulk_job_repeat(uuid, text) IS
'Ask for a job again, with the same parameters.

id: a job that has ended and is repeatable: an import from a URL without a query. A URL with a query is not kept, since the query may be a secret.
account: slug or id; default: the setting canopy_bulk.account, then the claims.
Returns the new job as canopy_bulk_job does.
Errors: PT404 unknown job; PT409 it has not ended or is not repeatable; PT429 too many jobs wait, or too many imports have not ended.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_job_repeat(uuid, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_resume(account text DEFAULT NULL)
RETURNS integer
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_resume';

COMMENT ON FUNCTION @extschema@.canopy_bulk_resume(text) IS
'Start workers for jobs that nobody works on: queued ones, and those whose worker is gone.

account: slug or id; default: the setting canopy_bulk.account, then the accounts that the claims name, else all.
Call it after a crash of the server, or now and then, from pg_cron for example; with the library in shared_preload_libraries, canopy_bulk.launcher_databases has it called. A worker of another server of the same cluster counts as gone a minute after it was last heard of. Jobs of superusers are started for superusers only.
Returns how many workers were started, at most canopy_bulk.max_running_jobs for each account and as many as canopy_bulk.max_workers leaves; each goes on with other jobs that wait.
Errors: 25006 on a standby; 55000 canopy_bulk_setup() has not run.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_resume(text) FROM PUBLIC;
