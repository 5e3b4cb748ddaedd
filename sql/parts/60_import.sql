/* Imports of CSV files: from opening one to its preview. */

CREATE FUNCTION @extschema@.canopy_bulk_import_open(
	mode text,
	account text DEFAULT NULL,
	application text DEFAULT NULL,
	environment text DEFAULT NULL,
	on_conflict text DEFAULT 'error',
	missing text DEFAULT 'ignore',
	max_missing_percent integer DEFAULT 10,
	options jsonb DEFAULT NULL
)
RETURNS jsonb
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_import_open';

COMMENT ON FUNCTION @extschema@.canopy_bulk_import_open(text, text, text, text, text, text, integer, jsonb) IS
'Open an import of a CSV file: the first step, which fixes what its rows become.

mode: create (identities of an application), invite (invites to an environment), account_create (identities of the account''s directory) or learner (learners, and what they are enrolled in).
account, application, environment: slug or id; default: the settings of the same name, then the claims. create needs an application, invite an environment too, account_create has none, learner may have both.
on_conflict: what to do with a row whose address exists: error, skip or update. A learner is always added or updated.
missing: what to do with identities that the file does not have: ignore, report or deactivate.
max_missing_percent: percentage of identities that may be missing before none is deactivated, 0 to 100.
options: of mode learner: an object with bundle_ids, course_ids, learning_path_ids, license_ids, client_id, role and invite_message, as the arguments of canopy_bulk_enrol.
Returns the import as canopy_bulk_import_info does; its id goes into every further step.
Errors: 22023 unknown mode or option, or a mode and a scope that do not agree; PT401 expired or malformed claims; 42501 not allowed; PT404 unknown account, application, environment, or something that the options name; PT429 too many imports of the account have not ended; 55000 canopy_bulk_setup() has not run.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_import_open(text, text, text, text, text, text, integer, jsonb) FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_import_upload(
	id uuid,
	file bytea,
	file_name text DEFAULT NULL,
	delimiter text DEFAULT NULL,
	secret_columns text[] DEFAULT NULL,
	account text DEFAULT NULL,
	encoding text DEFAULT NULL
)
RETURNS jsonb
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_import_upload';

COMMENT ON FUNCTION @extschema@.canopy_bulk_import_upload(uuid, bytea, text, text, text[], text, text) IS
'Upload the file of an import: its bytes, whatever they are encoded in.

