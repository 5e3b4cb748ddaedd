/*-------------------------------------------------------------------------
 *
 * ways.c
 *		The ways to get a batch into the directory.
 *
 * Each writes the same rows into the same tables, with an audit entry for the
 * batch, and all but the floors give a verdict for every row.  The floors (the
 * INSERT and the COPY) take rows that are known to be good and bring their ids
 * along; nothing that checks rows can be much cheaper.
 *
 *-------------------------------------------------------------------------
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define COPY_IDENTITY \
	"COPY canopy.identity (account_id, id, email, first_name, last_name," \
	" external_id, metadata) FROM STDIN"
#define COPY_MEMBERSHIP \
	"COPY canopy.app_membership (account_id, id, identity_id, application_id," \
	" status, activated_at) FROM STDIN"

/* What a client sends that inserts row by row; its answer is the row's data. */
#define INSERT_ONE \
	"WITH i AS (" \
	" INSERT INTO canopy.identity (account_id, email, first_name, last_name," \
	" external_id, metadata)" \
	" VALUES ('" ACCOUNT_ID "', $1, $2, $3, $4, $5) RETURNING *)," \
	" m AS (" \
	" INSERT INTO canopy.app_membership (account_id, identity_id," \
	" application_id, status, activated_at)" \
	" SELECT i.account_id, i.id, $6::uuid, 'active', now() FROM i" \
	" WHERE $6::uuid IS NOT NULL RETURNING *)" \
	" SELECT i.id, i.email, i.first_name, i.last_name, i.external_id," \
	" i.metadata, i.is_active, i.created_at, m.id, m.status" \
	" FROM i LEFT JOIN m ON true"
#define INSERT_AUDIT "SELECT bench.audit($1, $2)"

static void prepare_naive(Session *session);
static void prepare_ours(Session *session);
static void prepare_single_rows(Session *session);
static void prepare_insert_select(Session *session);
static void prepare_copy(Session *session);
static void prepare_echo(Session *session);
static void stage_insert_select(Session *session, const Batch *batches, int nbatches);
static void run_batch(Session *session, const Batch *batch);
static void run_savepoint(Session *session, const Batch *batch);
static void run_transaction(Session *session, const Batch *batch);
static void run_insert_select(Session *session, const Batch *batch);
static void run_copy(Session *session, const Batch *batch);
static bool insert_one(Session *session, const Row *row);
static void call(Session *session, const char *name);
static void write_audit(Session *session, int succeeded, int failed);

const Way	way_naive = {
	"naive PL/pgSQL loop", NULL, false, true, prepare_naive, NULL, run_batch
};
const Way	way_savepoint = {
	"client, savepoint per row", NULL, false, false,
	prepare_single_rows, NULL, run_savepoint
};
const Way	way_transaction = {
	"client, transaction per row", NULL, false, false,
	prepare_single_rows, NULL, run_transaction
};
const Way	way_row = {
	"ours, row", "row", false, true, prepare_ours, NULL, run_batch
};
const Way	way_set = {
	"ours, set", "set", false, true, prepare_ours, NULL, run_batch
};
const Way	way_auto = {
	"ours, auto", "auto", false, true, prepare_ours, NULL, run_batch
};
const Way	way_insert_select = {
	"floor: INSERT ... SELECT", NULL, true, false,
	prepare_insert_select, stage_insert_select, run_insert_select
};
const Way	way_copy = {
	"floor: COPY", NULL, true, false, prepare_copy, NULL, run_copy
};
const Way	way_echo = {
	"jsonb in and out", NULL, false, true, prepare_echo, NULL, run_batch
};

static bool has_strategies;		/* the server has canopy_bulk.strategy */
static bool has_set;

void
ways_discover(void)
{
	Session    *session = session_open("bench_base");

	session_run(session, "LOAD 'canopy_bulk'");
	has_strategies = session_try(session, "SET canopy_bulk.strategy = 'row'");
	has_set = has_strategies &&
		session_try(session, "SET canopy_bulk.strategy = 'set'");
	session_close(session);
	if (!has_set)
		fputs("bench: no canopy_bulk.strategy = set here; it is left out\n", stderr);
}

/* Without the setting there is one strategy, row. */
bool
way_exists(const Way *way)
{
	if (way->strategy == NULL || way == &way_row)
		return true;
	return has_set;
}

const Way  *
way_ours(void)
{
	return has_set ? &way_set : &way_row;
}

const Way  *
way_ours_by_default(void)
{
	return has_set ? &way_auto : &way_row;
}

Session    *
way_open(const Way *way, const char *database)
{
	Session    *session = session_open(database);

	if (way->strategy != NULL)
	{
		session_run(session, "LOAD 'canopy_bulk'");
		session_run(session, "SET canopy_bulk.max_rows = 10000");
		if (has_strategies)
			session_run(session, "SET canopy_bulk.strategy = '%s'", way->strategy);
	}
	way->prepare(session);
	return session;
}

static void
prepare_naive(Session *session)
{
	session_prepare(session, "batch",
					"SELECT bench.naive_create($1::jsonb, 'bench')");
}

static void
prepare_ours(Session *session)
{
	session_prepare(session, "batch",
					"SELECT canopy_bulk_create($1::jsonb, account => 'bench')");
}

static void
prepare_echo(Session *session)
{
	session_prepare(session, "batch", "SELECT $1::jsonb");
}

static void
prepare_single_rows(Session *session)
{
	session_prepare(session, "begin", "BEGIN");
	session_prepare(session, "commit", "COMMIT");
	session_prepare(session, "savepoint", "SAVEPOINT one");
	session_prepare(session, "release", "RELEASE one");
	session_prepare(session, "rollback", "ROLLBACK TO one");
	session_prepare(session, "insert", INSERT_ONE);
	session_prepare(session, "audit", INSERT_AUDIT);
}

