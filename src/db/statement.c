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

#include "canopy_bulk.h"
#include "db/statement.h"
#include "utils/snapmgr.h"

static void prepare(CbStatement *statement);

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
