/*-------------------------------------------------------------------------
 *
 * job_file.c
 *		What a worker does with a file that it has fetched.
 *
 * The file becomes that of an import which was opened when the job was asked for.
 * From there on nothing needs the source any more.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "flow/import_preview.h"
#include "flow/import_upload.h"
#include "flow/job_run.h"

#define CHANGED_MESSAGE \
	"source_changed: the file is another one than when the job was interrupted. Ask for the import again."

static bool submit(CbJobRun *run);
static const char *tell_missing(const CbImport *import);

void
cb_job_run_pin(CbJobRun *run)
{
	CbJob	   *job = &run->job;
	CbJobFile  *file = &run->file;
	CbCaller	caller;
	MemoryContext context = CurrentMemoryContext;

	if (job->has_sha256 &&
		memcmp(job->sha256, file->sha256, sizeof(job->sha256)) != 0)
	{
		cb_job_run_act(run);
		cb_wizard_cancel(&job->import, run->account);
		cb_job_run_finish(run, CB_JOB_FAILED, CHANGED_MESSAGE);
		return;
	}
	cb_caller_enter_unknown(&caller);
	MemoryContextSwitchTo(context);
	job->etag = file->etag == NULL ? NULL : pstrdup(file->etag);
	memcpy(job->sha256, file->sha256, sizeof(job->sha256));
	cb_job_run_check(run, cb_job_pin(job));
	job->has_sha256 = true;
	cb_caller_leave(&caller);
	MemoryContextSwitchTo(context);
}

void
cb_job_run_upload(CbJobRun *run)
{
	CbImportUpload upload = {0};

	if (run->cancelled)
	{
		cb_job_run_stop(run);
		return;
	}
	cb_job_run_act(run);
	upload.id = run->job.import;
	upload.account = run->account;
	upload.url_label = run->job.url_label;
	upload.source.bytes = run->file.bytes;
	upload.source.len = run->file.len;
	upload.source.encoding = run->file.charset;
	cb_wizard_upload(&upload);
	cb_job_run_confirm(run);
	if (!submit(run))
		cb_job_run_finish(run, CB_JOB_FAILED, run->message);
}

void
cb_job_run_rehearse(CbJobRun *run)
{
	if (run->cancelled)
	{
		cb_job_run_stop(run);
		return;
	}
	cb_job_run_act(run);
	cb_wizard_preview(&run->job.import, run->account);
	cb_job_run_confirm(run);
	cb_job_run_finish(run, CB_JOB_COMPLETE, NULL);
}

bool
cb_job_is_dry_run(const CbJob *job)
{
	JsonbValue	value;

	return getKeyJsonValueFromContainer(&job->parameters->root, "dry_run", 7,
										&value) != NULL &&
		value.type == jbvBool && value.val.boolean;
}

/*
 * Without a preview: nobody is there who would look at one, and what it finds
 * would be found again.  False when the import lacks a column.
 */
static bool
submit(CbJobRun *run)
{
	CbImportCall call;
	bool		is_mapped;

	cb_import_begin(&call, &run->job.import, run->account);
	cb_import_lock(&call);
	is_mapped = call.import->status == CB_IMPORT_MAPPED;
	if (!is_mapped)
		run->message = tell_missing(call.import);
	else if (!cb_job_is_dry_run(&run->job))
	{
		call.import->status = CB_IMPORT_RUNNING;
		call.import->role_name = run->job.role_name;
		cb_import_save_submission(call.import, call.now);
	}
	cb_job_run_check(run, cb_job_arrive(&run->job));
	cb_import_end(&call);
	return is_mapped;
}

/* Names of fields are ours; those of columns are not, and are not told. */
static const char *
tell_missing(const CbImport *import)
{
	const CbMappingField *missing[CB_MAPPING_FIELDS_MAX];
	int			n = cb_import_missing(import, missing);
	StringInfoData message;

	initStringInfo(&message);
	appendStringInfoString(&message, "columns_missing: no column of the file is");
	for (int i = 0; i < n; i++)
		appendStringInfo(&message, "%s %s", i > 0 ? "," : "", missing[i]->name);
	appendStringInfoString(&message, ". Map the columns of the import and submit it, or name them in the file and ask again.");
	return message.data;
}
