/*-------------------------------------------------------------------------
 *
 * import.h
 *		What the steps of an import share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_FLOW_IMPORT_H
#define CB_FLOW_IMPORT_H

#include "flow/batch.h"
#include "flow/import_mode.h"
#include "record/import_row.h"
#include "rows/fields.h"

#define CB_IMPORT_MAX_BYTES		(10 * 1024 * 1024)
#define CB_IMPORT_BATCH_ROWS	200

/* A call that works on an import. */
typedef struct CbImportCall
{
	CbCaller	caller;
	CbScope		scope;			/* of the import; bound when whoever calls, or
								 * the import, is */
	bool		is_bound_caller;
	CbImport   *import;
	const CbImportMode *mode;
	TimestampTz now;
} CbImportCall;

/* For which rows a batch is read. */
typedef enum CbImportPurpose
{
	CB_IMPORT_REHEARSE,			/* all but those that somebody deselected */
	CB_IMPORT_SUBMIT			/* those that are selected */
} CbImportPurpose;

/* Something that a person should know of a row. */
typedef struct CbImportNote
{
	struct CbImportNote *next;
	const char *code;			/* static */
	const char *message;		/* one sentence, without data of the row */
	const char *field;			/* NULL: none */
	const char *closest;		/* what may have been meant; NULL: unknown */
	const char *bound;			/* the setting that it passes; NULL: none */
	int			column;			/* from 1; 0: none */
	int			first_row;		/* number of the row that it repeats; 0: none */
	bool		is_warning;
} CbImportNote;

/* Rows of an import on their way through the row kind. */
typedef struct CbImportBatch
{
	int			number;			/* from 1 */
	CbImportRow *rows;			/* only those that are to be written */
	int			nrows;
	JsonbValue *inputs;			/* each row as JSON */
	struct CbImportFlaw **flaws;	/* of each row, found while it was read;
									 * NULL: none */
} CbImportBatch;

/* What became of a row of a batch. */
typedef struct CbImportVerdict
{
	CbOutcome	outcome;		/* created, updated, skipped, or failed */
	CbCode		code;			/* of the first issue; CB_OK: none */
	bool		has_resource;
	pg_uuid_t	resource;		/* created, updated or skipped */
	int			sqlstate;		/* that the database raised; 0: none */
	CbImportNote *notes;		/* errors first; NULL: none */
} CbImportVerdict;

/*
 * Enters the directory, finds the import and resolves its application and
 * environment for whoever calls.  Raises PT404 when there is no such import for him,
 * and what cb_caller_enter() and cb_scope_resolve() raise.  End leaves the directory.
 */
extern void cb_import_begin(CbImportCall *call, const pg_uuid_t *id,
							const char *account);
extern void cb_import_end(CbImportCall *call);

/*
 * Reads the import again and locks it until the transaction ends.  One that a caller
 * who is bound works on is bound from then on, whoever goes on with it.
 */
extern void cb_import_hold(CbImportCall *call);

/* The same; raises PT409 when its file or mapping has changed since it was read. */
extern void cb_import_lock(CbImportCall *call);

/* How many batches an import has: they are ranges of row numbers. */
extern int	cb_import_batch_count(const CbImport *import);

/*
 * Reads a batch, from 1, and makes JSON of its cells, all in the current memory
 * context.  It may have no row.
 */
extern CbImportBatch *cb_import_batch_read(const CbImportCall *call, int number,
										   CbImportPurpose purpose);

/*
 * Writes the rows through their kind and fills in a verdict for each, in the
 * current memory context.  inside has what the caller wants besides: rehearsal,
 * max_groups, learn; the rest is filled in.  Returns false, and no verdicts, when the
 * key had been used: the batch has been written before.
 */
extern bool cb_import_batch_write(const CbImportCall *call,
								  CbImportBatch *batch, const char *key,
								  CbBatchInside *inside,
								  CbImportVerdict *verdicts);

/* Adds a note behind the others, in the current memory context. */
extern CbImportNote *cb_import_note(CbImportVerdict *verdict, const char *code,
									const char *message, const char *field,
									int column);

/* The notes as they are stored in import_row; NULL when there are none. */
extern Jsonb *cb_import_notes_json(const CbImportNote *notes);

/* The column of a field, from 1; 0: none has it. */
extern int	cb_import_column_of(const CbImport *import, const char *field);

/* A cell without blanks around it; false when nothing is left. */
extern bool cb_import_cell(const CbImportRow *row, int column, CbText *text);

/* What the status of an import is, as JSON; see docs/csv.md. */
extern Jsonb *cb_import_describe(const CbImport *import);

/* Takes blanks of any kind from both ends. */
extern void cb_import_trim(const char **text, Size *len);

/* Must a row have this field? */
extern bool cb_import_requires(const CbImport *import, const char *field);

/* Fills in the required fields that no column has; returns how many they are. */
extern int	cb_import_missing(const CbImport *import,
							  const CbMappingField **missing);

/* Fills in the digest of the plan and the counts of the import. */
extern void cb_import_count(CbImport *import, CbImportTally *tally);

/* The parts of an answer that several steps give: a value each. */
extern void cb_import_write_tally(CbJson *json, const CbImport *import,
								  const CbImportTally *tally);
extern void cb_import_write_digest(CbJson *json, const CbImport *import);

#endif							/* CB_FLOW_IMPORT_H */
