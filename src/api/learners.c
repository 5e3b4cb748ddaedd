/*-------------------------------------------------------------------------
 *
 * learners.c
 *		The SQL-callable function that enrols learners.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "utils/array.h"

#include "api/arguments.h"
#include "canopy_bulk.h"
#include "db/guard.h"
#include "rows/learner.h"

static void take_ids(CbLearnerOptions *options, CbLearningKind kind,
					 FunctionCallInfo fcinfo, int i);

/* canopy_bulk_enrol(learners jsonb, bundle_ids uuid[], ...) */
CB_FUNCTION(canopy_bulk_enrol)
{
	CbRequest	request;
	CbLearnerOptions options;
	Datum		answer;

	cb_argument_require(fcinfo, 0, "learners");
	memset(&options, 0, sizeof(options));
	take_ids(&options, CB_LEARNING_BUNDLE, fcinfo, 1);
	take_ids(&options, CB_LEARNING_COURSE, fcinfo, 2);
	take_ids(&options, CB_LEARNING_PATH, fcinfo, 3);
	take_ids(&options, CB_LEARNING_LICENSE, fcinfo, 4);
	options.client.given = !PG_ARGISNULL(5);
	if (options.client.given)
		options.client.id = *PG_GETARG_UUID_P(5);
	options.role = cb_argument_text(fcinfo, 6);
	options.message = cb_argument_text(fcinfo, 7);
	cb_learner_options_finish(&options);

	memset(&request, 0, sizeof(request));
	request.options = &options;
	request.names.account = cb_argument_text(fcinfo, 8);
	request.names.application = cb_argument_text(fcinfo, 9);
	request.names.environment = cb_argument_text(fcinfo, 10);
	cb_argument_limits(&request, fcinfo, 11);
	request.on_conflict = CB_ON_CONFLICT_UPDATE;
	cb_argument_key(&request, fcinfo, 13);
	cb_request_take_json(&request, cb_learner_kind.list_key, PG_GETARG_JSONB_P(0));
	answer = cb_run_and_respond(&cb_learner_kind, &request);
	PG_RETURN_DATUM(answer);
}

/* NULL is no id, and so is a null among them. */
static void
take_ids(CbLearnerOptions *options, CbLearningKind kind,
		 FunctionCallInfo fcinfo, int i)
{
	Datum	   *values;
	bool	   *nulls;
	int			n;

	if (PG_ARGISNULL(i))
		return;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(i), UUIDOID, UUID_LEN, false,
					  TYPALIGN_CHAR, &values, &nulls, &n);
	options->items[kind] = palloc(sizeof(pg_uuid_t) * (n + 1));
	for (int j = 0; j < n; j++)
	{
		if (!nulls[j])
			options->items[kind][options->nitems[kind]++] = *DatumGetUUIDP(values[j]);
	}
}
