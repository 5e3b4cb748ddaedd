/* Running an import. */

CREATE PROCEDURE @extschema@.canopy_bulk_import_run(
	id uuid,
	digest bytea DEFAULT NULL,
	account text DEFAULT NULL
)
LANGUAGE c
AS 'MODULE_PATHNAME', 'cb_import_run';

COMMENT ON PROCEDURE @extschema@.canopy_bulk_import_run(uuid, bytea, text) IS
'Write the selected rows of an import, batch by batch, each batch in a transaction of its own.

id: an import that has been previewed, or whose run was interrupted: it goes on at the first batch that was not committed.
digest: of the plan, as the preview gave it; the import is refused (PT409) when it would now go otherwise. Null: whatever the directory says now.
account: slug or id; default: the setting canopy_bulk.account, then the claims.
A batch that fails with 40001, 40P01 or 55P03 is tried again, later and later; another error of a whole batch ends the import as failed and is raised. A cancelled statement leaves the import as far as it has come.
Errors: 2D000 inside a transaction; 22023 malformed argument; PT401 expired or malformed claims; 42501 not allowed; PT404 unknown import; PT409 changed since the preview; 55000 not previewed, or run by somebody else.
Canopy guide: Bulk import with the CSV wizard, Submit.';

REVOKE ALL ON PROCEDURE @extschema@.canopy_bulk_import_run(uuid, bytea, text) FROM PUBLIC;
