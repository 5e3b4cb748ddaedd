/*-------------------------------------------------------------------------
 *
 * strategy.c
 *		Chooses how a batch is written.
 *
 *		row		a subtransaction for each row: the reference
 *		set		sets, and groups for what they leave
 *		auto	sets where nobody can tell the difference, else groups alone
 *
 * The verdicts are the same.  What differs is what a trigger sees of the rows
 * before its own, and what a batch costs everybody else.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "db/triggers.h"
#include "flow/rowwise.h"
#include "flow/setwise.h"
#include "flow/strategy.h"
#include "settings.h"

void
cb_strategy_write(CbBatch *batch)
{
	const char *obstacle;

	if (cb_strategy == CB_STRATEGY_ROW)
	{
		elog(DEBUG1, "canopy_bulk writes row by row: canopy_bulk.strategy is row");
		cb_rowwise_write(batch);
		return;
	}
	obstacle = cb_triggers_prevent_sets(batch->kind->tables);
	if (obstacle == NULL && cb_strategy == CB_STRATEGY_AUTO)
		obstacle = cb_triggers_forbid_sets(batch->kind->tables);
	if (obstacle != NULL)
		elog(DEBUG1, "canopy_bulk writes in groups: %s", obstacle);
	else
		elog(DEBUG1, "canopy_bulk writes in sets");
	batch->trusted = cb_triggers_are_foreign_keys(batch->kind->tables);
	cb_setwise_write(batch, obstacle == NULL);
}
