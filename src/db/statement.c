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
 * The error of a plan that cannot be made quotes our text and no data: it is told in
 * the detail.  Errors that come later, when a trigger runs for example, are left as
 * they are.
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
#include "db/result.h"
#include "db/statement.h"

/* A plan is made anew when its tables have so many times the blocks. */
#define GROWTH			2
#define SMALL_TABLE		4		/* blocks that make no difference */

static uint64 calls;			/* of this backend */

/* A destination that hands each row on and keeps nothing. */
typedef struct Receiver
{
	DestReceiver receiver;
	const CbStatement *statement;
	CbRowReader reader;
	void	   *arg;
} Receiver;

static void make_ready(CbStatement *statement);
static bool has_good_plan(const CbStatement *statement);
static void forget_outgrown_plan(CbStatement *statement);
static BlockNumber count_blocks(const CachedPlan *plan);
static void make_plan(CbStatement *statement);
static void prepare(CbStatement *statement);
static void explain_failure(void *arg);
static const char *place_in(const char *sql, int position);
static CachedPlanSource *source_of(const CbStatement *statement);
static bool returns_rows(const CbStatement *statement);
static void check_result(const CbStatement *statement);
static void refuse_rule(void) pg_attribute_noreturn();
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

	make_ready(statement);
	if (statement->newest)
		result = SPI_execute_snapshot(statement->plan, values, nulls,
									  GetLatestSnapshot(), InvalidSnapshot,
									  true, false, 0);
	else
		result = SPI_execute_plan(statement->plan, values, nulls, false, 0);
	MemoryContextSwitchTo(context);
	if (result != statement->expected)
		refuse_rule();
	if (statement->result != NULL)
		check_result(statement);
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
		.statement = statement,
		.reader = reader,
		.arg = arg
	};
	CachedPlan *plan;

	make_ready(statement);
	PushActiveSnapshot(statement->newest ?
					   GetLatestSnapshot() : GetTransactionSnapshot());
	plan = SPI_plan_get_cached_plan(statement->plan);
	if (plan == NULL || list_length(plan->stmt_list) != 1)
		refuse_rule();
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

/* Sees to it that there is a plan, and that its result is the one declared. */
static void
make_ready(CbStatement *statement)
{
	if (statement->plan != NULL && statement->last_call != calls)
		forget_outgrown_plan(statement);
	statement->last_call = calls;
	if (statement->plan == NULL || !has_good_plan(statement))
		make_plan(statement);
}

static bool
has_good_plan(const CbStatement *statement)
{
	const CachedPlanSource *source = source_of(statement);

	return source->is_valid && source->gplan != NULL &&
		source->gplan->is_valid &&
		source->gplan->generation == statement->generation;
}

/*
 * Once in a call: has a table grown so much since the plan was made that another
 * plan would be better?  A plan that was made for an empty table may read all of
 * it, and nothing would tell until somebody analyses the table.  That the tables
 * are opened for it locks them: none is altered before the transaction ends.
 */
static void
forget_outgrown_plan(CbStatement *statement)
{
	CachedPlanSource *source = source_of(statement);
	BlockNumber blocks;

	if (source->gplan == NULL || !source->gplan->is_valid)
		return;
	blocks = count_blocks(source->gplan);
	if (blocks / GROWTH > statement->blocks + SMALL_TABLE)
	{
		source->gplan->is_valid = false;
		statement->blocks = blocks;
	}
}

/* Of all tables that the plan reads or writes; a rule may leave nothing of it. */
static BlockNumber
count_blocks(const CachedPlan *plan)
{
	BlockNumber blocks = 0;
	ListCell   *statement;
	ListCell   *cell;

	foreach(statement, plan->stmt_list)
	{
		foreach(cell, lfirst_node(PlannedStmt, statement)->relationOids)
		{
			Relation	relation = try_relation_open(lfirst_oid(cell), AccessShareLock);

			if (relation == NULL)
				continue;
			if (RELKIND_HAS_STORAGE(relation->rd_rel->relkind))
				blocks += RelationGetNumberOfBlocks(relation);
			relation_close(relation, NoLock);
		}
	}
	return blocks;
}

