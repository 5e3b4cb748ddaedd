/*-------------------------------------------------------------------------
 *
 * audit.h
 *		Entries of the audit log.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_AUDIT_H
#define CB_AUDIT_H

#include "db/caller.h"
#include "db/scope.h"

typedef struct CbAudit
{
	const char *action;			/* identity.bulk_create and the like */
	const char *resource_type;
	const char *category;
	const char *outcome;		/* success or failure */
	const char *severity;		/* info, notice or warning */
	Jsonb	   *metadata;		/* counts; never addresses or secrets */
	TimestampTz at;
} CbAudit;

/*
 * Writes one entry in the current transaction.  Raises when it cannot: work
 * that leaves no entry must not stay.
 */
extern void cb_audit_write(const CbAudit *audit, const CbCaller *caller,
						   const CbScope *scope);

/* The same about one row, which is named by its id. */
extern void cb_audit_write_about(const CbAudit *audit,
								 const pg_uuid_t *resource_id,
								 const CbCaller *caller,
								 const CbScope *scope);

#endif							/* CB_AUDIT_H */
