/*-------------------------------------------------------------------------
 *
 * learner.c
 *		The kind of row that adds or updates learners, and enrols them.
 *
 * All rows of a call get the same: items, a portal client, a role at the root of
 * the environment, a membership of the application where one is named.  A row's
 * identity, profile, membership, role, enrolments and mail are one: all are kept,
 * or none.
 *
 * A learner who exists is updated whatever on_conflict says; to ask again for what
 * there is changes nothing, and no learner is welcomed twice.
 *
 * The seats of a license go to rows in the order of writing.  Where they might not
 * do for all, rows are written one by one, so that a row which fails for another
 * reason leaves its seat to the next.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "rows/assignment.h"
#include "rows/learner.h"
#include "rows/membership.h"

/* An address that comes and goes between two statements is given up on. */
#define ATTEMPTS	3

static void begin(CbBatch *batch);
static void describe(const CbBatch *batch, CbJson *json);
static void lock_parents(CbBatch *batch);
static int	compare(const CbRow *a, const CbRow *b);
static const char *key(const CbRow *row, int which, Size *len);
static bool write_set(CbBatch *batch, CbRow **rows, int n);
static void write_one(CbBatch *batch, CbRow *row);
static bool write_rows(CbBatch *batch, CbRow **rows, int n);
static int	find(CbBatch *batch, CbLearnerRow **rows, int n);
static bool take_seats(CbBatch *batch, CbLearnerRow **rows, int n, bool is_single);
static int64 seats_taken(const CbBatch *batch, int item);
static int	rows_to_come(const CbBatch *batch);
static bool *took_seat(const CbBatch *batch, const CbRow *row, int item);
static bool write_memberships(CbBatch *batch, CbLearnerRow **rows, int n,
							  bool is_single);
static bool write_assignments(CbBatch *batch, CbLearnerRow **rows, int n);
static bool is_welcomed(const CbBatch *batch, const CbLearnerRow *row);
static void blame(CbBatch *batch, CbRow *row, const ErrorData *fault);
static const pg_uuid_t *resource(const CbRow *row);
static void encode(const CbBatch *batch, const CbRow *row, CbJson *json);
static const pg_uuid_t *identity_of(const CbRow *row);

static const char *const tables[] = {
	"identity", "learner_profile", "app_membership", "role_assignment",
	"enrolment", "outbox", NULL
};

const CbRowKind cb_learner_kind = {
	.action = "learner.bulk_enrol",
	.resource_type = "identity",
	.category = "identity",
	.list_key = "learners",
	.row_size = sizeof(CbLearnerRow),
	.nkeys = 2,
	.key_codes = {CB_EMAIL_CONFLICT, CB_EXTERNAL_ID_CONFLICT},
	.key_fields = {"email", "externalCustomerId"},
	.begin = begin,
	.describe = describe,
	.decode = cb_learner_decode,
	.lock_parents = lock_parents,
	.compare = compare,
	.key = key,
	.write_set = write_set,
	.write_one = write_one,
	.blame = blame,
	.resource = resource,
	.encode = encode,
	.fields = cb_learner_fields,
	.identity = identity_of,
	.tables = tables
};

static void
begin(CbBatch *batch)
{
	CbLearnerBatch *own = palloc0(sizeof(CbLearnerBatch));

	own->options = batch->options;
	batch->of_kind = own;
}

static void
describe(const CbBatch *batch, CbJson *json)
{
	cb_learner_options_write(batch->options, json);
}

static void
lock_parents(CbBatch *batch)
{
	CbLearnerBatch *own = batch->of_kind;

	cb_learner_targets_lock(&own->targets, &batch->scope, own->options);
	cb_learner_targets_lock_seats(&own->targets, &batch->scope);
	own->took = palloc0(sizeof(bool) * (batch->nrows * own->targets.nitems + 1));
}

static int
compare(const CbRow *a, const CbRow *b)
{
	return strcmp(((const CbLearnerRow *) a)->email,
				  ((const CbLearnerRow *) b)->email);
}

static const char *
key(const CbRow *row, int which, Size *len)
{
	const CbLearnerRow *learner = (const CbLearnerRow *) row;

	if (which == 0)
	{
		*len = strlen(learner->email);
		return learner->email;
	}
	*len = learner->external_id.len;
	return learner->external_id.val;
}

