/*-------------------------------------------------------------------------
 *
 * learner_left.c
 *		What rows of learners leave behind, so that they can be undone.
 *
 *		image			of the identity and all that hangs on it; see rows/identity_image.h
 *		mail			id of the mail of welcome that was queued, or null
 *
 *	and of a learner who existed,
 *
 *		identity		values that were replaced, or null
 *		moved			when an address or external id changed, as a text that sorts;
 *						or null
 *		profile			values that were replaced; false: there was none; or null
 *		enrolments		ids of those that were made
 *		old_enrolments	those that were changed, as they were
 *
 *	and membership, assignment and old_membership; see rows/identity_reverse.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/uuid7.h"
#include "rows/identity_image.h"
#include "rows/learner.h"

#define EQ " OPERATOR(pg_catalog.=) "
#define PAIR(key)	" '" key "', p." key

/* Parameters: account, identities. */
static CbStatement look_at_learners = {
	"SELECT u.place, pg_catalog.jsonb_build_object('email', i.email,"
	" 'first_name', i.first_name, 'last_name', i.last_name,"
	" 'external_id', i.external_id, 'email_verified', i.email_verified,"
	" 'email_verified_at', i.email_verified_at),"
	" (SELECT pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object("
	"'portal_client_id', p.portal_client_id, 'invited_at', p.invited_at,"
	CB_LEARNER_TEXTS(PAIR) "))"
	" FROM canopy.learner_profile p"
	" WHERE p.account_id" EQ "$1 AND p.identity_id" EQ "u.id)"
	" FROM pg_catalog.unnest($2) WITH ORDINALITY AS u (id, place)"
	" JOIN canopy.identity i ON i.account_id" EQ "$1 AND i.id" EQ "u.id",
	2, {UUIDOID, UUIDARRAYOID}, SPI_OK_SELECT, true,
	.returns = "place int8, identity jsonb, profile jsonb?"
};

/* For read_old. */
typedef struct Looking
{
	const CbBatch *batch;
	CbLearnerRow **rows;
} Looking;

static void read_old(void *arg, const Datum *values, const bool *nulls);
static Jsonb *describe(const CbBatch *batch, const CbLearnerRow *row,
					   const CbIdentityImage *image);
static void write_moved(CbJson *json, const CbBatch *batch,
						const CbLearnerRow *row);
static void write_profile(CbJson *json, const CbLearnerRow *row);
static void write_enrolments(CbJson *json, const CbBatch *batch,
							 const CbLearnerRow *row);
static void write_old_enrolments(CbJson *json, const CbBatch *batch,
								 const CbLearnerRow *row);
static void put_in_order(CbLearnerRow **rows, int n, Jsonb **before);
static int	compare_turns(const void *a, const void *b);
static int	compare_indexes(const void *a, const void *b);

void
cb_learner_look(const CbBatch *batch, CbLearnerRow **rows, int n)
{
	CbLearnerRow **chosen = palloc(sizeof(CbLearnerRow *) * (n + 1));
	Datum	   *ids = palloc(sizeof(Datum) * (n + 1));
	Looking		looking = {batch, chosen};
	Datum		values[2];
	int			nids = 0;

	for (int i = 0; i < n; i++)
	{
		rows[i]->old_identity = NULL;
		rows[i]->old_profile = NULL;
		if (!rows[i]->exists)
			continue;
		chosen[nids] = rows[i];
		ids[nids++] = UUIDPGetDatum(&rows[i]->id);
	}
	if (nids == 0)
		return;
	values[0] = UUIDPGetDatum(&batch->scope.account);
	values[1] = cb_statement_array(ids, NULL, nids, UUIDOID);
	cb_statement_stream(&look_at_learners, values, NULL, false, read_old, &looking);
}

void
cb_learner_leave(const CbBatch *batch, Jsonb **before)
{
	CbIdentityImage *images = cb_identity_image_left(batch, CB_LEARNER_PARTS);
	CbLearnerRow **written = palloc(sizeof(CbLearnerRow *) * (batch->nrows + 1));
	int			n = 0;

	for (int i = 0; i < batch->nrows; i++)
	{
		CbLearnerRow *row = (CbLearnerRow *) batch->rows[i];

		if (row->row.outcome != CB_CREATED && row->row.outcome != CB_UPDATED)
			continue;
		before[i] = describe(batch, row, &images[i]);
		written[n++] = row;
	}
	put_in_order(written, n, before);
}

