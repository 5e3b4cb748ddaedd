/*-------------------------------------------------------------------------
 *
 * serve_identity.c
 *		Serves single identities, and lists of them, over HTTP.
 *
 * What reads takes no lock and writes nothing.  What writes is a batch of one.  An
 * identity that is unknown, is another account's or, in an application, is no
 * member of it, is answered alike: it is not found.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "db/document.h"
#include "db/uuid7.h"
#include "flow/serve.h"
#include "record/audit_read.h"
#include "rows/assignment_list.h"
#include "rows/attach.h"
#include "rows/detach.h"
#include "rows/identity.h"
#include "rows/identity_list.h"
#include "rows/identity_read.h"
#include "rows/identity_update.h"

/* Reads what is asked for; NULL: there is no such identity. */
typedef Jsonb *(*CbReader) (const CbRouteCall *call, const CbCaller *caller,
							const CbScope *scope);

static CbAnswer serve_reader(CbRouteCall *call, CbReader reader);
static Jsonb *read_list(const CbRouteCall *call, const CbCaller *caller,
						const CbScope *scope);
static void fill_filter(const CbRouteCall *call, const CbCaller *caller,
						CbIdentityFilter *filter);
static Jsonb *read_summary(const CbRouteCall *call, const CbCaller *caller,
						   const CbScope *scope);
static Jsonb *read_one(const CbRouteCall *call, const CbCaller *caller,
					   const CbScope *scope);
static Jsonb *read_detail(const CbRouteCall *call, const CbCaller *caller,
						  const CbScope *scope);
static Jsonb *read_assignments(const CbRouteCall *call, const CbCaller *caller,
							   const CbScope *scope);
static Jsonb *read_audit(const CbRouteCall *call, const CbCaller *caller,
						 const CbScope *scope);
static pg_uuid_t id_of(const CbRouteCall *call);
static CbAnswer serve_change(const CbRowKind *kind, CbRouteCall *call,
							 const char *action);
static CbAnswer set_active(CbRouteCall *call, const char *body,
						   const char *message);
static void take_application(CbRouteCall *call);
static CbAnswer detach(CbRouteCall *call);
static CbAnswer hide_issue(CbAnswer answer);

CbAnswer
cb_serve_identity_list(CbRouteCall *call)
{
	return serve_reader(call, read_list);
}

CbAnswer
cb_serve_identity_summary(CbRouteCall *call)
{
	return serve_reader(call, read_summary);
}

CbAnswer
cb_serve_identity_get(CbRouteCall *call)
{
	return serve_reader(call, read_one);
}

CbAnswer
cb_serve_identity_detail(CbRouteCall *call)
{
	return serve_reader(call, read_detail);
}

CbAnswer
cb_serve_identity_assignments(CbRouteCall *call)
{
	return serve_reader(call, read_assignments);
}

CbAnswer
cb_serve_identity_audit(CbRouteCall *call)
{
	return serve_reader(call, read_audit);
}

CbAnswer
cb_serve_identity_create(CbRouteCall *call)
{
	call->request.single_action = "identity.create";
	return cb_serve_single(&cb_identity_kind, call);
}

CbAnswer
cb_serve_identity_update(CbRouteCall *call)
{
	return serve_change(&cb_identity_update_kind, call, "identity.update");
}

CbAnswer
cb_serve_identity_status(CbRouteCall *call)
{
	JsonbValue	value;
	const char *action = "identity.set_status";

	if (JB_ROOT_IS_OBJECT(call->body) &&
		getKeyJsonValueFromContainer(&call->body->root, "is_active", 9, &value) != NULL &&
		value.type == jbvBool)
		action = value.val.boolean ? "identity.activate" : "identity.deactivate";
	return serve_change(&cb_identity_status_kind, call, action);
}

CbAnswer
cb_serve_identity_activate(CbRouteCall *call)
{
	return set_active(call, "{\"is_active\": true}",
					  "the identity may sign in to the application");
}

CbAnswer
cb_serve_identity_deactivate(CbRouteCall *call)
{
	return set_active(call, "{\"is_active\": false}",
					  "the identity may not sign in to the application");
}

CbAnswer
cb_serve_membership_add(CbRouteCall *call)
{
	CbAnswer	answer;

	take_application(call);
	call->request.single_action = "app_membership.attach";
	answer = hide_issue(cb_serve_single_id(&cb_attach_kind, call));

	/* One that was deactivated is not new, but it is a membership again. */
	if (answer.error == NULL)
		answer.status = CB_STATUS_CREATED;
	return answer;
}

CbAnswer
cb_serve_membership_remove(CbRouteCall *call)
{
	call->request.names.application = call->path.application_id;
	return detach(call);
}

CbAnswer
cb_serve_identity_remove(CbRouteCall *call)
{
	CbAnswer	answer = detach(call);

	if (answer.error != NULL && answer.status == CB_STATUS_NOT_FOUND)
		return cb_answer_code(CB_IDENTITY_NOT_FOUND);
	return answer;
}

static CbAnswer
serve_reader(CbRouteCall *call, CbReader reader)
{
	MemoryContext context = CurrentMemoryContext;
	CbCaller	caller;
	CbScope		scope;
	CbAnswer	answer = {NULL, CB_STATUS_OK};

	cb_caller_enter(&caller);
	MemoryContextSwitchTo(context);
	cb_scope_resolve(&scope, &caller, &call->request.names);
	answer.body = reader(call, &caller, &scope);
	cb_caller_leave(&caller);
	MemoryContextSwitchTo(context);
	return answer.body != NULL ? answer : cb_answer_code(CB_IDENTITY_NOT_FOUND);
}

