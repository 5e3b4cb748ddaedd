/*-------------------------------------------------------------------------
 *
 * progress.c
 *		What other sessions see of a call before it commits.
 *
 * The server knows a fixed list of commands that report their progress.  What we
 * do is most like a COPY FROM whose data comes from a callback.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "commands/progress.h"
#include "utils/backend_progress.h"
#include "utils/lsyscache.h"

#include "canopy_bulk.h"
#include "db/progress.h"

void
cb_progress_begin(const char *table, int64 bytes)
{
	static const int columns[] = {
		PROGRESS_COPY_COMMAND, PROGRESS_COPY_TYPE, PROGRESS_COPY_BYTES_TOTAL
	};
	const int64 values[] = {
		PROGRESS_COPY_COMMAND_FROM, PROGRESS_COPY_TYPE_CALLBACK, bytes
	};
	Oid			schema = get_namespace_oid(CB_DIRECTORY_SCHEMA, true);

	pgstat_progress_start_command(PROGRESS_COMMAND_COPY,
								  get_relname_relid(table, schema));
	pgstat_progress_update_multi_param(lengthof(columns), columns, values);
}

void
cb_progress_rows(int64 done, int64 excluded)
{
	static const int columns[] = {
		PROGRESS_COPY_TUPLES_PROCESSED, PROGRESS_COPY_TUPLES_EXCLUDED
	};
	const int64 values[] = {done, excluded};

	pgstat_progress_update_multi_param(lengthof(columns), columns, values);
}

void
cb_progress_end(void)
{
	pgstat_progress_end_command();
}
