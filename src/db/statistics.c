/*-------------------------------------------------------------------------
 *
 * statistics.c
 *		What the planner knows of the directory's tables.
 *
 * Every key begins with the account.  While the planner does not know that there
 * are few accounts, all of these indexes look alike to it, and it checks a foreign
 * key through any of them: it reads all of the account for each row.  And it keeps
 * the plan that was right for a small table.  Autovacuum mends that a minute after
 * the rows were committed, which is too late for a directory that begins with an
 * import, and for a preview.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/namespace.h"
#include "storage/bufmgr.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "canopy_bulk.h"
#include "db/statement.h"
#include "db/statistics.h"
#include "db/stored.h"

#define GROWTH			4
#define LARGE_TABLE		4096	/* blocks; autovacuum is soon enough for it */

/* Those of the statement below. */
static const char *const tables[] = {
	"identity", "app_membership", "role_assignment", "identity_invite", "role",
	"node"
};

static CbStatement analyze_tables = {
	"ANALYZE (SKIP_LOCKED) canopy.identity, canopy.app_membership,"
	" canopy.role_assignment, canopy.identity_invite, canopy.role, canopy.node",
	0, {0}, SPI_OK_UTILITY
};

static bool has_grown(const char *table);

void
cb_statistics_keep_up(void)
{
	if (!has_grown("identity"))
		return;
	for (size_t i = 0; i < lengthof(tables); i++)
		cb_stored_table(tables[i]);
	cb_statement_run(&analyze_tables, NULL, NULL);
}

static bool
has_grown(const char *table)
{
	Relation	relation = relation_open(cb_stored_table(table), AccessShareLock);
	BlockNumber known = Max(relation->rd_rel->relpages, 0);
	BlockNumber blocks = 0;

	if (RELKIND_HAS_STORAGE(relation->rd_rel->relkind))
		blocks = RelationGetNumberOfBlocks(relation);
	relation_close(relation, NoLock);
	return blocks < LARGE_TABLE && blocks > known * GROWTH;
}
