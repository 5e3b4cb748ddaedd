/*-------------------------------------------------------------------------
 *
 * row.h
 *		The contract between a batch and a kind of row.
 *
 * flow/batch.c runs a batch of any kind and knows nothing of identities or
 * memberships; a file in rows/ knows one kind and nothing of batches, keys or
 * savepoints.  They meet in CbRowKind.  For each batch the flow calls, in this
 * order,
 *
 *		begin		once
 *		decode		each row: checks all that can be known without the tables
 *		prepare		once: what takes long and must hold no lock (hashing)
 *		lock_parents	once: looks up and locks what rows refer to, in id order
 *		write_set	all good rows at once, in the order of compare
 *		write_one	each row that is left, in the same order; what it wrote
 *					is undone when it gives the row a problem, or raises
 *		blame		after write_one raised an error that is the row's fault
 *		encode		each row that succeeded
 *
 * A function says that a row is bad by giving it a problem; from then on the
 * row is left out.  Rows, and all that hangs on them, live in the batch's
 * context, which is the current one except in the write functions and blame:
 * these run in a context that is reset again and again.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_ROW_H
#define CB_ROW_H

#include "db/caller.h"
#include "db/envelope.h"
#include "db/scope.h"

#define CB_ROW_MAX_KEYS		2

typedef enum CbOnConflict
{
	CB_ON_CONFLICT_ERROR,
	CB_ON_CONFLICT_SKIP,
	CB_ON_CONFLICT_UPDATE
} CbOnConflict;

typedef enum CbOutcome
{
	CB_PENDING,					/* not written yet */
	CB_CREATED,
	CB_UPDATED,
	CB_SKIPPED,
	CB_FAILED
} CbOutcome;

typedef struct CbRow
{
	int			index;			/* position in the input, from 0 */
	JsonbValue	input;			/* as sent; points into the request */
	CbOutcome	outcome;
	CbProblem	problem;

	/*
	 * Kept by flow/: the place in the order of writing, and for each key the
	 * last earlier row with the same one.
	 */
	int			place;
	struct CbRow *rival[CB_ROW_MAX_KEYS];
} CbRow;

typedef struct CbRowKind CbRowKind;

typedef struct CbBatch
{
	const CbRowKind *kind;
	const char *action;			/* in the audit log */
	bool		is_single;		/* its one row is named in the audit log */
	CbCaller	caller;
	CbScope		scope;
	CbOnConflict on_conflict;
	const void *options;		/* what the kind asks of a call besides its
								 * rows */
	bool		dry_run;
	int			max_failed;		/* rows; -1: no limit */
	int			max_groups;		/* subtransactions that may stay behind; 0: as
								 * many as a transaction bears */
	bool		for_record;		/* the answer is encoded to be stored */
	bool		confident;		/* rows of the set are new, it is thought:
								 * they are inserted without a look first, and
								 * the set raises if one is not */
	bool		remembers;		/* rows keep what they replace; see
								 * rows/undo.h */
	bool		trusted;		/* no triggers but foreign keys; see
								 * db/constraints.h */
	TimestampTz now;			/* what every row of the batch is stamped with */
	CbRow	  **rows;			/* in the order of the input */
	int			nrows;
	MemoryContext context;		/* until the answer is written */
	MemoryContext row_context;	/* until the next row */
	void	   *of_kind;		/* what begin and later calls keep for
								 * themselves */
} CbBatch;

struct CbRowKind
{
	const char *action;			/* in the audit log */
	const char *resource_type;	/* in the audit log */
	const char *category;		/* in the audit log */
	const char *list_key;		/* of the request object that wraps the rows */
	bool		answers_once;	/* encode leaves secrets out for the record */
	Size		row_size;		/* of the struct that begins with a CbRow */

	/* What no two rows of a batch may share, and the code when they do. */
	int			nkeys;
	CbCode		key_codes[CB_ROW_MAX_KEYS];
	const char *key_fields[CB_ROW_MAX_KEYS];

	void		(*begin) (CbBatch *batch);

	/* Writes the options, so that a key can tell calls apart; or NULL. */
	void		(*describe) (const CbBatch *batch, CbJson *json);
	void		(*decode) (CbBatch *batch, CbRow *row);
	void		(*prepare) (CbBatch *batch);	/* may be NULL */
	void		(*lock_parents) (CbBatch *batch);
	int			(*compare) (const CbRow *a, const CbRow *b);

	/* The bytes of a key; NULL when the row has none. */
	const char *(*key) (const CbRow *row, int which, Size *len);

	/* Sets outcome, or a problem; what it wrote is then undone. */
	void		(*write_one) (CbBatch *batch, CbRow *row);

	/*
	 * Writes rows in their order and sets the outcome of each that it wrote,
	 * or a problem; a row that is neither is left to write_one.  False when
	 * the rows cannot be told apart afterwards: all is undone then.
	 */
	bool		(*write_set) (CbBatch *batch, CbRow **rows, int n);

	/* May find a better name than "rejected" for what was raised; or NULL. */
	void		(*blame) (CbBatch *batch, CbRow *row, const ErrorData *fault);

	/* The id of what a row that succeeded created, updated or found. */
	const pg_uuid_t *(*resource) (const CbRow *row);
	void		(*encode) (const CbBatch *batch, const CbRow *row, CbJson *json);

	/*
	 * The row as it was sent.  A kind whose rows are objects gives their
	 * fields, of which rows/fields.h repeats what is no secret; any other
	 * writes its row itself.
	 */
	const struct CbField *(*fields) (const CbBatch *batch);
	void		(*echo) (const CbRow *row, CbJson *json);

	/* The identity that the row is about, NULL if it names none; or NULL. */
	const pg_uuid_t *(*identity) (const CbRow *row);

	/* Tables that are written, "canopy." left out; the list ends with NULL. */
	const char *const *tables;
};

/* A row that has no problem so far. */
static inline bool
cb_row_is_good(const CbRow *row)
{
	return row->problem.code == CB_OK;
}

#endif							/* CB_ROW_H */
