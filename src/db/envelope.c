/*-------------------------------------------------------------------------
 *
 * envelope.c
 *		The words of an answer: verdicts, problems, ids and times as JSON.
 *
 * The writer wants an object's values in the order of its sorted keys, so that
 * a result is written as
 *
 *		{code, data, index, status}		or		{code, error, index, input, status}
 *
 * and the summary after the results.  A reader sees a jsonb value and no order.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/envelope.h"
#include "db/uuid7.h"

static int	format_time(TimestampTz time, char *text, Size size);
static void write_details(CbJson *json, const CbProblem *problem);
static void write_issue(CbJson *json, const CbIssue *issue);

void
cb_problem_init(CbProblem *problem)
{
	memset(problem, 0, sizeof(CbProblem));
	problem->first_index = -1;
	problem->context = CurrentMemoryContext;
}

CbIssue *
cb_problem_add(CbProblem *problem, CbCode code, const char *field, int field_len)
{
	CbIssue    *issue = MemoryContextAllocZero(problem->context,
											   sizeof(CbIssue));

	issue->code = code;
	issue->field = field;
	issue->field_len = field_len;
	if (problem->last_issue == NULL)
	{
		problem->code = code;
		problem->issues = issue;
	}
	else
		problem->last_issue->next = issue;
	problem->last_issue = issue;
	return issue;
}

const char *
cb_issue_message(const CbIssue *issue)
{
	const char *field = issue->field_len == 0 ? NULL :
	pnstrdup(issue->field, issue->field_len);

	return cb_code_message(issue->code, field);
}

const char *
cb_problem_message(const CbProblem *problem)
{
	if (problem->issues == NULL || problem->issues->code != problem->code)
		return cb_codes[problem->code].message;
	return cb_issue_message(problem->issues);
}

void
cb_envelope_begin(CbJson *json, int nresults)
{
	cb_json_object_begin(json);
	cb_json_key(json, "results");
	cb_json_array(json, nresults);
}

void
cb_envelope_end(CbJson *json, const CbSummary *summary)
{
	cb_json_key(json, "summary");
	cb_json_object_begin(json);
	cb_json_put_int(json, "total", summary->total);
	cb_json_put_int(json, "succeeded", summary->succeeded);
	cb_json_put_int(json, "failed", summary->failed);
	cb_json_object_end(json);
	cb_json_object_end(json);
}

void
cb_envelope_success_begin(CbJson *json, int index, int status)
{
	cb_json_object_begin(json);
	cb_json_put_int(json, "index", index);
	cb_json_put_text_of(json, "status", "success", 7);
	cb_json_put_int(json, "code", status);
	cb_json_key(json, "data");
}

void
cb_envelope_error_begin(CbJson *json, int index, const CbProblem *problem)
{
	const CbCodeInfo *info = &cb_codes[problem->code];

	cb_json_object_begin(json);
	cb_json_put_int(json, "index", index);
	cb_json_put_text_of(json, "status", "error", 5);
	cb_json_put_int(json, "code", info->status);
	cb_json_key(json, "error");
	cb_json_object_begin(json);
	cb_json_put_text(json, "code", info->name);
	cb_json_put_text(json, "message", cb_problem_message(problem));
	cb_json_key(json, "details");
	write_details(json, problem);
	cb_json_object_end(json);
	cb_json_key(json, "input");
}

void
cb_envelope_result_end(CbJson *json)
{
	cb_json_object_end(json);
}

void
cb_json_uuid(CbJson *json, const pg_uuid_t *uuid)
{
	char text[	CB_UUID_TEXT_LEN + 1];

	cb_uuid_format(uuid, text);
	cb_json_string(json, text, CB_UUID_TEXT_LEN);
}

/* The rows of a batch mostly have one time, whose text is kept. */
void
cb_json_timestamp(CbJson *json, TimestampTz time)
{
	static TimestampTz last_time = DT_NOBEGIN;
	static char text[64];
	static int	len;

	if (TIMESTAMP_NOT_FINITE(time))
	{
		cb_json_cstring(json, TIMESTAMP_IS_NOBEGIN(time) ? "-infinity" : "infinity");
		return;
	}
	if (time != last_time)
	{
		len = format_time(time, text, sizeof(text));
		last_time = time;
	}
	cb_json_string(json, text, len);
}

void
cb_json_time(CbJson *json, const CbTime *time)
{
	if (time->given)
		cb_json_timestamp(json, time->at);
	else
		cb_json_null(json);
}

void
cb_json_put_uuid(CbJson *json, const char *key, const pg_uuid_t *uuid)
{
	cb_json_key(json, key);
	if (uuid == NULL)
		cb_json_null(json);
	else
		cb_json_uuid(json, uuid);
}

void
cb_json_put_timestamp(CbJson *json, const char *key, TimestampTz time)
{
	cb_json_key(json, key);
	cb_json_timestamp(json, time);
}

void
cb_json_put_time(CbJson *json, const char *key, const CbTime *time)
{
	cb_json_key(json, key);
	cb_json_time(json, time);
}

CbTime
cb_time_read(Datum value, bool isnull)
{
	CbTime		time = {!isnull, isnull ? 0 : DatumGetTimestampTz(value)};

	return time;
}

int64
cb_time_elapsed(TimestampTz begin, TimestampTz end)
{
	if (TIMESTAMP_NOT_FINITE(begin) || TIMESTAMP_NOT_FINITE(end))
		return 0;
	return (end - begin) / 1000;
}

static int
format_time(TimestampTz time, char *text, Size size)
{
	struct pg_tm tm;
	fsec_t		microseconds;

	if (timestamp2tm(time, NULL, &tm, &microseconds, NULL, NULL) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	return snprintf(text, size, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
					tm.tm_year, tm.tm_mon, tm.tm_mday,
					tm.tm_hour, tm.tm_min, tm.tm_sec, microseconds / 1000);
}

static void
write_details(CbJson *json, const CbProblem *problem)
{
	int			nissues = 0;

	for (CbIssue *issue = problem->issues; issue != NULL; issue = issue->next)
		nissues++;

	cb_json_object_begin(json);
	if (nissues > 0)
	{
		cb_json_key(json, "issues");
		cb_json_array(json, nissues);
		for (CbIssue *issue = problem->issues; issue != NULL; issue = issue->next)
			write_issue(json, issue);
	}
	if (problem->sqlstate != 0)
		cb_json_put_text(json, "sqlstate", unpack_sql_state(problem->sqlstate));
	if (problem->constraint != NULL)
		cb_json_put_text(json, "constraint", problem->constraint);
	if (problem->first_index >= 0)
		cb_json_put_int(json, "first_index", problem->first_index);
	cb_json_object_end(json);
}

static void
write_issue(CbJson *json, const CbIssue *issue)
{
	cb_json_object_begin(json);
	cb_json_put_text(json, "code", cb_codes[issue->code].name);
	cb_json_put_text_of(json, "field", issue->field, issue->field_len);
	cb_json_put_text(json, "message", cb_issue_message(issue));
	if (issue->closest != NULL)
		cb_json_put_text(json, "closest", issue->closest);
	if (issue->bound != NULL)
		cb_json_put_text(json, "bound", issue->bound);
	cb_json_object_end(json);
}
