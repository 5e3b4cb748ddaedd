/*-------------------------------------------------------------------------
 *
 * statement.h
 *		SQL statements with kept plans: the only road to SPI.
 *
 * A module declares its statements as a static table: text, argument types and
 * expected result side by side.  The text is constant; data travels in
 * parameters only.  The columns of the result are declared as in
 * "id uuid, name text?": see db/result.h.  A table that has been altered so that a
 * statement cannot be planned, or that its result is another one, is an error of
 * SQLSTATE 55000; no reader ever gets a value of another type, nor a null that is
 * not declared.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_STATEMENT_H
#define CB_STATEMENT_H

#include "catalog/pg_type_d.h"
#include "executor/spi.h"
#include "storage/block.h"

#define CB_STATEMENT_MAX_ARGS	32

typedef struct CbStatement
{
	const char *sql;
	int			nargs;
	Oid			argtypes[CB_STATEMENT_MAX_ARGS];
	int			expected;		/* SPI_OK_SELECT and the like */
	bool		newest;			/* read with the newest snapshot, as a unique
								 * index does, whatever the isolation level */
	SPIPlanPtr	plan;			/* kept; NULL until first used */
	uint64		last_call;		/* in which it was seen that the plan will do */
	BlockNumber blocks;			/* of its tables, when it was last made anew */
	int			generation;		/* of the plan that was checked */
	const char *returns;		/* columns of its result; NULL: it has none */
	struct CbResult *result;	/* the same, read; NULL until first used */
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

/* Is given a row's values and nulls, by column from 0; they live until it ends. */
typedef void (*CbRowReader) (void *arg, const Datum *values, const bool *nulls);

/*
 * Runs the statement and hands each row of its result to the reader.  A trusted
 * statement fires no triggers, foreign keys' among them: its caller knows that
 * there are none but foreign keys whose parents it has locked itself.
 */
extern void cb_statement_stream(CbStatement *statement, Datum *values,
								const char *nulls, bool trusted,
								CbRowReader reader, void *arg);

/*
 * Runs statements that the extension's own script has brought, one after the other;
 * each sees what those before it made.  No plan is kept.
 */
extern void cb_statement_run_script(const char *script);

/* An array for a parameter; nulls may be NULL. */
extern Datum cb_statement_array(Datum *values, bool *nulls, int n, Oid type);

#endif							/* CB_STATEMENT_H */
