/*-------------------------------------------------------------------------
 *
 * routes.c
 *		The table of routes.
 *
 * The paths are the product's own.  Lines of one path stand together.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "flow/serve.h"

#define ACCOUNT		"/portal/v1/accounts/{account}"
#define APPLICATION	ACCOUNT "/applications/{application}"
#define ENVIRONMENT	APPLICATION "/environments/{environment}"
#define API			"/api/v1"
#define LEARN		"/incoming/v2"

#define BATCH_OF_ACCOUNT	"dryRun maxFailed onConflict"
#define BATCH		"inEnvironment " BATCH_OF_ACCOUNT
#define BATCH_OF_MEMBERSHIPS	"inEnvironment dryRun maxFailed onMembership"
#define BATCH_OF_ASSIGNMENTS	"dryRun maxFailed onAssignment"
#define BATCH_OF_IDS	"dryRun maxFailed"

#define PAGE		"page take"
#define IDENTITIES	PAGE " q sortIdentities order status hasAnyAssignment"

/* What an application's tier and the API have alike: path and end of operationIds. */
#define OF_APPLICATION(path, tier) \
	{"GET", path, \
		"listIdentities" tier, "List the identities of the application.", \
		CB_ROUTE_NO_BODY, NULL, IDENTITIES, 200, "IdentityPage", false, \
	cb_serve_identity_list}, \
	{"POST", path, \
		"createIdentity" tier, "Create an identity that is a member of the application.", \
		CB_ROUTE_JSON, "Identity", "inEnvironment dryRun", 201, "IdentityView", false, \
	cb_serve_identity_create}, \
	{"GET", path "/summary", \
		"countIdentities" tier, "Count the identities of the application.", \
		CB_ROUTE_NO_BODY, NULL, "", 200, "IdentityCounts", false, \
	cb_serve_identity_summary}, \
	{"GET", path "/{id}", \
		"getIdentity" tier, "Get an identity of the application.", \
		CB_ROUTE_NO_BODY, NULL, "", 200, "IdentityView", false, \
	cb_serve_identity_get}, \
	{"PATCH", path "/{id}", \
		"updateIdentity" tier, "Change what is sent of an identity; is_active is the membership's.", \
		CB_ROUTE_JSON, "IdentityChange", "dryRun", 200, "IdentityView", false, \
	cb_serve_identity_update}, \
	{"DELETE", path "/{id}", \
		"removeIdentity" tier, "Detach an identity from the application, and take its roles there.", \
		CB_ROUTE_NO_BODY, NULL, "dryRun", 204, NULL, false, \
	cb_serve_identity_remove}, \
	{"GET", path "/{id}/detail", \
		"getIdentityDetail" tier, "Get an identity with its roles in the application.", \
		CB_ROUTE_NO_BODY, NULL, "inEnvironment", 200, "IdentityDetail", false, \
	cb_serve_identity_detail}, \
	{"GET", path "/{id}/assignments", \
		"listIdentityAssignments" tier, "List the roles that an identity has in the application.", \
		CB_ROUTE_NO_BODY, NULL, PAGE " inEnvironment", 200, "AssignmentPage", false, \
	cb_serve_identity_assignments}, \
	{"POST", path "/{id}/activate", \
		"activateIdentity" tier, "Let an identity sign in to the application again.", \
		CB_ROUTE_NO_BODY, NULL, "dryRun", 200, "Message", false, \
	cb_serve_identity_activate}, \
	{"POST", path "/{id}/deactivate", \
		"deactivateIdentity" tier, "Suspend the membership of an identity; its roles stay.", \
		CB_ROUTE_NO_BODY, NULL, "dryRun", 200, "Message", false, \
	cb_serve_identity_deactivate}

