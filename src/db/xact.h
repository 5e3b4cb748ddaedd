/*-------------------------------------------------------------------------
 *
 * xact.h
 *		What the library remembers until a transaction ends.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_XACT_H
#define CB_XACT_H

/* What happens to the items of a kind when the transaction commits. */
typedef struct CbXactKind
{
	void		(*before_commit) (void *item);	/* may raise; NULL: nothing */
	void		(*after_commit) (void *item);	/* must not raise; NULL:
												 * nothing */
} CbXactKind;

/* Called once, when the library is loaded. */
extern void cb_xact_register(void);

/*
 * A memory context for one item and all that it points to.  It lives as long as the
 * item, or until the transaction ends when the item is never pushed.
 */
extern MemoryContext cb_xact_context(void);

/*
 * Remembers an item that was allocated in such a context.  It belongs to the current
 * transaction level: when the level is released, to the one above; when it is rolled
 * back, or when the transaction ends or is prepared, the item is gone.
 */
extern void cb_xact_push(const CbXactKind *kind, void *item);

/* The item of the kind that was pushed last; NULL: there is none. */
extern void *cb_xact_top(const CbXactKind *kind);

/*
 * Forgets the items of the kind that were pushed after this one; all when it is NULL.
 * Raises an error, and forgets nothing, when the item is not there.
 */
extern void cb_xact_pop_to(const CbXactKind *kind, const void *item);

#endif							/* CB_XACT_H */
