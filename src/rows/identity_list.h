/*-------------------------------------------------------------------------
 *
 * identity_list.h
 *		Lists of identities.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_IDENTITY_LIST_H
#define CB_IDENTITY_LIST_H

#include "db/page.h"
#include "db/scope.h"
#include "rows/fields.h"

/* The values of a page's sort. */
typedef enum CbIdentitySort
{
	CB_IDENTITY_BY_CREATED_AT,
	CB_IDENTITY_BY_EMAIL,
	CB_IDENTITY_BY_FIRST_NAME,
	CB_IDENTITY_BY_LAST_NAME,
	CB_IDENTITY_NSORTS
} CbIdentitySort;

typedef struct CbIdentityFilter
{
	CbWanted	is_active;
	CbWanted	has_assignment;
	CbUuid		not_in_application; /* of the account's tier */
} CbIdentityFilter;

/*
 * A page of the identities of the scope: of the account, or of the application
 * that it has.
 */
extern Jsonb *cb_identity_list(const CbScope *scope, const CbPage *page,
							   const CbIdentityFilter *filter);

#endif							/* CB_IDENTITY_LIST_H */
