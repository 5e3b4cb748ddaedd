/*-------------------------------------------------------------------------
 *
 * serve_jobs.c
 *		Serves jobs over HTTP: in our own words, and in those of the product.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/sha2.h"
#include "utils/builtins.h"

#include "canopy_bulk.h"
#include "db/uuid7.h"
#include "flow/body.h"
#include "flow/job_url.h"
#include "flow/jobs.h"
#include "flow/serve.h"

/* The product's names of options, and ours. */
static const struct
{
	const char *sent;
	const char *option;
}			options[] = {
	{"role", "role"},
	{"clientId", "client_id"},
	{"bundleIds", "bundle_ids"},
	{"courseIds", "course_ids"},
	{"licenseIds", "license_ids"},
	{"inviteMessage", "invite_message"},
	{"learningPathIds", "learning_path_ids"},
};

static void take_order(Jsonb *body, CbJobUrl *ask);
static Jsonb *take_options(Jsonb *body);

CbAnswer
cb_serve_job(CbRouteCall *call)
{
	pg_uuid_t	id;

	cb_uuid_parse(call->path.id, strlen(call->path.id), &id);
	return cb_serve_once(call, &id);
}

CbAnswer
cb_serve_job_list(CbRouteCall *call)
{
	CbAnswer	answer = {NULL, CB_STATUS_OK};
	CbPage		page;

	cb_query_page(&call->query, NULL, 0, &page);
	answer.body = cb_jobs_list(cb_query_value(&call->query, "status"), &page,
							   call->request.names.account);
	return answer;
}

CbAnswer
cb_serve_bulk_import(CbRouteCall *call)
{
	CbAnswer	answer = {NULL, CB_STATUS_CREATED};
	CbJobUrl	ask = {0};

	take_order(call->body, &ask);
	ask.order.names.account = call->request.names.account;
	ask.idempotency_key = call->request.idempotency_key;
	answer.body = cb_job_url_ask(&ask, CB_JOB_CREATED, &answer.replayed);
	return answer;
}

Jsonb *
cb_job_step_get(CbRouteCall *call, const pg_uuid_t *id)
{
	return cb_jobs_info(id, call->request.names.account, CB_JOB_PLAIN);
}

Jsonb *
cb_job_step_cancel(CbRouteCall *call, const pg_uuid_t *id)
{
	return cb_jobs_cancel(id, call->request.names.account, CB_JOB_PLAIN);
}

Jsonb *
cb_job_step_repeat(CbRouteCall *call, const pg_uuid_t *id)
{
	return cb_jobs_repeat(id, call->request.names.account, CB_JOB_PLAIN);
}

Jsonb *
cb_job_step_poll(CbRouteCall *call, const pg_uuid_t *id)
{
	return cb_jobs_info(id, call->request.names.account, CB_JOB_POLLED);
}

Jsonb *
cb_job_step_poll_cancel(CbRouteCall *call, const pg_uuid_t *id)
{
	return cb_jobs_cancel(id, call->request.names.account, CB_JOB_POLLED);
}

Jsonb *
cb_job_step_poll_repeat(CbRouteCall *call, const pg_uuid_t *id)
{
	return cb_jobs_repeat(id, call->request.names.account, CB_JOB_POLLED);
}

/* With the digest of the plan, as the preview gave it, or without. */
Jsonb *
cb_import_step_submit(CbRouteCall *call, const pg_uuid_t *id)
{
	static const char *const keys[] = {"plan_digest"};
	uint8		digest[PG_SHA256_DIGEST_LENGTH];
	char	   *hex = NULL;

	if (call->body != NULL)
	{
		cb_http_body_check(call->body, keys, lengthof(keys));
		hex = cb_http_body_text(call->body, "plan_digest");
	}
	if (hex == NULL)
		return cb_jobs_submit(id, NULL, 0, call->request.names.account);
	if (strlen(hex) != 2 * sizeof(digest) ||
		strspn(hex, "0123456789abcdef") != 2 * sizeof(digest))
		cb_http_body_refuse("plan_digest", "64 hexadecimal digits in lower case");
	hex_decode(hex, 2 * sizeof(digest), (char *) digest);
	return cb_jobs_submit(id, digest, sizeof(digest), call->request.names.account);
}

/* The product's body, and a mode, for files that are not of learners. */
static void
take_order(Jsonb *body, CbJobUrl *ask)
{
	static const char *const keys[] = {
		"url", "mode", "dryRun", "role", "clientId", "bundleIds", "courseIds",
		"licenseIds", "inviteMessage", "learningPathIds"
	};

	cb_http_body_check(body, keys, lengthof(keys));
	ask->url = cb_http_body_require_text(body, "url");
	ask->order.mode = cb_http_body_text(body, "mode");
	ask->order.max_missing_percent = -1;
	ask->dry_run = cb_http_body_bool(body, "dryRun", false);
	ask->options = take_options(body);
}

/* Under our names, to be checked by the mode; NULL: none was sent. */
static Jsonb *
take_options(Jsonb *body)
{
	CbJson	   *json = cb_json_create(512);
	JsonbValue	value;
	int			n = 0;

	cb_json_object_begin(json);
	for (size_t i = 0; i < lengthof(options); i++)
	{
		if (!cb_http_body_member(body, options[i].sent, &value))
			continue;
		cb_json_key(json, options[i].option);
		cb_json_value(json, &value);
		n++;
	}
	cb_json_object_end(json);
	return n == 0 ? NULL : cb_json_finish(json);
}
