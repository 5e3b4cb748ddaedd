/*-------------------------------------------------------------------------
 *
 * query.c
 *		The query of a URL.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>

#include "mb/pg_wchar.h"

#include "canopy_bulk.h"
#include "flow/parameter.h"
#include "flow/percent.h"
#include "flow/query.h"

#define Q_MAX_LEN	255			/* characters */

static void read_pair(CbQuery *query, const char *pair, size_t len,
					  const char *takes);
static const char *name_of(const char *sent, size_t len, const char *takes);
static void refuse_query(const char *message) pg_attribute_noreturn();

void
cb_query_read(CbQuery *query, const char *sent, const char *takes)
{
	memset(query, 0, sizeof(CbQuery));
	if (sent[0] != '\0' && takes[0] == '\0')
		refuse_query("the path takes no query");
	while (*sent != '\0')
	{
		size_t		len = strcspn(sent, "&");

		read_pair(query, sent, len, takes);
		sent += len;
		sent += *sent == '&' ? 1 : 0;
	}
}

const char *
cb_query_value(const CbQuery *query, const char *name)
{
	for (int i = 0; i < query->n; i++)
	{
		if (strcmp(query->names[i], name) == 0)
			return query->values[i];
	}
	return NULL;
}

int
cb_query_number(const CbQuery *query, const char *name, int otherwise,
				int min, int max)
{
	const char *value = cb_query_value(query, name);
	size_t		digits = value == NULL ? 0 : strspn(value, "0123456789");
	int			number;

	if (value == NULL)
		return otherwise;
	if (digits == 0 || digits > 9 || value[digits] != '\0')
		refuse_query("invalid number in the query of the URL");
	number = atoi(value);
	if (number < min || number > max)
		refuse_query("invalid number in the query of the URL");
	return number;
}

bool
cb_query_bool(const CbQuery *query, const char *name, bool otherwise)
{
	const char *value = cb_query_value(query, name);

	if (value == NULL)
		return otherwise;
	if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
		refuse_query("invalid truth in the query of the URL");
	return value[0] == 't';
}

int
cb_query_word(const CbQuery *query, const char *name,
			  const char *const *words, int nwords)
{
	const char *value = cb_query_value(query, name);

	if (value == NULL)
		return -1;
	for (int i = 0; i < nwords; i++)
	{
		if (strcmp(value, words[i]) == 0)
			return i;
	}
	refuse_query("invalid word in the query of the URL");
}

void
cb_query_page(const CbQuery *query, const char *const *sorts, int nsorts,
			  CbPage *page)
{
	static const char *const orders[] = {"asc", "desc"};
	int			order = cb_query_word(query, "order", orders, lengthof(orders));

	page->page = cb_query_number(query, "page", 1, 1, CB_PAGE_LAST);
	page->take = cb_query_number(query, "take", CB_PAGE_TAKE, 1,
								 CB_PAGE_MOST);
	page->sort = Max(cb_query_word(query, "sort_by", sorts, nsorts), 0);
	page->descending = order < 0 ? page->sort == 0 : order == 1;
	page->q = cb_query_value(query, "q");
	if (page->q != NULL && pg_mbstrlen(page->q) > Q_MAX_LEN)
		refuse_query("text to look for is too long");
	if (page->q != NULL && page->q[0] == '\0')
		page->q = NULL;
}

void
cb_query_batch_options(const CbQuery *query, CbRequest *request)
{
	const char *environment = cb_query_value(query, "environment");
	const char *on_conflict = cb_query_value(query, "on_conflict");

	if (environment != NULL && environment[0] == '\0')
		refuse_query("the query of the URL names no environment");
	if (environment != NULL)
		request->names.environment = environment;
	request->dry_run = cb_query_bool(query, "dry_run", false);
	request->max_failed = cb_query_number(query, "max_failed", -1, 0, INT_MAX);
	if (on_conflict != NULL)
		request->on_conflict = cb_request_on_conflict(on_conflict);
}

static void
read_pair(CbQuery *query, const char *pair, size_t len, const char *takes)
{
	const char *equals = memchr(pair, '=', len);
	const char *name;
	const char *value;

	name = equals == NULL ? NULL : name_of(pair, equals - pair, takes);
	if (name == NULL || cb_query_value(query, name) != NULL ||
		query->n == CB_QUERY_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid query of the URL"),
				 errhint("GET /openapi.json says which names it may have, each once.")));
	value = cb_percent_decode(equals + 1, pair + len - equals - 1);
	if (value == NULL)
		refuse_query("invalid text in the query of the URL");
	query->names[query->n] = name;
	query->values[query->n++] = value;
}

/* NULL when the route takes no parameter of that name. */
static const char *
name_of(const char *sent, size_t len, const char *takes)
{
	while (*takes != '\0')
	{
		size_t		key_len = strcspn(takes, " ");
		const CbParameter *parameter = cb_parameter_find(takes, key_len);

		if (parameter != NULL && strlen(parameter->name) == len &&
			memcmp(parameter->name, sent, len) == 0)
			return parameter->name;
		takes += key_len;
		takes += strspn(takes, " ");
	}
	return NULL;
}

static void
refuse_query(const char *message)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s", message)));
}
