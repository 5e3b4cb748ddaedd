/* Learners. */

CREATE FUNCTION @extschema@.canopy_bulk_enrol(
	learners jsonb,
	bundle_ids uuid[] DEFAULT '{}',
	course_ids uuid[] DEFAULT '{}',
	learning_path_ids uuid[] DEFAULT '{}',
	license_ids uuid[] DEFAULT '{}',
	client_id uuid DEFAULT NULL,
	role text DEFAULT NULL,
	invite_message text DEFAULT NULL,
	account text DEFAULT NULL,
	application text DEFAULT NULL,
	environment text DEFAULT NULL,
	dry_run boolean DEFAULT false,
	max_failed integer DEFAULT NULL,
	idempotency_key text DEFAULT NULL
)
RETURNS jsonb
LANGUAGE c
VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'canopy_bulk_enrol';

COMMENT ON FUNCTION @extschema@.canopy_bulk_enrol(jsonb, uuid[], uuid[], uuid[], uuid[], uuid, text, text, text, text, text, boolean, integer, text) IS
'Add or update learners in bulk and enrol them, with a verdict for every row.

learners: an array of rows or {"learners": […]}, at most canopy_bulk.max_rows. A row has firstName, lastName and email, and may have externalCustomerId, status (not-started, started, completed or not-completed: of its enrolments in bundles, courses and learning paths), completionDate (ISO 8601; written only where there is none; without a status it means completed), sendInvite (yes or no), ref1 to ref10, address1, address2, city, state, zipCode, country, telephone, language, and sfContactId and sfAccountId, which are written once. What is empty changes nothing. A row is the identity with its email, or else the one with its externalCustomerId, which gets the email.
bundle_ids, course_ids, learning_path_ids, license_ids: what every learner is enrolled in, at most 200 together. A license with seats gives one to each of its learners.
client_id: the portal that every learner belongs to from now on.
role: name or id of a role of the environment that every learner gets at its root.
invite_message: text for the mail of welcome. It goes to rows with sendInvite, or, with a message, to new learners whose row does not say; to nobody twice.
account, application, environment: slug or id; default: the settings of the same name, then the claims. With an application every learner becomes a member.
dry_run: do everything, answer truthfully, keep nothing.
max_failed: roll everything back when more rows than this fail; default: keep the good rows whatever happens.
idempotency_key: a call with the same key and request within canopy_bulk.idempotency_window gets the first answer again and does nothing.
Returns {summary, results}: a learner who is new reads 201, one who exists 200.
Errors: 22023 malformed request, a role without an environment, or a system role; PT401 expired or malformed claims; 42501 not allowed; PT404 unknown account, application, environment, item, client or role; PT413 too many rows or bytes; PT422 the key was used with another request; 55000 canopy_bulk_setup() has not run.';

REVOKE ALL ON FUNCTION @extschema@.canopy_bulk_enrol(jsonb, uuid[], uuid[], uuid[], uuid[], uuid, text, text, text, text, text, boolean, integer, text) FROM PUBLIC;

