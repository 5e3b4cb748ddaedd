/*-------------------------------------------------------------------------
 *
 * jobs.c
 *		The SQL-callable functions of jobs.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/uuid.h"

#include "api/arguments.h"
#include "canopy_bulk.h"
#include "db/guard.h"
#include "flow/jobs.h"

PG_FUNCTION_INFO_V1(cb_import_submit);
PG_FUNCTION_INFO_V1(cb_job);
PG_FUNCTION_INFO_V1(cb_jobs);
PG_FUNCTION_INFO_V1(cb_job_cancel);
PG_FUNCTION_INFO_V1(cb_job_repeat);
PG_FUNCTION_INFO_V1(cb_resume);

static Datum answer_job(FunctionCallInfo fcinfo,
						Jsonb *(*get) (const pg_uuid_t *id, const char *account,
									   CbJobForm form));

/* canopy_bulk_import_submit(id, digest, account) */
Datum
cb_import_submit(PG_FUNCTION_ARGS)
{
	CbGuard		guard;
	bytea	   *digest;
	Jsonb	   *answer;

	cb_guard_push(&guard);
	cb_argument_require(fcinfo, 0, "id");
	digest = PG_ARGISNULL(1) ? NULL : PG_GETARG_BYTEA_PP(1);
	answer = cb_jobs_submit(PG_GETARG_UUID_P(0),
							digest == NULL ? NULL : (const uint8 *) VARDATA_ANY(digest),
							digest == NULL ? 0 : VARSIZE_ANY_EXHDR(digest),
							cb_argument_text(fcinfo, 2));
	cb_guard_pop(&guard);
	PG_RETURN_JSONB_P(answer);
}

/* canopy_bulk_job(id, account) */
Datum
cb_job(PG_FUNCTION_ARGS)
{
	return answer_job(fcinfo, cb_jobs_info);
}

/* canopy_bulk_job_cancel(id, account) */
Datum
cb_job_cancel(PG_FUNCTION_ARGS)
{
	return answer_job(fcinfo, cb_jobs_cancel);
}

/* canopy_bulk_job_repeat(id, account) */
Datum
cb_job_repeat(PG_FUNCTION_ARGS)
{
	return answer_job(fcinfo, cb_jobs_repeat);
}

/* canopy_bulk_jobs(status, page, take, account) */
Datum
cb_jobs(PG_FUNCTION_ARGS)
{
	CbGuard		guard;
	CbPage		page = {1, CB_PAGE_TAKE};
	Jsonb	   *answer;

	cb_guard_push(&guard);
	if (!PG_ARGISNULL(1))
		page.page = PG_GETARG_INT32(1);
	if (!PG_ARGISNULL(2))
		page.take = PG_GETARG_INT32(2);
	answer = cb_jobs_list(cb_argument_text(fcinfo, 0), &page,
						  cb_argument_text(fcinfo, 3));
	cb_guard_pop(&guard);
	PG_RETURN_JSONB_P(answer);
}

/* canopy_bulk_resume(account) */
Datum
cb_resume(PG_FUNCTION_ARGS)
{
	CbGuard		guard;
	int			nstarted;

	cb_guard_push(&guard);
	nstarted = cb_jobs_resume(cb_argument_text(fcinfo, 0));
	cb_guard_pop(&guard);
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
