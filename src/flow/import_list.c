/*-------------------------------------------------------------------------
 *
 * import_list.c
 *		Listing imports, and watching those that run.
 *
 * Whoever is bound to an application or an environment sees what belongs to it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/process.h"
#include "db/uuid7.h"
#include "flow/import.h"
#include "flow/import_list.h"
#include "settings.h"

#define SHOWN_FOR	(5 * USECS_PER_MINUTE)	/* after the end */

#define EQ " OPERATOR(pg_catalog.=) "
#define IN_SCOPE \
	" WHERE i.account_id" EQ "$1" \
	" AND ($2 IS NULL OR i.application_id" EQ "$2)" \
	" AND ($3 IS NULL OR i.environment_id" EQ "$3)"
#define WITH_STATUS	IN_SCOPE " AND ($4 IS NULL OR i.status" EQ "$4)"

/* Parameters: account, application, environment, status, how many to take and to leave out. */
static CbStatement list_imports = {
	"SELECT i.id FROM canopy.import i" WITH_STATUS
	" ORDER BY i.id DESC LIMIT $5 OFFSET $6",
	6, {UUIDOID, UUIDOID, UUIDOID, TEXTOID, INT8OID, INT8OID}, SPI_OK_SELECT,
	.returns = "id uuid"
};

/* Parameters: account, application, environment, status. */
static CbStatement count_imports = {
	"SELECT pg_catalog.count(*) FROM canopy.import i" WITH_STATUS,
	4, {UUIDOID, UUIDOID, UUIDOID, TEXTOID}, SPI_OK_SELECT,
	.returns = "n int8"
};

static CbStatement list_accounts = {
	"SELECT id FROM canopy.account ORDER BY id", 0, {0}, SPI_OK_SELECT,
	.returns = "id uuid"
};

#define JOB(column) \
	" (SELECT j." column " FROM canopy.job j WHERE j.account_id" EQ "$1" \
	" AND j.import_id" EQ "i.id AND j.status IN ('queued', 'fetching', 'running')" \
	" ORDER BY j.created_at DESC LIMIT 1)"

/*
 * Parameters: account, application, environment, until when what has ended is left
 * out.  The columns are those of the enum, but for pid, phase and bytes, of which
 * there is the holder, the status and what was fetched; then a cancel, the end of
 * the lease, and status and holder of a job.
 */
static CbStatement watch_imports = {
	"SELECT i.holder, i.account_id, i.id," JOB("id") ", i.mode, i.status,"
	" i.row_count,"
	" CASE WHEN i.next_row OPERATOR(pg_catalog.>) i.row_count THEN i.row_count"
	" ELSE i.next_row OPERATOR(pg_catalog.-) 1 END,"
	" i.succeeded_count, i.failed_count, i.skipped_count,"
	" (i.row_count OPERATOR(pg_catalog.+) i.batch_size OPERATOR(pg_catalog.-) 1)"
	" OPERATOR(pg_catalog./) i.batch_size,"
	" (i.next_row OPERATOR(pg_catalog.+) i.batch_size OPERATOR(pg_catalog.-) 2)"
	" OPERATOR(pg_catalog./) i.batch_size,"
	" i.file_size::pg_catalog.int8,"
	" coalesce(" JOB("fetched_bytes") ", i.file_size::pg_catalog.int8),"
	" i.started_at, i.heartbeat_at, i.finished_at, i.cancel_requested_at,"
	" i.lease_until," JOB("status") "," JOB("holder")
	" FROM canopy.import i" IN_SCOPE
	" AND (i.status" EQ "'running' OR i.finished_at OPERATOR(pg_catalog.>) $4"
	" OR" JOB("id") " IS NOT NULL)"
	" ORDER BY i.id",
	4, {UUIDOID, UUIDOID, UUIDOID, TIMESTAMPTZOID}, SPI_OK_SELECT,
	.returns = "holder text?, account_id uuid, id uuid, job_id uuid?, mode text,"
	" status text, row_count int4, done_count int4, succeeded_count int4,"
	" failed_count int4, skipped_count int4, batch_count int4, batches_done int4,"
	" file_size int8?, fetched_bytes int8?, started_at timestamptz?,"
	" heartbeat_at timestamptz?, finished_at timestamptz?,"
	" cancel_requested_at timestamptz?, lease_until timestamptz?,"
	" job_status text?, job_holder text?"
};

