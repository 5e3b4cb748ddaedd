/*-------------------------------------------------------------------------
 *
 * serve_once.c
 *		Serves a request that may have a key.
 *
 * The key is claimed and its answer stored by calls of their own, around a step that
 * knows nothing of it; all three are one transaction.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/uuid7.h"
#include "flow/serve.h"
#include "record/idempotency.h"

static bool claim(CbRouteCall *call, CbIdempotency *once, CbReplay *first);
static void store(const CbRouteCall *call, const CbIdempotency *once,
				  const CbReplay *first);
static Jsonb *describe_request(const CbRouteCall *call);

CbAnswer
cb_serve_once(CbRouteCall *call, const pg_uuid_t *id)
{
	const CbRoute *route = call->route;
	CbAnswer	answer = {NULL, route->status};
	CbReplay	first = {NULL, route->status};
	CbIdempotency once;

	if (call->request.idempotency_key == NULL || route->action == NULL ||
		call->request.dry_run)
	{
		answer.body = route->step(call, id);
		return answer;
	}
	answer.replayed = !claim(call, &once, &first);
	if (!answer.replayed)
	{
		first.answer = route->step(call, id);
		store(call, &once, &first);
	}
	answer.body = first.answer;
	answer.status = first.status;
	return answer;
}

/*
 * The step says itself which application or environment it needs, and whether a path
 * of the whole account is for a caller who is bound: the key is that of its part.
 */
static bool
claim(CbRouteCall *call, CbIdempotency *once, CbReplay *first)
{
	MemoryContext context = CurrentMemoryContext;
	CbScopeNames names = call->request.names;
	CbCaller	caller;
	CbScope		scope;
	bool		is_first;

	cb_caller_enter(&caller);
	MemoryContextSwitchTo(context);
	names.needs_application = names.needs_environment = false;
	if (caller.claims.application != NULL && names.application != NULL &&
		names.application[0] == '\0')
		names.application = NULL;
	cb_scope_resolve(&scope, &caller, &names);
	cb_idempotency_begin(once, call->request.idempotency_key, call->route->action,
						 &scope, GetCurrentTimestamp());
	cb_idempotency_fingerprint(once, describe_request(call));
	is_first = cb_idempotency_claim(once, first);
	cb_caller_leave(&caller);
	MemoryContextSwitchTo(context);
	return is_first;
}

static void
store(const CbRouteCall *call, const CbIdempotency *once, const CbReplay *first)
{
	MemoryContext context = CurrentMemoryContext;
	CbCaller	caller;

	cb_caller_enter(&caller);
	MemoryContextSwitchTo(context);
	cb_idempotency_store(once, first);
	cb_caller_leave(&caller);
	MemoryContextSwitchTo(context);
}

/* What makes a request of one scope another one: its id and its body. */
static Jsonb *
describe_request(const CbRouteCall *call)
{
	static const char *const keys[] = {"id", "body"};
	CbJson	   *json = cb_json_create(256);

	cb_json_object(json, keys, lengthof(keys));
	cb_json_cstring(json, call->path.id);
	if (call->body == NULL)
		cb_json_null(json);
	else
		cb_json_container(json, &call->body->root,
						  VARSIZE(call->body) - VARHDRSZ);
	return cb_json_finish(json);
}
