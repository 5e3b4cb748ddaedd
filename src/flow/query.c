/*-------------------------------------------------------------------------
 *
 * query.c
 *		The query of a URL.
 *
 * The options of a bulk function are few and plain words, so that a value with a
 * percent sign is none of them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "canopy_bulk.h"
#include "flow/query.h"

typedef struct Option
{
	const char *name;
	bool		(*read) (CbRequest *request, const char *value);
} Option;

static bool read_environment(CbRequest *request, const char *value);
static bool read_dry_run(CbRequest *request, const char *value);
static bool read_max_failed(CbRequest *request, const char *value);
static bool read_on_conflict(CbRequest *request, const char *value);
static bool read_pair(CbRequest *request, const char *pair, bool *seen);

static const Option options[] = {
	{"environment", read_environment},
	{"dry_run", read_dry_run},
	{"max_failed", read_max_failed},
	{"on_conflict", read_on_conflict},
};

void
cb_query_read(const char *query, CbRequest *request)
{
	bool		seen[lengthof(options)] = {false};

	request->max_failed = -1;
	while (*query != '\0')
	{
		size_t		len = strcspn(query, "&");

		if (!read_pair(request, pnstrdup(query, len), seen))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("invalid query of the URL"),
					 errhint("It may have environment, dry_run, max_failed and on_conflict, each once.")));
		query += len;
		query += *query == '&' ? 1 : 0;
	}
}

static bool
read_pair(CbRequest *request, const char *pair, bool *seen)
{
	const char *value = strchr(pair, '=');

	if (value == NULL)
		return false;
	for (size_t i = 0; i < lengthof(options); i++)
	{
		if (strlen(options[i].name) != (size_t) (value - pair) ||
			memcmp(options[i].name, pair, value - pair) != 0)
			continue;
		if (seen[i])
			return false;
		seen[i] = true;
		return options[i].read(request, value + 1);
	}
	return false;
}

static bool
read_environment(CbRequest *request, const char *value)
{
	request->names.environment = value;
	return value[0] != '\0';
}

static bool
read_dry_run(CbRequest *request, const char *value)
{
	request->dry_run = strcmp(value, "true") == 0;
	return request->dry_run || strcmp(value, "false") == 0;
}

static bool
read_max_failed(CbRequest *request, const char *value)
{
	size_t		digits = strspn(value, "0123456789");

	request->max_failed = atoi(value);
	return digits > 0 && digits < 10 && value[digits] == '\0';
}

static bool
read_on_conflict(CbRequest *request, const char *value)
{
	request->on_conflict = cb_request_on_conflict(value);
	return true;
}
