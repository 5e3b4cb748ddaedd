/*-------------------------------------------------------------------------
 *
 * job.c
 *		The row of canopy.job.
 *
 * A worker that has taken a job has its number, attempt, in the row, and every
 * statement that reports what it did asks for that number.  A worker that was
 * thought dead and is not finds another number there, and undoes its step.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/process.h"
#include "db/statement.h"
#include "db/stored.h"
#include "record/job.h"

#define EQ " OPERATOR(pg_catalog.=) "
#define THIS_JOB " WHERE account_id" EQ "$1 AND id" EQ "$2"
#define STILL_OURS \
	THIS_JOB " AND attempt" EQ "$3" \
	" AND status" EQ "ANY ('{fetching,running}'::pg_catalog.text[])"
#define ACTIVE \
	"status" EQ "ANY ('{queued,fetching,running}'::pg_catalog.text[])"

/* A URL without a query has no secret; one with a query is not kept. */
#define KEPT_URL \
	"CASE WHEN repeatable THEN source_url END"

/*
 * Parameters: account, id, kind, import, parameters, repeatable, actor_id,
 * actor_type, role_name, caller_role, url, label, time, application, environment, tier.
 */
static CbStatement insert_job = {
	"INSERT INTO canopy.job (account_id, id, kind, import_id, parameters,"
	" repeatable, actor_id, actor_type, role_name, caller_role, source_url,"
	" source_label, created_at, application_id, environment_id, held_to)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
	16, {UUIDOID, UUIDOID, TEXTOID, UUIDOID, JSONBOID, BOOLOID, TEXTOID, TEXTOID,
	TEXTOID, TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID, UUIDOID, UUIDOID, TEXTOID},
	SPI_OK_INSERT
};

#define COLUMNS \
	"account_id, id, kind, status, import_id, parameters, repeatable, attempt," \
	" futile_count, holder, cancel_requested_at IS NOT NULL, actor_id," \
	" actor_type, role_name, caller_role, error_message, source_url," \
	" source_label, source_etag, source_sha256, fetched_bytes, lease_until," \
	" created_at, started_at, finished_at, application_id, environment_id, held_to"
#define RESULT \
	"account_id uuid, id uuid, kind text, status text, import_id uuid?," \
	" parameters jsonb, repeatable bool, attempt int4, futile_count int4," \
	" holder text?, is_cancelled bool, actor_id text?, actor_type text?," \
	" role_name text, caller_role text, error_message text?," \
	" source_url text?, source_label text?, source_etag text?," \
	" source_sha256 bytea?, fetched_bytes int8?, lease_until timestamptz?," \
	" created_at timestamptz, started_at timestamptz?," \
	" finished_at timestamptz?, application_id uuid?, environment_id uuid?," \
	" held_to text"

/* Parameters: account, id. */
static CbStatement find_job = {
	"SELECT " COLUMNS " FROM canopy.job" THIS_JOB,
	2, {UUIDOID, UUIDOID}, SPI_OK_SELECT,
	.returns = RESULT
};

static CbStatement lock_job = {
	"SELECT " COLUMNS " FROM canopy.job" THIS_JOB " FOR UPDATE SKIP LOCKED",
	2, {UUIDOID, UUIDOID}, SPI_OK_SELECT,
	.returns = RESULT
};

/*
 * Parameters: account; status, import, application and environment, each or null;
 * how many, and how many to leave out.
 */
#define CHOSEN \
	" WHERE account_id" EQ "$1 AND ($2 IS NULL OR status" EQ "$2)" \
	" AND ($3 IS NULL OR import_id" EQ "$3)" \
	" AND ($4 IS NULL OR application_id" EQ "$4)" \
	" AND ($5 IS NULL OR environment_id" EQ "$5)"

static CbStatement list_jobs = {
	"SELECT " COLUMNS " FROM canopy.job" CHOSEN
	" ORDER BY created_at DESC, id DESC LIMIT $6 OFFSET $7",
	7, {UUIDOID, TEXTOID, UUIDOID, UUIDOID, UUIDOID, INT8OID, INT8OID}, SPI_OK_SELECT,
	.returns = RESULT
};

static CbStatement list_active_jobs = {
	"SELECT " COLUMNS " FROM canopy.job" CHOSEN " AND " ACTIVE
	" ORDER BY created_at, id LIMIT $6 OFFSET $7",
	7, {UUIDOID, TEXTOID, UUIDOID, UUIDOID, UUIDOID, INT8OID, INT8OID}, SPI_OK_SELECT,
	true,.returns = RESULT
};

