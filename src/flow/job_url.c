/*-------------------------------------------------------------------------
 *
 * job_url.c
 *		Asking for an import of a file behind a URL.
 *
 *		check the URL -> claim the key -> open the import -> queue -> store the answer
 *
 * All that can be wrong with the request but the file is found here, so that the
 * caller hears of it.  What it asked for is stored without the URL, whose query may
 * be a secret: the URL has a column of its own, which forgets it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/source.h"
#include "db/stored.h"
#include "db/uuid7.h"
#include "flow/job_queue.h"
#include "flow/job_run.h"
#include "flow/job_url.h"
#include "record/idempotency.h"

#define ACTION			"import.url"
#define DEFAULT_MODE	"learner"
#define DEFAULT_CONFLICT	"update"

static void check_url(const char *url);
static bool claim(const CbJobUrl *ask, const CbJob *job, CbIdempotency *once,
				  CbReplay *first);
static Jsonb *queue(const CbJobUrl *ask, CbJob *job, CbJobForm form,
					CbIdempotency *once);
static Jsonb *describe_parameters(const CbJobUrl *ask);
static pg_uuid_t id_of(Jsonb *opened);
static Jsonb *object_member(Jsonb *object, const char *name);
static char *text_member(Jsonb *object, const char *name);

Jsonb *
cb_job_url_ask(const CbJobUrl *ask, CbJobForm form, bool *replayed)
{
	CbJobUrl	whole = *ask;
	char		label[CB_FETCH_URL_MAX + 1];
	CbJob		job;
	CbIdempotency once;
	CbReplay	first = {NULL, 0};

	memset(&job, 0, sizeof(job));
	check_url(ask->url);
	cb_fetch_shown_url(ask->url, label);
	if (whole.order.mode == NULL)
		whole.order.mode = DEFAULT_MODE;
	whole.order.options = ask->options;
	if (whole.order.on_conflict == NULL)
		whole.order.on_conflict = DEFAULT_CONFLICT;
	job.kind = CB_JOB_IMPORT_URL;
	job.url = unconstify(char *, ask->url);
	job.url_label = pstrdup(label);
	job.repeatable = strchr(ask->url, '?') == NULL;
	job.parameters = describe_parameters(&whole);

	*replayed = ask->idempotency_key != NULL &&
		!claim(&whole, &job, &once, &first);
	if (*replayed && first.answer == NULL)
		cb_stored_refuse("idempotency_key.answer");
	if (*replayed)
		return first.answer;
	job.import = id_of(cb_wizard_open(&whole.order));
	job.has_import = true;
	return queue(&whole, &job, form, &once);
}

Jsonb *
cb_job_url_repeat(const CbJob *job, bool is_bound, CbJobForm form)
{
	CbJobUrl	ask = {0};
	bool		replayed;
	char	   *account = palloc(CB_UUID_TEXT_LEN + 1);
	char	   *application = palloc0(CB_UUID_TEXT_LEN + 1);
	char	   *environment = palloc0(CB_UUID_TEXT_LEN + 1);

	cb_uuid_format(&job->account, account);
	if (job->has_application)
		cb_uuid_format(&job->application, application);
	if (job->has_environment)
		cb_uuid_format(&job->environment, environment);
	ask.url = job->url;
	ask.dry_run = cb_job_is_dry_run(job);
	ask.order.mode = text_member(job->parameters, "mode");
	ask.order.on_conflict = text_member(job->parameters, "on_conflict");
	ask.order.max_missing_percent = -1;
	ask.order.is_bound = is_bound;
	ask.options = object_member(job->parameters, "options");
	ask.order.names.account = account;
	ask.order.names.application = application;
	ask.order.names.environment = environment;
	return cb_job_url_ask(&ask, form, &replayed);
}

static void
check_url(const char *url)
{
	CbSource   *source = cb_source_read();
	CbFetchProblem problem = cb_fetch_check(url, source->hosts);
	const CbFetchProblemText *words = cb_fetch_problem_text(problem);

	if (problem != CB_FETCH_OK)
		ereport(ERROR,
				(errcode(problem == CB_FETCH_URL_INVALID ||
						 problem == CB_FETCH_URL_CREDENTIALS ?
						 ERRCODE_INVALID_PARAMETER_VALUE :
						 ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("%s", words->message),
				 errhint("%s", words->help)));
}

/*
 * A signed URL is another one each time, and still the same request: its query
 * does not count.
 */
