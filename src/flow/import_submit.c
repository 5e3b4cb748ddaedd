/*-------------------------------------------------------------------------
 *
 * import_submit.c
 *		Decides that an import runs, or that it shall not run on.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"

#include "canopy_bulk.h"
#include "flow/import_end.h"
#include "flow/import_preview.h"
#include "flow/import_run.h"
#include "flow/import_sync.h"

#define DRIFT_NAMED		20		/* row numbers in an error's detail */
#define BEFORE_THE_END \
	(CB_IMPORT_BEFORE_SUBMIT | CB_IMPORT_IN(CB_IMPORT_RUNNING) | \
	 CB_IMPORT_IN(CB_IMPORT_FAILED) | CB_IMPORT_IN(CB_IMPORT_CANCELLED))

static void submit(CbImportCall *call);
static void forget_file(const CbImport *import);
static void check_digest(CbImportCall *call, const uint8 *digest, Size len);
static void refuse_drift(const CbImportCall *call);
static int	count_drift(const CbImportCall *call,
						const CbImportRehearsal *rehearsal, StringInfo numbers);
static bool fares_otherwise(const CbImportRow *row,
							const CbImportFinding *finding);

void
cb_import_run_submit(const pg_uuid_t *id, const char *account,
					 const uint8 *digest, Size digest_len)
{
	CbImportCall call;

	cb_import_begin(&call, id, account);
	if (call.import->status != CB_IMPORT_RUNNING &&
		call.import->status != CB_IMPORT_FAILED)
	{
		cb_import_require(call.import, CB_IMPORT_IN(CB_IMPORT_PREVIEWED),
						  "Preview it with canopy_bulk_import_preview() first; what has ended does not run again.");
		cb_import_lock(&call);
		if (digest != NULL)
			check_digest(&call, digest, digest_len);
		cb_import_sync_check(&call);
		submit(&call);
	}
	else if (call.is_bound_caller)
		cb_import_hold(&call);
	cb_import_end(&call);
}

Jsonb *
cb_wizard_cancel(const pg_uuid_t *id, const char *account)
{
	CbImportCall call;
	Jsonb	   *answer;
	bool		was_submitted;

	cb_import_begin(&call, id, account);
	cb_import_hold(&call);
	cb_import_require(call.import, BEFORE_THE_END,
					  "What has been written can be undone.");
	was_submitted = (CB_IMPORT_IN(call.import->status) & CB_IMPORT_BEFORE_SUBMIT) == 0;
	if (!was_submitted)
		submit(&call);
	if (cb_import_take(call.import, call.now, call.now + CB_IMPORT_LEASE))
	{
		cb_import_end_run(&call);
		if (!was_submitted)
			forget_file(call.import);
		cb_import_notify(call.import);
	}
	else
		cb_import_ask_cancel(call.import, call.now);
	answer = cb_import_describe(cb_import_read(&call.scope.account, id, false));
	cb_import_end(&call);
	return answer;
}

/*
 * An upload that is called off leaves nothing of the file but counts; one that was
 * submitted keeps its cells, for the file of what is left to do.
 */
static void
forget_file(const CbImport *import)
{
	if (!import->uploaded_at.given)
		return;
	cb_import_rows_forget(import);
	cb_import_forget_file(import);
}

static void
submit(CbImportCall *call)
{
	call->import->status = CB_IMPORT_RUNNING;
	call->import->role_name = GetUserNameFromId(call->caller.outside.role, false);
	cb_import_save_submission(call->import, call->now);
}

static void
check_digest(CbImportCall *call, const uint8 *digest, Size len)
{
	if (!call->import->has_digest || len != sizeof(call->import->digest) ||
		memcmp(call->import->digest, digest, len) != 0)
		ereport(ERROR,
				(errcode(CB_ERRCODE_CONFLICT),
				 errmsg("the import is not the one that was previewed"),
				 errhint("Its mapping, options or selection have changed: preview it again.")));
	refuse_drift(call);
}

/* Rows that would now fare otherwise than in the preview. */
static void
refuse_drift(const CbImportCall *call)
{
	CbImportRehearsal rehearsal;
	StringInfoData numbers;
	int			n;

	cb_import_rehearse(call, &rehearsal);
	initStringInfo(&numbers);
	n = count_drift(call, &rehearsal, &numbers);
	if (n > 0)
		ereport(ERROR,
				(errcode(CB_ERRCODE_CONFLICT),
				 errmsg("the directory has changed since the preview"),
				 errdetail_plural("%d row would fare otherwise now: %s%s.",
								  "%d rows would fare otherwise now: %s%s.", n,
								  n, numbers.data,
								  n > DRIFT_NAMED ? ", and more" : ""),
				 errhint("Preview it again.")));
}

static int
count_drift(const CbImportCall *call, const CbImportRehearsal *rehearsal,
			StringInfo numbers)
{
	CbImportRow *rows;
	int			nrows = cb_import_rows_read(call->import, 1,
											call->import->row_count, &rows);
	int			at = 0;
	int			n = 0;

	for (int i = 0; i < nrows; i++)
	{
		const CbImportRow *row = &rows[i];

		while (at < rehearsal->n && rehearsal->findings[at].number < row->number)
			at++;
		if (at == rehearsal->n || rehearsal->findings[at].number > row->number)
			continue;
		if (!fares_otherwise(row, &rehearsal->findings[at]))
			continue;
		if (n++ < DRIFT_NAMED)
			appendStringInfo(numbers, "%s%d", n > 1 ? ", " : "", row->number);
	}
	return n;
}

static bool
fares_otherwise(const CbImportRow *row, const CbImportFinding *finding)
{
	if (row->verdict == NULL || strcmp(finding->verdict, row->verdict) != 0 ||
		(finding->plan == NULL) != (row->plan == NULL))
		return true;
	return row->plan != NULL && strcmp(finding->plan, row->plan) != 0;
}
