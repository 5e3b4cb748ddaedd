/* Undoing an import. */

CREATE FUNCTION @extschema@.canopy_bulk_import_undo(
	id uuid,
	dry_run boolean DEFAULT false,
	account text DEFAULT NULL
)
RETURNS jsonb
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_import_undo';

COMMENT ON FUNCTION @extschema@.canopy_bulk_import_undo(uuid, boolean, text) IS
'Undo an import: what it created goes, what it updated gets its old values back, what was touched since is kept.

id: an import that is completed, cancelled or failed; or one that is undone, for the rows that could not be.
dry_run: do everything, then leave nothing.
account: slug or id; default: the setting canopy_bulk.account, then the claims.
An identity that was created is deleted with its memberships, roles, invites and mail; memberships and roles that an update added are taken away again. A pending invite is revoked, or deleted when its mail has not been claimed. A learner who was created is deleted with his profile and enrolments; one who was updated gets address, names, external id and profile back, what is written once among it, and loses the enrolments that were added, whose seats are free again; those that were changed have their old state and time of completion. His mail of welcome is deleted, or withdrawn when it has been claimed. A row is kept when what it left has changed in any column but updated_at, also in one of your own; columns that were added to the tables since do not count.
Whom the import deactivated because the file did not have him becomes active again, with the roles that he lost.
Returns {id, status, dry_run, summary: {total, reversed, kept, error}, missing: the same of those deactivated, rows: [{row_number, id, outcome, reason}]}; rows has the first 200, those that were not reversed before the others, and canopy.import_row all of them; row_number is null for whom the import deactivated. reason of a kept row: gone, identity_changed, memberships_changed, roles_changed, profile_changed, enrolments_changed, invited, invite_changed, accepted, revoked, expired or not_recorded; of an error: locked (somebody is at work on it), or the SQLSTATE with which a constraint or trigger of yours refused; of a learner who was reversed: mail_sent when his mail of welcome may have been sent, else null. Call again to try the errors again.
Errors: PT401 expired or malformed claims; 42501 not allowed; PT404 unknown import; PT409 it has not ended, or was undone and no error is left. Anything a row cannot be blamed for keeps its own SQLSTATE, and nothing is undone then.
Canopy guide: Bulk import with the CSV wizard.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_import_undo(uuid, boolean, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_import_missing(
	id uuid,
	page integer DEFAULT 1,
	take integer DEFAULT 20,
	account text DEFAULT NULL
)
RETURNS jsonb
LANGUAGE c
STABLE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_import_missing';

COMMENT ON FUNCTION @extschema@.canopy_bulk_import_missing(uuid, integer, integer, text) IS
'List who is in the directory and not in the file of an import.

id: an import that has a file. The directory is the active members of its application or, for account_create, the active identities of the account; every row of the file counts, also one with errors.
page: from 1.
take: items of a page, 1 to 100.
account: slug or id; default: the setting canopy_bulk.account, then the claims.
Returns {items: [{identity_id, email, outcome, error_code, undo_outcome, undo_reason}], pagination: {page, take, item_count, page_count, has_next_page, has_previous_page}}, by address. It is who is missing now, until an import with missing => ''deactivate'' has written its rows: then it is whom it deactivates, and outcome is deactivated, skipped or failed.
Errors: PT404 unknown import; PT409 it has no file; 22023 no such page.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_import_missing(uuid, integer, integer, text) FROM PUBLIC;