#define WATCH_CANCEL	CB_PROGRESS_COLUMNS
#define WATCH_LEASE		(CB_PROGRESS_COLUMNS + 1)
#define WATCH_JOB		(CB_PROGRESS_COLUMNS + 2)
#define WATCH_JOB_HOLDER	(CB_PROGRESS_COLUMNS + 3)

/* For read_id. */
typedef struct Ids
{
	pg_uuid_t  *ids;
	int			n;
} Ids;

/* For watch_row. */
typedef struct Watching
{
	CbRowReader reader;
	void	   *arg;
	TimestampTz now;
} Watching;

static void check_status(const char *status);
static void fill_scope(const CbScope *scope, Datum *values, char *nulls);
static void fill_listing(const CbImportListing *listing, const CbScope *scope,
						 Datum *values, char *nulls);
static void read_id(void *arg, const Datum *values, const bool *nulls);
static void watch_account(const CbCaller *caller, const char *account,
						  Watching *watching);
static void watch_row(void *arg, const Datum *values, const bool *nulls);
static bool is_before_run(const Datum *values, const bool *nulls);
static const char *phase_of_job(const Datum *values, const bool *nulls);
static const char *phase_of(const Watching *watching, const Datum *values,
							const bool *nulls);

Jsonb *
cb_import_list(const CbImportListing *listing)
{
	MemoryContext context = CurrentMemoryContext;
	Ids			ids = {palloc(sizeof(pg_uuid_t) * CB_PAGE_MOST), 0};
	CbCaller	caller;
	CbScope		scope;
	Datum		values[6];
	char		nulls[6];
	CbJson	   *json = cb_json_create(8192);
	Jsonb	   *answer;
	int64		total;
	bool		isnull;

	cb_page_check(&listing->page);
	check_status(listing->status);
	cb_caller_enter(&caller);
	MemoryContextSwitchTo(context);
	cb_scope_resolve(&scope, &caller, &listing->names);
	fill_listing(listing, &scope, values, nulls);
	cb_statement_stream(&list_imports, values, nulls, false, read_id, &ids);
	cb_statement_run(&count_imports, values, nulls);
	total = DatumGetInt64(cb_statement_value(0, 1, &isnull));
	cb_statement_free();

	cb_page_begin(json, ids.n);
	for (int i = 0; i < ids.n; i++)
	{
		Jsonb	   *item = cb_import_describe(cb_import_read(&scope.account,
															 &ids.ids[i], false));

		cb_json_container(json, &item->root, VARSIZE(item) - VARHDRSZ);
	}
	cb_page_end(json, &listing->page, total);
	answer = cb_json_finish(json);
	cb_caller_leave(&caller);
	MemoryContextSwitchTo(context);
	return answer;
}

static void
check_status(const char *status)
{
	for (int i = CB_IMPORT_OPEN; i <= CB_IMPORT_UNDONE; i++)
	{
		if (status == NULL || strcmp(status, cb_import_status_name(i)) == 0)
			return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid status of an import"),
			 errhint("It is open, uploaded, mapped, previewed, running, completed, cancelled, failed or undone.")));
}

static void
fill_scope(const CbScope *scope, Datum *values, char *nulls)
{
	values[0] = UUIDPGetDatum(&scope->account);
	values[1] = UUIDPGetDatum(&scope->application);
	values[2] = UUIDPGetDatum(&scope->environment);
	nulls[0] = ' ';
	nulls[1] = scope->has_application ? ' ' : 'n';
	nulls[2] = scope->has_environment ? ' ' : 'n';
}

static void
fill_listing(const CbImportListing *listing, const CbScope *scope,
			 Datum *values, char *nulls)
{
	fill_scope(scope, values, nulls);
	values[3] = 0;
	nulls[3] = listing->status == NULL ? 'n' : ' ';
	if (listing->status != NULL)
		values[3] = CStringGetTextDatum(listing->status);
	values[4] = Int64GetDatum(listing->page.take);
	values[5] = Int64GetDatum(cb_page_offset(&listing->page));
	nulls[4] = nulls[5] = ' ';
}

static void
read_id(void *arg, const Datum *values, const bool *nulls)
{
	Ids		   *ids = arg;

	ids->ids[ids->n++] = *DatumGetUUIDP(values[0]);
}

