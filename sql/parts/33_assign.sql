/* Giving roles to identities, and taking them away. */

CREATE FUNCTION @extschema@.canopy_bulk_assign(
	assignments jsonb,
	application text DEFAULT NULL,
	environment text DEFAULT NULL,
	account text DEFAULT NULL,
	dry_run boolean DEFAULT false,
	max_failed integer DEFAULT NULL,
	on_conflict text DEFAULT 'error',
	idempotency_key text DEFAULT NULL
)
RETURNS jsonb
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_assign';

COMMENT ON FUNCTION @extschema@.canopy_bulk_assign(jsonb, text, text, text, boolean, integer, text, text) IS
'Give identities roles at nodes, with a verdict for every row.

assignments: array of at most canopy_bulk.max_rows objects, or an object {"assignments": [...]}. Fields of a row: identity_id, role_id, node_id; effective_from and effective_to, ISO 8601 with a zone, the second after the first. Role and node are of one environment; the identity is an active member of the node''s application; a system role cannot be given.
application, environment, account: slug or id; default: the settings of the same name, then the claims. Where an environment is named, only its roles and nodes exist for the call; where only an application is, those of all its environments do; without an application, those of the account.
dry_run: do everything, then leave nothing.
max_failed: rows that may fail before the batch is rolled back; 0: all or nothing; null: no limit.
on_conflict: what to do with a role that the identity already has at the node: error, or skip, which leaves its times as they are.
idempotency_key: 1 to 255 printable characters; a call with a key that was used within canopy_bulk.idempotency_window is not made again but gets the answer of the first. Default: the header Idempotency-Key of the request, if the call serves one.
Returns {summary: {total, succeeded, failed}, results: [...]}, a result per row in the order of the rows; data is the assignment, its node as application_node_id.
Errors of the whole call: 22023 malformed request or option; PT401 expired or malformed claims; 42501 not allowed; PT404 unknown account, application or environment; PT422 idempotency key used for another request; PT413 too many rows or bytes; 55000 canopy_bulk_setup() has not run. Anything a row cannot be blamed for keeps its own SQLSTATE.
Canopy API: Bulk-create assignments.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_assign(jsonb, text, text, text, boolean, integer, text, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_unassign(
	assignment_ids uuid[],
	application text DEFAULT NULL,
	environment text DEFAULT NULL,
	account text DEFAULT NULL,
	dry_run boolean DEFAULT false,
	max_failed integer DEFAULT NULL,
	idempotency_key text DEFAULT NULL
)
RETURNS jsonb
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_unassign';

COMMENT ON FUNCTION @extschema@.canopy_bulk_unassign(uuid[], text, text, text, boolean, integer, text) IS
'Take roles away from identities, with a verdict for every assignment.

assignment_ids: at most canopy_bulk.max_rows ids of assignments of the account, in one dimension.
application, environment, account: slug or id; default: the settings of the same name, then the claims. Where an environment is named, only its roles and nodes exist for the call; where only an application is, those of all its environments do; without an application, those of the account.
dry_run: do everything, then leave nothing.
max_failed: rows that may fail before the batch is rolled back; 0: all or nothing; null: no limit.
idempotency_key: 1 to 255 printable characters; a call with a key that was used within canopy_bulk.idempotency_window is not made again but gets the answer of the first. Default: the header Idempotency-Key of the request, if the call serves one.
Returns {summary: {total, succeeded, failed}, results: [...]}, a result per id in the order of the ids; data is the assignment that was removed.
Errors of the whole call: 22023 malformed request or option; PT401 expired or malformed claims; 42501 not allowed; PT404 unknown account, application or environment; PT422 idempotency key used for another request; PT413 too many rows or bytes; 55000 canopy_bulk_setup() has not run. Anything a row cannot be blamed for keeps its own SQLSTATE.
Canopy API: Bulk-remove assignments.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_unassign(uuid[], text, text, text, boolean, integer, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_unassign_json(
	assignment_ids jsonb,
	application text DEFAULT NULL,
	environment text DEFAULT NULL,
	account text DEFAULT NULL,
	dry_run boolean DEFAULT false,
	max_failed integer DEFAULT NULL,
	idempotency_key text DEFAULT NULL
)
RETURNS jsonb
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_unassign_json';

COMMENT ON FUNCTION @extschema@.canopy_bulk_unassign_json(jsonb, text, text, text, boolean, integer, text) IS
'Take roles away from identities, with ids as JSON strings.

assignment_ids: array of strings, or an object {"assignment_ids": [...]}. An id that is malformed fails alone, where canopy_bulk_unassign could not be called at all.
The other arguments, the answer and the errors are those of canopy_bulk_unassign.
Canopy API: Bulk-remove assignments.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_unassign_json(jsonb, text, text, text, boolean, integer, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_change_role(
	assignment_ids uuid[],
	role_id uuid,
	application text DEFAULT NULL,
	environment text DEFAULT NULL,
	account text DEFAULT NULL,
	dry_run boolean DEFAULT false,
	max_failed integer DEFAULT NULL,
	idempotency_key text DEFAULT NULL
)
RETURNS jsonb
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_change_role';

COMMENT ON FUNCTION @extschema@.canopy_bulk_change_role(uuid[], uuid, text, text, text, boolean, integer, text) IS
'Make assignments ones of another role, with a verdict for every assignment.

assignment_ids: at most canopy_bulk.max_rows ids of assignments of the account, in one dimension. Identity, node and times of each stay. One that has the role already is skipped; of several that an identity has at one node, the first gets the role and the others are assignment_conflict.
role_id: the role. One that does not exist in the environment of an assignment, or is a system role, is the verdict of every assignment that it was meant for, not an error of the call.
application, environment, account: slug or id; default: the settings of the same name, then the claims. Where an environment is named, only its roles and nodes exist for the call; where only an application is, those of all its environments do; without an application, those of the account.
dry_run: do everything, then leave nothing.
max_failed: rows that may fail before the batch is rolled back; 0: all or nothing; null: no limit.
idempotency_key: 1 to 255 printable characters; a call with a key that was used within canopy_bulk.idempotency_window is not made again but gets the answer of the first. Default: the header Idempotency-Key of the request, if the call serves one.
Returns {summary: {total, succeeded, failed}, results: [...]}, a result per id in the order of the ids; data is the assignment as it is now.
Errors of the whole call: 22023 malformed request or option; PT401 expired or malformed claims; 42501 not allowed; PT404 unknown account, application or environment; PT422 idempotency key used for another request; PT413 too many rows or bytes; 55000 canopy_bulk_setup() has not run. Anything a row cannot be blamed for keeps its own SQLSTATE.
Canopy API: Bulk-change the role of assignments.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_change_role(uuid[], uuid, text, text, text, boolean, integer, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.canopy_bulk_change_role_json(
	assignment_ids jsonb,
	role_id text,
	application text DEFAULT NULL,
	environment text DEFAULT NULL,
	account text DEFAULT NULL,
	dry_run boolean DEFAULT false,
	max_failed integer DEFAULT NULL,
	idempotency_key text DEFAULT NULL
)
RETURNS jsonb
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_change_role_json';

COMMENT ON FUNCTION @extschema@.canopy_bulk_change_role_json(jsonb, text, text, text, text, boolean, integer, text) IS
'Make assignments ones of another role, with ids as JSON strings.

assignment_ids: array of strings, or an object {"assignment_ids": [...]}. An id that is malformed fails alone, where canopy_bulk_change_role could not be called at all.
role_id: the role; one that is malformed fails every row.
The other arguments, the answer and the errors are those of canopy_bulk_change_role.
Canopy API: Bulk-change the role of assignments.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_change_role_json(jsonb, text, text, text, text, boolean, integer, text) FROM PUBLIC;