/* What every tier has for invites: path, end of operationIds, and what it is sent. */
#define OF_INVITES(path, tier, sent) \
	{"GET", path, \
		"listInvites" tier, "List invites, the newest first.", \
		CB_ROUTE_NO_BODY, NULL, PAGE " inviteStatus", 200, "InvitePage", false, \
	cb_serve_invite_list}, \
	{"POST", path, \
		"createInvite" tier, "Invite somebody.", \
		CB_ROUTE_JSON, sent, "dryRun onInvite", 201, "InviteView", false, \
	cb_serve_invite}, \
	{"GET", path "/summary", \
		"countInvites" tier, "Count invites by what became of them.", \
		CB_ROUTE_NO_BODY, NULL, "", 200, "InviteCounts", false, \
	cb_serve_invite_summary}, \
	{"POST", path "/{id}/resend", \
		"resendInvite" tier, "Give a pending invite a new token, and send it again.", \
		CB_ROUTE_NO_BODY, NULL, "", 200, "InviteResent", false, \
	cb_serve_invite_resend}, \
	{"DELETE", path "/{id}", \
		"revokeInvite" tier, "Revoke a pending invite, and withdraw its mail.", \
		CB_ROUTE_NO_BODY, NULL, "", 204, NULL, false, \
	cb_serve_invite_revoke}
#define BULK_INVITE(path, tier) \
	{"POST", path "/bulk-create", \
		"bulkCreateInvites" tier, "Invite people.", \
		CB_ROUTE_JSON, "Invites", "dryRun maxFailed onInvite", 200, "Envelope", false, \
	cb_serve_bulk_invite}

/* The steps of an import, which are alike below all that an import can belong to. */
#define OF_IMPORTS(path, tier, where) \
	{"GET", path, \
		"listImports" tier, "List the imports, the newest first.", \
		CB_ROUTE_NO_BODY, NULL, PAGE " importStatus " where, 200, "ImportPage", false, \
	cb_serve_import, cb_import_step_list}, \
	{"POST", path, \
		"openImport" tier, "Open an import of a CSV file.", \
		CB_ROUTE_JSON, "ImportOrder", where, 201, "Import", false, \
	cb_serve_import, cb_import_step_open, "import.open"}, \
	{"GET", path "/sample.csv", \
		"getImportSample" tier, "Get a file with every column of a mode, and comments that explain them.", \
		CB_ROUTE_NO_BODY, NULL, "importMode", 200, "text/csv", false, \
	cb_serve_import_sample}, \
	{"GET", path "/{id}", \
		"getImport" tier, "Get an import: how far it has come, and how many rows are what.", \
		CB_ROUTE_NO_BODY, NULL, "", 200, "Import", false, \
	cb_serve_import, cb_import_step_get}, \
	{"PUT", path "/{id}/file", \
		"uploadImportFile" tier, "Upload the file of an import.", \
		CB_ROUTE_BYTES, NULL, "fileName delimiter encoding secretColumns", 200, "ImportFile", false, \
	cb_serve_import, cb_import_step_upload}, \
	{"PUT", path "/{id}/mapping", \
		"mapImport" tier, "Say which column is which field.", \
		CB_ROUTE_JSON, "ImportMapping", "", 200, "Import", false, \
	cb_serve_import, cb_import_step_map}, \
	{"POST", path "/{id}/preview", \
		"previewImport" tier, "Find out what every row would do.", \
		CB_ROUTE_NO_BODY, NULL, "", 200, "ImportPreview", false, \
	cb_serve_import, cb_import_step_preview, "import.preview"}, \
	{"GET", path "/{id}/rows", \
		"listImportRows" tier, "List the rows with what the preview found.", \
		CB_ROUTE_NO_BODY, NULL, PAGE " verdict", 200, "ImportRowPage", false, \
	cb_serve_import, cb_import_step_rows}, \
	{"PUT", path "/{id}/selection", \
		"selectImportRows" tier, "Select rows to be imported, or deselect them.", \
		CB_ROUTE_JSON, "ImportSelection", "", 200, "ImportSelected", false, \
	cb_serve_import, cb_import_step_select}, \
	{"POST", path "/{id}/submit", \
		"submitImport" tier, "Have a background job write the selected rows.", \
		CB_ROUTE_JSON_OR_NONE, "ImportSubmission", "", 202, "Job", false, \
	cb_serve_import, cb_import_step_submit, "import.submit"}, \
	{"POST", path "/{id}/cancel", \
		"cancelImport" tier, "Cancel an import: what has not been written is skipped.", \
		CB_ROUTE_NO_BODY, NULL, "", 200, "Import", false, \
	cb_serve_import, cb_import_step_cancel, "import.cancel"}, \
	{"POST", path "/{id}/undo", \
		"undoImport" tier, "Undo an import: what nobody has touched since is as it was before.", \
		CB_ROUTE_NO_BODY, NULL, "dryRun", 200, "ImportUndone", false, \
	cb_serve_import, cb_import_step_undo, "import.undo"}, \
	{"GET", path "/{id}/missing", \
		"listImportMissing" tier, "List who is in the directory and not in the file.", \
		CB_ROUTE_NO_BODY, NULL, PAGE, 200, "ImportMissingPage", false, \
	cb_serve_import, cb_import_step_missing}, \
	{"GET", path "/{id}/results", \
		"listImportResults" tier, "List what became of the rows.", \
		CB_ROUTE_NO_BODY, NULL, PAGE " outcome", 200, "ImportResultPage", false, \
	cb_serve_import, cb_import_step_results}, \
	{"GET", path "/{id}/results.csv", \
		"downloadImportResults" tier, "Download what became of the rows, or the rows that are left to do.", \
		CB_ROUTE_NO_BODY, NULL, "which bom", 200, "text/csv", false, \
	cb_serve_import_csv}