static Jsonb *
read_list(const CbRouteCall *call, const CbCaller *caller, const CbScope *scope)
{
	static const char *const sorts[CB_IDENTITY_NSORTS] = {
		[CB_IDENTITY_BY_CREATED_AT] = "created_at",
		[CB_IDENTITY_BY_EMAIL] = "email",
		[CB_IDENTITY_BY_FIRST_NAME] = "first_name",
		[CB_IDENTITY_BY_LAST_NAME] = "last_name"
	};
	CbPage		page;
	CbIdentityFilter filter;

	cb_query_page(&call->query, sorts, lengthof(sorts), &page);
	fill_filter(call, caller, &filter);
	return cb_identity_list(scope, &page, &filter);
}

static void
fill_filter(const CbRouteCall *call, const CbCaller *caller,
			CbIdentityFilter *filter)
{
	static const char *const statuses[] = {"active", "inactive"};
	const CbQuery *query = &call->query;
	int			status = cb_query_word(query, "status", statuses, lengthof(statuses));
	CbScopeNames other = call->request.names;
	CbScope		scope;

	memset(filter, 0, sizeof(CbIdentityFilter));
	filter->is_active.given = status >= 0;
	filter->is_active.value = status == 0;
	filter->has_assignment.given = cb_query_value(query, "has_any_assignment") != NULL;
	filter->has_assignment.value = cb_query_bool(query, "has_any_assignment", false);
	other.application = cb_query_value(query, "not_in_app");
	if (other.application == NULL)
		return;
	other.needs_application = true;
	cb_scope_resolve(&scope, caller, &other);
	filter->not_in_application.given = true;
	filter->not_in_application.id = scope.application;
}

static Jsonb *
read_summary(const CbRouteCall *call, const CbCaller *caller,
			 const CbScope *scope)
{
	return cb_identity_summary(scope);
}

static Jsonb *
read_one(const CbRouteCall *call, const CbCaller *caller, const CbScope *scope)
{
	pg_uuid_t	id = id_of(call);

	return cb_identity_get(scope, &id);
}

static Jsonb *
read_detail(const CbRouteCall *call, const CbCaller *caller,
			const CbScope *scope)
{
	pg_uuid_t	id = id_of(call);

	return cb_identity_detail(scope, &id);
}

static Jsonb *
read_assignments(const CbRouteCall *call, const CbCaller *caller,
				 const CbScope *scope)
{
	static const char *const sorts[] = {"created_at"};
	pg_uuid_t	id = id_of(call);
	CbPage		page;

	cb_query_page(&call->query, sorts, lengthof(sorts), &page);
	return cb_identity_exists(scope, &id) ?
		cb_assignment_list(scope, &page, &id) : NULL;
}

static Jsonb *
read_audit(const CbRouteCall *call, const CbCaller *caller,
		   const CbScope *scope)
{
	static const char *const sorts[CB_AUDIT_NSORTS] = {
		[CB_AUDIT_BY_CREATED_AT] = "created_at",
		[CB_AUDIT_BY_ACTION] = "action"
	};
	pg_uuid_t	id = id_of(call);
	CbPage		page;

	cb_query_page(&call->query, sorts, lengthof(sorts), &page);
	return cb_identity_exists(scope, &id) ?
		cb_audit_list(scope, &page, &id) : NULL;
}

static pg_uuid_t
id_of(const CbRouteCall *call)
{
	pg_uuid_t	id;

	if (!cb_uuid_parse(call->path.id, strlen(call->path.id), &id))
		elog(ERROR, "a path has an id that is none");
	return id;
}

static CbAnswer
serve_change(const CbRowKind *kind, CbRouteCall *call, const char *action)
{
	call->request.single_action = action;
	return hide_issue(cb_serve_single_at(kind, call, CB_IDENTITY_UPDATE_ID));
}

/* The body is the one that says so; the answer is a message. */
static CbAnswer
set_active(CbRouteCall *call, const char *body, const char *message)
{
	static const char *const keys[] = {"message"};
	CbJson	   *json = cb_json_create(128);
	CbAnswer	answer;

	call->body = cb_document_parse(body, strlen(body));
	answer = cb_serve_identity_status(call);
	if (answer.error != NULL)
		return answer;
	cb_json_object(json, keys, lengthof(keys));
	cb_json_cstring(json, message);
	answer.body = cb_json_finish(json);
	return answer;
}

/* The application is in the body, and is all that is there. */
static void
take_application(CbRouteCall *call)
{
	JsonbValue	value;
	pg_uuid_t	id;

	if (!JB_ROOT_IS_OBJECT(call->body) || JB_ROOT_COUNT(call->body) != 1 ||
		getKeyJsonValueFromContainer(&call->body->root, "application_id", 14,
									 &value) == NULL ||
		value.type != jbvString ||
		!cb_uuid_parse(value.val.string.val, value.val.string.len, &id))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("request does not name an application"),
				 errhint("The body is an object with the one key application_id, a UUID.")));
	call->request.names.application = pnstrdup(value.val.string.val,
											   value.val.string.len);
}

static CbAnswer
detach(CbRouteCall *call)
{
	CbAnswer	answer;

	call->request.single_action = "app_membership.detach";
	answer = hide_issue(cb_serve_single_id(&cb_detach_kind, call));
	if (answer.error == NULL)
	{
		answer.status = CB_STATUS_NO_CONTENT;
		answer.body = NULL;
	}
	return answer;
}

/* An identity that is not there is told as to who reads it. */
static CbAnswer
hide_issue(CbAnswer answer)
{
	CbAnswer	plain = cb_answer_code(CB_IDENTITY_NOT_FOUND);

	if (answer.error == NULL || strcmp(answer.error, plain.error) != 0)
		return answer;
	plain.replayed = answer.replayed;
	return plain;
}