static bool
claim(const CbJobUrl *ask, const CbJob *job, CbIdempotency *once,
	  CbReplay *first)
{
	static const char *const keys[] = {"url", "parameters"};
	MemoryContext context = CurrentMemoryContext;
	CbJson	   *json = cb_json_create(1024);
	CbCaller	caller;
	CbScope		scope;
	bool		is_first;

	cb_json_object(json, keys, lengthof(keys));
	cb_json_cstring(json, job->url_label);
	cb_json_container(json, &job->parameters->root,
					  VARSIZE(job->parameters) - VARHDRSZ);
	cb_caller_enter(&caller);
	MemoryContextSwitchTo(context);
	cb_scope_resolve(&scope, &caller, &ask->order.names);
	cb_idempotency_begin(once, ask->idempotency_key, ACTION, &scope,
						 GetCurrentTimestamp());
	cb_idempotency_fingerprint(once, cb_json_finish(json));
	is_first = cb_idempotency_claim(once, first);
	cb_caller_leave(&caller);
	MemoryContextSwitchTo(context);
	return is_first;
}

static Jsonb *
queue(const CbJobUrl *ask, CbJob *job, CbJobForm form, CbIdempotency *once)
{
	CbImportCall call;
	Jsonb	   *answer;

	cb_import_begin(&call, &job->import, ask->order.names.account);
	cb_job_queue_add(job, &call.caller, &call.scope, call.now);
	answer = cb_jobs_describe(job, form);
	if (ask->idempotency_key != NULL)
	{
		CbReplay	replay = {answer, 200};

		cb_idempotency_store(once, &replay);
	}
	cb_import_end(&call);
	return answer;
}

static Jsonb *
describe_parameters(const CbJobUrl *ask)
{
	static const char *const keys[] = {"mode", "dry_run", "options", "on_conflict"};
	CbJson	   *json = cb_json_create(1024);

	cb_json_object(json, keys, lengthof(keys));
	cb_json_cstring(json, ask->order.mode);
	cb_json_bool(json, ask->dry_run);
	if (ask->options == NULL)
		cb_json_object(json, NULL, 0);
	else
		cb_json_container(json, &ask->options->root,
						  VARSIZE(ask->options) - VARHDRSZ);
	cb_json_cstring(json, ask->order.on_conflict);
	return cb_json_finish(json);
}

static pg_uuid_t
id_of(Jsonb *opened)
{
	char	   *text = text_member(opened, "id");
	pg_uuid_t	id;

	if (text == NULL || !cb_uuid_parse(text, strlen(text), &id))
		elog(ERROR, "an import has no id");
	return id;
}

/* NULL when it is not there, or empty. */
static Jsonb *
object_member(Jsonb *object, const char *name)
{
	JsonbValue	value;

	if (getKeyJsonValueFromContainer(&object->root, name, (int) strlen(name),
									 &value) == NULL ||
		value.type != jbvBinary || JsonContainerSize(value.val.binary.data) == 0)
		return NULL;
	return JsonbValueToJsonb(&value);
}

/* NULL when it is not there. */
static char *
text_member(Jsonb *object, const char *name)
{
	JsonbValue	value;

	if (getKeyJsonValueFromContainer(&object->root, name, (int) strlen(name),
									 &value) == NULL ||
		value.type != jbvString)
		return NULL;
	return pnstrdup(value.val.string.val, value.val.string.len);
}