static void
make_plan(CbStatement *statement)
{
	ErrorContextCallback callback = {
		.previous = error_context_stack,
		.callback = explain_failure,
		.arg = statement
	};
	CachedPlanSource *source;
	CachedPlan *plan;

	error_context_stack = &callback;
	if (statement->plan == NULL)
		prepare(statement);
	plan = SPI_plan_get_cached_plan(statement->plan);
	error_context_stack = callback.previous;

	/*
	 * Held to the end: a look at the source may drop a plan that became
	 * invalid.
	 */
	source = source_of(statement);
	if (list_length(plan->stmt_list) != 1)
	{
		/* A plan of nothing depends on no table, and would stay for ever. */
		source->is_valid = false;
		refuse_rule();
	}
	if (statement->result != NULL)
	{
		cb_result_check_types(statement->result, source->resultDesc, source);
		cb_result_check_names(statement->result, source);
	}
	statement->generation = plan->generation;
	ReleaseCachedPlan(plan, CurrentResourceOwner);
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
	if (returns_rows(statement) && statement->result == NULL)
		statement->result = cb_result_declare(statement->returns);
	MemoryContextSwitchTo(context);
	statement->plan = plan;
}

/*
 * Names that do not exist, types that do not fit, constants that a column's type
 * does not know: our text is right for the tables as they were made.  What else can
 * go wrong, such as a cancel or a lack of rights, is left as it is.
 */
static void
explain_failure(void *arg)
{
	const CbStatement *statement = arg;
	int			sqlstate = geterrcode();
	int			class = ERRCODE_TO_CATEGORY(sqlstate);
	int			position = getinternalerrposition();
	MemoryContext old;
	ErrorData  *cause;

	if ((class != ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION &&
		 class != ERRCODE_DATA_EXCEPTION &&
		 class != ERRCODE_FEATURE_NOT_SUPPORTED) ||
		sqlstate == ERRCODE_INSUFFICIENT_PRIVILEGE)
		return;
	old = MemoryContextSwitchTo(CurTransactionContext);
	cause = CopyErrorData();
	MemoryContextSwitchTo(old);
	internalerrposition(0);
	internalerrquery(NULL);
	errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE);
	errmsg(CB_ALTERED_MESSAGE);
	errdetail("A statement on %s cannot be planned: %s%s.",
			  cb_result_tables(statement->sql), cause->message,
			  position > 0 ? place_in(statement->sql, position) : "");
	errhint("Compare the tables of schema canopy with those that canopy_bulk_setup() makes in an empty database, and alter them back.");
}

/* The words of a text around a position in it, from 1. */
static const char *
place_in(const char *sql, int position)
{
	const char *begin = sql + Min(position - 1, (int) strlen(sql));
	const char *end = begin + strcspn(begin, " ,");

	if (begin > sql + 1 && begin[-1] == ' ')
		begin--;
	while (begin > sql && strchr(" ,(", begin[-1]) == NULL)
		begin--;
	return psprintf(", at \"%.*s\"", (int) (end - begin), begin);
}

static CachedPlanSource *
source_of(const CbStatement *statement)
{
	return linitial(SPI_plan_get_plan_sources(statement->plan));
}

static bool
returns_rows(const CbStatement *statement)
{
	return statement->expected == SPI_OK_SELECT ||
		statement->expected == SPI_OK_INSERT_RETURNING ||
		statement->expected == SPI_OK_UPDATE_RETURNING ||
		statement->expected == SPI_OK_DELETE_RETURNING;
}

/* Of the rows that SPI has gathered. */
static void
check_result(const CbStatement *statement)
{
	CachedPlanSource *source = source_of(statement);
	TupleDesc	shape = SPI_tuptable->tupdesc;

	cb_result_check_types(statement->result, shape, source);
	for (uint64 i = 0; i < SPI_tuptable->numvals; i++)
		cb_result_check_tuple(statement->result, SPI_tuptable->vals[i], shape,
							  source);
}

/* Only a rule makes another number of statements, or another kind, of one. */
static void
refuse_rule(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("a rule changes what is done with a table of the directory"),
			 errhint("pg_rules lists the rules of schema canopy; drop them, and write triggers instead.")));
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
	const CbStatement *statement = ((Receiver *) self)->statement;

	cb_result_check_types(statement->result, shape, source_of(statement));
}

static bool
receive(TupleTableSlot *slot, DestReceiver *self)
{
	Receiver   *receiver = (Receiver *) self;

	slot_getallattrs(slot);
	cb_result_check_row(receiver->statement->result, slot->tts_isnull,
						source_of(receiver->statement));
	receiver->reader(receiver->arg, slot->tts_values, slot->tts_isnull);
	return true;
}

static void
stop_receiving(DestReceiver *self)
{
}