static void
prepare_copy(Session *session)
{
	session_prepare(session, "begin", "BEGIN");
	session_prepare(session, "commit", "COMMIT");
	session_prepare(session, "audit", INSERT_AUDIT);
}

static void
prepare_insert_select(Session *session)
{
	prepare_copy(session);
	session_prepare(session, "identities",
					"INSERT INTO canopy.identity (account_id, id, email,"
					" first_name, last_name, external_id, metadata)"
					" SELECT '" ACCOUNT_ID "', id, email, first_name, last_name,"
					" external_id, metadata FROM bench.stage WHERE batch = $1");
	session_prepare(session, "memberships",
					"INSERT INTO canopy.app_membership (account_id, id,"
					" identity_id, application_id, status, activated_at)"
					" SELECT '" ACCOUNT_ID "', membership_id, id, application_id,"
					" 'active', now() FROM bench.stage"
					" WHERE batch = $1 AND application_id IS NOT NULL");
}

static void
stage_insert_select(Session *session, const Batch *batches, int nbatches)
{
	char	   *text;
	size_t		len;
	FILE	   *out = open_memstream(&text, &len);

	for (int b = 0; b < nbatches; b++)
	{
		for (int i = 0; i < batches[b].nrows; i++)
		{
			const Row  *row = &batches[b].rows[i];

			fprintf(out, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", b, row->id,
					row->email, row->first_name, row->last_name,
					row->external_id[0] != '\0' ? row->external_id : "\\N",
					row->metadata, row->membership_id,
					row->application_id != NULL ? row->application_id : "\\N");
		}
	}
	fclose(out);
	session_run(session, "TRUNCATE bench.stage");
	session_copy(session, "COPY bench.stage FROM STDIN", text, len);
	session_run(session, "ANALYZE bench.stage");
	free(text);
}

/* A call of the prepared statement, and its answer read. */
static void
run_batch(Session *session, const Batch *batch)
{
	const char *value = batch->json;
	PGresult   *result = session_call(session, "batch", &value, 1, false);

	if (PQgetlength(result, 0, 0) == 0)
		die("a batch had no answer");
	PQclear(result);
}

static void
run_savepoint(Session *session, const Batch *batch)
{
	int			succeeded = 0;

	call(session, "begin");
	for (int i = 0; i < batch->nrows; i++)
	{
		if (!email_is_valid(batch->rows[i].email))
			continue;
		call(session, "savepoint");
		if (insert_one(session, &batch->rows[i]))
			succeeded++;
		else
			call(session, "rollback");
		call(session, "release");
	}
	write_audit(session, succeeded, batch->nrows - succeeded);
	call(session, "commit");
}

static void
run_transaction(Session *session, const Batch *batch)
{
	int			succeeded = 0;

	for (int i = 0; i < batch->nrows; i++)
	{
		if (email_is_valid(batch->rows[i].email) &&
			insert_one(session, &batch->rows[i]))
			succeeded++;
	}
	write_audit(session, succeeded, batch->nrows - succeeded);
}

static void
run_insert_select(Session *session, const Batch *batch)
{
	char		number[16];
	const char *value = number;

	snprintf(number, sizeof(number), "%d", batch->number);
	call(session, "begin");
	PQclear(session_call(session, "identities", &value, 1, false));
	PQclear(session_call(session, "memberships", &value, 1, false));
	write_audit(session, batch->nrows, 0);
	call(session, "commit");
}

/* The text is written while the server waits; only its own work counts. */
static void
run_copy(Session *session, const Batch *batch)
{
	char	   *identities;
	char	   *memberships;
	size_t		identities_len;
	size_t		memberships_len;
	FILE	   *identity = open_memstream(&identities, &identities_len);
	FILE	   *membership = open_memstream(&memberships, &memberships_len);

	for (int i = 0; i < batch->nrows; i++)
	{
		const Row  *row = &batch->rows[i];

		fprintf(identity, ACCOUNT_ID "\t%s\t%s\t%s\t%s\t%s\t%s\n",
				row->id, row->email, row->first_name, row->last_name,
				row->external_id[0] != '\0' ? row->external_id : "\\N",
				row->metadata);
		if (row->application_id != NULL)
			fprintf(membership, ACCOUNT_ID "\t%s\t%s\t%s\tactive\tnow\n",
					row->membership_id, row->id, row->application_id);
	}
	fclose(identity);
	fclose(membership);
	call(session, "begin");
	session_copy(session, COPY_IDENTITY, identities, identities_len);
	session_copy(session, COPY_MEMBERSHIP, memberships, memberships_len);
	write_audit(session, batch->nrows, 0);
	call(session, "commit");
	free(identities);
	free(memberships);
}

/* False when the server refuses the row. */
static bool
insert_one(Session *session, const Row *row)
{
	char		email[sizeof(row->email)];
	const char *values[6];
	PGresult   *result;

	email_canonicalise(email, row->email);
	values[0] = email;
	values[1] = row->first_name;
	values[2] = row->last_name;
	values[3] = row->external_id[0] != '\0' ? row->external_id : NULL;
	values[4] = row->metadata;
	values[5] = row->application_id;
	result = session_call(session, "insert", values, 6, true);
	PQclear(result);
	return result != NULL;
}

static void
call(Session *session, const char *name)
{
	PQclear(session_call(session, name, NULL, 0, false));
}

static void
write_audit(Session *session, int succeeded, int failed)
{
	char		good[16];
	char		bad[16];
	const char *values[2];

	snprintf(good, sizeof(good), "%d", succeeded);
	snprintf(bad, sizeof(bad), "%d", failed);
	values[0] = good;
	values[1] = bad;
	PQclear(session_call(session, "audit", values, 2, false));
}
