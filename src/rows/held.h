/*-------------------------------------------------------------------------
 *
 * held.h
 *		Rows that name an assignment by its id: a role that somebody holds.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_HELD_H
#define CB_HELD_H

#include "rows/assignment.h"
#include "rows/place.h"

typedef struct CbHeldRow
{
	CbRow		row;
	pg_uuid_t	id;				/* of the assignment */
	const char *email;			/* of the identity */
	bool		found;			/* when it was last looked for */
	CbAssignment assignment;	/* as it was found, then as it was left */
} CbHeldRow;

/* Raises 22023 when the call has an on_conflict; the kind's begin. */
extern void cb_held_begin(CbBatch *batch);

/* The row is the assignment's id; the kind's decode. */
extern void cb_held_decode(CbBatch *batch, CbRow *row);

/*
 * Finds the assignments of the good rows and locks, each in its order, their roles
 * and nodes, the identities and the memberships; with them the role, unless that is
 * NULL.  A row whose assignment is not there, or not of the call's application and
 * environment, gets an issue.  What is locked is then in places.
 */
extern void cb_held_lock(CbBatch *batch, CbPlaces *places,
						 const pg_uuid_t *role);

/* By the address of the identity; the kind's compare. */
extern int	cb_held_compare(const CbRow *a, const CbRow *b);

/* The assignment as it was left; the kind's encode. */
extern void cb_held_encode(const CbBatch *batch, const CbRow *row, CbJson *json);

/* The id as it was sent; the kind's echo. */
extern void cb_held_echo(const CbRow *row, CbJson *json);

/* The ids of the assignments, as a uuid[]. */
extern Datum cb_held_ids(CbRow **rows, int n);

/* Looks for the assignments of the rows, and sets found and assignment of each. */
extern void cb_held_find(const CbBatch *batch, CbRow **rows, int n);

/* The row's assignment is not there. */
extern void cb_held_miss(CbHeldRow *row);

/* For cb_held_read_written. */
typedef struct CbHeldReading
{
	CbRow	  **rows;			/* no two of one assignment */
	int			n;
	int			next;			/* what is read mostly comes in their order */
} CbHeldReading;

/*
 * Reads CB_ASSIGNMENT_COLUMNS that a writing statement gives: the row's assignment
 * as it was left, and its outcome is CB_UPDATED.
 */
extern void cb_held_read_written(void *arg, const Datum *values,
								 const bool *nulls);

#endif							/* CB_HELD_H */
