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

/*
 * Gives the identity the role at the node.  Returns CB_CREATED, CB_SKIPPED when
 * it has it already, or CB_FAILED when a trigger swallowed the row.
 */
extern CbOutcome cb_assignment_ensure(const CbBatch *batch,
									  const pg_uuid_t *identity,
									  const pg_uuid_t *application,
									  const pg_uuid_t *role,
									  const pg_uuid_t *node);

#endif							/* CB_ASSIGNMENT_H */
