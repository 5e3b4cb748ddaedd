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

#define BATCH		"inEnvironment dryRun maxFailed onConflict"
#define BATCH_OF_MEMBERSHIPS	"inEnvironment dryRun maxFailed onMembership"
#define BATCH_OF_ASSIGNMENTS	"dryRun maxFailed onAssignment"
#define BATCH_OF_IDS	"dryRun maxFailed"

static CbAnswer serve_openapi(CbRouteCall *call);

const CbRoute cb_routes[] = {
	{"POST", ACCOUNT "/identities/bulk-create",
		"bulkCreateAccountIdentities", "Create identities in the directory.",
		CB_ROUTE_JSON, "AccountIdentities", BATCH, 200, "Envelope", false,
	cb_serve_bulk_create},
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
