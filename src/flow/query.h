/*-------------------------------------------------------------------------
 *
 * query.h
 *		The query of a URL.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_QUERY_H
#define CB_QUERY_H

#include "db/page.h"
#include "flow/request.h"

#define CB_QUERY_MAX	16

typedef struct CbQuery
{
	const char *names[CB_QUERY_MAX];
	const char *values[CB_QUERY_MAX];	/* decoded */
	int			n;
} CbQuery;

/*
 * Reads a query that may have the parameters whose keys takes names, with blanks
 * between.  Raises 22023 for any other name, a name that comes twice and a value
 * that is no text.
 */
extern void cb_query_read(CbQuery *query, const char *sent, const char *takes);

/* NULL when it was not sent. */
extern const char *cb_query_value(const CbQuery *query, const char *name);

/*
 * The value as a number or a truth; the default when it was not sent.  Raise
 * 22023 for a value that is none, or out of bounds.
 */
extern int	cb_query_number(const CbQuery *query, const char *name,
							int otherwise, int min, int max);
extern bool cb_query_bool(const CbQuery *query, const char *name,
						  bool otherwise);

/*
 * The place of the value among so many words, -1 when it was not sent.  Raises
 * 22023 for another word.
 */
extern int	cb_query_word(const CbQuery *query, const char *name,
						  const char *const *words, int nwords);

/*
 * page, take, q, sort_by and order, as far as they were sent; sorts are the words
 * of sort_by.  The first is the default, and of times: with it the newest come
 * first.
 */
extern void cb_query_page(const CbQuery *query, const char *const *sorts,
						  int nsorts, CbPage *page);

/* environment, dry_run, max_failed and on_conflict, as far as they were sent. */
extern void cb_query_batch_options(const CbQuery *query, CbRequest *request);

#endif							/* CB_QUERY_H */