/* Parameters: account. */
static CbStatement count_queued = {
	"SELECT pg_catalog.count(*) FROM canopy.job WHERE account_id" EQ "$1"
	" AND status" EQ "'queued'",
	1, {UUIDOID}, SPI_OK_SELECT, true,
	.returns = "n int8"
};

static CbStatement find_accounts = {
	"SELECT DISTINCT account_id FROM canopy.job WHERE " ACTIVE
	" ORDER BY account_id",
	0, {0}, SPI_OK_SELECT, true,.returns = "account_id uuid"
};

static CbStatement count_jobs = {
	"SELECT pg_catalog.count(*) FROM canopy.job" CHOSEN,
	5, {UUIDOID, TEXTOID, UUIDOID, UUIDOID, UUIDOID}, SPI_OK_SELECT,
	.returns = "n int8"
};

/* Parameters: account, id, time, end of the lease, holder, status. */
static CbStatement take_job = {
	"UPDATE canopy.job SET attempt = attempt OPERATOR(pg_catalog.+) 1,"
	" futile_count = futile_count OPERATOR(pg_catalog.+) 1,"
	" heartbeat_at = $3, lease_until = $4, holder = $5, status = $6,"
	" started_at = coalesce(started_at, $3)" THIS_JOB
	" RETURNING attempt",
	6, {UUIDOID, UUIDOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID, TEXTOID},
	SPI_OK_UPDATE_RETURNING,
	.returns = "attempt int4"
};

/*
 * Parameters: account, id, attempt, time, end of the lease, status, bytes or
 * null, whether it got further.
 */
static CbStatement beat_job = {
	"UPDATE canopy.job SET heartbeat_at = $4, lease_until = $5, status = $6,"
	" fetched_bytes = coalesce($7, fetched_bytes),"
	" futile_count = CASE WHEN $8 THEN 0 ELSE futile_count END" STILL_OURS
	" RETURNING cancel_requested_at IS NOT NULL",
	8, {UUIDOID, UUIDOID, INT4OID, TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID,
	INT8OID, BOOLOID}, SPI_OK_UPDATE_RETURNING,
	.returns = "is_cancelled bool"
};

/* Parameters: account, id, attempt, etag, sha256. */
static CbStatement pin_job = {
	"UPDATE canopy.job SET source_etag = $4, source_sha256 = $5" STILL_OURS,
	5, {UUIDOID, UUIDOID, INT4OID, TEXTOID, BYTEAOID}, SPI_OK_UPDATE
};

/* Parameters: account, id, attempt. */
static CbStatement arrive_job = {
	"UPDATE canopy.job SET status = 'running', source_url = " KEPT_URL STILL_OURS,
	3, {UUIDOID, UUIDOID, INT4OID}, SPI_OK_UPDATE
};

/* Parameters: account, id, attempt, time, status, error_message. */
static CbStatement finish_job = {
	"UPDATE canopy.job SET status = $5, error_message = $6, finished_at = $4,"
	" lease_until = NULL, source_url = " KEPT_URL
	THIS_JOB " AND attempt" EQ "$3 AND " ACTIVE,
	6, {UUIDOID, UUIDOID, INT4OID, TIMESTAMPTZOID, TEXTOID, TEXTOID},
	SPI_OK_UPDATE
};

/* Parameters: account, id, time. */
static CbStatement ask_cancel = {
	"UPDATE canopy.job"
	" SET cancel_requested_at = coalesce(cancel_requested_at, $3)" THIS_JOB,
	3, {UUIDOID, UUIDOID, TIMESTAMPTZOID}, SPI_OK_UPDATE
};

static const char *const kind_names[] = {
	[CB_JOB_IMPORT] = "import",
	[CB_JOB_IMPORT_URL] = "import_url"
};

static const char *const status_names[] = {
	[CB_JOB_QUEUED] = "queued",
	[CB_JOB_FETCHING] = "fetching",
	[CB_JOB_RUNNING] = "running",
	[CB_JOB_COMPLETE] = "complete",
	[CB_JOB_FAILED] = "failed",
	[CB_JOB_CANCELLED] = "cancelled"
};

static const char *const tier_names[] = {
	[CB_JOB_ACCOUNT] = "account",
	[CB_JOB_APPLICATION] = "application",
	[CB_JOB_ENVIRONMENT] = "environment"
};

