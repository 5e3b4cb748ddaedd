/*-------------------------------------------------------------------------
 *
 * job_view.c
 *		A job as JSON.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "db/json.h"
#include "flow/job_run.h"
#include "flow/jobs.h"

static void write_plain(CbJson *json, const CbJob *job);
static void write_product(CbJson *json, const CbJob *job);
static const char *describe(const CbJob *job);
static void write_import(CbJson *json, const CbJob *job);

Jsonb *
cb_jobs_describe(const CbJob *job, CbJobForm form)
{
	static const char *const data[] = {"data"};
	static const char *const created[] = {"APIBulkImport"};
	static const char *const polled[] = {"APIBackgroundJob"};
	CbJson	   *json = cb_json_create(1024);

	if (form == CB_JOB_PLAIN)
		write_plain(json, job);
	else
	{
		cb_json_object(json, data, lengthof(data));
		cb_json_object(json, form == CB_JOB_CREATED ? created : polled, 1);
		write_product(json, job);
	}
	return cb_json_finish(json);
}

static void
write_plain(CbJson *json, const CbJob *job)
{
	static CbJsonShape keys = {13, {"id", "type", "status", "attempt",
			"import_id", "created_at", "parameters", "repeatable", "started_at",
	"description", "finished_at", "error_message", "fetched_bytes"}};

	cb_json_shape(json, &keys);
	cb_json_uuid(json, &job->id);
	cb_json_cstring(json, cb_job_kind_name(job->kind));
	cb_json_cstring(json, cb_job_status_name(job->status));
	cb_json_int(json, job->attempt);
	write_import(json, job);
	cb_json_time(json, &job->created_at);
	cb_json_container(json, &job->parameters->root,
					  VARSIZE(job->parameters) - VARHDRSZ);
	cb_json_bool(json, job->repeatable);
	cb_json_time(json, &job->started_at);
	cb_json_cstring(json, describe(job));
	cb_json_time(json, &job->finished_at);
	cb_json_cstring(json, job->error_message);
	if (job->fetched_bytes < 0)
		cb_json_null(json);
	else
		cb_json_int(json, job->fetched_bytes);
}

/* The product's seven fields, and where the rows are to be found. */
static void
write_product(CbJson *json, const CbJob *job)
{
	static CbJsonShape keys = {8, {"id", "type", "status", "importId", "createdAt",
	"repeatable", "description", "errorMessage"}};

	cb_json_shape(json, &keys);
	cb_json_uuid(json, &job->id);
	cb_json_cstring(json, cb_job_kind_name(job->kind));
	cb_json_cstring(json, cb_job_status_name(job->status));
	write_import(json, job);
	cb_json_time(json, &job->created_at);
	cb_json_bool(json, job->repeatable);
	cb_json_cstring(json, describe(job));
	cb_json_cstring(json, job->error_message == NULL ? "" : job->error_message);
}

static const char *
describe(const CbJob *job)
{
	if (job->kind == CB_JOB_IMPORT)
		return "Import of an uploaded file";
	return psprintf("%s from %s", cb_job_is_dry_run(job) ? "Dry run of an import" : "Import",
					job->url_label == NULL ? "a URL" : job->url_label);
}

static void
write_import(CbJson *json, const CbJob *job)
{
	if (job->has_import)
		cb_json_uuid(json, &job->import);
	else
		cb_json_null(json);
}
