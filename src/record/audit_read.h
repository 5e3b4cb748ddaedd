/*-------------------------------------------------------------------------
 *
 * audit_read.h
 *		Reads the audit log.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_AUDIT_READ_H
#define CB_AUDIT_READ_H

#include "db/page.h"
#include "db/scope.h"

/* The values of a page's sort. */
typedef enum CbAuditSort
{
	CB_AUDIT_BY_CREATED_AT,
	CB_AUDIT_BY_ACTION,
	CB_AUDIT_NSORTS
} CbAuditSort;

/* A page of the entries about one identity of the account. */
extern Jsonb *cb_audit_list(const CbScope *scope, const CbPage *page,
							const pg_uuid_t *identity);

#endif							/* CB_AUDIT_READ_H */