/* Jobs on their way out of a statement. */
typedef struct Reading
{
	CbJob	   *jobs;
	int			n;
	int			room;
	MemoryContext context;
} Reading;

static void begin_values(const CbJob *job, Datum *values, char *nulls, int n);
static void begin_choice(const pg_uuid_t *account, const CbJobChoice *choice,
						 Datum *values, char *nulls);
static void set_text(Datum *values, char *nulls, int i, const char *text);
static void refuse_lost(void) pg_attribute_noreturn();
static void read_job(void *arg, const Datum *values, const bool *nulls);
static void read_source(CbJob *job, const Datum *values, const bool *nulls);
static bool copy_uuid(pg_uuid_t *uuid, const Datum *values, const bool *nulls,
					  int i);
static char *copy_text(const Datum *values, const bool *nulls, int i);

const char *
cb_job_status_name(CbJobStatus status)
{
	return status_names[status];
}

const char *
cb_job_kind_name(CbJobKind kind)
{
	return kind_names[kind];
}

bool
cb_job_is_held(const CbJob *job, TimestampTz now)
{
	return (job->status == CB_JOB_FETCHING || job->status == CB_JOB_RUNNING) &&
		job->lease_until.given && job->lease_until.at > now &&
		!(job->holder != NULL && cb_process_is_gone(job->holder));
}

void
cb_job_insert(const CbJob *job, TimestampTz now)
{
	Datum		values[16];
	char		nulls[16];

	begin_values(job, values, nulls, lengthof(values));
	set_text(values, nulls, 2, kind_names[job->kind]);
	values[3] = UUIDPGetDatum(&job->import);
	nulls[3] = job->has_import ? ' ' : 'n';
	values[4] = JsonbPGetDatum(job->parameters);
	values[5] = BoolGetDatum(job->repeatable);
	set_text(values, nulls, 6, job->actor_id);
	set_text(values, nulls, 7, job->actor_type);
	set_text(values, nulls, 8, job->role_name);
	set_text(values, nulls, 9, job->caller_role);
	set_text(values, nulls, 10, job->url);
	set_text(values, nulls, 11, job->url_label);
	values[12] = TimestampTzGetDatum(now);
	values[13] = UUIDPGetDatum(&job->application);
	nulls[13] = job->has_application ? ' ' : 'n';
	values[14] = UUIDPGetDatum(&job->environment);
	nulls[14] = job->has_environment ? ' ' : 'n';
	set_text(values, nulls, 15, tier_names[job->held_to]);
	if (cb_statement_run(&insert_job, values, nulls) != 1)
		refuse_lost();
}

CbJob *
cb_job_find(const pg_uuid_t *account, const pg_uuid_t *id, bool lock)
{
	Reading		reading = {NULL, 0, 0, CurrentMemoryContext};
	Datum		values[2];

	values[0] = UUIDPGetDatum(account);
	values[1] = UUIDPGetDatum(id);
	cb_statement_stream(lock ? &lock_job : &find_job, values, NULL, false,
						read_job, &reading);
	return reading.jobs;
}

int
cb_job_list(const pg_uuid_t *account, const CbJobChoice *choice, CbJob **jobs)
{
	Reading		reading = {NULL, 0, 0, CurrentMemoryContext};
	Datum		values[7];
	char		nulls[7];

	begin_choice(account, choice, values, nulls);
	values[5] = Int64GetDatum(choice->take);
	values[6] = Int64GetDatum(choice->skip);
	nulls[5] = nulls[6] = ' ';
	cb_statement_stream(choice->active ? &list_active_jobs : &list_jobs, values,
						nulls, false, read_job, &reading);
	*jobs = reading.jobs;
	return reading.n;
}

int64
cb_job_count(const pg_uuid_t *account, const CbJobChoice *choice)
{
	Datum		values[5];
	char		nulls[5];
	bool		isnull;
	int64		count;

	begin_choice(account, choice, values, nulls);
	cb_statement_run(&count_jobs, values, nulls);
	count = DatumGetInt64(cb_statement_value(0, 1, &isnull));
	cb_statement_free();
	return count;
}

int64
cb_job_count_queued(const pg_uuid_t *account)
{
	Datum		values[1];
	bool		isnull;
	int64		count;

	values[0] = UUIDPGetDatum(account);
	cb_statement_run(&count_queued, values, NULL);
	count = DatumGetInt64(cb_statement_value(0, 1, &isnull));
	cb_statement_free();
	return count;
}

