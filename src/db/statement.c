/*-------------------------------------------------------------------------
 *
 * statement.c
 *		SQL statements with kept plans.
 *
 * A plan is prepared on first use and kept for the life of the backend.  It is
 * made generic: the statements are point lookups and inserts, for which a
 * custom plan would be the same plan made again.  plancache.c replans when a
 * table changes and when the role changes where row security is involved; that a
 * table grows it does not see, and so we look ourselves.
 *
 * SPI leaves its own memory context as the current one, which would end with the
 * call; what runs a statement here finds the current one as it was.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "storage/bufmgr.h"
#include "tcop/dest.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/plancache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "canopy_bulk.h"
#include "db/statement.h"

/* A plan is made anew when its tables have so many times the blocks. */
#define GROWTH			2
#define SMALL_TABLE		4		/* blocks that make no difference */

static uint64 calls;			/* of this backend */

/* A destination that hands each row on and keeps nothing. */
typedef struct Receiver
{
	DestReceiver receiver;
	CbRowReader reader;
	void	   *arg;
} Receiver;

static void prepare(CbStatement *statement);
static void renew_plan(CbStatement *statement);
static BlockNumber count_blocks(const CachedPlan *plan);
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
	calls++;
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
	MemoryContext context = CurrentMemoryContext;
	int			result;

	if (statement->plan == NULL)
		prepare(statement);

	renew_plan(statement);
	if (statement->newest)
		result = SPI_execute_snapshot(statement->plan, values, nulls,
									  GetLatestSnapshot(), InvalidSnapshot,
									  true, false, 0);
	else
		result = SPI_execute_plan(statement->plan, values, nulls, false, 0);
	MemoryContextSwitchTo(context);
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
	renew_plan(statement);
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

void
cb_statement_run_script(const char *script)
{
	MemoryContext context = CurrentMemoryContext;
	int			result = SPI_execute(script, false, 0);

	MemoryContextSwitchTo(context);
	if (result < 0)
		elog(ERROR, "script returned %s", SPI_result_code_string(result));
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
	MemoryContext context = CurrentMemoryContext;
	SPIPlanPtr	plan = SPI_prepare_cursor(statement->sql, statement->nargs,
										  statement->argtypes,
										  CURSOR_OPT_GENERIC_PLAN);

	if (plan == NULL)
		elog(ERROR, "could not prepare (%s): %s",
			 SPI_result_code_string(SPI_result), statement->sql);
	if (SPI_keepplan(plan) != 0)
		elog(ERROR, "could not keep a plan");
	MemoryContextSwitchTo(context);
	statement->plan = plan;
}

/*
 * Once in a call: has a table grown so much since the plan was made that another
 * plan would be better?  A plan that was made for an empty table may read all of
 * it, and nothing would tell until somebody analyses the table.
 */
static void
renew_plan(CbStatement *statement)
{
	CachedPlanSource *source = linitial(SPI_plan_get_plan_sources(statement->plan));
	BlockNumber blocks;

	if (statement->last_call == calls)
		return;
	statement->last_call = calls;
	if (source->gplan == NULL || !source->gplan->is_valid)
		return;
	blocks = count_blocks(source->gplan);
	if (blocks / GROWTH > statement->blocks + SMALL_TABLE)
	{
		source->gplan->is_valid = false;
		statement->blocks = blocks;
	}
}

/* Of all tables that the plan reads or writes. */
static BlockNumber
count_blocks(const CachedPlan *plan)
{
	PlannedStmt *planned = linitial_node(PlannedStmt, plan->stmt_list);
	BlockNumber blocks = 0;
	ListCell   *cell;

	foreach(cell, planned->relationOids)
	{
		Relation	relation = try_relation_open(lfirst_oid(cell), AccessShareLock);

		if (relation == NULL)
			continue;
		if (RELKIND_HAS_STORAGE(relation->rd_rel->relkind))
			blocks += RelationGetNumberOfBlocks(relation);
		relation_close(relation, NoLock);
	}
	return blocks;
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
