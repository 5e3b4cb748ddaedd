/*-------------------------------------------------------------------------
 *
 * errors.c
 *		The catalogue of verdict codes, and which errors a row may be blamed for.
 *
 * Blame is given by an allow-list.  What is not on it (a cancel, a timeout, a
 * deadlock, out of memory, a bug, anything unknown) ends the call: to swallow
 * one of those would turn a failing server into a "failed row".
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "errors.h"
#include "settings.h"

const CbCodeInfo cb_codes[CB_NCODES] = {
	[CB_OK] = {"ok", 200, "The row was written."},
	[CB_INVALID_ROW] = {"invalid_row", 400, "The row is not a JSON object."},
	[CB_UNKNOWN_FIELD] = {"unknown_field", 400, "The row has a key that is not a field."},
	[CB_REQUIRED] = {"required", 400, "A required field is missing or empty."},
	[CB_INVALID_TYPE] = {"invalid_type", 400, "A field has the wrong JSON type."},
	[CB_TOO_LONG] = {"too_long", 400, "A field is longer than allowed."},
	[CB_INVALID_VALUE] = {"invalid_value", 400, "A field has a value that is not allowed."},
	[CB_EMAIL_INVALID] = {"email_invalid", 400, "The email address is not valid."},
	[CB_UUID_INVALID] = {"uuid_invalid", 400, "A field is not a UUID."},
	[CB_METADATA_INVALID] = {"metadata_invalid", 400, "The metadata is not an object or is too large."},
	[CB_EXTERNAL_ID_INVALID] = {"external_id_invalid", 400, "The external id is not valid."},
	[CB_PASSWORD_TOO_SHORT] = {"password_too_short", 400, "The password has fewer than 8 characters."},
	[CB_PASSWORD_TOO_LONG] = {"password_too_long", 400, "The password has more than 64 characters."},
	[CB_PASSWORD_BREACHED] = {"password_breached", 400, "The password is known from a data breach."},
	[CB_PASSWORD_LOOKS_HASHED] = {"password_looks_hashed", 400, "The password has the form of a hash; a hash belongs in password_hash."},
	[CB_PASSWORD_HASH_UNSUPPORTED] = {"password_hash_unsupported", 400, "The password hash has an unsupported format or parameters out of bounds."},
	[CB_ROLE_NODE_PAIR] = {"role_node_pair", 400, "A role needs a node, and a node needs a role."},
	[CB_SYSTEM_ROLE] = {"system_role", 400, "System roles are reserved for administrators."},
	[CB_FORBIDDEN] = {"forbidden", 403, "The caller may not change this of the identity."},
	[CB_IDENTITY_NOT_FOUND] = {"identity_not_found", 404, "The identity does not exist."},
	[CB_APPLICATION_NOT_FOUND] = {"application_not_found", 404, "The application does not exist."},
	[CB_ROLE_NOT_FOUND] = {"role_not_found", 404, "The role does not exist."},
	[CB_NODE_NOT_FOUND] = {"node_not_found", 404, "The node does not exist."},
	[CB_CLIENT_NOT_FOUND] = {"client_not_found", 404, "The OAuth client does not exist."},
	[CB_MEMBERSHIP_NOT_FOUND] = {"membership_not_found", 404, "The identity is not a member of the application."},
	[CB_ASSIGNMENT_NOT_FOUND] = {"assignment_not_found", 404, "The role assignment does not exist."},
	[CB_EMAIL_CONFLICT] = {"email_conflict", 409, "The email address is already in use."},
	[CB_EXTERNAL_ID_CONFLICT] = {"external_id_conflict", 409, "The external id is already in use."},
	[CB_MEMBERSHIP_CONFLICT] = {"membership_conflict", 409, "The identity is already a member of the application."},
	[CB_INVITE_CONFLICT] = {"invite_conflict", 409, "The email address has a pending invite already."},
	[CB_MEMBERSHIP_REQUIRED] = {"membership_required", 409, "The identity has no active membership of the application."},
	[CB_ASSIGNMENT_CONFLICT] = {"assignment_conflict", 409, "The identity already has the role at the node."},
	[CB_CLIENT_MISCONFIGURED] = {"client_misconfigured", 422, "The OAuth client is inactive or has no address to lead to."},
	[CB_ALREADY_VERIFIED] = {"already_verified", 409, "The email address is verified already."},
	[CB_WRITE_ONCE] = {"write_once", 409, "A field that is written once has another value already."},
	[CB_LICENSE_SEATS_EXHAUSTED] = {"license_seats_exhausted", 409, "A license has no seat left."},
	[CB_REJECTED] = {"rejected", 422, "A constraint or trigger of the database refused the row."},
	[CB_BATCH_ROLLED_BACK] = {"batch_rolled_back", 424, "The row was good, but its batch was rolled back."},
	[CB_RAGGED_ROW] = {"ragged_row", 400, "The row has more or fewer cells than the header."},
	[CB_CELL_MALFORMED] = {"cell_malformed", 400, "The quotes of a cell do not match."},
	[CB_CELL_UNREADABLE] = {"cell_unreadable", 400, "A cell has characters that cannot be read in the encoding of the file."},
	[CB_SPREADSHEET_ERROR] = {"spreadsheet_error", 400, "A cell has the error of a spreadsheet's formula."},
};

/* The same of one field, behind its name; what is not here names what it is about. */
static const char *const endings[CB_NCODES] = {
	[CB_REQUIRED] = "is missing or empty.",
	[CB_INVALID_TYPE] = "has the wrong JSON type.",
	[CB_TOO_LONG] = "is longer than allowed.",
	[CB_INVALID_VALUE] = "has a value that is not allowed.",
	[CB_UUID_INVALID] = "is not a UUID.",
	[CB_WRITE_ONCE] = "is written once and has another value already.",
	[CB_CELL_MALFORMED] = "has quotes that do not match.",
	[CB_CELL_UNREADABLE] = "has characters that cannot be read in the encoding of the file.",
};

/*
 * A key of metadata is the caller's word, and is not repeated.
 */
const char *
cb_code_message(CbCode code, const char *field)
{
	if (endings[code] == NULL || field == NULL || strchr(field, '.') != NULL)
		return cb_codes[code].message;
	return psprintf("%s %s", field, endings[code]);
}

/*
 * True for classes 22 and 23, 44000, P0001 and what a DBA has added with
 * canopy_bulk.row_error_sqlstates.
 */
bool
cb_error_is_rows_fault(const ErrorData *edata)
{
	int			class = ERRCODE_TO_CATEGORY(edata->sqlerrcode);

	if (edata->elevel != ERROR)
		return false;
	if (class == ERRCODE_DATA_EXCEPTION ||
		class == ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION)
		return true;
	if (edata->sqlerrcode == ERRCODE_WITH_CHECK_OPTION_VIOLATION ||
		edata->sqlerrcode == ERRCODE_RAISE_EXCEPTION)
		return true;
	return cb_settings_blames_row(edata->sqlerrcode);
}
