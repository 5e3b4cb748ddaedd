/*-------------------------------------------------------------------------
 *
 * page.h
 *		Pages of a listing.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_PAGE_H
#define CB_PAGE_H

#include "db/json.h"

#define CB_PAGE_TAKE		20	/* items when the caller does not say */
#define CB_PAGE_MOST		100 /* items */

typedef struct CbPage
{
	int			page;			/* from 1 */
	int			take;			/* items of a page */
} CbPage;

/* Raises 22023 for a page before the first, or one that is too large. */
extern void cb_page_check(const CbPage *page);

/* Items before the page. */
extern int64 cb_page_offset(const CbPage *page);

/*
 * {items, pagination}: begin, then each item of the page in order, then end, with the count
 * of all items.
 */
extern void cb_page_begin(CbJson *json, int nitems);
extern void cb_page_end(CbJson *json, const CbPage *page, int64 count);

#endif							/* CB_PAGE_H */
