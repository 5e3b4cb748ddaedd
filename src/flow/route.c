/*-------------------------------------------------------------------------
 *
 * route.c
 *		Finds the route of a request.
 *
 * A path is compared segment by segment and never normalised: what has dots,
 * empty segments or a slash at its end is another path.  A segment of a pattern
 * is a word or a placeholder; of two patterns that fit, the first in the table
 * is taken.  The placeholder of an id takes a UUID and nothing else, so that an id
 * can be told from a word.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "canopy_bulk.h"
#include "db/uuid7.h"
#include "flow/percent.h"
#include "flow/route.h"

static bool matches(const char *pattern, const char *path, CbRouteCall *call);
static bool take_segment(const char *pattern, size_t pattern_len,
						 const char *segment, size_t len, CbRouteCall *call);
static bool is_id(const char *placeholder, size_t len);
static const char **place_of(const char *placeholder, size_t len,
							 CbRouteCall *call);

const CbRoute *
cb_route_find(const char *method, const char *path, CbRouteCall *call,
			  const char **allowed)
{
	StringInfoData methods;

	*allowed = NULL;
	initStringInfo(&methods);
	for (int i = 0; i < cb_nroutes; i++)
	{
		const CbRoute *route = &cb_routes[i];

		if (!matches(route->pattern, path, call))
			continue;
		if (strcmp(route->method, method) == 0 ||
			(strcmp(method, "HEAD") == 0 && strcmp(route->method, "GET") == 0))
			return route;
		appendStringInfo(&methods, "%s, ", route->method);
		if (strcmp(route->method, "GET") == 0)
			appendStringInfoString(&methods, "HEAD, ");
	}
	if (methods.len > 0)
	{
		appendStringInfoString(&methods, "OPTIONS");
		*allowed = methods.data;
	}
	return NULL;
}

static bool
matches(const char *pattern, const char *path, CbRouteCall *call)
{
	while (*pattern == '/' && *path == '/')
	{
		size_t		pattern_len = strcspn(++pattern, "/");
		size_t		len = strcspn(++path, "/");

		if (!take_segment(pattern, pattern_len, path, len, call))
			return false;
		pattern += pattern_len;
		path += len;
	}
	return *pattern == '\0' && *path == '\0';
}

static bool
take_segment(const char *pattern, size_t pattern_len, const char *segment,
			 size_t len, CbRouteCall *call)
{
	char	   *decoded;
	pg_uuid_t	id;

	if (*pattern != '{')
		return len == pattern_len && memcmp(segment, pattern, len) == 0;
	decoded = cb_percent_decode(segment, len);
	if (decoded == NULL || decoded[0] == '\0' ||
		(is_id(pattern, pattern_len) &&
		 !cb_uuid_parse(decoded, strlen(decoded), &id)))
		return false;
	*place_of(pattern, pattern_len, call) = decoded;
	return true;
}

/* {id}, or one that ends with _id */
static bool
is_id(const char *placeholder, size_t len)
{
	return len >= 4 && memcmp(placeholder + len - 3, "id}", 3) == 0;
}

/* Where the call keeps what stands for a placeholder. */
static const char **
place_of(const char *placeholder, size_t len, CbRouteCall *call)
{
	const struct
	{
		const char *name;
		const char **place;
	}			places[] = {
		{"{account}", &call->request.names.account},
		{"{application}", &call->request.names.application},
		{"{environment}", &call->request.names.environment},
		{"{id}", &call->path.id},
		{"{application_id}", &call->path.application_id},
	};

	for (size_t i = 0; i < lengthof(places); i++)
	{
		if (strlen(places[i].name) == len &&
			memcmp(places[i].name, placeholder, len) == 0)
			return places[i].place;
	}
	elog(ERROR, "a route has a placeholder that has no place");
}
