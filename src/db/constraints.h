/*-------------------------------------------------------------------------
 *
 * constraints.h
 *		Deferred constraints, brought forward.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_CONSTRAINTS_H
#define CB_CONSTRAINTS_H

/*
 * Makes every deferrable constraint of the directory's tables immediate until
 * the transaction ends.  Raises what was already pending and does not hold.  The
 * list of table names ends with NULL.
 */
extern void cb_constraints_force(const char *const *tables);

/* The same, and for the foreign keys of users' tables that refer to these. */
extern void cb_constraints_force_with_references(const char *const *tables);

#endif							/* CB_CONSTRAINTS_H */