pg_uuid_t *
cb_job_accounts(int *n)
{
	pg_uuid_t  *accounts;
	bool		isnull;

	*n = (int) cb_statement_run(&find_accounts, NULL, NULL);
	accounts = palloc(sizeof(pg_uuid_t) * (*n + 1));
	for (int i = 0; i < *n; i++)
		accounts[i] = *DatumGetUUIDP(cb_statement_value(i, 1, &isnull));
	cb_statement_free();
	return accounts;
}

void
cb_job_take(CbJob *job, TimestampTz now)
{
	Datum		values[6];
	char		nulls[6];
	bool		isnull;

	job->holder = cb_process_name();
	begin_values(job, values, nulls, lengthof(values));
	values[2] = TimestampTzGetDatum(now);
	values[3] = TimestampTzGetDatum(now + CB_JOB_LEASE);
	set_text(values, nulls, 4, job->holder);
	set_text(values, nulls, 5, status_names[job->status]);
	if (cb_statement_run(&take_job, values, nulls) != 1)
		refuse_lost();
	job->attempt = DatumGetInt32(cb_statement_value(0, 1, &isnull));
	cb_statement_free();
}

bool
cb_job_beat(const CbJob *job, TimestampTz now, bool further, bool *cancelled)
{
	Datum		values[8];
	char		nulls[8];
	bool		isnull;
	bool		is_ours;

	begin_values(job, values, nulls, lengthof(values));
	values[2] = Int32GetDatum(job->attempt);
	values[3] = TimestampTzGetDatum(now);
	values[4] = TimestampTzGetDatum(now + CB_JOB_LEASE);
	set_text(values, nulls, 5, status_names[job->status]);
	values[6] = Int64GetDatum(job->fetched_bytes);
	nulls[6] = job->fetched_bytes < 0 ? 'n' : ' ';
	values[7] = BoolGetDatum(further);
	is_ours = cb_statement_run(&beat_job, values, nulls) == 1;
	if (is_ours)
		*cancelled = DatumGetBool(cb_statement_value(0, 1, &isnull));
	cb_statement_free();
	return is_ours;
}

bool
cb_job_pin(const CbJob *job)
{
	Datum		values[5];
	char		nulls[5];
	bytea	   *hash = palloc(VARHDRSZ + PG_SHA256_DIGEST_LENGTH);

	begin_values(job, values, nulls, lengthof(values));
	values[2] = Int32GetDatum(job->attempt);
	set_text(values, nulls, 3, job->etag);
	SET_VARSIZE(hash, VARHDRSZ + PG_SHA256_DIGEST_LENGTH);
	memcpy(VARDATA(hash), job->sha256, PG_SHA256_DIGEST_LENGTH);
	values[4] = PointerGetDatum(hash);
	return cb_statement_run(&pin_job, values, nulls) == 1;
}

bool
cb_job_arrive(CbJob *job)
{
	Datum		values[3];
	char		nulls[3];

	begin_values(job, values, nulls, lengthof(values));
	values[2] = Int32GetDatum(job->attempt);
	job->status = CB_JOB_RUNNING;
	return cb_statement_run(&arrive_job, values, nulls) == 1;
}

bool
cb_job_finish(const CbJob *job, TimestampTz now)
{
	Datum		values[6];
	char		nulls[6];

	begin_values(job, values, nulls, lengthof(values));
	values[2] = Int32GetDatum(job->attempt);
	values[3] = TimestampTzGetDatum(now);
	set_text(values, nulls, 4, status_names[job->status]);
	set_text(values, nulls, 5, job->error_message);
	return cb_statement_run(&finish_job, values, nulls) == 1;
}

void
cb_job_ask_cancel(const CbJob *job, TimestampTz now)
{
	Datum		values[3];
	char		nulls[3];

	begin_values(job, values, nulls, lengthof(values));
	values[2] = TimestampTzGetDatum(now);
	cb_statement_run(&ask_cancel, values, nulls);
}

/* Account and id; none of the n values is null until set_text says so. */
static void
begin_values(const CbJob *job, Datum *values, char *nulls, int n)
{
	memset(nulls, ' ', n);
	values[0] = UUIDPGetDatum(&job->account);
	values[1] = UUIDPGetDatum(&job->id);
}

