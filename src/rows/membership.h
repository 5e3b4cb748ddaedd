/*-------------------------------------------------------------------------
 *
 * membership.h
 *		Memberships of applications: the row, and the kind that attaches.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_MEMBERSHIP_H
#define CB_MEMBERSHIP_H

#include "rows/row.h"

/* A row of canopy.app_membership. */
typedef struct CbMembership
{
	pg_uuid_t	id;
	pg_uuid_t	identity_id;
	pg_uuid_t	application_id;
	const char *status;			/* constant text */
	TimestampTz invited_at;		/* each 0 when null: see has_ */
	TimestampTz activated_at;
	TimestampTz deactivated_at;
	TimestampTz created_at;
	bool		has_invited_at;
	bool		has_activated_at;
	bool		has_deactivated_at;
} CbMembership;

/*
 * Makes the identity an active member, or makes a deactivated membership active
 * again, and fills *membership.  Returns CB_CREATED or CB_UPDATED; CB_SKIPPED
 * when there is a membership that this leaves alone; CB_FAILED when a trigger
 * swallowed the row.
 */
extern CbOutcome cb_membership_ensure(const CbBatch *batch,
									  const pg_uuid_t *identity,
									  const pg_uuid_t *application,
									  CbMembership *membership);

/* The kind of row that canopy_bulk_attach() takes. */
extern const CbRowKind cb_membership_kind;

#endif							/* CB_MEMBERSHIP_H */
