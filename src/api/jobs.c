/*-------------------------------------------------------------------------
 *
 * jobs.c
 *		The SQL-callable functions of jobs.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "utils/array.h"
#include "utils/uuid.h"

#include "api/arguments.h"
#include "canopy_bulk.h"
#include "db/guard.h"
#include "db/envelope.h"
#include "flow/job_url.h"
#include "flow/jobs.h"
#include "record/idempotency.h"

/* Arguments of canopy_bulk_import_url that are no array of ids. */
#define INVITE_MESSAGE	1
#define CLIENT_ID		6
#define ROLE			7

static Datum answer_job(FunctionCallInfo fcinfo,
						Jsonb *(*get) (const pg_uuid_t *id, const char *account,
									   CbJobForm form));
static Jsonb *take_options(FunctionCallInfo fcinfo);
static bool is_given(FunctionCallInfo fcinfo, int i);
static void write_option(CbJson *json, FunctionCallInfo fcinfo, int i);

/* canopy_bulk_import_submit(id, digest, account) */
CB_FUNCTION(canopy_bulk_import_submit)
{
	bytea	   *digest;
	Jsonb	   *answer;

	cb_argument_require(fcinfo, 0, "id");
	digest = PG_ARGISNULL(1) ? NULL : PG_GETARG_BYTEA_PP(1);
	answer = cb_jobs_submit(PG_GETARG_UUID_P(0),
							digest == NULL ? NULL : (const uint8 *) VARDATA_ANY(digest),
							digest == NULL ? 0 : VARSIZE_ANY_EXHDR(digest),
							cb_argument_text(fcinfo, 2));
	PG_RETURN_JSONB_P(answer);
}

/* canopy_bulk_job(id, account) */
CB_FUNCTION(canopy_bulk_job)
{
	return answer_job(fcinfo, cb_jobs_info);
}

/* canopy_bulk_job_cancel(id, account) */
CB_FUNCTION(canopy_bulk_job_cancel)
{
	return answer_job(fcinfo, cb_jobs_cancel);
}

/* canopy_bulk_job_repeat(id, account) */
CB_FUNCTION(canopy_bulk_job_repeat)
{
	return answer_job(fcinfo, cb_jobs_repeat);
}

/* canopy_bulk_jobs(status, page, take, account) */
CB_FUNCTION(canopy_bulk_jobs)
{
	CbPage		page = {1, CB_PAGE_TAKE};
	Jsonb	   *answer;

	if (!PG_ARGISNULL(1))
		page.page = PG_GETARG_INT32(1);
	if (!PG_ARGISNULL(2))
		page.take = PG_GETARG_INT32(2);
	answer = cb_jobs_list(cb_argument_text(fcinfo, 0), &page,
						  cb_argument_text(fcinfo, 3));
	PG_RETURN_JSONB_P(answer);
}

/* canopy_bulk_resume(account) */
CB_FUNCTION(canopy_bulk_resume)
{
	int			nstarted;

	nstarted = cb_jobs_resume(cb_argument_text(fcinfo, 0));
	PG_RETURN_INT32(nstarted);
}

/* Arguments: id, account. */
static Datum
answer_job(FunctionCallInfo fcinfo,
		   Jsonb *(*get) (const pg_uuid_t *id, const char *account,
						  CbJobForm form))
{
	CbGuard		guard;
	Jsonb	   *answer;

	cb_guard_push(&guard);
	cb_argument_require(fcinfo, 0, "id");
	answer = get(PG_GETARG_UUID_P(0), cb_argument_text(fcinfo, 1), CB_JOB_PLAIN);
	cb_guard_pop(&guard);
	PG_RETURN_JSONB_P(answer);
}

/*
 * canopy_bulk_import_url(url, invite_message, bundle_ids, course_ids,
 * learning_path_ids, license_ids, client_id, role, dry_run, mode, on_conflict, ...)
 */
CB_FUNCTION(canopy_bulk_import_url)
{
	CbJobUrl	ask = {0};
	CbAnswer	answer = {NULL, CB_STATUS_OK};

	cb_argument_require(fcinfo, 0, "url");
	ask.url = cb_argument_text(fcinfo, 0);
	ask.options = take_options(fcinfo);
	ask.dry_run = !PG_ARGISNULL(8) && PG_GETARG_BOOL(8);
	ask.order.mode = cb_argument_text(fcinfo, 9);
	ask.order.on_conflict = cb_argument_text(fcinfo, 10);
	ask.order.max_missing_percent = -1;
	ask.order.names.account = cb_argument_text(fcinfo, 11);
	ask.order.names.application = cb_argument_text(fcinfo, 12);
	ask.order.names.environment = cb_argument_text(fcinfo, 13);
	ask.idempotency_key = cb_idempotency_key(cb_argument_text(fcinfo, 14));
	answer.body = cb_job_url_ask(&ask, CB_JOB_CREATED, &answer.replayed);
	cb_respond(answer);
	PG_RETURN_JSONB_P(answer.body);
}

/* Of the mode, as far as they are given; in the order of keys in a jsonb object. */
static Jsonb *
take_options(FunctionCallInfo fcinfo)
{
	static const struct
	{
		const char *key;
		int			argument;
	}			options[] = {
		{"role", ROLE},
		{"client_id", CLIENT_ID},
		{"bundle_ids", 2},
		{"course_ids", 3},
		{"license_ids", 5},
		{"invite_message", INVITE_MESSAGE},
		{"learning_path_ids", 4}
	};
	const char *keys[lengthof(options)];
	int			arguments[lengthof(options)];
	int			n = 0;
	CbJson	   *json;

	for (size_t i = 0; i < lengthof(options); i++)
	{
		if (!is_given(fcinfo, options[i].argument))
			continue;
		keys[n] = options[i].key;
		arguments[n++] = options[i].argument;
	}
	if (n == 0)
		return NULL;
	json = cb_json_create(512);
	cb_json_object(json, keys, n);
	for (int i = 0; i < n; i++)
		write_option(json, fcinfo, arguments[i]);
	return cb_json_finish(json);
}

/* An empty list is none. */
static bool
is_given(FunctionCallInfo fcinfo, int i)
{
	if (PG_ARGISNULL(i))
		return false;
	return i == INVITE_MESSAGE || i == CLIENT_ID || i == ROLE ||
		ARR_NDIM(PG_GETARG_ARRAYTYPE_P(i)) > 0;
}

/* A text, a UUID or an array of UUIDs. */
static void
write_option(CbJson *json, FunctionCallInfo fcinfo, int i)
{
	Datum	   *ids;
	bool	   *nulls;
	int			n;

	if (i == INVITE_MESSAGE || i == ROLE)
		cb_json_cstring(json, cb_argument_text(fcinfo, i));
	else if (i == CLIENT_ID)
		cb_json_uuid(json, PG_GETARG_UUID_P(i));
	else
	{
		deconstruct_array(PG_GETARG_ARRAYTYPE_P(i), UUIDOID, UUID_LEN, false,
						  TYPALIGN_CHAR, &ids, &nulls, &n);
		cb_json_array(json, n);
		for (int k = 0; k < n; k++)
		{
			if (nulls[k])
				cb_json_null(json);
			else
				cb_json_uuid(json, DatumGetUUIDP(ids[k]));
		}
	}
}
