/*-------------------------------------------------------------------------
 *
 * envelope.h
 *		The words of an answer: verdicts, problems, ids and times as JSON.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_ENVELOPE_H
#define CB_ENVELOPE_H

#include "datatype/timestamp.h"
#include "utils/uuid.h"

#include "db/json.h"
#include "errors.h"

/* One thing that is wrong with a row. */
typedef struct CbIssue
{
	struct CbIssue *next;
	CbCode		code;
	const char *field;
	int			field_len;		/* bytes */
	const char *closest;		/* the field that may have been meant, or NULL */
	const char *bound;			/* the setting that it passes, or NULL */
} CbIssue;

/* Why a row failed; code is CB_OK while it has not. */
typedef struct CbProblem
{
	CbCode		code;			/* of the first issue */
	CbIssue    *issues;
	CbIssue    *last_issue;
	int			first_index;	/* the row it repeats; -1: none */
	int			sqlstate;		/* of the error the database raised; 0: none */
	const char *constraint;		/* that it named, or NULL */
	MemoryContext context;		/* of the issues */
} CbProblem;

/* A time that may be null. */
typedef struct CbTime
{
	bool		given;
	TimestampTz at;
} CbTime;

typedef struct CbSummary
{
	int			total;
	int			succeeded;
	int			failed;
} CbSummary;

/* Issues will live in the current memory context, whenever they are added. */
extern void cb_problem_init(CbProblem *problem);

/* Adds an issue; field is not copied. */
extern CbIssue *cb_problem_add(CbProblem *problem, CbCode code,
							   const char *field, int field_len);

/* What is wrong, in a sentence; of a problem the first issue's. */
extern const char *cb_issue_message(const CbIssue *issue);
extern const char *cb_problem_message(const CbProblem *problem);

/* {summary, results}: begin, then each result in order, then end. */
extern void cb_envelope_begin(CbJson *json, int nresults);
extern void cb_envelope_end(CbJson *json, const CbSummary *summary);

/*
 * A result; between begin and end the caller writes one value: the data of a success,
 * or the input of an error.
 */
extern void cb_envelope_success_begin(CbJson *json, int index, int status);
extern void cb_envelope_error_begin(CbJson *json, int index,
									const CbProblem *problem);
extern void cb_envelope_result_end(CbJson *json);

extern void cb_json_uuid(CbJson *json, const pg_uuid_t *uuid);

/* ISO 8601 in UTC with milliseconds: 2026-04-20T12:00:00.000Z */
extern void cb_json_timestamp(CbJson *json, TimestampTz time);

/* The same, or null. */
extern void cb_json_time(CbJson *json, const CbTime *time);

/* Members of an object; NULL, or a time that is not given, is a null. */
extern void cb_json_put_uuid(CbJson *json, const char *key, const pg_uuid_t *uuid);
extern void cb_json_put_timestamp(CbJson *json, const char *key, TimestampTz time);
extern void cb_json_put_time(CbJson *json, const char *key, const CbTime *time);

extern CbTime cb_time_read(Datum value, bool isnull);

/* Milliseconds from one time to another; 0 when one of them is infinite. */
extern int64 cb_time_elapsed(TimestampTz begin, TimestampTz end);

#endif							/* CB_ENVELOPE_H */