static void
begin_choice(const pg_uuid_t *account, const CbJobChoice *choice, Datum *values,
			 char *nulls)
{
	values[0] = UUIDPGetDatum(account);
	nulls[0] = ' ';
	set_text(values, nulls, 1, choice->status);
	values[2] = UUIDPGetDatum(choice->import);
	nulls[2] = choice->import == NULL ? 'n' : ' ';
	values[3] = UUIDPGetDatum(choice->application);
	nulls[3] = choice->application == NULL ? 'n' : ' ';
	values[4] = UUIDPGetDatum(choice->environment);
	nulls[4] = choice->environment == NULL ? 'n' : ' ';
}

static void
set_text(Datum *values, char *nulls, int i, const char *text)
{
	values[i] = (Datum) 0;
	nulls[i] = text == NULL ? 'n' : ' ';

	if (text !=NULL)
		values[i] = CStringGetTextDatum(text);
}

static void
refuse_lost(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the job was not stored"),
			 errhint("Look for a trigger or rule on canopy.job.")));
}

/* Follows COLUMNS. */
static void
read_job(void *arg, const Datum *values, const bool *nulls)
{
	Reading    *reading = arg;
	MemoryContext old = MemoryContextSwitchTo(reading->context);
	CbJob	   *job;

	if (reading->n == reading->room)
	{
		reading->room = Max(1, 2 * reading->room);
		reading->jobs = reading->jobs == NULL ? palloc(sizeof(CbJob)) :
			repalloc(reading->jobs, sizeof(CbJob) * reading->room);
	}
	job = &reading->jobs[reading->n++];
	memset(job, 0, sizeof(CbJob));
	job->account = *DatumGetUUIDP(values[0]);
	job->id = *DatumGetUUIDP(values[1]);
	job->kind = cb_stored_word(copy_text(values, nulls, 2), kind_names,
							   lengthof(kind_names), "job.kind");
	job->status = cb_stored_word(copy_text(values, nulls, 3), status_names,
								 lengthof(status_names), "job.status");
	job->has_import = copy_uuid(&job->import, values, nulls, 4);
	job->has_application = copy_uuid(&job->application, values, nulls, 25);
	job->has_environment = copy_uuid(&job->environment, values, nulls, 26);
	job->parameters = cb_stored_object(DatumGetJsonbPCopy(values[5]),
									   "job.parameters");
	job->repeatable = DatumGetBool(values[6]);
	job->attempt = cb_stored_int(DatumGetInt32(values[7]), 0, PG_INT32_MAX,
								 "job.attempt");
	job->futile_count = DatumGetInt32(values[8]);
	job->holder = copy_text(values, nulls, 9);
	job->cancel_requested = DatumGetBool(values[10]);
	job->actor_id = copy_text(values, nulls, 11);
	job->actor_type = copy_text(values, nulls, 12);
	job->role_name = copy_text(values, nulls, 13);
	job->caller_role = copy_text(values, nulls, 14);
	job->held_to = cb_stored_word(copy_text(values, nulls, 27), tier_names,
								  lengthof(tier_names), "job.held_to");
	job->error_message = copy_text(values, nulls, 15);
	read_source(job, values, nulls);
	job->lease_until = cb_time_read(values[21], nulls[21]);
	job->created_at = cb_time_read(values[22], nulls[22]);
	job->started_at = cb_time_read(values[23], nulls[23]);
	job->finished_at = cb_time_read(values[24], nulls[24]);
	MemoryContextSwitchTo(old);
}

static void
read_source(CbJob *job, const Datum *values, const bool *nulls)
{
	bytea	   *hash = nulls[19] ? NULL : DatumGetByteaPP(values[19]);

	job->url = copy_text(values, nulls, 16);
	job->url_label = copy_text(values, nulls, 17);
	job->etag = copy_text(values, nulls, 18);
	job->has_sha256 = hash != NULL &&
		VARSIZE_ANY_EXHDR(hash) == PG_SHA256_DIGEST_LENGTH;
	if (job->has_sha256)
		memcpy(job->sha256, VARDATA_ANY(hash), PG_SHA256_DIGEST_LENGTH);
	job->fetched_bytes = nulls[20] ? -1 : Max(DatumGetInt64(values[20]), 0);
}

static bool
copy_uuid(pg_uuid_t *uuid, const Datum *values, const bool *nulls, int i)
{
	if (!nulls[i])
		*uuid = *DatumGetUUIDP(values[i]);
	return !nulls[i];
}

static char *
copy_text(const Datum *values, const bool *nulls, int i)
{
	return nulls[i] ? NULL : TextDatumGetCString(values[i]);
}
