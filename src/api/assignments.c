/*-------------------------------------------------------------------------
 *
 * assignments.c
 *		The SQL-callable functions that give roles and take access away.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/uuid.h"

#include "api/arguments.h"
#include "canopy_bulk.h"
#include "db/guard.h"
#include "db/uuid7.h"
#include "rows/assign.h"
#include "rows/change_role.h"
#include "rows/detach.h"
#include "rows/unassign.h"

static void take_place(CbRequest *request, FunctionCallInfo fcinfo, int first);
static void take_assign_options(CbRequest *request, FunctionCallInfo fcinfo);
static void take_unassign_options(CbRequest *request, FunctionCallInfo fcinfo);
static void take_change_options(CbRequest *request, FunctionCallInfo fcinfo);
static void take_detach_options(CbRequest *request, FunctionCallInfo fcinfo);

/* canopy_bulk_assign(assignments jsonb, ...) */
CB_FUNCTION(canopy_bulk_assign)
{
	return cb_call_with_json(fcinfo, &cb_assign_kind, take_assign_options);
}

/* canopy_bulk_unassign(assignment_ids uuid[], ...) */
CB_FUNCTION(canopy_bulk_unassign)
{
	return cb_call_with_ids(fcinfo, &cb_unassign_kind, take_unassign_options);
}

/* canopy_bulk_unassign_json(assignment_ids jsonb, ...) */
CB_FUNCTION(canopy_bulk_unassign_json)
{
	return cb_call_with_json(fcinfo, &cb_unassign_kind, take_unassign_options);
}

/* canopy_bulk_change_role(assignment_ids uuid[], role_id uuid, ...) */
CB_FUNCTION(canopy_bulk_change_role)
{
	CbRequest	request;
	CbChangeRole options;
	char		role[CB_UUID_TEXT_LEN + 1];
	Datum		answer;

	cb_argument_require(fcinfo, 0, "assignment_ids");
	cb_argument_require(fcinfo, 1, "role_id");
	take_change_options(&request, fcinfo);
	cb_uuid_format(PG_GETARG_UUID_P(1), role);
	options.role_id = role;
	options.len = CB_UUID_TEXT_LEN;
	request.options = &options;
	cb_argument_ids(&request, fcinfo, 0, "assignment_ids");
	answer = cb_run_and_respond(&cb_change_role_kind, &request);
	PG_RETURN_DATUM(answer);
}

/* canopy_bulk_change_role_json(assignment_ids jsonb, role_id text, ...) */
CB_FUNCTION(canopy_bulk_change_role_json)
{
	CbRequest	request;
	CbChangeRole options;
	Datum		answer;

	cb_argument_require(fcinfo, 0, "assignment_ids");
	cb_argument_require(fcinfo, 1, "role_id");
	take_change_options(&request, fcinfo);
	options.role_id = cb_argument_text(fcinfo, 1);
	options.len = (int) strlen(options.role_id);
	request.options = &options;
	cb_request_take_json(&request, cb_change_role_kind.list_key,
						 PG_GETARG_JSONB_P(0));
	answer = cb_run_and_respond(&cb_change_role_kind, &request);
	PG_RETURN_DATUM(answer);
}

/* canopy_bulk_detach(identity_ids uuid[], ...) */
CB_FUNCTION(canopy_bulk_detach)
{
	return cb_call_with_ids(fcinfo, &cb_detach_kind, take_detach_options);
}

/* canopy_bulk_detach_json(identity_ids jsonb, ...) */
CB_FUNCTION(canopy_bulk_detach_json)
{
	return cb_call_with_json(fcinfo, &cb_detach_kind, take_detach_options);
}

/* application, environment, account and the limits, from argument first on. */
static void
take_place(CbRequest *request, FunctionCallInfo fcinfo, int first)
{
	memset(request, 0, sizeof(CbRequest));
	request->names.application = cb_argument_text(fcinfo, first);
	request->names.environment = cb_argument_text(fcinfo, first + 1);
	request->names.account = cb_argument_text(fcinfo, first + 2);
	cb_argument_limits(request, fcinfo, first + 3);
}

/* Arguments 1 to 7. */
static void
take_assign_options(CbRequest *request, FunctionCallInfo fcinfo)
{
	take_place(request, fcinfo, 1);
	cb_argument_on_conflict(request, fcinfo, 6);
	cb_argument_key(request, fcinfo, 7);
}

/* Arguments 1 to 6. */
static void
take_unassign_options(CbRequest *request, FunctionCallInfo fcinfo)
{
	take_place(request, fcinfo, 1);
	cb_argument_key(request, fcinfo, 6);
}

/* Arguments 2 to 7; the role is in front of them. */
static void
take_change_options(CbRequest *request, FunctionCallInfo fcinfo)
{
	take_place(request, fcinfo, 2);
	cb_argument_key(request, fcinfo, 7);
}

/* Arguments 1 to 6: application, account, the limits, on_conflict, the key. */
static void
take_detach_options(CbRequest *request, FunctionCallInfo fcinfo)
{
	memset(request, 0, sizeof(CbRequest));
	request->names.application = cb_argument_text(fcinfo, 1);
	request->names.account = cb_argument_text(fcinfo, 2);
	cb_argument_limits(request, fcinfo, 3);
	cb_argument_on_conflict(request, fcinfo, 5);
	cb_argument_key(request, fcinfo, 6);
}
