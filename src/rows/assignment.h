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

/* A row of canopy.role_assignment as the database has it. */
typedef struct CbAssignment
{
	pg_uuid_t	id;
	pg_uuid_t	identity_id;
	pg_uuid_t	application_id;
	pg_uuid_t	role_id;
	pg_uuid_t	node_id;
	CbTime		effective_from;
	CbTime		effective_to;
	TimestampTz created_at;
	TimestampTz updated_at;
} CbAssignment;

/* A role that an identity shall have at a node. */
typedef struct CbAssignmentWish
{
	pg_uuid_t	identity;
	pg_uuid_t	application;
	pg_uuid_t	role;
	pg_uuid_t	node;
	CbTime		effective_from; /* both only for write */
	CbTime		effective_to;
	pg_uuid_t	new_id;			/* of the row, if one is made; set by both */
	CbOutcome	outcome;
	CbAssignment assignment;	/* set by write alone */
} CbAssignmentWish;

/*
 * Gives each identity its role at its node, for all time, and sets the outcome:
 * CB_CREATED, CB_SKIPPED when it has it already, or CB_FAILED when a trigger
 * swallowed the row.  No two wishes are the same, and they are sorted as they
 * shall be written.
 */
extern void cb_assignment_ensure(const CbBatch *batch, CbAssignmentWish *wishes,
								 int n);

/*
 * The same for the time that a wish names, and reads the assignment that is there
 * then.
 */
extern void cb_assignment_write(const CbBatch *batch, CbAssignmentWish *wishes,
								int n);

/* Reads a row of CB_ASSIGNMENT_COLUMNS, of a table that is called r. */
#define CB_ASSIGNMENT_COLUMNS \
	"r.id, r.identity_id, r.application_id, r.role_id, r.node_id," \
	" r.effective_from, r.effective_to, r.created_at, r.updated_at"
#define CB_ASSIGNMENT_RESULT \
	"id uuid, identity_id uuid, application_id uuid, role_id uuid," \
	" node_id uuid, effective_from timestamptz?, effective_to timestamptz?," \
	" created_at timestamptz, updated_at timestamptz"

extern void cb_assignment_read(CbAssignment *assignment, const Datum *values,
							   const bool *nulls);

/* Writes the assignment as the API shows it. */
extern void cb_assignment_encode(const CbAssignment *assignment, CbJson *json);

extern const char *const cb_assignment_tables[];

#endif							/* CB_ASSIGNMENT_H */
