/*-------------------------------------------------------------------------
 *
 * undo.h
 *		How what an import wrote is undone, by the kind of its rows.
 *
 * While an import writes, each row leaves behind what is needed to undo it: a
 * JSON object that only its kind reads.  It has the values that the row replaced,
 * the ids of what it made, and an image of how it left all that: what does not
 * look like that any more has been touched since, and is kept.
 *
 * To undo, a flow calls judge once, which locks everything and settles what is to
 * be kept, and then reverse for the items that are left, in subtransactions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_UNDO_H
#define CB_UNDO_H

#include "rows/row.h"

typedef enum CbUndoOutcome
{
	CB_UNDO_PENDING,
	CB_UNDO_REVERSED,
	CB_UNDO_KEPT,
	CB_UNDO_ERROR
} CbUndoOutcome;

/* Something that rows of an import created or updated: an identity, an invite. */
typedef struct CbUndoItem
{
	pg_uuid_t	id;
	bool		created;		/* by one of the rows */
	Jsonb	  **before;			/* what its rows left behind, in their order */
	int			nbefore;
	CbUndoOutcome outcome;
	const char *reason;			/* why it was not reversed, or what of it
								 * could not be; static, or an SQLSTATE */
} CbUndoItem;

typedef struct CbUndoKind
{
	/*
	 * Fills in what each row of a batch that succeeded leaves behind, in the
	 * current memory context; NULL where there is nothing to undo.
	 */
	void		(*remember) (const CbBatch *batch, Jsonb **before);

	/*
	 * Locks the items, which are of different things, until the transaction
	 * ends, and settles those that have been touched since.  Waits for others
	 * only where no circle can come of it.
	 */
	void		(*judge) (const CbScope *scope, CbUndoItem *items, int n);

	/*
	 * Reverses items; n is at least 1.  Raises an error that rows may be
	 * blamed for when one of them cannot be.
	 */
	void		(*reverse) (const CbScope *scope, TimestampTz now,
							CbUndoItem **items, int n);

	/* Tables that are written, "canopy." left out; the list ends with NULL. */
	const char *const *tables;
} CbUndoKind;

extern const CbUndoKind cb_identity_undo;
extern const CbUndoKind cb_invite_undo;
extern const CbUndoKind cb_learner_undo;

struct CbStatement;				/* db/statement.h */

/* Reasons that kinds share. */
#define CB_UNDO_GONE		"gone"	/* somebody has deleted it */
#define CB_UNDO_FORBIDDEN	"forbidden" /* it would change what the caller may
										 * not */
#define CB_UNDO_LOCKED		"locked"	/* somebody is at work on it: an error */
#define CB_UNDO_UNKNOWN		"not_recorded"	/* nothing was left behind */
#define CB_UNDO_MAILED		"mail_sent" /* reversed; but its mail may have
										 * gone out */

static inline void
cb_undo_settle(CbUndoItem *item, CbUndoOutcome outcome, const char *reason)
{
	item->outcome = outcome;
	item->reason = reason;
}

/* The ids of pending items as a uuid[]; with all, of every item. */
extern Datum cb_undo_ids(const CbUndoItem *items, int n);
extern Datum cb_undo_chosen_ids(CbUndoItem **items, int n);

/*
 * What the rows of the items left behind, item by item and in the order of the rows,
 * as a jsonb[]; with ids, also the item of each as a uuid[].
 */
extern Datum cb_undo_before(CbUndoItem **items, int n, Datum *ids);

/* The item of an id; items are sorted by it.  NULL: none. */
extern CbUndoItem *cb_undo_find(CbUndoItem *items, int n, const pg_uuid_t *id);

/* A string of what a row left behind, in the current context; NULL: none. */
extern char *cb_undo_text(const Jsonb *before, const char *key);

/* Writes the value for a row to leave behind; NULL is null. */
extern void cb_undo_write(CbJson *json, const Jsonb *value);

/*
 * Runs the statement, which must give or touch so many rows; raises 23000 when
 * something of the user's has prevented that.
 */
extern void cb_undo_run(struct CbStatement *statement, Datum *values,
						int expected);

/*
 * The same of a statement that tells these by itself: what it looks for is w, what
 * it has written is d.
 */
#define CB_UNDO_COUNTS \
	" SELECT (SELECT pg_catalog.count(*) FROM w), (SELECT pg_catalog.count(*) FROM d)"
#define CB_UNDO_RESULT	"expected int8, written int8"

extern void cb_undo_run_all(struct CbStatement *statement, Datum *values);

#endif							/* CB_UNDO_H */
