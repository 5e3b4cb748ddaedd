/* Undoing an import. */

CREATE FUNCTION @extschema@.canopy_bulk_import_undo(
	id uuid,
	dry_run boolean DEFAULT false,
	account text DEFAULT NULL
)
RETURNS jsonb
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'cb_import_undo';

COMMENT ON FUNCTION @extschema@.canopy_bulk_import_undo(uuid, boolean, text) IS
'Undo an import: what it created goes, what it updated gets its old values back, what was touched since is kept.

id: an import that is completed, cancelled or failed; or one that is undone, for the rows that could not be.
dry_run: do everything, then leave nothing.
account: slug or id; default: the setting canopy_bulk.account, then the claims.
An identity that was created is deleted with its memberships, roles, invites and mail; memberships and roles that an update added are taken away again. A pending invite is revoked, or deleted when its mail has not been claimed. A row is kept when what it left has changed in any column but updated_at, also in one of your own; columns that were added to the tables since do not count.
Returns {id, status, dry_run, summary: {total, reversed, kept, error}, rows: [{row_number, id, outcome, reason}]}; rows has the first 200, those that were not reversed before the others, and canopy.import_row all of them. reason of a kept row: gone, identity_changed, memberships_changed, roles_changed, invited, invite_changed, accepted, revoked, expired or not_recorded; of an error: locked (somebody is at work on it), or the SQLSTATE with which a constraint or trigger of yours refused. Call again to try the errors again.
Errors: PT401 expired or malformed claims; 42501 not allowed; PT404 unknown import; PT409 it has not ended, or was undone and no error is left. Anything a row cannot be blamed for keeps its own SQLSTATE, and nothing is undone then.
Canopy guide: Bulk import with the CSV wizard.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_import_undo(uuid, boolean, text) FROM PUBLIC;

