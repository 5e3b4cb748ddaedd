/*-------------------------------------------------------------------------
 *
 * statement.c
 *		SQL statements with kept plans.
 *
 * A plan is prepared on first use and kept for the life of the backend.  It is
 * made generic: the statements are point lookups and inserts, for which a
 * custom plan would be the same plan made again.  plancache.c replans when a
 * table changes and when the role changes where row security is involved, so
 * nothing here needs to be invalidated.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/executor.h"
#include "tcop/dest.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/plancache.h"
#include "utils/snapmgr.h"

#include "canopy_bulk.h"
#include "db/statement.h"

/* A destination that hands each row on and keeps nothing. */
typedef struct Receiver
{
	DestReceiver receiver;
	CbRowReader reader;
	void	   *arg;
} Receiver;

static void prepare(CbStatement *statement);
static void execute(PlannedStmt *planned, const CbStatement *statement,
					ParamListInfo params, bool trusted, DestReceiver *receiver);
static void forget_triggers(EState *estate);
static ParamListInfo make_params(const CbStatement *statement, Datum *values,
								 const char *nulls);
static void start_receiving(DestReceiver *self, int operation, TupleDesc shape);
static bool receive(TupleTableSlot *slot, DestReceiver *self);
static void stop_receiving(DestReceiver *self);

void
cb_statement_connect(void)
{
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
}

void
cb_statement_finish(void)
{
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "could not disconnect from SPI");
}

uint64
cb_statement_run(CbStatement *statement, Datum *values, const char *nulls)
{
	int			result;

	if (statement->plan == NULL)
		prepare(statement);

	if (statement->newest)
		result = SPI_execute_snapshot(statement->plan, values, nulls,
									  GetLatestSnapshot(), InvalidSnapshot,
									  true, false, 0);
	else
		result = SPI_execute_plan(statement->plan, values, nulls, false, 0);
	if (result != statement->expected)
		elog(ERROR, "statement returned %s: %s",
			 SPI_result_code_string(result), statement->sql);
	return SPI_processed;
}

/*
 * A value of the last result; columns count from 1.  Passed-by-reference values
 * live until cb_statement_free().
 */
Datum
cb_statement_value(uint64 row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc,
						 column, isnull);
}

void
cb_statement_free(void)
{
	SPI_freetuptable(SPI_tuptable);
	SPI_tuptable = NULL;
}

void
cb_statement_stream(CbStatement *statement, Datum *values, const char *nulls,
					bool trusted, CbRowReader reader, void *arg)
{
	Receiver	receiver = {
		.receiver = {
			.receiveSlot = receive,
			.rStartup = start_receiving,
			.rShutdown = stop_receiving,
			.rDestroy = stop_receiving,
			.mydest = DestNone
		},
		.reader = reader,
		.arg = arg
	};
	CachedPlan *plan;

	if (statement->plan == NULL)
		prepare(statement);

	PushActiveSnapshot(statement->newest ?
					   GetLatestSnapshot() : GetTransactionSnapshot());
	plan = SPI_plan_get_cached_plan(statement->plan);
	if (plan == NULL || list_length(plan->stmt_list) != 1)
		elog(ERROR, "no single plan for: %s", statement->sql);
	CommandCounterIncrement();
	UpdateActiveSnapshotCommandId();
	execute(linitial_node(PlannedStmt, plan->stmt_list), statement,
			make_params(statement, values, nulls), trusted, &receiver.receiver);
	ReleaseCachedPlan(plan, CurrentResourceOwner);
	PopActiveSnapshot();
	CommandCounterIncrement();
}

Datum
cb_statement_array(Datum *values, bool *nulls, int n, Oid type)
{
	int16		len;
	bool		byval;
	char		align;
	int			lower = 1;

	get_typlenbyvalalign(type, &len, &byval, &align);
	return PointerGetDatum(construct_md_array(values, nulls, 1, &n, &lower,
											  type, len, byval, align));
}

static void
prepare(CbStatement *statement)
{
	SPIPlanPtr	plan = SPI_prepare_cursor(statement->sql, statement->nargs,
										  statement->argtypes,
										  CURSOR_OPT_GENERIC_PLAN);

	if (plan == NULL)
		elog(ERROR, "could not prepare (%s): %s",
			 SPI_result_code_string(SPI_result), statement->sql);
	if (SPI_keepplan(plan) != 0)
		elog(ERROR, "could not keep a plan");
	statement->plan = plan;
}

static void
execute(PlannedStmt *planned, const CbStatement *statement,
		ParamListInfo params, bool trusted, DestReceiver *receiver)
{
	QueryDesc  *query = CreateQueryDesc(planned, statement->sql,
										GetActiveSnapshot(), InvalidSnapshot,
										receiver, params, NULL, 0);

	ExecutorStart(query, 0);
	if (trusted)
		forget_triggers(query->estate);
	ExecutorRun(query, ForwardScanDirection, 0, true);
	ExecutorFinish(query);
	ExecutorEnd(query);
	FreeQueryDesc(query);
}

static void
forget_triggers(EState *estate)
{
	ListCell   *cell;

	foreach(cell, estate->es_opened_result_relations)
		((ResultRelInfo *) lfirst(cell))->ri_TrigDesc = NULL;
}

static ParamListInfo
make_params(const CbStatement *statement, Datum *values, const char *nulls)
{
	ParamListInfo params = makeParamList(statement->nargs);

	for (int i = 0; i < statement->nargs; i++)
	{
		params->params[i].value = values[i];
		params->params[i].isnull = nulls != NULL && nulls[i] == 'n';
		params->params[i].pflags = PARAM_FLAG_CONST;
		params->params[i].ptype = statement->argtypes[i];
	}
	return params;
}

static void
start_receiving(DestReceiver *self, int operation, TupleDesc shape)
{
}

static bool
receive(TupleTableSlot *slot, DestReceiver *self)
{
	Receiver   *receiver = (Receiver *) self;

	slot_getallattrs(slot);
	receiver->reader(receiver->arg, slot->tts_values, slot->tts_isnull);
	return true;
}

static void
stop_receiving(DestReceiver *self)
{
}