static bool
write_set(CbBatch *batch, CbRow **rows, int n)
{
	return write_rows(batch, rows, n);
}

static void
write_one(CbBatch *batch, CbRow *row)
{
	bool		goes_on = true;

	for (int i = 0; i < ATTEMPTS && goes_on && row->outcome == CB_PENDING; i++)
		goes_on = write_rows(batch, &row, 1) && cb_row_is_good(row);
	if (row->outcome == CB_PENDING && cb_row_is_good(row))
		row->problem.code = CB_REJECTED;
}

/*
 * False when the rows cannot all be as they should, and nobody knows which is to
 * blame.  A row that somebody else was quicker with is left pending.
 */
static bool
write_rows(CbBatch *batch, CbRow **rows, int n)
{
	CbLearnerBatch *own = batch->of_kind;
	CbLearnerRow **chosen = palloc(sizeof(CbLearnerRow *) * (n + 1));
	bool		is_single = n == 1;

	memcpy(chosen, rows, sizeof(CbLearnerRow *) * n);
	n = find(batch, chosen, n);
	if (!take_seats(batch, chosen, n, is_single))
		return false;
	n = cb_learner_insert(batch, chosen, n);
	if (!cb_learner_update(batch, chosen, n) ||
		!cb_learner_write_profiles(batch, chosen, n) ||
		!write_memberships(batch, chosen, n, is_single) ||
		!write_assignments(batch, chosen, n) ||
		!cb_enrolment_write(batch, chosen, n) ||
		!cb_learner_put_mails(batch, chosen, n))
		return false;
	for (int i = 0; i < n; i++)
	{
		chosen[i]->row.outcome = chosen[i]->exists ? CB_UPDATED : CB_CREATED;
		chosen[i]->turn = own->nwritten++;
	}
	return true;
}

/* Moves the rows that can be written to the front, and returns how many they are. */
static int
find(CbBatch *batch, CbLearnerRow **rows, int n)
{
	int			nleft = 0;

	n = cb_learner_find(batch, rows, n);
	cb_learner_read_profiles(batch, rows, n);
	for (int i = 0; i < n; i++)
	{
		cb_learner_check_texts(rows[i]);
		rows[i]->mails = is_welcomed(batch, rows[i]);
		if (cb_row_is_good(&rows[i]->row))
			rows[nleft++] = rows[i];
	}
	cb_enrolment_read(batch, rows, nleft);
	if (batch->remembers)
		cb_learner_look(batch, rows, nleft);
	return nleft;
}

/* False when there may be too few, or for a single row when there are. */
static bool
take_seats(CbBatch *batch, CbLearnerRow **rows, int n, bool is_single)
{
	const CbLearnerTargets *targets = &((const CbLearnerBatch *) batch->of_kind)->targets;
	bool		suffices = true;

	for (int j = 0; j < targets->nitems; j++)
	{
		const CbLearningItem *item = &targets->items[j];
		int			wanted = is_single ? 0 : rows_to_come(batch) - n;

		if (!item->is_limited)
			continue;
		for (int i = 0; i < n; i++)
		{
			bool		takes = !rows[i]->enrolments[j].exists;

			*took_seat(batch, &rows[i]->row, j) = takes;
			wanted += takes;
		}
		if (wanted == 0 || seats_taken(batch, j) + wanted <= item->seats)
			continue;
		suffices = false;
		if (is_single)
			cb_field_issue(&rows[0]->row, CB_LICENSE_SEATS_EXHAUSTED, "license_ids");
	}
	return suffices;
}

/* Of a license, by others and by the rows that are written. */
static int64
seats_taken(const CbBatch *batch, int item)
{
	const CbLearnerBatch *own = batch->of_kind;
	int64		taken = own->targets.items[item].taken;

	for (int i = 0; i < batch->nrows; i++)
	{
		const CbRow *row = batch->rows[i];

		if ((row->outcome == CB_CREATED || row->outcome == CB_UPDATED) &&
			*took_seat(batch, row, item))
			taken++;
	}
	return taken;
}

static int
rows_to_come(const CbBatch *batch)
{
	int			n = 0;

	for (int i = 0; i < batch->nrows; i++)
		n += batch->rows[i]->outcome == CB_PENDING && cb_row_is_good(batch->rows[i]);
	return n;
}

