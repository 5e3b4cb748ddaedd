/*-------------------------------------------------------------------------
 *
 * page.h
 *		A page of a list.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_PAGE_H
#define CB_PAGE_H

#include "db/json.h"

#define CB_PAGE_TAKE		20	/* items when the caller does not say */
#define CB_PAGE_MOST		100 /* items */
#define CB_PAGE_LAST		1000000 /* that may be asked for */

/* What is asked for; a list takes of it what it can. */
typedef struct CbPage
{
	int			page;			/* from 1 */
	int			take;			/* items of a page */
	const char *q;				/* text to look for; NULL: all */
	int			sort;			/* of the list's own kinds of order, from 0 */
	bool		descending;
} CbPage;

/* Raises 22023 for a page before the first, or one that is too large. */
extern void cb_page_check(const CbPage *page);

/* Items before the page. */
extern int64 cb_page_offset(const CbPage *page);

/*
 * {items, pagination}: begin, then each of the nitems of this page, then end with
 * how many there are on all pages.
 */
extern void cb_page_begin(CbJson *json, int nitems);
extern void cb_page_end(CbJson *json, const CbPage *page, int64 item_count);

#endif							/* CB_PAGE_H */
