/*-------------------------------------------------------------------------
 *
 * result.h
 *		The columns of a statement's result: as they are declared, and as they are.
 *
 * The owner of the directory may alter its tables.  A value that is read as another
 * type than it has, or that is null where none is expected, would crash the server
 * or give out its memory: so both are looked at before any value is read.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_RESULT_H
#define CB_RESULT_H

#include "access/htup.h"
#include "access/tupdesc.h"
#include "utils/plancache.h"

#define CB_ALTERED_MESSAGE	"a table of the directory has been altered"

typedef struct CbResultColumn
{
	const char *name;
	Oid			type;
	bool		nullable;
} CbResultColumn;

typedef struct CbResult
{
	CbResultColumn *columns;
	int			ncolumns;
	bool		is_open;		/* any columns may follow */
	int		   *required;		/* columns that are never null, from 0 */
	int			nrequired;
} CbResult;

/*
 * Reads a declaration as in "id uuid, name text?, ..." into a context that lasts as
 * long as the process: name and type of each column, a question mark where it may be
 * null, and three dots at the end where columns follow that nobody reads as a type.
 */
extern CbResult *cb_result_declare(const char *declaration);

/*
 * Raise 55000 when a column has another type than is declared, or is null where it
 * is declared not to be.  A type that is laid out as the declared one is, such as a
 * domain over it, will do.  The source tells which table a column is of.
 */
extern void cb_result_check_types(const CbResult *result, TupleDesc shape,
								  CachedPlanSource *source);
extern void cb_result_check_row(const CbResult *result, const bool *nulls,
								CachedPlanSource *source);
extern void cb_result_check_tuple(const CbResult *result, HeapTuple tuple,
								  TupleDesc shape, CachedPlanSource *source);

/* The names of the directory's tables in a text, each once. */
extern const char *cb_result_tables(const char *sql);

/* Raises an error when a column of a table has another name than is declared. */
extern void cb_result_check_names(const CbResult *result,
								  CachedPlanSource *source);

#endif							/* CB_RESULT_H */