/* Jobs, of the account or of what the credential is bound to. */
#define OF_JOBS(path, tier) \
	{"GET", path, \
		"listJobs" tier, "List the jobs, the newest first.", \
		CB_ROUTE_NO_BODY, NULL, PAGE " jobStatus", 200, "JobPage", false, \
	cb_serve_job_list}, \
	{"GET", path "/{id}", \
		"getJob" tier, "Get a job: how far it has come.", \
		CB_ROUTE_NO_BODY, NULL, "", 200, "Job", false, \
	cb_serve_job, cb_job_step_get}, \
	{"POST", path "/{id}/cancel", \
		"cancelJob" tier, "Stop a job: at once, or after the batch that it is at.", \
		CB_ROUTE_NO_BODY, NULL, "", 200, "Job", false, \
	cb_serve_job, cb_job_step_cancel, "job.cancel"}, \
	{"POST", path "/{id}/repeat", \
		"repeatJob" tier, "Ask for a job again that has ended.", \
		CB_ROUTE_NO_BODY, NULL, "", 202, "Job", false, \
	cb_serve_job, cb_job_step_repeat, "job.repeat"}

static CbAnswer serve_openapi(CbRouteCall *call);

const CbRoute cb_routes[] = {
	{"GET", ACCOUNT "/identities",
		"listAccountIdentities", "List the identities of the account.",
		CB_ROUTE_NO_BODY, NULL, IDENTITIES " notInApp", 200, "AccountIdentityPage", false,
	cb_serve_identity_list},
	{"POST", ACCOUNT "/identities",
		"createAccountIdentity", "Create an identity in the directory.",
		CB_ROUTE_JSON, "AccountIdentity", "dryRun", 201, "AccountIdentityView", false,
	cb_serve_identity_create},
	{"GET", ACCOUNT "/identities/summary",
		"countAccountIdentities", "Count the identities of the account.",
		CB_ROUTE_NO_BODY, NULL, "", 200, "AccountIdentityCounts", false,
	cb_serve_identity_summary},
	{"POST", ACCOUNT "/identities/bulk-create",
		"bulkCreateAccountIdentities", "Create identities in the directory.",
		CB_ROUTE_JSON, "AccountIdentities", BATCH_OF_ACCOUNT, 200, "Envelope", false,
	cb_serve_bulk_create},
	{"GET", ACCOUNT "/identities/{id}",
		"getAccountIdentity", "Get an identity of the account.",
		CB_ROUTE_NO_BODY, NULL, "", 200, "AccountIdentityView", false,
	cb_serve_identity_get},
	{"PATCH", ACCOUNT "/identities/{id}",
		"updateAccountIdentity", "Change what is sent of an identity's profile.",
		CB_ROUTE_JSON, "AccountIdentityChange", "dryRun", 200, "AccountIdentityView", false,
	cb_serve_identity_update},
	{"PATCH", ACCOUNT "/identities/{id}/status",
		"setAccountIdentityStatus", "Bar an identity from every application, or no longer.",
		CB_ROUTE_JSON, "IdentityStatus", "dryRun", 200, "AccountIdentityView", false,
	cb_serve_identity_status},
	{"POST", ACCOUNT "/identities/{id}/reset-password",
		"resetAccountIdentityPassword", "Mail an identity a token to choose a new password with.",
		CB_ROUTE_NO_BODY, NULL, "dryRun", 200, "Message", false,
	cb_serve_identity_reset_password},
	{"POST", ACCOUNT "/identities/{id}/resend-verification",
		"resendAccountIdentityVerification", "Mail an identity a token to verify its address with.",
		CB_ROUTE_NO_BODY, NULL, "dryRun", 200, "Message", false,
	cb_serve_identity_resend_verification},
	{"GET", ACCOUNT "/identities/{id}/audit",
		"listAccountIdentityAudit", "List the audit entries about an identity.",
		CB_ROUTE_NO_BODY, NULL, PAGE " q sortAudit order", 200, "AuditPage", false,
	cb_serve_identity_audit},
	{"POST", ACCOUNT "/identities/{id}/app-memberships",
		"addAppMembership", "Make an identity a member of an application.",
		CB_ROUTE_JSON, "MembershipRequest", "dryRun", 201, "Membership", false,
	cb_serve_membership_add},
	{"DELETE", ACCOUNT "/identities/{id}/app-memberships/{application_id}",
		"removeAppMembership", "Deactivate a membership, and take the roles in its application.",
		CB_ROUTE_NO_BODY, NULL, "dryRun", 204, NULL, false,
	cb_serve_membership_remove},
	OF_APPLICATION(APPLICATION "/identities", ""),
	OF_APPLICATION(API "/identities", "WithKey"),
	{"POST", APPLICATION "/identities/bulk-create",
		"bulkCreateIdentities", "Create identities that are members of the application.",
		CB_ROUTE_JSON, "Identities", BATCH, 200, "Envelope", false,
	cb_serve_bulk_create},
	{"POST", API "/identities/bulk-create",
		"bulkCreateIdentitiesWithKey", "Create identities that are members of the application of the key.",
		CB_ROUTE_JSON, "Identities", BATCH, 200, "Envelope", false,
	cb_serve_bulk_create},
	{"POST", APPLICATION "/app-memberships/bulk-attach",
		"bulkAttachAppMemberships", "Attach identities to the application.",
		CB_ROUTE_JSON, "IdentityIds", BATCH_OF_MEMBERSHIPS, 200, "Envelope", false,
	cb_serve_bulk_attach},
	{"POST", APPLICATION "/identities/bulk-import-events",
		"recordBulkImportEvent", "Record that an import wizard was completed.",
		CB_ROUTE_JSON, "ImportEvent", "", 204, NULL, false,
	cb_serve_import_event},
	OF_JOBS(ACCOUNT "/jobs", ""),
	OF_JOBS(API "/jobs", "WithKey"),
	{"POST", LEARN "/users/bulkImport",
		"createBulkImport", "Import the learners of a CSV file behind a URL, as a background job.",
		CB_ROUTE_JSON, "BulkImportOrder", "", 201, "BulkImport", false,
	cb_serve_bulk_import},
	{"GET", LEARN "/jobs/{id}",
		"getBackgroundJob", "Get a background job: how far it has come.",
		CB_ROUTE_NO_BODY, NULL, "", 200, "BackgroundJob", false,
	cb_serve_job, cb_job_step_poll},
	{"POST", LEARN "/jobs/{id}/cancel",
		"cancelBackgroundJob", "Stop a background job: at once, or after the batch that it is at.",
		CB_ROUTE_NO_BODY, NULL, "", 200, "BackgroundJob", false,
	cb_serve_job, cb_job_step_poll_cancel, "job.cancel"},
	{"POST", LEARN "/jobs/{id}/repeat",
		"repeatBackgroundJob", "Ask for a background job again that has ended.",
		CB_ROUTE_NO_BODY, NULL, "", 201, "BackgroundJob", false,
	cb_serve_job, cb_job_step_poll_repeat, "job.repeat"},
	OF_INVITES(ACCOUNT "/identity-invites", "ToAccount", "AccountInvite"),
	OF_INVITES(ENVIRONMENT "/identity-invites", "", "Invite"),
	BULK_INVITE(ENVIRONMENT "/identity-invites", ""),
	OF_INVITES(API "/identity-invites", "WithKey", "Invite"),
	BULK_INVITE(API "/identity-invites", "WithKey"),
	{"POST", "/v1/identity/auth/invite-info",
		"getInviteInfo", "Say what an invite is for, to whoever has its token.",
		CB_ROUTE_JSON, "InviteToken", "", 200, "InviteInfo", true,
	cb_serve_invite_info},
	{"POST", "/v1/identity/auth/accept-invite",
		"acceptInvite", "Accept an invite with its token and a password.",
		CB_ROUTE_JSON, "InviteAcceptance", "", 200, "InviteAccepted", true,
	cb_serve_invite_accept},
	{"POST", "/v1/identity/auth/verify-email",
		"verifyEmail", "Verify the address that a token was mailed to.",
		CB_ROUTE_JSON, "Token", "", 200, "Message", true,
	cb_serve_verify_email},
	{"POST", ENVIRONMENT "/assignments/bulk-create",
		"bulkCreateAssignments", "Give identities roles at nodes of the environment.",
		CB_ROUTE_JSON, "Assignments", BATCH_OF_ASSIGNMENTS, 200, "Envelope", false,
	cb_serve_bulk_assign},
	{"POST", ENVIRONMENT "/assignments/bulk-remove",
		"bulkRemoveAssignments", "Take roles of the environment away.",
		CB_ROUTE_JSON, "AssignmentIds", BATCH_OF_IDS, 204, NULL, false,
	cb_serve_bulk_unassign},
	{"POST", ENVIRONMENT "/assignments/bulk-change-role",
		"bulkChangeRole", "Make assignments of the environment ones of another role.",
		CB_ROUTE_JSON, "RoleChange", BATCH_OF_IDS, 200, "Message", false,
	cb_serve_bulk_change_role},
	{"POST", API "/assignments/bulk-create",
		"bulkCreateAssignmentsWithKey", "Give identities roles at nodes of the environment of the key.",
		CB_ROUTE_JSON, "Assignments", BATCH_OF_ASSIGNMENTS, 200, "Envelope", false,
	cb_serve_bulk_assign},
	{"POST", API "/assignments/bulk-remove",
		"bulkRemoveAssignmentsWithKey", "Take roles of the environment of the key away.",
		CB_ROUTE_JSON, "AssignmentIds", BATCH_OF_IDS, 204, NULL, false,
	cb_serve_bulk_unassign},
	{"POST", API "/assignments/bulk-change-role",
		"bulkChangeRoleWithKey", "Make assignments of the environment of the key ones of another role.",
		CB_ROUTE_JSON, "RoleChange", BATCH_OF_IDS, 200, "Message", false,
	cb_serve_bulk_change_role},
	OF_IMPORTS(ACCOUNT "/imports", "OfAccount", ""),
	OF_IMPORTS(APPLICATION "/imports", "", "inEnvironment"),
	OF_IMPORTS(API "/imports", "WithKey", ""),
	{"GET", "/openapi.json",
		"getOpenApi", "Describe these routes.",
		CB_ROUTE_NO_BODY, NULL, "", 200, "OpenApi", true,
	serve_openapi},
};

const int	cb_nroutes = lengthof(cb_routes);

static CbAnswer
serve_openapi(CbRouteCall *call)
{
	CbAnswer	answer = {cb_openapi_describe(), CB_STATUS_OK};

	return answer;
}
