/*-------------------------------------------------------------------------
 *
 * page.c
 *		A page of a list.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "db/page.h"

void
cb_page_check(const CbPage *page)
{
	if (page->page < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("page must be positive"),
				 errhint("Pages count from 1.")));
	if (page->take < 1 || page->take > CB_PAGE_MOST)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("take is out of bounds"),
				 errdetail("A page has 1 to %d items.", CB_PAGE_MOST)));
}

int64
cb_page_offset(const CbPage *page)
{
	return ((int64) page->page - 1) * page->take;
}

void
cb_page_begin(CbJson *json, int nitems)
{
	static const char *const keys[] = {"items", "pagination"};

	cb_json_object(json, keys, lengthof(keys));
	cb_json_array(json, nitems);
}

void
cb_page_end(CbJson *json, const CbPage *page, int64 item_count)
{
	static const char *const keys[] = {
		"page", "take", "item_count", "page_count", "has_next_page",
		"has_previous_page"
	};
	int64		page_count = (item_count + page->take - 1) / page->take;

	cb_json_object(json, keys, lengthof(keys));
	cb_json_int(json, page->page);
	cb_json_int(json, page->take);
	cb_json_int(json, item_count);
	cb_json_int(json, page_count);
	cb_json_bool(json, page->page < page_count);
	cb_json_bool(json, page->page > 1);
}
