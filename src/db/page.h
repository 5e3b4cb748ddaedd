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

#define CB_PAGE_MAX_TAKE	100 /* items */
#define CB_PAGE_MAX			1000000 /* the last page that may be asked for */

/* What is asked for. */
typedef struct CbPage
{
	int			page;			/* from 1 */
	int			take;			/* items of a page */
	const char *q;				/* text to look for; NULL: all */
	int			sort;			/* of the list's own kinds of order, from 0 */
	bool		descending;
} CbPage;

/* Items before the page. */
static inline int64
cb_page_offset(const CbPage *page)
{
	return (int64) (page->page - 1) * page->take;
}

/*
 * {items, pagination}: begin, then each of the nitems of this page, then end with
 * how many there are on all pages.
 */
extern void cb_page_begin(CbJson *json, int nitems);
extern void cb_page_end(CbJson *json, const CbPage *page, int64 item_count);

#endif							/* CB_PAGE_H */
