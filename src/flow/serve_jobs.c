/*-------------------------------------------------------------------------
 *
 * serve_jobs.c
 *		Serves jobs over HTTP: in our own words, and in those of the product.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "db/uuid7.h"
#include "flow/job_url.h"
#include "flow/jobs.h"
#include "flow/serve.h"

/* The product's names of options, in the order that ours have in a jsonb object. */
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

static pg_uuid_t id_of(const CbRouteCall *call);
static CbAnswer serve_get(CbRouteCall *call, CbJobForm form);
static CbAnswer serve_once(CbRouteCall *call, const char *action, int status,
						   CbRouteStep step);
static Jsonb *cancel_plain(CbRouteCall *call, const pg_uuid_t *id);
static Jsonb *cancel_polled(CbRouteCall *call, const pg_uuid_t *id);
static Jsonb *repeat_plain(CbRouteCall *call, const pg_uuid_t *id);
static Jsonb *repeat_polled(CbRouteCall *call, const pg_uuid_t *id);
static void take_order(Jsonb *body, CbJobUrl *ask);
static Jsonb *take_options(Jsonb *body, int *nseen);
static bool member(Jsonb *body, const char *name, JsonbValue *value, int *nseen);
static char *text_member(Jsonb *body, const char *name, int *nseen);
static void refuse_body(void) pg_attribute_noreturn();

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
cb_serve_job_get(CbRouteCall *call)
{
	return serve_get(call, CB_JOB_PLAIN);
}

CbAnswer
cb_serve_job_cancel(CbRouteCall *call)
{
	return serve_once(call, "job.cancel", CB_STATUS_OK, cancel_plain);
}

CbAnswer
cb_serve_job_repeat(CbRouteCall *call)
{
	return serve_once(call, "job.repeat", CB_STATUS_ACCEPTED, repeat_plain);
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

CbAnswer
cb_serve_bulk_import_get(CbRouteCall *call)
{
	return serve_get(call, CB_JOB_POLLED);
}

CbAnswer
cb_serve_bulk_import_cancel(CbRouteCall *call)
{
	return serve_once(call, "job.cancel", CB_STATUS_OK, cancel_polled);
}

CbAnswer
cb_serve_bulk_import_repeat(CbRouteCall *call)
{
	return serve_once(call, "job.repeat", CB_STATUS_CREATED, repeat_polled);
}

static pg_uuid_t
id_of(const CbRouteCall *call)
{
	pg_uuid_t	id;

	cb_uuid_parse(call->path.id, strlen(call->path.id), &id);
	return id;
}

static CbAnswer
serve_get(CbRouteCall *call, CbJobForm form)
{
	CbAnswer	answer = {NULL, CB_STATUS_OK};
	pg_uuid_t	id = id_of(call);

	answer.body = cb_jobs_info(&id, call->request.names.account, form);
	return answer;
}

static CbAnswer
serve_once(CbRouteCall *call, const char *action, int status, CbRouteStep step)
{
	pg_uuid_t	id = id_of(call);

	return cb_serve_once(call, action, status, step, &id);
}

static Jsonb *
cancel_plain(CbRouteCall *call, const pg_uuid_t *id)
{
	return cb_jobs_cancel(id, call->request.names.account, CB_JOB_PLAIN);
}

static Jsonb *
cancel_polled(CbRouteCall *call, const pg_uuid_t *id)
{
	return cb_jobs_cancel(id, call->request.names.account, CB_JOB_POLLED);
}

static Jsonb *
repeat_plain(CbRouteCall *call, const pg_uuid_t *id)
{
	return cb_jobs_repeat(id, call->request.names.account, CB_JOB_PLAIN);
}

static Jsonb *
repeat_polled(CbRouteCall *call, const pg_uuid_t *id)
{
	return cb_jobs_repeat(id, call->request.names.account, CB_JOB_POLLED);
}

/* The product's body, and a mode, for files that are not of learners. */
static void
take_order(Jsonb *body, CbJobUrl *ask)
{
	JsonbValue	value;
	int			nseen = 0;

	if (!JB_ROOT_IS_OBJECT(body))
		refuse_body();
	ask->url = text_member(body, "url", &nseen);
	if (ask->url == NULL)
		refuse_body();
	ask->order.mode = text_member(body, "mode", &nseen);
	ask->order.max_missing_percent = -1;
	if (member(body, "dryRun", &value, &nseen))
	{
		if (value.type != jbvBool)
			refuse_body();
		ask->dry_run = value.val.boolean;
	}
	ask->options = take_options(body, &nseen);
	if (nseen != (int) JB_ROOT_COUNT(body))
		refuse_body();
}

/* Under our names, to be checked by the mode; NULL: none was sent. */
static Jsonb *
take_options(Jsonb *body, int *nseen)
{
	const char *keys[lengthof(options)];
	JsonbValue	values[lengthof(options)];
	CbJson	   *json;
	int			n = 0;

	for (size_t i = 0; i < lengthof(options); i++)
	{
		if (member(body, options[i].sent, &values[n], nseen))
			keys[n++] = options[i].option;
	}
	if (n == 0)
		return NULL;
	json = cb_json_create(512);
	cb_json_object(json, keys, n);
	for (int i = 0; i < n; i++)
		cb_json_value(json, &values[i]);
	return cb_json_finish(json);
}

/* False when it is missing or null; one that is there is counted. */
static bool
member(Jsonb *body, const char *name, JsonbValue *value, int *nseen)
{
	if (getKeyJsonValueFromContainer(&body->root, name, (int) strlen(name),
									 value) == NULL)
		return false;
	(*nseen)++;
	return value->type != jbvNull;
}

static char *
text_member(Jsonb *body, const char *name, int *nseen)
{
	JsonbValue	value;

	if (!member(body, name, &value, nseen))
		return NULL;
	if (value.type != jbvString)
		refuse_body();
	return pnstrdup(value.val.string.val, value.val.string.len);
}

static void
refuse_body(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid body of a request for an import"),
			 errhint("GET /openapi.json says what it has.")));
}
