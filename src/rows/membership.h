/*-------------------------------------------------------------------------
 *
 * membership.h
 *		Rows of canopy.app_membership.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_MEMBERSHIP_H
#define CB_MEMBERSHIP_H

#include "rows/row.h"

typedef struct CbMembership
{
	pg_uuid_t	id;
	pg_uuid_t	identity_id;
	pg_uuid_t	application_id;
	const char *status;			/* constant text */
	CbTime		invited_at;
	CbTime		activated_at;
	CbTime		deactivated_at;
	TimestampTz created_at;
} CbMembership;

/* A membership that shall be there. */
typedef struct CbMembershipWish
{
	pg_uuid_t	identity;
	pg_uuid_t	application;
	pg_uuid_t	new_id;			/* of the row, if one is made; set by ensure */
	CbOutcome	outcome;
	CbMembership membership;
	Jsonb	   *old;			/* set by remember; NULL: there was none */
} CbMembershipWish;

/*
 * Makes each identity an active member, or makes a deactivated membership active
 * again.  Fills in every membership and sets its outcome: CB_CREATED, CB_UPDATED,
 * CB_SKIPPED when there is a membership that this leaves alone, or CB_FAILED when
 * a trigger swallowed the row.  No two wishes are for one membership, and they
 * are sorted as they shall be written.
 */
extern void cb_membership_ensure(const CbBatch *batch, CbMembershipWish *wishes,
								 int n);

/*
 * Locks the memberships that are there, in the order of the wishes, and keeps what
 * an ensure may replace, until the batch ends.
 */
extern void cb_membership_remember(const CbBatch *batch,
								   CbMembershipWish *wishes, int n);

/* Reads a row of CB_MEMBERSHIP_COLUMNS, of a table that is called m. */
#define CB_MEMBERSHIP_COLUMNS \
	"m.id, m.identity_id, m.application_id, m.status," \
	" m.invited_at, m.activated_at, m.deactivated_at, m.created_at"
#define CB_MEMBERSHIP_RESULT \
	"id uuid, identity_id uuid, application_id uuid, status text," \
	" invited_at timestamptz?, activated_at timestamptz?," \
	" deactivated_at timestamptz?, created_at timestamptz"

extern void cb_membership_read(CbMembership *membership, const Datum *values,
							   const bool *nulls);

/*
 * Writes id, status, created_at, invited_at, identity_id, activated_at,
 * application_id and deactivated_at, which is their order in an object.
 */
extern void cb_membership_encode(const CbMembership *membership, CbJson *json);

/* A constant text for the status of a membership. */
extern const char *cb_membership_status(Datum status);

extern const char *const cb_membership_tables[];

#endif							/* CB_MEMBERSHIP_H */
