/*-------------------------------------------------------------------------
 *
 * missing.h
 *		Identities that an import deactivates, and how that is undone.
 *
 * In an application the membership ends, as by detaching; in an account the
 * identity itself becomes inactive.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_MISSING_H
#define CB_MISSING_H

#include "rows/undo.h"

/* The kind of row that deactivates, and its row for an identity. */
extern const CbRowKind *cb_missing_kind(const CbScope *scope);
extern JsonbValue cb_missing_input(const CbScope *scope, const pg_uuid_t *id);

/*
 * To be called before and after the batch that deactivates: the first locks the
 * identities as the batch will and fills in what there is to lose, the second what
 * the deactivated leave behind, both in the current memory context.
 */
extern void cb_missing_look(const CbScope *scope, const pg_uuid_t *ids, int n,
							Jsonb **before);
extern void cb_missing_leave(const CbScope *scope, const pg_uuid_t *ids, int n,
							 Jsonb **before);

extern const CbUndoKind cb_missing_undo;

#endif							/* CB_MISSING_H */