static bool *
took_seat(const CbBatch *batch, const CbRow *row, int item)
{
	const CbLearnerBatch *own = batch->of_kind;

	return &own->took[row->index * own->targets.nitems + item];
}

/* Who is barred from the application cannot have a role in it. */
static bool
write_memberships(CbBatch *batch, CbLearnerRow **rows, int n, bool is_single)
{
	const CbLearnerBatch *own = batch->of_kind;
	CbMembershipWish *wishes = palloc0(sizeof(CbMembershipWish) * (n + 1));

	if (!batch->scope.has_application)
		return true;
	for (int i = 0; i < n; i++)
	{
		wishes[i].identity = rows[i]->id;
		wishes[i].application = batch->scope.application;
	}
	if (batch->remembers)
		cb_membership_remember(batch, wishes, n);
	cb_membership_ensure(batch, wishes, n);
	for (int i = 0; i < n; i++)
	{
		if (wishes[i].outcome == CB_FAILED)
			return false;
		rows[i]->membership.given = wishes[i].outcome == CB_CREATED;
		rows[i]->membership.id = wishes[i].new_id;
		rows[i]->old_membership = wishes[i].outcome == CB_UPDATED ?
			wishes[i].old : NULL;
		if (!own->targets.has_role || strcmp(wishes[i].membership.status, "active") == 0)
			continue;
		if (is_single)
			cb_field_issue(&rows[i]->row, CB_MEMBERSHIP_REQUIRED, "role");
		return false;
	}
	return true;
}

static bool
write_assignments(CbBatch *batch, CbLearnerRow **rows, int n)
{
	const CbLearnerTargets *targets = &((const CbLearnerBatch *) batch->of_kind)->targets;
	CbAssignmentWish *wishes = palloc0(sizeof(CbAssignmentWish) * (n + 1));

	if (!targets->has_role)
		return true;
	for (int i = 0; i < n; i++)
	{
		wishes[i].identity = rows[i]->id;
		wishes[i].application = batch->scope.application;
		wishes[i].role = targets->role;
		wishes[i].node = targets->node;
	}
	cb_assignment_ensure(batch, wishes, n);
	for (int i = 0; i < n; i++)
	{
		if (wishes[i].outcome == CB_FAILED)
			return false;
		rows[i]->assignment.given = wishes[i].outcome == CB_CREATED;
		rows[i]->assignment.id = wishes[i].new_id;
	}
	return true;
}

/* A row that does not say is welcomed if it is new and the call has a message. */
static bool
is_welcomed(const CbBatch *batch, const CbLearnerRow *row)
{
	const CbLearnerBatch *own = batch->of_kind;

	if (row->was_invited)
		return false;
	if (row->send_invite.given)
		return row->send_invite.value;
	return own->options->message != NULL && !row->exists;
}

static void
blame(CbBatch *batch, CbRow *row, const ErrorData *fault)
{
	if (fault->sqlerrcode == ERRCODE_UNIQUE_VIOLATION)
		cb_learner_blame(batch, (CbLearnerRow *) row);
}

static const pg_uuid_t *
resource(const CbRow *row)
{
	return &((const CbLearnerRow *) row)->id;
}

static void
encode(const CbBatch *batch, const CbRow *row, CbJson *json)
{
	static CbJsonShape keys = {7, {"id", "email", "invited", "lastName",
	"firstName", "enrolments", "externalCustomerId"}};
	static CbJsonShape enrolments = {2, {"added", "updated"}};
	const CbLearnerRow *learner = (const CbLearnerRow *) row;

	cb_json_shape(json, &keys);
	cb_json_uuid(json, &learner->id);
	cb_text_write(json, &learner->stored_email);
	cb_json_bool(json, learner->mails);
	cb_text_write(json, &learner->stored_last_name);
	cb_text_write(json, &learner->stored_first_name);
	cb_json_shape(json, &enrolments);
	cb_json_int(json, learner->nadded);
	cb_json_int(json, learner->nupdated);
	cb_text_write(json, &learner->stored_external_id);
}

static const pg_uuid_t *
identity_of(const CbRow *row)
{
	return row->outcome == CB_FAILED ? NULL : &((const CbLearnerRow *) row)->id;
}
