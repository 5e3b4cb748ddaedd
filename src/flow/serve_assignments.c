/*-------------------------------------------------------------------------
 *
 * serve_assignments.c
 *		Serves the bulk functions of assignments over HTTP.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "flow/batch.h"
#include "flow/serve.h"
#include "rows/assign.h"
#include "rows/change_role.h"
#include "rows/unassign.h"

static void take_role(CbChangeRole *options, Jsonb *body);
static Jsonb *write_message(const char *message);

CbAnswer
cb_serve_bulk_assign(CbRouteCall *call)
{
	cb_request_take_json(&call->request, cb_assign_kind.list_key, call->body);
	return cb_batch_run(&cb_assign_kind, &call->request);
}

CbAnswer
cb_serve_bulk_unassign(CbRouteCall *call)
{
	CbAnswer	answer;

	cb_request_take_json(&call->request, cb_unassign_kind.list_key, call->body);
	answer = cb_batch_run(&cb_unassign_kind, &call->request);
	if (answer.status == CB_STATUS_OK)
	{
		answer.status = CB_STATUS_NO_CONTENT;
		answer.body = NULL;
	}
	return answer;
}

CbAnswer
cb_serve_bulk_change_role(CbRouteCall *call)
{
	CbChangeRole options;
	CbAnswer	answer;

	cb_request_take_member(&call->request, cb_change_role_kind.list_key,
						   call->body, 2);
	take_role(&options, call->body);
	call->request.options = &options;
	answer = cb_batch_run(&cb_change_role_kind, &call->request);
	if (answer.status == CB_STATUS_OK)
		answer.body = write_message("The role of the assignments was changed.");
	return answer;
}

/* A text that is no id is for the rows to complain of. */
static void
take_role(CbChangeRole *options, Jsonb *body)
{
	JsonbValue	role;

	if (getKeyJsonValueFromContainer(&body->root, "role_id", 7, &role) == NULL ||
		role.type != jbvString)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("request names no role"),
				 errhint("Pass an object with the keys assignment_ids and role_id.")));
	options->role_id = role.val.string.val;
	options->len = role.val.string.len;
}

static Jsonb *
write_message(const char *message)
{
	static const char *const keys[] = {"message"};
	CbJson	   *json = cb_json_create(64);

	cb_json_object(json, keys, lengthof(keys));
	cb_json_cstring(json, message);
	return cb_json_finish(json);
}