id: the import; one that has a file gets this one instead, until it is submitted.
file: at most 10 MB and 10,000 rows below the header. Lines that begin with # and blank lines are left out.
file_name: kept for the audit entry.
delimiter: the character, or comma, semicolon, tab or pipe; default: found out.
secret_columns: headers of columns that hold passwords, besides those whose header says so. The first one named is the password where no header says that. Passwords are checked and hashed here, on all cores, and never stored; other columns named are dropped.
account: slug or id; default: the setting canopy_bulk.account, then the claims.
encoding: as in UTF-8, Windows-1252 or Shift_JIS; default: found out.
Returns {id, status, encoding: {name, method, confidence, alternative, samples, unreadable_count}, delimiter, row_count, comment_count, columns: [{position, header, field, confidence, secret, reason, closest}], missing, preview, warnings: [{code, message, samples}], header_line, passed_over: [{line, text}]}: status is mapped, or uploaded when required fields, those in missing, have no column; preview has the cells of the first rows. reason says why a column has no field: unknown_header, cells_differ, other_column, secret or chosen; closest is the field that it would have. A row with a character that is not in the encoding has an error. A warning encoding_uncertain has cells to look at, padding_dropped says that NUL bytes at the end were left out. The header is the first of ten records that names a required field; passed_over has what stands above it.
Errors: PT404 unknown import; PT409 the import has been submitted; PT413 too many bytes, rows or columns; PT415 no CSV file but a workbook, an archive or the like; 22023 no header (its first record is data, or names no field that is required), no rows, or an option that makes no sense.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_import_upload(uuid, bytea, text, text, text[], text, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_import_upload_text(
	id uuid,
	contents text,
	file_name text DEFAULT NULL,
	delimiter text DEFAULT NULL,
	secret_columns text[] DEFAULT NULL,
	account text DEFAULT NULL
)
RETURNS jsonb
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_import_upload_text';

COMMENT ON FUNCTION @extschema@.canopy_bulk_import_upload_text(uuid, text, text, text, text[], text) IS
'Upload the file of an import: text that was pasted.

contents: the text; its encoding is the client''s.
The other arguments, the answer and the errors are those of canopy_bulk_import_upload.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_import_upload_text(uuid, text, text, text, text[], text) FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_import_upload_body(bytea)
RETURNS jsonb
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_import_upload_body';

COMMENT ON FUNCTION @extschema@.canopy_bulk_import_upload_body(bytea) IS
'Upload the file of an import: the body of an HTTP request that PostgREST passes on.

The one argument has no name, so that PostgREST fills it with a body of application/octet-stream. The rest comes in headers of the request: Import-Id and, where they are needed, Import-File-Name, Import-Encoding, Import-Delimiter, Import-Secret-Column and Import-Account.
The answer and the errors are those of canopy_bulk_import_upload.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_import_upload_body(bytea) FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_import_map(
	id uuid,
	mapping jsonb DEFAULT NULL,
	account text DEFAULT NULL
)
RETURNS jsonb
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_import_map';

COMMENT ON FUNCTION @extschema@.canopy_bulk_import_map(uuid, jsonb, text) IS
'Change which column of an import is which field, or look at it.

id: an import with a file.
mapping: an object of headers, or of positions from 1, each with a field, metadata.key, or null for a column to ignore. What it does not name stays, unless its field goes to another column. The account remembers it for the next file. Default: change nothing.
account: slug or id; default: the setting canopy_bulk.account, then the claims.
Returns the import as canopy_bulk_import_info does; missing names the required fields without a column, and status is mapped when there is none.
Errors: PT404 unknown import; PT409 it has no file, or has been submitted; 22023 no such column or field, a field for two columns, or a column that would become a password: such a file must be uploaded again with secret_columns.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_import_map(uuid, jsonb, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_import_preview(
	id uuid,
	account text DEFAULT NULL
)
RETURNS jsonb
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_import_preview';

COMMENT ON FUNCTION @extschema@.canopy_bulk_import_preview(uuid, text) IS
'Say what every row of an import would do, by doing it and undoing it.

id: an import that is mapped. Rows that were deselected take no part and keep what was found of them.
account: slug or id; default: the setting canopy_bulk.account, then the claims.
Returns {id, status, statistics: {total, valid, warning, error, selected, create, update, skip}, codes: [{code, severity, count}], warnings: [{code, message, samples}], plan_digest}. Rows with errors are deselected; canopy_bulk_import_rows shows them. A warning encoding_uncertain has cells to look at. plan_digest is a SHA-256 over file, mapping, options, selection and what was found.
Errors: PT404 unknown import; PT409 it is not mapped, or has been submitted, or somebody changed it meanwhile. Anything a row cannot be blamed for keeps its own SQLSTATE.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_import_preview(uuid, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_import_rows(
	id uuid,
	verdict text DEFAULT NULL,
	page integer DEFAULT 1,
	take integer DEFAULT 20,
	account text DEFAULT NULL
)
RETURNS jsonb
LANGUAGE c
STABLE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_import_rows';

COMMENT ON FUNCTION @extschema@.canopy_bulk_import_rows(uuid, text, integer, integer, text) IS
'Show a page of the rows of an import, with what its preview found.

id: the import.
verdict: only rows that are valid, warning or error; default: all.
page: from 1.
take: rows of a page, 1 to 100.
account: slug or id; default: the setting canopy_bulk.account, then the claims.
Returns {items: [{row_number, line_number, cells, selected, verdict, plan, outcome, issues: [{field, column, code, message, severity, closest, bound, first_row}]}], pagination: {page, take, item_count, page_count, has_next_page, has_previous_page}}. Cells of secret columns are null.
Errors: PT404 unknown import; 22023 no such page or verdict.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_import_rows(uuid, text, integer, integer, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_import_select(
	id uuid,
	row_numbers integer[] DEFAULT NULL,
	selected boolean DEFAULT true,
	account text DEFAULT NULL
)
RETURNS jsonb
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_import_select';

COMMENT ON FUNCTION @extschema@.canopy_bulk_import_select(uuid, integer[], boolean, text) IS
'Select rows of an import that was previewed, or deselect them.

id: the import.
row_numbers: from 1; a row with errors stays deselected. Default: all.
selected: whether they shall be imported.
account: slug or id; default: the setting canopy_bulk.account, then the claims.
Returns {id, status, rows, statistics, plan_digest}: rows counts those that are now as asked.
Errors: PT404 unknown import; PT409 it was not previewed, or has been submitted.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_import_select(uuid, integer[], boolean, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_import_info(
	id uuid,
	account text DEFAULT NULL
)
RETURNS jsonb
LANGUAGE c
STABLE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_import_info';

COMMENT ON FUNCTION @extschema@.canopy_bulk_import_info(uuid, text) IS
'Say what an import is and how far it has come.

id: the import.
account: slug or id; default: the setting canopy_bulk.account, then the claims.
Returns {id, mode, status, on_conflict, file_name, file_size, encoding, delimiter, row_count, batch_size, columns: [{position, header, field, secret}], missing, statistics: {valid, warning, error, selected, succeeded, failed, skipped}, plan_digest, error_message, created_at}.
Errors: PT404 unknown import.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_import_info(uuid, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_sample_csv(mode text)
RETURNS text
LANGUAGE c
STABLE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_sample_csv';

COMMENT ON FUNCTION @extschema@.canopy_bulk_sample_csv(text) IS
'Give a sample file for imports of a mode, with every column.

mode: create, invite or account_create.
Returns CSV with a comment for each column, a header and two rows; it can be imported as it stands.
Errors: 22023 unknown mode.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_sample_csv(text) FROM PUBLIC;

