/*-------------------------------------------------------------------------
 *
 * assignment_list.h
 *		Lists of role assignments.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_ASSIGNMENT_LIST_H
#define CB_ASSIGNMENT_LIST_H

#include "db/page.h"
#include "db/scope.h"

/*
 * A page of the assignments that an identity has in the application of the scope,
 * and in its environment if it has one; the newest come first.
 */
extern Jsonb *cb_assignment_list(const CbScope *scope, const CbPage *page,
								 const pg_uuid_t *identity);

#endif							/* CB_ASSIGNMENT_LIST_H */