void
cb_import_watch(const char *account, CbRowReader reader, void *arg)
{
	MemoryContext context = CurrentMemoryContext;
	Watching	watching = {reader, arg, GetCurrentTimestamp()};
	CbCaller	caller;

	cb_caller_enter(&caller);
	MemoryContextSwitchTo(context);
	if (account != NULL || cb_account[0] != '\0' || caller.claims.present)
		watch_account(&caller, account, &watching);
	else
	{
		int			n = (int) cb_statement_run(&list_accounts, NULL, NULL);
		char		(*accounts)[CB_UUID_TEXT_LEN + 1] = palloc(n * (CB_UUID_TEXT_LEN + 1) + 1);
		bool		isnull;

		for (int i = 0; i < n; i++)
			cb_uuid_format(DatumGetUUIDP(cb_statement_value(i, 1, &isnull)),
						   accounts[i]);
		cb_statement_free();
		for (int i = 0; i < n; i++)
			watch_account(&caller, accounts[i], &watching);
	}
	cb_caller_leave(&caller);
	MemoryContextSwitchTo(context);
}

static void
watch_account(const CbCaller *caller, const char *account, Watching *watching)
{
	CbScopeNames names = {account};
	CbScope		scope;
	Datum		values[4];
	char		nulls[4];

	cb_scope_resolve(&scope, caller, &names);
	fill_scope(&scope, values, nulls);
	values[3] = TimestampTzGetDatum(watching->now - SHOWN_FOR);
	nulls[3] = ' ';
	cb_statement_stream(&watch_imports, values, nulls, false, watch_row, watching);
}

static void
watch_row(void *arg, const Datum *values, const bool *nulls)
{
	Watching   *watching = arg;
	Datum		shown[CB_PROGRESS_COLUMNS];
	bool		shown_nulls[CB_PROGRESS_COLUMNS];
	const char *phase = phase_of(watching, values, nulls);
	int			holder = is_before_run(values, nulls) ? WATCH_JOB_HOLDER :
	CB_PROGRESS_PID;
	int			pid = 0;

	memcpy(shown, values, sizeof(shown));
	memcpy(shown_nulls, nulls, sizeof(shown_nulls));
	if (strcmp(phase, "writing") == 0 || strcmp(phase, "cancelling") == 0 ||
		strcmp(phase, "fetching") == 0 || strcmp(phase, "previewing") == 0)
		pid = nulls[holder] ? 0 :
			cb_process_pid(TextDatumGetCString(values[holder]));
	shown[CB_PROGRESS_PID] = Int32GetDatum(pid);
	shown_nulls[CB_PROGRESS_PID] = pid == 0;
	shown[CB_PROGRESS_PHASE] = CStringGetTextDatum(phase);
	watching->reader(watching->arg, shown, shown_nulls);
}

/* Is it a job that works on the import, which does not run yet? */
static bool
is_before_run(const Datum *values, const bool *nulls)
{
	return !nulls[WATCH_JOB] &&
		strcmp(TextDatumGetCString(values[CB_PROGRESS_PHASE]), "running") != 0;
}

static const char *
phase_of_job(const Datum *values, const bool *nulls)
{
	char	   *status = TextDatumGetCString(values[WATCH_JOB]);

	if (strcmp(status, "queued") == 0 || nulls[WATCH_JOB_HOLDER])
		return "waiting";
	if (cb_process_is_gone(TextDatumGetCString(values[WATCH_JOB_HOLDER])))
		return "interrupted";
	return strcmp(status, "fetching") == 0 ? "fetching" : "previewing";
}

/* The status, or what it is that a running import does. */
static const char *
phase_of(const Watching *watching, const Datum *values, const bool *nulls)
{
	char	   *status = TextDatumGetCString(values[CB_PROGRESS_PHASE]);

	if (!nulls[CB_PROGRESS_FINISHED_AT])
		return status;
	if (is_before_run(values, nulls))
		return phase_of_job(values, nulls);
	if (nulls[CB_PROGRESS_STARTED_AT])
		return "waiting";
	if (nulls[WATCH_LEASE] || nulls[CB_PROGRESS_PID] ||
		DatumGetTimestampTz(values[WATCH_LEASE]) < watching->now ||
		cb_process_is_gone(TextDatumGetCString(values[CB_PROGRESS_PID])))
		return "interrupted";
	return nulls[WATCH_CANCEL] ? "writing" : "cancelling";
}
