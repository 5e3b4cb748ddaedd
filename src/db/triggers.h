/*-------------------------------------------------------------------------
 *
 * triggers.h
 *		What happens besides when rows are written to a table.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_TRIGGERS_H
#define CB_TRIGGERS_H

/* A list of tables of the directory ends with NULL. */

/*
 * Why the tables must be written row by row if verdicts shall not change: a
 * trigger of the user's may look at rows written before, row security may bind
 * the owner, a rule may rewrite the statement.  NULL: sets are as good.
 */
extern const char *cb_triggers_forbid_sets(const char *const *tables);

/*
 * Why the tables cannot be written in sets at all: a key of the user's decides
 * between rows by the order in which they come, and ON CONFLICT does not take one
 * that is deferrable; a trigger that fires before a row fires for one that is
 * then not written.  NULL: they can.
 */
extern const char *cb_triggers_prevent_sets(const char *const *tables);

/*
 * Do the tables have no triggers but the directory's own foreign keys, and the
 * columns that the directory gave them?  Who has locked the parents may then
 * write without firing any, and knows what is stored.
 */
extern bool cb_triggers_are_foreign_keys(const char *const *tables);

#endif							/* CB_TRIGGERS_H */
