/*-------------------------------------------------------------------------
 *
 * statement.h
 *		SQL statements with kept plans: the only road to SPI.
 *
 * A module declares its statements as a static table: text, argument types and
 * expected result side by side.  The text is constant; data travels in
 * parameters only.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_STATEMENT_H
#define CB_STATEMENT_H

#include "catalog/pg_type_d.h"
#include "executor/spi.h"

#define CB_STATEMENT_MAX_ARGS	20

typedef struct CbStatement
{
	const char *sql;
	int			nargs;
	Oid			argtypes[CB_STATEMENT_MAX_ARGS];
	int			expected;		/* SPI_OK_SELECT and the like */
	bool		newest;			/* read with the newest snapshot, as a unique
								 * index does, whatever the isolation level */
	SPIPlanPtr	plan;			/* kept; NULL until first used */
} CbStatement;

/* A connection to SPI begins and ends in the same function. */
extern void cb_statement_connect(void);
extern void cb_statement_finish(void);

/*
 * Runs the statement with values (nulls may be NULL: none is null; else 'n'
 * marks a null) and returns how many rows it gave or touched.  The rows can be
 * read until cb_statement_free().  Raises what the statement raises.
 */
extern uint64 cb_statement_run(CbStatement *statement, Datum *values,
							   const char *nulls);
extern Datum cb_statement_value(uint64 row, int column, bool *isnull);
extern void cb_statement_free(void);

#endif							/* CB_STATEMENT_H */