static void
read_old(void *arg, const Datum *values, const bool *nulls)
{
	const Looking *looking = arg;
	CbLearnerRow *row = looking->rows[DatumGetInt64(values[0]) - 1];
	MemoryContext old = MemoryContextSwitchTo(looking->batch->context);

	row->old_identity = DatumGetJsonbPCopy(values[1]);
	if (!nulls[2])
		row->old_profile = DatumGetJsonbPCopy(values[2]);
	MemoryContextSwitchTo(old);
}

static Jsonb *
describe(const CbBatch *batch, const CbLearnerRow *row,
		 const CbIdentityImage *image)
{
	static CbJsonShape keys = {10, {"mail", "image", "moved", "profile", "identity",
			"assignment", "enrolments", "membership", "old_enrolments",
	"old_membership"}};
	static CbJsonShape keys_of_created = {2, {"mail", "image"}};
	CbJson	   *json = cb_json_create(512);

	cb_json_shape(json, row->row.outcome == CB_CREATED ? &keys_of_created : &keys);
	cb_uuid_write(json, &row->mail);
	cb_json_cstring(json, cb_identity_image_text(image, CB_LEARNER_PARTS));
	if (row->row.outcome == CB_CREATED)
		return cb_json_finish(json);
	write_moved(json, batch, row);
	write_profile(json, row);
	cb_undo_write(json, row->changes_identity ? row->old_identity : NULL);
	cb_uuid_write(json, &row->assignment);
	write_enrolments(json, batch, row);
	cb_uuid_write(json, &row->membership);
	write_old_enrolments(json, batch, row);
	cb_undo_write(json, row->old_membership);
	return cb_json_finish(json);
}

static void
write_moved(CbJson *json, const CbBatch *batch, const CbLearnerRow *row)
{
	if (row->moves_key)
		cb_json_cstring(json, psprintf("%016" INT64_MODIFIER "x %08x",
									   batch->now, row->turn));
	else
		cb_json_null(json);
}

static void
write_profile(CbJson *json, const CbLearnerRow *row)
{
	if (row->changes_profile && row->old_profile == NULL)
		cb_json_bool(json, false);
	else
		cb_undo_write(json, row->changes_profile ? row->old_profile : NULL);
}

static void
write_enrolments(CbJson *json, const CbBatch *batch, const CbLearnerRow *row)
{
	const CbLearnerBatch *own = batch->of_kind;

	cb_json_array(json, row->nadded);
	for (int i = 0; i < own->targets.nitems; i++)
	{
		if (!row->enrolments[i].exists)
			cb_json_uuid(json, &row->enrolments[i].id);
	}
}

static void
write_old_enrolments(CbJson *json, const CbBatch *batch, const CbLearnerRow *row)
{
	const CbLearnerBatch *own = batch->of_kind;

	cb_json_array(json, row->nupdated);
	for (int i = 0; i < own->targets.nitems; i++)
	{
		if (row->enrolments[i].exists && row->enrolments[i].changes)
			cb_undo_write(json, row->enrolments[i].old);
	}
}

/*
 * Whoever undoes several rows for one learner takes them in the order of the input,
 * which need not be that of writing: each gets what was left in its turn.
 */
static void
put_in_order(CbLearnerRow **rows, int n, Jsonb **before)
{
	CbLearnerRow **turns = palloc(sizeof(CbLearnerRow *) * (n + 1));
	Jsonb	  **left = palloc(sizeof(Jsonb *) * (n + 1));

	memcpy(turns, rows, sizeof(CbLearnerRow *) * n);
	qsort(turns, n, sizeof(CbLearnerRow *), compare_turns);
	qsort(rows, n, sizeof(CbLearnerRow *), compare_indexes);
	for (int i = 0; i < n; i++)
		left[i] = before[turns[i]->row.index];
	for (int i = 0; i < n; i++)
		before[rows[i]->row.index] = left[i];
}

static int
compare_turns(const void *a, const void *b)
{
	const CbLearnerRow *left = *(CbLearnerRow *const *) a;
	const CbLearnerRow *right = *(CbLearnerRow *const *) b;
	int			order = cb_uuid_compare(&left->id, &right->id);

	return order != 0 ? order : left->turn - right->turn;
}

static int
compare_indexes(const void *a, const void *b)
{
	const CbLearnerRow *left = *(CbLearnerRow *const *) a;
	const CbLearnerRow *right = *(CbLearnerRow *const *) b;
	int			order = cb_uuid_compare(&left->id, &right->id);

	return order != 0 ? order : left->row.index - right->row.index;
}
