/*-------------------------------------------------------------------------
 *
 * assignment.h
 *		A role of an identity at a node.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_ASSIGNMENT_H
#define CB_ASSIGNMENT_H

#include "rows/row.h"

/* A role that an identity shall have at a node. */
typedef struct CbAssignmentWish
{
	pg_uuid_t	identity;
	pg_uuid_t	application;
	pg_uuid_t	role;
	pg_uuid_t	node;
	pg_uuid_t	new_id;			/* of the row, if one is made; set by ensure */
	CbOutcome	outcome;
} CbAssignmentWish;

/*
 * Gives each identity its role at its node and sets the outcome: CB_CREATED,
 * CB_SKIPPED when it has it already, or CB_FAILED when a trigger swallowed the
 * row.  No two wishes are the same, and they are sorted as they shall be written.
 */
extern void cb_assignment_ensure(const CbBatch *batch, CbAssignmentWish *wishes,
								 int n);

#endif							/* CB_ASSIGNMENT_H */
